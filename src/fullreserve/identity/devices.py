"""Devices that a user signed in from before: a cookie each, which opens nothing by itself.

One that has ended, or was forgotten, is known no more and kept as long again: by that who comes
next, perhaps in the user's place, is not taken for the user's first.
"""

from __future__ import annotations

import secrets

from fullreserve.identity.rules import Rules
from fullreserve.identity.store import Store, mark_of

TOKEN_BYTES = 24


class Devices:
    """Known devices of all users; use it from the thread that writes."""

    def __init__(self, store: Store, rules: Rules) -> None:
        self._store = store
        self._rules = rules

    def is_known(self, uid: int, token: str) -> bool:
        """Whether a device's cookie is this user's."""
        row = self._store.db.execute(
            "SELECT uid FROM devices WHERE mark = ? AND ends_ms > ?",
            (mark_of(token.encode()), self._store.wall_ms()),
        ).fetchone()
        return row is not None and row[0] == uid

    def age_ms(self, uid: int, token: str) -> int:
        """For how long a device is known; 0 where it is not, -1 for the first that there was."""
        now, mark = self._store.wall_ms(), mark_of(token.encode())
        rows = self._store.db.execute(
            "SELECT mark, ends_ms FROM devices WHERE uid = ? ORDER BY ends_ms, rowid", (uid,)
        ).fetchall()
        known = {one: ends for one, ends in rows if ends > now}
        if not rows or (rows[0][0] == mark and mark in known):
            return -1
        return max(0, now + self._rules.device_ms - known[mark]) if mark in known else 0

    def remember(self, uid: int) -> str:
        """A new device's cookie."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        ends = self._store.wall_ms() + self._rules.device_ms
        with self._store.change():
            self._store.db.execute(
                "INSERT INTO devices VALUES (?, ?, ?)", (mark_of(token.encode()), uid, ends)
            )
        return token

    def forget_all(self, uid: int) -> None:
        """After a change of the password no device is known any more."""
        with self._store.change():
            now = self._store.wall_ms()
            self._store.db.execute(
                "UPDATE devices SET ends_ms = ? WHERE uid = ? AND ends_ms > ?", (now, uid, now)
            )

    def sweep(self) -> None:
        """Delete what ended as long ago as it may last."""
        with self._store.change():
            before = self._store.wall_ms() - self._rules.device_ms
            self._store.db.execute("DELETE FROM devices WHERE ends_ms <= ?", (before,))
