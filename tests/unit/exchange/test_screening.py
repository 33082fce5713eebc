"""Goal: gate 5 is shown of a queue that others join meanwhile, and of no other than it says.

Method: courses on a world in which somebody asks between any two words; the same under the edition
before; each rule's refusal beside what it lets by.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from fullreserve.exchange.products.custody_wire import WITHDRAWALS, Cancel
from fullreserve.exchange.products.suspension_state import (
    FRESH_MS,
    HOUR_MS,
    READ_ANEW,
    READINGS_KEPT,
    SURVEY_KEPT_MS,
    Kept,
    Reading,
    Refused,
    SuspensionState,
)
from fullreserve.exchange.products.suspension_wire import (
    SUSPENSIONS,
    Check,
    Fall,
    Gate,
    GetKept,
    Level,
    ListReadings,
    ListRoll,
    OpenDrain,
    Plan,
    Scope,
    Show,
)
from fullreserve.exchange.products.withdrawal_state import BY_A_FEW
from fullreserve.exchange.wire.commands import OwnerFlag, SetOwner
from tests.unit.exchange.custody_world import ALICE, BOB, BTC, CHAIN, World, coins
from tests.unit.exchange.suspension_world import (
    ADA,
    BEA,
    BUDGETS,
    SEED,
    ask,
    canaries,
    of,
    opened,
    planned,
    reopened,
    requests,
    say,
    screened,
    stop,
    survey,
)

SEGMENT = Scope(Level.SEGMENT, key=3)
ON_CHAIN = Scope(Level.CHAIN, CHAIN)


@pytest.fixture
def world() -> World:
    made = opened(edition=BY_A_FEW, surveys=True)
    for owner in (ALICE, BOB):
        made.fund(owner, BTC, coins(500))
    return made


def checked(world: World, scope: Scope = ON_CHAIN) -> int:
    """A suspension for which three wait, whose gates are open."""
    number = stop(world, scope=scope)
    for units in (1, 2, 3):
        assert ask(world, units) == 0
    assert say(world, Plan(number, world.time_ms + 2 * HOUR_MS, BUDGETS)) == 0
    assert say(world, Check(number)) == 0
    return number


def screen(world: World, number: int, *, passed: bool = True, **more: Any) -> int:
    """Gate 5; the code."""
    return say(world, Show(number, Gate.QUEUE_HYGIENE, b"", passed=passed, **more), BEA)


def readings(world: World, number: int) -> list[Reading]:
    found = world.ask(SUSPENSIONS, ListReadings(number), list[Reading])
    assert isinstance(found, list)
    return found


def record(world: World, number: int) -> dict[str, Any]:
    """What everybody may read of gate 5."""
    kept = world.ask(SUSPENSIONS, GetKept(number), dict[int, Kept])
    found = json.loads(kept[Gate.QUEUE_HYGIENE].record)
    assert isinstance(found, dict)
    return found


def listed(world: World, number: int) -> list[int]:
    """Whom the drain is committed to."""
    return [row[0] for row in world.ask(SUSPENSIONS, ListRoll(number, 0, 99), list[Any])]


def test_who_asks_behind_a_reading_takes_nothing_from_it(world: World) -> None:
    """Nor who leaves it. Criterion: SUS-GATE-9."""
    number = checked(world)
    survey(world, number)
    (read,) = readings(world, number)
    for owner in (ALICE, BOB):
        assert ask(world, 4, owner) == 0
    assert world.say(WITHDRAWALS, Cancel(requests(world)[0].number), ALICE) == 0
    survey(world, number)
    world.time_ms += SURVEY_KEPT_MS - 1
    assert [one.waiting for one in readings(world, number)] == [3, 4]
    assert screen(world, number, count=3, up_to=read.began) == 0
    told = record(world, number)
    assert (told["passed"], told["count"], told["upTo"]) == (True, 3, read.began)
    assert (told["readMs"], told["stopped"]) == (read.ended_ms, 0)
    assert world.replayed().hashes() == world.machine.hashes()


def test_a_count_of_no_reading_is_refused_and_changes_nothing(world: World) -> None:
    """Criterion: SUS-GATE-9. Of another number, of none that is named, of one of long ago."""
    number = checked(world)
    survey(world, number)
    (read,) = readings(world, number)
    before = of(world, number)
    for count in (2, 4):
        assert screen(world, number, count=count, up_to=read.began) == Refused.SCREENED
    for up_to in (0, read.began - 1, read.began + 1):
        assert screen(world, number, count=3, up_to=up_to) == Refused.SURVEY
    world.time_ms += SURVEY_KEPT_MS + 1
    assert screen(world, number, count=3, up_to=read.began) == Refused.SURVEY
    assert of(world, number) == before
    # That it was not passed anybody may say, without a reading.
    assert screen(world, number, passed=False) == 0
    assert record(world, number)["passed"] is False


def test_a_reading_is_of_its_own_suspension(world: World) -> None:
    """Criterion: SUS-GATE-9"""
    number = checked(world)
    other = stop(world, scope=ON_CHAIN)
    survey(world, other)
    (read,) = readings(world, other)
    assert screen(world, number, count=read.waiting, up_to=read.began) == Refused.SURVEY


def test_a_stopped_owner_keeps_the_gate_shut(world: World) -> None:
    """And it is told of how many. Criterion: SUS-GATE-9."""
    number = checked(world)
    assert ask(world, 1, BOB) == 0
    world.core(SetOwner(0, 0, BOB, 0, 1, OwnerFlag.FROZEN, 1))
    survey(world, number)
    assert screen(world, number, **screened(world, number)) == 0
    told = record(world, number)
    assert (told["passed"], told["count"], told["stopped"]) == (False, 4, 1)


@pytest.mark.parametrize("edition", [READ_ANEW - 1, READ_ANEW])
def test_before_edition_12_an_earlier_queue_was_passed(
    monkeypatch: pytest.MonkeyPatch, world: World, edition: int
) -> None:
    """The same words; the number of those who wait did not. Criterion: SUS-GATE-9."""
    state = next(one.state for one in world.machine.folds if one.number == SUSPENSIONS)
    monkeypatch.setattr(state, "edition", edition)
    number = checked(world)
    survey(world, number)
    assert ask(world, 4) == 0
    codes = [screen(world, number, count=count) for count in (4, 3)]
    passed = [one.passed for one in of(world, number).evidence]
    if edition < READ_ANEW:
        assert (codes, passed) == ([0, 0], [False, True])
    else:
        assert (codes, passed) == ([Refused.SURVEY, Refused.SURVEY], [])


def test_a_drain_is_committed_to_who_waits_as_it_opens(world: World) -> None:
    """Whoever asked while gates were shown is in it. Criterion: SUS-DRAIN-23."""
    number = checked(world)
    shown_at = len(requests(world))
    planned(world, number)
    canary, *rest = [one.number for one in requests(world)]
    survey(world, number)
    canaries(world, number, canary)
    # The reading is of a moment ago, and has the canary, which was paid since.
    assert say(world, OpenDrain(number, SEED)) == Refused.SURVEY
    survey(world, number)
    assert ask(world, 5) == 0
    world.time_ms += FRESH_MS + 1
    assert say(world, OpenDrain(number, SEED)) == Refused.SURVEY
    survey(world, number)
    assert ask(world, 6) == 0
    world.time_ms += FRESH_MS
    assert say(world, OpenDrain(number, SEED)) == 0
    later = [one.number for one in requests(world)][shown_at:]
    assert listed(world, number) == [*rest, later[0]]
    assert world.replayed().hashes() == world.machine.hashes()


def test_while_a_drain_pays_the_queue_is_not_shown(world: World) -> None:
    """And what was read before is let go, as by a break. Criterion: SUS-GATE-9."""
    number = stop(world, scope=ON_CHAIN)
    for _ in range(2):
        assert ask(world, 1) == 0
    reopened(world, number, requests(world)[0].number)
    assert readings(world, number) == []
    assert of(world, number).state == SuspensionState.DRAINING
    assert screen(world, number, count=1, up_to=1) == Refused.WRONG_STATE
    survey(world, number)
    assert readings(world, number) == []
    assert say(world, Fall(number), ADA) == 0
    survey(world, number)
    assert len(readings(world, number)) == 1
    assert say(world, Plan(number, 0, BUDGETS)) == 0
    assert say(world, Fall(number), ADA) == 0
    assert readings(world, number) == []


def test_readings_are_bounded(world: World) -> None:
    """Criterion: SUS-GATE-9. The newest are kept; of a long queue one when its end is reached."""
    number = checked(world)
    for _ in range(READINGS_KEPT + 3):
        survey(world, number)
    began = [one.began for one in readings(world, number)]
    assert len(began) == READINGS_KEPT
    assert began == sorted(began)
    assert began[-1] == world.machine.sequence - 1


def test_a_segments_liquidity_is_of_its_queue_as_it_is(world: World) -> None:
    """Criterion: SUS-GATE-9. Not of what it asked for ten minutes ago."""
    world.core(SetOwner(0, 0, ALICE, SEGMENT.key, 1, 0, 1))
    number = checked(world, SEGMENT)
    liquid = Show(number, Gate.LIQUIDITY, b"", passed=True)
    survey(world, number)
    world.time_ms += FRESH_MS
    assert say(world, liquid, BEA) == 0
    world.time_ms += 1
    assert ask(world, 4) == 0
    assert say(world, liquid, BEA) == Refused.SURVEY
    survey(world, number)
    assert say(world, liquid, BEA) == 0
    figures = of(world, number).evidence[-1].figures
    assert [one.need for one in figures if one.asset == BTC] == [coins(10)]
