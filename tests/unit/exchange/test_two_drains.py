"""Goal: what two suspensions hold is paid once the drain of each has let it go, no sooner.

Method: a tight and a wide budget over one queue, of all withdrawals and of those by the API; drains
that are broken off, of one user's beside a network's, and at random; before edition 7 the wider one
let go for both.
"""

from __future__ import annotations

import random

import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products import withdrawal_drains
from fullreserve.exchange.products.custody_wire import WITHDRAWALS, Drain
from fullreserve.exchange.products.drain_log import DrainLog, DrainSum
from fullreserve.exchange.products.suspension_state import EDITION as SUSPENSIONS_EDITION
from fullreserve.exchange.products.suspension_state import Refused, SuspensionState
from fullreserve.exchange.products.suspension_wire import (
    SUSPENSIONS,
    Action,
    Adopt,
    Canary,
    Fall,
    GetMaxWait,
    Level,
    OpenDrain,
    Plan,
    Scope,
)
from fullreserve.exchange.products.withdrawal_state import (
    EACH_LETS_GO,
    EDITION,
    GetDrains,
    SumDrains,
    WithdrawalState,
)
from tests.unit.exchange.custody_world import ALICE, BOB, BTC, CAROL, CHAIN, World, coins
from tests.unit.exchange.suspension_world import (
    BUDGETS,
    SEED,
    ask,
    known,
    lift,
    of,
    opened,
    pay,
    planned,
    requests,
    say,
    say_drain,
    settle,
    stop,
    survey,
)

QUEUED, WAITING = WithdrawalState.QUEUED, WithdrawalState.WAITING
LINE = Scope(Level.ASSET_CHAIN, CHAIN, BTC)
SIZE = 0.02
WIDE = 100.0


def stopped(world: World, *scopes: tuple[Scope, int]) -> list[int]:
    """Suspensions over each other; so much of each is in force."""
    return [stop(world, actions, scope) for scope, actions in scopes]


def draining(world: World, numbers: list[int], canary: int) -> None:
    """All of them, with one request as the canary of each."""
    for number in numbers:
        planned(world, number)
        world.time_ms += 1
    for number in numbers:
        if of(world, number).terms.scope.level != Level.USER:
            assert say(world, Canary(number, canary)) == 0
    settle(world)
    pay(world, canary)
    for number in numbers:
        survey(world, number)
        assert say(world, OpenDrain(number, SEED)) == 0
        assert of(world, number).state == SuspensionState.DRAINING


def begun(edition: int = EDITION, *, by_api: bool = True) -> tuple[World, int, int]:
    """A line's stop and one of the API's over five requests of ALICE's, both in their drains."""
    world = opened(edition=edition, surveys=True)
    world.fund(ALICE, BTC, coins(90))
    by_api_alone = (Scope(Level.GLOBAL), Action.API_WITHDRAW)
    tight, wide = stopped(world, (LINE, Action.WITHDRAW), by_api_alone)
    assert ask(world, SIZE / 2, by_api=True) == 0
    for _ in range(5):
        assert ask(world, SIZE, by_api=by_api) == 0
    draining(world, [tight, wide], requests(world)[0].number)
    return world, tight, wide


def tick(world: World, number: int, budget: float = WIDE, slots: int = 100) -> int:
    """One payment from the line by a drain; how many it lets go."""
    say_drain(world, Drain(CHAIN, BTC, coins(budget), slots, number))
    logs = world.ask(WITHDRAWALS, GetDrains(number), dict[int, dict[int, DrainLog]])
    return len(logs[CHAIN][BTC].ticks[-1].paid)


def due(world: World) -> int:
    """How many requests of ALICE's the payer is to take."""
    return sum(one.state == WAITING for one in requests(world))


def test_the_tightest_of_two_drains_counts() -> None:
    """Criterion: SUS-DRAIN-11. The other one ends before it, and nothing is paid by that."""
    world, tight, wide = begun()
    assert (tick(world, wide), due(world)) == (5, 0)
    assert lift(world, tight) == Refused.QUEUE
    assert lift(world, wide) == 0
    for done in range(1, 6):
        settle(world)
        world.restart()
        assert (tick(world, tight, 0.03, 1), due(world)) == (1, done)
        assert lift(world, tight) == (Refused.QUEUE if done < 5 else 0)
    for one in requests(world)[1:]:
        assert one.is_released
        pay(world, one.number)
    assert world.replayed().hashes() == world.machine.hashes()


def test_so_it_does_when_it_is_heard_first() -> None:
    """Criterion: SUS-DRAIN-11. What it let go waits for the other one; nothing goes by twice."""
    world, tight, wide = begun()
    assert (tick(world, tight, 0.03, 1), due(world)) == (1, 0)
    assert tick(world, tight, 0.05, 9) == 2
    assert (tick(world, wide, WIDE, 2), due(world)) == (2, 2)
    assert (tick(world, wide), due(world)) == (3, 3)
    assert lift(world, wide) == 0
    assert lift(world, tight) == Refused.QUEUE
    assert (tick(world, tight), due(world)) == (2, 5)
    assert lift(world, tight) == 0


def test_before_edition_7_the_wider_one_let_go_for_both() -> None:
    """As old logs have it. Criterion: SUS-DRAIN-11."""
    world, _, wide = begun(EACH_LETS_GO - 1)
    assert (tick(world, wide), due(world)) == (5, 5)


def test_a_drain_has_nothing_that_its_own_stop_does_not_hold() -> None:
    """Requests by the page, beside a stop of the API's. Criterion: SUS-DRAIN-11."""
    world, tight, wide = begun(by_api=False)
    assert (tick(world, wide), due(world)) == (0, 0)
    assert lift(world, wide) == 0
    assert (tick(world, tight), due(world)) == (5, 5)


def test_what_a_drain_let_go_it_lets_go_anew_when_it_was_broken_off() -> None:
    """Criterion: SUS-DRAIN-11. By its next budgets; what the other one let go stays so."""
    world, tight, wide = begun()
    assert tick(world, tight, 0.05, 9) == 2
    assert say(world, Fall(tight)) == 0
    assert lift(world, wide) == 0
    assert due(world) == 0
    assert ask(world, SIZE / 4, by_api=True) == 0
    draining(world, [tight], requests(world)[-1].number)
    assert (tick(world, tight, 0.03, 1), due(world)) == (1, 1)
    assert (tick(world, tight), due(world)) == (4, 5)


def test_what_another_stop_takes_back_is_let_go_by_each_again() -> None:
    """Criterion: SUS-DRAIN-11."""
    world, tight, wide = begun()
    assert tick(world, wide) == tick(world, tight) == 5
    third = stop(world, scope=LINE)
    assert due(world) == 0
    assert lift(world, tight) == lift(world, wide) == 0
    assert {one.is_released for one in requests(world)[1:]} == {False}
    assert of(world, third).is_in_force
    assert due(world) == 0


def test_one_user_s_drain_and_a_network_s_both_let_go() -> None:
    """Criterion: SUS-DRAIN-11. Whichever is first; nobody else's waits for it."""
    world = opened(edition=EDITION, surveys=True)
    for owner in (ALICE, BOB):
        world.fund(owner, BTC, coins(90))
    numbers = stopped(
        world,
        (Scope(Level.CHAIN, CHAIN), Action.WITHDRAW),
        (Scope(Level.USER, key=ALICE), Action.WITHDRAW),
    )
    assert ask(world, SIZE) == ask(world, SIZE, BOB) == ask(world, SIZE / 2, BOB) == 0
    draining(world, numbers, requests(world, BOB)[-1].number)
    of_all, of_alice = numbers
    assert (tick(world, of_alice), due(world)) == (1, 0)
    assert lift(world, of_alice) == 0
    assert (tick(world, of_all), due(world)) == (2, 1)
    assert lift(world, of_all) == 0


def test_a_line_pays_once_in_the_interval_of_its_plan() -> None:
    """Whoever says so, each drain by its own. Criterion: SUS-DRAIN-13."""
    world, tight, wide = begun()
    word = Drain(CHAIN, BTC, coins(0.03), 1, tight)
    assert tick(world, wide) == 5
    assert tick(world, tight, 0.03, 1) == 1
    assert world.say(WITHDRAWALS, word) == Refused.TOO_SOON
    world.time_ms += 59_999
    assert world.say(WITHDRAWALS, word) == Refused.TOO_SOON
    world.restart()
    world.time_ms += 1
    assert world.say(WITHDRAWALS, word) == 0
    assert due(world) == 2
    assert world.replayed().hashes() == world.machine.hashes()


def test_the_words_of_one_payment_are_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Criterion: SUS-DRAIN-13. A long queue is read a few requests a word."""
    monkeypatch.setattr(withdrawal_drains, "LOOKED_AT", 2)
    world, tight, _ = begun()
    world.time_ms += 60_000
    words = [Drain(CHAIN, BTC, coins(WIDE), 9, tight)] * 3
    assert [world.say(WITHDRAWALS, word) for word in words] == [0, 0, 0]
    assert world.say(WITHDRAWALS, words[0]) == Refused.TOO_SOON


def test_before_edition_7_a_line_paid_whenever_it_was_told_to() -> None:
    """As old logs have it. Criterion: SUS-DRAIN-13."""
    world, tight, _ = begun(EACH_LETS_GO - 1)
    word = Drain(CHAIN, BTC, coins(0.03), 1, tight)
    assert world.say(WITHDRAWALS, word) == world.say(WITHDRAWALS, word) == 0
    assert due(world) == 2


@pytest.mark.parametrize("edition", [8, SUSPENSIONS_EDITION])
def test_a_drain_that_was_broken_off_keeps_its_bound(edition: int) -> None:
    """Criterion: SUS-DRAIN-14. Another is refused; by earlier rules it was taken and not heeded."""
    world = opened(edition=EDITION)
    assert say(world, Adopt(edition), chart.HOUSE) == 0
    world.fund(ALICE, BTC, coins(90))
    number = stop(world, scope=LINE)
    assert ask(world, SIZE / 2) == ask(world, SIZE) == 0
    plans = [Plan(number, 0, BUDGETS, max_wait=most) for most in (7, 0, 5)]
    for plan in plans:
        assert say(world, plan) == 0
        assert world.ask(SUSPENSIONS, GetMaxWait(number), int) == plan.max_wait
    draining(world, [number], requests(world)[0].number)
    say_drain(world, Drain(CHAIN, BTC, coins(0.01), 1, number, 5))
    assert say(world, Fall(number)) == 0
    said = [say(world, plan) for plan in plans]
    is_new = edition >= SUSPENSIONS_EDITION
    assert said == ([Refused.WAITS, Refused.WAITS, 0] if is_new else [0, 0, 0])
    (told,) = world.ask(WITHDRAWALS, SumDrains(number), list[DrainSum])
    assert told.max_wait == 5
    assert world.replayed().hashes() == world.machine.hashes()


SCOPES = (
    Scope(Level.GLOBAL),
    Scope(Level.CHAIN, CHAIN),
    Scope(Level.ASSET, asset=BTC),
    LINE,
    Scope(Level.SEGMENT, key=0),
    Scope(Level.USER, key=BOB),
)


@pytest.mark.parametrize("seed", range(12))
def test_drains_over_each_other_all_end_and_none_pays_more_than_its_own(seed: int) -> None:
    """Criterion: SUS-DRAIN-11. Each lets go all that it holds, by its own transactions."""
    draws = random.Random(seed)
    world = opened(edition=EDITION, surveys=True)
    for owner in (ALICE, BOB, CAROL):
        world.fund(owner, BTC, coins(90))
    each = [(scope, draws.choice((Action.WITHDRAW, Action.API_WITHDRAW))) for scope in SCOPES]
    numbers = stopped(world, *draws.sample(each, 3), (LINE, Action.WITHDRAW))
    assert ask(world, SIZE / 2, CAROL, by_api=True) == 0
    for _ in range(12):
        owner = draws.choice((ALICE, BOB, CAROL))
        assert ask(world, SIZE, owner, by_api=draws.random() < 0.5) == 0
    draining(world, numbers, requests(world, CAROL)[0].number)
    left, let_go = list(numbers), dict.fromkeys(numbers, 0)
    while left:
        number = draws.choice(left)
        slots = draws.randrange(1, 4)
        went = tick(world, number, WIDE, slots)
        assert went <= slots
        let_go[number] += went
        settle(world)
        waits = [one for who in (ALICE, BOB, CAROL) for one in requests(world, who)]
        due_now = sum(one.state == WAITING for one in waits)
        assert due_now <= let_go[numbers[-1]]  # whose stop holds everybody
        code = lift(world, number)
        assert code in (0, Refused.QUEUE)
        if not code:
            left.remove(number)
        assert sum(let_go.values()) <= len(numbers) * 12
    assert {one.state for one in waits if one.number != 0} <= {WAITING, WithdrawalState.SUCCESS}
    assert not any(one.is_in_force for one in known(world))
    assert world.replayed().hashes() == world.machine.hashes()


def test_a_log_that_ends_stops_by_earlier_rules_pays_by_both_all_the_same() -> None:
    """Criterion: SUS-DRAIN-11. The edition of withdrawals came first."""
    world = opened(edition=EDITION)
    assert say(world, Adopt(8), chart.HOUSE) == 0
    world.fund(ALICE, BTC, coins(90))
    tight, wide = stopped(world, (LINE, Action.WITHDRAW), (Scope(Level.GLOBAL), Action.WITHDRAW))
    assert ask(world, SIZE / 2) == ask(world, SIZE) == ask(world, SIZE) == 0
    draining(world, [tight, wide], requests(world)[0].number)
    assert tick(world, tight) == 2
    assert lift(world, tight) == 0
    assert due(world) == 0
    assert (tick(world, wide), due(world)) == (2, 2)
    assert lift(world, wide) == 0
