"""Goal: a drain pays what its own suspension holds back, and nothing that anything else stops.

Method: drains of one user's, of a segment's and of a network's while a network's maintenance, the
core's own table, another suspension or a frozen account stops requests too, from edition 1 of the
rules on; and the same before it, where one case shows what old logs did.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fullreserve.exchange.products import suspension_gates as gates
from fullreserve.exchange.products import suspension_surveys
from fullreserve.exchange.products.custody_wire import (
    WITHDRAWALS,
    Bound,
    Cancel,
    Drain,
    Hold,
    Settle,
)
from fullreserve.exchange.products.drain_log import DrainLog, DrainSum
from fullreserve.exchange.products.suspension_state import STOPPED_KEPT_MS, Refused
from fullreserve.exchange.products.suspension_wire import (
    SUSPENSIONS,
    DrainOf,
    Level,
    Lift,
    Scope,
)
from fullreserve.exchange.products.withdrawal_state import (
    BY_A_FEW,
    GetDrains,
    SumDrains,
    WithdrawalState,
)
from fullreserve.exchange.wire.commands import (
    OwnerFlag,
    SetOwner,
    SetSuspension,
    Suspended,
    SuspensionLevel,
)
from tests.unit.exchange.custody_world import (
    ALICE,
    BOB,
    BTC,
    CAROL,
    CHAIN,
    World,
    coins,
    transfer,
)
from tests.unit.exchange.suspension_world import (
    ask,
    lift,
    opened,
    reopened,
    requests,
    say,
    settle,
    stop,
    survey,
)

QUEUED, WAITING = WithdrawalState.QUEUED, WithdrawalState.WAITING
OF_ALICE, OF_BOB = (Scope(Level.USER, key=owner) for owner in (ALICE, BOB))
SEGMENT = Scope(Level.SEGMENT, key=3)
WORDS = 6  # more than a short queue takes


def held(world: World, *, is_held: bool = True) -> None:
    until_ms = world.time_ms + 10**6 if is_held else 0
    assert world.say(WITHDRAWALS, Hold(CHAIN, 0, is_held, until_ms=until_ms)) == 0


def stopped_by_core(world: World, *, is_stopped: bool = True) -> None:
    flags = Suspended.WITHDRAW if is_stopped else Suspended(0)
    world.core(SetSuspension(0, 0, 5, flags, SuspensionLevel.GLOBAL, 0))


OTHERS: list[Callable[..., None]] = [held, stopped_by_core]


def begun(scope: Scope, *, surveys: bool = True) -> tuple[World, int]:
    """A drain under way with one request of ALICE's."""
    world = opened(edition=BY_A_FEW, surveys=surveys)
    world.core(SetOwner(0, 0, ALICE, SEGMENT.key, 1, OwnerFlag(0), 1))
    for owner in (ALICE, BOB, CAROL):
        world.fund(owner, BTC, coins(90))
    number = stop(world, scope=scope)
    assert ask(world, 1) == 0
    canary = []
    if scope.level != Level.USER:
        canary = [one.number for one in requests(world)]
        assert ask(world, 2) == 0
    reopened(world, number, *canary)
    return world, number


def drained(world: World, number: int = 0, budget: float = 30) -> None:
    """As many words as a tick takes, and more; then what waits is looked at again."""
    for _ in range(WORDS):
        world.say(WITHDRAWALS, Drain(CHAIN, BTC, coins(budget), 100, number))
    settle(world)


def states(world: World, owner: int = BOB) -> list[tuple[int, bool]]:
    return [(one.state, one.is_released) for one in requests(world, owner)]


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("scope", [OF_ALICE, SEGMENT, Scope(Level.CHAIN, CHAIN)])
def test_a_drain_releases_nothing_that_something_else_stops(
    monkeypatch: pytest.MonkeyPatch, other: Callable[..., None], scope: Scope
) -> None:
    """Neither his own nor another's; both go on later. Criterion: CAL-NET-3, SUS-DRAIN-2."""
    if scope == SEGMENT:  # it would want a canary on every network
        monkeypatch.setattr(gates, "canaries_missing", lambda *_: [])
    world, number = begun(scope)
    other(world)
    assert ask(world, 2, BOB) == 0
    drained(world, number)
    assert states(world)[-1] == states(world, ALICE)[-1] == (QUEUED, False)
    for owner in (ALICE, BOB):
        last = requests(world, owner)[-1].number
        assert world.say(WITHDRAWALS, Bound(last, transfer("binding"))) != 0
    other(world, **{"is_held" if other is held else "is_stopped": False})
    drained(world, number)
    assert states(world, ALICE)[-1] == (WAITING, True)
    assert states(world)[-1][0] == WAITING
    assert lift(world, number) == 0
    assert world.replayed().hashes() == world.machine.hashes()


@pytest.mark.parametrize("other", OTHERS)
def test_what_was_released_waits_for_what_stops_it_then(other: Callable[..., None]) -> None:
    """At once where it is to be paid, also after the end. Criterion: CAL-NET-3, SUS-DRAIN-2."""
    world, number = begun(OF_ALICE)
    drained(world, number)
    assert states(world, ALICE) == [(WAITING, True)]
    assert lift(world, number) == 0
    other(world)
    one = requests(world)[0]
    assert world.say(WITHDRAWALS, Bound(one.number, transfer("binding"))) != 0
    assert world.say(WITHDRAWALS, Settle(0, 50)) == 0
    assert states(world, ALICE) == [(QUEUED, False)]


def test_a_drain_of_some_takes_nobody_else_s() -> None:
    """Though nothing else stops it; his end does not wait for it. Criterion: CUST-BOUND-10."""
    world, number = begun(OF_ALICE)
    held(world)
    assert ask(world, 40, BOB) == 0
    held(world, is_held=False)
    for _ in range(WORDS):
        assert world.say(WITHDRAWALS, Drain(CHAIN, BTC, coins(1.5), 100, number)) == 0
    (told,) = world.ask(WITHDRAWALS, SumDrains(number), list[DrainSum])
    logs = world.ask(WITHDRAWALS, GetDrains(number), dict[int, dict[int, DrainLog]])
    entered = [one.number for tick in logs[CHAIN][BTC].ticks for one in tick.entered]
    assert (told.waiting, states(world)) == (0, [(QUEUED, False)])
    assert entered == [requests(world)[0].number]
    assert lift(world, number) == 0


def frozen(world: World, *, is_frozen: bool = True) -> None:
    flags = OwnerFlag.FROZEN if is_frozen else OwnerFlag(0)
    world.core(SetOwner(0, 0, ALICE, SEGMENT.key, 1, flags, 1))


@pytest.mark.parametrize("other", [held, stopped_by_core, frozen])
@pytest.mark.parametrize("scope", [OF_ALICE, Scope(Level.CHAIN, CHAIN)])
def test_a_stop_ends_though_something_else_holds_a_request(
    other: Callable[..., None], scope: Scope
) -> None:
    """Which is paid once that ends, without the stop. Criterion: SUS-DRAIN-3."""
    world, number = begun(scope)
    other(world)
    drained(world, number)
    assert states(world, ALICE)[-1] == (QUEUED, False)
    assert lift(world, number) == 0
    settle(world)
    assert states(world, ALICE)[-1] == (QUEUED, False)
    other(world, **{f"is_{'stopped' if other is stopped_by_core else other.__name__}": False})
    settle(world)
    assert states(world, ALICE)[-1][0] == WAITING
    assert world.replayed().hashes() == world.machine.hashes()


@pytest.mark.parametrize("other", [*OTHERS, frozen])
def test_what_was_held_when_the_queue_was_read_is_read_again(other: Callable[..., None]) -> None:
    """Nobody is passed over by what ended meanwhile. Criterion: SUS-DRAIN-3, SUS-DRAIN-4."""
    world, number = begun(Scope(Level.CHAIN, CHAIN))
    other(world)
    survey(world, number)
    other(world, **{f"is_{'stopped' if other is stopped_by_core else other.__name__}": False})
    assert say(world, Lift(number)) == Refused.SURVEY
    assert lift(world, number) == Refused.QUEUE
    drained(world, number)
    assert lift(world, number) == 0


def test_whose_request_is_gone_is_looked_for_again() -> None:
    """He may have another, and be frozen no more. Criterion: SUS-DRAIN-4."""
    world, number = begun(Scope(Level.CHAIN, CHAIN))
    assert ask(world, 3) == 0
    frozen(world)
    survey(world, number)
    first = min(one.number for one in requests(world) if one.state == QUEUED)
    assert world.say(WITHDRAWALS, Cancel(first), ALICE) == 0
    assert say(world, Lift(number)) == Refused.SURVEY
    assert lift(world, number) == 0


def test_of_more_frozen_owners_than_are_kept_a_survey_is_good_for_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Criterion: SUS-DRAIN-4."""
    monkeypatch.setattr(suspension_surveys, "STOPPED_KEPT", 1)
    world, number = begun(Scope(Level.CHAIN, CHAIN))
    frozen(world)
    survey(world, number)
    world.time_ms += STOPPED_KEPT_MS + 1
    assert say(world, Lift(number)) == Refused.SURVEY
    assert lift(world, number) == 0


def test_a_frozen_owner_s_is_not_taken_again_and_again() -> None:
    """Criterion: SUS-DRAIN-2"""
    world, number = begun(OF_ALICE)
    world.core(SetOwner(0, 0, ALICE, SEGMENT.key, 1, OwnerFlag.FROZEN, 1))
    drained(world, number)
    (told,) = world.ask(WITHDRAWALS, SumDrains(number), list[DrainSum])
    assert (told.paid, told.waiting) == (0, 0)


def test_the_drains_of_two_users_are_each_its_own() -> None:
    """Each word's is logged under the suspension that it names. Criterion: SUS-DRAIN-2."""
    world, number = begun(OF_ALICE)
    other = stop(world, scope=OF_BOB)
    assert ask(world, 2, BOB) == 0
    reopened(world, other)
    sums = {}
    for each, owner in ((other, BOB), (number, ALICE)):
        assert world.ask(SUSPENSIONS, DrainOf(CHAIN, BTC, each), int) == each
        drained(world, each)
        (sums[each],) = world.ask(WITHDRAWALS, SumDrains(each), list[DrainSum])
        assert states(world, owner) == [(WAITING, True)]
    assert [one.paid for one in sums.values()] == [1, 1]
    assert world.ask(SUSPENSIONS, DrainOf(CHAIN, BTC, number + 10**6), int) == 0
    assert world.replayed().hashes() == world.machine.hashes()


def test_the_drain_of_more_goes_first() -> None:
    """What a network's drain has waits for its turn there. Criterion: SUS-DRAIN-2."""
    world, number = begun(Scope(Level.CHAIN, CHAIN))
    other = stop(world, scope=OF_ALICE)
    reopened(world, other)
    drained(world, other)
    assert states(world, ALICE)[-1] == (QUEUED, False)
    drained(world, number)
    assert states(world, ALICE)[-1] == (WAITING, True)


def test_another_suspension_s_is_not_released() -> None:
    """Criterion: SUS-DRAIN-2"""
    world, number = begun(OF_ALICE)
    stop(world, scope=Scope(Level.ASSET, asset=BTC))
    drained(world, number)
    assert states(world, ALICE) == [(QUEUED, False)]


def test_before_edition_1_a_drain_released_what_a_hold_stopped() -> None:
    """As old logs have it: they replay to the same states. Criterion: SUS-DRAIN-2."""
    world, _ = begun(Scope(Level.CHAIN, CHAIN), surveys=False)
    held(world)
    drained(world)
    assert states(world, ALICE)[-1] == (WAITING, True)
