"""Goal: what leaves is decided by ordered rules that say why, and that nobody loosens alone.

Method: the fold of the policy beside approvals; E2.6; each condition by itself; changes against a
brute comparison of what they let through; a chain of decisions that breaks when one is changed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products.approval_acts import Enrol
from fullreserve.exchange.products.approval_state import CONSOLE
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.policy import Policy
from fullreserve.exchange.products.policy_rules import (
    Category,
    DecisionState,
    Rule,
    Verb,
    Webhook,
    explain,
    tightens,
)
from fullreserve.exchange.products.policy_wire import (
    APPROVE_MS,
    EDITION,
    HOUR_MS,
    LOCK_MS,
    POLICY,
    WRITERS,
    Adopt,
    Agree,
    Approve,
    Decide,
    GetReplay,
    Propose,
    Reject,
    Replay,
    Withdraw,
)
from tests.unit.exchange.custody_world import ALICE, BOB, World
from tests.unit.exchange.policy_world import (
    DAY_MS,
    LARGE,
    RULES,
    SANCTIONED,
    SMALL,
    USD,
    WRITER_A,
    WRITER_B,
    agree,
    decision,
    facts,
    in_force,
    nothing,
    opened,
    replay,
    say,
    view,
)
from tests.unit.exchange.suspension_world import ADA, BEA, CLEO


@pytest.fixture
def world() -> Iterator[World]:
    made = opened()
    assert say(made, Adopt(EDITION)) == 0
    yield made
    assert made.replayed().hashes() == made.machine.hashes()


def test_e2_6_small_ones_go_and_larger_ones_are_approved(world: World) -> None:
    """Criterion: POL-1. E2.6: 40,000 by itself, 20,000 more by two others than the initiator."""
    in_force(world, RULES)
    assert say(world, Decide(facts(1, 40_000))) == 0
    assert say(world, Decide(facts(2, 20_000, initiator=ADA))) == 0
    first, second = decision(world, 1), decision(world, 2)
    assert (first.state, first.explained.rule) == (DecisionState.ALLOWED, 2)
    assert (second.state, second.explained.rule, second.explained.needed) == (
        DecisionState.WAITING, 3, 2,
    )  # fmt: skip
    assert [(step.rule, step.failed) for step in second.explained.trace] == [
        (1, "category"), (2, "velocity"), (3, ""),
    ]  # fmt: skip
    assert say(world, Approve(2), ADA) == 95004
    assert say(world, Approve(2), ALICE) == 95001
    assert say(world, Approve(2), BEA) == 0
    assert say(world, Approve(2), BEA) == 95005
    assert decision(world, 2).state == DecisionState.WAITING
    assert say(world, Approve(2), CLEO) == 0
    assert decision(world, 2).state == DecisionState.ALLOWED
    assert say(world, Decide(facts(3, 1_000_001))) == 0
    assert (decision(world, 3).state, decision(world, 3).explained.rule) == (3, 0)
    assert say(world, Decide(facts(4, 1, category=Category.SANCTIONED))) == 0
    assert (decision(world, 4).state, decision(world, 4).explained.rule) == (3, 1)
    assert say(world, Decide(facts(5, 1, age_ms=6 * DAY_MS))) == 0
    assert decision(world, 5).explained.trace[1].failed == "age"


def test_nothing_is_allowed_without_a_policy(world: World) -> None:
    """Criterion: POL-2. And a request is decided once; the house alone asks."""
    assert say(world, Decide(facts(1, 1)), ALICE) == 95001
    assert say(world, Decide(facts(1, 1))) == say(world, Decide(facts(1, 1))) == 0
    assert decision(world, 1).state == DecisionState.BLOCKED
    assert say(world, Decide(facts(1, 2))) == 95008
    assert say(world, Approve(1), ADA) == 95003
    assert say(world, Approve(7), ADA) == 95002


CONDITIONS = [
    ("initiator", {"initiators": (BOB,)}, {"initiator": BOB}),
    ("source", {"sources": (3,)}, {"source": 3}),
    ("network", {"networks": (2,)}, {"network": 2}),
    ("asset", {"assets": (6,)}, {"asset": 6}),
    ("category", {"categories": (Category.USER,)}, {"category": Category.USER}),
    ("age", {"least_age_ms": 31 * DAY_MS}, {"age_ms": 31 * DAY_MS}),
    ("amount", {"most_usd": 50 * USD}, {"usd": 50 * USD}),
    ("velocity", {"velocity_usd": 50 * USD, "window_ms": 5}, {"usd": 50 * USD}),
    ("share", {"most_share": 9}, {"share": 9}),
    ("webhook", {"webhook": Webhook.YES}, {"webhook": Webhook.YES}),
]


@pytest.mark.parametrize(("name", "condition", "fitting"), CONDITIONS)
def test_each_condition_by_itself(name: str, condition: Any, fitting: Any) -> None:
    """Criterion: POL-3. It keeps a rule from matching, by name, and lets it match at its bound."""
    rule = Rule(9, Verb.ALLOW, **condition)
    asked = facts(1, 100)
    found = explain((rule,), asked, nothing, 10)
    assert (found.verb, found.trace[0].failed) == (Verb.BLOCK, name)
    found = explain((rule,), msgspec.structs.replace(asked, **fitting), nothing, 10)
    assert (found.verb, found.rule) == (Verb.ALLOW, 9)


def test_loosening_needs_others_who_saw_the_replay_and_two_days(world: World) -> None:
    """Criterion: POL-4. m of n, never the proposer, with the digest of the replay, and 48 hours."""
    in_force(world, (LARGE,))
    assert say(world, Decide(facts(1, 40_000))) == 0
    looser = (SMALL, LARGE)
    assert say(world, Propose(looser), ADA) == 95001
    assert say(world, Propose(looser), WRITER_A) == 0
    change = view(world).changes[-1]
    assert not change.is_tightening
    seen = replay(world, change.number)
    assert [(one.request, one.before, one.after) for one in seen.differs] == [(1, 2, 1)]
    assert agree(world, change.number, WRITER_A) == 95004
    unseen = Agree(change.number, bytes(32), seen.at_ms, seen.until)
    assert say(world, unseen, WRITER_B) == 95006
    assert agree(world, change.number, WRITER_B) == 0
    assert agree(world, change.number, WRITER_B) == 95003
    world.time_ms += LOCK_MS - 1
    assert say(world, Decide(facts(3, 10, owner=BOB))) == 0
    assert decision(world, 3).explained.rule == 3
    world.time_ms += 1
    assert say(world, Decide(facts(4, 10, owner=BOB))) == 0
    assert (decision(world, 4).explained.rule, view(world).version) == (2, change.number)


def test_tightening_is_one_persons_and_holds_at_once(world: World) -> None:
    """Criterion: POL-5. And a change that was proposed can be dropped."""
    in_force(world, RULES)
    tighter = (SANCTIONED, msgspec.structs.replace(SMALL, velocity_usd=10 * USD), LARGE)
    assert say(world, Propose(tighter), WRITER_B) == 0
    assert view(world).rules == tighter
    assert say(world, Propose(RULES), WRITER_A) == 0
    number = view(world).changes[-1].number
    assert say(world, Withdraw(number), WRITER_A) == 0
    assert say(world, Agree(number, bytes(32)), WRITER_B) == 95003
    assert say(world, Agree(5, bytes(32)), WRITER_B) == 95002


def test_what_tightens_lets_nothing_more_through() -> None:
    """Criterion: POL-6. Random changes that count as tightening, against every kind of request."""
    draws, found = random.Random(8), 0
    kinds = [
        facts(1, usd, category=category, age_ms=age, share=share)
        for usd in (1, 30, 60)
        for category in (Category.BOOK, Category.SANCTIONED)
        for age in (0, 5)
        for share in (5, 50)
    ]
    for _ in range(4_000):
        before = tuple(_rule(draws, number) for number in range(1, draws.randrange(2, 5)))
        after = _changed(draws, before)
        if not tightens(before, after):
            continue
        found += before != after
        for asked in kinds:
            old, new = explain(before, asked, nothing, 0), explain(after, asked, nothing, 0)
            assert (new.verb, new.needed) >= (old.verb, old.needed), (before, after, asked)
            if old.verb == new.verb == Verb.APPROVE:
                assert new.group == old.group, (before, after, asked)
    assert found > 200


def _rule(draws: random.Random, number: int) -> Rule:
    verb = draws.choice(list(Verb))
    return Rule(
        number,
        verb,
        group=draws.choice((1, 7)) if verb == Verb.APPROVE else 0,
        needed=draws.randrange(1, 3) if verb == Verb.APPROVE else 0,
        categories=draws.choice(((), (Category.BOOK,))),
        least_age_ms=draws.choice((0, 3)),
        most_usd=draws.choice((0, 20, 50)) * USD,
        most_share=draws.choice((0, 10)),
    )


def _changed(draws: random.Random, before: tuple[Rule, ...]) -> tuple[Rule, ...]:
    after = list(before)
    at = draws.randrange(len(after))
    kind = draws.randrange(4)
    if kind == 0:
        del after[at]
    elif kind == 1:
        after[at] = _rule(draws, after[at].number)
    elif kind == 2:
        after.insert(at, _rule(draws, 77))
    else:
        bound = draws.choice((0, 10, 20, 50)) * USD
        after[at] = msgspec.structs.replace(after[at], most_usd=bound)
    return tuple(after)


def test_decisions_are_a_chain(world: World) -> None:
    """Criterion: POL-7. Each hash is over the one before and all that was decided."""
    in_force(world, RULES)
    for request in range(1, 6):
        assert say(world, Decide(facts(request, 20_000))) == 0
    kept = list(world.machine.folds[-1].state.decisions.values())
    head = bytes(32)
    for one in kept:
        plain = msgspec.structs.replace(one, digest=b"")
        head = sha256(head + msgspec.msgpack.encode(plain)).digest()
        assert head == one.digest
    assert head == view(world).head
    forged = msgspec.structs.replace(kept[2], digest=b"", state=DecisionState.ALLOWED, version=1)
    assert sha256(kept[1].digest + msgspec.msgpack.encode(forged)).digest() != kept[2].digest


def test_approvals_expire_and_are_refused(world: World) -> None:
    """Criterion: POL-8. After four hours, and by one member's word."""
    in_force(world, (LARGE,))
    assert say(world, Decide(facts(1, 9))) == say(world, Decide(facts(2, 9))) == 0
    assert say(world, Reject(2), BEA) == 0
    assert decision(world, 2).state == DecisionState.REJECTED
    assert say(world, Approve(1), BEA) == 0
    world.time_ms += APPROVE_MS
    assert say(world, Approve(1), CLEO) == 95003
    assert say(world, Decide(facts(3, 9))) == 0
    assert decision(world, 1).state == DecisionState.EXPIRED


@pytest.mark.parametrize(
    "bad",
    [
        (Rule(0, Verb.ALLOW),),
        (Rule(1, 9),),
        (Rule(1, Verb.ALLOW), Rule(1, Verb.BLOCK)),
        (Rule(1, Verb.APPROVE),),
        (Rule(1, Verb.APPROVE, group=WRITERS, needed=1),),
        (Rule(1, Verb.ALLOW, velocity_usd=5),),
        (Rule(1, Verb.ALLOW, most_usd=-1),),
    ],
)
def test_rules_that_mean_nothing_are_refused(world: World, bad: tuple[Rule, ...]) -> None:
    """Criterion: POL-9. Also those that let who writes the policy approve under it."""
    assert say(world, Propose(bad), WRITER_A) == 51000


def test_any_course_restores(world: World) -> None:
    """Criterion: POL-10. Restarted from a snapshot at every step."""
    draws = random.Random(4)
    for turn in range(120):
        who = draws.choice((WRITER_A, WRITER_B, ADA, BEA, CLEO, chart.HOUSE))
        changes = [one.number for one in view(world).changes] or [1]
        change = draws.choice(changes)
        known = world.ask(POLICY, GetReplay(change, world.time_ms), Replay | None)
        rules = tuple(_rule(draws, number) for number in range(1, draws.randrange(2, 4)))
        words = (
            Decide(facts(turn, draws.choice((10, 40)))),
            Approve(draws.randrange(turn + 1)),
            Reject(draws.randrange(turn + 1)),
            Propose(rules),
            Agree(change, known.digest, known.at_ms, known.until) if known else Agree(change, b""),
            Withdraw(change),
        )
        say(world, draws.choice(words), who)
        world.time_ms += draws.choice((1_000, 10 * HOUR_MS))
        world.restart()


def test_a_group_that_is_too_small_loosens_nothing() -> None:
    """Criterion: POL-4. In set-up mode one administrator may tighten alone, and no more."""
    world = World(lambda: [Approvals(), Policy()])
    assert world.say(Approvals.number, Enrol(CONSOLE, ADA)) == 0
    assert say(world, Propose((LARGE,)), ADA) == 0
    number = view(world).changes[-1].number
    assert agree(world, number, ADA) == 95007
    assert say(world, Propose((SANCTIONED,)), ADA) == 0
    assert view(world).rules == (SANCTIONED,)
