"""Tickers and the volume of the platform, from memory."""

from __future__ import annotations

from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.market.rendered import rendered
from fullreserve.gateway.rest.params import InstFamily, OfInstrument, OfProduct, Params
from fullreserve.gateway.rest.public.instruments import spot
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, public
from fullreserve.gateway.valuation import Valuation, usd_text


class TickersParams(OfProduct):
    """Tickers of a product."""

    inst_family: InstFamily = ""
    uly: InstFamily = ""


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    catalog, market = context.catalog, context.market
    valuation = Valuation(catalog, market)

    async def ticker(_request: Request, params: OfInstrument) -> bytes:
        """The last 24 hours of an instrument."""
        return rendered([market.of(spot(catalog, params.inst_id).id).ticker.json()])

    async def tickers(_request: Request, params: TickersParams) -> bytes:
        """The last 24 hours of all instruments of a product."""
        if params.inst_type != "SPOT":
            return wire.envelope([])
        return rendered([market.of(number).ticker.json() for number in catalog.instruments])

    async def volume(_request: Request, _params: Params) -> bytes:
        """What was traded here in 24 hours; in CNY it is not known."""
        total = 0
        for number, instrument in catalog.instruments.items():
            day = market.of(number).ticker.day()
            if day is not None:
                surplus = instrument.price_scale + instrument.size_scale - instrument.quote.scale
                value = day.turnover // 10**surplus if surplus > 0 else day.turnover * 10**-surplus
                total += valuation.usd(instrument.quote, value)
        row = {"volUsd": usd_text(total), "volCny": "", "ts": str(context.clock.exchange_ms())}
        return wire.envelope([row])

    return {
        ("GET", "market/ticker"): public(Taking(OfInstrument, ticker), 20),
        ("GET", "market/tickers"): public(Taking(TickersParams, tickers), 20),
        ("GET", "market/platform-24-volume"): public(Taking(Params, volume), 2),
    }
