"""One hold on the identity store: its connection, its keys, and how changes become known.

A process has one for its event loop, which only reads, and one for the thread that writes.
"""

from __future__ import annotations

import hmac
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from fullreserve.identity import keyring, schema
from fullreserve.identity.generation import Generation

CHANGES_KEPT = 10_000
FILE_NAME = "identity.db"
KEY_NAME = "identity.key"
NOBODY = 0  # the uid of what is sealed before a user exists
# Data keys that are tried to tell a wrong master key from a damaged row.
TRIED = 20


class UnknownUser(LookupError):
    """No such user, or erased."""


def require(folder: Path) -> None:
    """KeyringError unless there is a store: a new one in its place would lock everybody out."""
    path = folder / FILE_NAME
    if not path.exists():
        raise keyring.KeyringError(
            f"{path} is missing, and with it all users and keys; put it back from your backup "
            f"together with {KEY_NAME}, or make it an empty file to begin without any user"
        )


def _opened(path: Path, busy_s: float) -> sqlite3.Connection:
    try:
        return schema.connect(path, busy_s)
    except sqlite3.DatabaseError as problem:
        raise _unusable(path, problem) from problem


def _unusable(path: Path, problem: sqlite3.Error) -> keyring.KeyringError:
    way_out = schema.way_out(problem)
    return keyring.KeyringError(f"{path} cannot be used: {problem}; {way_out}")


class Store:
    """Sealing and changing; `wall_ms` is the wall clock."""

    def __init__(
        self, folder: Path, wall_ms: Callable[[], int], busy_s: float = schema.BUSY_S
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / FILE_NAME
        if (folder / KEY_NAME).exists():
            require(folder)
        # Before the key: a start that was cut off between them is told from a store that is lost.
        path.touch(mode=0o600)
        is_new = path.stat().st_size == 0
        self.folder = folder
        self.wall_ms = wall_ms
        self._master = keyring.load_or_make(folder / KEY_NAME, may_make=is_new)
        self.db: sqlite3.Connection = _opened(path, busy_s)
        self._require_key()
        self._generation = Generation(folder / "identity.generation")
        self._depth = 0
        self._outdated: set[int] = set()

    def close(self) -> None:
        self.db.close()
        self._generation.close()

    @property
    def count(self) -> int:
        """Grows whenever a fact that somebody may have read stops being true."""
        return self._generation.count

    def advance(self) -> None:
        """Let all processes look for changes."""
        with self._generation.writing():
            self._generation.advance()

    @contextmanager
    def change(self) -> Iterator[None]:
        """A durable change; changes inside it are part of it."""
        if self._depth:
            yield
            return
        with self._generation.writing():
            self.db.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield
                self._list_changes()
                self.db.execute("COMMIT")
                if self._outdated:
                    self._generation.advance()
            except BaseException:
                # Where the disk is full SQLite has rolled back by itself.
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")
                raise
            finally:
                self._depth = 0
                self._outdated.clear()

    # --- what others may have read

    def outdate(self, uid: int) -> None:
        """Say within a `change` that what somebody may have read of a user is true no more."""
        assert self._depth
        self._outdated.add(uid)

    def _list_changes(self) -> None:
        now = self.wall_ms()
        self.db.executemany(
            "INSERT INTO changes (uid, changed_ms) VALUES (?, ?)",
            [(uid, now) for uid in sorted(self._outdated)],
        )

    def last_change(self) -> int:
        """The number of the newest change; 0 for none."""
        row = self.db.execute("SELECT max(number) FROM changes").fetchone()
        return row[0] or 0

    def changed_since(self, number: int) -> tuple[int, set[int] | None]:
        """The newest change, and whose facts changed after `number`; None when that is unknown."""
        rows = self.db.execute(
            "SELECT number, uid FROM changes WHERE number > ? ORDER BY number", (number,)
        ).fetchall()
        if not rows:
            return number, set()
        has_gap = rows[0][0] != number + 1
        return rows[-1][0], None if has_gap else {uid for _, uid in rows}

    def prune_changes(self) -> None:
        """Delete old changes; who has not looked for so long forgets everything."""
        with self.change():
            self.db.execute(
                "DELETE FROM changes WHERE number <= (SELECT max(number) FROM changes) - ?",
                (CHANGES_KEPT,),
            )

    # --- sealing

    def seal(self, uid: int, place: str, plain: bytes) -> bytes:
        """Encrypted under a user's data key and bound to its place; UnknownUser."""
        return keyring.seal(self._key_of(uid), plain, place)

    def unseal(self, uid: int, place: str, sealed: bytes) -> bytes:
        """What `seal` took; UnknownUser, keyring.WrongKey, keyring.DamagedRow."""
        key = self._key_of(uid)
        try:
            return keyring.unseal(key, sealed, place)
        except keyring.KeyringError:
            raise self._told_apart(place) from None

    def new_data_key(self, uid: int) -> None:
        """Give a new user the key that the user's data is sealed under."""
        wrapped = keyring.seal(self._master, keyring.new_key(), f"data_key:{uid}")
        self.db.execute("INSERT INTO data_keys VALUES (?, ?)", (uid, wrapped))

    def keyed(self, purpose: str, text: str) -> bytes:
        """A hash that only this store can make: finds what it does not show."""
        return hmac.digest(self._derived(purpose), text.encode(), "sha256")

    def _derived(self, purpose: str) -> bytes:
        return hmac.digest(self._master, f"fullreserve/identity/{purpose}".encode(), "sha256")

    def _key_of(self, uid: int) -> bytes:
        if uid == NOBODY:
            return self._derived("nobody")
        row = self.db.execute("SELECT wrapped FROM data_keys WHERE uid = ?", (uid,)).fetchone()
        if row is None:
            raise UnknownUser(uid)
        place = f"data_key:{uid}"
        try:
            return keyring.unseal(self._master, row[0], place)
        except keyring.KeyringError:
            raise self._told_apart(place) from None

    def _require_key(self) -> None:
        """WrongKey; KeyringError where the store cannot be read."""
        try:
            if self._opens() is False:
                raise self._told_apart("")
        except sqlite3.DatabaseError as problem:
            self.db.close()
            raise _unusable(self.folder / FILE_NAME, problem) from problem
        except keyring.KeyringError:
            self.db.close()
            raise

    def _opens(self) -> bool | None:
        """Whether the master key opens any of some data keys; None where one alone does not say."""
        asked = "SELECT uid, wrapped FROM data_keys ORDER BY uid LIMIT ?"
        failed = 0
        for uid, wrapped in self.db.execute(asked, (TRIED,)):
            try:
                keyring.unseal(self._master, wrapped, f"data_key:{uid}")
            except keyring.KeyringError:
                failed += 1
            else:
                return True
        return False if failed > 1 else None

    def _told_apart(self, place: str) -> keyring.KeyringError:
        """What is wrong where something sealed does not open: the key, or the one row."""
        store, key, opens = self.folder / FILE_NAME, KEY_NAME, self._opens()
        if opens is False:
            return keyring.WrongKey(
                f"{key} is not the key of {store}: nothing there opens with it; "
                f"put back the {key} that belongs to it"
            )
        if opens:
            return keyring.DamagedRow(
                f"a row of {store} is damaged: {place} cannot be opened, and others can, so that "
                f"{key} is the right one; put the store back from your backup",
                place.partition(":")[0],
            )
        return keyring.KeyringError(
            f"{place} of {store} cannot be opened: it was altered, or {key} is another store's; "
            "put both back from your backup"
        )


def mark_of(token: bytes) -> bytes:
    """What is stored of a random token: whoever reads the store cannot use it."""
    return sha256(token).digest()
