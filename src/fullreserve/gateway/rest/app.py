"""The ASGI application: routes by hand, no framework in the way of an order.

Every answer is JSON with `code` and `msg`, also those to requests that no endpoint was found for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import structlog

from fullreserve.clock import NS_PER_MS
from fullreserve.gateway import wire
from fullreserve.gateway.auth import Authenticator, require
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.limits import ReadLimits
from fullreserve.gateway.rest import account, asset, funds, market, orders, public, trade
from fullreserve.gateway.rest.metrics import RequestMetrics
from fullreserve.gateway.rest.operations import operations
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import API, Route, Routes

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_MAX = 128 * 1024
JSON = (b"content-type", b"application/json")

log = structlog.get_logger(__name__)


def build(context: Context) -> Asgi:
    """The application over one gateway's rooms."""
    return _App(context)


def routes(context: Context) -> Routes:
    """All endpoints of the API."""
    table: Routes = {}
    for group in (public, market, account, asset, funds, trade, orders):
        for (method, path), route in group.routes(context).items():
            table[(method, API + path)] = route
    return table


class _App:
    def __init__(self, context: Context) -> None:
        self._auth = Authenticator(context.vault, context.clock.wall_ms)
        self._wall_ms = context.clock.wall_ms
        self._now_ns = context.clock.monotonic_ns
        self._limits = ReadLimits(enabled=context.limits)
        self._routes = routes(context)
        self._paths = {path for _, path in self._routes}
        self._metrics = RequestMetrics(self._routes)
        self._operations = operations(context, self._metrics)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _lifespan(receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started_ns = self._now_ns()
        name = (scope["method"], scope["path"])
        route = self._routes.get(name)
        status = 200
        try:
            if route is None:
                status, kind, content = await self._elsewhere(*name)
            else:
                content = await self._answer(route, scope, receive)
                kind = JSON
        except Problem as problem:
            status, kind, content = _refused(problem)
        except Exception:
            log.exception("request failed", method=name[0], path=name[1])
            status, kind, content = _refused(Problem(50026))
        length = (b"content-length", b"%d" % len(content))
        await send({"type": "http.response.start", "status": status, "headers": [kind, length]})
        await send({"type": "http.response.body", "body": content})
        if route is not None:
            self._metrics.observe(name, status, self._now_ns() - started_ns)

    async def _answer(self, route: Route, scope: Scope, receive: Receive) -> bytes:
        wall_ms = self._wall_ms()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        method = scope["method"]
        body = b""
        if method == "POST":
            message = await receive()
            body = message.get("body", b"")
            if message.get("more_body") or len(body) > BODY_MAX:
                body = await _rest_of(body, receive)
        client = scope.get("client")
        address = client[0] if client else ""
        query = scope["query_string"]
        key = None
        if route.permission:
            path = scope.get("raw_path") or scope["path"].encode()
            key = self._auth.request(headers, method.encode(), path, query, body, address, wall_ms)
            if not key.knows_passphrase():
                await self._check_passphrase(key, headers)
            require(key, route.permission)
        if route.allowance is not None:
            who = key.uid if key else address
            self._limits.take(scope["path"], who, route.allowance, self._now_ns() // NS_PER_MS)
        request = Request(query, body, headers, address, key, wall_ms * 1000)
        return await route.handler(request)

    async def _check_passphrase(self, key: Any, headers: dict[bytes, bytes]) -> None:
        # argon2 takes tens of milliseconds; once for each key and process.
        given = headers[b"ok-access-passphrase"]
        if not await asyncio.to_thread(key.passphrase_matches, given):
            raise Problem(50105)

    async def _elsewhere(self, method: str, path: str) -> tuple[int, tuple[bytes, bytes], bytes]:
        operation = self._operations.get(path)
        if operation is not None:
            if method not in ("GET", "HEAD"):
                raise Problem(50115, allowed="GET")
            return await operation()
        if path in self._paths:
            allowed = sorted(known for known, its in self._routes if its == path)
            raise Problem(50115, allowed=", ".join(allowed))
        raise Problem(50005, http=404)


def _refused(problem: Problem) -> tuple[int, tuple[bytes, bytes], bytes]:
    return problem.http, JSON, wire.refusal(problem.code, problem.message)


async def _rest_of(body: bytes, receive: Receive) -> bytes:
    parts = [body]
    size = len(body)
    while size <= BODY_MAX:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if not message.get("more_body"):
            break
    if size > BODY_MAX:
        raise Problem(50002, allowed=f"it is larger than {BODY_MAX} bytes", http=413)
    return b"".join(parts)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
