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

NOBODY = 0  # the uid of what is sealed before a user exists


class UnknownUser(LookupError):
    """No such user, or erased."""


class Store:
    """Sealing and changing; `wall_ms` is the wall clock."""

    def __init__(
        self, folder: Path, wall_ms: Callable[[], int], busy_s: float = schema.BUSY_S
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "identity.db"
        is_new = not path.exists() or path.stat().st_size == 0
        self.folder = folder
        self.wall_ms = wall_ms
        self._master = keyring.load_or_make(folder / "identity.key", may_make=is_new)
        self.db: sqlite3.Connection = schema.connect(path, busy_s)
        self._generation = Generation(folder / "identity.generation")
        self._depth = 0
        self._stale = False

    def close(self) -> None:
        self.db.close()
        self._generation.close()

    @property
    def count(self) -> int:
        """Grows whenever a fact that somebody may have read stops being true."""
        return self._generation.count

    def advance(self) -> None:
        """Tell all processes to read again."""
        with self._generation.writing():
            self._generation.advance()

    @contextmanager
    def change(self, *, invalidates: bool = True) -> Iterator[None]:
        """A durable change; changes inside it are part of it.

        Without `invalidates` nobody can have read what it replaces: it only adds.
        """
        if self._depth:
            self._stale |= invalidates
            yield
            return
        with self._generation.writing():
            self.db.execute("BEGIN IMMEDIATE")
            self._depth, self._stale = 1, invalidates
            try:
                yield
                self.db.execute("COMMIT")
            except BaseException:
                self.db.execute("ROLLBACK")
                raise
            finally:
                self._depth = 0
            if self._stale:
                self._generation.advance()

    # --- sealing

    def seal(self, uid: int, place: str, plain: bytes) -> bytes:
        """Encrypted under a user's data key and bound to its place; UnknownUser."""
        return keyring.seal(self._key_of(uid), plain, place)

    def unseal(self, uid: int, place: str, sealed: bytes) -> bytes:
        """What `seal` took; UnknownUser, KeyringError."""
        return keyring.unseal(self._key_of(uid), sealed, place)

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
        return keyring.unseal(self._master, row[0], f"data_key:{uid}")


def mark_of(token: bytes) -> bytes:
    """What is stored of a random token: whoever reads the store cannot use it."""
    return sha256(token).digest()
