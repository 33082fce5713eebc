"""What people, or the policy, decide of a withdrawal."""

from __future__ import annotations

from fullreserve.exchange.folds import REFUSED, Moment, Outcome, View
from fullreserve.exchange.products.custody_ledger import Unsound, known_owner
from fullreserve.exchange.products.custody_wire import Decide, Heed
from fullreserve.exchange.products.policy_asking import (
    concerns_of,
    decision_of,
    refusal_of,
    standing_of,
)
from fullreserve.exchange.products.policy_rules import (
    OF_COMPLIANCE,
    OF_TRAVEL_RULE,
    DecisionState,
)
from fullreserve.exchange.products.policy_wire import HELD, Decision
from fullreserve.exchange.products.withdrawal_state import (
    FEES_WALKED,
    FINAL,
    OF_ONE_REQUEST,
    REVIEWS,
    SHOWS_REVIEWERS,
    TRAVEL_SHOWN,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.exchange.products.withdrawal_table import WithdrawalTable

_State = WithdrawalState


class Decisions(WithdrawalTable):
    """By the house, of one withdrawal, before it is bound."""

    def _ruled(self, asked: Decide | Heed, moment: Moment, view: View) -> Outcome:
        one = self.state.withdrawals.get(asked.withdrawal)
        if one is None:
            return Outcome(code=Unsound.UNKNOWN)
        if isinstance(asked, Heed):
            return self._heed(one, moment, view)
        return self._decide(one, asked, moment, view)

    def _heed(self, one: Withdrawal, moment: Moment, view: View) -> Outcome:
        """The policy's decision: let through, held for its owner or people, or refunded."""
        if one.binding or one.state in FINAL or not self.state.asks_policy:
            return Outcome()
        request = self.state.request_of(one.number)
        found = decision_of(request, view)
        decided = standing_of(request, moment.time_ms, view)
        if found is None or not decided:
            return Outcome(code=Unsound.NOT_PAYABLE)
        if decided == DecisionState.ALLOWED and self._is_overtaken(one, view):
            return Outcome(code=Unsound.NOT_PAYABLE)
        shows = self.state.edition >= SHOWS_REVIEWERS
        if decided == self.state.judged.get(one.number):
            is_left = shows and decided == DecisionState.WAITING and one.state in REVIEWS
            return self._to_people(one, found, moment, view) if is_left else Outcome()
        if self.state.edition >= FEES_WALKED and one.state == _State.FEE_ROSE:
            return Outcome()  # its owner's word comes first; it is due after that
        self._set(self.state.judged, one.number, decided)
        self._touched[one.number] = None
        if decided == DecisionState.ALLOWED:
            held = REVIEWS if shows else (_State.REVIEW, _State.TRAVEL_RULE)
            if one.state not in (*held, _State.COOLING):
                return Outcome()  # it goes on as it is, or waits for another's word
            return self._decided(one, Decide(one.number, _State.APPROVED), moment, view)
        if decided in HELD:
            return self._kept(one, _State.COOLING, moment)
        if decided == DecisionState.WAITING:
            is_there = one.state in REVIEWS and not shows
            return Outcome() if is_there else self._to_people(one, found, moment, view)
        return self._refused(one, refusal_of(found), moment)

    def _refused(self, one: Withdrawal, reason: int, moment: Moment) -> Outcome:
        """What of a request is not paid or about to be: it is decided as a whole."""
        request = self.state.request_of(one.number)
        parts = sorted((request, *self._known.parts_of.get(request, ())))
        rest = [self.state.withdrawals[each] for each in parts if each in self.state.withdrawals]
        done = [
            self._refunded(each, _State.FAILED, reason, moment)
            for each in rest
            if not each.binding and each.state not in FINAL
        ]
        return Outcome(postings=tuple(line for each in done for line in each.postings))

    def _to_people(self, one: Withdrawal, found: Decision, moment: Moment, view: View) -> Outcome:
        """Under review by whoever has to look, or shown as waiting for the other institution."""
        state = self._reviewed_by(one, found, view)
        return Outcome() if one.state == state else self._kept(one, state, moment)

    def _reviewed_by(self, one: Withdrawal, found: Decision, view: View) -> WithdrawalState:
        if self.state.edition < TRAVEL_SHOWN:
            return _State.REVIEW
        concerns = concerns_of(self.state.request_of(one.number), view)
        if concerns and not concerns & ~OF_TRAVEL_RULE:
            return _State.TRAVEL_RULE
        if self.state.edition < SHOWS_REVIEWERS:
            return _State.REVIEW
        if concerns & OF_COMPLIANCE:
            return _State.COMPLIANCE
        return _State.REVIEW_2 if found.approved else _State.REVIEW

    def _kept(self, one: Withdrawal, state: WithdrawalState, moment: Moment) -> Outcome:
        one = self._change(one, moment)
        one.state, one.is_approved = state, False
        return Outcome()

    def _decide(self, one: Withdrawal, asked: Decide, moment: Moment, view: View) -> Outcome:
        undecided = one.state in REVIEWS or one.state == _State.APPROVED
        waits = one.state in (_State.QUEUED, _State.WAITING, _State.SHORT)
        if one.binding or not (undecided or waits):
            return Outcome(code=Unsound.NOT_PAYABLE)
        return self._decided(one, asked, moment, view)

    def _decided(self, one: Withdrawal, asked: Decide, moment: Moment, view: View) -> Outcome:
        if asked.state == _State.FAILED and self.state.edition >= OF_ONE_REQUEST:
            return self._refused(one, asked.reason, moment)
        if asked.state == _State.FAILED:
            return self._refunded(one, _State.FAILED, asked.reason, moment)
        if asked.state != _State.APPROVED and asked.state not in REVIEWS:
            return REFUSED
        one = self._change(one, moment)
        one.reason, one.is_approved = asked.reason, asked.state == _State.APPROVED
        if not one.is_approved:
            one.state = asked.state
            return Outcome()
        profile = known_owner(one.owner, view)
        if profile is None or self._is_stopped(one, profile, view):
            one.state = _State.QUEUED
            if one.number in self.state.parts:
                self._to_queue(one)
        else:
            self._to_payer(one)
        return Outcome()
