"""Public trades: the tape, and before it the records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from fullreserve.exchange.wire.events import Trade
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.market.rendered import rendered
from fullreserve.gateway.rest.params import AfterId, BeforeId, FiveHundred, Hundred, OfInstrument
from fullreserve.gateway.rest.past import reaching
from fullreserve.gateway.rest.public.instruments import spot
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, public
from fullreserve.marketdata import trade_ids
from fullreserve.marketdata.market import FIRST_TRADE, InstrumentMarket
from fullreserve.marketdata.trades import KEPT, trade_row
from fullreserve.records.record import Page

if TYPE_CHECKING:  # a gateway opens its doors before the database is loaded
    from fullreserve.records.history import History

BY_TIME = "2"


class TradesParams(OfInstrument):
    """The last trades."""

    limit: FiveHundred = 100


class HistoryTradesParams(OfInstrument):
    """A page of trades, by trade id or by time."""

    type: Annotated[
        Literal["1", "2"], Meta(description="What `after` and `before` are: 1 tradeId, 2 time")
    ] = "1"
    after: AfterId = 0
    before: BeforeId = 0
    limit: Hundred = 100


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    trades = _Trades(context)
    return {
        ("GET", "market/trades"): public(Taking(TradesParams, trades.last), 100),
        ("GET", "market/history-trades"): public(Taking(HistoryTradesParams, trades.past), 20),
    }


class _Trades:
    def __init__(self, context: Context) -> None:
        self._context = context

    def _of(self, name: str) -> InstrumentMarket:
        return self._context.market.of(spot(self._context.catalog, name).id)

    async def last(self, _request: Request, params: TradesParams) -> bytes:
        """The last trades, newest first."""
        return rendered(self._of(params.inst_id).tape.rows(params.limit))

    async def past(self, _request: Request, params: HistoryTradesParams) -> bytes:
        """Older trades, page by page."""
        by_time = params.type == BY_TIME
        if by_time and params.before:
            raise Problem(50039)
        market = self._of(params.inst_id)
        instrument = market.instrument

        def ask(history: History) -> dict[int, Trade]:
            return _recorded(history, instrument.id, params)

        tape = market.tape.recent(KEPT)
        found = {}
        for trade in tape:
            place = trade.time_ms if by_time else trade_ids.BASE + trade.trade
            if (not params.after or place < params.after) and place > params.before:
                found[trade.trade] = trade
        if len(found) < params.limit:
            found |= await reaching(self._context, self._before(tape), 0, ask)
        newest = sorted(found, reverse=True)[: params.limit]
        return rendered([trade_row(instrument, found[number]) for number in newest])

    def _before(self, tape: list[Trade]) -> int:
        """The command up to which the records must have all trades, to have no gap to the tape."""
        if not tape:
            return self._context.market.started_at
        return 0 if tape[-1].trade == FIRST_TRADE else tape[-1].sequence


def _recorded(history: History, instrument: int, params: HistoryTradesParams) -> dict[int, Trade]:
    after, before, limit = params.after, params.before, params.limit
    if params.type == BY_TIME:
        records = history.trades_by_time(instrument, after, before, limit)
    else:
        # None is older than the first, and 0 would stand for no bound.
        oldest = max(1, trade_ids.number(after)) if after else 0
        page = Page(after=oldest, before=trade_ids.number(before), limit=limit)
        records = history.trades(instrument, page)
    return {
        each.trade: Trade(
            each.sequence,
            each.time_ms,
            each.instrument,
            each.trade,
            each.price,
            each.size,
            each.side,
        )
        for each in records
    }
