"""Coins of the house's tiers that are gone for good, as two teams of operators have booked them.

The tier has less from then on. Who pays is an account of the house, as far as it has anything; what
is left is a named loss. No user's balance is touched: what is owed stays owed.
"""

from __future__ import annotations

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_ledger import leg
from fullreserve.exchange.products.custody_wire import Lost
from fullreserve.exchange.wire.commands import Amount, Leg, amount_int

PAYERS = (chart.LOSS, chart.TREASURY, chart.INSURANCE)
HASH_BYTES, AMOUNT_BYTES = 32, 16


class Loss(msgspec.Struct, array_like=True, frozen=True):
    """Amounts at the ledger's scale, the time the exchange's in ms."""

    terms: Lost
    paid: Amount  # by the account of the terms
    time_ms: int
    sequence: int  # of the command that booked it

    @property
    def event(self) -> tuple[int, bytes, int, int]:
        """What before edition 7 was booked once: a transaction takes coins from a tier."""
        return event_of(self.terms)


def is_positive(amount: Amount) -> bool:
    """Whether it is an amount above 0."""
    return len(amount) == AMOUNT_BYTES and amount_int(amount) > 0


def event_of(asked: Lost) -> tuple[int, bytes, int, int]:
    """Network, transaction, tier and asset."""
    return asked.network, asked.transfer, asked.tier, asked.asset


def is_sound(asked: Lost) -> bool:
    """Whether a word means something."""
    is_named = asked.number >= 1 and len(asked.transfer) == HASH_BYTES
    return is_named and is_positive(asked.amount) and asked.account in PAYERS


def paid_by(asked: Lost, free: int) -> int:
    """What its account pays that has so much free; the account of losses is paid by nobody."""
    return 0 if asked.account == chart.LOSS else min(amount_int(asked.amount), max(0, free))


def legs(asked: Lost, paid: int) -> tuple[Leg, ...]:
    """Who bears it: the account what it pays, the account of losses the rest."""
    left = amount_int(asked.amount) - paid
    places = ((asked.account, 0, paid), (chart.LOSS, asked.network, left))
    return tuple(
        leg(chart.HOUSE, kind, instance, asked.asset, -part)
        for kind, instance, part in places
        if part
    )
