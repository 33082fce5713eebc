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
        ("GET", "market/exchange-rate"): public(Taking(Params, _exchange_rate), 1),
    }


async def _exchange_rate(_request: Request, _params: Params) -> bytes:
    """USD in CNY: not known here, since no such market exists."""
    return wire.envelope([{"usdCny": ""}])


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

    def _ticker(self, instrument: Instrument) -> dict[str, str]:
        found: dict[str, str] = msgspec.json.decode(self._market.of(instrument.id).ticker.json())
        return found

    async def tickers(self, _request: Request, params: IndexTickersParams) -> bytes:
        """Index prices and their last 24 hours."""
        name, quote = params.inst_id, params.quote_ccy
        if not name and not quote:
            raise Problem(50015, name="instId or quoteCcy")
        found = [self._named(name)] if name else list(self._catalog.instruments.values())
        rows = []
        for instrument in found:
            if not quote or instrument.quote.symbol == quote:
                ticker = self._ticker(instrument)
                row = {field: ticker[field] for field in _FIELDS}
                rows.append({**row, "idxPx": ticker["last"]})
        return wire.envelope(rows)

    async def candles(self, _request: Request, params: IndexCandlesParams) -> bytes:
        """Candles of an index, newest first, without volumes."""
        market = self._market.of(self._named(params.inst_id).id)
        bounds = (params.after, params.before, params.limit)
        price = market.instrument.price_text
        rows = [
            [
                str(candle.open_ms),
                price(candle.open),
                price(candle.high),
                price(candle.low),
                price(candle.close),
                str(int(confirmed)),
            ]
            for candle, confirmed in await page(self._context, market, params.bar, bounds)
        ]
        return wire.envelope(rows)

    async def components(self, _request: Request, params: ComponentsParams) -> bytes:
        """What an index is made of; OKX gives one object here, no list."""
        ticker = self._ticker(self._named(params.index))
        component = {
            "exch": EXCHANGE,
            "symbol": params.index.replace("-", "/"),
            "symPx": ticker["last"],
            "wgt": "1",
            "cnvPx": ticker["last"],
        }
        row = {"index": params.index, "last": ticker["last"], "ts": ticker["ts"]}
        return wire.envelope({**row, "components": [component]})
