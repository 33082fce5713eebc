"""`trade/*` that changes orders: place, cancel, amend, one or many; timers and sweeps."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

import msgspec

from fullreserve.door.protocol import Limit, Refused, Result
from fullreserve.exchange.wire.commands import CancelAll, CancelAllAfter
from fullreserve.exchange.wire.events import Reply
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.limits import OrderLimits
from fullreserve.gateway.order_entry import (
    AmendParams,
    CancelParams,
    OrderEntry,
    PlaceParams,
    check_tag,
)
from fullreserve.gateway.rest.public import spot
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, trading
from fullreserve.gateway.submission import Answer, Done, Submission, refused

TIMEOUT_MIN_S = 10
TIMEOUT_MAX_S = 120

Awaited = asyncio.Future[Answer | Problem]

_place = msgspec.json.Decoder(PlaceParams)
_places = msgspec.json.Decoder(list[PlaceParams])
_cancel = msgspec.json.Decoder(CancelParams)
_cancels = msgspec.json.Decoder(list[CancelParams])
_amend = msgspec.json.Decoder(AmendParams)
_amends = msgspec.json.Decoder(list[AmendParams])


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    orders = Orders(context)
    sweeps = _Sweeps(context)
    return {
        ("POST", "trade/order"): trading(orders.place),
        ("POST", "trade/batch-orders"): trading(orders.place_many),
        ("POST", "trade/cancel-order"): trading(orders.cancel),
        ("POST", "trade/cancel-batch-orders"): trading(orders.cancel_many),
        ("POST", "trade/amend-order"): trading(orders.amend),
        ("POST", "trade/amend-batch-orders"): trading(orders.amend_many),
        ("POST", "trade/cancel-all-after"): trading(sweeps.cancel_all_after),
        ("POST", "x/cancel-all"): trading(sweeps.cancel_all),
    }


class Orders:
    """Order entry; `submit` and `acknowledged` are for who has no task to wait in."""

    def __init__(self, context: Context) -> None:
        entry = OrderEntry(context.catalog, context.door.gateway)
        self._now = context.clock.exchange_ms
        self._now_ns = context.clock.monotonic_ns
        self._submission = Submission(
            context.door, entry, OrderLimits(enabled=context.limits), self._now
        )

    def submit(self, request: Request, done: Done) -> None:
        """Place the one order of a request."""
        params = wire.one(_place, PlaceParams, request.body)
        self._submission.place_one(request.key, params, self._expiry(request), done)

    async def place(self, request: Request) -> bytes:
        answer: Awaited = asyncio.get_running_loop().create_future()
        self.submit(request, partial(_settle, answer))
        return self._acknowledged(await answer, request)

    async def place_many(self, request: Request) -> bytes:
        orders = wire.many(_places, PlaceParams, request.body)
        answer: Awaited = asyncio.get_running_loop().create_future()
        done = partial(_settle, answer)
        self._submission.place(request.key, orders, self._expiry(request), done)
        return self._acknowledged(await answer, request)

    async def cancel(self, request: Request) -> bytes:
        return await self._cancel(request, [wire.one(_cancel, CancelParams, request.body)])

    async def cancel_many(self, request: Request) -> bytes:
        return await self._cancel(request, wire.many(_cancels, CancelParams, request.body))

    async def amend(self, request: Request) -> bytes:
        return await self._amend(request, [wire.one(_amend, AmendParams, request.body)])

    async def amend_many(self, request: Request) -> bytes:
        return await self._amend(request, wire.many(_amends, AmendParams, request.body))

    async def _cancel(self, request: Request, orders: Sequence[CancelParams]) -> bytes:
        answer: Awaited = asyncio.get_running_loop().create_future()
        self._submission.cancel(request.key, orders, partial(_settle, answer))
        return self._acknowledged(await answer, request)

    async def _amend(self, request: Request, orders: Sequence[AmendParams]) -> bytes:
        answer: Awaited = asyncio.get_running_loop().create_future()
        done = partial(_settle, answer)
        self._submission.amend(request.key, orders, self._expiry(request), done)
        return self._acknowledged(await answer, request)

    def _expiry(self, request: Request) -> int:
        """The header `expTime`; Problem 50036 when it is past already."""
        given = request.headers.get(b"exptime")
        return expiry(given.decode("latin-1"), self._now()) if given else 0

    def _acknowledged(self, answer: Answer | Problem, request: Request) -> bytes:
        if isinstance(answer, Problem):
            raise answer
        return self.acknowledged(answer, request)

    def acknowledged(self, answer: Answer, request: Request) -> bytes:
        """The envelope around the rows."""
        out_us = request.in_us + (self._now_ns() - request.started_ns) // 1000
        return wire.rows(answer.rows, answer.failed, request.in_us, out_us)


def expiry(text: str, now_ms: int) -> int:
    """`expTime` in ms; Problem 51000, or 50036 when it is past."""
    if not (text.isascii() and text.isdigit()) or len(text) > 15:
        raise Problem(51000, "expTime", "a time in ms since the epoch")
    if int(text) <= now_ms:
        raise Problem(50036, allowed=str(now_ms))
    return int(text)


def _settle(future: Awaited, answer: Answer | Problem) -> None:
    # A client's hanging up may have canceled the wait before the answer comes.
    if not future.done():
        future.set_result(answer)


class _Sweeps:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._door = context.door

    async def cancel_all(self, request: Request) -> bytes:
        """An extension: cancels all orders, of one instrument if `instId` is given."""
        name = request.text("instId")
        instrument = spot(self._context.catalog, name).id if name else 0
        number = self._door.numbers(1)
        command = CancelAll(self._door.gateway, number, request.owner, instrument)
        await self._submit(command, Limit(("cancel-all", request.owner), 5, 2000))
        return wire.envelope([{"result": True, "ts": self._ts()}])

    async def cancel_all_after(self, request: Request) -> bytes:
        timeout = request.number("timeOut", most=TIMEOUT_MAX_S)
        if not request.text("timeOut"):
            raise Problem(50014, name="timeOut")
        if timeout and timeout < TIMEOUT_MIN_S:
            raise Problem(51000, "timeOut", f"0, or {TIMEOUT_MIN_S} to {TIMEOUT_MAX_S}")
        tag = request.text("tag")
        if tag:
            check_tag(tag)
        number = self._door.numbers(1)
        command = CancelAllAfter(self._door.gateway, number, request.owner, timeout * 1000, tag)
        key = ("cancel-all-after", request.owner, tag)
        trigger = self._context.clock.exchange_ms() + timeout * 1000
        await self._submit(command, Limit(key, 1, 1000))
        due = str(trigger) if timeout else "0"
        return wire.envelope([{"triggerTime": due, "tag": tag, "ts": self._ts()}])

    def _ts(self) -> str:
        return str(self._context.clock.exchange_ms())

    async def _submit(self, command: CancelAll | CancelAllAfter, limit: Limit) -> Reply:
        limits = (limit,) if self._context.limits else ()
        return await submitted(self._context, command, limits)


async def submitted(
    context: Context, command: msgspec.Struct, limits: Sequence[Limit] = ()
) -> Reply:
    """The reply to one command; Problem when it was refused, by the door or by the core."""
    answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

    def done(result: Result) -> None:
        if not answer.done():
            answer.set_result(result)

    context.door.submit([msgspec.msgpack.encode(command)], done, limits)
    result = await answer
    if isinstance(result, Refused):
        raise refused(result)
    return result[0]
