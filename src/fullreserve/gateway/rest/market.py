"""`market/*`: what is live from memory, what is older from the records."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from fullreserve.exchange.catalog import Instrument
from fullreserve.exchange.wire.events import Trade
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.public import INSTRUMENT_TYPES, spot
from fullreserve.gateway.rest.request import PageBounds, Request
from fullreserve.gateway.rest.route import Routes, public
from fullreserve.marketdata.bars import BARS, Bar
from fullreserve.marketdata.candles import Candle
from fullreserve.marketdata.market import InstrumentMarket
from fullreserve.marketdata.trades import trade_row
from fullreserve.records.record import Page

BOOK_MAX = 400
FULL_BOOK_MAX = 5000
TRADES_MAX = 500
CANDLES_MAX = 300

_INDEX_FIELDS = (
    "instId",
    "high24h",
    "low24h",
    "open24h",
    "sodUtc0",
    "sodUtc8",
    "ts",
)


def rendered(rows: Sequence[str]) -> bytes:
    """An envelope around rows that are JSON already."""
    return b'{"code":"0","msg":"","data":[' + ",".join(rows).encode() + b"]}"


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    market = _Market(context)
    return {
        ("GET", "market/ticker"): public(market.ticker, 20),
        ("GET", "market/tickers"): public(market.tickers, 20),
        ("GET", "market/index-tickers"): public(market.index_tickers, 20),
        ("GET", "market/books"): public(market.books, 40),
        ("GET", "market/books-full"): public(market.full_book, 10),
        ("GET", "market/trades"): public(market.trades, 100),
        ("GET", "market/history-trades"): public(market.history_trades, 20),
        ("GET", "market/candles"): public(market.candles, 40),
        ("GET", "market/history-candles"): public(market.candles, 20),
    }


class _Market:
    def __init__(self, context: Context) -> None:
        self._catalog = context.catalog
        self._market = context.market
        self._history = context.history
        self._now = context.clock.exchange_ms

    def _of(self, request: Request) -> InstrumentMarket:
        return self._market.of(spot(self._catalog, request.text("instId")).id)

    async def ticker(self, request: Request) -> bytes:
        return rendered([self._of(request).ticker.json()])

    async def tickers(self, request: Request) -> bytes:
        kind = request.choice("instType", INSTRUMENT_TYPES) or request.required("instType")
        if kind != "SPOT":
            return wire.envelope([])
        return rendered([self._market.of(id_).ticker.json() for id_ in self._catalog.instruments])

    async def index_tickers(self, request: Request) -> bytes:
        """The last price here stands for the index: there is no other market to average over."""
        name, quote = request.text("instId"), request.text("quoteCcy")
        if not name and not quote:
            raise Problem(50015, name="instId or quoteCcy")
        found = [spot(self._catalog, name)] if name else list(self._catalog.instruments.values())
        rows = []
        for instrument in found:
            if not quote or instrument.quote.symbol == quote:
                ticker = msgspec.json.decode(self._market.of(instrument.id).ticker.json())
                row = {field: ticker[field] for field in _INDEX_FIELDS}
                rows.append({**row, "idxPx": ticker["last"]})
        return wire.envelope(rows)

    async def books(self, request: Request) -> bytes:
        book = self._of(request).book
        size = min(request.number("sz", 1) or 1, BOOK_MAX)
        ts = book.time_ms or self._now()
        return b'{"code":"0","msg":"","data":[{"asks":%b,"bids":%b,"ts":"%d","seqId":%d}]}' % (
            book.asks.rows(size).encode(),
            book.bids.rows(size).encode(),
            ts,
            book.sequence,
        )

    async def full_book(self, request: Request) -> bytes:
        market = self._of(request)
        size = min(request.number("sz", 1) or 1, FULL_BOOK_MAX)
        text = market.instrument.size_text
        bids, asks = (
            [[level.price_text, text(level.size), str(level.orders)] for level in side]
            for side in market.book.top(size)
        )
        ts = str(market.book.time_ms or self._now())
        return wire.envelope([{"asks": asks, "bids": bids, "ts": ts}])

    async def trades(self, request: Request) -> bytes:
        return rendered(self._of(request).tape.rows(request.limit(100, TRADES_MAX)))

    async def history_trades(self, request: Request) -> bytes:
        """By trade id (`type` 1, the default) or by time (2)."""
        by_time = request.choice("type", ("1", "2"), "1") == "2"
        bounds = request.time_page(100, 100)
        market = self._of(request)
        if by_time and bounds.before:
            raise Problem(51000, "before", "none with type 2")
        found = await asyncio.to_thread(self._recorded, market.instrument, bounds, by_time)
        for trade in market.tape.recent(TRADES_MAX):
            place = trade.time_ms if by_time else trade.trade
            if (not bounds.after or place < bounds.after) and place > bounds.before:
                found[trade.trade] = trade
        newest = sorted(found, reverse=True)[: bounds.limit]
        return rendered([trade_row(market.instrument, found[number]) for number in newest])

    def _recorded(
        self, instrument: Instrument, bounds: PageBounds, by_time: bool
    ) -> dict[int, Trade]:
        after, before, limit = bounds
        if by_time:
            records = self._history().trades_by_time(instrument.id, after, before, limit)
        else:
            page = Page(after=after, before=before, limit=limit)
            records = self._history().trades(instrument.id, page)
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

    async def candles(self, request: Request) -> bytes:
        """Newest first; both bounds exclusive; `before` alone gives the newest page."""
        name = request.text("bar") or "1m"
        bar = BARS.get(name)
        if bar is None:
            raise Problem(51000, "bar", ", ".join(BARS))
        bounds = request.time_page(100, CANDLES_MAX)
        market = self._of(request)
        rows = await asyncio.to_thread(self._recorded_rows, market.instrument, bar, bounds)
        live = market.candles.live(bar)
        for candle in (*market.candles.closed(bar), *((live,) if live else ())):
            if (not bounds.after or candle.open_ms < bounds.after) and (
                candle.open_ms > bounds.before
            ):
                confirmed = candle is not live
                rows[candle.open_ms] = candle.row(market.instrument, confirmed=confirmed)
        newest = sorted(rows, reverse=True)[: bounds.limit]
        return rendered([rows[open_ms] for open_ms in newest])

    def _recorded_rows(
        self, instrument: Instrument, bar: Bar, bounds: PageBounds
    ) -> dict[int, str]:
        records = self._history().candles(
            instrument.id,
            bar.name,
            after_ms=bounds.after,
            before_ms=bounds.before,
            limit=bounds.limit,
        )
        rows = {}
        for each in records:
            prices = (each.open, each.high, each.low, each.close)
            candle = Candle(each.open_ms, prices, each.volume, each.turnover)
            rows[each.open_ms] = candle.row(instrument, confirmed=each.closed)
        return rows
