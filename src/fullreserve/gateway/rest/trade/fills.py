"""An account's own fills: those of the records, once they have the core's recent ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

from msgspec import Meta

from fullreserve.exchange.wire.commands import Side
from fullreserve.exchange.wire.events import Order
from fullreserve.exchange.wire.queries import ListFills
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.order_entry import order_number
from fullreserve.gateway.orders_json import fill_row
from fullreserve.gateway.rest.params import (
    AfterId,
    BeforeId,
    BeginMs,
    EndMs,
    Hundred,
    InstFamily,
    InstId,
    InstType,
    OrdId,
    Params,
)
from fullreserve.gateway.rest.past import recorded_up_to, whole
from fullreserve.gateway.rest.public.instruments import spot
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, reading
from fullreserve.records.record import Fill, Page
from fullreserve.records.retention import ARCHIVE_MS, FILLS_RECENT_MS

if TYPE_CHECKING:  # a gateway opens its doors before the database is loaded
    from fullreserve.records.history import History

# The core's recent fills that are looked through for those that a filter keeps.
FRESH_MAX = 1_000
# Trades of derivatives have other subtypes; none of them is here.
_SIDES = {"1": Side.BUY, "2": Side.SELL}


class FillsParams(Params):
    """A page of fills, by bill id."""

    inst_type: InstType | None = None
    inst_family: InstFamily = ""
    uly: InstFamily = ""
    inst_id: InstId = ""
    ord_id: OrdId = ""
    sub_type: Annotated[str, Meta(description="1 buy, 2 sell")] = ""
    after: AfterId = 0
    before: BeforeId = 0
    begin: BeginMs = 0
    end: EndMs = 0
    limit: Hundred = 100


class FillsHistoryParams(FillsParams):
    """A page of fills of a product, by bill id."""

    inst_type: InstType


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    fills = _Fills(context)
    return {
        ("GET", "trade/fills"): reading(Taking(FillsParams, fills.recent), 60),
        ("GET", "trade/fills-history"): reading(Taking(FillsHistoryParams, fills.archive), 10),
    }


class _Wanted(NamedTuple):
    """What the parameters of a list ask for."""

    page: Page
    side: Side | None

    @property
    def keeps_recent(self) -> bool:
        return not self.page.end_ms and self.side is None

    def keeps(self, fill: Order) -> bool:
        """Of a fill of the core's: what a client can page from is in the records."""
        page = self.page
        return (
            not page.after
            and fill.time_ms >= page.begin_ms
            and (not page.end_ms or fill.time_ms <= page.end_ms)
            and (self.side is None or fill.side == self.side)
        )


class _Fills:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._door = context.door

    async def recent(self, request: Request, params: FillsParams) -> bytes:
        """The account's fills of 3 days, newest first."""
        return await self._page(request, params, FILLS_RECENT_MS)

    async def archive(self, request: Request, params: FillsParams) -> bytes:
        """The account's fills of 3 months, newest first."""
        return await self._page(request, params, ARCHIVE_MS)

    async def _page(self, request: Request, params: FillsParams, window_ms: int) -> bytes:
        catalog, owner, limit = self._context.catalog, request.owner, params.limit
        instrument = spot(catalog, params.inst_id).id if params.inst_id else 0
        order = order_number(params.ord_id, "", 51603) if params.ord_id else 0
        if (params.inst_type or "SPOT") != "SPOT" or params.inst_family or params.uly:
            return wire.envelope([])
        if params.sub_type and params.sub_type not in _SIDES:
            return wire.envelope([])
        oldest = max(0, self._context.clock.exchange_ms() - window_ms)
        wanted = _Wanted(
            Page(params.after, params.before, max(params.begin, oldest), params.end, limit),
            _SIDES.get(params.sub_type),
        )
        most = limit if wanted.keeps_recent else FRESH_MAX
        core: list[Order] = await self._door.query(ListFills(owner, instrument, order, most))
        fresh = max((one.sequence for one in core if wanted.keeps(one)), default=0)
        # The records number bills, and a page is bounded by their ids.
        await recorded_up_to(self._context, fresh)

        def ask(history: History) -> list[Fill]:
            return history.fills(
                owner, wanted.page, instrument=instrument, order=order, side=wanted.side
            )

        fills = await whole(self._context, ask)
        return wire.envelope([fill_row(catalog, fill) for fill in fills])
