"""What operators say of a deposit: whose it is, and that it is kept from its owner."""

from __future__ import annotations

from fullreserve.exchange import chart
from fullreserve.exchange.folds import REFUSED, Moment, Outcome, View
from fullreserve.exchange.products.custody_ledger import Unsound, is_house, known_owner
from fullreserve.exchange.products.custody_wire import Claim, Screened, Stop
from fullreserve.exchange.products.deposit_crediting import Crediting
from fullreserve.exchange.products.deposit_state import (
    FREED,
    INTERCEPTS,
    STOPS,
    UNSCREENED,
    Deposit,
    DepositState,
    Phase,
)


class Claims(Crediting):
    """By the house, for operators."""

    def _claim(self, one: Deposit, asked: Claim, moment: Moment, view: View) -> Outcome:
        if one.owner == asked.owner:
            return Outcome()
        if one.owner:
            return Outcome(code=Unsound.CONTRADICTS)
        if known_owner(asked.owner, view) is None or is_house(asked.owner, view):
            return REFUSED
        one = self._change(one, moment)
        one.owner = asked.owner
        self._known.enter(one)
        return self._advanced([one], moment, view)

    def _stop(self, one: Deposit, asked: Stop, moment: Moment, view: View) -> Outcome:
        if asked.state == DepositState.CREDITED:
            return self._released(one, moment)
        if not self._may_say(asked.state):
            return REFUSED
        if one.phase >= Phase.CREDITED:
            return Outcome(code=Unsound.CONTRADICTS)
        if one.stop != asked.state:
            one = self._change(one, moment)
            one.stop = asked.state
            self._ask_for(one, _next_level(one, view) if asked.state == DepositState.KYC else 0)
            self._known.enter(one)
        return Outcome()

    def _screened(self, one: Deposit, asked: Screened, moment: Moment, view: View) -> Outcome:
        if asked.state != DepositState.CREDITED and asked.state not in STOPS:
            return REFUSED
        if one.stop != UNSCREENED or one.state == DepositState.GONE:
            return Outcome()
        one = self._change(one, moment)
        one.stop = 0 if asked.state == DepositState.CREDITED else asked.state
        self._ask_for(one, asked.kyc if asked.state == DepositState.KYC else 0)
        self._known.enter(one)
        return self._advanced([one], moment, view)

    def _may_say(self, state: int) -> bool:
        if state == DepositState.FROZEN:
            return self.state.edition < FREED
        if state == DepositState.INTERCEPTED:
            return self.state.edition >= INTERCEPTS
        return state in STOPS

    def _released(self, one: Deposit, moment: Moment) -> Outcome:
        if not one.stop and one.target != chart.FROZEN:
            return Outcome()
        one = self._change(one, moment)
        one.stop = 0
        self._ask_for(one, 0)
        self._known.enter(one)
        if one.target != chart.FROZEN or one.phase < Phase.CREDITED:
            return Outcome()
        return Outcome(postings=tuple(self._freed(one, moment)))


def _next_level(one: Deposit, view: View) -> int:
    """The level of identity above its owner's; 0 where it is nobody's."""
    owner = known_owner(one.owner, view) if one.owner else None
    return owner.kyc + 1 if owner is not None else 0
