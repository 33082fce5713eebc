"""The limit that a refused command broke, in words and in its own unit."""

from __future__ import annotations

from fullreserve.exchange.catalog import Asset, Instrument
from fullreserve.exchange.wire.commands import OrderType, PlaceOrder, Side, SizeUnit

OFF_TICK = 51000
BALANCE = frozenset({51008, 51502})
SIZES = frozenset({51005, 51121, 51201})
PRICES = frozenset({51006, 51116, 51122})
LEAST_SIZE = 51020
MARKET_AMOUNT = 51202


def allowed_text(code: int, allowed: int, instrument: Instrument, command: object = None) -> str:
    """What a refusal's `allowed` means, "" where there is no limit.

    `allowed` is in the unit of the field that was wrong: a price or size at the instrument's
    scales, an amount at the ledger scale of the asset that the order spends.
    """
    if code == OFF_TICK:
        return f"a multiple of {instrument.price_text(allowed)}" if allowed else ""
    if code in PRICES:
        return f"{instrument.price_text(allowed)} {instrument.quote.symbol}"
    if code in SIZES:
        return _size(instrument, allowed)
    if code == MARKET_AMOUNT:
        return _amount(instrument.quote, allowed)
    place = command if isinstance(command, PlaceOrder) else None
    if code == LEAST_SIZE:
        if place and place.unit == SizeUnit.QUOTE:
            return _amount(instrument.quote, allowed)
        return _size(instrument, allowed)
    if code in BALANCE:
        if place and place.type == OrderType.MARKET:
            return _amount(_spent(instrument, place.side), allowed)
        return "a size of " + _size(instrument, allowed)
    return str(allowed) if allowed else ""


def _spent(instrument: Instrument, side: int) -> Asset:
    return instrument.quote if side == Side.BUY else instrument.base


def _size(instrument: Instrument, size: int) -> str:
    return f"{instrument.size_text(size)} {instrument.base.symbol}"


def _amount(asset: Asset, amount: int) -> str:
    return f"{asset.text(amount)} {asset.symbol}"
