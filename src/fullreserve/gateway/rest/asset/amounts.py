"""Amounts of a currency, as clients send them."""

from __future__ import annotations

import re

from fullreserve.exchange import decimals
from fullreserve.exchange.catalog import Asset
from fullreserve.gateway.errors import Problem

AMOUNT_MAX = 2**100  # no asset's supply is larger
_is_negative = re.compile(r"-[0-9]{1,40}(\.[0-9]{0,40})?").fullmatch


def parse_amount(asset: Asset, text: str, name: str = "amt") -> int:
    """An amount in ledger units; Problem 51000, 58114, 58350."""
    try:
        amount = asset.parse(text)
    except decimals.TooPrecise:
        allowed = f"at most {asset.scale} digits after the point"
        raise Problem(51000, name, allowed) from None
    except decimals.NotANumber:
        if _is_negative(text):
            raise Problem(58114) from None
        raise Problem(51000, name, "a plain decimal number more than 0, as a string") from None
    if not amount:
        raise Problem(58114)
    if amount > AMOUNT_MAX:
        raise Problem(58350)
    return amount
