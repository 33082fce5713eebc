"""Coins that strangers sent to a tier: owed to nobody known, until two teams say whose they are.

What came stands in the ledger as received and unallocated. It leaves that account by an allotment
alone, to a user or to the exchange's own, and never more of it than came.
"""

from __future__ import annotations

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.folds import REFUSED, Moment, Outcome, View
from fullreserve.exchange.products.custody_ledger import (
    DEPOSIT,
    TIERS,
    Unsound,
    Wallets,
    known_owner,
    leg,
    posting,
)
from fullreserve.exchange.products.custody_wire import Allotted, CameUnasked
from fullreserve.exchange.products.deposit_losses import HASH_BYTES, is_positive
from fullreserve.exchange.products.deposit_state import Allotment, Unallotted
from fullreserve.exchange.products.deposit_table import DepositTable
from fullreserve.exchange.products.unallotted_index import UnallottedIndex
from fullreserve.exchange.wire.commands import Leg, OwnerFlag, amount_bytes, amount_int

FROZEN = OwnerFlag.FROZEN | OwnerFlag.MASTER_FROZEN


class UnaskedCoins(DepositTable):
    """By the house: what strangers sent, and whose it is."""

    def _index(self) -> None:
        super()._index()
        self._rank()

    def _rank(self) -> None:
        self._strangers = UnallottedIndex(self.state.unallotted.values())

    def _keep_apart(self, one: Unallotted) -> None:
        """Enters coins, or what is left of them; the smallest of too many is not kept apart."""
        self._undo.append(self._rank)
        table = self.state.unallotted
        if one.transfer in table:
            self._strangers.leave(table[one.transfer])
        self._set(table, one.transfer, one)
        self._strangers.enter(one)
        small = self._strangers.too_small(one)
        if small is not None:
            self._drop_apart(table[small])

    def _drop_apart(self, one: Unallotted) -> None:
        self._undo.append(self._rank)
        self._strangers.leave(one)
        self._remove(self.state.unallotted, one.transfer)

    def _came_unasked(self, asked: CameUnasked, moment: Moment, view: View) -> Outcome:
        terms = self._terms(asked.network, asked.asset)
        is_named = len(asked.transfer) == HASH_BYTES and asked.tier in TIERS
        if terms is None or not is_named or not is_positive(asked.amount):
            return REFUSED
        if asked.transfer in self.state.moves or asked.transfer in self.state.unallotted:
            return Outcome()
        self._note_move(asked.transfer, moment)
        self._keep_apart(Unallotted(asked, moment.sequence, moment.time_ms, asked.amount))
        amount = amount_int(asked.amount)
        legs = (
            Wallets(view).into(TIERS[asked.tier], asked.network, asked.asset, amount),
            leg(chart.HOUSE, chart.UNALLOCATED, asked.network, asked.asset, amount),
        )
        return Outcome(postings=posting(DEPOSIT, *legs))

    def _allotted(self, asked: Allotted, moment: Moment, view: View) -> Outcome:
        if asked.number < 1 or not is_positive(asked.amount):
            return REFUSED
        before = self.state.allotments.get(asked.number)
        if before is not None:
            return Outcome(code=0 if before.terms == asked else Unsound.CONTRADICTS)
        came = self.state.unallotted.get(asked.transfer)
        if came is None or came.terms.network != asked.network:
            return Outcome(code=Unsound.UNKNOWN)
        left = amount_int(came.left) - amount_int(asked.amount)
        if left < 0:
            return Outcome(code=Unsound.CONTRADICTS)
        if not _may_have(asked.owner, view):
            return REFUSED
        if left:
            self._keep_apart(msgspec.structs.replace(came, left=amount_bytes(left)))
        else:
            self._drop_apart(came)
        made = Allotment(asked, came.terms, moment.sequence, moment.time_ms)
        self._set(self.state.allotments, asked.number, made)
        return Outcome(postings=posting(DEPOSIT, *_legs(made)))


def _may_have(owner: int, view: View) -> bool:
    """The house, or a user who is not frozen: what comes to those is kept from them."""
    if owner == chart.HOUSE:
        return True
    known = known_owner(owner, view)
    return known is not None and not known.flags & (FROZEN | OwnerFlag.HOUSE)


def _legs(one: Allotment) -> tuple[Leg, Leg]:
    """Out of what is unallocated, to a user's funding account or to the treasury."""
    network, asset, amount = one.came.network, one.came.asset, amount_int(one.terms.amount)
    kind = chart.TREASURY if one.terms.owner == chart.HOUSE else chart.FUND
    return (
        leg(chart.HOUSE, chart.UNALLOCATED, network, asset, -amount),
        leg(one.terms.owner, kind, 0, asset, amount),
    )
