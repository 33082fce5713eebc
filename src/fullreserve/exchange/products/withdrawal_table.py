"""The table of withdrawals: what stops each of them, and how it changes and can be put back."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from fullreserve.exchange.folds import Moment, Outcome, View
from fullreserve.exchange.products.changes import renewed
from fullreserve.exchange.products.custody_ledger import CANCELED, known_owner, posting, suspended
from fullreserve.exchange.products.custody_wire import AnyWithdrawals, Hold, decode_withdrawals
from fullreserve.exchange.products.policy_asking import looked_at
from fullreserve.exchange.products.suspension_asking import is_scoped
from fullreserve.exchange.products.suspension_wire import Mode
from fullreserve.exchange.products.undoing import UndoingFold
from fullreserve.exchange.products.withdrawal_costs import costs, fee_now, whole_held
from fullreserve.exchange.products.withdrawal_effects import held
from fullreserve.exchange.products.withdrawal_index import Index, Row
from fullreserve.exchange.products.withdrawal_rulings import reviewed_since, ruling_of
from fullreserve.exchange.products.withdrawal_state import (
    ASKED_AGAIN,
    COUNTS_LACKS,
    EVERY_NETWORK,
    FINAL,
    FINAL_KEPT,
    GOES_BACK,
    OF_ONE_REQUEST,
    REVIEWS,
    Withdrawal,
    WithdrawalsState,
    WithdrawalState,
)
from fullreserve.exchange.wire.commands import OwnerFlag, Suspended, amount_bytes, amount_int
from fullreserve.exchange.wire.events import OwnerChanged

# What a fee may have risen by in a queue without its owner being asked again.
FEE_DRIFT_PERCENT = 20

_State = WithdrawalState
# Where its owner, the rules or people have a word.
_LOOKED_AT = (_State.FEE_ROSE, _State.COOLING, *REVIEWS)
# Where nothing of a request is about to be paid.
_KEPT = (_State.QUEUED, *_LOOKED_AT)
OnLine = tuple[int, int, int, bool]  # network, asset, state, whether it is bound


class WithdrawalTable(UndoingFold[WithdrawalsState, AnyWithdrawals]):
    """What all that is said of withdrawals reads and writes."""

    def __init__(self) -> None:
        self._touched: dict[int, None] = {}
        super().__init__(WithdrawalsState(), decode_withdrawals)

    def _index(self) -> None:
        self._known = Index(self.state)

    def settled(self, cause: int, code: int) -> None:
        super().settled(cause, code)
        for number in self._touched:
            one = self.state.withdrawals.get(number)
            if one is not None:
                self._known.place(one)
                self._known.changed(one)
        self._touched.clear()

    # Reading

    def _holds(self, network: int, asset: int) -> list[Hold]:
        return [
            hold
            for place in (EVERY_NETWORK, network)
            for key in (0, asset)
            if (hold := self.state.holds.get(place, {}).get(key)) is not None
        ]

    def _is_stopped(self, one: Withdrawal, owner: OwnerChanged, view: View) -> bool:
        if self._holds(one.network, one.asset):
            return True
        return suspended(Suspended.WITHDRAW, one.asset, owner, view) or self._is_ruled_back(
            one, owner, view
        )

    def _is_held_back(self, one: Withdrawal, view: View) -> bool:
        """Whether anything keeps a request from being paid; of what a drain released, no drain."""
        owner = known_owner(one.owner, view)
        if owner is None or owner.flags & (OwnerFlag.FROZEN | OwnerFlag.NO_WITHDRAW):
            return True
        if one.is_released and not is_scoped(view):
            return self._is_ruled_back(one, owner, view)
        return self._is_stopped(one, owner, view)

    def _is_ruled_back(self, one: Withdrawal, owner: OwnerChanged, view: View) -> bool:
        """Whether the fold of suspensions holds a request back; not what its drain released."""
        found = ruling_of(one, owner, view, self.state.released.get(one.number, ()))
        return found.mode in (Mode.QUEUE, Mode.REJECT)

    def _is_overtaken(self, one: Withdrawal, view: View) -> bool:
        """Whether people have to look at a request that was let through before they had to."""
        if self.state.edition < ASKED_AGAIN:
            return False
        since = reviewed_since(one, view, self.state.released.get(one.number, ()))
        return since > 0 and looked_at(self.state.request_of(one.number), view) < since

    def _is_of_all(self, most: int) -> bool:
        """Whether a word moves all that it concerns, as in logs from before."""
        return not most and self.state.edition < ASKED_AGAIN

    def _on(self, line: OnLine, limit: int) -> list[int]:
        """The oldest of a network and asset in a state, bound or not."""

        def is_wanted(row: Row) -> bool:
            return (row.network, row.asset, row.state, row.is_bound) == line

        return self._known.after(0, limit, is_wanted)

    # Keeping

    def _to_queue(self, one: Withdrawal) -> None:
        one.state, one.is_released = _State.QUEUED, False
        if one.number in self.state.released:
            self._remove(self.state.released, one.number)
        if self.state.edition >= OF_ONE_REQUEST:
            self._requote(one.number)
        request = self._kept_request(one)
        if request is not None:
            self._rejoin(one, request)

    def _kept_request(self, one: Withdrawal) -> Withdrawal | None:
        """What a tranche goes back into; None where all of that is gone, or about to be paid."""
        request = self.state.withdrawals.get(self.state.parts.get(one.number, 0))
        is_kept = request is not None and request.state in _KEPT and not request.binding
        return request if is_kept else None

    def _goes_back(self, one: Withdrawal, view: View) -> bool:
        """Whether a tranche that somebody looks at, or has to agree to, is held once more."""
        return (
            self.state.edition >= GOES_BACK
            and one.state in _LOOKED_AT
            and self._kept_request(one) is not None
            and self._is_held_back(one, view)
        )

    def _requote(self, number: int) -> None:
        """What it was quoted counts no more: it is quoted again when it leaves a queue."""
        if number in self.state.requoted:
            self._remove(self.state.requoted, number)

    def _rejoin(self, one: Withdrawal, request: Withdrawal) -> None:
        """A tranche that is not paid goes back into its request, at that one's place."""
        whole = self._change(request, Moment(one.version, one.changed_ms))
        whole.amount = amount_bytes(whole.value + one.value)
        whole.fee = amount_bytes(amount_int(whole.fee) + amount_int(one.fee))
        shared = self.state.split_fees.get(request.number)
        if shared is not None:
            back = replace(shared, back=(*shared.back, one.number))
            self._set(self.state.split_fees, request.number, back)
        lacks = self.state.lack_of(request.number) + self.state.lack_of(one.number)
        self._note_lack(request.number, lacks)
        one.state = _State.CANCELED
        self._close(one)

    def _note_lack(self, number: int, lacks: int) -> None:
        if lacks:
            self._set(self.state.lacking, number, amount_bytes(lacks))
        elif number in self.state.lacking:
            self._remove(self.state.lacking, number)

    def _to_payer(self, one: Withdrawal, *, is_canary: bool = False) -> None:
        """From a queue only for what it costs now, or as much as its owner has agreed to.

        A canary waits for nobody: whatever its fee has risen by is the house's.
        """
        if one.state == _State.QUEUED and not self._is_quoted(one) and not is_canary:
            one.state = _State.FEE_ROSE
            return
        is_short = self.state.short.get(one.network, {}).get(one.asset)
        one.state = _State.SHORT if is_short else _State.WAITING

    def _costs(self, one: Withdrawal, now_ms: int) -> int:
        return costs(one, now_ms, self.state, self._known)

    def _is_quoted(self, one: Withdrawal) -> bool:
        """Quotes one that leaves its queue; whether that needs no word of its owner's."""
        fee, held = self._costs(one, one.changed_ms), amount_int(one.fee)
        if fee < held:
            self._set(self.state.requoted, one.number, amount_bytes(fee))
        elif one.number in self.state.requoted:
            self._remove(self.state.requoted, one.number)
        if self.state.edition >= COUNTS_LACKS and fee <= held:
            return True
        whole = whole_held(one, self.state)
        if whole is not None:
            fee, held = fee_now(one, one.changed_ms, self.state) or 0, whole
        return fee * 100 <= held * (100 + FEE_DRIFT_PERCENT)

    def _go_on_if_fallen(self, one: Withdrawal, moment: Moment, view: View) -> None:
        """One that waits for its owner's word on the fee needs none once it holds enough."""
        if self._costs(one, moment.time_ms) <= amount_int(one.fee):
            self._goes_on(self._change(one, moment), view)

    def _goes_on(self, one: Withdrawal, view: View) -> None:
        if self._is_held_back(one, view):
            self._to_queue(one)
            return
        one.state = _State.QUEUED
        self._to_payer(one)

    def _refunded(
        self, one: Withdrawal, state: WithdrawalState, reason: int, moment: Moment
    ) -> Outcome:
        one = self._change(one, moment)
        one.state, one.reason = state, reason
        self._close(one)
        return Outcome(postings=posting(CANCELED, *reversed(held(one, -1))))

    def _drop(self, one: Withdrawal) -> None:
        del self.state.withdrawals[one.number]
        self._known.drop(one)

    def _close(self, one: Withdrawal) -> None:
        self._known.close(one)
        self._undo.append(lambda: self._known.open_again(one))
        state = self.state
        of_open: tuple[dict[int, Any], ...] = (
            *(state.judged, state.whence, state.requoted, state.released),
            *(state.may_unbind, state.lacking),
        )
        for table in of_open:
            if one.number in table:
                self._remove(table, one.number)
        self._forget_old()

    def _forget_old(self) -> None:
        if len(self._known.finals) > FINAL_KEPT:
            oldest = self.state.withdrawals[self._oldest_final()]
            self._drop(oldest)
            self.state.splits.pop(oldest.number, None)
            self.state.parts.pop(oldest.number, None)
            self.state.unbound.pop(oldest.number, None)
            self.state.split_fees.pop(oldest.number, None)

    def _oldest_final(self) -> int:
        """Of those that no open tranche is of, where there is one."""
        finals = self._known.finals
        if self.state.edition < OF_ONE_REQUEST:
            return next(iter(finals))
        free = (
            one for one in finals if not any(map(self._is_open, self._known.parts_of.get(one, ())))
        )
        return next(free, next(iter(finals)))

    def _is_open(self, number: int) -> bool:
        return self.state.withdrawals[number].state not in FINAL

    def _change(self, one: Withdrawal, moment: Moment) -> Withdrawal:
        fresh, back = renewed(self.state.withdrawals, one.number, moment)
        self._undo.append(back)
        self._touched[one.number] = None
        return fresh
