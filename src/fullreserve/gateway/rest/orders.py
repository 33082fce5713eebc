"""`trade/*` that reads: one order, open and finished ones, fills.

The core knows all open orders and, for a while, the finished ones; the records know all. The core
is asked first: what it forgets meanwhile is in the records then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fullreserve.exchange.wire.events import Order
from fullreserve.exchange.wire.queries import (
    GetOrder,
    ListFills,
    ListFinishedOrders,
    ListOpenOrders,
)
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.order_entry import TYPES, order_number
from fullreserve.gateway.orders_json import STATES, fill_row, order_row
from fullreserve.gateway.rest.public import INSTRUMENT_TYPES, spot
from fullreserve.gateway.rest.request import PageBounds, Request
from fullreserve.gateway.rest.route import Routes, reading
from fullreserve.records.overlay import merge_fills, merge_orders, newest
from fullreserve.records.record import OrderRecord, Page

OPEN_STATES = ("live", "partially_filled")
FINISHED_STATES = ("canceled", "filled", "mmp_canceled")
# How long an answer waits for the records to have what the core already showed.
CATCH_UP_STEP_MS = 10
CATCH_UP_STEPS = 30


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    orders = _Orders(context)
    return {
        ("GET", "trade/order"): reading(orders.one, 60),
        ("GET", "trade/orders-pending"): reading(orders.pending, 60),
        ("GET", "trade/orders-history"): reading(orders.finished, 40),
        ("GET", "trade/orders-history-archive"): reading(orders.finished, 20),
        ("GET", "trade/fills"): reading(orders.fills, 60),
        ("GET", "trade/fills-history"): reading(orders.fills, 10),
        ("GET", "trade/orders-algo-pending"): reading(_no_algo_orders, 20),
        ("GET", "trade/orders-algo-history"): reading(_no_algo_orders, 20),
    }


async def _no_algo_orders(_request: Request) -> bytes:
    """None were ever placed: their endpoint is not offered."""
    return wire.envelope([])


class _Filter:
    """What the parameters of a list ask for."""

    def __init__(
        self, context: Context, request: Request, states: tuple[str, ...], *, type_required: bool
    ) -> None:
        kind = request.choice("instType", INSTRUMENT_TYPES)
        if type_required and not kind:
            raise Problem(50014, name="instType")
        self.is_empty = kind not in ("", "SPOT") or bool(request.text("instFamily"))
        name = request.text("instId")
        self.instrument = spot(context.catalog, name).id if name else 0
        self.types = set()
        for text in request.names("ordType"):
            if text not in TYPES:
                raise Problem(51000, "ordType", ", ".join(TYPES))
            self.types.add(TYPES[text])
        state = request.choice("state", states)
        self.state = next((code for code, text in STATES.items() if text == state), None)
        self.is_empty = self.is_empty or (bool(state) and self.state is None)
        self.begin_ms, self.end_ms = request.number("begin"), request.number("end")

    def keeps(self, order: Order) -> bool:
        return (
            (not self.types or order.type in self.types)
            and (self.state is None or order.state == self.state)
            and order.created_ms >= self.begin_ms
            and (not self.end_ms or order.created_ms <= self.end_ms)
        )


class _Orders:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._door = context.door
        self._history = context.history

    async def one(self, request: Request) -> bytes:
        instrument = spot(self._context.catalog, request.required("instId")).id
        name = request.text("clOrdId")
        if not request.text("ordId") and not name:
            raise Problem(51003)
        number = order_number(request.text("ordId"), name, 51603)
        query = GetOrder(request.owner, instrument, number, "" if number else name)
        order: Order | None = await self._door.query(query)
        if order is None:
            record = await self._recorded(request.owner, instrument, number, name)
            if record is None:
                raise Problem(51603)
        else:
            record = await self._with_fill(order)
        return wire.envelope([self._row(record)])

    async def _recorded(
        self, owner: int, instrument: int, number: int, name: str
    ) -> OrderRecord | None:
        if number:
            return await asyncio.to_thread(lambda: self._history().order(owner, number, instrument))
        return await asyncio.to_thread(lambda: self._history().order_named(owner, name, instrument))

    async def _with_fill(self, order: Order) -> OrderRecord:
        """The core's state of an order, with its last fill from the core or the records."""
        if not order.filled or order.fill_size:
            return newest(order, None)
        query = ListFills(order.owner, order.instrument, order.order, 1)
        fills: list[Order] = await self._door.query(query)
        if fills:
            return newest(order, OrderRecord(fills[0], fills[0].time_ms))
        record = await asyncio.to_thread(
            lambda: self._history().order(order.owner, order.order, order.instrument)
        )
        return newest(order, record)

    def _row(self, record: OrderRecord) -> dict[str, object]:
        return order_row(self._context.catalog, record.order, record.fill_ms)

    async def pending(self, request: Request) -> bytes:
        wanted = _Filter(self._context, request, OPEN_STATES, type_required=False)
        page = request.order_page()
        if wanted.is_empty:
            return wire.envelope([])
        found = await self._listed(ListOpenOrders, request.owner, wanted, page)
        return wire.envelope([self._row(await self._with_fill(order)) for order in found])

    async def _listed(
        self,
        query: Callable[[int, int, int, int, int], ListOpenOrders | ListFinishedOrders],
        owner: int,
        wanted: _Filter,
        page: PageBounds,
    ) -> list[Order]:
        """A page of the core's orders, over as many of its pages as the filter needs."""
        found: list[Order] = []
        older_than, step = page.after, max(page.limit, 100)
        while len(found) < page.limit:
            orders: list[Order] = await self._door.query(
                query(owner, wanted.instrument, older_than, page.before, step)
            )
            found += filter(wanted.keeps, orders)
            if len(orders) < step:
                break
            older_than = orders[-1].order
        return found[: page.limit]

    async def finished(self, request: Request) -> bytes:
        wanted = _Filter(self._context, request, FINISHED_STATES, type_required=True)
        bounds = request.order_page()
        if wanted.is_empty or request.text("category") not in ("", "normal"):
            return wire.envelope([])
        core = await self._listed(ListFinishedOrders, request.owner, wanted, bounds)
        page = Page(bounds.after, bounds.before, wanted.begin_ms, wanted.end_ms, bounds.limit)
        records = await asyncio.to_thread(
            lambda: self._history().orders(
                request.owner,
                page,
                instrument=wanted.instrument,
                types=tuple(wanted.types),
                state=wanted.state,
            )
        )
        merged = merge_orders(core, records, bounds.limit)
        complete = [await self._completed(record) for record in merged]
        return wire.envelope([self._row(record) for record in complete])

    async def _completed(self, record: OrderRecord) -> OrderRecord:
        if record.order.filled and not record.order.fill_size:
            return await self._with_fill(record.order)
        return record

    async def fills(self, request: Request) -> bytes:
        kind = request.choice("instType", INSTRUMENT_TYPES)
        name = request.text("instId")
        instrument = spot(self._context.catalog, name).id if name else 0
        order = 0
        if request.text("ordId"):
            order = order_number(request.text("ordId"), "", 51603)
        limit = request.limit()
        bounds = Page(
            request.number("after"),
            request.number("before"),
            request.number("begin"),
            request.number("end"),
            limit,
        )
        if kind not in ("", "SPOT") or request.text("instFamily"):
            return wire.envelope([])
        core: list[Order] = await self._door.query(
            ListFills(request.owner, instrument, order, limit)
        )
        if core:
            await self._catch_up(core[0].sequence)
        records = await asyncio.to_thread(
            lambda: self._history().fills(request.owner, bounds, instrument=instrument, order=order)
        )
        # A bill id that a client pages from is in the records, and so is all that is older.
        fresh = [] if bounds.after or bounds.end_ms else core
        since = max(bounds.begin_ms, 0)
        merged = merge_fills([one for one in fresh if one.time_ms >= since], records, limit)
        return wire.envelope([fill_row(self._context.catalog, fill) for fill in merged])

    async def _catch_up(self, sequence: int) -> None:
        """Wait a little for the records, so that fills come with their bill ids."""
        for _ in range(CATCH_UP_STEPS):
            reached = await asyncio.to_thread(lambda: self._history().progress())
            if reached.sequence >= sequence:
                return
            await self._context.clock.wait_ms(CATCH_UP_STEP_MS)
