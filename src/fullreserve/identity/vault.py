"""The vault: the one store of who may do what, beside the journal and the signers' stores.

Every change is on disk before its method returns, and in force in every gateway process by then.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from fullreserve.identity import passwords, schema
from fullreserve.identity.api_key import KeySecrets, Permission, networks
from fullreserve.identity.callers import Callers
from fullreserve.identity.store import UnknownUser

FIRST_UID = 10_000_001  # lower owner numbers are the exchange's own

PASSWORD = "password"  # noqa: S105 - a kind of credential, not one

__all__ = ["FIRST_UID", "PASSWORD", "KeyRow", "NewKey", "Personal", "UnknownUser", "User", "Vault"]

_REVOKE = "UPDATE api_keys SET revoked_ms = ? WHERE key = ? AND revoked_ms = 0 RETURNING uid"
_REVOKE_OF_USER = "UPDATE api_keys SET revoked_ms = ? WHERE uid = ? AND revoked_ms = 0"


class Personal(msgspec.Struct):
    """What identifies a person; all of it optional, all of it erasable."""

    name: str = ""
    email: str = ""
    phone: str = ""
    country: str = ""
    label: str = ""

    def __repr__(self) -> str:
        return "Personal(…)"


class User(NamedTuple):
    """A user; `main_uid` is the user's own for a master account. Both are owners in the core."""

    uid: int
    main_uid: int
    created_ms: int
    erased_ms: int
    keys_off_ms: int = 0  # when the user switched all keys off; 0: they are on


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


class Vault(Callers):
    """One hold on the store: what gateways ask on each request, users, and their API keys."""

    # --- users

    def create_user(
        self, main_uid: int = 0, personal: Personal | None = None, uid: int = 0
    ) -> User:
        """A new user; with `main_uid` a sub-account of that user; `uid` 0 takes the next number."""
        with self.store.change():
            if main_uid:
                self.require(main_uid)
            if not uid:
                last = self._db.execute("SELECT max(uid) FROM users").fetchone()[0]
                uid = max(FIRST_UID, (last or 0) + 1)
            user = User(uid, main_uid or uid, self._wall_ms(), 0)
            self._db.execute(
                "INSERT INTO users (uid, main_uid, created_ms, erased_ms, keys_off_ms) "
                "VALUES (?, ?, ?, ?, ?)",
                user,
            )
            self.store.new_data_key(uid)
            self._put_personal(uid, personal or Personal())
        return user

    def user(self, uid: int) -> User | None:
        row = self._db.execute(
            "SELECT uid, main_uid, created_ms, erased_ms, keys_off_ms FROM users WHERE uid = ?",
            (uid,),
        ).fetchone()
        return User(*row) if row else None

    def users(self) -> list[User]:
        """All users, by uid."""
        rows = self._db.execute(
            "SELECT uid, main_uid, created_ms, erased_ms, keys_off_ms FROM users ORDER BY uid"
        )
        return [User(*row) for row in rows]

    def sub_accounts(self, main_uid: int) -> list[User]:
        """The sub-accounts of a master, by uid."""
        rows = self._db.execute(
            "SELECT uid, main_uid, created_ms, erased_ms, keys_off_ms FROM users "
            "WHERE main_uid = ? AND uid <> main_uid ORDER BY uid",
            (main_uid,),
        )
        return [User(*row) for row in rows]

    def personal(self, uid: int) -> Personal:
        """A user's personal data; UnknownUser once it is erased."""
        row = self._db.execute("SELECT sealed FROM personal WHERE uid = ?", (uid,)).fetchone()
        if row is None:
            raise UnknownUser(uid)
        opened = self.store.unseal(uid, f"personal:{uid}", row[0])
        return msgspec.msgpack.decode(opened, type=Personal)

    def erase_user(self, uid: int) -> None:
        """Delete the user's data key and all rows of the user's: nothing sealed can be read again.

        The numbers stay, because the log names them.
        """
        with self.store.change():
            self.forget(uid)
        self.wipe()

    def forget(self, uid: int) -> None:
        """Delete what `erase_user` does; within a `change` of the store, and before `wipe`."""
        self.require(uid)
        for table in schema.OF_USER:
            erase = f"DELETE FROM {table} WHERE uid = ?"  # noqa: S608 - names of our own
            self._db.execute(erase, (uid,))
        self._db.execute("UPDATE users SET erased_ms = ? WHERE uid = ?", (self._wall_ms(), uid))
        self._db.execute(_REVOKE_OF_USER, (self._wall_ms(), uid))
        self.store.outdate(uid)

    def wipe(self) -> None:
        """Zero the pages that held a key in the file itself, not only in its log."""
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def set_password(self, uid: int, password: str) -> None:
        """Slow: it hashes."""
        self.set_password_hash(uid, passwords.hashed(password, self.rules.hashing))

    def set_password_hash(self, uid: int, phc: str) -> None:
        with self.store.change():
            self.put_credential(uid, PASSWORD, phc.encode())

    def password_matches(self, uid: int, password: str) -> bool:
        """Slow: it hashes."""
        phc = self.credential(uid, PASSWORD)
        return phc is not None and passwords.matches(phc.decode(), password)

    def credential(self, uid: int, kind: str) -> bytes | None:
        """A credential of a kind, opened; None where the user has none."""
        row = self._db.execute(
            "SELECT sealed FROM credentials WHERE uid = ? AND kind = ?", (uid, kind)
        ).fetchone()
        return None if row is None else self.store.unseal(uid, f"credential:{uid}:{kind}", row[0])

    def put_credential(self, uid: int, kind: str, plain: bytes) -> None:
        """Seal a credential; within a `change` of the store."""
        sealed = self.store.seal(uid, f"credential:{uid}:{kind}", plain)
        self._db.execute(
            "INSERT OR REPLACE INTO credentials VALUES (?, ?, ?, ?)",
            (uid, kind, sealed, self._wall_ms()),
        )

    def drop_credential(self, uid: int, kind: str) -> None:
        """Delete a credential; within a `change` of the store."""
        self._db.execute("DELETE FROM credentials WHERE uid = ? AND kind = ?", (uid, kind))

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

        ValueError on an address list that is too long or malformed. Slow: it hashes.
        """
        key, secret = fixed or (_new_name(), secrets.token_hex(16).upper())
        allowed = networks(list(addresses))
        phc = passwords.hashed(passphrase, self.rules.hashing)
        content = KeySecrets(secret, phc, label, allowed)
        with self.store.change():
            self._db.execute(
                "INSERT INTO api_keys (key, uid, permissions, expires_ms, created_ms, sealed) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (key, uid, int(permissions), expires_ms, self._wall_ms(), b""),
            )
            self._seal_key(uid, key, content)
        return NewKey(uid, key, secret, passphrase)

    def edit_key(
        self,
        key: str,
        permissions: Permission | None = None,
        label: str | None = None,
        addresses: Sequence[str] | None = None,
    ) -> KeyRow | None:
        """Change what is given; None for a key not in force. Who logged in with it must again.

        ValueError as `create_key`.
        """
        allowed = None if addresses is None else networks(list(addresses))
        with self.store.change():
            row = self._db.execute(
                "SELECT uid, sealed FROM api_keys WHERE key = ? AND revoked_ms = 0", (key,)
            ).fetchone()
            if row is None:
                return None
            uid = row[0]
            opened = self.store.unseal(uid, f"api_key:{key}", row[1])
            content = msgspec.msgpack.decode(opened, type=KeySecrets)
            content.label = content.label if label is None else label
            content.networks = content.networks if allowed is None else allowed
            self._seal_key(uid, key, content)
            change = "UPDATE api_keys SET revision = revision + 1 WHERE key = ?"
            self._db.execute(change, (key,))
            self.store.outdate(uid)
            if permissions is not None:
                change = "UPDATE api_keys SET permissions = ? WHERE key = ?"
                self._db.execute(change, (int(permissions), key))
        return next(one for one in self.keys_of(uid) if one.key == key)

    def _seal_key(self, uid: int, key: str, content: KeySecrets) -> None:
        sealed = self.store.seal(uid, f"api_key:{key}", msgspec.msgpack.encode(content))
        self._db.execute("UPDATE api_keys SET sealed = ? WHERE key = ?", (sealed, key))

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
        opened = self.store.unseal(uid, f"api_key:{key}", sealed)
        content = msgspec.msgpack.decode(opened, type=KeySecrets)
        allowed = tuple(content.networks)
        return KeyRow(key, uid, Permission(bits), content.label, allowed, expires, created, used)

    def revoke_key(self, key: str) -> bool:
        """Take a key out of force; False if it was not in force."""
        with self.store.change():
            row = self._db.execute(_REVOKE, (self._wall_ms(), key)).fetchone()
            if row is not None:
                self.store.outdate(row[0])
        return row is not None

    def switch_keys(self, uid: int, *, off: bool) -> None:
        """The master switch: off freezes all keys of a user and of the user's sub-accounts."""
        with self.store.change():
            self.require(uid)
            moment = self._wall_ms() if off else 0
            self._db.execute("UPDATE users SET keys_off_ms = ? WHERE uid = ?", (moment, uid))
            for one in (uid, *(sub.uid for sub in self.sub_accounts(uid))):
                self.store.outdate(one)

    # --- inside

    def require(self, uid: int) -> None:
        """UnknownUser for who does not exist or was erased."""
        user = self.user(uid)
        if user is None or user.erased_ms:
            raise UnknownUser(uid)

    def _put_personal(self, uid: int, personal: Personal) -> None:
        sealed = self.store.seal(uid, f"personal:{uid}", msgspec.msgpack.encode(personal))
        self._db.execute("INSERT OR REPLACE INTO personal VALUES (?, ?)", (uid, sealed))


def _new_name() -> str:
    """A key's name in the shape clients know: a UUID's text."""
    digits = secrets.token_hex(16)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
