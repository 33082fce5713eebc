"""Beside the API: `/healthz` and `/metrics` for operators, `/docs` for who writes a client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from fullreserve.door.protocol import Unavailable
from fullreserve.gateway.context import Context
from fullreserve.gateway.rest import status_feed
from fullreserve.gateway.rest.metrics import RequestMetrics
from fullreserve.gateway.rest.page_host import origin_of
from fullreserve.gateway.rest.route import Routes

Answer = tuple[int, tuple[bytes, bytes], bytes]
Headers = Mapping[bytes, bytes]
Operation = Callable[[Headers], Awaitable[Answer]]

RUNNING = "running"
PAGES = Path(__file__).with_name("docs")
KINDS = {"html": b"text/html", "js": b"text/javascript", "css": b"text/css"}


def operations(context: Context, requests: RequestMetrics, routes: Routes) -> dict[str, Operation]:
    """By path; each is called with the request's header fields."""
    described: list[bytes] = []

    async def healthz(_headers: Headers) -> Answer:
        health = await state_of(context)
        status = 200 if health["state"] == RUNNING else 503
        return status, (b"content-type", b"application/json"), msgspec.json.encode(health)

    async def metrics(_headers: Headers) -> Answer:
        # Loaded when it is first asked for: a start does not wait for it.
        from fullreserve.gateway.rest import exposition

        body = exposition.text(requests, await state_of(context))
        return 200, (b"content-type", exposition.CONTENT_TYPE), body

    async def openapi(_headers: Headers) -> Answer:
        from fullreserve.gateway.rest.openapi import document

        if not described:
            described.append(await asyncio.to_thread(document, routes))
        return 200, (b"content-type", b"application/json"), described[0]

    def feed(make: status_feed.Feed) -> Operation:
        async def answer(headers: Headers) -> Answer:
            kind, content = await make(context, origin_of(headers, context.socket))
            return 200, (b"content-type", kind), content

        return answer

    return {
        "/healthz": healthz,
        "/metrics": metrics,
        "/openapi.json": openapi,
        "/docs/openapi.json": openapi,
        "/status.json": feed(status_feed.json_feed),
        "/status.rss": feed(status_feed.rss),
        "/status.atom": feed(status_feed.atom),
        "/docs": _page("page.html"),
        "/docs/": _page("page.html"),
        "/docs/page.js": _page("page.js"),
        "/docs/page.css": _page("page.css"),
    }


def _page(name: str) -> Operation:
    kind = KINDS[name.rpartition(".")[2]] + b"; charset=utf-8"

    async def page(_headers: Headers) -> Answer:
        content = await asyncio.to_thread((PAGES / name).read_bytes)
        return 200, (b"content-type", kind), content

    return page


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
