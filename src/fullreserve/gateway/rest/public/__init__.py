"""`public/*`: reference data that needs no key."""

from __future__ import annotations

from fullreserve.exchange.catalog import Instrument
from fullreserve.exchange.wire.queries import GetReference, Reference
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.params import OfInstrument, Params
from fullreserve.gateway.rest.public.instruments import InstrumentsParams, instruments_of, spot
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, public


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    catalog = context.catalog

    async def instruments(_request: Request, params: InstrumentsParams) -> bytes:
        """The instruments and their trading rules."""
        return instruments_of(catalog, params)

    async def time(_request: Request, _params: Params) -> bytes:
        """The server's clock."""
        return wire.envelope([{"ts": str(context.clock.wall_ms())}])

    async def price_limit(_request: Request, params: OfInstrument) -> bytes:
        """The highest price of a buy and the lowest of a sell."""
        return wire.envelope([await price_limit_row(context, spot(catalog, params.inst_id))])

    return {
        ("GET", "public/instruments"): public(
            Taking(InstrumentsParams, instruments), 20, by="instType"
        ),
        ("GET", "public/time"): public(Taking(Params, time), 10),
        ("GET", "public/price-limit"): public(Taking(OfInstrument, price_limit), 20),
    }


async def price_limit_row(context: Context, instrument: Instrument) -> dict[str, object]:
    """What an instrument's orders may be priced at now: the row of `public/price-limit`."""
    band: Reference | None = await context.door.query(GetReference(instrument.id))
    highest, lowest = (band.highest, band.lowest) if band else (0, 0)
    return {
        "instType": "SPOT",
        "instId": instrument.symbol,
        "buyLmt": instrument.price_text(highest) if highest else "",
        "sellLmt": instrument.price_text(lowest) if lowest else "",
        "enabled": bool(highest or lowest),
        "ts": str(context.clock.exchange_ms()),
    }
