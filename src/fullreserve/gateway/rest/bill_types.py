"""Bill types and subtypes as OKX numbers them: those that can occur here.

The log has its own reasons for the demo's faucet, because its increases are counted; on the wire
they are transfers made by hand.
"""

from __future__ import annotations

from typing import NamedTuple

from fullreserve.records.bills import TRADE, TRANSFER, TRANSFER_IN, TRANSFER_OUT

# Reasons of postings (`Posting.reason`) beside those of `records.bills`.
FAUCET_IN = 200
FAUCET_OUT = 202

SYSTEM_IN, SYSTEM_OUT = 200, 202


class BillType(NamedTuple):
    """A type with its subtypes, in words."""

    words: str
    sub_types: dict[int, str]


TYPES: dict[int, BillType] = {
    TRANSFER: BillType(
        "Transfer",
        {
            TRANSFER_IN: "Transfer in",
            TRANSFER_OUT: "Transfer out",
            SYSTEM_IN: "System transfer in",
            SYSTEM_OUT: "System transfer out",
        },
    ),
    TRADE: BillType("Trade", {1: "Buy", 2: "Sell"}),
}


def shown(kind: int, sub_type: int) -> tuple[int, int]:
    """Type and subtype on the wire."""
    return (TRANSFER, kind) if kind in (FAUCET_IN, FAUCET_OUT) else (kind, sub_type)


def wanted(kind: int, sub_type: int) -> tuple[tuple[int, ...], int]:
    """The records' types and subtype (0: any) behind those that were asked for."""
    if sub_type in (SYSTEM_IN, SYSTEM_OUT):
        return ((sub_type,) if kind in (0, TRANSFER) else (0,)), 0
    if kind == TRANSFER and not sub_type:
        return (TRANSFER, FAUCET_IN, FAUCET_OUT), 0
    return ((kind,) if kind else ()), sub_type
