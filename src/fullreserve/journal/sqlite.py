"""The default journal: segments of SQLite rows in a folder, one leader at a time."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Generator, Sequence
from itertools import pairwise
from pathlib import Path

import msgspec
import structlog

from fullreserve.exchange.wire.commands import WIRE_VERSION, Quarantine, batch, encode
from fullreserve.journal.archive import Pointer
from fullreserve.journal.check import chained, keep_write_ahead_log, lost_frames, torn_tail
from fullreserve.journal.durable_file import sync_folder, write_file
from fullreserve.journal.entry import EMPTY, Entry, Head, head_of, seal
from fullreserve.journal.errors import (
    AlreadyLed,
    Corrupt,
    JournalError,
    PrunedAway,
    Shortened,
    TooNew,
    Unwritable,
)
from fullreserve.journal.folder import Folder, Part
from fullreserve.journal.proof import NOTHING, Proof
from fullreserve.journal.segment import RETRYABLE, Segment, primary_code, unreadable

SEGMENT_ROWS = 100_000
SEGMENT_BYTES_MAX = 1 << 30
FOLDER_NAME = "journal"

log = structlog.get_logger(__name__)


class SqliteJournal:
    """The journal as its leader holds it; see `interface.Journal`.

    Opening takes the folder's lock and the next epoch, verifies the tail, and cuts a torn one.
    `proof` says how far the log must reach at least.
    Raises AlreadyLed, Corrupt and Shortened (nothing was changed), TooNew.
    """

    def __init__(
        self,
        path: Path,
        *,
        segment_rows: int = SEGMENT_ROWS,
        durable: bool = True,
        proof: Proof = NOTHING,
    ) -> None:
        self._folder = Folder(path)
        self._segment_rows = segment_rows
        self._durable = durable
        self._proof = proof
        self._folder.lead()
        try:
            self._open()
        except sqlite3.DatabaseError as problem:
            self._folder.release()
            raise JournalError(f"The journal in {path} cannot be opened: {problem}.") from problem
        except BaseException:
            self._folder.release()
            raise

    def _open(self) -> None:
        parts = self._folder.parts()
        newest = parts[-1] if parts else None
        self._check_order(parts)
        if newest is None or newest.pointer is not None:
            self._check_reach(newest.pointer.head if newest and newest.pointer else EMPTY)
            self._active = self._follow(newest.pointer if newest else None)
        else:
            self._active = _checked(newest, self._durable, self._cut)
        tail = self._active.tail(1)
        if tail and tail[0].wire_version > WIRE_VERSION:
            raise TooNew(
                f"The journal was written with wire version {tail[0].wire_version}; this program "
                f"knows up to {WIRE_VERSION}. Start a newer one."
            )
        self.head: Head = head_of(tail[0]) if tail else self._active.before()
        try:
            self._check_reach(self.head)
        except Shortened:
            self._active.close()
            raise
        self.epoch = self._active.take_epoch()
        self._rows, self._bytes = self._active.counts()
        self._full = self._active.sealed
        if self._full:
            self._roll()

    def _check_order(self, parts: list[Part]) -> None:
        if parts and parts[0].first != self._folder.start().sequence + 1:
            raise Corrupt(
                self._folder.start().sequence + 1,
                f"the oldest segment begins at {parts[0].first}; the ones before it are missing",
            )
        for part, following in pairwise(parts):
            if part.pointer is not None and part.pointer.last + 1 != following.first:
                raise Corrupt(part.pointer.last + 1, "its segment is missing")

    def _check_reach(self, end: Head) -> None:
        if end.sequence < self._proof.sequence:
            raise Shortened(end.sequence, *self._proof)

    def _create(self, head: Head, epoch: int, quarantined: Sequence[tuple[int, int]]) -> Segment:
        return Segment.create(self._folder.path, head, epoch, quarantined, durable=self._durable)

    def _follow(self, archived: Pointer | None) -> Segment:
        """The first segment of a log, or the one behind an archived one."""
        if archived is None:
            return self._create(self._folder.start(), 0, [])
        return self._create(archived.head, archived.epoch, archived.quarantined)

    def _cut(self, segment: Segment, torn: list[Entry]) -> None:
        if not torn:
            return
        if torn[0].sequence <= self._proof.sequence:
            raise Corrupt(
                torn[0].sequence,
                f"its row is altered, and {self._proof.holder} reached sequence "
                f"{self._proof.sequence}, so that it was durable. Nothing was changed; "
                "restore a backup or look at the file by hand",
            )
        kept = _free_name(self._folder.path, torn[0].sequence)
        write_file(kept, msgspec.msgpack.encode(torn))
        sync_folder(self._folder.path)
        segment.cut_from(torn[0].sequence)
        log.warning(
            "torn tail cut",
            from_sequence=torn[0].sequence,
            rows=len(torn),
            kept_in=str(kept),
        )

    # What the writer thread calls.

    def commit(self, entries: Sequence[Entry]) -> None:
        """Makes entries durable; see `interface.Journal.commit`."""
        try:
            if self._full:
                self._roll()
            full = self._rows + len(entries) >= self._segment_rows
            full = full or self._bytes > SEGMENT_BYTES_MAX
            self._active.write(self.epoch, entries, seal=full)
        except OSError as problem:
            raise Unwritable(f"A new segment cannot be made: {problem}") from problem
        except sqlite3.DatabaseError as problem:
            if primary_code(problem) in RETRYABLE:
                raise Unwritable(f"A new segment cannot be made: {problem}") from problem
            raise JournalError(f"The journal cannot be written: {problem}.") from problem
        self._full = full
        self._rows += len(entries)
        self._bytes += sum(len(entry.commands) for entry in entries)
        self.head = head_of(entries[-1])

    def _roll(self) -> None:
        """Goes on in a new segment; the sealed one is left as one file."""
        sealed = self._active
        sealed.settle()
        with sealed.leading(self.epoch):
            self._active = self._create(self.head, self.epoch, sealed.quarantined())
        self._rows = self._bytes = 0
        self._full = False
        sealed.close()

    def quarantine(self, sequence: int, gateway: int, number: int, time_ms: int) -> Entry:
        """Logs that a command is skipped on every replay; the exchange must not be running."""
        if not 1 <= sequence <= self.head.sequence:
            raise JournalError(f"There is no command {sequence}; the last is {self.head.sequence}.")
        commands = batch([encode(Quarantine(gateway=gateway, number=number, sequence=sequence))])
        time_ms = max(time_ms, self.head.time_ms)
        entry = seal(self.head, 1, time_ms, self.epoch, WIRE_VERSION, commands)
        self._active.write_quarantine(self.epoch, entry, sequence)
        self._rows += 1
        self.head = head_of(entry)
        return entry

    # What anyone calls, from any thread.

    def read(
        self, from_sequence: int = 1, head: Head | None = None
    ) -> Generator[Entry, None, None]:
        """Rows from the one that holds `from_sequence`, chain checked as they pass."""
        return read(self._folder, from_sequence, head)

    def quarantined(self) -> list[int]:
        """Sequences that every replay skips."""
        try:
            return [sequence for sequence, _ in self._active.quarantined()]
        except sqlite3.DatabaseError as problem:
            name = self._active.path.name
            raise JournalError(f"The marks in {name} cannot be read: {problem}.") from problem

    def prune(self, snapshot: int) -> tuple[int, int] | None:
        """Gives up whole segments behind a snapshot; returns the sequences that went."""
        gone = self._folder.prune(snapshot)
        if gone:
            log.warning("journal pruned", first=gone[0], last=gone[1], snapshot=snapshot)
        return gone

    def close(self) -> None:
        self._active.close()
        self._folder.release()


def _checked(part: Part, durable: bool, cut: Callable[[Segment, list[Entry]], None]) -> Segment:
    """Opens the newest segment once its end is checked; `cut` gets what is torn of it.

    Corrupt, with nothing changed, when more than a torn end is wrong.
    """
    segment: Segment | None = None
    kept = keep_write_ahead_log(part.path)
    try:
        segment = Segment(part.path, durable=durable)
        _check_write_ahead_log(segment)
        cut(segment, torn_tail(segment))
        segment.settle()
        kept.unlink(missing_ok=True)
    except sqlite3.DatabaseError as problem:
        if segment is not None:
            segment.close()
        keep_write_ahead_log(part.path).unlink(missing_ok=True)
        raise unreadable(part.first, part.name, problem) from problem
    except BaseException:
        if segment is not None:
            segment.close()
        keep_write_ahead_log(part.path).unlink(missing_ok=True)
        raise
    return segment


def _check_write_ahead_log(segment: Segment) -> None:
    wal = segment.path.with_name(segment.path.name + "-wal")
    valid = segment.checkpoint()
    if wal.exists() and lost_frames(wal, valid):
        tail = segment.tail(1)
        last = tail[0].last if tail else segment.before().sequence
        raise Corrupt(
            last + 1,
            f"{wal.name} is damaged in its middle, and commits follow the damage. "
            "Nothing was changed; restore a backup or look at the file by hand",
        )


def _free_name(folder: Path, sequence: int) -> Path:
    """Where a cut tail is kept; one that was cut at the same place before stays."""
    names = itertools.chain(("",), (f"-{number}" for number in itertools.count(2)))
    paths = (folder / f"cut-{sequence:020d}{name}.msgpack" for name in names)
    return next(path for path in paths if not path.exists())


def check_end(path: Path) -> None:
    """Checks the newest segment as a start would, and changes nothing of what it says.

    Corrupt when a start would refuse it. While a leader has the log, that leader has checked it.
    """
    folder = Folder(path)
    try:
        folder.lead()
    except AlreadyLed:
        return
    try:
        parts = folder.parts()
        if parts and parts[-1].pointer is None:
            _checked(parts[-1], True, lambda _segment, _torn: None).close()
    finally:
        folder.release()


def read(
    folder: Folder, from_sequence: int = 1, head: Head | None = None
) -> Generator[Entry, None, None]:
    """Rows of the whole log, archived and live, from the one that holds `from_sequence`.

    They are chained to `head` when it is given. Corrupt when a row is damaged or missing,
    PrunedAway when it is not there any more.
    """
    start = folder.start()
    if from_sequence <= start.sequence:
        raise PrunedAway(from_sequence, start.sequence + 1)
    if from_sequence == start.sequence + 1:
        head = start
    parts = folder.parts()
    behind = sum(part.first > from_sequence for part in parts)
    return _read(parts[max(0, len(parts) - behind - 1) :], from_sequence, head)


def _read(parts: list[Part], from_sequence: int, head: Head | None) -> Generator[Entry, None, None]:
    for part in parts:
        try:
            entries = part.entries(from_sequence)
            if head is None:
                first = next(entries, None)
                if first is None:
                    continue
                head = Head(first.sequence - 1, 0, first.prev_hash)
                entries = itertools.chain((first,), entries)
            for entry in chained(entries, head):
                head = head_of(entry)
                yield entry
        except sqlite3.DatabaseError as problem:
            at = head.sequence + 1 if head else part.first
            raise unreadable(at, part.name, problem) from problem
