"""Goal: what counts as tightening lets nothing leave that was stopped, and what plainly tightens
counts as that.

Method: tables of changes; random policies changed at random, held against random requests, under
review or not, of every score and under every kind of spending, with the rules evaluated as for a
withdrawal: what each wants of every group afterwards is no less than it was, and what its score
asks for is asked for still.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import msgspec
import pytest

from fullreserve.exchange.products import policy_tightening
from fullreserve.exchange.products.policy_judging import begins
from fullreserve.exchange.products.policy_rules import (
    REVIEWERS,
    RULES_MAX,
    Category,
    DecisionState,
    Explained,
    Facts,
    Rule,
    Verb,
    Webhook,
    explain,
    tightens,
)
from fullreserve.exchange.products.policy_tightening import lets_no_more, tightens_by
from fullreserve.exchange.products.policy_wanted import beside
from fullreserve.exchange.products.policy_wire import EDITION, HELD, REVIEWED, SETS
from fullreserve.exchange.products.risk_rules import Assessment, Outcome
from tests.unit.exchange.policy_world import facts

ALL = Rule(1, Verb.ALLOW)
TWO = Rule(2, Verb.APPROVE, group=1, needed=2)
NETWORKS = Rule(3, Verb.ALLOW, networks=(1, 2, 3))
change = msgspec.structs.replace

TIGHTER: dict[str, tuple[Sequence[Rule], Sequence[Rule]]] = {
    "initiators named": ([ALL], [change(ALL, initiators=(5,))]),
    "a network fewer": ([NETWORKS], [change(NETWORKS, networks=(3, 1))]),
    "sources": ([ALL], [change(ALL, sources=(2,))]),
    "assets": ([ALL], [change(ALL, assets=(4, 6))]),
    "categories": ([ALL], [change(ALL, categories=(Category.BOOK,))]),
    "a webhook asked": ([ALL], [change(ALL, webhook=Webhook.YES)]),
    "narrower and stricter": ([NETWORKS], [change(TWO, number=3, networks=(1,))]),
    "a block of more": ([Rule(9, Verb.BLOCK, assets=(4,)), ALL],
                        [Rule(9, Verb.BLOCK, assets=(4, 5)), ALL]),
    "approval put in front": ([ALL], [change(TWO, assets=(4,)), ALL]),
    "narrowed, with what is looser behind for others": (
        [change(TWO, networks=(1, 2)), change(ALL, networks=(2,))],
        [change(TWO, networks=(2,)), change(ALL, networks=(2,))],
    ),
    "one rule made of a list": ([NETWORKS], [change(NETWORKS, number=7, networks=(1,)),
                                             change(NETWORKS, number=8, networks=(2,))]),
}  # fmt: skip
LOOSER: dict[str, tuple[Sequence[Rule], Sequence[Rule]]] = {
    "a network more": ([NETWORKS], [change(NETWORKS, networks=(1, 2, 3, 4))]),
    "another network": ([NETWORKS], [change(NETWORKS, networks=(1, 4))]),
    "any network": ([NETWORKS], [change(NETWORKS, networks=())]),
    "a block of less": ([Rule(9, Verb.BLOCK, assets=(4, 5)), ALL],
                        [Rule(9, Verb.BLOCK, assets=(4,)), ALL]),
    "narrowed, and what is looser behind takes it": (
        [change(TWO, networks=(1, 2)), change(ALL, networks=(2,))],
        [change(TWO, networks=(1,)), change(ALL, networks=(2,))],
    ),
    "another group": ([TWO], [change(TWO, group=7, needed=9)]),
    "another answer of the webhook": ([change(ALL, webhook=Webhook.YES)],
                                      [change(ALL, webhook=Webhook.DOWN)]),
    "a shorter window": ([change(ALL, velocity_usd=5, window_ms=9)],
                         [change(ALL, velocity_usd=5, window_ms=8)]),
    "out of a block's reach": ([Rule(9, Verb.BLOCK, assets=(4,)), ALL],
                               [change(ALL, assets=(4,)), Rule(9, Verb.BLOCK, assets=(4,))]),
    "a new rule that nothing was as wide as": ([NETWORKS], [NETWORKS, Rule(8, Verb.ALLOW)]),
}  # fmt: skip


@pytest.mark.parametrize("name", TIGHTER)
def test_a_list_that_says_less_tightens(name: str) -> None:
    """Criterion: POL-33."""
    before, after = TIGHTER[name]
    for edition in (SETS, EDITION):
        assert tightens_by(edition, before, after)
        assert not tightens_by(edition, after, before)
        assert tightens_by(edition, before, before)


def test_approvals_of_others_where_a_rule_allowed_tighten_beside_reviewers() -> None:
    """Criterion: POL-6, POL-33, POL-39. Before edition 9 they took from those what is doubted."""
    of = {group: Rule(7, Verb.APPROVE, group=group, needed=1) for group in (REVIEWERS, 5)}
    for after in ([of[REVIEWERS], ALL], [change(of[REVIEWERS], number=1)]):
        assert tightens_by(SETS, [ALL], after)
    assert not tightens_by(SETS, [ALL], [of[5], ALL])
    for after in ([of[5], ALL], [change(of[5], number=1)]):
        assert tightens_by(REVIEWED, [ALL], after)
        assert not tightens_by(REVIEWED, after, [ALL])
    assert not tightens_by(REVIEWED, [of[REVIEWERS]], [of[5]])
    assert not tightens_by(REVIEWED, [of[5]], [of[REVIEWERS]])


def test_rules_of_different_networks_may_change_places() -> None:
    """Criterion: POL-33."""
    one, other = change(TWO, networks=(1,)), change(ALL, networks=(2,))
    assert tightens_by(SETS, [one, other], [other, one])
    assert tightens_by(SETS, [other, one], [one, other])
    assert not tightens_by(SETS, [one, ALL], [ALL, one])


@pytest.mark.parametrize("name", LOOSER)
def test_what_lets_more_through_or_may_does_not(name: str) -> None:
    """Criterion: POL-6, POL-33."""
    before, after = LOOSER[name]
    assert not tightens_by(SETS, before, after)
    assert not tightens_by(EDITION, before, after)


def test_before_edition_8_lists_loosen() -> None:
    """Criterion: POL-23."""
    before, after = TIGHTER["a network fewer"]
    assert not tightens_by(SETS - 1, before, after)
    group = ([change(ALL, verb=Verb.APPROVE, group=1, needed=1), TWO], [TWO])
    assert [tightens_by(edition, *group) for edition in (0, 1, SETS)] == [True, True, True]


def _rule(draws: random.Random, number: int) -> Rule:
    verb = draws.choice(list(Verb))
    velocity = draws.choice((0, 0, 30, 60))

    def some() -> tuple[int, ...]:
        return draws.choice(((), (), (1,), (2,), (1, 2), (2, 3), (1, 2, 3)))

    return Rule(
        number,
        verb,
        group=draws.choice((1, 7)) if verb == Verb.APPROVE else 0,
        needed=draws.randrange(1, 3) if verb == Verb.APPROVE else 0,
        initiators=some(), sources=some(), networks=some(), assets=some(), categories=some(),
        least_age_ms=draws.choice((0, 0, 3)),
        most_usd=draws.choice((0, 0, 20, 50)),
        velocity_usd=velocity,
        window_ms=draws.choice((5, 9)) if velocity else 0,
        most_share=draws.choice((0, 0, 10)),
        webhook=draws.choice((0, 0, Webhook.YES, Webhook.DOWN)),
    )  # fmt: skip


def _narrowed(draws: random.Random, rule: Rule) -> Rule:
    """In one condition, or all of it anew: what an administrator alone would try."""
    other = _rule(draws, rule.number)
    names = draws.sample(("initiators", "sources", "networks", "assets", "categories"), 2)
    kind = draws.randrange(4)
    if kind == 0:
        return other
    if kind == 1:
        return change(rule, verb=other.verb, group=other.group, needed=other.needed)
    if kind == 2:
        return change(rule, **{name: getattr(other, name) for name in names})
    bounds = ("least_age_ms", "most_usd", "most_share", "webhook")
    name = draws.choice(bounds)
    return change(rule, **{name: getattr(other, name)})


def _changed(draws: random.Random, before: Sequence[Rule]) -> tuple[Rule, ...]:
    after = list(before)
    for _ in range(draws.randrange(1, 4)):
        at = draws.randrange(len(after) + 1)
        kind = draws.randrange(5)
        if kind == 0 and len(after) > 1:
            del after[min(at, len(after) - 1)]
        elif kind == 1:
            draws.shuffle(after)
        elif kind == 2:
            after.insert(at, _rule(draws, 70 + len(after)))
        else:
            at = min(at, len(after) - 1)
            after[at] = _narrowed(draws, after[at])
    return tuple(after)


def _requests(draws: random.Random) -> Iterator[tuple[Facts, Callable[[int], int]]]:
    """Requests and what their owner spent since a time, never less the longer ago."""
    for _ in range(60):
        lists: dict[str, Any] = {
            name: draws.randrange(1, 4)
            for name in ("initiator", "source", "network", "asset", "category")
        }
        asked = facts(1, 0, age_ms=draws.choice((2, 3)), share=draws.choice((10, 11)),
                      webhook=draws.choice(list(Webhook)), **lists)  # fmt: skip
        asked = change(
            asked, usd=draws.choice((1, 20, 21, 50, 51)), is_reviewed=draws.random() < 0.5
        )
        recent, more = draws.randrange(40), draws.randrange(40)
        yield asked, partial(_spent, recent, more)


def _spent(recent: int, more: int, since_ms: int) -> int:
    return recent + (more if since_ms <= 100 - 9 else 0)


def _wanted(found: Explained, asked: Facts, edition: int) -> dict[int, int] | None:
    """How many approvals of each group let a request leave, each by another person; None: none."""
    if found.verb == Verb.BLOCK:
        return None
    wanted = {found.group: found.needed} if found.verb == Verb.APPROVE else {}
    looking = beside(found, is_reviewed=asked.is_reviewed)
    return wanted | {REVIEWERS: looking} if looking and edition >= REVIEWED else wanted


def _scored(draws: random.Random) -> Assessment | None:
    """What a score asks for, some of it done; None as without a table."""
    outcome, met = draws.choice((0, *Outcome)), draws.choice(list(Outcome))
    return Assessment(0, (), outcome, met) if outcome else None


def _holds_on(was: DecisionState, now: DecisionState) -> bool:
    """Whether what its owner or time has to do first is still to be done, or nothing goes."""
    return was not in HELD or now in (was, DecisionState.BLOCKED)


def _wants_no_less(before: dict[int, int] | None, after: dict[int, int] | None) -> bool:
    if after is None or before is None:
        return after is None
    return all(after.get(group, 0) >= needed for group, needed in before.items())


@pytest.mark.parametrize("seed", range(6))
def test_no_change_that_tightens_lets_through_what_was_stopped(seed: int) -> None:
    """Criterion: POL-6, POL-39. Every change is tried by one alone, as an adversary would."""
    draws, found, older, taken, freed = random.Random(seed), 0, 0, 0, 0
    for _ in range(2_500):
        before = tuple(_rule(draws, number) for number in range(1, draws.randrange(2, 5)))
        after = _changed(draws, before)
        older += tightens(before, after)
        if not tightens_by(EDITION, before, after):
            assert not tightens_by(SETS, before, after), "what tightened before still does"
            continue
        found += before != after
        is_older = tightens_by(SETS, before, after)
        for drawn, spent in _requests(draws):
            risk = _scored(draws)
            by_score = risk is not None and risk.outcome == Outcome.REVIEW
            asked = change(drawn, is_reviewed=drawn.is_reviewed or by_score)
            both = [explain(each, asked, spent, 100) for each in (before, after)]
            was, now = (_wanted(each, asked, EDITION) for each in both)
            assert _wants_no_less(was, now), (before, after, asked)
            begun = partial(begins, risk=risk, is_reviewed=asked.is_reviewed)
            assert _holds_on(*(begun(each, edition=EDITION) for each in both)), (before, after)
            freed += is_older and not _holds_on(*(begun(each, edition=SETS) for each in both))
            taken += is_older and not _wants_no_less(*(_wanted(each, asked, SETS) for each in both))
    assert found > older > 20
    assert taken, "edition 8 took reviewers out of the way of what was under review"
    assert freed, "and let people stand in the place of what a score asked for"


def test_the_judgment_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of as many rules as there may be, each another than all before. Criterion: POL-33."""
    count = 0
    covers = policy_tightening._covers

    def counted(*of: Any) -> bool:
        nonlocal count
        count += 1
        return covers(*of)

    monkeypatch.setattr(policy_tightening, "_covers", counted)
    before = [Rule(n, Verb.APPROVE, 1, 3, assets=(n, 1_000)) for n in range(1, RULES_MAX)]
    before.append(Rule(RULES_MAX, Verb.ALLOW))
    after = [Rule(n, Verb.ALLOW, assets=(n + 5_000,)) for n in range(RULES_MAX, 0, -1)]
    assert lets_no_more(before, after, by_any=True)
    assert count <= 3 * RULES_MAX**2
