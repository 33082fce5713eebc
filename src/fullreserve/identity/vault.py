"""The vault: the one store of who may do what, beside the journal and the signers' stores.

Every change is on disk before its method returns, and in force in every gateway process by then.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from fullreserve.identity import passwords, schema
from fullreserve.identity.api_key import ApiKey, KeyFacts, KeySecrets, Permission, networks
from fullreserve.identity.caller import Caller
from fullreserve.identity.rules import PRODUCTION, Rules
from fullreserve.identity.session import Session, SessionTimes
from fullreserve.identity.store import Store, UnknownUser, mark_of

FIRST_UID = 10_000_001  # lower owner numbers are the exchange's own
CACHE_MAX = 100_000

PASSWORD = "password"  # noqa: S105 - a kind of credential, not one

__all__ = ["FIRST_UID", "PASSWORD", "KeyRow", "NewKey", "Personal", "UnknownUser", "User", "Vault"]

_REVOKE = "UPDATE api_keys SET revoked_ms = ? WHERE key = ? AND revoked_ms = 0"
_REVOKE_OF_USER = "UPDATE api_keys SET revoked_ms = ? WHERE uid = ? AND revoked_ms = 0"
_KEY = (
    "SELECT k.uid, u.main_uid, k.permissions, k.expires_ms, k.created_ms, k.used_ms, k.revision, "
    "max(u.keys_off_ms, m.keys_off_ms), k.sealed FROM api_keys k "
    "JOIN users u ON u.uid = k.uid JOIN users m ON m.uid = u.main_uid "
    "WHERE k.key = ? AND k.revoked_ms = 0"
)
_SESSION = "SELECT id, uid, created_ms, proven_ms, ends_ms, used_ms FROM sessions WHERE mark = ?"


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


class Vault:
    """One hold on the store: what gateways ask on each request, users, and their API keys.

    `wall_ms` is the wall clock.
    """

    def __init__(
        self,
        folder: Path,
        wall_ms: Callable[[], int],
        rules: Rules = PRODUCTION,
        busy_s: float = schema.BUSY_S,
    ) -> None:
        self.store = Store(folder, wall_ms, busy_s)
        self.rules = rules
        self._db = self.store.db
        self._wall_ms = wall_ms
        # A writer may have died between its commit and its count.
        self.store.advance()
        self._seen = self.store.count
        self._keys: dict[bytes, ApiKey] = {}
        self._keys_before: dict[bytes, ApiKey] = {}
        self._sessions: dict[bytes, Session] = {}
        # Sessions that were in force when this was last read from the store.
        self._marks: set[bytes] = set()
        # When callers were last seen that are in memory no more; stored with the others.
        self._uses: dict[tuple[str, str | bytes], int] = {}
        self._steps: list[Callable[[], None]] = []

    def at_close(self, step: Callable[[], None]) -> None:
        """Close something of the same store before this."""
        self._steps.append(step)

    def close(self) -> None:
        for step in self._steps:
            step()
        self.flush_uses()
        self.store.close()

    # --- reading, on the way of every request

    def api_key(self, key: bytes) -> ApiKey | None:
        """The key under this name; unknown, revoked, disused and erased ones give None."""
        self._refresh()
        found = self._keys.get(key)
        return found if found is not None else self._load(key)

    def is_expired(self, key: ApiKey, now_ms: int) -> bool:
        """Whether a key's time is over, or it was not used for so long that it ended."""
        if key.expires_ms and key.expires_ms <= now_ms:
            return True
        if key.may_idle() or now_ms < key.idle_since_ms() + self.rules.key_idle_ms:
            return False
        # Another process may have seen it used.
        row = self._db.execute("SELECT used_ms FROM api_keys WHERE key = ?", (key.name,)).fetchone()
        return row is None or now_ms >= row[0] + self.rules.key_idle_ms

    def session(self, token: bytes) -> Session | None:
        """The session of a cookie's token; ended and unknown ones give None."""
        self._refresh()
        mark = mark_of(token)
        found = self._sessions.get(mark) or self._load_session(token, mark)
        now = self._wall_ms()
        if found is None or found.is_live(now):
            return found
        # Another process may have seen it used.
        row = self._db.execute("SELECT used_ms FROM sessions WHERE mark = ?", (mark,)).fetchone()
        if row is not None:
            found.learn_use(row[0])
        return found if row is not None and found.is_live(now) else None

    def session_at(self, mark: bytes) -> Session | None:
        """A session by its mark, for who holds a token drawn from it; without its CSRF token."""
        row = self._db.execute(_SESSION, (mark,)).fetchone()
        if row is None:
            return None
        found = self._session(b"", mark, row)
        return found if found.is_live(self._wall_ms()) else None

    def is_current(self, caller: Caller) -> bool:
        """Whether a caller that was found earlier may still do what it might do then."""
        if isinstance(caller, ApiKey):
            count = self.store.count
            if caller.current_at == count:
                return True
            now = self.api_key(caller.name.encode())
            if now is None or now.revision != caller.revision or now.is_frozen:
                return False
            caller.current_at = count
            return True
        assert isinstance(caller, Session)
        self._refresh()
        if caller.mark not in self._marks:
            if self._db.execute(_SESSION, (caller.mark,)).fetchone() is None:
                return False
            self._marks.add(caller.mark)
        return caller.is_live(self._wall_ms())

    def _refresh(self) -> None:
        count = self.store.count
        if count == self._seen:
            return
        self._collect_uses()
        if len(self._keys_before) >= CACHE_MAX:
            self._keys_before.clear()
        self._keys_before.update(self._keys)
        self._keys = {}
        self._sessions = {}
        self._marks = set()
        self._seen = count

    def _load(self, key: bytes) -> ApiKey | None:
        text = key.decode("ascii", "replace")
        row = self._db.execute(_KEY, (text,)).fetchone()
        before = self._keys_before.pop(key, None)
        if row is None:
            return None
        uid, main_uid, permissions, expires, created, used, revision, off, sealed = row
        try:
            opened = self.store.unseal(uid, f"api_key:{text}", sealed)
        except UnknownUser:
            return None
        content = msgspec.msgpack.decode(opened, type=KeySecrets)
        facts = KeyFacts(permissions, expires, created, used, revision, bool(off))
        found = ApiKey(text, uid, main_uid, facts, content)
        if before is not None:
            found.adopt(before)
        if len(self._keys) >= CACHE_MAX:
            self._collect_uses()
            self._keys.clear()
        self._keys[key] = found
        return found

    def _load_session(self, token: bytes, mark: bytes) -> Session | None:
        row = self._db.execute(_SESSION, (mark,)).fetchone()
        if row is None:
            return None
        found = self._session(token, mark, row)
        if len(self._sessions) >= CACHE_MAX:
            self._collect_uses()
            self._sessions.clear()
        self._sessions[mark] = found
        return found

    def _session(self, token: bytes, mark: bytes, row: tuple[Any, ...]) -> Session:
        identifier, uid, *times = row
        return Session(token, mark, identifier, uid, SessionTimes(*times), self.rules)

    # --- users

    def create_user(
        self, main_uid: int = 0, personal: Personal | None = None, uid: int = 0
    ) -> User:
        """A new user; with `main_uid` a sub-account of that user; `uid` 0 takes the next number."""
        with self.store.change(invalidates=False):
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

    def set_personal(self, uid: int, personal: Personal) -> None:
        with self.store.change(invalidates=False):
            self._put_personal(uid, personal)

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
        self._revoke(_REVOKE_OF_USER, uid)

    def wipe(self) -> None:
        """Zero the pages that held a key in the file itself, not only in its log."""
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def set_password(self, uid: int, password: str) -> None:
        """Slow: it hashes."""
        self.set_password_hash(uid, passwords.hashed(password, self.rules.hashing))

    def set_password_hash(self, uid: int, phc: str) -> None:
        with self.store.change(invalidates=False):
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
        with self.store.change(invalidates=False):
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
            return self._revoke(_REVOKE, key) > 0

    def switch_keys(self, uid: int, *, off: bool) -> None:
        """The master switch: off freezes all keys of a user and of the user's sub-accounts."""
        with self.store.change():
            self.require(uid)
            moment = self._wall_ms() if off else 0
            self._db.execute("UPDATE users SET keys_off_ms = ? WHERE uid = ?", (moment, uid))

    # --- last use

    def take_uses(self) -> dict[tuple[str, str | bytes], int]:
        """When callers were last seen, for `store_uses` of whoever may wait for the disk."""
        self._collect_uses()
        taken, self._uses = self._uses, {}
        return taken

    def store_uses(self, uses: dict[tuple[str, str | bytes], int]) -> None:
        """Store when callers were last seen; one commit for all of them."""
        if not uses:
            return
        with self.store.change(invalidates=False):
            for (table, column), name in _USES.items():
                rows = [(ms, key) for (where, key), ms in uses.items() if where == name]
                update = f"UPDATE {table} SET used_ms = max(used_ms, ?) "  # noqa: S608
                update += f"WHERE {column} = ?"
                self._db.executemany(update, rows)

    def flush_uses(self) -> None:
        """Store when callers were last seen; needs no durability, so it is done now and then."""
        self.store_uses(self.take_uses())

    def _collect_uses(self) -> None:
        for key in self._keys.values():
            if key.used_ms:
                self._uses[("key", key.name)] = key.used_ms
        for session in self._sessions.values():
            if session.used_ms:
                self._uses[("session", session.mark)] = session.used_ms

    # --- inside

    def require(self, uid: int) -> None:
        """UnknownUser for who does not exist or was erased."""
        user = self.user(uid)
        if user is None or user.erased_ms:
            raise UnknownUser(uid)

    def _put_personal(self, uid: int, personal: Personal) -> None:
        sealed = self.store.seal(uid, f"personal:{uid}", msgspec.msgpack.encode(personal))
        self._db.execute("INSERT OR REPLACE INTO personal VALUES (?, ?)", (uid, sealed))

    def _revoke(self, where: str, value: str | int) -> int:
        cursor = self._db.execute(where, (self._wall_ms(), value))
        return cursor.rowcount


# Where each kind of caller's last use is kept.
_USES = {("api_keys", "key"): "key", ("sessions", "mark"): "session"}


def _new_name() -> str:
    """A key's name in the shape clients know: a UUID's text."""
    digits = secrets.token_hex(16)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
