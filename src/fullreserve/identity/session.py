"""A signed-in browser as the gateways hold it in memory."""

from __future__ import annotations

import hmac

import msgspec

from fullreserve.identity.api_key import Permission
from fullreserve.identity.caller import Caller
from fullreserve.identity.rules import Rules


class Device(msgspec.Struct, array_like=True):
    """Where a session was opened; sealed, because it says where a person was."""

    address: str
    agent: str

    def __repr__(self) -> str:
        return "Device(…)"


class SessionTimes(msgspec.Struct, array_like=True, frozen=True):
    """Moments of a session, ms of wall time; `proven_ms` is that of the last step-up."""

    created_ms: int
    proven_ms: int
    ends_ms: int
    used_ms: int


class Session(Caller):
    """A session of a user. It may do all that the user may; withdraw only when freshly proven."""

    __slots__ = ("_csrf", "_known_ms", "_rules", "id", "mark", "times")

    def __init__(
        self,
        token: bytes,
        mark: bytes,
        identifier: str,
        uid: int,
        times: SessionTimes,
        rules: Rules,
    ) -> None:
        super().__init__(f"session {identifier}", uid, uid, 0, "web")
        self.mark = mark
        self.id = identifier
        self.times = times
        self._csrf = csrf_token(token)
        self._known_ms = times.used_ms
        self._rules = rules

    def __repr__(self) -> str:
        return f"Session({self.id}, uid={self.uid})"

    def is_live(self, now_ms: int) -> bool:
        """Whether it may still be used: neither idle for too long nor past its end."""
        idle_since = max(self._known_ms, self.used_ms)
        return now_ms < min(self.times.ends_ms, idle_since + self._rules.session_idle_ms)

    def is_proven(self, now_ms: int) -> bool:
        """Whether sensitive acts are open: signed in or stepped up a short while ago."""
        return now_ms < self.times.proven_ms + self._rules.step_up_ms

    def admit(self, now_ms: int) -> None:
        """Note a use, and set what may be done by now."""
        self.used_ms = now_ms
        self.permissions = Permission.READ_ONLY | Permission.TRADE
        if self.is_proven(now_ms):
            self.permissions |= Permission.WITHDRAW

    def csrf_matches(self, given: bytes) -> bool:
        """Whether a request carries this session's own CSRF token."""
        return hmac.compare_digest(self._csrf, given)

    def learn_use(self, used_ms: int) -> None:
        """Note a use that another process has seen."""
        self._known_ms = max(self._known_ms, used_ms)


def csrf_token(token: bytes) -> bytes:
    """The CSRF token of a session: drawn from the cookie's secret, which scripts cannot read."""
    return hmac.digest(token, b"csrf", "sha256").hex().encode()
