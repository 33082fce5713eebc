"""Goal: every stop can be lifted, also where nobody waits and where two hold the same requests."""

from __future__ import annotations

from functools import partial

import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products.approval_acts import Enrol
from fullreserve.exchange.products.approval_state import CONSOLE
from fullreserve.exchange.products.custody_wire import WITHDRAWALS, Bound, Cancel, Decide, Failed
from fullreserve.exchange.products.suspension_state import (
    OF_NOTHING,
    OF_WAITING,
    REFUSED_GO,
    SIGNED_LAST,
    Refused,
    SuspensionState,
)
from fullreserve.exchange.products.suspension_wire import (
    Action,
    Adopt,
    Advance,
    Budget,
    Check,
    Gate,
    Level,
    Lift,
    Mode,
    OpenDrain,
    Plan,
    Scope,
)
from fullreserve.exchange.products.withdrawal_state import OVERTAKEN, REVERTED, WithdrawalState
from fullreserve.exchange.wire.commands import SetOwner
from tests.unit.exchange.custody_world import (
    ALICE,
    BOB,
    BTC,
    CHAIN,
    USDT,
    World,
    coins,
    transfer,
)
from tests.unit.exchange.suspension_world import (
    ADA,
    BEA,
    BUDGETS,
    CLEO,
    EVERYWHERE,
    SEED,
    agree,
    ask,
    ask_usdt,
    folds,
    of,
    opened,
    pay,
    planned,
    requests,
    say,
    screened,
    settle,
    show,
    sign_off,
    stop,
    survey,
)

ON_CHAIN = Scope(Level.CHAIN, CHAIN)


def world_of(edition: int) -> World:
    world = opened(edition=4)
    assert say(world, Adopt(edition), chart.HOUSE) == 0
    for owner in (ALICE, BOB):
        world.fund(owner, BTC, coins(50))
        world.fund(owner, USDT, coins(5_000))
    return world


def advanced(world: World, number: int) -> int:
    """What the worker on duty does: the next step, and all that wait are looked at."""
    if of(world, number).state != SuspensionState.LIFTED:
        survey(world, number)
    code = say(world, Advance(number, SEED), chart.HOUSE)
    settle(world)
    return code


def ready(world: World, number: int) -> None:
    planned(world, number)
    world.time_ms += 2 * 3_600_000


@pytest.mark.parametrize("edition", [SIGNED_LAST, OF_WAITING])
@pytest.mark.parametrize("mode", [Mode.QUEUE, Mode.REJECT, Mode.REVIEW, Mode.CAP])
@pytest.mark.parametrize("scope", [EVERYWHERE, ON_CHAIN, Scope(Level.SEGMENT, key=3)])
def test_a_stop_ends_though_nobody_waits(edition: int, mode: Mode, scope: Scope) -> None:
    """Criterion: SUS-CANARY-4. In a log from before it waits for somebody."""
    world = world_of(edition)
    number = stop(world, scope=scope, mode=mode, per_user_usd=10**10 if mode == Mode.CAP else 0)
    ready(world, number)
    codes = [advanced(world, number) for _ in range(2)]
    if edition < OF_WAITING:
        assert codes == [Refused.WRONG_STATE] * 2
        assert of(world, number).state == SuspensionState.GATE_CHECK
        return
    assert codes == [0, 0]
    assert of(world, number).state == SuspensionState.DRAINING
    assert Gate.CANARY in [one.gate for one in of(world, number).evidence if one.passed]
    assert advanced(world, number) == 0
    assert of(world, number).state == SuspensionState.LIFTED
    assert world.replayed().hashes() == world.machine.hashes()


def test_a_canary_is_wanted_where_somebody_waits_alone() -> None:
    """Criterion: SUS-CANARY-4. One that its owner takes back leaves nobody to wait for."""
    world = world_of(OF_WAITING)
    number = stop(world)
    assert ask(world, 1) == ask_usdt(world, 10, BOB) == 0
    ready(world, number)
    (bitcoin,), (dollars,) = requests(world), requests(world, BOB)
    assert world.say(WITHDRAWALS, Cancel(dollars.number), BOB) == 0
    assert advanced(world, number) == 0
    assert of(world, number).canaries == {CHAIN: bitcoin.number}
    assert advanced(world, number) == Refused.GATES  # it is on its way
    pay(world, bitcoin.number)
    assert advanced(world, number) == 0
    assert of(world, number).state == SuspensionState.DRAINING


@pytest.mark.parametrize("edition", [REFUSED_GO - 1, REFUSED_GO])
@pytest.mark.parametrize("reason", [0, 3, 58216])
def test_a_canary_that_is_refused_keeps_no_stop(edition: int, reason: int) -> None:
    """Criterion: SUS-CANARY-5. In a log from before it waits for somebody else there."""
    world = world_of(edition)
    number = stop(world)
    assert ask(world, 1) == ask_usdt(world, 10, BOB) == 0
    ready(world, number)
    (bitcoin,), (dollars,) = requests(world), requests(world, BOB)
    assert advanced(world, number) == 0
    pay(world, bitcoin.number)
    said = Decide(dollars.number, WithdrawalState.REVIEW), Decide(dollars.number, -1, reason)
    assert [world.say(WITHDRAWALS, word) for word in said] == [0, 0]
    assert requests(world, BOB)[0].state == WithdrawalState.FAILED
    if edition < REFUSED_GO:
        assert advanced(world, number) == Refused.GATES
        return
    assert advanced(world, number) == 0
    assert of(world, number).state == SuspensionState.DRAINING
    assert advanced(world, number) == 0
    assert of(world, number).state == SuspensionState.LIFTED
    assert world.replayed().hashes() == world.machine.hashes()


@pytest.mark.parametrize("reason", [REVERTED, OVERTAKEN])
def test_a_canary_that_the_chain_failed_opens_nothing(reason: int) -> None:
    """Criterion: SUS-CANARY-5. Neither by the worker nor by hand."""
    world = world_of(REFUSED_GO)
    number = stop(world, scope=ON_CHAIN)
    assert ask(world, 1) == 0
    ready(world, number)
    assert advanced(world, number) == 0
    (canary,) = requests(world)
    binding = transfer("binding")
    assert world.say(WITHDRAWALS, Bound(canary.number, binding)) == 0
    failed = Failed(canary.number, reason, binding, transfer("conflict"))
    assert world.say(WITHDRAWALS, failed) == 0
    assert advanced(world, number) == say(world, OpenDrain(number, SEED)) == Refused.GATES


def test_who_comes_while_canaries_are_under_way_is_one() -> None:
    """Criterion: SUS-CANARY-4."""
    world = world_of(OF_WAITING)
    number = stop(world)
    assert ask(world, 1) == 0
    ready(world, number)
    assert advanced(world, number) == 0
    assert list(of(world, number).canaries) == [CHAIN]
    assert ask_usdt(world, 10, BOB) == 0
    pay(world, requests(world)[0].number)
    assert advanced(world, number) == 0
    assert len(of(world, number).canaries) == 2
    assert of(world, number).state == SuspensionState.CANARY


@pytest.mark.parametrize("edition", [SIGNED_LAST, OF_WAITING])
def test_a_plan_has_a_budget_for_each_line_of_its_scope(edition: int) -> None:
    """Criterion: SUS-DRAIN-10. Who asks after it on another line would keep the stop for ever."""
    world = world_of(edition)
    number = stop(world)
    lines = [Budget(CHAIN, BTC, coins(1), 1)]
    said = say(world, Plan(number, 0, tuple(lines)))
    if edition < OF_WAITING:
        assert said == 0
    else:
        assert said == 93017
    assert say(world, Plan(number, 0, BUDGETS)) == 0
    of_chain = stop(world, scope=ON_CHAIN)
    assert say(world, Plan(of_chain, 0, tuple(lines))) == 0
    of_trade = stop(world, Action.TRADE_ALL)
    assert say(world, Plan(of_trade, 0, ())) == 0


@pytest.mark.parametrize("edition", [SIGNED_LAST, OF_WAITING])
def test_a_stop_of_all_ends_beside_one_of_what_the_api_asks(edition: int) -> None:
    """Criterion: SUS-DRAIN-9. And that one after it. In a log from before each waits for both."""
    world = world_of(edition)
    of_all = stop(world, scope=ON_CHAIN)
    of_api = stop(world, Action.API_WITHDRAW)
    assert ask(world, 1, by_api=True) == ask(world, 0.5, BOB) == 0
    ready(world, of_all)
    (canary,), (by_api,) = requests(world, BOB), requests(world)
    assert advanced(world, of_all) == 0
    assert of(world, of_all).canaries == {CHAIN: canary.number}
    pay(world, canary.number)
    assert advanced(world, of_all) == 0
    if edition < OF_WAITING:
        assert advanced(world, of_all) == Refused.QUEUE
        return
    assert advanced(world, of_all) == 0
    assert of(world, of_all).state == SuspensionState.LIFTED
    assert requests(world)[0].state == 0
    ready(world, of_api)
    assert advanced(world, of_api) == 0
    pay(world, by_api.number)
    assert [advanced(world, of_api) for _ in range(2)] == [0, 0]
    assert of(world, of_api).state == SuspensionState.LIFTED
    assert world.replayed().hashes() == world.machine.hashes()


def bare_world(edition: int) -> World:
    """Of an exchange without any network."""
    world = World(partial(folds, 0, ()))
    assert say(world, Adopt(edition), chart.HOUSE) == 0
    for member in (ADA, BEA, CLEO):
        assert agree(world, Enrol(CONSOLE, member)) == 0
    return world


@pytest.mark.parametrize("edition", [OF_NOTHING - 1, OF_NOTHING])
@pytest.mark.parametrize("scope", [EVERYWHERE, Scope(Level.ASSET, asset=BTC)])
def test_a_stop_of_what_no_network_has_is_ended_by_hand(edition: int, scope: Scope) -> None:
    """Criterion: SUS-CANARY-7. There is no line to plan, none to pay, and no worker on duty."""
    world = bare_world(edition)
    number = stop(world, Action.WITHDRAW | Action.TRANSFER, scope=scope)
    assert say(world, Plan(number, 0)) == 0
    assert show(world, number, Gate.COMMUNICATION) == 0
    world.time_ms += 3_600_000
    assert say(world, Check(number)) == 0
    survey(world, number)
    for gate in (Gate.SIGNABILITY, Gate.COVERAGE, Gate.LIQUIDITY, Gate.LIMITS, Gate.SUPPORT):
        assert show(world, number, gate) == 0
    assert show(world, number, Gate.QUEUE_HYGIENE, **screened(world, number)) == 0
    if edition < OF_NOTHING:
        assert sign_off(world, number) == Refused.GATES
        return
    assert say(world, OpenDrain(number, SEED)) == Refused.GATES  # nobody has signed off
    assert sign_off(world, number) == 0
    assert say(world, OpenDrain(number, SEED)) == say(world, Lift(number)) == 0
    assert of(world, number).state == SuspensionState.LIFTED
    assert world.replayed().hashes() == world.machine.hashes()


@pytest.mark.parametrize("edition", [OF_NOTHING - 1, OF_NOTHING])
@pytest.mark.parametrize("scope", [EVERYWHERE, Scope(Level.SEGMENT, key=3)])
def test_a_drain_opens_by_hand_where_nobody_waits(edition: int, scope: Scope) -> None:
    """Criterion: SUS-CANARY-7. Of a segment only a reading tells; and where somebody does, not."""
    world = world_of(edition)
    world.core(SetOwner(0, 0, ALICE, 3, 1, 0, 1))
    number = stop(world, scope=scope)
    ready(world, number)
    opening = OpenDrain(number, SEED)
    if edition < OF_NOTHING:
        assert say(world, opening) == Refused.WRONG_STATE
        return
    assert ask(world, 1) == 0
    assert say(world, opening) == Refused.SURVEY
    survey(world, number)
    assert say(world, opening) == Refused.GATES
    assert world.say(WITHDRAWALS, Cancel(requests(world)[0].number), ALICE) == 0
    survey(world, number)
    assert say(world, opening) == 0
    assert of(world, number).state == SuspensionState.DRAINING
    assert world.replayed().hashes() == world.machine.hashes()
