"""The policy engine: decides requests by ordered rules, explains, and chains every decision.

A change that only tightens is one administrator's and holds at once. One that loosens needs as many
others as their group says, each having named the digest of its replay over the last 30 days, and
holds 48 hours after the last of them. Changes are of the rules or of the table of risks. One that
comes into force closes what was proposed beside it: nobody agreed to it as a change of these rules.
Approvals of a request expire after four hours, and its initiator's does not count. The fold wants
no events.

What was let through is remembered for 31 days, and what waits for as long as it does: that is as
many as are paid in a month, of about a kilobyte each. Of what was refused, which costs nobody a
fee, a number of the newest is kept; it counts for nobody's velocity.

Once the log has a table of risks, each withdrawal that is judged has a score with reasons, which is
chained with its decision. A score can hold what the rules would let through: for its owner to
confirm, for a time in which the owner may cancel, or for people. What was confirmed, or had its
time, is judged once more.

What is decided otherwise than in the first edition of these rules begins with `Adopt`.
"""

from __future__ import annotations

from itertools import islice

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.folds import REFUSED, Moment, Outcome, View
from fullreserve.exchange.products.custody_ledger import is_house
from fullreserve.exchange.products.policy_changes import Changes
from fullreserve.exchange.products.policy_groups import writers_of
from fullreserve.exchange.products.policy_judging import Judging
from fullreserve.exchange.products.policy_rules import is_sound
from fullreserve.exchange.products.policy_table import PolicyState
from fullreserve.exchange.products.policy_wire import (
    EDITION,
    RETURNS,
    TABLE_AGREED,
    WRITERS,
    Adopt,
    AnyWord,
    Approve,
    Base,
    Confirm,
    CountApprovals,
    Decide,
    Decision,
    Found,
    GetDecision,
    GetReplay,
    Judge,
    ListAssessments,
    ListConcerns,
    ListDecisions,
    ListHeld,
    ListReviews,
    ListStates,
    LookedAt,
    PolicyView,
    Propose,
    ProposeRisk,
    Refused,
    Reject,
    Replay,
    SetRisk,
    Withdraw,
    decode_asked,
)
from fullreserve.exchange.products.risk_rules import RiskTable, is_sound_table

_encode = msgspec.msgpack.Encoder().encode


class Policy(Changes, Judging):
    """Rules, their changes and what they decided; see the module."""

    def _obey(self, who: int, word: AnyWord, moment: Moment, view: View) -> Outcome:
        self._advance(moment)
        if self.state.edition:
            self._undo.clear()  # what time did stays done, whatever becomes of the command
        if isinstance(word, Decide | Judge | Found | Adopt | SetRisk):
            if who != chart.HOUSE and not is_house(who, view):
                return Outcome(code=Refused.NOT_ALLOWED)
            return self._of_house(word, moment, view)
        if isinstance(word, Approve | Reject):
            return Outcome(code=self._approve(who, word, moment, view))
        if isinstance(word, Confirm):
            return Outcome(code=self._confirm(who, word, moment))
        writers = writers_of(view, is_spared=self._is_spared)
        if not writers.counts(who):
            return Outcome(code=Refused.NOT_ALLOWED)
        if isinstance(word, Propose | ProposeRisk):
            return self._propose(who, word, moment, view)
        change = self.state.changes.get(word.change)
        if change is None:
            return Outcome(code=Refused.UNKNOWN)
        if change.is_over:
            return Outcome(code=Refused.CLOSED)
        if isinstance(word, Withdraw):
            return Outcome(code=self._drop(who, change, moment))
        return Outcome(code=self._agree(who, change, word, writers, moment))

    # What the house says

    def _of_house(
        self, word: Decide | Judge | Found | Adopt | SetRisk, moment: Moment, view: View
    ) -> Outcome:
        if isinstance(word, Decide):
            is_scored = self.state.risk is not None
            return REFUSED if is_scored else Outcome(code=self._decide(word.facts, moment))
        if isinstance(word, Judge):
            return Outcome(code=self._judge(word, moment, view))
        if isinstance(word, Adopt):
            return self._adopt(word.edition)
        if isinstance(word, SetRisk):
            return self._set_risk(word.table)
        if not is_sound(word.rules, WRITERS):
            return REFUSED
        if self.state.version:
            return Outcome(code=Refused.CLOSED)
        self.state.rules, self.state.version = word.rules, moment.sequence
        self._begin_base()
        return Outcome()

    def _begin_base(self) -> None:
        """What was there first: nobody alone has left it yet."""
        if self.state.edition >= RETURNS:
            self.state.base = Base(self.state.rules, 0, self.state.risk, 0)

    def _set_risk(self, table: RiskTable) -> Outcome:
        if not is_sound_table(table):
            return REFUSED
        if self.state.risk is not None and self.state.edition >= TABLE_AGREED:
            return Outcome(code=Refused.CLOSED)
        self.state.risk = table
        self._begin_base()
        return Outcome()

    def _adopt(self, edition: int) -> Outcome:
        if not 0 < edition <= EDITION:
            return REFUSED
        before, self.state.edition = self.state.edition, max(edition, self.state.edition)
        if not before:
            self._index()
            for number, change in self.state.changes.items():
                if not change.is_over and number < self.state.version:
                    self._supersede(change)
        if before < RETURNS:
            self._begin_base()
        return Outcome()

    # Questions

    def answer(self, question: bytes) -> bytes:
        asked = decode_asked(question)
        if isinstance(asked, GetDecision):
            return _encode(self.state.decisions.get(asked.request))
        if isinstance(asked, GetReplay):
            return _encode(self._asked_replay(asked))
        if isinstance(asked, ListStates):
            found = (self.state.decisions.get(request) for request in asked.requests)
            now_ms = asked.now_ms
            return _encode([0 if one is None else self._standing(one, now_ms) for one in found])
        if isinstance(asked, ListDecisions):
            return _encode(self._listed(asked))
        if isinstance(asked, ListConcerns):
            return _encode([self.state.concerns.get(request, 0) for request in asked.requests])
        if isinstance(asked, CountApprovals):
            found = (self.state.decisions.get(request) for request in asked.requests)
            return _encode([0 if one is None else one.approved for one in found])
        if isinstance(asked, ListAssessments):
            return _encode([self.state.assessed.get(request) for request in asked.requests])
        if isinstance(asked, ListHeld):
            return _encode(self._held(asked))
        if isinstance(asked, LookedAt):
            return _encode(self.state.passed.get(asked.request, 0))
        if isinstance(asked, ListReviews):
            return _encode([self.state.reviews.get(request) for request in asked.requests])
        is_due = any(one.is_due(asked.now_ms) for one in self.state.changes.values())
        state = self._ahead(asked.now_ms) if is_due else self.state
        changes = tuple(state.changes[number] for number in sorted(state.changes))
        return _encode(
            PolicyView(
                *(state.version, state.rules, changes, state.head, state.superseded, state.risk),
                *(state.tables, state.base, state.alone),
            )
        )

    def _ahead(self, now_ms: int) -> PolicyState:
        """A copy without decisions, in which what is due by then holds, as the next word finds it.

        Nothing is said when a change comes to hold: the fold learns of it by what is said after.
        """
        ahead, state = Policy(), self.state
        ahead.state = PolicyState(
            rules=state.rules,
            version=state.version,
            changes=dict(state.changes),
            head=state.head,
            edition=state.edition,
            superseded=dict(state.superseded),
            risk=state.risk,
            tables=dict(state.tables),
            base=state.base,
            alone=dict(state.alone),
        )
        ahead._advance(Moment(0, now_ms))
        return ahead.state

    def _asked_replay(self, asked: GetReplay) -> Replay | None:
        change = self.state.changes.get(asked.change)
        if change is None:
            return None
        if not self.state.edition:
            return self._first_replay(change, asked.now_ms)
        newest = next(reversed(self.state.decisions.values()), None)
        return self._replay(change, asked.now_ms, newest.number if newest is not None else 0)

    def _held(self, asked: ListHeld) -> list[Decision]:
        requests = self._known.awaited(asked.after, asked.limit)
        return [self.state.decisions[request] for request in requests]

    def _listed(self, asked: ListDecisions) -> list[Decision]:
        """The table stands in the order of the decisions."""
        newest = reversed(self.state.decisions.values())
        wanted = (one for one in newest if asked.state in (0, one.state))
        return list(islice(wanted, asked.limit))
