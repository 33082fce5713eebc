"""Index prices. There is no other market to average over: an index is the last price here."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from fullreserve.exchange.catalog import Instrument
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.market.candles import BarName, page
from fullreserve.gateway.rest.params import Ccy, InstId, OfTime, Params
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, public
from fullreserve.marketdata.candles import Candle
from fullreserve.marketdata.market import InstrumentMarket

EXCHANGE = "Fullreserve"

_FIELDS = ("instId", "high24h", "low24h", "open24h", "sodUtc0", "sodUtc8", "ts")


class IndexTickersParams(Params):
    """One index, or all in a quote currency."""

    inst_id: InstId = ""
    quote_ccy: Ccy = ""


class IndexCandlesParams(OfTime, kw_only=True):
    """A page of index candles; both bounds are exclusive."""

    inst_id: InstId
    bar: BarName = "1m"


class ComponentsParams(Params):
    """One index."""

    index: Annotated[str, Meta(description="Index, for example BTC-USDT")]


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    index = _Index(context)
    return {
        ("GET", "market/index-tickers"): public(Taking(IndexTickersParams, index.tickers), 20),
        ("GET", "market/index-candles"): public(Taking(IndexCandlesParams, index.candles), 20),
        ("GET", "market/history-index-candles"): public(
            Taking(IndexCandlesParams, index.candles), 10
        ),
        ("GET", "market/index-components"): public(Taking(ComponentsParams, index.components), 20),
        ("GET", "market/exchange-rate"): public(Taking(Params, index.exchange_rate), 1),
    }


def index_ticker(market: InstrumentMarket) -> dict[str, str]:
    """An index price and its last 24 hours: the row of `market/index-tickers`."""
    ticker: dict[str, str] = msgspec.json.decode(market.ticker.json())
    return {field: ticker[field] for field in _FIELDS} | {"idxPx": ticker["last"]}


def index_candle(instrument: Instrument, candle: Candle, *, confirmed: bool) -> list[str]:
    """`[ts,o,h,l,c,confirm]`, a row of `market/index-candles`."""
    prices = (candle.open, candle.high, candle.low, candle.close)
    texts = [instrument.price_text(price) for price in prices]
    return [str(candle.open_ms), *texts, str(int(confirmed))]


class _Index:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._catalog = context.catalog
        self._market = context.market

    def _named(self, name: str) -> Instrument:
        found = self._catalog.instrument_named.get(name)
        if found is None:
            raise Problem(51014, name=name[:40])
        return found

    async def tickers(self, _request: Request, params: IndexTickersParams) -> bytes:
        """Index prices and their last 24 hours."""
        name, quote = params.inst_id, params.quote_ccy
        if not name and not quote:
            raise Problem(50015, name="instId or quoteCcy")
        found = [self._named(name)] if name else list(self._catalog.instruments.values())
        rows = [
            index_ticker(self._market.of(instrument.id))
            for instrument in found
            if not quote or instrument.quote.symbol == quote
        ]
        return wire.envelope(rows)

    async def candles(self, _request: Request, params: IndexCandlesParams) -> bytes:
        """Candles of an index, newest first, without volumes."""
        market = self._market.of(self._named(params.inst_id).id)
        bounds = (params.after, params.before, params.limit)
        rows = [
            index_candle(market.instrument, candle, confirmed=confirmed)
            for candle, confirmed in await page(self._context, market, params.bar, bounds)
        ]
        return wire.envelope(rows)

    async def exchange_rate(self, _request: Request, _params: Params) -> bytes:
        """USD in CNY, as the operator sets it; empty where there is no such setting."""
        return wire.envelope([{"usdCny": self._context.usd_cny}])

    async def components(self, _request: Request, params: ComponentsParams) -> bytes:
        """What an index is made of; OKX gives one object here, no list."""
        ticker = index_ticker(self._market.of(self._named(params.index).id))
        price = ticker["idxPx"]
        component = {
            "exch": EXCHANGE,
            "symbol": params.index.replace("-", "/"),
            "symPx": price,
            "wgt": "1",
            "cnvPx": price,
        }
        row = {"index": params.index, "last": price, "ts": ticker["ts"]}
        return wire.envelope({**row, "components": [component]})
