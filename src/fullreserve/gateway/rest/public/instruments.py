"""Instruments: the rows of `public/instruments`, and finding one by its id."""

from __future__ import annotations

from fullreserve.exchange.catalog import Asset, Catalog, Instrument
from fullreserve.exchange.wire.commands import InstrumentState
from fullreserve.gateway import wire
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.params import InstFamily, InstId, InstType, OfProduct

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


class InstrumentsParams(OfProduct):
    """Instruments of a product, or one of them."""

    inst_type: InstType
    inst_id: InstId = ""
    inst_family: InstFamily = ""
    uly: InstFamily = ""


def instruments_of(catalog: Catalog, params: InstrumentsParams) -> bytes:
    """The rows of an `instType`, or the one of an `instId`."""
    if params.inst_type != "SPOT":
        return wire.envelope([])
    if params.inst_id:
        return wire.envelope([instrument_row(spot(catalog, params.inst_id))])
    return wire.envelope([instrument_row(each) for each in catalog.instruments.values()])


def spot(catalog: Catalog, name: str) -> Instrument:
    """A listed instrument; Problem 50014, 51001."""
    if not name:
        raise Problem(50014, name="instId")
    found = catalog.instrument_named.get(name)
    if found is None:
        raise Problem(51001, name=name[:40])
    return found


def currency(catalog: Catalog, symbol: str) -> Asset:
    """A listed currency; Problem 51012."""
    found = catalog.asset_named.get(symbol)
    if found is None:
        raise Problem(51012, name=symbol[:40])
    return found
