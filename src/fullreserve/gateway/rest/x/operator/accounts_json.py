"""Accounts and postings as operators are shown them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fullreserve.exchange import chart
from fullreserve.exchange.catalog import Catalog
from fullreserve.exchange.wire.commands import Leg, amount_int
from fullreserve.exchange.wire.queries import AccountState

KINDS = {kind.number: kind for kind in chart.CHART}
KIND_CODES = {kind.code: kind.number for kind in chart.CHART}
# The two accounts that users know by name.
WORDS = {"trading": chart.TRADE, "funding": chart.FUND}
HOUSES = {
    "treasury": chart.TREASURY,
    "fees": chart.FEE_TRADE,
    "rounding": chart.ROUNDING,
    "insurance": chart.INSURANCE,
}


def account_code(kind: int) -> str:
    """An account's code in the chart."""
    known = KINDS.get(kind)
    return known.code if known else str(kind)


def account_word(kind: int) -> str:
    """The name that people know an account by, where it has one."""
    for word, number in (WORDS | HOUSES).items():
        if number == kind:
            return word
    return account_code(kind)


def amount_text(catalog: Catalog, asset: int, amount: int) -> str:
    """An amount in whole units."""
    known = catalog.assets.get(asset)
    return known.text(amount) if known else str(amount)


def symbol_of(catalog: Catalog, asset: int) -> str:
    """The name of an asset."""
    known = catalog.assets.get(asset)
    return known.symbol if known else str(asset)


def leg_row(catalog: Catalog, leg: Leg) -> dict[str, Any]:
    """One line of a posting."""
    return {
        "uid": str(leg.account.owner),
        "account": account_code(leg.account.kind),
        "ccy": symbol_of(catalog, leg.asset),
        "change": amount_text(catalog, leg.asset, amount_int(leg.change)),
    }


def account_rows(catalog: Catalog, states: Iterable[AccountState]) -> list[dict[str, Any]]:
    """Balances of one owner."""
    return [
        {
            "account": account_code(one.kind),
            "meaning": KINDS[one.kind].meaning if one.kind in KINDS else "",
            "instance": str(one.instance),
            "ccy": symbol_of(catalog, one.asset),
            "balance": amount_text(catalog, one.asset, amount_int(one.balance)),
            "hold": amount_text(catalog, one.asset, amount_int(one.hold)),
            "updatedTs": str(one.updated_ms) if one.updated_ms else "",
        }
        for one in states
    ]
