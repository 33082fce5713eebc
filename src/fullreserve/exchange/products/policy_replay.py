"""What a change of the rules or of the risk table would have made of requests that were decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fullreserve.exchange.products.policy_rules import Rule, explain
from fullreserve.exchange.products.policy_velocity import Velocity
from fullreserve.exchange.products.policy_wire import (
    COUNTED,
    REPLAY_MS,
    Decision,
    Differs,
)
from fullreserve.exchange.products.risk_rules import (
    Assessment,
    RiskFacts,
    RiskTable,
    outcome_of,
    score,
)


def replayed(
    rules: Sequence[Rule],
    decisions: Sequence[Decision],
    ended: Mapping[int, int],
    assessed: Mapping[int, Assessment],
    since_ms: int,
    *,
    by_group: bool,
) -> tuple[int, tuple[Differs, ...]]:
    """How many of `decisions`, in their order, are later than `since_ms`, and which would differ.

    Each is looked at by what was known then: a request counts for its owner's velocity until the
    sequence in `ended`, at which it was refused, and what others' coins added is in `assessed`.
    Linear in the decisions.
    """
    velocity, looked_at, found = Velocity(), 0, []
    ends = sorted(
        (ended[one.facts.request], one.number, one.facts.owner)
        for one in decisions
        if one.facts.request in ended
    )
    ends.reverse()
    for one in decisions:
        while ends and ends[-1][0] <= one.number:
            _, number, owner = ends.pop()
            velocity.remove(owner, number)
        if one.time_ms > since_ms:
            looked_at += 1
            known = assessed.get(one.facts.request)
            beside_usd = known.beside_usd if known is not None else 0
            differs = _differs(one, rules, velocity, beside_usd, by_group=by_group)
            if differs is not None:
                found.append(differs)
        if one.state in COUNTED or one.facts.request in ended:
            velocity.enter(one.facts.owner, one.number, one.time_ms, one.facts.usd)
    return looked_at, tuple(found)


def scored_again(
    table: RiskTable,
    decisions: Sequence[Decision],
    assessed: Mapping[int, Assessment],
    facts: Mapping[int, RiskFacts],
) -> tuple[int, tuple[Differs, ...]]:
    """How many of `decisions` have kept what their score looked at; whose outcome would differ."""
    looked_at, found = 0, []
    for one in decisions:
        request = one.facts.request
        if request not in facts:
            continue
        looked_at += 1
        before = assessed[request].outcome
        after = outcome_of(table, score(table, facts[request])[0])
        if before != after:
            found.append(Differs(request, before, after, 0))
    return looked_at, tuple(found)


def _differs(
    one: Decision, rules: Sequence[Rule], velocity: Velocity, beside_usd: int, *, by_group: bool
) -> Differs | None:
    earliest_ms = one.time_ms - REPLAY_MS

    def spent(since_ms: int) -> int:
        return velocity.since(one.facts.owner, max(since_ms, earliest_ms)) + beside_usd

    was, now = one.explained, explain(rules, one.facts, spent, one.time_ms)
    same_group = now.group == was.group or not by_group
    if (now.verb, now.needed) == (was.verb, was.needed) and same_group:
        return None
    return Differs(one.facts.request, was.verb, now.verb, now.rule)
