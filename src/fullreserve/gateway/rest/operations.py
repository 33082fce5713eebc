"""For operators: `/healthz` and `/metrics`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from fullreserve.door.protocol import Unavailable
from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.metrics import RequestMetrics

Answer = tuple[int, tuple[bytes, bytes], bytes]
Operation = Callable[[], Awaitable[Answer]]

RUNNING = "running"
GAUGES = {
    "sequence": "The last command that was applied.",
    "durable": "The last command that is on disk.",
    "queued": "Commands that wait for the disk or for their turn.",
    "rows": "Rows in flight to the disk.",
    "open_orders": "Orders that rest in the books.",
    "finished_total": "Orders that were filled or canceled since the log began.",
    "refused": "Submissions refused before the log since the start.",
}


def operations(context: Context, requests: RequestMetrics) -> dict[str, Operation]:
    """By path."""
    registry = CollectorRegistry()
    state = _State()
    for collector in (requests, state, *context.collectors):
        registry.register(collector)

    async def healthz() -> Answer:
        health = await state_of(context)
        status = 200 if health["state"] == RUNNING else 503
        return status, (b"content-type", b"application/json"), msgspec.json.encode(health)

    async def metrics() -> Answer:
        state.health = await state_of(context)
        kind = (b"content-type", CONTENT_TYPE_LATEST.encode())
        return 200, kind, generate_latest(registry)

    return {"/healthz": healthz, "/metrics": metrics}


async def state_of(context: Context) -> dict[str, Any]:
    """The exchange's own health, how far each projection is, and how far behind that leaves it."""
    try:
        health = await context.door.health()
    except Unavailable as problem:
        return {"state": "unavailable", "reason": str(problem)}
    reached = {**health.projections, "market": context.market.sequence}
    return {
        **context.health(),
        **msgspec.structs.asdict(health),
        "projections": reached,
        "lag": {name: max(0, health.durable - at) for name, at in reached.items()},
    }


class _State(Collector):
    """The numbers of the last health as gauges."""

    def __init__(self) -> None:
        self.health: dict[str, Any] = {}

    def collect(self) -> Iterator[GaugeMetricFamily]:
        health = self.health
        is_up = int(health.get("state") == RUNNING)
        yield GaugeMetricFamily("fullreserve_up", "1 while commands are taken.", value=is_up)
        for name, meaning in GAUGES.items():
            if name in health:
                yield GaugeMetricFamily(f"fullreserve_{name}", meaning, value=health[name])
        lag = GaugeMetricFamily(
            "fullreserve_lag_commands", "Commands a projection is behind.", labels=("projection",)
        )
        for projection, behind in health.get("lag", {}).items():
            lag.add_metric((projection,), behind)
        yield lag
