"""Opening, listing and ending sessions; the store keeps a hash of each token alone."""

from __future__ import annotations

import secrets
from typing import NamedTuple

import msgspec

from fullreserve.identity.failures import neighbourhood
from fullreserve.identity.session import Device, SessionTimes, csrf_token
from fullreserve.identity.store import mark_of
from fullreserve.identity.vault import Vault

TOKEN_BYTES = 32
ADDRESS_MAX = 64
AGENT_MAX = 256


class NewSession(NamedTuple):
    """A session at the only moment when its token is known."""

    token: str
    csrf: str
    id: str
    uid: int
    ends_ms: int

    def __repr__(self) -> str:
        return f"NewSession({self.id}, uid={self.uid})"


class SessionRow(NamedTuple):
    """What a user may see of a session."""

    id: str
    device: Device
    times: SessionTimes


class Sessions:
    """The sessions of all users; use it from the thread that writes."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._store = vault.store
        self._db = vault.store.db
        self._rules = vault.rules

    def open(self, uid: int, device: Device) -> NewSession:
        """A new session of a user who has just proven who that is; the oldest go when too many."""
        now = self._store.wall_ms()
        times = SessionTimes(now, now, now + self._rules.session_ends_ms, now)
        with self._store.change():
            self._vault.require(uid)
            opened = self._insert(uid, times, device)
            crowded = self._db.execute(
                "DELETE FROM sessions WHERE uid = ? AND mark NOT IN (SELECT mark FROM sessions "
                "WHERE uid = ? ORDER BY created_ms DESC, rowid DESC LIMIT ?)",
                (uid, uid, self._rules.sessions_max),
            )
            if crowded.rowcount:
                self._store.outdate(uid)
        return opened

    def rotate(self, mark: bytes) -> NewSession | None:
        """The same session under a new token, freshly proven; None when it has ended."""
        now = self._store.wall_ms()
        with self._store.change():
            row = self._db.execute(
                "SELECT id, uid, created_ms, ends_ms, sealed FROM sessions WHERE mark = ?", (mark,)
            ).fetchone()
            if row is None or row[3] <= now:
                return None
            identifier, uid, created, ends, sealed = row
            device = self._device(uid, identifier, sealed)
            self._db.execute("DELETE FROM sessions WHERE mark = ?", (mark,))
            self._store.outdate(uid)
            times = SessionTimes(created, now, ends, now)
            return self._insert(uid, times, device, identifier)

    def _insert(
        self, uid: int, times: SessionTimes, device: Device, identifier: str = ""
    ) -> NewSession:
        token = secrets.token_urlsafe(TOKEN_BYTES)
        identifier = identifier or secrets.token_hex(8)
        known = Device(device.address[:ADDRESS_MAX], device.agent[:AGENT_MAX])
        sealed = self._store.seal(uid, f"session:{identifier}", msgspec.msgpack.encode(known))
        mark = mark_of(token.encode())
        self._db.execute(
            "INSERT INTO sessions (mark, id, uid, created_ms, proven_ms, ends_ms, used_ms, sealed) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                mark,
                identifier,
                uid,
                times.created_ms,
                times.proven_ms,
                times.ends_ms,
                times.used_ms,
                sealed,
            ),
        )
        csrf = csrf_token(token.encode()).decode()
        return NewSession(token, csrf, identifier, uid, times.ends_ms)

    def of(self, uid: int) -> list[SessionRow]:
        """A user's live sessions, newest first."""
        now = self._store.wall_ms()
        idle = now - self._rules.session_idle_ms
        rows = self._db.execute(
            "SELECT id, created_ms, proven_ms, ends_ms, used_ms, sealed FROM sessions "
            "WHERE uid = ? AND ends_ms > ? AND used_ms > ? ORDER BY created_ms DESC, rowid DESC",
            (uid, now, idle),
        ).fetchall()
        return [
            SessionRow(identifier, self._device(uid, identifier, sealed), SessionTimes(*times))
            for identifier, *times, sealed in rows
        ]

    def place_age_ms(self, uid: int, address: str) -> int:
        """For how long sessions of a user come from a network; 0 for never, -1 for the oldest's."""
        rows = self.of(uid)[::-1]
        here = neighbourhood(address)
        if not rows or neighbourhood(rows[0].device.address) == here:
            return -1
        since = (row.times.created_ms for row in rows if neighbourhood(row.device.address) == here)
        now = self._store.wall_ms()
        return max(0, now - next(since, now))

    def _device(self, uid: int, identifier: str, sealed: bytes) -> Device:
        opened = self._store.unseal(uid, f"session:{identifier}", sealed)
        return msgspec.msgpack.decode(opened, type=Device)

    def end(self, uid: int, identifier: str) -> bool:
        """End one session of a user; False when there is none."""
        with self._store.change():
            ended = self._db.execute(
                "DELETE FROM sessions WHERE uid = ? AND id = ?", (uid, identifier)
            )
            self._store.outdate(uid)
        return ended.rowcount > 0

    def end_token(self, token: str) -> None:
        """End the session of a token, if it opens one."""
        mark = mark_of(token.encode())
        row = self._db.execute("SELECT uid FROM sessions WHERE mark = ?", (mark,)).fetchone()
        if row is not None:
            with self._store.change():
                self._db.execute("DELETE FROM sessions WHERE mark = ?", (mark,))
                self._store.outdate(row[0])

    def end_all(self, uid: int, but: str = "") -> int:
        """End all sessions of a user, but the one with this id; how many those were."""
        with self._store.change():
            ended = self._db.execute("DELETE FROM sessions WHERE uid = ? AND id <> ?", (uid, but))
            self._store.outdate(uid)
        return ended.rowcount

    def sweep(self) -> None:
        """Delete what has ended by itself."""
        now = self._store.wall_ms()
        idle = now - self._rules.session_idle_ms
        with self._store.change():
            self._db.execute("DELETE FROM sessions WHERE ends_ms <= ? OR used_ms <= ?", (now, idle))
