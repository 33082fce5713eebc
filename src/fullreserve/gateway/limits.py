"""Rate limits: order entry in the exchange's buckets, reads in this gateway's own.

Order entry is counted behind the door, so that it is right with any number of gateways: by user and
instrument, apart for place, amend and cancel, apart for single and batch calls, shared by REST and
WebSocket; and new and amended orders of a user together, by its fill ratio. A batch of one counts
as a single call. Reads change nothing and are counted where they arrive; with more gateways they
are more generous.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import NamedTuple

from fullreserve.door.protocol import Limit
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.order_rates import OrderRates
from fullreserve.identity.caller import Caller

WINDOW_MS = 2000
SINGLE = 60
BATCH = 300
ACCOUNT_CODE = 50061
BUCKETS_MAX = 50_000


class Allowance(NamedTuple):
    """So many calls in a window."""

    calls: int
    window_ms: int = WINDOW_MS
    by: str = ""  # the parameter whose values are counted apart


class OrderLimits:
    """The buckets that an order operation draws on."""

    def __init__(self, rates: OrderRates, *, enabled: bool) -> None:
        self._rates = rates
        self._enabled = enabled

    def single(self, key: Caller, operation: str, instrument: int) -> tuple[Limit, ...]:
        """For one order; made once for each key, operation and instrument, until limits change."""
        if not self._enabled:
            return ()
        name, edition = (operation, instrument), self._rates.edition
        kept: tuple[int, tuple[Limit, ...]] | None = key.limits.get(name)
        if kept is None or kept[0] != edition:
            bucket = Limit((operation, key.uid, instrument), SINGLE, WINDOW_MS)
            kept = edition, (bucket, *self._account(key, operation, 1))
            key.limits[name] = kept
        return kept[1]

    def batch(self, key: Caller, operation: str, orders: Mapping[int, int]) -> tuple[Limit, ...]:
        """For a batch: how many of its orders are on each instrument."""
        if not self._enabled:
            return ()
        total = sum(orders.values())
        if total == 1:
            return self.single(key, operation, next(iter(orders)))
        buckets = [
            Limit((f"batch-{operation}", key.uid, instrument), BATCH, WINDOW_MS, count)
            for instrument, count in orders.items()
        ]
        return (*buckets, *self._account(key, operation, total))

    def _account(self, key: Caller, operation: str, count: int) -> tuple[Limit, ...]:
        if operation == "cancel":
            return ()
        most = self._rates.limit(key.uid)
        return (Limit(("new-and-amended", key.uid), most, WINDOW_MS, count, ACCOUNT_CODE),)


class ReadLimits:
    """Token buckets of one process, for what does not pass the door as a command."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled
        # Of each bucket: tokens times the window, and when they were counted (ms, monotonic).
        self._buckets: dict[Hashable, tuple[int, int]] = {}

    def take(self, bucket: Hashable, allowance: Allowance, now_ms: int) -> None:
        """One call of a bucket; Problem 50011 when it is empty."""
        if not self._enabled:
            return
        calls, window, _ = allowance
        full = calls * window
        if len(self._buckets) >= BUCKETS_MAX:
            self._buckets.clear()
        level, then = self._buckets.get(bucket, (full, now_ms))
        level = min(full, level + (now_ms - then) * calls)
        if level < window:
            raise Problem(50011, allowed=f"allowed are {calls} calls in {window / 1000:g} s")
        self._buckets[bucket] = (level - window, now_ms)
