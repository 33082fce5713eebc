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

from hashlib import sha256
from itertools import islice, takewhile

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.folds import REFUSED, Moment, Outcome, State, View
from fullreserve.exchange.products.approval_state import Group
from fullreserve.exchange.products.custody_ledger import Prices, Wallets, is_house
from fullreserve.exchange.products.custody_wire import WITHDRAWALS, Tier
from fullreserve.exchange.products.liveness import Colour, worst_colour
from fullreserve.exchange.products.policy_groups import hangs, members, writers_of
from fullreserve.exchange.products.policy_index import Index
from fullreserve.exchange.products.policy_replay import replayed, scored_again
from fullreserve.exchange.products.policy_risk import Assessed, assess
from fullreserve.exchange.products.policy_rules import (
    UNPRICED_USD,
    DecisionState,
    Facts,
    Rule,
    Spent,
    Verb,
    Webhook,
    explain,
    is_sound,
    lets_leave,
)
from fullreserve.exchange.products.policy_tightening import tightens_by
from fullreserve.exchange.products.policy_wire import (
    APPROVE_MS,
    ASKED_AGAIN,
    CANCELED_GO,
    CHANGES_KEPT,
    DECISIONS_KEPT,
    EDITION,
    HOOK_ASKED,
    KEPT_MS,
    LOCK_MS,
    POLICY,
    REFUSED_KEPT,
    REFUSED_REPLAYED,
    REPLAY_MS,
    REPLAYED_MAX,
    RETURN_MS,
    RETURNS,
    SEEN_MS,
    SPARED,
    TABLE_AGREED,
    WRITERS,
    Adopt,
    Agree,
    Alone,
    AnyWord,
    Approve,
    Base,
    Change,
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
    decode_word,
)
from fullreserve.exchange.products.risk_rules import (
    Assessment,
    RiskFacts,
    RiskTable,
    is_sound_table,
    tightens_table,
)
from fullreserve.exchange.products.risk_rules import Outcome as Risk
from fullreserve.exchange.products.undoing import UndoingFold
from fullreserve.exchange.products.withdrawal_rulings import reviewed_since
from fullreserve.exchange.products.withdrawal_state import (
    FINAL,
    REVIEWS,
    GetRequest,
    GetWithdrawal,
    Withdrawal,
)
from fullreserve.exchange.wire.queries import AskFold

SHARES = 10_000  # parts of a wallet that a share is in
LARGE_USD = 10_000 * 10**8  # what goes by itself while a tier could lose nobody more


BEGINS = {
    Verb.ALLOW: DecisionState.ALLOWED,
    Verb.APPROVE: DecisionState.WAITING,
    Verb.BLOCK: DecisionState.BLOCKED,
}


class PolicyState(State):
    rules: tuple[Rule, ...] = ()
    version: int = 0  # the change that made it
    changes: dict[int, Change] = msgspec.field(default_factory=dict)
    decisions: dict[int, Decision] = msgspec.field(default_factory=dict)  # by request
    head: bytes = bytes(32)
    edition: int = 0
    # From edition 1 on: the sequence at which a request that had waited was refused; and changes
    # that were closed because another came into force, which.
    ended: dict[int, int] = msgspec.field(default_factory=dict)
    superseded: dict[int, int] = msgspec.field(default_factory=dict)
    # From edition 2 on: the sequence at which people let a request through that had waited.
    passed: dict[int, int] = msgspec.field(default_factory=dict)
    concerns: dict[int, int] = msgspec.field(default_factory=dict)  # of requests, where any
    risk: RiskTable | None = None
    assessed: dict[int, Assessment] = msgspec.field(default_factory=dict)  # by request
    # From edition 5 on: what was looked at for a request's score; and tables that are proposed.
    risk_facts: dict[int, RiskFacts] = msgspec.field(default_factory=dict)
    tables: dict[int, RiskTable] = msgspec.field(default_factory=dict)  # by change
    base: Base | None = None  # from edition 6 on
    alone: dict[int, Alone] = msgspec.field(default_factory=dict)  # from edition 7 on


_withdrawal = msgspec.msgpack.Decoder(Withdrawal | None).decode
_encode = msgspec.msgpack.Encoder().encode
_replace = msgspec.structs.replace


class Policy(UndoingFold[PolicyState, AnyWord]):
    """Rules, their changes and what they decided; see the module."""

    number = POLICY
    name = "policy"
    is_late = True
    added = (
        *("edition", "ended", "superseded", "passed", "concerns", "risk", "assessed"),
        *("risk_facts", "tables", "base", "alone"),
    )

    def __init__(self) -> None:
        super().__init__(PolicyState(), decode_word)

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

    def _judge(self, word: Judge, moment: Moment, view: View) -> int:
        # A tranche is judged as what was asked for, whole: once, whichever of them is due first.
        answer = view.query(AskFold(WITHDRAWALS, _encode(GetRequest(word.withdrawal))))
        one = None if answer is None else _withdrawal(answer)
        known = self.state.decisions.get(word.withdrawal if one is None else one.number)
        met = self._met(known, moment.time_ms)
        if known is not None and not met and not self._may_be_asked_again(known):
            return 0
        if known is not None and not met and (one is None or not self._is_overtaken(one, view)):
            return 0
        if self._wants_hook(word.webhook):
            return Refused.WEBHOOK
        if one is None:
            return Refused.UNKNOWN
        if self.state.edition and one.state in FINAL:
            return Refused.CLOSED
        if known is not None:
            before = self.state.assessed.get(one.number)
            met = max(met, before.met if before is not None else met)
            self._forget(one.number)
        self._let_canceled_go(one.owner, moment, view)
        usd = Prices(view).value(one.asset, one.value)
        has = Wallets(view).of(chart.CHAIN_HOT, one.network, one.asset)
        value = UNPRICED_USD if usd is None else usd
        table, risk = self.state.risk, None
        if table is not None:
            risk = assess(table, word, one, value, self._known, met or Risk.PASS, moment, view)
        is_short_of_holders = value > LARGE_USD and worst_colour(moment.time_ms, view) >= Colour.RED
        facts = Facts(
            *(one.number, one.owner, one.owner, Tier.HOT, one.network, one.asset),
            *(word.category, word.age_ms, value),
            share=-(-one.value * SHARES // has) if has > 0 else SHARES,
            webhook=word.webhook,
            is_reviewed=one.state in REVIEWS
            or is_short_of_holders
            or word.concerns > 0
            or (self.state.edition > 0 and reviewed_since(one, view) > 0)
            or (risk is not None and risk.found.outcome == Risk.REVIEW),
        )
        code = self._decide(facts, moment, risk)
        if word.concerns > 0 and not code:
            self.state.concerns[one.number] = word.concerns
        return code

    def _let_canceled_go(self, owner: int, moment: Moment, view: View) -> None:
        """What an owner canceled while a score held it is refused: so much was free to ask for.

        Nobody tells this fold of it. As many are looked at as an owner may have under way, and as
        were canceled since the owner's last request.
        """
        if self.state.edition < CANCELED_GO:
            return
        for request in self._known.held(owner):
            answer = view.query(AskFold(WITHDRAWALS, _encode(GetWithdrawal(request))))
            one = None if answer is None else _withdrawal(answer)
            if one is None or one.state in FINAL:
                self._end(self.state.decisions[request], DecisionState.CANCELED, moment)

    def _met(self, known: Decision | None, now_ms: int) -> int:
        """What a score asked for that has been done since; 0 where nothing was, or it is not."""
        if known is None:
            return 0
        if known.state == DecisionState.CONFIRMED:
            return Risk.STEP_UP
        found = self.state.assessed.get(known.facts.request)
        is_over = found is not None and found.until_ms <= now_ms
        return Risk.DELAY if known.state == DecisionState.DELAYED and is_over else 0

    def _wants_hook(self, answer: int) -> bool:
        """Whether the webhook was not asked, and a rule in force wants its answer.

        Who vets asks it by the rules of that moment; others may hold by the time the word is here.
        """
        if self.state.edition < HOOK_ASKED or answer != Webhook.NOT_ASKED:
            return False
        return any(rule.webhook for rule in self.state.rules)

    def _may_be_asked_again(self, known: Decision) -> bool:
        return self.state.edition >= ASKED_AGAIN and known.state == DecisionState.ALLOWED

    def _is_overtaken(self, one: Withdrawal, view: View) -> bool:
        """Whether a review began after a request was let through that is not bound yet."""
        if one.binding or one.state in FINAL:
            return False
        return self.state.passed.get(one.number, 0) < reviewed_since(one, view)

    # Decisions

    def _decide(self, facts: Facts, moment: Moment, assessed: Assessed | None = None) -> int:
        known = self.state.decisions.get(facts.request)
        if known is not None:
            return 0 if known.facts == facts else Refused.CONTRADICTS
        if self._wants_hook(facts.webhook):
            return Refused.WEBHOOK
        risk = assessed.found if assessed is not None else None
        beside_usd = risk.beside_usd if risk is not None else 0
        spent = self._spent(facts.owner, beside_usd, moment)
        found = explain(self.state.rules, facts, spent, moment.time_ms)
        one = Decision(
            *(moment.sequence, facts, found, self.state.version, moment.time_ms),
            *(_begins(Verb(found.verb), risk), b""),
        )
        content = _encode(one) + (b"" if risk is None else _encode(risk))
        self.state.head = sha256(self.state.head + content).digest()
        if assessed is not None:
            self.state.assessed[facts.request] = assessed.found
            if self.state.edition >= TABLE_AGREED:
                self.state.risk_facts[facts.request] = assessed.facts
        self._enter(_replace(one, digest=self.state.head))
        return 0

    def _enter(self, one: Decision) -> None:
        """A new decision; the command that makes it is taken, so that nothing is to be undone."""
        decisions, known = self.state.decisions, self._known
        decisions[one.facts.request] = one
        known.enter(one)
        if not self.state.edition:
            if len(decisions) > DECISIONS_KEPT:
                self._forget(next(iter(decisions)))
            return
        while _is_old(oldest := next(iter(decisions.values())), one.time_ms):
            self._forget(oldest.facts.request)
        while len(known.refused) > REFUSED_KEPT:
            self._forget(next(iter(known.refused)))

    def _forget(self, request: int) -> None:
        self._known.forget(self.state.decisions.pop(request))
        self.state.assessed.pop(request, None)
        self.state.risk_facts.pop(request, None)
        self.state.ended.pop(request, None)
        self.state.passed.pop(request, None)
        self.state.concerns.pop(request, None)

    def _index(self) -> None:
        state = self.state
        self._known = Index(state.decisions.values(), state.ended, state.assessed)

    def _spent(self, owner: int, beside_usd: int, moment: Moment) -> Spent:
        earliest_ms = moment.time_ms - REPLAY_MS

        def spent(since_ms: int) -> int:
            return self._known.velocity.since(owner, max(since_ms, earliest_ms)) + beside_usd

        return spent

    def _approve(self, who: int, word: Approve | Reject, moment: Moment, view: View) -> int:
        one = self.state.decisions.get(word.request)
        if one is None:
            return Refused.UNKNOWN
        if one.state != DecisionState.WAITING:
            return Refused.CLOSED
        group = members(one.explained.group, view)
        if not group.counts(who):
            return Refused.NOT_ALLOWED
        if who in (one.facts.initiator, one.facts.owner):
            return Refused.OWN
        if isinstance(word, Reject):
            self._end(one, DecisionState.REJECTED, moment)
            return 0
        if who in one.approvals:
            return Refused.TWICE
        one = _replace(one, approvals=(*one.approvals, who))
        if sum(group.counts(each) for each in one.approvals) >= one.explained.needed:
            one = _replace(one, state=DecisionState.ALLOWED)
            self._known.decided(one)
            if self.state.edition >= ASKED_AGAIN:
                self.state.passed[word.request] = moment.sequence
        self.state.decisions[word.request] = one  # the command is taken: nothing is to be undone
        return 0

    def _confirm(self, who: int, word: Confirm, moment: Moment) -> int:
        one = self.state.decisions.get(word.request)
        if one is None or one.facts.owner != who:
            return Refused.UNKNOWN
        if self._standing(one, moment.time_ms) != DecisionState.CONFIRMING:
            return Refused.CLOSED
        self._known.decided(one)
        # The command is taken: nothing is to be undone.
        self.state.decisions[word.request] = _replace(one, state=DecisionState.CONFIRMED)
        return 0

    def _standing(self, one: Decision, now_ms: int) -> int:
        """What has become of a decision by a time; 0: it is to be judged once more."""
        if self._met(one, now_ms):
            return 0
        found = self.state.assessed.get(one.facts.request)
        is_late = found is not None and found.until_ms <= now_ms
        if one.state == DecisionState.CONFIRMING and is_late:
            return DecisionState.EXPIRED
        return one.standing(now_ms)

    def _end(self, one: Decision, state: DecisionState, moment: Moment) -> None:
        """What waited, or was held, is refused."""
        request = one.facts.request
        self._set(self.state.decisions, request, _replace(one, state=state))
        if self.state.edition:
            self._set(self.state.ended, request, moment.sequence)
        self._known.end(one)
        self._undo.append(lambda: self._known.wait_again(one))

    # Changes

    @property
    def _is_spared(self) -> bool:
        return self.state.edition >= SPARED

    def _propose(
        self, who: int, word: Propose | ProposeRisk, moment: Moment, view: View
    ) -> Outcome:
        code = self._why_not(word, view)
        if code:
            return Outcome(code=code)
        rules: tuple[Rule, ...] = ()
        if isinstance(word, Propose):
            rules = word.rules
            is_tightening = tightens_by(self.state.edition, self.state.rules, rules)
        else:
            assert self.state.risk is not None
            is_tightening = tightens_table(self.state.risk, word.table)
            self._set(self.state.tables, moment.sequence, word.table)
        change = Change(
            *(moment.sequence, rules, who, moment.time_ms, word.note, is_tightening),
            holds_ms=moment.time_ms if is_tightening and not self._alone(who).overruled_ms else 0,
        )
        self._set(self.state.changes, change.number, change)
        self._advance(moment)
        over = [number for number, one in self.state.changes.items() if one.is_over]
        for number in over[: max(0, len(over) - CHANGES_KEPT)]:
            self._remove(self.state.changes, number)
            if number in self.state.superseded:
                self._remove(self.state.superseded, number)
            if number in self.state.tables:
                self._remove(self.state.tables, number)
        return Outcome()

    def _why_not(self, word: Propose | ProposeRisk, view: View) -> int:
        """Why something is not proposed; 0 for nothing."""
        if isinstance(word, Propose):
            return self._why_not_rules(word.rules, view)
        if self.state.edition < TABLE_AGREED or not is_sound_table(word.table):
            return REFUSED.code
        if self.state.risk is None:
            return Refused.UNKNOWN
        return Refused.NO_CHANGE if self._is_spared and word.table == self.state.risk else 0

    def _why_not_rules(self, rules: tuple[Rule, ...], view: View) -> int:
        held, base = self.state.rules, self.state.base
        if not is_sound(rules, WRITERS):
            return REFUSED.code
        if self.state.edition >= RETURNS and not lets_leave(rules):
            return Refused.NOTHING_LEAVES
        if not self._is_spared:
            return 0
        if rules == held:
            return Refused.NO_CHANGE
        if base is not None and rules == base.rules:
            return 0  # what several agreed on can be returned to, whoever is gone
        is_hanging = any(hangs(rule, view) for rule in rules if rule not in held)
        return Refused.HANGS if is_hanging else 0

    def _drop(self, who: int, change: Change, moment: Moment) -> int:
        if self._is_spared and who != change.proposer:
            known = self._alone(who)
            if known.has_spoken(moment.time_ms):
                return Refused.SPOKEN
            self._set(self.state.alone, who, _replace(known, dropped_ms=moment.time_ms))
        self._set(self.state.changes, change.number, _replace(change, is_over=True))
        return 0

    def _alone(self, who: int) -> Alone:
        return self.state.alone.get(who) or Alone()

    def _agree(self, who: int, change: Change, word: Agree, writers: Group, moment: Moment) -> int:
        if not writers.is_set_up or (self._is_spared and not writers.is_founded):
            return Refused.SET_UP
        if change.holds_ms:
            return Refused.CLOSED
        if who == change.proposer:
            return Refused.OWN
        if who in change.agreed:
            return Refused.TWICE
        if not self._has_seen(change, word, moment):
            return Refused.STALE_REPLAY
        agreed = (*change.agreed, who)
        change = _replace(change, agreed=agreed)
        if sum(writers.counts(each) for each in agreed) >= writers.threshold:
            is_quick = self._returns(change, moment.time_ms) or self._tightens_now(change)
            change = _replace(change, holds_ms=moment.time_ms + (0 if is_quick else LOCK_MS))
        self._set(self.state.changes, change.number, change)
        self._advance(moment)
        return 0

    def _tightens_now(self, change: Change) -> bool:
        """Whether what several agree on tightens what holds by now, from edition 7 on."""
        table = self.state.tables.get(change.number)
        if not self._is_spared:
            return False
        if table is None:
            return tightens_by(self.state.edition, self.state.rules, change.rules)
        return self.state.risk is not None and tightens_table(self.state.risk, table)

    def _returns(self, change: Change, now_ms: int) -> bool:
        """Whether a change takes back, in time, what one alone tightened."""
        since_ms = self._left_ms(change)
        return since_ms > 0 and now_ms - since_ms <= RETURN_MS

    def _left_ms(self, change: Change) -> int:
        """Of a return, since when one alone has left what it goes back to; 0: it is none."""
        base, table = self.state.base, self.state.tables.get(change.number)
        if base is None:
            return 0
        if table is None:
            return base.rules_ms if change.rules == base.rules else 0
        return base.risk_ms if table == base.risk else 0

    def _has_seen(self, change: Change, word: Agree, moment: Moment) -> bool:
        """Whether a replay was looked at: of today, with all that was decided before it."""
        if not self.state.edition:
            return word.replay == self._first_replay(change, moment.time_ms).digest
        is_fresh = moment.time_ms - SEEN_MS < word.at_ms <= moment.time_ms
        later = takewhile(
            lambda one: one.number > word.until, reversed(self.state.decisions.values())
        )
        return (
            is_fresh
            and all(one.time_ms >= word.at_ms for one in later)
            and word.replay == self._replay(change, word.at_ms, word.until).digest
        )

    def _advance(self, moment: Moment) -> None:
        """What time alone does: changes that are due hold, old approvals expire."""
        due = [one for one in self.state.changes.values() if one.is_due(moment.time_ms)]
        if self.state.edition:
            due.sort(key=lambda one: (one.holds_ms, one.number))
        for change in due:
            if not self.state.changes[change.number].is_over:
                self._hold(change)
        for request in list(self._known.waiting):
            one = self.state.decisions[request]
            if one.time_ms + APPROVE_MS > moment.time_ms:
                break  # they stand in the order of their decisions
            self._end(one, DecisionState.EXPIRED, moment)
        for request in list(self._known.confirming):
            one = self.state.decisions[request]
            if self._standing(one, moment.time_ms) != DecisionState.EXPIRED:
                break  # of another table it may have longer: the next word ends it
            self._end(one, DecisionState.EXPIRED, moment)

    def _hold(self, change: Change) -> None:
        """A change comes into force; what was proposed beside it was meant for other rules."""
        table = self.state.tables.get(change.number)
        if table is None:
            self.state.rules = change.rules
        else:
            self.state.risk = table
        self.state.version = change.number
        closes = self.state.edition > 0 and not self._has_spoken(change)
        if self._is_spared:
            self._note(change)
        self._leave_base(change)
        self._set(self.state.changes, change.number, _replace(change, is_over=True))
        if closes:
            for other in list(self.state.changes.values()):
                if not other.is_over:
                    self._supersede(other)

    def _has_spoken(self, change: Change) -> bool:
        """Whether one alone brings it in who did so, or dropped another's, within the week."""
        is_alone = self._is_spared and not change.agreed
        return is_alone and self._alone(change.proposer).has_spoken(change.holds_ms)

    def _note(self, change: Change) -> None:
        """Who tightens alone; or whom several overrule by going back, and whom they follow."""
        who, known = change.proposer, self._alone(change.proposer)
        now_ms, is_table = change.holds_ms, change.number in self.state.tables
        if not change.agreed:
            when = {"risk_ms" if is_table else "rules_ms": now_ms}
            self._set(self.state.alone, who, _replace(known, **when))
            return
        since_ms = self._left_ms(change)
        for other, one in list(self.state.alone.items()):
            last_ms = one.risk_ms if is_table else one.rules_ms
            if other == who:
                self._set(self.state.alone, other, _replace(one, overruled_ms=0))
            elif 0 < since_ms <= last_ms:
                self._set(self.state.alone, other, _replace(one, overruled_ms=now_ms))

    def _leave_base(self, change: Change) -> None:
        """What several agreed on is what the next return goes to; one alone leaves that."""
        base, table = self.state.base, self.state.tables.get(change.number)
        if base is None:
            return
        if table is None:
            is_there = self._is_spared and change.rules == base.rules
            left_ms = 0 if is_there else base.rules_ms or change.holds_ms
            agreed = _replace(base, rules=change.rules, rules_ms=0)
            alone = _replace(base, rules_ms=left_ms)
        else:
            is_there = self._is_spared and table == base.risk
            left_ms = 0 if is_there else base.risk_ms or change.holds_ms
            agreed = _replace(base, risk=table, risk_ms=0)
            alone = _replace(base, risk_ms=left_ms)
        self.state.base = agreed if change.agreed else alone

    def _supersede(self, change: Change) -> None:
        self._set(self.state.changes, change.number, _replace(change, is_over=True))
        self._set(self.state.superseded, change.number, self.state.version)

    def _replay(self, change: Change, at_ms: int, until: int) -> Replay:
        """What the change would have made of the 30 days' requests before a time, the newest first.

        The same whenever it is asked for within a day: what comes later has no part in it, and what
        is forgotten meanwhile, neither.
        """
        table, ended, since_ms = self.state.decisions, self.state.ended, at_ms - REPLAY_MS
        refused = [
            request
            for request in self._known.refused
            if ended.get(request, table[request].number) <= until
        ]
        left_out = dict.fromkeys(refused[: max(0, len(refused) - REFUSED_REPLAYED)])
        newest = takewhile(lambda one: one.time_ms > since_ms, reversed(table.values()))
        # Orders wait while it is worked out, so that it is of a bounded number.
        seen = list(
            islice(
                (
                    one
                    for one in newest
                    if one.number <= until and one.facts.request not in left_out
                ),
                REPLAYED_MAX,
            )
        )[::-1]
        assessed, risk = self.state.assessed, self.state.tables.get(change.number)
        if risk is None:
            again = replayed(change.rules, seen, ended, assessed, since_ms, by_group=True)
        else:
            again = scored_again(risk, seen, assessed, self.state.risk_facts)
        looked_at, differs = again
        # From edition 7 on a change may outlive another that comes into force: what it would have
        # made of requests is as it was.
        version = 0 if self._is_spared else self.state.version
        content = _encode((change.number, version, at_ms, until, differs))
        return Replay(looked_at, differs, sha256(content).digest(), at_ms, until)

    def _first_replay(self, change: Change, now_ms: int) -> Replay:
        """Before edition 1: a replay that every further decision makes another."""
        seen, since_ms = list(self.state.decisions.values()), now_ms - REPLAY_MS
        looked_at, differs = replayed(change.rules, seen, {}, {}, since_ms, by_group=False)
        content = _encode((change.number, self.state.head, differs))
        return Replay(looked_at, differs, sha256(content).digest())

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


def _begins(verb: Verb, risk: Assessment | None) -> DecisionState:
    """How a decision begins: a score holds what the rules would let through."""
    if verb == Verb.ALLOW and risk is not None and risk.holds:
        is_asked = risk.outcome == Risk.STEP_UP
        return DecisionState.CONFIRMING if is_asked else DecisionState.DELAYED
    return BEGINS[verb]


def _is_old(one: Decision, now_ms: int) -> bool:
    """Whether nothing looks at a decision any more; what waits expires long before."""
    return one.time_ms <= now_ms - KEPT_MS and one.state != DecisionState.WAITING
