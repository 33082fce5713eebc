"""One segment of the log on disk: a SQLite file, one row for each entry.

WAL with `synchronous=FULL`: a commit returns when the row is on disk. The `meta` table holds the
epoch that may write (the fence): every commit checks it in its own transaction, so that a leader
that was overtaken cannot add a row. Quarantined sequences are kept beside the rows, carried from
segment to segment, so that a replay knows them before it meets the command.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from msgspec.structs import astuple

from fullreserve.journal.durable_file import sync_folder
from fullreserve.journal.entry import Entry, Head
from fullreserve.journal.errors import Corrupt, Fenced, JournalError, Unwritable

FORMAT = 1
SUFFIX = ".sqlite"
PAGE_BYTES = 8192

# Read in slices so that one cursor does not pin the write-ahead log for the length of a replay.
SLICE_ROWS = 512
SLICE_BYTES = 4 << 20

_SCHEMA = """
BEGIN;
CREATE TABLE rows (
    sequence INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    wire_version INTEGER NOT NULL,
    prev_hash BLOB NOT NULL,
    hash BLOB NOT NULL,
    commands BLOB NOT NULL
);
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE quarantined (
    sequence INTEGER PRIMARY KEY,
    said_at INTEGER NOT NULL
);
"""
_COLUMNS = "sequence, count, time_ms, epoch, wire_version, prev_hash, hash, commands"
_INSERT = f"INSERT INTO rows ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - constant
_TYPES = (int, int, int, int, int, bytes, bytes, bytes)
_SELECT = f"SELECT {_COLUMNS} FROM rows"  # noqa: S608 - constant

# Larger groups are worth a transaction of several statements.
AT_ONCE_ROWS = 32

_COUNT_RETRY = (
    "INSERT INTO meta VALUES ('retries', 1) ON CONFLICT (key) DO UPDATE SET value = value + 1"
)
_FENCE = "SELECT value, (SELECT max(sequence) FROM rows) FROM meta WHERE key = 'epoch'"

# What a person or the system may put right while the process runs: space, a cable, a lock.
RETRYABLE = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_NOMEM,
    }
)


# Those of them that say that a file's content is gone.
_GONE = frozenset(
    {sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_DATA}
)


def file_name(first: int) -> str:
    """The file of the segment whose first command has sequence `first`."""
    return f"{first:020d}{SUFFIX}"


def primary_code(problem: sqlite3.Error) -> int:
    """SQLite's primary result code, without the extension in the upper bits."""
    return int(getattr(problem, "sqlite_errorcode", sqlite3.SQLITE_ERROR)) & 0xFF


def unreadable(sequence: int, name: str, problem: sqlite3.Error) -> JournalError:
    """What it means that SQLite cannot read a segment from a sequence on.

    Corrupt when that is damage; where the disk or the system said no, nothing is known of the rows.
    """
    is_no = primary_code(problem) in RETRYABLE
    if is_no and getattr(problem, "sqlite_errorcode", 0) not in _GONE:
        return Unwritable(
            f"{name} cannot be used: {problem}. That is no damage of the log: see whether the disk "
            "is full and the data folder may be written, and start again."
        )
    return Corrupt(sequence, f"{name} cannot be read: {problem}")


@cache
def _fenced_insert(rows: int) -> str:
    """A statement that inserts so many rows for the epoch that leads, and none for another."""
    places = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?)"] * rows)
    leads = "(SELECT value FROM meta WHERE key = 'epoch') = ?"
    values = f"SELECT * FROM (VALUES {places}) WHERE {leads}"  # noqa: S608 - constant
    return f"INSERT INTO rows ({_COLUMNS}) {values}"


class Segment:
    """An open segment. One thread at a time."""

    def __init__(self, path: Path, *, durable: bool = True, read_only: bool = False) -> None:
        self.path = path
        self._durable = durable
        # The last writer to close a database empties its write-ahead log, damaged or not.
        self._read_only = read_only
        self._db = self._connect()
        self._is_open = True
        # A commit failed: what it wrote can be read back and may yet never reach the disk.
        self._doubtful = False

    @classmethod
    def create(
        cls,
        folder: Path,
        head: Head,
        epoch: int,
        quarantined: Sequence[tuple[int, int]],
        *,
        durable: bool = True,
    ) -> Segment:
        """A new empty segment behind `head`; it has its name once it is whole on disk.

        Fenced when another leader has made it already.
        """
        path = folder / file_name(head.sequence + 1)
        fresh = path.with_name(path.name + ".new")
        fresh.unlink(missing_ok=True)
        db = sqlite3.connect(fresh, isolation_level=None)
        try:
            db.execute(f"PRAGMA page_size = {PAGE_BYTES}")
            db.executescript(_SCHEMA)
            db.executemany(
                "INSERT INTO meta VALUES (?, ?)",
                [
                    ("format", FORMAT),
                    ("epoch", epoch),
                    ("before_sequence", head.sequence),
                    ("before_time_ms", head.time_ms),
                    ("before_hash", head.hash),
                    ("sealed", 0),
                ],
            )
            db.executemany("INSERT INTO quarantined VALUES (?, ?)", quarantined)
            db.execute("COMMIT")
        finally:
            db.close()
        try:
            os.link(fresh, path)
        except FileExistsError:
            # An earlier try of this leader came as far as here, or another leader was quicker.
            segment = cls(path, durable=durable)
            if segment.meta_int("epoch") != epoch or segment.tail(1):
                segment.close()
                raise Fenced(f"Another leader has made the segment {path.name}.") from None
            segment.close()
        fresh.unlink()
        sync_folder(folder)
        return cls(path, durable=durable)

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={'ro' if self._read_only else 'rw'}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=1.0,
        )
        if self._read_only:
            return db
        try:
            db.execute("PRAGMA journal_mode = WAL")
            # The checkpoint stays in the commit, every thousand pages, where nothing is appended
            # meanwhile. One beside the writer would seldom be complete, and SQLite does not sync
            # the file after a part (walCheckpoint in https://sqlite.org/src/file/src/wal.c) nor
            # write that part again: a failed sync later could lose pages for good.
            db.execute(f"PRAGMA synchronous = {'FULL' if self._durable else 'OFF'}")
        except sqlite3.Error:
            db.close()
            raise
        return db

    def reopen(self) -> None:
        """Opens the file anew; after an I/O error the old handles are not to be trusted."""
        self._is_open = False
        self._db.close()
        self._db = self._connect()
        self._is_open = True

    def close(self) -> None:
        self._db.close()

    def meta(self, key: str) -> int | bytes | None:
        """A value of the meta table, None where there is none."""
        found = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return found[0] if found else None

    def meta_int(self, key: str) -> int:
        """A number of the meta table; JournalError when it is missing."""
        value = self.meta(key)
        if not isinstance(value, int):
            raise JournalError(f"{self.path} is no journal segment: it has no {key}.")
        return value

    def before(self) -> Head:
        """The head of the log before this segment's first row."""
        digest = self.meta("before_hash")
        if not isinstance(digest, bytes):
            raise JournalError(f"{self.path} is no journal segment: it has no before_hash.")
        return Head(self.meta_int("before_sequence"), self.meta_int("before_time_ms"), digest)

    @property
    def sealed(self) -> bool:
        return bool(self.meta_int("sealed"))

    def take_epoch(self) -> int:
        """Raises the fence: the returned epoch is the only one that may write from now on."""
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        epoch = self.meta_int("epoch") + 1
        db.execute("UPDATE meta SET value = ? WHERE key = 'epoch'", (epoch,))
        db.execute("COMMIT")
        return epoch

    def write(self, epoch: int, entries: Sequence[Entry], *, seal: bool = False) -> None:
        """Commits entries, all or none; those that an earlier try already wrote are passed over.

        Raises Fenced, Unwritable (try the same entries again), or sqlite3.DatabaseError when the
        file itself is damaged.
        """
        try:
            if not self._is_open:
                self.reopen()
            if not (seal or self._doubtful) and self._write_at_once(epoch, entries):
                return
            db = self._db
            if self._doubtful:
                self._empty_write_ahead_log()
            db.execute("BEGIN IMMEDIATE")
            last = self._check_fence(epoch)
            fresh = (
                entries
                if not entries or entries[0].sequence > last
                else self._unwritten(entries, last)
            )
            db.executemany(_INSERT, map(astuple, fresh))
            if self._doubtful or len(fresh) < len(entries):
                # A transaction without a change would end without a wait for the disk.
                db.execute(_COUNT_RETRY)
            if seal:
                db.execute("UPDATE meta SET value = 1 WHERE key = 'sealed'")
            db.execute("COMMIT")
            self._doubtful = False
        except sqlite3.Error as problem:
            self._doubtful = True
            self._abandon(problem)
            raise
        except Fenced:
            db.execute("ROLLBACK")
            raise

    def _write_at_once(self, epoch: int, entries: Sequence[Entry]) -> bool:
        """Commits a small group, fence and all, in one statement; False when nothing was written.

        The writer's thread shares the interpreter with the event loop and may wait for it after
        each call into SQLite: a transaction of one statement waits once.
        """
        if not 0 < len(entries) <= AT_ONCE_ROWS:
            return False
        values = [value for entry in entries for value in astuple(entry)]
        try:
            written = self._db.execute(_fenced_insert(len(entries)), (*values, epoch)).rowcount
        except sqlite3.IntegrityError:  # an earlier try wrote a part
            return False
        return written == len(entries)

    def _empty_write_ahead_log(self) -> None:
        """Writes what the log holds into the file, and begins the log anew.

        After a failed fsync a kernel may count the log's pages as written; a crash would then leave
        a hole in it, and with it everything behind the hole would be lost.
        """
        if self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            raise Unwritable(f"{self.path.name}: its write-ahead log is being read")

    @contextmanager
    def leading(self, epoch: int) -> Iterator[None]:
        """Keeps the fence where it is for as long as the block runs; Fenced when it was raised."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._check_fence(epoch)
            yield
        finally:
            self._db.execute("ROLLBACK")

    def _check_fence(self, epoch: int) -> int:
        """The last row's sequence, 0 for none; Fenced when another epoch leads."""
        current, last = self._db.execute(_FENCE).fetchone()
        if current != epoch:
            raise Fenced(
                f"Epoch {current} leads this journal now; epoch {epoch} may not write any more."
            )
        return last or 0

    def _unwritten(self, entries: Sequence[Entry], last: int) -> Sequence[Entry]:
        for entry in entries:
            if entry.sequence > last:
                break
            held = self._db.execute(
                "SELECT hash FROM rows WHERE sequence = ?", (entry.sequence,)
            ).fetchone()
            if held is None or held[0] != entry.hash:
                raise Fenced(f"Another leader wrote a different row at {entry.sequence}.")
        return [entry for entry in entries if entry.sequence > last]

    def _abandon(self, problem: sqlite3.Error) -> None:
        code = primary_code(problem)
        try:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            if code == sqlite3.SQLITE_IOERR:
                self.reopen()
        except sqlite3.Error as second:
            raise Unwritable(f"{self.path.name}: {second}") from problem
        if code in RETRYABLE:
            raise Unwritable(f"{self.path.name}: {problem}") from problem

    def quarantined(self) -> list[tuple[int, int]]:
        """(sequence set aside, sequence of the command that said so), cumulative."""
        return self._db.execute(
            "SELECT sequence, said_at FROM quarantined ORDER BY sequence"
        ).fetchall()

    def write_quarantine(self, epoch: int, entry: Entry, sequence: int) -> None:
        """Commits the row of a Quarantine command together with its mark."""
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            self._check_fence(epoch)
            db.execute(_INSERT, astuple(entry))
            db.execute("INSERT OR IGNORE INTO quarantined VALUES (?, ?)", (sequence, entry.last))
            db.execute("COMMIT")
        except (sqlite3.Error, Fenced):
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def cut_from(self, sequence: int) -> None:
        """Deletes the rows from one on: a torn tail."""
        self._db.execute("DELETE FROM rows WHERE sequence >= ?", (sequence,))

    def holding(self, sequence: int) -> int:
        """Sequence of the row that holds a command, else of the first row at or behind it."""
        found = self._db.execute(
            "SELECT sequence, count FROM rows WHERE sequence <= ? ORDER BY sequence DESC LIMIT 1",
            (sequence,),
        ).fetchone()
        holds = found is not None and found[0] + found[1] > sequence
        return int(found[0]) if holds else sequence

    def slice(self, from_sequence: int, rows: int = SLICE_ROWS) -> list[Entry]:
        """Rows that begin at or behind `from_sequence`, in order; bounded in rows and bytes."""
        entries: list[Entry] = []
        size = 0
        cursor = self._db.execute(
            f"{_SELECT} WHERE sequence >= ? ORDER BY sequence LIMIT ?", (from_sequence, rows)
        )
        for values in cursor:
            entry = self._entry(values)
            entries.append(entry)
            size += len(entry.commands)
            if size > SLICE_BYTES:
                break
        cursor.close()
        return entries

    def tail(self, rows: int) -> list[Entry]:
        """The last rows, in order."""
        found = self._db.execute(f"{_SELECT} ORDER BY sequence DESC LIMIT ?", (rows,))
        return [self._entry(values) for values in found][::-1]

    def _entry(self, values: tuple[Any, ...]) -> Entry:
        # SQLite reads what a damaged page holds as whatever type it says.
        if tuple(map(type, values)) != _TYPES:
            raise Corrupt(values[0], f"{self.path.name}: a field has an impossible value")
        return Entry(*values)

    def entries(self, from_sequence: int = 0) -> Iterator[Entry]:
        """All rows that begin at or behind a sequence."""
        while chunk := self.slice(from_sequence):
            yield from chunk
            from_sequence = chunk[-1].sequence + 1

    def counts(self) -> tuple[int, int]:
        """Rows, and bytes of the file."""
        rows = self._db.execute("SELECT count(*) FROM rows").fetchone()[0]
        return int(rows), self.path.stat().st_size

    def checkpoint(self) -> int:
        """Moves the write-ahead log into the file; returns how many of its frames were valid."""
        return int(self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1])

    def settle(self) -> None:
        """Empties the write-ahead log, so that the file alone is the whole segment."""
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
