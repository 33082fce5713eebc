"""Who asks: keys and sessions as a gateway finds them on every request, kept in memory.

What is kept is forgotten by user: a change that makes somebody's keys or sessions stale names that
user in the store's list of changes, and a counter that costs nothing to read says that there is
something new on it. So one user's sign-out costs nobody else a reading.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

import msgspec
import structlog

from fullreserve.identity import schema
from fullreserve.identity.api_key import ApiKey, KeyFacts, KeySecrets
from fullreserve.identity.caller import Caller
from fullreserve.identity.rules import PRODUCTION, Rules
from fullreserve.identity.session import Session, SessionTimes
from fullreserve.identity.store import Store, UnknownUser, mark_of

CACHE_MAX = 100_000

log = structlog.get_logger(__name__)

# When callers were last seen, by kind and name.
Uses = dict[tuple[str, str | bytes], int]

_KEY = (
    "SELECT k.uid, u.main_uid, k.permissions, k.expires_ms, k.created_ms, k.used_ms, k.revision, "
    "max(u.keys_off_ms, m.keys_off_ms), k.sealed FROM api_keys k "
    "JOIN users u ON u.uid = k.uid JOIN users m ON m.uid = u.main_uid "
    "WHERE k.key = ? AND k.revoked_ms = 0"
)
_SESSION = "SELECT id, uid, created_ms, proven_ms, ends_ms, used_ms FROM sessions WHERE mark = ?"
_SESSION_USED = "SELECT used_ms FROM sessions WHERE mark = ?"
_STORE_USE = {
    "key": "UPDATE api_keys SET used_ms = max(used_ms, ?) WHERE key = ?",
    "session": "UPDATE sessions SET used_ms = max(used_ms, ?) WHERE mark = ?",
}


class _OfUser:
    """What is kept of one user."""

    __slots__ = ("keys", "marks", "sessions")

    def __init__(self) -> None:
        self.keys: dict[bytes, ApiKey] = {}
        self.sessions: dict[bytes, Session] = {}
        # Sessions that were in force when this was last read from the store.
        self.marks: set[bytes] = set()


class Callers:
    """One hold on the store; `wall_ms` is the wall clock."""

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
        self._change = self.store.last_change()
        self._keys: dict[bytes, ApiKey] = {}
        self._sessions: dict[bytes, Session] = {}
        self._users: dict[int, _OfUser] = {}
        # Keys that were forgotten, for what was learnt about them.
        self._keys_before: dict[bytes, ApiKey] = {}
        self._uses: Uses = {}
        self._steps: list[Callable[[], None]] = []
        # A log-in reads a key in a thread of its own: what it read before a change must not be
        # kept after the loop has forgotten.
        self._keeping = Lock()

    def at_close(self, step: Callable[[], None]) -> None:
        """Close something of the same store before this."""
        self._steps.append(step)

    def close(self) -> None:
        for step in self._steps:
            step()
        try:
            self.flush_uses()
        except sqlite3.Error as problem:  # a full disk does not keep the exchange from ending
            log.warning("last use of keys not stored", problem=str(problem))
        self.store.close()

    # --- keys

    def api_key(self, key: bytes) -> ApiKey | None:
        """The key under this name; unknown, revoked and erased ones give None."""
        if self.store.count != self._seen:
            self._forget()
        found = self._keys.get(key)
        if found is not None:
            return found
        with self._keeping:
            return self._load(key)

    def is_expired(self, key: ApiKey, now_ms: int) -> bool:
        """Whether a key's time is over, or it was not used for so long that it ended."""
        if key.expires_ms and key.expires_ms <= now_ms:
            return True
        if key.may_idle() or now_ms < key.idle_since_ms() + self.rules.key_idle_ms:
            return False
        # Another process may have seen it used.
        row = self._db.execute("SELECT used_ms FROM api_keys WHERE key = ?", (key.name,)).fetchone()
        return row is None or now_ms >= row[0] + self.rules.key_idle_ms

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
        self._make_room()
        self._keys[key] = self._of(uid).keys[key] = found
        return found

    # --- sessions

    def session(self, token: bytes) -> Session | None:
        """The session of a cookie's token; ended and unknown ones give None."""
        if self.store.count != self._seen:
            self._forget()
        mark = mark_of(token)
        found = self._sessions.get(mark)
        if found is None:
            with self._keeping:
                found = self._load_session(token, mark)
        now = self._wall_ms()
        if found is None or found.is_live(now):
            return found
        # Another process may have seen it used.
        row = self._db.execute(_SESSION_USED, (mark,)).fetchone()
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

    def _load_session(self, token: bytes, mark: bytes) -> Session | None:
        row = self._db.execute(_SESSION, (mark,)).fetchone()
        if row is None:
            return None
        found = self._session(token, mark, row)
        self._make_room()
        self._sessions[mark] = self._of(found.uid).sessions[mark] = found
        return found

    def _session(self, token: bytes, mark: bytes, row: tuple[Any, ...]) -> Session:
        identifier, uid, *times = row
        return Session(token, mark, identifier, uid, SessionTimes(*times), self.rules)

    # --- staying true

    def is_current(self, caller: Caller) -> bool:
        """Whether a caller that was found earlier may still do what it might do then."""
        if isinstance(caller, ApiKey):
            if caller.expires_ms and caller.expires_ms <= self._wall_ms():
                return False
            count = self.store.count
            if caller.current_at == count:
                return True
            now = self.api_key(caller.name.encode())
            if now is None or now.revision != caller.revision or now.is_frozen:
                return False
            caller.current_at = count
            return True
        assert isinstance(caller, Session)
        if self.store.count != self._seen:
            self._forget()
        marks = self._of(caller.uid).marks
        if caller.mark not in marks:
            if self._db.execute(_SESSION, (caller.mark,)).fetchone() is None:
                return False
            marks.add(caller.mark)
        now_ms = self._wall_ms()
        return caller.is_live(now_ms) or self._is_used(caller, now_ms)

    def _is_used(self, session: Session, now_ms: int) -> bool:
        """Whether a session that idles where it is held was used elsewhere."""
        held = self._sessions.get(session.mark)
        if held is not None:
            session.learn_use(held.used_ms)
        row = self._db.execute(_SESSION_USED, (session.mark,)).fetchone()
        if row is None:
            return False
        session.learn_use(row[0])
        return session.is_live(now_ms)

    def _of(self, uid: int) -> _OfUser:
        found = self._users.get(uid)
        if found is None:
            found = self._users[uid] = _OfUser()
        return found

    def _forget(self) -> None:
        """Forget what was changed since this was called last."""
        with self._keeping:
            self._seen = self.store.count
            self._change, changed = self.store.changed_since(self._change)
            for uid in list(self._users) if changed is None else changed:
                kept = self._users.pop(uid, None)
                if kept is not None:
                    self._drop(kept)

    def _drop(self, kept: _OfUser) -> None:
        self._collect_uses(kept.keys, kept.sessions)
        if len(self._keys_before) >= CACHE_MAX:
            self._keys_before.clear()
        self._keys_before.update(kept.keys)
        for key in kept.keys:
            self._keys.pop(key, None)
        for mark in kept.sessions:
            self._sessions.pop(mark, None)

    def _make_room(self) -> None:
        if len(self._keys) + len(self._sessions) >= CACHE_MAX:
            self._collect_uses(self._keys, self._sessions)
            self._keys.clear()
            self._sessions.clear()
            self._users.clear()

    # --- last use

    def take_uses(self) -> Uses:
        """When callers were last seen, for `store_uses` of whoever may wait for the disk."""
        with self._keeping:
            self._collect_uses(self._keys, self._sessions)
            taken, self._uses = self._uses, {}
        return taken

    def store_uses(self, uses: Uses) -> None:
        """Store when callers were last seen; one commit for all of them."""
        if not uses:
            return
        with self.store.change():
            for kind, update in _STORE_USE.items():
                rows = [(ms, name) for (its, name), ms in uses.items() if its == kind]
                self._db.executemany(update, rows)

    def flush_uses(self) -> None:
        """Store when callers were last seen; needs no durability, so it is done now and then."""
        self.store_uses(self.take_uses())

    def _collect_uses(self, keys: dict[bytes, ApiKey], sessions: dict[bytes, Session]) -> None:
        for key in keys.values():
            if key.used_ms:
                self._uses[("key", key.name)] = key.used_ms
        for session in sessions.values():
            if session.used_ms:
                self._uses[("session", session.mark)] = session.used_ms
