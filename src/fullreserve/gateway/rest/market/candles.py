"""Candles of an instrument: the last ones from memory, older ones from the records."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.market.rendered import rendered
from fullreserve.gateway.rest.params import AfterMs, BeforeMs, OfInstrument, ThreeHundred
from fullreserve.gateway.rest.past import reaching
from fullreserve.gateway.rest.public.instruments import spot
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, public
from fullreserve.marketdata.bars import BARS, Bar
from fullreserve.marketdata.candles import Candle
from fullreserve.marketdata.market import InstrumentMarket

if TYPE_CHECKING:  # a gateway opens its doors before the database is loaded
    from fullreserve.records.history import History

RECENT_BARS = 1440

BarName = Annotated[
    str,
    Meta(
        description="Width of a candle",
        extra={"words": tuple(BARS)},
        extra_json_schema={"enum": list(BARS)},
    ),
]


class CandlesParams(OfInstrument):
    """A page of candles; both bounds are exclusive, `before` alone gives the newest page."""

    bar: BarName = "1m"
    after: AfterMs = 0
    before: BeforeMs = 0
    limit: ThreeHundred = 100


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""

    async def candles(_request: Request, params: CandlesParams) -> bytes:
        """The last 1,440 candles, newest first."""
        bar = BARS[params.bar]
        oldest = bar.open_of(max(0, context.clock.exchange_ms() - RECENT_BARS * bar.length))
        return await _page(context, params, max(params.before, oldest))

    async def history(_request: Request, params: CandlesParams) -> bytes:
        """Candles of any age, newest first."""
        return await _page(context, params, params.before)

    return {
        ("GET", "market/candles"): public(Taking(CandlesParams, candles), 40),
        ("GET", "market/history-candles"): public(Taking(CandlesParams, history), 20),
    }


async def _page(context: Context, params: CandlesParams, before: int) -> bytes:
    market = context.market.of(spot(context.catalog, params.inst_id).id)
    found = await page(context, market, params.bar, (params.after, before, params.limit))
    return rendered(
        [candle.row(market.instrument, confirmed=confirmed) for candle, confirmed in found]
    )


async def page(
    context: Context, market: InstrumentMarket, name: str, bounds: tuple[int, int, int]
) -> list[tuple[Candle, bool]]:
    """Candles within `after`, `before` and `limit`, newest first, and whether each is closed."""
    after, before, limit = bounds
    bars = list(_at_hand(market, name))
    if market.lacks_past:
        bars = bars[1:]  # the first one is of the time since the start alone
    first_ms = bars[0][0].open_ms if bars else 0

    def ask(history: History) -> dict[int, tuple[Candle, bool]]:
        records = history.candles(
            market.instrument.id,
            name,
            after_ms=after,
            before_ms=before,
            limit=limit,
            as_of_ms=first_ms,
        )
        found = {}
        for each in records:
            prices = (each.open, each.high, each.low, each.close)
            candle = Candle(each.open_ms, prices, each.volume, each.turnover)
            found[each.open_ms] = (candle, each.closed)
        return found

    at_hand = {
        candle.open_ms: (candle, confirmed)
        for candle, confirmed in bars
        if (not after or candle.open_ms < after) and candle.open_ms > before
    }
    try:
        everything = context.market.sequence if bars else context.market.started_at
        found = await reaching(context, everything, first_ms, ask) | at_hand
    except Problem:
        # Without the records what memory has is served where nothing lacks.
        found, bar = at_hand, BARS[name]
        newest = sorted(found, reverse=True)[:limit]
        if not (market.candles.has_all(bar) or _is_whole(newest, bar, bounds)):
            raise
    return [found[open_ms] for open_ms in sorted(found, reverse=True)[:limit]]


def _is_whole(opens: list[int], bar: Bar, bounds: tuple[int, int, int]) -> bool:
    """Whether these bars, newest first, are a whole page: no gap, and full or down to its end."""
    after, before, limit = bounds
    if not opens or (after and bar.close_of(opens[0]) < after):
        return False
    if any(bar.close_of(older) != newer for newer, older in pairwise(opens)):
        return False
    return len(opens) == limit or bar.open_of(opens[-1] - 1) <= before


def _at_hand(market: InstrumentMarket, name: str) -> Iterator[tuple[Candle, bool]]:
    bar = BARS[name]
    for candle in market.candles.closed(bar):
        yield candle, True
    live = market.candles.live(bar)
    if live is not None:
        yield live, False
