"""What the house orders of withdrawals: terms, stops, and that those that wait follow them."""

from __future__ import annotations

from fullreserve.exchange.folds import REFUSED, Moment, Outcome, View
from fullreserve.exchange.products.custody_ledger import known_owner
from fullreserve.exchange.products.custody_wire import (
    AnyWithdrawals,
    DefineNetwork,
    Drain,
    Hold,
    RequirePolicy,
    SetQuota,
    Settle,
    StopOwner,
)
from fullreserve.exchange.products.deposit_asking import owes
from fullreserve.exchange.products.deposit_state import Due
from fullreserve.exchange.products.policy_rules import DecisionState
from fullreserve.exchange.products.suspension_asking import is_canary
from fullreserve.exchange.products.withdrawal_drains import Drains
from fullreserve.exchange.products.withdrawal_index import SETTLED
from fullreserve.exchange.products.withdrawal_state import (
    EDITION,
    EVERY_NETWORK,
    KEEPS_LEFT,
    MOVED_MAX,
    PAYS_DEBTS,
    NextDue,
    Refused,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.exchange.wire.commands import Posting, amount_int

# What the house says of no withdrawal in particular.
ORDERS = (DefineNetwork, Hold, StopOwner, SetQuota, Settle, Drain, RequirePolicy)

_State = WithdrawalState


class Orders(Drains):
    """By the house, of no withdrawal in particular."""

    def _ordered(self, asked: AnyWithdrawals, moment: Moment, view: View) -> Outcome:
        if isinstance(asked, DefineNetwork):
            self._set(self.state.networks, asked.network, asked)
        elif isinstance(asked, StopOwner):
            until = max(asked.until_ms, self.state.stops.get(asked.owner, 0))
            self._set(self.state.stops, asked.owner, until)
        elif isinstance(asked, SetQuota):
            if asked.usd < 0:
                return REFUSED
            self._set(self.state.quotas, asked.owner, asked.usd)
        elif isinstance(asked, RequirePolicy):
            return self._require(asked.edition, moment)
        elif isinstance(asked, Drain):
            return self._drain(asked, moment, view)
        elif isinstance(asked, Hold):
            self._hold(asked, moment)
            if self._is_of_all(0):
                self._release(moment, view)
        elif isinstance(asked, Settle):
            return self._settle(asked, moment, view)
        return Outcome()

    def _require(self, edition: int, moment: Moment) -> Outcome:
        if not 0 <= edition <= EDITION:
            return REFUSED
        before, self.state.edition = self.state.edition, max(edition, self.state.edition)
        if before < KEEPS_LEFT <= edition:
            self._note_all_left(moment.time_ms)
        if not self.state.asks_policy:
            self.state.asks_policy = True
            self._index()
        return Outcome()

    def _hold(self, asked: Hold, moment: Moment) -> None:
        holds = self.state.holds.setdefault(asked.network, {})
        if not asked.stopped:
            if asked.asset in holds:
                self._remove(holds, asked.asset)
            return
        self._set(holds, asked.asset, asked)
        if not self._is_of_all(0):
            return
        for number in list(self._known.open):
            one = self.state.withdrawals[number]
            covers = asked.network in (EVERY_NETWORK, one.network) and asked.asset in (
                0,
                one.asset,
            )
            if covers and not one.binding and one.state == _State.WAITING:
                self._to_queue(self._change(one, moment))

    def _release(self, moment: Moment, view: View) -> None:
        """What nothing stops any more goes to the payer, in its old order; what is, back."""
        for number in list(self._known.open):
            one = self.state.withdrawals[number]
            waits = one.state in (_State.QUEUED, _State.WAITING) and not one.binding
            if not waits or not one.is_approved:
                continue
            profile = known_owner(one.owner, view)
            if profile is None:
                continue
            if one.state == _State.WAITING:
                if self._is_ruled_back(one, profile, view):
                    self._to_queue(self._change(one, moment))
            elif not self._is_stopped(one, profile, view):
                self._to_payer(self._change(one, moment))

    def _next_due(self, asked: NextDue, view: View) -> Due:
        here = self._known.settled(asked.after, asked.most)
        known = (self.state.withdrawals[number] for number in here)
        is_due = any(
            one.network not in asked.left and self._is_due(one, asked.now_ms, view) for one in known
        )
        return Due(here[-1] if here else 0, is_due)

    def _is_due(self, one: Withdrawal, now_ms: int, view: View) -> bool:
        """Whether a `Settle` changes anything of one that waits."""
        if self._is_owed(one, view) or self._goes_back(one, view):
            return True
        if one.state == _State.FEE_ROSE:
            return self._costs(one, now_ms) <= amount_int(one.fee)
        if one.state not in SETTLED:
            return False
        if self._is_held_back(one, view):
            return one.state != _State.QUEUED
        if one.state == _State.QUEUED:
            return True
        allowed = self.state.judged.get(one.number) == DecisionState.ALLOWED
        return allowed and self._is_overtaken(one, view)

    def _settle(self, asked: Settle, moment: Moment, view: View) -> Outcome:
        """The same of a few, and what a frozen owner asked for goes back as well."""
        if self._is_of_all(asked.most):
            self._release(moment, view)
            return Outcome()
        if not 0 < asked.most <= MOVED_MAX or asked.after < 0:
            return REFUSED
        postings: tuple[Posting, ...] = ()
        for number in self._known.settled(asked.after, asked.most):
            one = self.state.withdrawals[number]
            if one.network in asked.left:
                continue
            if self._is_owed(one, view):
                taken = self._refunded(one, _State.FAILED, Refused.RISK, moment)
                postings += taken.postings
            else:
                self._settle_one(one, moment, view)
        return Outcome(postings=postings)

    def _is_owed(self, one: Withdrawal, view: View) -> bool:
        """Whether it is to pay what its owner owes."""
        return self.state.edition >= PAYS_DEBTS and owes(one.owner, one.asset, view)

    def _settle_one(self, one: Withdrawal, moment: Moment, view: View) -> None:
        if self._goes_back(one, view):
            self._to_queue(self._change(one, moment))
        elif one.state == _State.FEE_ROSE:
            self._go_on_if_fallen(one, moment, view)
        elif one.state in SETTLED:
            self._follow(one, moment, view)

    def _follow(self, one: Withdrawal, moment: Moment, view: View) -> None:
        """What suspensions, maintenance and frozen owners have become for it."""
        number = one.number
        if self._is_held_back(one, view):
            if one.state != _State.QUEUED:
                self._to_queue(self._change(one, moment))
            return
        if one.state == _State.QUEUED:
            named = is_canary(number, view)
            self._to_payer(self._change(one, moment), is_canary=named)
        allowed = self.state.judged.get(number) == DecisionState.ALLOWED
        if allowed and self._is_overtaken(one, view):
            self._remove(self.state.judged, number)
            self._touched[number] = None
