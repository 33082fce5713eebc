"""For operators: `/healthz` and `/metrics`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from fullreserve.door.protocol import Unavailable
from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.metrics import RequestMetrics

Answer = tuple[int, tuple[bytes, bytes], bytes]
Operation = Callable[[], Awaitable[Answer]]

RUNNING = "running"


def operations(context: Context, requests: RequestMetrics) -> dict[str, Operation]:
    """By path."""

    async def healthz() -> Answer:
        health = await state_of(context)
        status = 200 if health["state"] == RUNNING else 503
        return status, (b"content-type", b"application/json"), msgspec.json.encode(health)

    async def metrics() -> Answer:
        # Loaded when it is first asked for: a start does not wait for it.
        from fullreserve.gateway.rest import exposition

        body = exposition.text(requests, await state_of(context))
        return 200, (b"content-type", exposition.CONTENT_TYPE), body

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
