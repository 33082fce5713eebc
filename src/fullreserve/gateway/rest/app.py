"""The ASGI application: routes by hand, no framework in the way of an order.

Every answer is JSON with `code` and `msg`, also those to requests that no endpoint was found for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

import structlog

from fullreserve.clock import NS_PER_MS, US_PER_MS
from fullreserve.gateway import wire
from fullreserve.gateway.auth import Authenticator
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.limits import ReadLimits
from fullreserve.gateway.published import Published
from fullreserve.gateway.rest import absent, account, asset, market, public, system, trade, users
from fullreserve.gateway.rest.address import Client, by_name
from fullreserve.gateway.rest.metrics import RequestMetrics
from fullreserve.gateway.rest.operations import operations
from fullreserve.gateway.rest.params import PRODUCTS
from fullreserve.gateway.rest.proving import Proving
from fullreserve.gateway.rest.refusing import Refusing
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.resumed import resumed
from fullreserve.gateway.rest.route import API, Route, Routes
from fullreserve.gateway.rest.signers import Signers
from fullreserve.gateway.rest.trade.entry import Orders
from fullreserve.gateway.rest.web_app import WebApp
from fullreserve.gateway.rest.x import (
    api_keys,
    deposit_claims,
    entry,
    factors,
    liveness,
    operator,
    reserves,
    sessions,
    standing,
    sub_accounts,
    suspensions,
    withdrawal_addresses,
    withdrawal_confirming,
    withdrawal_decisions,
    withdrawal_settings,
)
from fullreserve.gateway.submission import Answer
from fullreserve.gateway.vitals import Vitals
from fullreserve.identity.api_key import permission_text
from fullreserve.identity.session import Session

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]
Respond = Callable[[int, bytes], None]
Header = tuple[bytes, bytes]
# Method, path, and path and query as they were sent.
Target = tuple[bytes, str, bytes, bytes]

BODY_MAX = 128 * 1024
WEB = (
    *(entry, sessions, factors, api_keys, sub_accounts, withdrawal_addresses, deposit_claims),
    *(suspensions, liveness, withdrawal_settings, withdrawal_confirming, withdrawal_decisions),
    standing,
)
JSON = (b"content-type", b"application/json")
ORDER_NAME = ("POST", API + "trade/order")
ORDER_TARGET: Target = (b"POST", ORDER_NAME[1], ORDER_NAME[1].encode(), b"")

log = structlog.get_logger(__name__)


def build(context: Context) -> RestApp:
    """The application over one gateway's rooms."""
    return RestApp(context)


def routes(context: Context, vitals: Vitals | None = None) -> Routes:
    """All endpoints of the API; those of absent products last, so that real ones replace them."""
    table: Routes = {
        (method, API + path): route for (method, path), route in absent.routes().items()
    }
    for group in (public, market, account, asset, trade, users, system, reserves, *WEB):
        for (method, path), route in group.routes(context).items():
            table[(method, API + path)] = route
    vitals = vitals or Vitals(context, RequestMetrics())
    for (method, path), route in operator.routes(context, vitals).items():
        table[(method, API + path)] = route
    return table


class RestApp:
    """An ASGI application; `order` is the shorter way for one endpoint."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._auth = Authenticator(context.vault, context.clock.wall_ms)
        self._wall_us = context.clock.wall_us
        self._now_ns = context.clock.monotonic_ns
        self._limits = ReadLimits(enabled=context.limits)
        self._instruments = context.catalog.instrument_named
        self._assets = context.catalog.asset_named
        self._metrics = RequestMetrics()
        self.vitals = Vitals(context, self._metrics)
        self._routes = routes(context, self.vitals)
        self._paths = {path for _, path in self._routes}
        self._proving = Proving()
        self._orders = Orders(context)
        self._signers = Signers(context)
        self._signed_orders = self._orders.signed(self._signers, ORDER_TARGET[2])
        self._order_route = self._routes[ORDER_NAME]
        self._tasks: set[asyncio.Task[None]] = set()
        self._web = WebApp(context.socket, demo=context.demo, folder=context.web)
        self._published = Published(context.folder)
        self._operations = operations(context, self._metrics, self._routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI call."""
        if scope["type"] != "http":
            await _lifespan(receive, send)
            return
        started_ns = self._now_ns()
        name = (scope["method"], scope["path"])
        route = self._routes.get(name)
        status = 200
        extra: list[Header] = [JSON]
        try:
            if route is None:
                status, extra, content = await self._elsewhere(*name, by_name(scope["headers"]))
            else:
                body = await _body(receive) if name[0] == "POST" else b""
                headers = by_name(scope["headers"])
                request = self._admit(
                    route,
                    (name[0].encode(), scope["path"], scope["raw_path"], scope["query_string"]),
                    headers,
                    body,
                    self.context.proxies.caller(scope["client"], headers),
                    started_ns,
                )
                if request.is_unproven:
                    await self._proving.check(request)
                # The handler's own list: a refusal may carry cookies too.
                extra = request.answer_headers
                extra.append(JSON)
                content = await route.handler(request)
        except Problem as problem:
            status, content = _refused(problem)
        except Exception:  # a client gets a code; the cause is in the operator's log
            log.exception("request failed", method=name[0], path=name[1])
            status, content = _refused(Problem(50026))
        head = [(b"content-length", b"%d" % len(content)), *extra]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": content})
        if route is not None:
            self._metrics.observe(name, status, self._now_ns() - started_ns)

    def order(
        self, headers: dict[bytes, bytes], body: bytes, address: str, respond: Respond
    ) -> None:
        """`POST trade/order` without a task of its own; `respond` gets status and content.

        The same checks in the same order as for any other request.
        """
        started_ns = self._now_ns()

        def answered(status: int, content: bytes) -> None:
            respond(status, content)
            self._metrics.observe(ORDER_NAME, status, self._now_ns() - started_ns)

        with Refusing(ORDER_NAME, answered):
            request = self._admit(
                self._order_route, ORDER_TARGET, headers, body, address, started_ns
            )
            if request.is_unproven:
                self._keep(asyncio.create_task(self._prove_and_place(request, answered)))
            else:
                self._signers.learn(request.key)
                self._place(request, answered)

    def signed_order(self, data: bytes, client: Client, respond: Respond) -> bool:
        """As `order`, of the bytes of a request; False, with nothing done, for the unusual."""
        started_ns = self._now_ns()

        def answered(status: int, content: bytes) -> None:
            respond(status, content)
            self._metrics.observe(ORDER_NAME, status, self._now_ns() - started_ns)

        return self._signed_orders.take(data, client, answered)

    def route(self, method: str, path: str) -> Route | None:
        """The endpoint at a path, None where there is none."""
        return self._routes.get((method, path))

    def read(
        self,
        route: Route,
        path: bytes,
        query: bytes,
        headers: dict[bytes, bytes],
        address: str,
        respond: Callable[[int, bytes, Sequence[Header]], None],
    ) -> None:
        """A GET, run at once to its first wait; most reads have none and get no task."""
        started_ns = self._now_ns()
        target = (b"GET", path.decode(), path, query)

        def admit() -> Request:
            request = self._admit(route, target, headers, b"", address, started_ns)
            if route.permission and not request.is_unproven:
                self._signers.learn(request.key)
            return request

        self._run(route, target, admit, started_ns, respond)

    def signed_read(
        self,
        data: bytes,
        client: Client,
        respond: Callable[[int, bytes, Sequence[Header]], None],
    ) -> bool:
        """As `read`, of the bytes of a signed request; False, with nothing done, for others."""
        started_ns, in_us = self._now_ns(), self._wall_us()
        wall_ms = in_us // US_PER_MS
        found = self._signers.read(data, wall_ms)
        if found is None:
            return False
        key, forwarded, path, query = found
        target = (b"GET", path.decode(), path, query)
        route = self._routes.get(("GET", target[1]))
        if route is None or not route.permission:
            return False
        if not self._signers.admits(key, route.permission, client, forwarded, wall_ms):
            return False

        def admit() -> Request:
            request = Request(query, b"", {}, "", key, in_us, started_ns)
            self._count(route, target, request)
            return request

        self._run(route, target, admit, started_ns, respond)
        return True

    def _run(
        self,
        route: Route,
        target: Target,
        admit: Callable[[], Request],
        started_ns: int,
        respond: Callable[[int, bytes, Sequence[Header]], None],
    ) -> None:
        name = ("GET", target[1])
        extra: Sequence[Header] = ()

        def answered(status: int, content: bytes) -> None:
            respond(status, content, extra)
            self._metrics.observe(name, status, self._now_ns() - started_ns)

        content: bytes | None = None
        with Refusing(name, answered):
            request = admit()
            extra = request.answer_headers
            handling = self._handled(route, request)
            try:
                waits = handling.send(None)
            except StopIteration as done:
                content = done.value
            else:
                self._keep(asyncio.create_task(_finish(name, resumed(handling, waits), answered)))
        if content is not None:
            answered(200, content)

    async def _handled(self, route: Route, request: Request) -> bytes:
        if request.is_unproven:
            await self._proving.check(request)
        return await route.handler(request)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _prove_and_place(self, request: Request, respond: Respond) -> None:
        with Refusing(ORDER_NAME, respond):
            await self._proving.check(request)
            self._signers.learn(request.key)
            self._place(request, respond)

    def _place(self, request: Request, respond: Respond) -> None:
        def done(answer: Answer | Problem) -> None:
            if isinstance(answer, Problem):
                respond(answer.http, wire.refusal(answer.code, answer.message))
            else:
                respond(200, self._orders.acknowledged(answer, request))

        self._orders.submit(request, done)

    def _admit(
        self,
        route: Route,
        target: Target,
        headers: dict[bytes, bytes],
        body: bytes,
        address: str,
        started_ns: int,
    ) -> Request:
        """The request, once its signature, permission and rate are in order."""
        in_us = self._wall_us()
        method, _, raw_path, query = target
        key = None
        if route.permission:
            key = self._auth.request(
                headers, method, raw_path, query, body, address, in_us // US_PER_MS
            )
            if not key.permissions & route.permission:
                # A session lacks nothing but a fresh proof of who sits before it.
                lacks = 90006 if isinstance(key, Session) else 50120
                raise Problem(lacks, name=permission_text(route.permission))
        is_post = method == b"POST"
        request = Request(query, body, headers, address, key, in_us, started_ns, is_post=is_post)
        self._count(route, target, request)
        return request

    def _count(self, route: Route, target: Target, request: Request) -> None:
        """Counts a call against its limit; Problem 50011."""
        if route.allowance is not None:
            by = route.allowance.by
            subject = self._subject(request.subject(by)) if by else ""
            bucket = (target[0], target[1], request.caller, subject)
            self._limits.take(bucket, route.allowance, request.started_ns // NS_PER_MS)

    def _subject(self, name: str) -> str:
        # Only names that exist: made-up ones would fill the table of buckets.
        known = name in self._instruments or name in self._assets or name in PRODUCTS
        return name if known else ""

    async def _elsewhere(
        self, method: str, path: str, headers: dict[bytes, bytes]
    ) -> tuple[int, list[Header], bytes]:
        is_read = method in ("GET", "HEAD")
        operation = self._operations.get(path)
        if operation is not None:
            if not is_read:
                raise Problem(50115, allowed="GET")
            status, kind, content = await operation(headers)
            return status, [kind], content
        if is_read and (answer := self._published.answer(path, headers)) is not None:
            return answer
        if is_read and (answer := await self._web.answer(path, headers)) is not None:
            return answer
        if path in self._paths:
            allowed = sorted(known for known, its in self._routes if its == path)
            raise Problem(50115, allowed=", ".join(allowed))
        raise Problem(50005, http=404)


async def _finish(name: tuple[str, str], content: Awaitable[bytes], respond: Respond) -> None:
    with Refusing(name, respond):
        respond(200, await content)


def _refused(problem: Problem) -> tuple[int, bytes]:
    return problem.http, wire.refusal(problem.code, problem.message)


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body") or len(body) > BODY_MAX:
        return await _rest_of(body, receive)
    return body


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
        raise too_large()
    return b"".join(parts)


def too_large() -> Problem:
    """The refusal of a body above `BODY_MAX`."""
    return Problem(50002, allowed=f"it is larger than {BODY_MAX} bytes", http=413)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
