"""What the policy decides of a request, and what people and its owner say of it after."""

from __future__ import annotations

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.folds import Moment, View
from fullreserve.exchange.products.approval_state import Group
from fullreserve.exchange.products.custody_ledger import Prices, Wallets
from fullreserve.exchange.products.custody_wire import WITHDRAWALS, Tier
from fullreserve.exchange.products.liveness import Colour, worst_colour
from fullreserve.exchange.products.policy_chain import linked
from fullreserve.exchange.products.policy_groups import members
from fullreserve.exchange.products.policy_risk import Assessed, assess, history_of
from fullreserve.exchange.products.policy_rules import (
    NUMBER_MAX,
    REVIEWERS,
    UNPRICED_USD,
    DecisionState,
    Explained,
    Facts,
    Spent,
    Verb,
    Webhook,
    explain,
)
from fullreserve.exchange.products.policy_table import PolicyTable
from fullreserve.exchange.products.policy_wanted import beside, given
from fullreserve.exchange.products.policy_wire import (
    ASKED_AGAIN,
    CANCELED_GO,
    DECISIONS_KEPT,
    HOOK_ASKED,
    KEPT_MS,
    OWNER_FIRST,
    REFUSED_KEPT,
    REPLAY_MS,
    REVIEWED,
    TABLE_AGREED,
    Approve,
    Confirm,
    Decision,
    Judge,
    Refused,
    Reject,
    Review,
)
from fullreserve.exchange.products.risk_rules import Assessment
from fullreserve.exchange.products.risk_rules import Outcome as Risk
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
_withdrawal = msgspec.msgpack.Decoder(Withdrawal | None).decode
_encode = msgspec.msgpack.Encoder().encode
_replace = msgspec.structs.replace


class Judging(PolicyTable):
    """By the house, of one request; and by who has a word on it."""

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
        value = UNPRICED_USD if usd is None else min(usd, NUMBER_MAX)
        risk = self._assessed(word, one, value, met or Risk.PASS, moment, view)
        is_short_of_holders = value > LARGE_USD and worst_colour(moment.time_ms, view) >= Colour.RED
        facts = Facts(
            *(one.number, one.owner, one.owner, Tier.HOT, one.network, one.asset),
            *(word.category, word.age_ms, value),
            share=min(-(-one.value * SHARES // has), NUMBER_MAX) if has > 0 else SHARES,
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

    def _assessed(
        self, word: Judge, one: Withdrawal, usd: int, met: int, moment: Moment, view: View
    ) -> Assessed | None:
        table, known = self.state.risk, self._known
        if table is None:
            return None
        history = history_of(one.owner, known, self.state.edition, moment, view)
        return assess(table, word, one, usd, known, history, met, moment, view)

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
            *(begins(found, risk, self.state.edition, is_reviewed=facts.is_reviewed), b""),
        )
        looking = self._looking(one)
        link = linked(self.state.head, one, risk, looking)
        self.state.head = link.decision.digest
        if assessed is not None:
            self.state.assessed[facts.request] = assessed.found
            if self.state.edition >= TABLE_AGREED:
                self.state.risk_facts[facts.request] = assessed.facts
        self._enter(link.decision)
        if looking is not None:
            self.state.reviews[facts.request] = looking
        if self.links is not None:
            self.links.append(link)
        return 0

    def _looking(self, one: Decision) -> Review | None:
        """What reviewers have to approve beside the group of the rule that decides."""
        needed = beside(one.explained, is_reviewed=one.facts.is_reviewed)
        return Review(needed) if needed and self.state.edition >= REVIEWED else None

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
        self.state.reviews.pop(request, None)

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
        review = self.state.reviews.get(word.request)
        group = members(one.explained.group, view)
        reviewers = members(REVIEWERS, view) if review is not None else Group()
        if not (group.counts(who) or reviewers.counts(who)):
            return Refused.NOT_ALLOWED
        if who in (one.facts.initiator, one.facts.owner):
            return Refused.OWN
        if isinstance(word, Reject):
            self._end(one, DecisionState.REJECTED, moment)
            return 0
        if who in one.approvals:
            return Refused.TWICE
        one = _replace(one, approvals=(*one.approvals, who))
        if review is not None:
            seen = review.seen | {who: moment.sequence}
            review = self.state.reviews[word.request] = _replace(review, seen=seen)
        looking = 0 if review is None else review.needed
        so_far = given(one.approvals, group, reviewers, looking)
        is_enough = len(so_far.by_group) >= one.explained.needed
        if is_enough and len(so_far.by_reviewers) >= looking:
            one = _replace(one, state=DecisionState.ALLOWED)
            self._known.decided(one)
            if review is None:
                self._pass(one, moment)
            else:
                looked = max(review.seen[each] for each in so_far.by_reviewers)
                self.state.passed[word.request] = looked
        self.state.decisions[word.request] = one  # the command is taken: nothing is to be undone
        return 0

    def _pass(self, one: Decision, moment: Moment) -> None:
        """The group of its rule has let it through, beside which nobody is wanted.

        Others than reviewers have looked at what was under review as they were asked, if at all:
        that they alone were asked about such is of before edition 9.
        """
        if self.state.edition < ASKED_AGAIN:
            return
        if self.state.edition < REVIEWED or one.explained.group == REVIEWERS:
            self.state.passed[one.facts.request] = moment.sequence
        elif one.facts.is_reviewed:
            self.state.passed[one.facts.request] = one.number

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


def begins(
    found: Explained, risk: Assessment | None, edition: int, *, is_reviewed: bool
) -> DecisionState:
    """How a decision begins: a score holds what the rules would let through.

    From edition 9 on also what they leave to people, who are asked once it is done: a rule takes
    nothing from what a score asks for. Nor does a review from edition 10 on, which one operator
    alone may begin; before it what was under review went to people at once.
    """
    verb = Verb(found.verb)
    comes_first = edition >= (OWNER_FIRST if is_reviewed else REVIEWED)
    is_left = comes_first and verb == Verb.APPROVE
    if risk is not None and risk.holds and (verb == Verb.ALLOW or is_left):
        is_asked = risk.outcome == Risk.STEP_UP
        return DecisionState.CONFIRMING if is_asked else DecisionState.DELAYED
    return BEGINS[verb]


def _is_old(one: Decision, now_ms: int) -> bool:
    """Whether nothing looks at a decision any more; what waits expires long before."""
    return one.time_ms <= now_ms - KEPT_MS and one.state != DecisionState.WAITING
