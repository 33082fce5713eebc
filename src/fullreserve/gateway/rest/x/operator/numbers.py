"""Decimals of operators, read at the scales of what they are about."""

from __future__ import annotations

from fullreserve.exchange import decimals
from fullreserve.exchange.catalog import Catalog, Instrument
from fullreserve.gateway.errors import Problem

RATE_SCALE = 8
NUMBER_MAX = 2**63 - 1
AMOUNT_MAX = 10**30


def instrument_of(catalog: Catalog, name: str) -> Instrument:
    """The instrument of a name; Problem 51001."""
    known = catalog.instrument_named.get(name)
    if known is None:
        raise Problem(51001, name=name)
    return known


def amount_of(catalog: Catalog, ccy: str, text: str) -> tuple[int, int]:
    """Asset and signed amount, not 0; Problem 51000, 51012."""
    asset = catalog.asset_named.get(ccy)
    if asset is None:
        raise Problem(51012, name=ccy)
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    amount = sign * decimal("amount", digits, asset.scale, AMOUNT_MAX)
    if not amount:
        raise Problem(51000, "amount", "an amount that is not 0")
    return asset.id, amount


def signed_rate(name: str, text: str) -> int:
    """A rate in parts per 10^8 of a fraction below 1; Problem 51000."""
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    return sign * decimal(name, digits, RATE_SCALE, 10**RATE_SCALE)


def decimal(name: str, text: str, scale: int, most: int = NUMBER_MAX) -> int:
    """A decimal without a sign at a scale; Problem 51000."""
    try:
        value = decimals.parse(text, scale)
    except ValueError:
        value = most + 1
    if value > most:
        largest = decimals.text(most, scale)
        raise Problem(
            51000, name, f"a decimal up to {largest} with at most {scale} digits after the point"
        )
    return value
