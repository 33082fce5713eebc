"""Goal: no reopening hangs on each of those who may decide it.

Method: the folds of approvals and of suspensions. Every small board beside every small console's
group, as thresholds, admissions and dismissals leave them; then whole reopenings with one gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import pytest

from fullreserve.app.quorums import hanging
from fullreserve.exchange import chart
from fullreserve.exchange.products.approval_acts import Approve as Agree
from fullreserve.exchange.products.approval_acts import Dismiss, Enrol, Propose, SetThreshold
from fullreserve.exchange.products.approval_state import CONSOLE, Group, deciding
from fullreserve.exchange.products.policy import Policy
from fullreserve.exchange.products.policy_rules import Rule, Verb
from fullreserve.exchange.products.policy_wire import POLICY, Found
from fullreserve.exchange.products.suspension_state import (
    HOUR_MS,
    SIGNED_LAST,
    SPARED,
    Refused,
    SuspensionState,
)
from fullreserve.exchange.products.suspension_wire import (
    BOARD,
    Adopt,
    Advance,
    Budget,
    Check,
    Gate,
    Level,
    Plan,
    Ratify,
    Scope,
    SignOff,
)
from tests.unit.exchange.custody_world import ALICE, BTC, CHAIN, World, coins
from tests.unit.exchange.suspension_world import (
    ADA,
    BEA,
    CLEO,
    SEED,
    agree,
    ask,
    of,
    opened,
    pay,
    requests,
    say,
    settle,
    show,
    shown,
    sign_off,
    stop,
    survey,
)

W, X, Y, Z = 10_000_020, 10_000_021, 10_000_022, 10_000_023
BUDGETS = (Budget(CHAIN, BTC, coins(100), 100),)


class Size(NamedTuple):
    """A group: how many approvals it takes, who ever were members, and who count still."""

    threshold: int
    members: int
    counting: int

    @property
    def group(self) -> Group:
        members = {number: number < self.counting for number in range(self.members)}
        return Group(self.threshold, members)


SIZES = [
    Size(threshold, members, counting)
    for threshold, members in product(range(1, 4), range(6))
    for counting in range(members + 1)
]


@pytest.mark.parametrize("named", SIZES, ids=str)
def test_whoever_has_one_to_spare_decides(named: Size) -> None:
    """Criterion: SUS-BOARD-1. Beside any other group; a group that hangs on each only where both
    do, and where it was founded with one to spare.
    """
    for other in SIZES:
        one = deciding(named.group, other.group)
        spare = [each for each in (named, other) if each.counting - each.threshold - 1 >= 1]
        if spare:
            assert (one.threshold, one.enabled) == (spare[0].threshold, spare[0].counting)
            continue
        # A proposer and m others are everybody: it may be so after a loss alone.
        left = [
            each
            for each in (named, other)
            if each.counting == each.threshold + 1 and each.members > each.counting
        ]
        if left:
            assert (one.threshold, one.enabled) == (left[0].threshold, left[0].counting)
        else:
            assert one.members == {}


def world_of(edition: int = SPARED, members: Sequence[int] = (ADA, BEA, CLEO)) -> tuple[World, int]:
    """Operators, and a stop of one chain with a request that waits."""
    world = opened(members=members)
    assert say(world, Adopt(edition), chart.HOUSE) == 0
    world.fund(ALICE, BTC, coins(5))
    number = stop(world, scope=Scope(Level.CHAIN, CHAIN))
    assert ask(world, 1) == 0
    return world, number


def with_board(world: World, *members: int) -> None:
    for member in members:
        assert agree(world, Enrol(BOARD, member)) == 0


def set_threshold(world: World, group: int, threshold: int) -> None:
    """As a log from before could: nobody asked whether the group bears it."""
    assert agree(world, Propose(SetThreshold(group, threshold), 3_600_000), ADA) == 0
    number = world.machine.sequence - 1
    assert agree(world, Agree(number), BEA) == 0


def plan(world: World, number: int, who: int) -> int:
    return say(world, Plan(number, 0, BUDGETS), who)


def reopened_by(world: World, number: int, planner: int, other: int) -> None:
    """The whole way back by two; what follows their words is the house's."""
    assert plan(world, number, planner) == 0
    assert show(world, number, Gate.COMMUNICATION, other) == 0
    assert say(world, Check(number), planner) == 0
    shown(world, number, who=other)
    world.time_ms += HOUR_MS
    assert sign_off(world, number, other) == 0
    advance(world, number)
    pay(world, requests(world)[0].number)
    advance(world, number)
    assert of(world, number).state == SuspensionState.DRAINING
    advance(world, number)
    assert of(world, number).state == SuspensionState.LIFTED


def advance(world: World, number: int) -> None:
    survey(world, number)
    assert say(world, Advance(number, SEED), chart.HOUSE) == 0
    settle(world)


@pytest.mark.parametrize("gone", [X, Y, Z])
def test_a_reopening_goes_on_without_any_one_of_the_board(gone: int) -> None:
    """Criterion: SUS-BOARD-1. Gone for ever, before the first step; also dismissed."""
    for is_dismissed in (False, True):
        world, number = world_of()
        with_board(world, X, Y, Z)
        first, second = (one for one in (X, Y, Z) if one != gone)
        if is_dismissed:
            assert agree(world, Dismiss(BOARD, gone), first) == 0
            # Two of two would hang on each: the console's three decide.
            assert plan(world, number, first) == Refused.NOT_A_MEMBER
            first, second = BEA, CLEO
        reopened_by(world, number, first, second)
        assert world.replayed().hashes() == world.machine.hashes()


@pytest.mark.parametrize("gone", [ADA, BEA, CLEO])
def test_after_a_loss_those_who_are_left_go_on(gone: int) -> None:
    """Criterion: SUS-BOARD-2. Of three operators without a board one is dismissed."""
    world, number = world_of()
    first, second = (one for one in (ADA, BEA, CLEO) if one != gone)
    assert agree(world, Dismiss(CONSOLE, gone), first) == 0
    assert plan(world, number, gone) == Refused.NOT_A_MEMBER
    reopened_by(world, number, first, second)


def test_an_exchange_is_founded_with_one_to_spare() -> None:
    """Criterion: SUS-BOARD-2. Two operators stop; with a third admitted they restart."""
    world, number = world_of(members=(ADA, BEA))
    for word in (Plan(number, 0, BUDGETS), Check(number), SignOff(number)):
        assert say(world, word, ADA) == Refused.SET_UP
    assert say(world, Advance(number, SEED), chart.HOUSE) != 0
    other = stop(world, scope=Scope(Level.ASSET, asset=BTC))
    assert say(world, Ratify(other), BEA) == 0
    assert agree(world, Enrol(CONSOLE, CLEO)) == 0
    assert agree(world, Dismiss(CONSOLE, CLEO), ADA) == 0
    assert plan(world, number, ADA) == 0


def test_a_threshold_that_hangs_on_each_decides_nothing() -> None:
    """Criterion: SUS-BOARD-1. Of the board: the console decides. Of both: none, until a fourth."""
    world, number = world_of()
    with_board(world, X, Y, Z)
    set_threshold(world, BOARD, 2)
    assert plan(world, number, X) == Refused.NOT_A_MEMBER
    assert plan(world, number, ADA) == 0
    set_threshold(world, CONSOLE, 2)
    for who in (X, ADA):
        assert plan(world, number, who) == Refused.SET_UP
    with_board(world, W)
    assert plan(world, number, ADA) == Refused.NOT_A_MEMBER
    assert plan(world, number, W) == 0
    assert world.replayed().hashes() == world.machine.hashes()


def test_before_edition_7_two_of_two_decide() -> None:
    """Criterion: SUS-BOARD-1. A log from before goes on as it was until the house says so."""
    world, number = world_of(SIGNED_LAST, members=(ADA, BEA))
    assert plan(world, number, ADA) == 0
    with_board(world, X, Y)
    assert plan(world, number, ADA) == Refused.NOT_A_MEMBER
    assert plan(world, number, X) == 0
    assert say(world, Adopt(SPARED), chart.HOUSE) == 0
    assert plan(world, number, X) == Refused.SET_UP
    assert world.replayed().hashes() == world.machine.hashes()


def test_the_start_says_what_hangs_on_each() -> None:
    """Criterion: LIVE-20. Every group that has members, and every rule that wants approvals."""
    world = opened(members=(ADA, BEA), more=(Policy,))
    assert hanging(world.machine.folds) == [
        "operators: 3 have to count for any one to be spared, 2 do"
    ]
    with_board(world, X, Y, Z)
    rules = (Rule(1, Verb.APPROVE, CONSOLE, 1), Rule(2, Verb.APPROVE, BOARD, 3))
    assert world.say(POLICY, Found(rules)) == 0
    _, of_the_rule = hanging(world.machine.folds)
    assert of_the_rule == (
        "rule 2 of the policy wants 3 approvals of the board, of whom 3 count: one more than it "
        "wants has to"
    )
    with_board(world, W)
    assert agree(world, Enrol(CONSOLE, CLEO)) == 0
    assert hanging(world.machine.folds) == []
    set_threshold(world, BOARD, 3)
    (said,) = hanging(world.machine.folds)
    assert said == "the board: 5 have to count for any one to be spared, 4 do"
