"""The tables of the identity store.

Only numbers, flags and times stand in clear. What identifies a person and what opens an account is
sealed under the user's data key, which stands wrapped in `data_keys`; the row's deletion (with
SQLite's secure_delete) leaves the rest unreadable, in old backups of the other tables too.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

USER_VERSION = 1

_TABLES = """
CREATE TABLE users (
    uid INTEGER PRIMARY KEY,
    main_uid INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    erased_ms INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE data_keys (uid INTEGER PRIMARY KEY, wrapped BLOB NOT NULL) STRICT;
CREATE TABLE personal (uid INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
CREATE TABLE credentials (
    uid INTEGER NOT NULL,
    kind TEXT NOT NULL,
    sealed BLOB NOT NULL,
    changed_ms INTEGER NOT NULL,
    PRIMARY KEY (uid, kind)
) STRICT;
CREATE TABLE api_keys (
    key TEXT PRIMARY KEY,
    uid INTEGER NOT NULL,
    permissions INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    used_ms INTEGER NOT NULL DEFAULT 0,
    revoked_ms INTEGER NOT NULL DEFAULT 0,
    sealed BLOB NOT NULL
) STRICT;
CREATE INDEX api_keys_of_user ON api_keys (uid);
"""


def connect(path: Path) -> sqlite3.Connection:
    """The store, made on first use; every commit is on disk when it returns."""
    path.touch(mode=0o600, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA secure_delete=ON")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        connection.executescript(
            f"BEGIN IMMEDIATE;{_TABLES}PRAGMA user_version={USER_VERSION};COMMIT"
        )
    elif version != USER_VERSION:
        connection.close()
        raise RuntimeError(f"{path} has version {version}; this release reads {USER_VERSION}")
    return connection
