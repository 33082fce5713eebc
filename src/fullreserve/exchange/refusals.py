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

# The core's codes in words, for who has no other table of them.
WORDS: dict[int, str] = {
    50007: "the account is frozen",
    50008: "no such account",
    50026: "internal error",
    50037: "it came after its expiry",
    50071: "the number of the submission is too old",
    51000: "a parameter is wrong",
    51001: "no such instrument",
    51003: "neither order id nor client order id",
    51005: "over the largest size",
    51006: "outside the price band",
    51008: "not enough balance",
    51012: "no such asset",
    51016: "the client order id is taken",
    51020: "under the smallest size",
    51021: "not listed yet",
    51022: "trading is suspended",
    51024: "the account may not trade",
    51025: "the book is full",
    51071: "too many timers to cancel orders",
    51102: "too many open orders on the instrument",
    51103: "too many open orders",
    51116: "over the largest price",
    51121: "not a multiple of the lot",
    51122: "under the smallest price",
    51201: "over the largest size of a market order",
    51202: "over the largest amount of a market order",
    51400: "no such open order",
    51407: "neither order id nor client order id",
    51500: "nothing to amend",
    51502: "not enough balance",
    51503: "the order is finished",
    51506: "the order cannot be amended",
    51511: "a post-only order would take",
    54036: "fill-or-kill goes not with canceling both",
    58004: "the account may not send",
    58110: "movements are suspended",
    58114: "the amount is not positive",
    58115: "the account belongs to somebody else",
    58123: "from and to are the same",
    58203: "not enough balance",
    58207: "the account may not withdraw",
    58350: "not enough balance",
    59401: "over the supply cap",
    59410: "reserves do not cover it",
}


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
