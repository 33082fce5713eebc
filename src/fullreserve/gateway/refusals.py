"""What the core refused, in words: its code, the broken limit in its unit, the instrument."""

from __future__ import annotations

from fullreserve.exchange.catalog import Instrument
from fullreserve.exchange.wire.commands import PlaceOrder, Side, SizeUnit
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.order_entry import tick_text

SIZES = frozenset({51005, 51020, 51120, 51121, 51201, 51202})
PRICES = frozenset({51006, 51116, 51122, 51136, 51137, 51138})
AMOUNTS = frozenset({51008, 51127, 51131, 51185, 51203})


def problem(code: int, allowed: int, instrument: Instrument, command: object = None) -> Problem:
    """A refusal by the core as a Problem with what is allowed.

    `allowed` is in the unit of the field that was wrong: prices and sizes at the instrument's
    scales, amounts at the ledger scale of the asset that the order would spend.
    """
    return Problem(code, name=_name(code), allowed=_allowed(code, allowed, instrument, command))


def _name(code: int) -> str:
    return "clOrdId" if code in (51016, 50071) else "order"


def _allowed(code: int, allowed: int, instrument: Instrument, command: object) -> str:
    if code in SIZES:
        if isinstance(command, PlaceOrder) and command.unit == SizeUnit.QUOTE:
            return f"{instrument.quote.text(allowed)} {instrument.quote.symbol}"
        return f"{instrument.size_text(allowed)} {instrument.base.symbol}"
    if code in PRICES:
        if code == 51122 and not allowed:
            return tick_text(instrument)
        return f"{instrument.price_text(allowed)} {instrument.quote.symbol}"
    if code in AMOUNTS:
        buys = isinstance(command, PlaceOrder) and command.side == Side.BUY
        asset = instrument.quote if buys or code in (51185, 51203) else instrument.base
        return f"{asset.text(allowed)} {asset.symbol}"
    return str(allowed) if allowed else ""
