"""For operators: `/healthz` and `/metrics`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from fullreserve.exchange.wire.queries import GetStatus, Status
from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.metrics import RequestMetrics

Answer = tuple[int, tuple[bytes, bytes], bytes]
Operation = Callable[[], Awaitable[Answer]]

SECOND_MS = 1000


def operations(context: Context, requests: RequestMetrics) -> dict[str, Operation]:
    """By path."""
    registry = CollectorRegistry()
    state = _State()
    for collector in (requests, state, *context.collectors):
        registry.register(collector)

    async def healthz() -> Answer:
        health = await state_of(context)
        status = 200 if health["state"] == "ok" else 503
        return status, (b"content-type", b"application/json"), msgspec.json.encode(health)

    async def metrics() -> Answer:
        state.health = await state_of(context)
        kind = (b"content-type", CONTENT_TYPE_LATEST.encode())
        return 200, kind, generate_latest(registry)

    return {"/healthz": healthz, "/metrics": metrics}


async def state_of(context: Context) -> dict[str, object]:
    """State, sequences and lag: what the owner of the exchange says, and how far each room is."""
    health = dict(context.health())
    try:
        status: Status = await context.door.query(GetStatus())
    except Exception as problem:  # noqa: BLE001 - whatever it is, the answer is "not healthy"
        return {**health, "state": "unavailable", "reason": type(problem).__name__}
    reached = await asyncio.to_thread(context.history.progress)
    health["sequence"] = status.sequence
    health["exchangeTime"] = status.time_ms
    health["openOrders"] = status.open_orders
    health["finishedOrders"] = status.finished_total
    health["coreBytes"] = status.memory_bytes
    health["recordsSequence"] = reached.sequence
    health["recordsLag"] = max(0, status.sequence - reached.sequence)
    health["marketSequence"] = context.market.sequence
    return health


class _State(Collector):
    """Every number of the last health as a gauge."""

    def __init__(self) -> None:
        self.health: dict[str, object] = {}

    def collect(self) -> Iterator[GaugeMetricFamily]:
        is_up = 1 if self.health.get("state") == "ok" else 0
        yield GaugeMetricFamily("fullreserve_up", "Whether commands are taken.", value=is_up)
        for name, value in self.health.items():
            if isinstance(value, int):
                yield GaugeMetricFamily(f"fullreserve_{_snake(name)}", name, value=value)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
