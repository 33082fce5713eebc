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
