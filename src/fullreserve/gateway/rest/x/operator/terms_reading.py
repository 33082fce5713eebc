"""Terms of instruments, read from what operators send."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from fullreserve.exchange import decimals
from fullreserve.exchange.catalog import Catalog
from fullreserve.exchange.wire.commands import ListInstrument, SetInstrument, TickBand
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.params import InstId
from fullreserve.gateway.rest.x.operator.numbers import RATE_SCALE, decimal, instrument_of
from fullreserve.gateway.rest.x.operator.parameters import STATES, ProposalParams, StateWord

SCALE_MAX = 8
BANDS_MAX = 20

Px = Annotated[str, Meta(description="A price in quote")]
Size = Annotated[str, Meta(description="A size in base")]
Amount = Annotated[str, Meta(description="An amount in quote")]
Fraction = Annotated[str, Meta(description="Around the last price, for example 0.1; 0: none")]


class InstrumentParams(ProposalParams, kw_only=True):
    """An instrument, and what changes of it."""

    inst_id: InstId
    ticks: Annotated[str, Meta(description="fromPx:tickSz by comma, or one tick")] = ""
    lot_sz: Size = ""
    min_sz: Size = ""
    max_lmt_sz: Size = ""
    max_mkt_sz: Size = ""
    max_mkt_amt: Amount = ""
    max_px: Px = ""
    band: Fraction = ""


class ListingParams(ProposalParams, kw_only=True):
    """A new instrument; its price and size have as many digits as tick and lot."""

    inst_id: InstId
    tick_sz: Px
    lot_sz: Size
    min_sz: Size
    max_lmt_sz: Size
    max_mkt_sz: Size
    max_mkt_amt: Amount
    max_px: Px
    band: Fraction = "0"
    state: StateWord = "preopen"


def edit_of(catalog: Catalog, params: InstrumentParams) -> SetInstrument:
    """The command; what is left out stays as it is. Problem 51000, 51001, 91012."""
    instrument = instrument_of(catalog, params.inst_id)
    spec, quote = instrument.spec, instrument.quote.scale

    def changed(name: str, text: str, scale: int, now: int) -> int:
        return decimal(name, text, scale) if text else now

    px, sz = spec.price_scale, spec.size_scale
    command = SetInstrument(
        0,
        0,
        instrument.id,
        _ticks(params.ticks, px) if params.ticks else spec.ticks,
        changed("lotSz", params.lot_sz, sz, spec.lot),
        changed("minSz", params.min_sz, sz, spec.min_size),
        changed("maxLmtSz", params.max_lmt_sz, sz, spec.max_limit_size),
        changed("maxMktSz", params.max_mkt_sz, sz, spec.max_market_size),
        changed("maxMktAmt", params.max_mkt_amt, quote, spec.max_market_amount),
        changed("maxPx", params.max_px, px, spec.max_price),
        changed("band", params.band, RATE_SCALE, spec.band),
    )
    same = (
        command.ticks, command.lot, command.min_size, command.max_limit_size,
        command.max_market_size, command.max_market_amount, command.max_price, command.band,
    ) == (
        spec.ticks, spec.lot, spec.min_size, spec.max_limit_size,
        spec.max_market_size, spec.max_market_amount, spec.max_price, spec.band,
    )  # fmt: skip
    if same:
        raise Problem(91012)
    return command


def listing_of(catalog: Catalog, params: ListingParams) -> ListInstrument:
    """The command, under the next free number. Problem 51000, 51012."""
    base, _, quote = params.inst_id.partition("-")
    for symbol in (base, quote):
        if symbol not in catalog.asset_named:
            raise Problem(51012, name=symbol)
    if params.inst_id in catalog.instrument_named or base == quote:
        raise Problem(51000, "instId", "a pair that is not listed yet")
    px, sz = _digits("tickSz", params.tick_sz), _digits("lotSz", params.lot_sz)
    quote_asset = catalog.asset_named[quote]
    return ListInstrument(
        0,
        0,
        max(catalog.instruments, default=0) + 1,
        params.inst_id,
        catalog.asset_named[base].id,
        quote_asset.id,
        px,
        sz,
        (TickBand(0, decimal("tickSz", params.tick_sz, px)),),
        decimal("lotSz", params.lot_sz, sz),
        decimal("minSz", params.min_sz, sz),
        decimal("maxLmtSz", params.max_lmt_sz, sz),
        decimal("maxMktSz", params.max_mkt_sz, sz),
        decimal("maxMktAmt", params.max_mkt_amt, quote_asset.scale),
        decimal("maxPx", params.max_px, px),
        decimal("band", params.band, RATE_SCALE),
        STATES[params.state],
    )


def _digits(name: str, text: str) -> int:
    digits = len(text.partition(".")[2].rstrip("0"))
    if digits > SCALE_MAX or not decimal(name, text, max(digits, SCALE_MAX)):
        raise Problem(51000, name, f"a step above 0 with at most {SCALE_MAX} digits")
    return digits


def _ticks(text: str, scale: int) -> tuple[TickBand, ...]:
    allowed = f"at most {BANDS_MAX} of fromPx:tickSz by comma, ascending, the first from 0"
    bands = []
    for part in text.split(","):
        first, _, tick = part.strip().rpartition(":")
        try:
            bands.append(TickBand(decimals.parse(first or "0", scale), decimals.parse(tick, scale)))
        except ValueError:
            raise Problem(51000, "ticks", allowed) from None
    starts = [one.from_price for one in bands]
    ascending = starts[0] == 0 and starts == sorted({*starts})
    if not ascending or len(bands) > BANDS_MAX or not all(one.tick for one in bands):
        raise Problem(51000, "ticks", allowed)
    return tuple(bands)
