"""`public/*` and `system/*`: reference data that needs no key."""

from __future__ import annotations

from fullreserve.exchange.catalog import Catalog, Instrument
from fullreserve.exchange.wire.commands import InstrumentState
from fullreserve.exchange.wire.queries import GetReference, Reference
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, public

INSTRUMENT_TYPES = ("SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION", "EVENTS")
# OKX has no state in which orders can only be canceled; clients must not send orders then.
STATES = {
    InstrumentState.PREOPEN: "preopen",
    InstrumentState.LIVE: "live",
    InstrumentState.POST_ONLY: "post_only",
    InstrumentState.CANCEL_ONLY: "suspend",
    InstrumentState.SUSPEND: "suspend",
}

_SPOT_BLANKS: dict[str, object] = {
    "instType": "SPOT",
    "instFamily": "",
    "uly": "",
    "settleCcy": "",
    "ctVal": "",
    "ctMult": "",
    "ctValCcy": "",
    "ctType": "",
    "optType": "",
    "stk": "",
    "expTime": "",
    "contTdSwTime": "",
    "preMktSwTime": "",
    "openType": "",
    "lever": "",
    "alias": "",
    "ruleType": "normal",
    "category": "1",
    "groupId": "1",
    "instCategory": "1",
    "auctionEndTime": "",
    "futureSettlement": False,
    "posLmtAmt": "",
    "posLmtPct": "",
    "maxPlatOILmt": "",
    "longPosRemainingQuota": "",
    "shortPosRemainingQuota": "",
    "upcChg": [],
    "freq": "",
    "method": "",
    "seriesId": "",
    "initPxLmtPct": "",
    "floatPxLmtPct": "",
    "maxPxLmtPct": "",
}


def instrument_row(instrument: Instrument) -> dict[str, object]:
    """A row of `public/instruments` and of the channel `instruments`."""
    spec = instrument.spec
    largest = instrument.size_text(spec.max_limit_size)
    row = _SPOT_BLANKS.copy()
    row["instId"] = instrument.symbol
    row["instIdCode"] = instrument.id
    row["baseCcy"] = instrument.base.symbol
    row["quoteCcy"] = instrument.quote.symbol
    row["listTime"] = str(spec.listed_ms)
    row["tickSz"] = instrument.price_text(spec.ticks[0].tick)
    row["lotSz"] = instrument.size_text(spec.lot)
    row["minSz"] = instrument.size_text(spec.min_size)
    row["maxLmtSz"] = largest
    row["maxMktSz"] = instrument.size_text(spec.max_market_size)
    row["maxLmtAmt"] = ""
    row["maxMktAmt"] = instrument.quote.text(spec.max_market_amount)
    for name in ("maxTwapSz", "maxIcebergSz", "maxTriggerSz", "maxStopSz"):
        row[name] = largest
    row["state"] = STATES[instrument.state]
    row["tradeQuoteCcyList"] = [instrument.quote.symbol]
    return row


def instruments_of(catalog: Catalog, request: Request) -> bytes:
    """The rows of an `instType`, or the one of an `instId`."""
    kind = request.choice("instType", INSTRUMENT_TYPES) or request.required("instType")
    name = request.text("instId")
    if kind != "SPOT":
        return wire.envelope([])
    if name:
        return wire.envelope([instrument_row(spot(catalog, name))])
    return wire.envelope([instrument_row(each) for each in catalog.instruments.values()])


def spot(catalog: Catalog, name: str) -> Instrument:
    """A listed instrument; Problem 50014, 51001."""
    if not name:
        raise Problem(50014, name="instId")
    found = catalog.instrument_named.get(name)
    if found is None:
        raise Problem(51001, name=name[:40])
    return found


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    catalog = context.catalog

    async def instruments(request: Request) -> bytes:
        return instruments_of(catalog, request)

    async def time(_request: Request) -> bytes:
        return wire.envelope([{"ts": str(context.clock.wall_ms())}])

    async def price_limit(request: Request) -> bytes:
        instrument = spot(catalog, request.text("instId"))
        band: Reference | None = await context.door.query(GetReference(instrument.id))
        highest, lowest = (band.highest, band.lowest) if band else (0, 0)
        row = {
            "instType": "SPOT",
            "instId": instrument.symbol,
            "buyLmt": instrument.price_text(highest) if highest else "",
            "sellLmt": instrument.price_text(lowest) if lowest else "",
            "enabled": bool(highest or lowest),
            "ts": str(context.clock.exchange_ms()),
        }
        return wire.envelope([row])

    async def status(_request: Request) -> bytes:
        return wire.envelope([])

    return {
        ("GET", "public/instruments"): public(instruments, 20),
        ("GET", "public/time"): public(time, 10),
        ("GET", "public/price-limit"): public(price_limit, 20),
        ("GET", "system/status"): public(status, 1, 5000),
    }
