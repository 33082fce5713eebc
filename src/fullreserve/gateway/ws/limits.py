"""What one client may ask of the WebSocket server."""

from __future__ import annotations

from ipaddress import ip_address

REQUESTS_MAX = 480  # subscribe, unsubscribe and login requests of a connection in an hour
HOUR_MS = 3_600_000
CONNECTS_PER_S = 3
# Clients that reconnect after a restart come with all their connections at once.
CONNECT_BURST = 60
ADDRESSES_MAX = 100_000
CHANNEL_CONNECTIONS_MAX = 30
# Channels of which a user may hold so many connections, and is told how many are open.
COUNTED = frozenset(
    {
        "orders",
        "account",
        "positions",
        "balance_and_position",
        "liquidation-warning",
        "account-greeks",
    }
)


class Bucket:
    """A token bucket in whole units: `burst` at most, `per_window` each `window_ms`."""

    __slots__ = ("_burst", "_level", "_per_window", "_then", "_window_ms")

    def __init__(self, burst: int, per_window: int, window_ms: int, now_ms: int) -> None:
        self._burst = burst * window_ms
        self._per_window = per_window
        self._window_ms = window_ms
        self._level = self._burst
        self._then = now_ms

    def take(self, now_ms: int) -> bool:
        refilled = self._level + (now_ms - self._then) * self._per_window
        self._level = min(self._burst, refilled)
        self._then = now_ms
        if self._level < self._window_ms:
            return False
        self._level -= self._window_ms
        return True


class ConnectLimit:
    """New connections by address.

    Those from the machine itself are not counted: they come from a reverse proxy, which counts for
    itself, or from the operator.
    """

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled
        self._buckets: dict[str, Bucket] = {}

    def admits(self, address: str, now_ms: int) -> bool:
        if not self._enabled or _is_local(address):
            return True
        bucket = self._buckets.get(address)
        if bucket is None:
            if len(self._buckets) >= ADDRESSES_MAX:
                self._buckets.clear()
            bucket = Bucket(CONNECT_BURST, CONNECTS_PER_S, 1_000, now_ms)
            self._buckets[address] = bucket
        return bucket.take(now_ms)


def _is_local(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
