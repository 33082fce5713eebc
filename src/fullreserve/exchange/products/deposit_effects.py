"""Postings of deposits: what was seen, credit, unlocking, and what a reorganisation undoes.

A deposit in a block is booked as unconfirmed against unallocated. The credit moves both sides on;
what cannot be withdrawn yet stands beside it as protected, an account that is in no balance. A
reorganisation takes the credit back from what the owner has left, and what is missing from the
named loss account; when the deposit comes back, it pays the loss first.
"""

from __future__ import annotations

from typing import NamedTuple

from fullreserve.exchange import chart
from fullreserve.exchange.folds import View
from fullreserve.exchange.products.custody_ledger import (
    MEMO,
    REVERSAL,
    Balances,
    Wallets,
    leg,
    posting,
)
from fullreserve.exchange.products.deposit_state import Deposit
from fullreserve.exchange.wire.commands import Leg, Posting, amount_int

HOUSE = chart.HOUSE


def booked(one: Deposit, sign: int = 1) -> tuple[Posting, ...]:
    """Seen in a block; with sign -1 no longer in any."""
    x = one.value * sign
    return posting(
        MEMO,
        leg(HOUSE, chart.UNCONFIRMED, one.network, one.asset, -x),
        leg(HOUSE, chart.UNALLOCATED, one.network, one.asset, x),
    )


def arrived(one: Deposit, wallets: Wallets, rejoined: int) -> tuple[Leg, ...]:
    """Confirmed: the coins are in the tier of deposits, but for what takes a break back."""
    return (
        wallets.into(chart.CHAIN_DEPOSIT, one.network, one.asset, one.value - rejoined),
        leg(HOUSE, chart.BREAK, one.network, one.asset, -rejoined),
        leg(HOUSE, chart.UNCONFIRMED, one.network, one.asset, one.value),
    )


def lacking(one: Deposit, wallets: Wallets) -> int:
    """What the tier of deposits has not of what is to be taken back: it was swept."""
    had = max(0, wallets.of(chart.CHAIN_DEPOSIT, one.network, one.asset))
    return max(0, one.value - had)


def credited(one: Deposit, kind: int) -> tuple[Leg, ...]:
    """From unallocated to the owner's account, less what an earlier reversal could not get."""
    x, repaid = one.value, min(one.value, amount_int(one.lost))
    return (
        leg(HOUSE, chart.UNALLOCATED, one.network, one.asset, -x),
        leg(one.owner, kind, 0, one.asset, x - repaid),
        leg(HOUSE, chart.REORG, one.network, one.asset, repaid),
    )


def protected(one: Deposit, change: int) -> tuple[Posting, ...]:
    """More (or less) of what the owner has cannot be withdrawn."""
    return posting(
        MEMO,
        leg(one.owner, chart.PROTECTED, 0, one.asset, change),
        leg(HOUSE, chart.PROTECTION, 0, one.asset, -change),
    )


class Reversed(NamedTuple):
    postings: tuple[Posting, ...]
    missing: int  # drawn on the loss account


def reversed_arrival(one: Deposit, wallets: Wallets) -> tuple[Posting, ...]:
    """It arrived for nobody, and is gone."""
    return posting(
        REVERSAL,
        *wallets.out(chart.CHAIN_DEPOSIT, one.network, one.asset, one.value),
        leg(HOUSE, chart.UNALLOCATED, one.network, one.asset, -one.value),
    )


def reversed_credit(
    one: Deposit, wallets: Wallets, view: View, *, ends_orders: bool = False
) -> Reversed:
    """Takes back from the account that was credited, then from trading, then from the house.

    What is set aside for orders is left, unless the same command ends them all.
    """
    held = Balances(one.owner, view)
    wanted = one.value - min(one.value, amount_int(one.lost))
    legs = [*wallets.out(chart.CHAIN_DEPOSIT, one.network, one.asset, one.value)]
    left = wanted
    for kind in (one.target, chart.TRADE):
        has = held.of(kind, one.asset)
        taken = min(left, max(0, has.balance if ends_orders else has.free))
        legs.append(leg(one.owner, kind, 0, one.asset, -taken))
        left -= taken
    # What an earlier loss was repaid is a loss again.
    loss = left + one.value - wanted
    legs.append(leg(HOUSE, chart.REORG, one.network, one.asset, -loss))
    return Reversed(posting(REVERSAL, *legs), left)
