"""`trade/*` that changes orders: place, cancel, amend, one or many."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from functools import partial

import msgspec

from fullreserve.clock import NS_PER_US
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.limits import OrderLimits
from fullreserve.gateway.order_entry import (
    AmendParams,
    CancelParams,
    OrderEntry,
    PlaceParams,
    expiry,
)
from fullreserve.gateway.rest.once import TOGETHER_MS, Once
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Handler, Route, Routes, trading
from fullreserve.gateway.rest.signers import Signers
from fullreserve.gateway.rest.trade.signed_orders import SignedOrders
from fullreserve.gateway.submission import Answer, Done, Submission

Awaited = asyncio.Future[Answer | Problem]

_names = re.compile(rb'"clOrdId"\s*:\s*"[^"]').findall

_place = msgspec.json.Decoder(PlaceParams)
_places = msgspec.json.Decoder(list[PlaceParams])
_cancel = msgspec.json.Decoder(CancelParams)
_cancels = msgspec.json.Decoder(list[CancelParams])
_amend = msgspec.json.Decoder(AmendParams)
_amends = msgspec.json.Decoder(list[AmendParams])


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    orders = Orders(context)
    return {
        ("POST", "trade/order"): _entry(orders.place, PlaceParams),
        ("POST", "trade/batch-orders"): _entry(orders.place_many, list[PlaceParams]),
        ("POST", "trade/cancel-order"): _entry(orders.cancel, CancelParams),
        ("POST", "trade/cancel-batch-orders"): _entry(orders.cancel_many, list[CancelParams]),
        ("POST", "trade/amend-order"): _entry(orders.amend, AmendParams),
        ("POST", "trade/amend-batch-orders"): _entry(orders.amend_many, list[AmendParams]),
    }


def _entry(handler: Handler, shape: object) -> Route:
    return trading(handler)._replace(shape=shape)


class Orders:
    """Order entry; `submit` and `acknowledged` are for who has no task to wait in."""

    def __init__(self, context: Context) -> None:
        self._context = context
        entry = OrderEntry(context.catalog, context.door.gateway)
        self._now = context.clock.exchange_ms
        self._now_ns = context.clock.monotonic_ns
        self._once = Once(context.began_ms)
        self._submission = Submission(
            context.door,
            entry,
            OrderLimits(context.rates, enabled=context.limits),
            self._now,
            lambda: context.closed,
        )

    def signed(self, signers: Signers, path: bytes) -> SignedOrders:
        """The same for requests that compiled code reads; they count as the same signatures."""
        return SignedOrders(self._context, signers, self._submission, self._once, path)

    def submit(self, request: Request, done: Done) -> None:
        """Place the one order of a request."""
        expires_ms = self._expiry(request)
        self._take(request)
        if not self._submission.place_plain(request.key, request.body, expires_ms, done):
            params = wire.one(_place, PlaceParams, request.body)
            self._submission.place_one(request.key, params, expires_ms, done)

    async def place(self, request: Request) -> bytes:
        """Place an order."""
        answer: Awaited = asyncio.get_running_loop().create_future()
        self.submit(request, partial(_settle, answer))
        return self._acknowledged(await answer, request)

    async def place_many(self, request: Request) -> bytes:
        """Place up to 20 orders."""
        orders = wire.many(_places, PlaceParams, request.body)
        self._take(request, len(orders))
        answer: Awaited = asyncio.get_running_loop().create_future()
        done = partial(_settle, answer)
        self._submission.place(request.key, orders, self._expiry(request), done)
        return self._acknowledged(await answer, request)

    async def cancel(self, request: Request) -> bytes:
        """Cancel an order."""
        return await self._cancel(request, [wire.one(_cancel, CancelParams, request.body)])

    async def cancel_many(self, request: Request) -> bytes:
        """Cancel up to 20 orders."""
        return await self._cancel(request, wire.many(_cancels, CancelParams, request.body))

    async def amend(self, request: Request) -> bytes:
        """Change the size or the price of an order."""
        return await self._amend(request, [wire.one(_amend, AmendParams, request.body)])

    async def amend_many(self, request: Request) -> bytes:
        """Change up to 20 orders."""
        return await self._amend(request, wire.many(_amends, AmendParams, request.body))

    async def _cancel(self, request: Request, orders: Sequence[CancelParams]) -> bytes:
        answer: Awaited = asyncio.get_running_loop().create_future()
        self._submission.cancel(request.key, orders, partial(_settle, answer))
        return self._acknowledged(await answer, request)

    async def _amend(self, request: Request, orders: Sequence[AmendParams]) -> bytes:
        self._once.take(request, TOGETHER_MS)
        answer: Awaited = asyncio.get_running_loop().create_future()
        done = partial(_settle, answer)
        self._submission.amend(request.key, orders, self._expiry(request), done)
        return self._acknowledged(await answer, request)

    def _take(self, request: Request, count: int = 1) -> None:
        """Problem 50113 on repeated orders; those with names cannot be meant twice at once."""
        named = len(_names(request.body)) >= count
        self._once.take(request, 0 if named else TOGETHER_MS)

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
        out_us = request.in_us + (self._now_ns() - request.started_ns) // NS_PER_US
        return wire.rows(answer.rows, answer.failed, request.in_us, out_us)


def _settle(future: Awaited, answer: Answer | Problem) -> None:
    # A client's hanging up may have canceled the wait before the answer comes.
    if not future.done():
        future.set_result(answer)
