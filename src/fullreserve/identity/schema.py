"""The tables of the identity store.

Only numbers, flags, times and keyed hashes stand in clear. What identifies a person and what opens
an account is sealed under the user's data key, which stands wrapped in `data_keys`; the row's
deletion (with SQLite's secure_delete) leaves the rest unreadable, in old backups of the other
tables too. A `mark` is a hash of what its owner holds: a token, an address, a credential's id.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

BUSY_S = 10.0

# What the disk or the system says no to; nothing is known of the file's content then.
_NO = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
    }
)


def way_out(problem: sqlite3.Error) -> str:
    """What an operator does about a store that cannot be opened, as an end of a sentence."""
    if getattr(problem, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in _NO:
        return "see whether the disk is full, and who else has the file, and start again"
    return "put it back from your backup"


_FIRST = """
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

_SECOND = """
ALTER TABLE users ADD COLUMN keys_off_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE api_keys ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
CREATE INDEX users_of_main ON users (main_uid);
CREATE TABLE emails (mark BLOB PRIMARY KEY, uid INTEGER NOT NULL) STRICT;
CREATE TABLE sessions (
    mark BLOB PRIMARY KEY,
    id TEXT NOT NULL,
    uid INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    proven_ms INTEGER NOT NULL,
    ends_ms INTEGER NOT NULL,
    used_ms INTEGER NOT NULL,
    sealed BLOB NOT NULL
) STRICT;
CREATE INDEX sessions_of_user ON sessions (uid);
CREATE TABLE tickets (
    mark BLOB PRIMARY KEY,
    purpose TEXT NOT NULL,
    uid INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    sealed BLOB NOT NULL
) STRICT;
CREATE INDEX tickets_by_expiry ON tickets (expires_ms);
CREATE TABLE passkeys (
    mark BLOB PRIMARY KEY,
    id TEXT NOT NULL,
    uid INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    used_ms INTEGER NOT NULL,
    sealed BLOB NOT NULL
) STRICT;
CREATE INDEX passkeys_of_user ON passkeys (uid);
CREATE TABLE devices (
    mark BLOB PRIMARY KEY,
    uid INTEGER NOT NULL,
    ends_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX devices_of_user ON devices (uid);
CREATE TABLE failures (
    mark BLOB PRIMARY KEY,
    count INTEGER NOT NULL,
    since_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    uid INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    sealed BLOB NOT NULL
) STRICT;
CREATE TABLE roles (
    uid INTEGER NOT NULL,
    role TEXT NOT NULL,
    granted_ms INTEGER NOT NULL,
    PRIMARY KEY (uid, role)
) STRICT;
"""

_THIRD = """
CREATE TABLE changes (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    uid INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL
) STRICT;
"""

# `ended` names the act that an entry ends, `sealer` the user for whom `what` is sealed.
_FOURTH = """
CREATE TABLE audit (
    entry INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    actor INTEGER NOT NULL,
    action TEXT NOT NULL,
    subject INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    code INTEGER NOT NULL,
    sealer INTEGER NOT NULL,
    place BLOB NOT NULL,
    what BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX audit_ended ON audit (ended) WHERE ended > 0;
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'entries of the audit log are never changed');
END;
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'entries of the audit log are never deleted');
END;
"""

# `mark` is a keyed hash of network and text; a number is never given again: the log names it.
_FIFTH = """
CREATE TABLE withdrawal_addresses (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    uid INTEGER NOT NULL,
    network INTEGER NOT NULL,
    mark BLOB NOT NULL,
    added_ms INTEGER NOT NULL,
    removed_ms INTEGER NOT NULL DEFAULT 0,
    sealed BLOB NOT NULL
) STRICT;
CREATE INDEX withdrawal_addresses_of_user ON withdrawal_addresses (uid);
"""

_SIXTH = """
CREATE TABLE deposit_claims (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    uid INTEGER NOT NULL,
    mark BLOB NOT NULL,
    state TEXT NOT NULL,
    filed_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    proposal INTEGER NOT NULL DEFAULT 0,
    sealed BLOB NOT NULL,
    answer BLOB NOT NULL DEFAULT x''
) STRICT;
CREATE INDEX deposit_claims_of_user ON deposit_claims (uid);
"""

# Up to which number of the log somebody has put messages into the outbox.
_SEVENTH = """
CREATE TABLE told (what TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT;
"""

# Each brings the store from the version of its index to the next.
_VERSIONS = (_FIRST, _SECOND, _THIRD, _FOURTH, _FIFTH, _SIXTH, _SEVENTH)
USER_VERSION = len(_VERSIONS)

# What an erased user leaves nothing in.
OF_USER = (
    "data_keys",
    "personal",
    "credentials",
    "emails",
    "sessions",
    "tickets",
    "passkeys",
    "devices",
    "outbox",
    "roles",
    "withdrawal_addresses",
    "deposit_claims",
)


def connect(path: Path, busy_s: float = BUSY_S) -> sqlite3.Connection:
    """The store, made on first use; every commit is on disk when it returns."""
    path.touch(mode=0o600, exist_ok=True)
    connection = sqlite3.connect(
        path, isolation_level=None, timeout=busy_s, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")
        version = _version(connection)
    except BaseException:
        connection.close()
        raise
    if version > USER_VERSION:
        connection.close()
        raise RuntimeError(f"{path} has version {version}; this release reads {USER_VERSION}")
    if version < USER_VERSION:
        _upgrade(connection)
    return connection


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _statements(script: str) -> Iterator[str]:
    """A script's statements; those of a trigger stand within it."""
    statement = ""
    for part in script.split(";")[:-1]:
        statement += part + ";"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _upgrade(connection: sqlite3.Connection) -> None:
    """All steps in one transaction; another process may have made them meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for tables in _VERSIONS[_version(connection) :]:
            for statement in _statements(tables):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version={USER_VERSION}")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
