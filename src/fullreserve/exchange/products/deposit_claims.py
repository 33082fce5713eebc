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
    STRICTER,
    UNSCREENED,
    Deposit,
    DepositState,
    Phase,
    stricter,
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
        is_strict = self.state.edition >= STRICTER
        before = self.kept_at(one)
        if is_strict and stricter(before, asked.state) != asked.state:
            return Outcome(code=Unsound.CONTRADICTS)
        if before != asked.state:
            one = self._change(one, moment)
            if is_strict and one.stop == UNSCREENED:
                self._set(self.state.said, one.transfer, asked.state)
            else:
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
        said = self._unsay(one)
        found = 0 if asked.state == DepositState.CREDITED else asked.state
        one.stop = stricter(found, said)
        levels = [asked.kyc] if found == one.stop else []
        if said == one.stop:
            levels.append(self.state.levels.get(one.transfer, 0))
        is_for_level = one.stop == DepositState.KYC and all(levels)
        self._ask_for(one, max(levels) if is_for_level else 0)
        self._known.enter(one)
        return self._advanced([one], moment, view)

    def kept_at(self, one: Deposit) -> int:
        """The state at which a deposit is kept for itself, screened or not; 0: it is not."""
        return self.state.said.get(one.transfer, 0) if one.stop == UNSCREENED else one.stop

    def _unsay(self, one: Deposit) -> int:
        """Takes back what people said before it was screened, and returns it."""
        said = self.state.said.get(one.transfer, 0)
        if said:
            self._remove(self.state.said, one.transfer)
        return said

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
        self._unsay(one)
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
