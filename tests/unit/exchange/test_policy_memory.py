"""Goal: what the policy has to know of the last 30 days it knows, whoever asks for however much.

Method: the fold beside approvals; floods of requests that are refused, months that pass, owners'
sums and replays against those of a slow version, and restarts from a snapshot at every step.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import partial

import pytest

from fullreserve.exchange.products import policy_changes, policy_judging
from fullreserve.exchange.products.policy_rules import Category, DecisionState, Rule, Verb, explain
from fullreserve.exchange.products.policy_velocity import Velocity
from fullreserve.exchange.products.policy_wire import (
    APPROVE_MS,
    EDITION,
    HOUR_MS,
    KEPT_MS,
    POLICY,
    REPLAY_MS,
    Adopt,
    Approve,
    Decide,
    Decision,
    Found,
    GetDecision,
    Propose,
    Reject,
)
from tests.unit.exchange.custody_world import ALICE, BOB, World
from tests.unit.exchange.policy_world import (
    LARGE,
    RULES,
    SMALL,
    WRITER_A,
    decision,
    facts,
    in_force,
    opened,
    replay,
    say,
    view,
)
from tests.unit.exchange.suspension_world import ADA, BEA

DAY_MS = 24 * HOUR_MS
FEW = 20


@pytest.fixture
def world() -> Iterator[World]:
    made = opened()
    assert say(made, Adopt(EDITION)) == 0
    yield made
    assert made.replayed().hashes() == made.machine.hashes()


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what is refused, few are kept, so that a test is quick."""
    monkeypatch.setattr(policy_judging, "DECISIONS_KEPT", FEW)
    monkeypatch.setattr(policy_judging, "REFUSED_KEPT", FEW)
    monkeypatch.setattr(policy_changes, "REFUSED_REPLAYED", FEW // 2)


def is_known(world: World, request: int) -> bool:
    return world.ask(POLICY, GetDecision(request), Decision | None) is not None


def flood(world: World, count: int, owner: int = BOB, first: int = 1_000) -> None:
    """Requests that the policy blocks."""
    for request in range(first, first + count):
        blocked = facts(request, 1, owner=owner, category=Category.SANCTIONED)
        assert say(world, Decide(blocked)) == 0


@pytest.mark.usefixtures("few")
def test_blocked_requests_empty_nobodys_velocity(world: World) -> None:
    """Criterion: POL-19. 40,000 USD, many that are blocked, and 20,000 are still over 50,000."""
    in_force(world, RULES)
    assert say(world, Decide(facts(1, 40_000))) == 0
    flood(world, 3 * FEW, ALICE)
    assert say(world, Decide(facts(2, 20_000))) == 0
    assert decision(world, 2).explained.trace[1].failed == "velocity"
    assert decision(world, 2).state == DecisionState.WAITING


@pytest.mark.usefixtures("few")
def test_what_waits_is_never_forgotten(world: World) -> None:
    """Criterion: POL-19. People approve it, and let it through, behind any number of others."""
    in_force(world, RULES)
    assert say(world, Decide(facts(1, 60_000))) == 0
    flood(world, 3 * FEW)
    assert say(world, Approve(1), ADA) == say(world, Approve(1), BEA) == 0
    flood(world, 3 * FEW, first=2_000)
    world.restart()
    assert decision(world, 1).state == DecisionState.ALLOWED
    assert not is_known(world, 1_000)
    assert is_known(world, 2_000 + 3 * FEW - 1)


@pytest.mark.usefixtures("few")
def test_the_longest_refused_goes_first(world: World) -> None:
    """Criterion: POL-19. By when it was refused, not by when it was asked; few are kept."""
    in_force(world, (Rule(1, Verb.BLOCK, categories=(Category.SANCTIONED,)), LARGE))
    assert say(world, Decide(facts(1, 9))) == 0
    flood(world, FEW - 1)
    assert say(world, Reject(1), BEA) == 0
    world.restart()
    flood(world, FEW - 1, first=2_000)
    assert is_known(world, 1)
    assert not is_known(world, 1_000 + FEW - 2)
    flood(world, 1, first=3_000)
    assert not is_known(world, 1)
    state = world.machine.folds[-1].state
    assert (len(state.decisions), state.ended) == (FEW, {})


def test_after_31_days_a_decision_is_forgotten(world: World) -> None:
    """Criterion: POL-19. And not a moment before, whatever became of it."""
    in_force(world, RULES)
    assert say(world, Decide(facts(1, 10))) == say(world, Decide(facts(2, 60_000))) == 0
    world.time_ms += KEPT_MS - 1
    assert say(world, Decide(facts(3, 10))) == 0
    assert decision(world, 2).state == DecisionState.EXPIRED
    assert is_known(world, 1)
    world.time_ms += 1
    assert say(world, Decide(facts(4, 10))) == 0
    assert not is_known(world, 1)
    assert not is_known(world, 2)
    assert is_known(world, 3)


def test_a_window_of_thirty_days_sees_thirty(world: World) -> None:
    """Criterion: POL-3, POL-19. To the millisecond; what was refused does not count."""
    monthly = Rule(1, Verb.ALLOW, velocity_usd=100 * 10**8, window_ms=REPLAY_MS)
    in_force(world, (monthly, LARGE))
    assert say(world, Decide(facts(1, 60))) == 0
    assert say(world, Decide(facts(2, 60))) == say(world, Reject(2), BEA) == 0
    world.time_ms += REPLAY_MS - 1
    assert say(world, Decide(facts(3, 41))) == 0
    assert decision(world, 3).explained.rule == LARGE.number
    world.time_ms += 1
    assert say(world, Reject(3), ADA) == 0
    assert say(world, Decide(facts(4, 41))) == 0
    assert decision(world, 4).explained.rule == monthly.number


def test_sums_are_those_of_a_slow_version() -> None:
    """Criterion: POL-20. Entered, taken out and put back in any order."""
    draws, sums = random.Random(3), Velocity()
    plain: dict[int, tuple[int, int, int]] = {}  # by number: owner, time, USD
    out: list[tuple[int, tuple[int, int, int]]] = []
    time_ms = 0
    for number in range(1, 1_500):
        time_ms += draws.choice((0, 0, 1, 5))
        plain[number] = (draws.randrange(3), time_ms, draws.randrange(9))
        owner, at_ms, usd = plain[number]
        sums.enter(owner, number, at_ms, usd)
        if draws.randrange(3) == 0:
            gone = draws.choice((min(plain), draws.choice(list(plain))))
            out.append((gone, plain.pop(gone)))
            sums.remove(out[-1][1][0], gone)
        if draws.randrange(6) == 0 and out:
            back, (owner, at_ms, usd) = out.pop()
            plain[back] = (owner, at_ms, usd)
            sums.enter(owner, back, at_ms, usd)
        owner, since = draws.randrange(4), draws.randrange(time_ms + 2)
        slow = sum(usd for who, at_ms, usd in plain.values() if who == owner and at_ms > since)
        assert sums.since(owner, since) == slow


def test_a_replay_is_that_of_a_slow_version(world: World) -> None:
    """Criterion: POL-20. What counted when each was decided, also of what was refused later."""
    assert say(world, Found(RULES)) == 0
    draws = random.Random(5)
    refused: dict[int, int] = {}  # request: when in the order of things
    course: list[int] = []
    for request in range(1, 120):
        owner = draws.choice((ALICE, BOB))
        assert say(world, Decide(facts(request, draws.choice((9_000, 30_000)), owner=owner))) == 0
        course.append(request)
        waiting = [one for one in course if decision(world, one).state == DecisionState.WAITING]
        if waiting and draws.randrange(2):
            refused[draws.choice(waiting)] = request
            assert say(world, Reject(list(refused)[-1]), BEA) == 0
        world.time_ms += draws.randrange(APPROVE_MS // 3)
        for one in waiting:
            if decision(world, one).time_ms + APPROVE_MS <= world.time_ms:
                refused.setdefault(one, request)
    halved = Rule(
        *(SMALL.number, Verb.ALLOW), categories=SMALL.categories, velocity_usd=90_000 * 10**8,
        window_ms=2 * DAY_MS,
    )  # fmt: skip
    assert say(world, Propose((halved, LARGE)), WRITER_A) == 0
    change = view(world).changes[-1].number
    found = replay(world, change)
    slow = _slow(world, (halved, LARGE), course, refused)
    assert found.looked_at == len(course)
    assert [(one.request, one.before, one.after) for one in found.differs] == slow
    assert len(slow) > 10


def _always(spent: int, _since_ms: int) -> int:
    return spent


def _slow(
    world: World, rules: tuple[Rule, ...], course: list[int], refused: dict[int, int]
) -> list[tuple[int, int, int]]:
    """What would differ, each request's sum added up from the beginning; two days' velocity."""
    differs = []
    for at, request in enumerate(course):
        one = decision(world, request)
        before = [
            decision(world, other)
            for other in course[:at]
            if refused.get(other, request) >= request
        ]
        spent = sum(
            other.facts.usd
            for other in before
            if other.facts.owner == one.facts.owner and other.time_ms > one.time_ms - 2 * DAY_MS
        )
        new = explain(rules, one.facts, partial(_always, spent), one.time_ms)
        if (new.verb, new.needed) != (one.explained.verb, one.explained.needed):
            differs.append((request, one.explained.verb, new.verb))
    return differs
