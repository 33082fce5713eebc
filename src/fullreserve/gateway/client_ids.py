"""Transfers by their `clientId`: what makes a repeated request move money once.

The log knows a submission by gateway and number, and answers a repeated pair with the outcome of
the first. So before a transfer with a `clientId` is submitted, the number that it goes under is
written down durably; a repeat, also after a crash in between, goes under the same number.

Withdrawals are known to the log by a hash of their `clientId`; what it was is kept here as well, so
that it can be shown again.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple, TypeVar

from fullreserve.identity.schema import way_out

FILE_NAME = "transfers.sqlite"
DAY_MS = 24 * 3_600_000
KEPT_MS = 90 * DAY_MS

_TABLE = """
CREATE TABLE IF NOT EXISTS transfers (
    owner INTEGER NOT NULL,
    client TEXT NOT NULL,
    gateway INTEGER NOT NULL,
    number INTEGER NOT NULL,
    asset INTEGER NOT NULL,
    amount TEXT NOT NULL,
    source INTEGER NOT NULL,
    target INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    transfer INTEGER NOT NULL,
    PRIMARY KEY (owner, client)
) WITHOUT ROWID
"""

_WITHDRAWALS = """
CREATE TABLE IF NOT EXISTS withdrawals (
    owner INTEGER NOT NULL,
    hash BLOB NOT NULL,
    client TEXT NOT NULL,
    number INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    PRIMARY KEY (owner, hash)
) WITHOUT ROWID
"""

_INDEXES = (
    "CREATE INDEX IF NOT EXISTS transfers_by_id ON transfers (owner, transfer)",
    "CREATE INDEX IF NOT EXISTS withdrawals_by_number ON withdrawals (owner, number)",
)

_INSERT = "INSERT OR IGNORE INTO transfers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_RENUMBER = "UPDATE transfers SET number = ? WHERE owner = ? AND client = ? AND number = ?"
_SETTLE = "UPDATE transfers SET transfer = ? WHERE owner = ? AND client = ? AND number = ?"
_DROP = "DELETE FROM transfers WHERE owner = ? AND client = ? AND number = ? AND transfer = 0"
_ASK = "INSERT OR IGNORE INTO withdrawals VALUES (?, ?, ?, 0, ?)"
_MADE = "UPDATE withdrawals SET number = ? WHERE owner = ? AND hash = ?"
_REFUSED = "DELETE FROM withdrawals WHERE owner = ? AND hash = ? AND number = 0"
_BY_HASH = "SELECT client FROM withdrawals WHERE owner = ? AND hash = ?"
_BY_NUMBER = "SELECT client FROM withdrawals WHERE owner = ? AND number = ?"
_BY_TRANSFER = "SELECT client FROM transfers WHERE owner = ? AND transfer = ?"
_FORGET = (
    "DELETE FROM transfers WHERE time_ms < ?",
    "DELETE FROM withdrawals WHERE time_ms < ?",
)

V = TypeVar("V", bytes, int)


class Note(NamedTuple):
    """One transfer; `transfer` is its id, 0 until its outcome is known here."""

    owner: int
    client: str
    gateway: int
    number: int
    asset: int
    amount: str  # in ledger units: it may be wider than 64 bits
    source: int
    target: int
    time_ms: int
    transfer: int = 0

    def is_same(self, other: Note) -> bool:
        """Whether both ask for the same movement."""
        return self[4:8] == other[4:8]


class UnusableNotes(ValueError):
    """The file of the notes cannot be read; the message names it."""


class ClientIds:
    """The notes of one gateway; for threads. Without a folder they live as long as the process."""

    def __init__(self, folder: Path | None) -> None:
        path = ":memory:"
        if folder:
            (folder / FILE_NAME).touch(mode=0o600)
            path = str(folder / FILE_NAME)
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        try:
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            for statement in (_TABLE, _WITHDRAWALS, *_INDEXES):
                self._database.execute(statement)
        except sqlite3.DatabaseError as problem:
            self._database.close()
            raise UnusableNotes(
                f"{path} cannot be used: {problem}; {way_out(problem)}, since without it "
                "a repeated transfer would move money again"
            ) from problem
        self._swept_ms = 0

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def take(self, note: Note) -> Note:
        """Writes a note down unless there is one of its `clientId`; that one, durably.

        Once a day it drops what is older than 90 days.
        """
        with self._lock:
            if note.time_ms >= self._swept_ms + DAY_MS:
                self._forget(note.time_ms)
            self._database.execute(_INSERT, note)
            found = self._find(note.owner, note.client)
        assert found is not None
        return found

    def find(self, owner: int, client: str) -> Note | None:
        with self._lock:
            return self._find(owner, client)

    def _find(self, owner: int, client: str) -> Note | None:
        query = "SELECT * FROM transfers WHERE owner = ? AND client = ?"
        row = self._database.execute(query, (owner, client)).fetchone()
        return Note(*row) if row else None

    def renumber(self, note: Note, number: int) -> bool:
        """Keeps a note under another number: its own was taken by something else.

        False, with nothing done, when there is no note under its own any more.
        """
        with self._lock:
            key = (note.owner, note.client, note.number)
            return self._database.execute(_RENUMBER, (number, *key)).rowcount > 0

    def highest(self, gateway: int) -> int:
        """The highest number that a gateway noted; 0 for none."""
        query = "SELECT max(number) FROM transfers WHERE gateway = ?"
        with self._lock:
            row = self._database.execute(query, (gateway,)).fetchone()
        return int(row[0] or 0)

    def settle(self, note: Note, transfer: int) -> None:
        """Keeps the outcome of a note; one that moved nothing (0) may be tried anew.

        A note that was made since under another number has an outcome of its own.
        """
        values = (note.owner, note.client, note.number)
        with self._lock:
            if transfer:
                self._database.execute(_SETTLE, (transfer, *values))
            else:
                self._database.execute(_DROP, values)

    def ask(self, owner: int, hashed: bytes, client: str, time_ms: int) -> None:
        """Writes down what a withdrawal is asked for under, before it is."""
        with self._lock:
            if time_ms >= self._swept_ms + DAY_MS:
                self._forget(time_ms)
            self._database.execute(_ASK, (owner, hashed, client, time_ms))

    def made(self, owner: int, hashed: bytes, number: int) -> None:
        """Keeps the withdrawal that was made of what was asked; 0 for none, which forgets it.

        One that was made before is kept: a repeat was refused.
        """
        with self._lock:
            if number:
                self._database.execute(_MADE, (number, owner, hashed))
            else:
                self._database.execute(_REFUSED, (owner, hashed))

    def texts(self, owner: int, hashes: Collection[bytes]) -> dict[bytes, str]:
        """The `clientId` of an owner's withdrawals by its hash, where it is known."""
        return self._told(_BY_HASH, owner, hashes)

    def moved_under(self, owner: int, numbers: Collection[int]) -> dict[int, str]:
        """The same of withdrawals and transfers, by their ids."""
        return self._told(_BY_NUMBER, owner, numbers) | self._told(_BY_TRANSFER, owner, numbers)

    def _told(self, query: str, owner: int, values: Collection[V]) -> dict[V, str]:
        with self._lock:
            rows = [(one, self._database.execute(query, (owner, one)).fetchone()) for one in values]
        return {one: row[0] for one, row in rows if row}

    def forget(self, now_ms: int) -> None:
        """Drops what is older than 90 days."""
        with self._lock:
            self._forget(now_ms)

    def _forget(self, now_ms: int) -> None:
        for forget in _FORGET:
            self._database.execute(forget, (now_ms - KEPT_MS,))
        self._swept_ms = now_ms
