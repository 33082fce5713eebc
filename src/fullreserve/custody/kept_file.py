"""Small files that a worker writes before it acts: what is written is on the disk."""

from __future__ import annotations

import sqlite3
from pathlib import Path


def open_kept(path: Path, schema: str) -> sqlite3.Connection:
    """The database at `path`, its owner's alone (0600), made by `schema` where it is new.

    Every statement is durable when it returns, or the transaction that it stands in.
    """
    path.touch(mode=0o600)
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.executescript(schema)
    return database


class Together:
    """A transaction; on an error nothing of it is kept. One within another is part of it."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._is_outer = False

    def __enter__(self) -> None:
        self._is_outer = not self._db.in_transaction
        if self._is_outer:
            self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if not self._is_outer:
            return
        try:
            if kind is None:
                self._db.execute("COMMIT")
        finally:
            # Where the disk is full SQLite has rolled back by itself.
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
