"""The vault: the one store of who may do what, beside the journal and the signers' stores.

Every change is on disk before its method returns, and in force in every gateway process by then.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from fullreserve.identity import keyring, passwords, schema
from fullreserve.identity.api_key import ApiKey, KeySecrets, Permission, networks
from fullreserve.identity.generation import Generation

FIRST_UID = 10_000_001  # lower owner numbers are the exchange's own
CACHE_MAX = 100_000

PASSWORD = "password"  # noqa: S105 - a kind of credential, not one


_REVOKE = "UPDATE api_keys SET revoked_ms = ? WHERE key = ? AND revoked_ms = 0"
_REVOKE_OF_USER = "UPDATE api_keys SET revoked_ms = ? WHERE uid = ? AND revoked_ms = 0"


class Personal(msgspec.Struct):
    """What identifies a person; all of it optional, all of it erasable."""

    name: str = ""
    email: str = ""
    phone: str = ""
    country: str = ""

    def __repr__(self) -> str:
        return "Personal(…)"


class User(NamedTuple):
    """A user; `main_uid` is the user's own for a master account. Both are owners in the core."""

    uid: int
    main_uid: int
    created_ms: int
    erased_ms: int


class KeyRow(NamedTuple):
    """What a user may see of a key later: everything but the secret."""

    key: str
    uid: int
    permissions: Permission
    label: str
    networks: tuple[str, ...]
    expires_ms: int
    created_ms: int
    used_ms: int


class NewKey:
    """A key at the only moment when its secret can be read."""

    __slots__ = ("key", "passphrase", "secret", "uid")

    def __init__(self, uid: int, key: str, secret: str, passphrase: str) -> None:
        self.uid = uid
        self.key = key
        self.secret = secret
        self.passphrase = passphrase

    def __repr__(self) -> str:
        return f"NewKey({self.key[:8]}…, uid={self.uid})"


class UnknownUser(LookupError):
    """No such user, or erased."""


class Vault:
    """One process's hold on the store; `wall_ms` is the wall clock."""

    def __init__(self, folder: Path, wall_ms: Callable[[], int]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        store = folder / "identity.db"
        is_new = not store.exists() or store.stat().st_size == 0
        self._master = keyring.load_or_make(folder / "identity.key", may_make=is_new)
        self._db = schema.connect(store)
        self._generation = Generation(folder / "identity.generation")
        with self._generation.writing():
            # A writer may have died between its commit and its count.
            self._generation.advance()
        self._seen = self._generation.count
        self._cache: dict[bytes, ApiKey] = {}
        self._wall_ms = wall_ms

    def close(self) -> None:
        self.flush_uses()
        self._db.close()
        self._generation.close()

    # --- reading, on the way of every request

    def api_key(self, key: bytes) -> ApiKey | None:
        """The key in force under this name; unknown, revoked and erased ones give None."""
        count = self._generation.count
        if count != self._seen:
            self.flush_uses()
            self._cache.clear()
            self._seen = count
        found = self._cache.get(key)
        return found if found is not None else self._load(key)

    def is_current(self, key: ApiKey) -> bool:
        """Whether a key that was found earlier is still in force."""
        return self.api_key(key.key.encode()) is not None

    def _load(self, key: bytes) -> ApiKey | None:
        text = key.decode("ascii", "replace")
        row = self._db.execute(
            "SELECT k.uid, u.main_uid, k.permissions, k.expires_ms, k.sealed FROM api_keys k "
            "JOIN users u ON u.uid = k.uid WHERE k.key = ? AND k.revoked_ms = 0",
            (text,),
        ).fetchone()
        if row is None:
            return None
        uid, main_uid, permissions, expires_ms, sealed = row
        try:
            opened = self._open(uid, f"api_key:{text}", sealed)
        except UnknownUser:
            return None
        found = ApiKey(
            text,
            uid,
            main_uid,
            permissions,
            expires_ms,
            msgspec.msgpack.decode(opened, type=KeySecrets),
        )
        if len(self._cache) >= CACHE_MAX:
            self._cache.clear()
        self._cache[key] = found
        return found

    # --- users

    def create_user(
        self, main_uid: int = 0, personal: Personal | None = None, uid: int = 0
    ) -> User:
        """A new user; with `main_uid` a sub-account of that user; `uid` 0 takes the next number."""
        with self._change():
            if main_uid:
                self._require(main_uid)
            if not uid:
                last = self._db.execute("SELECT max(uid) FROM users").fetchone()[0]
                uid = max(FIRST_UID, (last or 0) + 1)
            user = User(uid, main_uid or uid, self._wall_ms(), 0)
            self._db.execute("INSERT INTO users VALUES (?, ?, ?, ?)", user)
            wrapped = keyring.seal(self._master, keyring.new_key(), f"data_key:{uid}")
            self._db.execute("INSERT INTO data_keys VALUES (?, ?)", (uid, wrapped))
            self._put_personal(uid, personal or Personal())
        return user

    def user(self, uid: int) -> User | None:
        row = self._db.execute(
            "SELECT uid, main_uid, created_ms, erased_ms FROM users WHERE uid = ?", (uid,)
        ).fetchone()
        return User(*row) if row else None

    def sub_accounts(self, main_uid: int) -> list[User]:
        """The sub-accounts of a master, by uid."""
        rows = self._db.execute(
            "SELECT uid, main_uid, created_ms, erased_ms FROM users "
            "WHERE main_uid = ? AND uid <> main_uid ORDER BY uid",
            (main_uid,),
        )
        return [User(*row) for row in rows]

    def personal(self, uid: int) -> Personal:
        """A user's personal data; UnknownUser once it is erased."""
        row = self._db.execute("SELECT sealed FROM personal WHERE uid = ?", (uid,)).fetchone()
        if row is None:
            raise UnknownUser(uid)
        return msgspec.msgpack.decode(self._open(uid, f"personal:{uid}", row[0]), type=Personal)

    def set_personal(self, uid: int, personal: Personal) -> None:
        with self._change():
            self._put_personal(uid, personal)

    def erase_user(self, uid: int) -> None:
        """Delete the user's data key: nothing sealed under it can be read again."""
        with self._change():
            self._require(uid)
            now = self._wall_ms()
            self._db.execute("DELETE FROM data_keys WHERE uid = ?", (uid,))
            self._db.execute("DELETE FROM personal WHERE uid = ?", (uid,))
            self._db.execute("DELETE FROM credentials WHERE uid = ?", (uid,))
            self._db.execute("UPDATE users SET erased_ms = ? WHERE uid = ?", (now, uid))
            self._revoke(_REVOKE_OF_USER, uid)
        # The pages that held the key are zeroed in the file itself, not only in its log.
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def set_password(self, uid: int, password: str) -> None:
        phc = passwords.hashed(password)
        with self._change():
            sealed = self._seal(uid, f"credential:{uid}:{PASSWORD}", phc.encode())
            self._db.execute(
                "INSERT OR REPLACE INTO credentials VALUES (?, ?, ?, ?)",
                (uid, PASSWORD, sealed, self._wall_ms()),
            )

    def password_matches(self, uid: int, password: str) -> bool:
        row = self._db.execute(
            "SELECT sealed FROM credentials WHERE uid = ? AND kind = ?", (uid, PASSWORD)
        ).fetchone()
        if row is None:
            return False
        phc = self._open(uid, f"credential:{uid}:{PASSWORD}", row[0]).decode()
        return passwords.matches(phc, password)

    # --- API keys

    def create_key(
        self,
        uid: int,
        passphrase: str,
        permissions: Permission,
        label: str = "",
        addresses: Sequence[str] = (),
        expires_ms: int = 0,
        fixed: tuple[str, str] | None = None,
    ) -> NewKey:
        """A new key of a user; `fixed` gives (key, secret) instead of random ones.

        ValueError on an address list that is too long or malformed.
        """
        key, secret = fixed or (_new_name(), secrets.token_hex(16).upper())
        allowed = networks(list(addresses))
        content = KeySecrets(secret, passwords.hashed(passphrase), label, allowed)
        with self._change():
            sealed = self._seal(uid, f"api_key:{key}", msgspec.msgpack.encode(content))
            self._db.execute(
                "INSERT INTO api_keys (key, uid, permissions, expires_ms, created_ms, sealed) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (key, uid, int(permissions), expires_ms, self._wall_ms(), sealed),
            )
        return NewKey(uid, key, secret, passphrase)

    def keys_of(self, uid: int) -> list[KeyRow]:
        """A user's keys in force, oldest first."""
        self.flush_uses()
        rows = self._db.execute(
            "SELECT key, permissions, expires_ms, created_ms, used_ms, sealed FROM api_keys "
            "WHERE uid = ? AND revoked_ms = 0 ORDER BY created_ms, key",
            (uid,),
        ).fetchall()
        return [self._key_row(uid, *row) for row in rows]

    def _key_row(
        self, uid: int, key: str, bits: int, expires: int, created: int, used: int, sealed: bytes
    ) -> KeyRow:
        opened = self._open(uid, f"api_key:{key}", sealed)
        content = msgspec.msgpack.decode(opened, type=KeySecrets)
        allowed = tuple(content.networks)
        return KeyRow(key, uid, Permission(bits), content.label, allowed, expires, created, used)

    def revoke_key(self, key: str) -> bool:
        """Take a key out of force; False if it was not in force."""
        with self._change():
            return self._revoke(_REVOKE, key) > 0

    def flush_uses(self) -> None:
        """Store when each key was last used; needs no durability, so it is done now and then."""
        used = [(key.used_ms, key.key) for key in self._cache.values() if key.used_ms]
        if used:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                "UPDATE api_keys SET used_ms = max(used_ms, ?) WHERE key = ?", used
            )
            self._db.execute("COMMIT")

    # --- inside

    @contextmanager
    def _change(self) -> Iterator[None]:
        with self._generation.writing():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
            self._generation.advance()

    def _require(self, uid: int) -> None:
        user = self.user(uid)
        if user is None or user.erased_ms:
            raise UnknownUser(uid)

    def _data_key(self, uid: int) -> bytes:
        row = self._db.execute("SELECT wrapped FROM data_keys WHERE uid = ?", (uid,)).fetchone()
        if row is None:
            raise UnknownUser(uid)
        return keyring.unseal(self._master, row[0], f"data_key:{uid}")

    def _seal(self, uid: int, place: str, plain: bytes) -> bytes:
        return keyring.seal(self._data_key(uid), plain, place)

    def _open(self, uid: int, place: str, sealed: bytes) -> bytes:
        return keyring.unseal(self._data_key(uid), sealed, place)

    def _put_personal(self, uid: int, personal: Personal) -> None:
        sealed = self._seal(uid, f"personal:{uid}", msgspec.msgpack.encode(personal))
        self._db.execute("INSERT OR REPLACE INTO personal VALUES (?, ?)", (uid, sealed))

    def _revoke(self, where: str, value: str | int) -> int:
        cursor = self._db.execute(where, (self._wall_ms(), value))
        return cursor.rowcount


def _new_name() -> str:
    """A key's name in the shape clients know: a UUID's text."""
    digits = secrets.token_hex(16)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
