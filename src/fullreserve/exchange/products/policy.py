"""The policy engine: decides requests by ordered rules, explains, and chains every decision.

A change that only tightens is one administrator's and holds at once. One that loosens needs as many
others as their group says, each having named the digest of its replay over the last 30 days, and
holds 48 hours after the last of them. Approvals of a request expire after four hours, and its
initiator's does not count. The fold wants no events.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.folds import REFUSED, Moment, Outcome, State, View
from fullreserve.exchange.products.approval_state import CONSOLE, GetGroup, Group
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.custody_ledger import Prices, Wallets, is_house
from fullreserve.exchange.products.custody_wire import WITHDRAWALS, Tier
from fullreserve.exchange.products.liveness import Colour, worst_colour
from fullreserve.exchange.products.policy_rules import (
    UNPRICED_USD,
    DecisionState,
    Facts,
    Rule,
    Verb,
    explain,
    is_sound,
    tightens,
)
from fullreserve.exchange.products.policy_wire import (
    APPROVE_MS,
    CHANGES_KEPT,
    DECISIONS_KEPT,
    LOCK_MS,
    POLICY,
    REPLAY_MS,
    WRITERS,
    Agree,
    Approve,
    Change,
    Decide,
    Decision,
    Differs,
    Found,
    GetDecision,
    GetReplay,
    Judge,
    ListDecisions,
    ListStates,
    PolicyView,
    Propose,
    Refused,
    Reject,
    Replay,
    Withdraw,
    decode_asked,
    decode_word,
)
from fullreserve.exchange.products.undoing import UndoingFold
from fullreserve.exchange.products.withdrawal_state import (
    REVIEWS,
    GetWithdrawal,
    Withdrawal,
)
from fullreserve.exchange.wire.commands import Product
from fullreserve.exchange.wire.queries import AskFold

SHARES = 10_000  # parts of a wallet that a share is in
LARGE_USD = 10_000 * 10**8  # what goes by itself while a tier could lose nobody more


class PolicyState(State):
    rules: tuple[Rule, ...] = ()
    version: int = 0  # the change that made it
    changes: dict[int, Change] = msgspec.field(default_factory=dict)
    decisions: dict[int, Decision] = msgspec.field(default_factory=dict)  # by request
    head: bytes = bytes(32)


_withdrawal = msgspec.msgpack.Decoder(Withdrawal | None).decode
_group = msgspec.msgpack.Decoder(Group).decode
_encode = msgspec.msgpack.Encoder().encode
_replace = msgspec.structs.replace


class Policy(UndoingFold[PolicyState]):
    """Rules, their changes and what they decided; see the module."""

    number = POLICY
    name = "policy"
    is_late = True

    def __init__(self) -> None:
        super().__init__(PolicyState())

    def handle(self, command: Product, moment: Moment, view: View) -> Outcome:
        self._undo.clear()
        try:
            word = decode_word(command.payload)
        except msgspec.DecodeError:
            return REFUSED
        self._advance(moment)
        who = command.owner
        if isinstance(word, Decide | Judge | Found):
            if who != chart.HOUSE and not is_house(who, view):
                return Outcome(code=Refused.NOT_ALLOWED)
            return self._of_house(word, moment, view)
        if isinstance(word, Approve | Reject):
            return Outcome(code=self._approve(who, word, view))
        writers = _writers(view)
        if not writers.counts(who):
            return Outcome(code=Refused.NOT_ALLOWED)
        if isinstance(word, Propose):
            return self._propose(who, word, moment)
        change = self.state.changes.get(word.change)
        if change is None:
            return Outcome(code=Refused.UNKNOWN)
        if change.is_over:
            return Outcome(code=Refused.CLOSED)
        if isinstance(word, Withdraw):
            self._set(self.state.changes, change.number, _replace(change, is_over=True))
            return Outcome()
        return Outcome(code=self._agree(who, change, word, writers, moment))

    # What the house says

    def _of_house(self, word: Decide | Judge | Found, moment: Moment, view: View) -> Outcome:
        if isinstance(word, Decide):
            return Outcome(code=self._decide(word.facts, moment))
        if isinstance(word, Judge):
            return Outcome(code=self._judge(word, moment, view))
        if not is_sound(word.rules, WRITERS):
            return REFUSED
        if self.state.version:
            return Outcome(code=Refused.CLOSED)
        self.state.rules, self.state.version = word.rules, moment.sequence
        return Outcome()

    def _judge(self, word: Judge, moment: Moment, view: View) -> int:
        if word.withdrawal in self.state.decisions:
            return 0
        answer = view.query(AskFold(WITHDRAWALS, _encode(GetWithdrawal(word.withdrawal))))
        one = None if answer is None else _withdrawal(answer)
        if one is None:
            return Refused.UNKNOWN
        usd = Prices(view).value(one.asset, one.value)
        has = Wallets(view).of(chart.CHAIN_HOT, one.network, one.asset)
        value = UNPRICED_USD if usd is None else usd
        is_short_of_holders = value > LARGE_USD and worst_colour(moment.time_ms, view) >= Colour.RED
        facts = Facts(
            *(one.number, one.owner, one.owner, Tier.HOT, one.network, one.asset),
            *(word.category, word.age_ms, value),
            share=-(-one.value * SHARES // has) if has > 0 else SHARES,
            webhook=word.webhook,
            is_reviewed=one.state in REVIEWS or is_short_of_holders,
        )
        return self._decide(facts, moment)

    # Decisions

    def _decide(self, facts: Facts, moment: Moment) -> int:
        known = self.state.decisions.get(facts.request)
        if known is not None:
            return 0 if known.facts == facts else Refused.CONTRADICTS
        spent = self._spent(facts.owner, moment.time_ms)
        found = explain(self.state.rules, facts, spent, moment.time_ms)
        states = {
            Verb.ALLOW: DecisionState.ALLOWED,
            Verb.APPROVE: DecisionState.WAITING,
            Verb.BLOCK: DecisionState.BLOCKED,
        }
        one = Decision(
            *(moment.sequence, facts, found, self.state.version, moment.time_ms),
            *(states[Verb(found.verb)], b""),
        )
        self.state.head = sha256(self.state.head + _encode(one)).digest()
        self._enter(_replace(one, digest=self.state.head))
        return 0

    def _enter(self, one: Decision) -> None:
        """A new decision; the command that makes it is taken, so that nothing is to be undone."""
        decisions = self.state.decisions
        decisions[one.facts.request] = one
        self._note(one)
        if len(decisions) > DECISIONS_KEPT:
            oldest = decisions.pop(next(iter(decisions)))
            self._of_owner[oldest.facts.owner].pop(oldest.facts.request, None)
            self._waiting.pop(oldest.facts.request, None)

    def _note(self, one: Decision) -> None:
        request = one.facts.request
        self._of_owner.setdefault(one.facts.owner, {})[request] = None
        if one.state == DecisionState.WAITING:
            self._waiting[request] = None

    def _index(self) -> None:
        self._of_owner: dict[int, dict[int, None]] = {}
        self._waiting: dict[int, None] = {}
        for one in self.state.decisions.values():
            self._note(one)

    def _spent(self, owner: int, now_ms: int, before: int = 0) -> list[tuple[int, int]]:
        """An owner's requests that were not blocked, of 30 days and before a decision."""
        return [
            (one.time_ms, one.facts.usd)
            for request in self._of_owner.get(owner, ())
            if (one := self.state.decisions[request]).state
            in (DecisionState.ALLOWED, DecisionState.WAITING)
            and one.time_ms > now_ms - REPLAY_MS
            and (not before or one.number < before)
        ]

    def _approve(self, who: int, word: Approve | Reject, view: View) -> int:
        one = self.state.decisions.get(word.request)
        if one is None:
            return Refused.UNKNOWN
        if one.state != DecisionState.WAITING:
            return Refused.CLOSED
        group = _members(one.explained.group, view)
        if not group.counts(who):
            return Refused.NOT_ALLOWED
        if who in (one.facts.initiator, one.facts.owner):
            return Refused.OWN
        if isinstance(word, Reject):
            self._set(
                self.state.decisions, word.request, _replace(one, state=DecisionState.REJECTED)
            )
            return 0
        if who in one.approvals:
            return Refused.TWICE
        one = _replace(one, approvals=(*one.approvals, who))
        if sum(group.counts(each) for each in one.approvals) >= one.explained.needed:
            one = _replace(one, state=DecisionState.ALLOWED)
        self._set(self.state.decisions, word.request, one)
        return 0

    # Changes

    def _propose(self, who: int, word: Propose, moment: Moment) -> Outcome:
        if not is_sound(word.rules, WRITERS):
            return REFUSED
        is_tightening = tightens(self.state.rules, word.rules)
        change = Change(
            *(moment.sequence, word.rules, who, moment.time_ms, word.note, is_tightening),
            holds_ms=moment.time_ms if is_tightening else 0,
        )
        self._set(self.state.changes, change.number, change)
        self._advance(moment)
        over = [number for number, one in self.state.changes.items() if one.is_over]
        for number in over[: max(0, len(over) - CHANGES_KEPT)]:
            self._remove(self.state.changes, number)
        return Outcome()

    def _agree(self, who: int, change: Change, word: Agree, writers: Group, moment: Moment) -> int:
        if not writers.is_set_up:
            return Refused.SET_UP
        if change.holds_ms:
            return Refused.CLOSED
        if who == change.proposer:
            return Refused.OWN
        if who in change.agreed:
            return Refused.TWICE
        if word.replay != self._replay(change, moment.time_ms).digest:
            return Refused.STALE_REPLAY
        agreed = (*change.agreed, who)
        change = _replace(change, agreed=agreed)
        if sum(writers.counts(each) for each in agreed) >= writers.threshold:
            change = _replace(change, holds_ms=moment.time_ms + LOCK_MS)
        self._set(self.state.changes, change.number, change)
        return 0

    def _advance(self, moment: Moment) -> None:
        """What time alone does: changes that are due hold, old approvals expire."""
        for number, change in list(self.state.changes.items()):
            if not change.is_over and 0 < change.holds_ms <= moment.time_ms:
                self.state.rules, self.state.version = change.rules, number
                self._set(self.state.changes, number, _replace(change, is_over=True))
        for request in list(self._waiting):
            one = self.state.decisions[request]
            if one.state != DecisionState.WAITING:
                self._remove(self._waiting, request)  # somebody's word ended it
            elif one.time_ms + APPROVE_MS <= moment.time_ms:
                self._set(self.state.decisions, request, _replace(one, state=DecisionState.EXPIRED))

    def _replay(self, change: Change, now_ms: int) -> Replay:
        """What the change would have made of the last 30 days' requests."""
        differs, looked_at = [], 0
        for one in self.state.decisions.values():
            if one.time_ms <= now_ms - REPLAY_MS:
                continue
            looked_at += 1
            spent = self._spent(one.facts.owner, one.time_ms, one.number)
            found = explain(change.rules, one.facts, spent, one.time_ms)
            if (found.verb, found.needed) != (one.explained.verb, one.explained.needed):
                differs.append(
                    Differs(one.facts.request, one.explained.verb, found.verb, found.rule)
                )
        content = _encode((change.number, self.state.head, differs))
        return Replay(looked_at, tuple(differs), sha256(content).digest())

    # Questions

    def answer(self, question: bytes) -> bytes:
        asked = decode_asked(question)
        if isinstance(asked, GetDecision):
            return _encode(self.state.decisions.get(asked.request))
        if isinstance(asked, GetReplay):
            change = self.state.changes.get(asked.change)
            return _encode(None if change is None else self._replay(change, asked.now_ms))
        if isinstance(asked, ListStates):
            found = (self.state.decisions.get(request) for request in asked.requests)
            return _encode([0 if one is None else one.standing(asked.now_ms) for one in found])
        if isinstance(asked, ListDecisions):
            return _encode(self._listed(asked))
        changes = tuple(self.state.changes[number] for number in sorted(self.state.changes))
        return _encode(PolicyView(self.state.version, self.state.rules, changes, self.state.head))

    def _listed(self, asked: ListDecisions) -> list[Decision]:
        newest = sorted(self.state.decisions.values(), key=lambda one: -one.number)
        return [one for one in newest if asked.state in (0, one.state)][: asked.limit]


def _members(number: int, view: View) -> Group:
    answer = view.query(AskFold(Approvals.number, _encode(GetGroup(number))))
    return Group() if answer is None else _group(answer)


def _writers(view: View) -> Group:
    found = _members(WRITERS, view)
    return found if found.is_set_up else _members(CONSOLE, view)
