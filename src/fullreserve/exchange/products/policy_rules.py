"""The policy of coins that leave: ordered rules, the first match decides, the default blocks.

Rules and facts are numbers; what they mean for people stands with the policy's note. A rule's
condition that is 0 or empty asks nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum, IntFlag

import msgspec

RULES_MAX = 200
NEEDED_MAX = 16
REVIEWERS = 1  # the console's group: who looks at what is under review
# What is counted where there is no price: more than any rule lets through by its amount.
UNPRICED_USD = 1 << 62
# The most that a number of the log can be: what several without a price come to is more.
NUMBER_MAX = (1 << 64) - 1
# USD of an owner's requests after a time that were not refused.
Spent = Callable[[int], int]


class Verb(IntEnum):
    """What a rule does; the greater the stricter."""

    ALLOW = 1
    APPROVE = 2
    BLOCK = 3


class DecisionState(IntEnum):
    """What became of a request; `judged` of withdrawals says the same."""

    ALLOWED = 1
    WAITING = 2  # for people
    BLOCKED = 3
    REJECTED = 4
    EXPIRED = 5
    CONFIRMING = 6  # for its owner, who is to prove who asks once more
    DELAYED = 7  # for a time in which its owner may cancel
    CONFIRMED = 8  # by its owner; to be judged once more
    CANCELED = 9  # what a score held has ended meanwhile, by its owner's word as a rule


class Category(IntEnum):
    """What kind of place coins go to."""

    BOOK = 1  # the owner's address book
    ONE_TIME = 2
    USER = 3  # of the exchange
    OWN_TIER = 4  # another wallet of the house
    SANCTIONED = 5


class Webhook(IntEnum):
    """What the operator's own service said of a request."""

    NOT_ASKED = 0
    YES = 1
    NO = 2
    DOWN = 3


class Concern(IntFlag):
    """Why people look at a request whatever the rules allow: what vendors said, or did not say."""

    SANCTIONS = 1
    RISK = 2  # of the address
    TRAVEL_RULE = 4
    SANCTIONS_DOWN = 8
    RISK_DOWN = 16
    TRAVEL_RULE_DOWN = 32
    WEBHOOK_DOWN = 64


# What the receiving institution is asked about, and what people of compliance judge.
OF_TRAVEL_RULE = Concern.TRAVEL_RULE | Concern.TRAVEL_RULE_DOWN
OF_COMPLIANCE = (
    Concern.SANCTIONS | Concern.RISK | Concern.SANCTIONS_DOWN | Concern.RISK_DOWN | OF_TRAVEL_RULE
)


class Rule(msgspec.Struct, array_like=True, frozen=True):
    """`number` stays the rule's own when the policy changes. USD at 10^-8."""

    number: int
    verb: int
    group: int = 0  # APPROVE: whose members approve
    needed: int = 0  # APPROVE: how many of them
    initiators: tuple[int, ...] = ()
    sources: tuple[int, ...] = ()  # tiers
    networks: tuple[int, ...] = ()
    assets: tuple[int, ...] = ()
    categories: tuple[int, ...] = ()
    least_age_ms: int = 0  # of the destination
    most_usd: int = 0
    velocity_usd: int = 0  # of the owner in the window, this one too
    window_ms: int = 0
    most_share: int = 0  # of the wallet, in parts of 10,000
    webhook: int = 0  # the answer it wants


class Facts(msgspec.Struct, array_like=True, frozen=True):
    """A request, as far as rules look at it."""

    request: int  # a withdrawal's number
    initiator: int
    owner: int
    source: int
    network: int
    asset: int
    category: int
    age_ms: int
    usd: int
    share: int  # of the wallet, in parts of 10,000, up
    webhook: int = 0
    is_reviewed: bool = False  # something wants a person's word, whatever the rules allow


class Step(msgspec.Struct, array_like=True, frozen=True):
    """Why a rule did not match: the name of its first condition that did not hold; "" matched."""

    rule: int
    failed: str


class Explained(msgspec.Struct, array_like=True, frozen=True):
    """What the policy says of a request; rule 0 is the default."""

    verb: int
    rule: int
    group: int
    needed: int
    trace: tuple[Step, ...]


def explain(rules: Sequence[Rule], facts: Facts, spent: Spent, now_ms: int) -> Explained:
    """The first rule that matches, and why each before it did not."""
    trace = []
    for rule in rules:
        failed = _failed(rule, facts, spent, now_ms)
        trace.append(Step(rule.number, failed))
        if not failed:
            needs = (rule.verb, rule.number, rule.group, rule.needed)
            if facts.is_reviewed and rule.verb == Verb.ALLOW:
                needs = (Verb.APPROVE, rule.number, REVIEWERS, 1)
            return Explained(*needs, tuple(trace))
    return Explained(Verb.BLOCK, 0, 0, 0, tuple(trace))


def _failed(rule: Rule, facts: Facts, spent: Spent, now_ms: int) -> str:
    for name, allowed, value in (
        ("initiator", rule.initiators, facts.initiator),
        ("source", rule.sources, facts.source),
        ("network", rule.networks, facts.network),
        ("asset", rule.assets, facts.asset),
        ("category", rule.categories, facts.category),
    ):
        if allowed and value not in allowed:
            return name
    if facts.age_ms < rule.least_age_ms:
        return "age"
    if rule.most_usd and facts.usd > rule.most_usd:
        return "amount"
    if rule.velocity_usd and spent(now_ms - rule.window_ms) + facts.usd > rule.velocity_usd:
        return "velocity"
    if rule.most_share and facts.share > rule.most_share:
        return "share"
    if rule.webhook and facts.webhook != rule.webhook:
        return "webhook"
    return ""


def is_sound(rules: Sequence[Rule], writers: int) -> bool:
    """Whether rules mean something; who writes the policy (`writers`) approves nothing under it."""
    numbers = [rule.number for rule in rules]
    return (
        len(rules) <= RULES_MAX
        and len(dict.fromkeys(numbers)) == len(numbers)
        and all(_is_sound(rule, writers) for rule in rules)
    )


def _is_sound(rule: Rule, writers: int) -> bool:
    approving = rule.verb == Verb.APPROVE
    bounds = (
        *(rule.least_age_ms, rule.most_usd, rule.velocity_usd),
        *(rule.window_ms, rule.most_share),
    )
    return (
        rule.number > 0
        and rule.verb in tuple(Verb)
        and min(bounds) >= 0
        and bool(rule.velocity_usd) == bool(rule.window_ms)
        and (not approving or (0 < rule.group != writers and 0 < rule.needed <= NEEDED_MAX))
    )


def lets_leave(rules: Sequence[Rule]) -> bool:
    """Whether some request could get through, at least by people's word."""
    for rule in rules:
        if rule.verb != Verb.BLOCK:
            return True
        if rule == Rule(rule.number, Verb.BLOCK):
            return False
    return False


def tightens(before: Sequence[Rule], after: Sequence[Rule], *, by_group: bool = True) -> bool:
    """Whether a change lets nothing happen that did not before; False where that is not plain.

    Plain are: rules that block, put in anywhere; a rule that is taken out or made narrower, or a
    stricter verb, as long as nothing behind it is looser than the rule was. Approval by another
    group is looser (before edition 1, without `by_group`, it was not).
    """
    old = {rule.number: rule for rule in before}
    kept = [rule.number for rule in after if rule.number in old]
    if kept != [rule.number for rule in before if rule.number in dict.fromkeys(kept)]:
        return False
    new = {rule.number: rule for rule in after}
    for rule in after:
        if rule.number not in old and rule.verb != Verb.BLOCK:
            return False
    for at, rule in enumerate(before):
        changed = new.get(rule.number)
        behind = [new[one.number] for one in before[at + 1 :] if one.number in new]
        if changed == rule:
            continue
        if changed is not None and not (_is_narrower(rule, changed) or _is_stricter(rule, changed)):
            return False
        falls_through = changed is None or _matches_less(rule, changed)
        if falls_through and any(_is_looser(one, rule, by_group=by_group) for one in behind):
            return False
    return True


def _is_looser(one: Rule, than: Rule, *, by_group: bool) -> bool:
    by_others = one.verb == than.verb == Verb.APPROVE and one.group != than.group
    return (one.verb, one.needed) < (than.verb, than.needed) or (by_group and by_others)


_SAME = ("group", "initiators", "sources", "networks", "assets", "categories", "webhook")


def _is_stricter(rule: Rule, changed: Rule) -> bool:
    """The same requests, a stricter verb or more approvals."""
    same = msgspec.structs.replace(changed, verb=rule.verb, group=rule.group, needed=rule.needed)
    is_up = (changed.verb, changed.needed) >= (rule.verb, rule.needed)
    keeps_group = changed.group == rule.group or rule.verb != Verb.APPROVE
    return same == rule and is_up and (keeps_group or changed.verb == Verb.BLOCK)


def _is_narrower(rule: Rule, changed: Rule) -> bool:
    """The same verb for fewer requests; never so of a rule that blocks."""
    if rule.verb == Verb.BLOCK or (changed.verb, changed.needed) != (rule.verb, rule.needed):
        return False
    if any(getattr(rule, name) != getattr(changed, name) for name in _SAME):
        return False
    return (
        changed.least_age_ms >= rule.least_age_ms
        and _is_less(changed.most_usd, rule.most_usd)
        and _is_less(changed.velocity_usd, rule.velocity_usd)
        and (changed.window_ms >= rule.window_ms)
        and _is_less(changed.most_share, rule.most_share)
    )


def _is_less(bound: int, before: int) -> bool:
    """A bound that lets no more through; 0 is none."""
    return bound == before or (bound > 0 and (not before or bound < before))


def _matches_less(rule: Rule, changed: Rule) -> bool:
    return (
        msgspec.structs.replace(changed, verb=rule.verb, group=rule.group, needed=rule.needed)
        != rule
    )
