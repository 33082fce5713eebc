"""What owners owe for deposits that a chain took back after they were spent.

From edition 5 of the rules on. A debt is the `lost` of a deposit that is in no block. It is paid by
the deposit itself where that comes back, by what else of its asset is credited to its owner, and by
what he has free of it whenever the walk of what waits comes by: in his accounts of funding and
trading. Of one who is frozen the open orders are canceled for it. What is held for a withdrawal of
that asset which is bound to no transaction comes back for it, from edition 9 of the rules of
withdrawals on, when their walk comes by. What is kept for itself pays nothing as long as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from fullreserve.exchange import chart
from fullreserve.exchange.folds import Moment, Outcome, View
from fullreserve.exchange.products.custody_ledger import (
    REVERSAL,
    Balances,
    known_owner,
    leg,
    posting,
)
from fullreserve.exchange.products.deposit_rejoining import Rejoining
from fullreserve.exchange.products.deposit_state import MOVED_MAX, Deposit
from fullreserve.exchange.wire.commands import (
    CancelAll,
    GroupCommand,
    InstrumentState,
    OwnerFlag,
    Posting,
    Suspended,
    amount_bytes,
    amount_int,
)
from fullreserve.exchange.wire.queries import ListInstruments, ListOpenOrders, ListSuspensions

PAYING = (chart.FUND, chart.TRADE)


class Released(NamedTuple):
    """The end of an owner's orders; `is_all`: none of them stays, so that all he has is free."""

    commands: tuple[GroupCommand, ...]
    is_all: bool


def released(owner: int, view: View) -> Released:
    """Cancels all orders of an owner that may be canceled; where any cannot be, it says so.

    It may say so of orders that can: where a suspension stops trade of some, it asks no further.
    """
    if not view.query(ListOpenOrders(owner=owner, limit=1)):
        return Released((), is_all=True)
    cancels = (CancelAll(0, 0, owner),)
    if any(Suspended.TRADE_ALL & one.actions for one in view.query(ListSuspensions())):
        return Released(cancels, is_all=False)
    stopped = (
        one.instrument
        for one in view.query(ListInstruments())
        if one.state == InstrumentState.SUSPEND
    )
    stay = (view.query(ListOpenOrders(owner=owner, instrument=one, limit=1)) for one in stopped)
    return Released(cancels, is_all=not any(stay))


class _Purse:
    """What an owner can pay of, as a command's postings change it."""

    def __init__(self, owner: int, view: View) -> None:
        found = known_owner(owner, view)
        is_frozen = found is not None and bool(found.flags & OwnerFlag.FROZEN)
        ended = released(owner, view) if is_frozen else Released((), is_all=False)
        # What cannot be canceled was asked for when he was frozen, and is again once it can.
        self.commands = ended.commands if ended.is_all else ()
        self._is_all = ended.is_all
        self._held = Balances(owner, view)

    def has(self, kind: int, asset: int) -> int:
        held = self._held.of(kind, asset)
        return max(0, held.balance if self._is_all else held.free)

    def take(self, kind: int, asset: int, amount: int) -> None:
        self._held.take(kind, asset, 0, -amount)


class Debts(Rejoining):
    """How they are paid."""

    def _owe(self, one: Deposit, moment: Moment) -> None:
        """Enters what a deposit lost as its owner's debt."""
        self._set(self.state.debts, one.transfer, moment.time_ms)
        self._known.enter(one)

    def _forgive(self, one: Deposit) -> None:
        """It came back: its credit paid what it lost."""
        if one.transfer in self.state.debts:
            self._remove(self.state.debts, one.transfer)
            self._known.enter(one)

    def _pay(self, transfer: bytes, most: int, moment: Moment) -> int:
        """How much of a debt is paid by so much."""
        one = self._change(self.state.deposits[transfer], moment)
        owed = amount_int(one.lost)
        paid = min(owed, most)
        one.lost = amount_bytes(owed - paid)
        if paid == owed:
            self._remove(self.state.debts, transfer)
        self._known.enter(one)
        return paid

    def _paid_of(self, one: Deposit, got: int, moment: Moment) -> tuple[tuple[Posting, ...], int]:
        """What a deposit that is credited to its owner's own account pays of his debts in it."""
        owed = list(islice(self._known.debts(one.owner, one.asset), MOVED_MAX))
        left, repaid = got, dict[int, int]()
        for transfer in owed:
            if not left:
                break
            network = self.state.deposits[transfer].network
            paid = self._pay(transfer, left, moment)
            repaid[network] = repaid.get(network, 0) + paid
            left -= paid
        legs = [
            leg(chart.HOUSE, chart.REORG, network, one.asset, paid)
            for network, paid in repaid.items()
        ]
        taken = leg(one.owner, chart.FUND, 0, one.asset, left - got)
        return posting(REVERSAL, taken, *legs), got - left

    def _collect(self, transfers: Iterable[bytes], moment: Moment, view: View) -> Outcome:
        """What the owners of those that are debts have free of them is taken."""
        purses = dict[int, _Purse]()
        postings = list[Posting]()
        for transfer in transfers:
            if transfer not in self.state.debts:
                continue
            one = self.state.deposits[transfer]
            if one.owner not in purses:
                purses[one.owner] = _Purse(one.owner, view)
            postings += self._taken_of(one, purses[one.owner], moment)
        commands = tuple(each for purse in purses.values() for each in purse.commands)
        return Outcome(postings=tuple(postings), commands=commands)

    def _may_collect(self, transfers: Iterable[bytes], view: View) -> bool:
        """Whether anything is taken of those that are debts, or orders are canceled for them."""
        purses = dict[int, _Purse]()
        for transfer in transfers:
            if transfer not in self.state.debts:
                continue
            one = self.state.deposits[transfer]
            purse = purses.setdefault(one.owner, _Purse(one.owner, view))
            if purse.commands or any(purse.has(kind, one.asset) for kind in PAYING):
                return True
        return False

    def _taken_of(self, one: Deposit, purse: _Purse, moment: Moment) -> list[Posting]:
        postings = list[Posting]()
        for kind in PAYING:
            has = purse.has(kind, one.asset)
            if not has or one.transfer not in self.state.debts:
                continue
            paid = self._pay(one.transfer, has, moment)
            purse.take(kind, one.asset, paid)
            postings += posting(
                REVERSAL,
                leg(one.owner, kind, 0, one.asset, -paid),
                leg(chart.HOUSE, chart.REORG, one.network, one.asset, paid),
            )
        return postings
