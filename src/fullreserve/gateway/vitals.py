"""How the exchange is, second by second: what the operator's plots are drawn from.

A sample is taken each second, in memory alone, from counters that are kept anyway; an order pays
nothing for it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import structlog

from fullreserve.clock import NS_PER_MS, NS_PER_US
from fullreserve.door.protocol import Health, Unavailable
from fullreserve.exchange.wire.queries import GetStatus, Status
from fullreserve.gateway.context import Context
from fullreserve.gateway.repeated_task import RepeatedTask
from fullreserve.gateway.rest.metrics import BOUNDS_NS, RequestMetrics

EVERY_MS = 1000
SAMPLES_MAX = 600
# How many bytes the folder holds is looked up less often: it means a walk through it.
FOLDER_EVERY = 30
ORDER = ("POST", "/api/v5/trade/order")

log = structlog.get_logger(__name__)


class Sample(msgspec.Struct, frozen=True, rename="camel"):
    """One second; all texts, as they go out."""

    ts: str
    commands_per_s: str
    requests_per_s: str
    errors_per_s: str
    refusals_per_s: str
    order_p50_us: str
    order_p95_us: str
    order_p99_us: str
    journal_lag: str
    records_lag: str
    market_lag: str
    memory_bytes: str
    core_bytes: str
    disk_free_bytes: str
    data_bytes: str
    rest_connections: str
    ws_connections: str


class _Counted(msgspec.Struct, frozen=True):
    """Counters that only grow, at one moment."""

    at_ns: int
    commands: int
    requests: int
    errors: int
    refusals: int
    orders: list[int]


class Vitals:
    """The samples of the last ten minutes; `task` takes them."""

    def __init__(self, context: Context, requests: RequestMetrics) -> None:
        self._context = context
        self._requests = requests
        self._samples: deque[Sample] = deque(maxlen=SAMPLES_MAX)
        self._before: _Counted | None = None
        self._rounds = 0
        self._data_bytes = 0
        self.started_ms = context.clock.wall_ms()
        self.task = RepeatedTask(self.take, self._rest, (Unavailable, OSError))

    async def _rest(self, problem: Exception | None) -> None:
        if problem is not None:
            log.warning("no sample taken", problem=str(problem))
        await self._context.clock.wait_ms(EVERY_MS)

    def newest(self) -> Sample | None:
        return self._samples[-1] if self._samples else None

    def after(self, ts: int) -> list[Sample]:
        """Samples newer than a time, oldest first."""
        return [one for one in self._samples if int(one.ts) > ts]

    async def take(self) -> Sample:
        """Takes one sample; Unavailable, OSError."""
        context = self._context
        health = await context.door.health()
        status: Status = await context.door.query(GetStatus())
        if self._rounds % FOLDER_EVERY == 0 and context.folder is not None:
            self._data_bytes = await asyncio.to_thread(_bytes_below, context.folder)
        self._rounds += 1
        now = self._count(health)
        before = self._before or now
        self._before = now
        sample = self._sample(health, status, before, now)
        self._samples.append(sample)
        return sample

    def _count(self, health: Health) -> _Counted:
        statuses = self._requests.statuses.items()
        durations = self._requests.durations.get(ORDER)
        return _Counted(
            self._context.clock.monotonic_ns(),
            health.durable,
            sum(count for _, count in statuses),
            sum(count for (_, status), count in statuses if status >= 500),
            sum(count for (_, status), count in statuses if 400 <= status < 500),
            list(durations.counts) if durations else [0] * (len(BOUNDS_NS) + 1),
        )

    def _sample(self, health: Health, status: Status, before: _Counted, now: _Counted) -> Sample:
        elapsed_ms = max(1, (now.at_ns - before.at_ns) // NS_PER_MS)

        def rate(count: Callable[[_Counted], int]) -> str:
            return f"{max(0, count(now) - count(before)) * 1000 / elapsed_ms:.1f}"

        orders = [new - old for new, old in zip(now.orders, before.orders, strict=True)]
        facts: Mapping[str, object] = self._context.health()
        folder = self._context.folder
        reached = health.projections.get("records", health.durable)
        return Sample(
            ts=str(self._context.clock.wall_ms()),
            commands_per_s=rate(lambda one: one.commands),
            requests_per_s=rate(lambda one: one.requests),
            errors_per_s=rate(lambda one: one.errors),
            refusals_per_s=rate(lambda one: one.refusals),
            order_p50_us=quantile(orders, 50),
            order_p95_us=quantile(orders, 95),
            order_p99_us=quantile(orders, 99),
            journal_lag=str(health.sequence - health.durable),
            records_lag=str(max(0, health.durable - reached)),
            market_lag=str(max(0, health.durable - self._context.market.sequence)),
            memory_bytes=str(_memory_bytes()),
            core_bytes=str(status.memory_bytes),
            disk_free_bytes=str(shutil.disk_usage(folder).free) if folder else "",
            data_bytes=str(self._data_bytes),
            rest_connections=str(facts.get("restConnections", "")),
            ws_connections=str(facts.get("wsConnections", "")),
        )


def quantile(counts: list[int], percent: int) -> str:
    """The upper bound in µs of the bucket that a share of the requests is within; "" for none.

    Beyond the last bound it is the last bound.
    """
    wanted = -(-sum(counts) * percent // 100)
    if not wanted:
        return ""
    seen = 0
    for bound, count in zip((*BOUNDS_NS, BOUNDS_NS[-1]), counts, strict=True):
        seen += count
        if seen >= wanted:
            return str(bound // NS_PER_US)
    return ""


def _memory_bytes() -> int:
    """Resident memory of this process, https://man7.org/linux/man-pages/man5/proc.5.html."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _bytes_below(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118 - many files
            except OSError:
                continue  # gone meanwhile
    return total


def shown(sample: Sample | None) -> dict[str, Any]:
    """A sample's fields; empty before the first."""
    if sample is None:
        return {}
    built: dict[str, Any] = msgspec.to_builtins(sample)
    return built
