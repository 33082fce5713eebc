"""Counting failures, so that guessing ends and nobody can lock another person out.

Each attempt is counted before it is made and taken back when it was right, so that many at once are
no way around. Attempts on an account are counted apart for each device that signed in to it before:
strangers use up a bucket that the owner's own devices do not draw on. What is counted against an
address or an account that does not exist is counted all the same, so refusals tell nothing.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from fullreserve.identity.denied import Denied, Reason
from fullreserve.identity.rules import MINUTE_MS, Rules
from fullreserve.identity.store import Store

IPV6_PREFIX = 64  # what one customer of a provider holds


class Failures:
    """All counts; use it from the thread that writes."""

    def __init__(self, store: Store, rules: Rules) -> None:
        self._store = store
        self._db = store.db
        self._rules = rules

    def attempt(self, who: str, most: int, window_ms: int = 0) -> None:
        """Count an attempt; Denied when there were `most` in the window already."""
        window = window_ms or self._rules.failures_window_ms
        left_ms = self._count(who, most, window)
        if left_ms:
            minutes = -(-left_ms // MINUTE_MS)
            raise Denied(Reason.TOO_MANY, f"{minutes} minute{'s' if minutes > 1 else ''}")

    def allows(self, who: str, most: int, window_ms: int) -> bool:
        """Count something of which there may be so many in a window; False when it is too much."""
        return not self._count(who, most, window_ms)

    def _count(self, who: str, most: int, window_ms: int) -> int:
        """0 when it was counted; else how long until the window ends, in ms."""
        mark, now = self._mark(who), self._store.wall_ms()
        with self._store.change():
            row = self._db.execute(
                "SELECT count, since_ms FROM failures WHERE mark = ?", (mark,)
            ).fetchone()
            count, since = row if row and now < row[1] + window_ms else (0, now)
            if count >= most:
                return int(since + window_ms - now)
            self._db.execute(
                "INSERT OR REPLACE INTO failures VALUES (?, ?, ?)", (mark, count + 1, since)
            )
        return 0

    def forgive(self, who: str) -> None:
        """Take one attempt back: it was right."""
        with self._store.change():
            self._db.execute(
                "UPDATE failures SET count = count - 1 WHERE mark = ? AND count > 0",
                (self._mark(who),),
            )

    def clear(self, who: str) -> None:
        """Forget the attempts of somebody who has proven who that is."""
        with self._store.change():
            self._db.execute("DELETE FROM failures WHERE mark = ?", (self._mark(who),))

    def sweep(self, window_ms: int) -> None:
        """Delete counts whose window is over."""
        with self._store.change():
            end = self._store.wall_ms() - window_ms
            self._db.execute("DELETE FROM failures WHERE since_ms <= ?", (end,))

    def _mark(self, who: str) -> bytes:
        return self._store.keyed("failures", who)


def neighbourhood(address: str) -> str:
    """The part of an address that one person holds: all of an IPv4, the first half of an IPv6."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Address(int(found) >> IPV6_PREFIX << IPV6_PREFIX))
