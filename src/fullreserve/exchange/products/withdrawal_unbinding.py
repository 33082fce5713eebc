"""Withdrawals that are let go of what they were bound to, as nobody can sign that any more.

A lane's key may be lost with payments bound to it of which nothing was signed: they could neither
be paid nor refunded, for ever. Two teams of operators agree; the payer, whose store knows that
nothing was signed, says that it is so; then the withdrawal waits as it did before it was bound, and
is paid by another lane, refused or cancelled. Signers sign for nothing but what the exchange has it
bound to, and each for one binding in its life.
"""

from __future__ import annotations

import msgspec

from fullreserve.exchange.folds import REFUSED, Moment, Outcome, View
from fullreserve.exchange.products.approval_acts import BoundPayment, UnbindPayments
from fullreserve.exchange.products.approval_state import GetProposal, Proposal, ProposalState
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.custody_ledger import Unsound
from fullreserve.exchange.products.custody_wire import MayUnbind, Unbound
from fullreserve.exchange.products.withdrawal_splits import Splits
from fullreserve.exchange.products.withdrawal_state import (
    LETS_GO_UNSIGNED,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.exchange.wire.queries import AskFold

_encode = msgspec.msgpack.Encoder().encode
_proposal = msgspec.msgpack.Decoder(Proposal | None).decode


class Unbinding(Splits):
    """By the house, of one withdrawal that is bound."""

    def _was_bound_to(self, one: Withdrawal, binding: bytes) -> bool:
        """Whether it was let go of that."""
        return binding in self.state.unbound.get(one.number, ())

    def _let_go(self, asked: MayUnbind | Unbound, moment: Moment, view: View) -> Outcome:
        one = self.state.withdrawals.get(asked.withdrawal)
        if self.state.edition < LETS_GO_UNSIGNED:
            return REFUSED
        if one is None:
            return Outcome(code=Unsound.UNKNOWN)
        if isinstance(asked, Unbound) and self._was_bound_to(one, asked.binding):
            return Outcome()
        if not one.binding or one.binding != asked.binding:
            return Outcome(code=Unsound.CONTRADICTS)
        if one.state != WithdrawalState.WAITING or one.transfer:
            return Outcome(code=Unsound.NOT_PAYABLE)
        if isinstance(asked, MayUnbind):
            if not _is_agreed(asked, view):
                return Outcome(code=Unsound.NOT_PAYABLE)
            self._set(self.state.may_unbind, one.number, one.binding)
            return Outcome()
        if self.state.may_unbind.get(one.number) != one.binding:
            return Outcome(code=Unsound.NOT_PAYABLE)
        return self._unbound(one, moment, view)

    def _unbound(self, one: Withdrawal, moment: Moment, view: View) -> Outcome:
        one = self._change(one, moment)
        before = self.state.unbound.get(one.number, ())
        self._set(self.state.unbound, one.number, (*before, one.binding))
        self._remove(self.state.may_unbind, one.number)
        one.binding = b""
        if self._is_held_back(one, view):
            self._to_queue(one)
        return Outcome()


def _is_agreed(asked: MayUnbind, view: View) -> bool:
    """Whether a proposal that is being carried out names this withdrawal and this binding."""
    answer = view.query(AskFold(Approvals.number, _encode(GetProposal(asked.proposal))))
    found = None if answer is None else _proposal(answer)
    return (
        found is not None
        and found.state is ProposalState.CARRYING
        and isinstance(found.act, UnbindPayments)
        and BoundPayment(asked.withdrawal, asked.binding) in found.act.payments
    )
