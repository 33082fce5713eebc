"""The table of deposits: what stops each of them, and how it changes and can be put back."""

from __future__ import annotations

from fullreserve.exchange import chart
from fullreserve.exchange.folds import Moment, View
from fullreserve.exchange.products.changes import renewed
from fullreserve.exchange.products.custody_ledger import known_owner, suspended
from fullreserve.exchange.products.custody_wire import (
    AnyDeposits,
    NetworkAsset,
    Tip,
    decode_deposits,
)
from fullreserve.exchange.products.deposit_index import DepositIndex
from fullreserve.exchange.products.deposit_state import (
    KEPT_BLOCKS,
    MOVES_KEPT,
    Deposit,
    DepositsState,
    DepositState,
)
from fullreserve.exchange.products.suspension_asking import ruled
from fullreserve.exchange.products.suspension_wire import Action
from fullreserve.exchange.products.undoing import UndoingFold
from fullreserve.exchange.wire.commands import Suspended, amount_int


class DepositTable(UndoingFold[DepositsState, AnyDeposits]):
    """What all that is said of deposits reads and writes."""

    def __init__(self) -> None:
        self._touched: dict[bytes, None] = {}
        super().__init__(DepositsState(), decode_deposits)

    def _index(self) -> None:
        self._known = DepositIndex(self.state)

    def settled(self, cause: int, code: int) -> None:
        super().settled(cause, code)
        for transfer in self._touched:
            one = self.state.deposits.get(transfer)
            if one is not None:
                self._known.note(one)
        self._touched.clear()

    # Reading

    def _terms(self, network: int, asset: int) -> NetworkAsset | None:
        assets = self.state.networks[network].assets
        return next((one for one in assets if one.asset == asset), None)

    def _least(self, one: Deposit) -> int:
        terms = self._terms(one.network, one.asset)
        return amount_int(terms.minimum_deposit) if terms is not None else 0

    def _is_stopped(self, one: Deposit, view: View) -> bool:
        holds = self.state.holds.get(one.network, {})
        tip = self.state.tips.get(one.network)
        if 0 in holds or one.asset in holds or (tip is not None and not tip.healthy):
            return True
        owner = known_owner(one.owner or chart.HOUSE, view)
        if owner is None:
            return False
        if ruled(Action.DEPOSIT_CREDIT, owner, view, one.network, one.asset).mode:
            return True
        return suspended(Suspended.DEPOSIT_CREDIT, one.asset, owner, view)

    def _show_waiting(self, one: Deposit, view: View) -> None:
        stopped = self._is_stopped(one, view)
        one.state = DepositState.SUSPENDED if stopped else DepositState.WAITING

    # Keeping

    def _note_move(self, transfer: bytes, moment: Moment) -> None:
        """The ledger has a transaction of the tiers' now."""
        moves = self.state.moves
        self._set(moves, transfer, moment.sequence)
        if len(moves) > MOVES_KEPT:
            self._remove(moves, next(iter(moves)))

    def _change(self, one: Deposit, moment: Moment) -> Deposit:
        fresh, back = renewed(self.state.deposits, one.transfer, moment)

        def undo() -> None:
            back()
            self._known.enter(one)

        self._undo.append(undo)
        self._touched[one.transfer] = None
        return fresh

    def _forget(self, one: Deposit) -> None:
        self.state.deposits.pop(one.transfer, None)
        self._known.forget(one)

    def _retire(self, tip: Tip) -> None:
        """Lets what is done and deep go: nothing is taken from such a depth again."""
        floor = tip.height - KEPT_BLOCKS
        if floor <= self.state.floors.get(tip.network, 0) or tip.height % 1000:
            return
        for transfer in self._known.deep(tip.network, floor):
            self._forget(self.state.deposits[transfer])
        self.state.floors[tip.network] = floor
