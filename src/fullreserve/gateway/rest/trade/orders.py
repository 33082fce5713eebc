"""Reading orders: one of them, open ones, finished ones.

The core knows all open orders and, for a while, the finished ones; the records know all. The core
is asked first: what it forgets meanwhile is in the records then.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Raw

from fullreserve.exchange.wire.events import Order, OrderState
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
from fullreserve.gateway.orders_json import STATES, order_row
from fullreserve.gateway.rest.params import (
    AfterOrder,
    BeforeOrder,
    BeginMs,
    ClOrdId,
    EndMs,
    Hundred,
    InstFamily,
    InstId,
    InstType,
    OrdId,
    Params,
)
from fullreserve.gateway.rest.past import NOT_AVAILABLE, recorded, whole
from fullreserve.gateway.rest.public.instruments import spot
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, reading
from fullreserve.records.overlay import merge_orders, newest, with_last_fill
from fullreserve.records.record import OrderRecord, Page
from fullreserve.records.retention import ARCHIVE_MS, ORDERS_RECENT_MS, UNFILLED_MS

if TYPE_CHECKING:  # a gateway opens its doors before the database is loaded
    from fullreserve.records.history import History

# Rendered rows, a kilobyte each.
ROWS_KEPT = 10_000
# Rendered pages of open orders: bots ask for the same few again and again.
PAGES_KEPT = 1_024
PAGE_BYTES_MAX = 16_384

OrdTypes = Annotated[tuple[str, ...], Meta(description="Order types, separated by commas")]


class OrderParams(Params):
    """One order."""

    inst_id: InstId
    ord_id: OrdId = ""
    cl_ord_id: ClOrdId = ""


class ListParams(Params):
    """A page of orders, by order id."""

    inst_type: InstType | None = None
    inst_family: InstFamily = ""
    uly: InstFamily = ""
    inst_id: InstId = ""
    ord_type: OrdTypes = ()
    after: AfterOrder = 0
    before: BeforeOrder = 0
    begin: BeginMs = 0
    end: EndMs = 0
    limit: Hundred = 100


class PendingParams(ListParams):
    """A page of open orders, by order id."""

    state: (
        Annotated[Literal["live", "partially_filled"], Meta(description="State of the orders")]
        | None
    ) = None


class HistoryParams(ListParams):
    """A page of finished orders, by order id; `begin` and `end` are of their creation."""

    inst_type: InstType
    state: (
        Annotated[
            Literal["canceled", "filled", "mmp_canceled"], Meta(description="State of the orders")
        ]
        | None
    ) = None
    category: Annotated[str, Meta(description="normal; there are no others here")] = ""


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    orders = _Orders(context)
    return {
        ("GET", "trade/order"): reading(Taking(OrderParams, orders.one), 60, by="instId"),
        ("GET", "trade/orders-pending"): reading(Taking(PendingParams, orders.pending), 60),
        ("GET", "trade/orders-history"): reading(Taking(HistoryParams, orders.recent), 40),
        ("GET", "trade/orders-history-archive"): reading(Taking(HistoryParams, orders.archive), 20),
    }


class _Filter:
    """What the parameters of a list ask for."""

    def __init__(self, context: Context, params: PendingParams | HistoryParams) -> None:
        foreign = (params.inst_type or "SPOT") != "SPOT"
        name = params.inst_id
        self.instrument = spot(context.catalog, name).id if name else 0
        self.types = set()
        for text in params.ord_type:
            if text not in TYPES:
                raise Problem(51000, "ordType", ", ".join(TYPES))
            self.types.add(TYPES[text])
        named = (OrderState(code) for code, text in STATES.items() if text == params.state)
        self.state = next(named, None)
        unknown = bool(params.state) and self.state is None
        self.is_empty = foreign or unknown or bool(params.inst_family or params.uly)
        self.begin_ms, self.end_ms = params.begin, params.end

    @property
    def keeps_all(self) -> bool:
        return not (self.types or self.state is not None or self.begin_ms or self.end_ms)

    def keeps(self, order: Order) -> bool:
        return (
            (not self.types or order.type in self.types)
            and (self.state is None or order.state == self.state)
            and order.created_ms >= self.begin_ms
            and (not self.end_ms or order.created_ms <= self.end_ms)
        )


# A page of open orders and how it is shown, for as long as the door's answer is the same object.
_Page = tuple[list[Order], bytes]


class _Orders:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._door = context.door
        # By the whole order: any change of it is another key.
        self._row = lru_cache(ROWS_KEPT)(self._rendered)
        self._pages: dict[ListOpenOrders, _Page] = {}

    async def one(self, request: Request, params: OrderParams) -> bytes:
        """One order, in any state; with a `clOrdId` the newest that has it."""
        instrument = spot(self._context.catalog, params.inst_id).id
        name = params.cl_ord_id
        if not params.ord_id and not name:
            raise Problem(51003)
        number = order_number(params.ord_id, name, 51603)
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
        def ask(history: History) -> OrderRecord | None:
            if number:
                return history.order(owner, number, instrument)
            return history.order_named(owner, name, instrument)

        return await whole(self._context, ask)

    async def _with_fill(self, order: Order) -> OrderRecord:
        """The core's state of an order, with its last fill from the core or the records."""
        if not order.filled or order.fill_size:
            return newest(order, None)
        query = ListFills(order.owner, order.instrument, order.order, 1)
        fills: list[Order] = await self._door.query(query)
        if fills:
            return with_last_fill(order, OrderRecord(fills[0], fills[0].time_ms))
        return newest(order, await self._last_recorded(order))

    async def _last_recorded(self, order: Order) -> OrderRecord | None:
        """None too while the records do not answer: the order itself is the core's to show."""
        try:
            return await recorded(
                self._context, lambda h: h.order(order.owner, order.order, order.instrument)
            )
        except Problem as problem:
            if problem.code != NOT_AVAILABLE:
                raise
            return None

    def _rendered(self, record: OrderRecord) -> Raw:
        return Raw(wire.encode(order_row(self._context.catalog, record.order, record.fill_ms)))

    async def pending(self, request: Request, params: PendingParams) -> bytes:
        """Open orders, newest first."""
        wanted = _Filter(self._context, params)
        if wanted.is_empty:
            return wire.envelope([])
        owner = request.owner
        if not wanted.keeps_all:
            found = await self._listed(ListOpenOrders, owner, wanted, params)
            return wire.envelope([self._row(await self._with_fill(order)) for order in found])
        page = ListOpenOrders(owner, wanted.instrument, params.after, params.before, params.limit)
        listed: list[Order] = await self._door.query(page)
        known = self._pages.get(page)
        if known is None or known[0] is not listed:
            rows = [self._row(await self._with_fill(order)) for order in listed]
            known = self._keep(page, listed, wire.envelope(rows))
        return known[1]

    def _keep(self, page: ListOpenOrders, listed: list[Order], shown: bytes) -> _Page:
        if len(self._pages) >= PAGES_KEPT:
            self._pages.clear()
        if len(shown) <= PAGE_BYTES_MAX:
            self._pages[page] = (listed, shown)
        return listed, shown

    async def _listed(
        self,
        query: Callable[[int, int, int, int, int], ListOpenOrders | ListFinishedOrders],
        owner: int,
        wanted: _Filter,
        page: ListParams,
    ) -> list[Order]:
        """A page of the core's orders, over as many of its pages as the filter needs."""
        found: list[Order] = []
        older_than, step = page.after, page.limit if wanted.keeps_all else max(page.limit, 100)
        while len(found) < page.limit:
            orders: list[Order] = await self._door.query(
                query(owner, wanted.instrument, older_than, page.before, step)
            )
            found += filter(wanted.keeps, orders)
            if len(orders) < step:
                break
            older_than = orders[-1].order
        return found[: page.limit]

    async def recent(self, request: Request, params: HistoryParams) -> bytes:
        """Finished orders of 7 days, newest first."""
        return await self._finished(request, params, ORDERS_RECENT_MS)

    async def archive(self, request: Request, params: HistoryParams) -> bytes:
        """Finished orders of 3 months, newest first."""
        return await self._finished(request, params, ARCHIVE_MS)

    async def _finished(self, request: Request, params: HistoryParams, window_ms: int) -> bytes:
        wanted = _Filter(self._context, params)
        if wanted.is_empty or params.category not in ("", "normal"):
            return wire.envelope([])
        now_ms = self._context.clock.exchange_ms()
        oldest = max(0, now_ms - window_ms)
        wanted.begin_ms = max(wanted.begin_ms, oldest)
        core = await self._listed(ListFinishedOrders, request.owner, wanted, params)
        page = Page(params.after, params.before, wanted.begin_ms, wanted.end_ms, params.limit)

        def ask(history: History) -> list[OrderRecord]:
            return history.orders(
                request.owner,
                page,
                instrument=wanted.instrument,
                types=tuple(wanted.types),
                state=wanted.state,
                unfilled_since_ms=now_ms - UNFILLED_MS,
            )

        records = await whole(self._context, ask)
        merged = merge_orders(core, records, params.limit)
        complete = [await self._completed(record) for record in merged]
        return wire.envelope([self._row(record) for record in complete])

    async def _completed(self, record: OrderRecord) -> OrderRecord:
        if record.order.filled and not record.order.fill_size:
            return await self._with_fill(record.order)
        return record
