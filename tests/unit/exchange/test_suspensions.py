"""Goal: withdrawals and whatever else moves money stop narrowly, by one; and go on only when many
have shown that they may, nobody having lost a place.

Method: a core with the folds of approvals, deposits, withdrawals and suspensions; the worked
examples by their numbers, every action against every path that performs it, every transition that
is not listed, and restarts from a snapshot at every step. Every test ends with a replay.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fullreserve._core import Core
from fullreserve.exchange import chart
from fullreserve.exchange.machine import Machine
from fullreserve.exchange.products.approval_acts import Define, Propose
from fullreserve.exchange.products.custody_ledger import Unsound
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    WITHDRAWALS,
    Bound,
    Cancel,
    Decide,
    Destination,
    Drain,
)
from fullreserve.exchange.products.drain import max_min
from fullreserve.exchange.products.suspension_state import HOUR_MS, SuspensionState
from fullreserve.exchange.products.suspension_wire import (
    CORE_FIRST,
    SUSPENSIONS,
    Action,
    Budget,
    Canary,
    Check,
    Discard,
    Draft,
    Extend,
    Fall,
    Figure,
    Gate,
    Level,
    Lift,
    Mode,
    OpenDrain,
    Plan,
    Ratify,
    Report,
    Ruling,
    Scope,
    Show,
    SignOff,
    Suspend,
    Trigger,
    Trip,
    Verdict,
)
from fullreserve.exchange.products.withdrawal_state import GetPlace, Place
from fullreserve.exchange.wire.commands import (
    AccountKey,
    CancelAll,
    Group,
    Leg,
    OpenOwner,
    OrderType,
    OwnerFlag,
    PlaceOrder,
    Posting,
    SetOwner,
    SetSuspension,
    Side,
    Suspended,
    SuspensionLevel,
    Transfer,
    amount_bytes,
)
from fullreserve.exchange.wire.queries import ListSupplies
from tests.unit.exchange.custody_world import (
    ALICE,
    BOB,
    BTC,
    CAROL,
    CHAIN,
    COIN,
    MEMOS,
    SUB,
    TOKENS,
    USDT,
    XRP,
    Chain,
    World,
    coins,
)
from tests.unit.exchange.suspension_world import (
    ADA,
    BEA,
    CLEO,
    DIGEST,
    SEED,
    agree,
    ask,
    ask_usdt,
    canaries,
    known,
    of,
    opened,
    pay,
    planned,
    reopened,
    requests,
    say,
    settle,
    shown,
    stop,
    terms,
    tick,
)

_State = SuspensionState


@pytest.fixture
def world() -> Iterator[World]:
    made = opened()
    yield made
    assert made.replayed().hashes() == made.machine.hashes()
    for supply in made.machine.query(ListSupplies()):
        assert supply.supply == supply.total


def has(world: World, owner: int = ALICE) -> tuple[int, int]:
    return world.balance(owner, chart.FUND, BTC), world.balance(owner, chart.HOLD, BTC)


# --- the worked examples


def test_e1_1_a_global_stop_queues(world: World) -> None:
    """Criterion: SUS-QUEUE-1. E1.1 by a suspension: held, placed, cancelled, given back."""
    world.fund(ALICE, BTC, coins(2))
    stop(world)
    assert ask(world, 0.5) == 0
    (one,) = requests(world)
    assert (one.state, has(world)) == (0, (149_960_000, 50_040_000))
    place = world.ask(WITHDRAWALS, GetPlace(one.number), Place | None)
    assert place == Place(1, coins(0), one.usd)
    assert world.say(WITHDRAWALS, Cancel(one.number), ALICE) == 0
    assert (requests(world)[0].state, has(world)) == (-2, (2 * COIN, 0))


def test_e1_2_a_drain_is_max_min_fair(world: World) -> None:
    """Criterion: SUS-DRAIN-1. E1.2: A 90, B 5, C 25, D 60 of 100 by tick."""
    owners = {ALICE: 90, BOB: 5, CAROL: 25, SUB + 10: 60}
    first = max_min(100 * COIN, {owner: units * COIN for owner, units in owners.items()})
    assert [share // COIN for share in first.values()] == [35, 5, 25, 35]
    rest = {owner: owners[owner] * COIN - share for owner, share in first.items()}
    second = max_min(100 * COIN, rest)
    assert [share // COIN for share in second.values()] == [55, 0, 0, 25]
    assert 100 * COIN - sum(second.values()) == 20 * COIN


def test_e1_3_coverage_decides(world: World) -> None:
    """Criterion: SUS-GATE-2. E1.3: 1003 of 1000 passes, 49.9 of 50 million refuses the restart."""
    world.fund(BOB, BTC, coins(1000 - 3))
    world.fund(BOB, USDT, coins(50_000_000 - 50_000))
    number = stop(world)
    assert ask_usdt(world, 100, BOB) == ask(world, 1, BOB) == 0
    planned(world, number)
    figures = (
        Figure(0, BTC, coins(1003)),
        Figure(0, USDT, coins(49_900_000)),
        Figure(0, 3, coins(0)),
    )
    assert say(world, Show(number, Gate.COVERAGE, DIGEST, passed=True, figures=figures), BEA) == 0
    seen = of(world, number).evidence[-1]
    by_asset = {one.asset: one for one in seen.figures}
    ratios = {
        asset: int.from_bytes(one.have) * 10_000 // max(1, int.from_bytes(one.need))
        for asset, one in by_asset.items()
    }
    assert not seen.passed
    assert ratios[BTC] > 10_000 > ratios[USDT] == 9_980
    short = int.from_bytes(by_asset[USDT].need) - int.from_bytes(by_asset[USDT].have)
    assert 99_000 * COIN <= short <= 100_000 * COIN
    assert say(world, Canary(number, requests(world, BOB)[0].number)) == 93008
    shown(world, number)
    assert say(world, Canary(number, requests(world, BOB)[0].number)) == 0


# --- who stops


def test_one_stops_and_it_is_ratified_or_stays(world: World) -> None:
    """Criterion: SUS-STOP-1. In force at once; unratified after an hour it is still in force."""
    world.fund(ALICE, BTC, coins(2))
    assert say(world, Suspend(terms()), ALICE) == 93001
    number = stop(world)
    assert of(world, number).state == _State.ACTIVE
    assert say(world, Ratify(number), ADA) == 93005
    world.time_ms += 2 * HOUR_MS
    assert ask(world, 1) == 0
    one = of(world, number)
    assert not one.is_ratified
    assert one.ratify_by_ms < world.time_ms
    assert requests(world)[-1].state == 0
    assert say(world, Ratify(number), BEA) == 0
    assert of(world, number).is_ratified
    assert say(world, Ratify(number), CLEO) == 93004


def test_a_draft_needs_others_and_stops_insiders_at_once() -> None:
    """Criterion: SUS-STOP-2. Two of three approve; who knows of it withdraws nothing before."""
    world = opened(threshold=2)
    world.core(_open_owner(ADA))
    for owner in (ADA, ALICE):
        world.fund(owner, BTC, coins(2))
    assert say(world, Draft(terms())) == 0
    number = known(world)[-1].number
    assert ask(world, 1, ADA) == ask(world, 1, ALICE) == 0
    assert (requests(world, ADA)[0].state, requests(world)[0].state) == (0, 10)
    assert say(world, Ratify(number), ADA) == 93005
    assert say(world, Ratify(number), BEA) == 0
    assert say(world, Ratify(number), BEA) == 93006
    assert of(world, number).state == _State.DRAFT
    assert say(world, Ratify(number), CLEO) == 0
    assert of(world, number).state == _State.ACTIVE
    assert say(world, Discard(number), CLEO) == 93004


def _open_owner(owner: int) -> Any:
    return OpenOwner(0, 0, owner, owner, 0, 1, 0, 1)


@pytest.mark.parametrize("trigger", list(Trigger))
def test_workers_stop_by_what_they_saw(world: World, trigger: Trigger) -> None:
    """Criterion: SUS-STOP-3. Any trigger, once however often it is raised; only for the house."""
    scope = Scope(Level.ASSET_CHAIN, CHAIN, BTC)
    assert say(world, Trip(trigger, scope, DIGEST), ADA) == 93001
    for _ in range(3):
        assert say(world, Trip(trigger, scope, DIGEST), chart.HOUSE) == 0
    (one,) = known(world)
    assert (one.trigger, one.creator, one.is_ratified) == (trigger, chart.HOUSE, False)
    world.fund(ALICE, BTC, coins(2))
    assert ask(world, 1) == 0
    assert requests(world)[-1].state == 0


# --- each action against every path that performs it


def _withdraw(world: World) -> bool:
    return ask(world, 0.5) == 0 and requests(world)[-1].state == 10


def _withdraw_by_api(world: World) -> bool:
    return ask(world, 0.5, by_api=True) == 0 and requests(world)[-1].state == 10


def _take_up(world: World) -> bool:
    """The payer binds what was asked for before the suspension."""
    number = requests(world)[0].number
    code = world.say(WITHDRAWALS, Bound(number, DIGEST))
    assert code in (0, Unsound.STOPPED, Unsound.NOT_PAYABLE)
    return code == 0


def _credit(world: World) -> bool:
    chain = Chain(world, DEPOSITS, CHAIN, BTC)
    index = chain.index(ALICE)
    before = has(world)[0]
    assert chain.tip() == chain.seen("d", index, coins(1)) == chain.confirmed("d", 1) == 0
    return has(world)[0] != before


def _internal(world: World) -> bool:
    more: dict[str, Any] = {"network": 0, "fee": amount_bytes(0)}
    return ask(world, 0.5, kind=Destination.OWNER, destination=BOB, **more) == 0


def _own_transfer(world: World) -> bool:
    rooms = (AccountKey(ALICE, chart.FUND, 0), AccountKey(ALICE, chart.TRADE, 0))
    return _is_done(world.core(Transfer(0, 0, ALICE, *rooms, BTC, coins(0.1))))


def _sub_transfer(world: World) -> bool:
    rooms = (AccountKey(ALICE, chart.FUND, 0), AccountKey(SUB, chart.FUND, 0))
    return _is_done(world.core(Transfer(0, 0, ALICE, *rooms, BTC, coins(0.1))))


def _order(world: World) -> bool:
    return _is_done(
        world.core(PlaceOrder(0, 0, ALICE, 1, Side.SELL, OrderType.LIMIT, 900_000, 10**4))
    )


def _cancel_orders(world: World) -> bool:
    return _is_done(world.core(CancelAll(0, 0, ALICE, 1)))


def _product(world: World) -> bool:
    """A product takes from a user's account, as any fold's group does."""
    legs = (
        Leg(AccountKey(ALICE, chart.FUND, 0), BTC, amount_bytes(-10)),
        Leg(AccountKey(chart.HOUSE, chart.TREASURY, 0), BTC, amount_bytes(10)),
    )
    return _is_done(world.core(Group(0, 0, 1, 0, (Posting(300, legs),), ())))


def _is_done(events: list[Any]) -> bool:
    return all(getattr(event, "code", 0) == 0 for event in events)


PATHS: dict[str, Callable[[World], bool]] = {
    "withdraw": _withdraw,
    "withdraw_by_api": _withdraw_by_api,
    "take_up": _take_up,
    "credit": _credit,
    "internal": _internal,
    "own_transfer": _own_transfer,
    "sub_transfer": _sub_transfer,
    "order": _order,
    "cancel_orders": _cancel_orders,
    "product": _product,
}
# What each action stops; the rest goes on.
STOPPED: dict[Action, tuple[str, ...]] = {
    Action.WITHDRAW: ("withdraw", "withdraw_by_api", "take_up"),
    Action.DEPOSIT_CREDIT: ("credit",),
    Action.INTERNAL_TRANSFER: ("internal",),
    Action.TRANSFER: ("own_transfer", "product"),
    Action.SUB_TRANSFER: ("sub_transfer",),
    Action.TRADE_OPEN: ("order",),
    Action.TRADE_ALL: ("order", "cancel_orders"),
    Action.API_WITHDRAW: ("withdraw_by_api",),
}
SCOPES = {
    Level.GLOBAL: Scope(Level.GLOBAL),
    Level.CHAIN: Scope(Level.CHAIN, CHAIN),
    Level.ASSET: Scope(Level.ASSET, asset=BTC),
    Level.ASSET_CHAIN: Scope(Level.ASSET_CHAIN, CHAIN, BTC),
    Level.SEGMENT: Scope(Level.SEGMENT),
    Level.USER: Scope(Level.USER, key=ALICE),
}
ELSEWHERE = {
    Level.CHAIN: Scope(Level.CHAIN, TOKENS),
    Level.ASSET: Scope(Level.ASSET, asset=3),
    Level.ASSET_CHAIN: Scope(Level.ASSET_CHAIN, TOKENS, BTC),
    Level.SEGMENT: Scope(Level.SEGMENT, key=7),
    Level.USER: Scope(Level.USER, key=BOB),
}
BY_CHAIN = (Action.WITHDRAW, Action.DEPOSIT_CREDIT, Action.API_WITHDRAW)


def _busy() -> World:
    """ALICE has coins, an order and a withdrawal that is to be paid."""
    world = opened()
    world.fund(ALICE, BTC, coins(5))
    world.fund(ALICE, BTC, coins(5), chart.TRADE)
    assert _order(world)
    assert ask(world, 0.25) == 0
    return world


@pytest.mark.parametrize("level", list(Level))
def test_each_action_stops_every_path_that_performs_it(level: Level) -> None:
    """Criterion: SUS-SCOPE-1. By enumeration of actions, levels and paths; and nothing else."""
    template = _busy()
    for action, stopped in STOPPED.items():
        if level in (Level.CHAIN, Level.ASSET_CHAIN) and action not in BY_CHAIN:
            assert say(template, Suspend(terms(action, SCOPES[level]))) == 51_000
            continue
        for scope, reaches in ((SCOPES[level], True), (ELSEWHERE.get(level), False)):
            if scope is None:
                continue
            for name, path in PATHS.items():
                world = _copy(template)
                assert say(world, Suspend(terms(action, scope))) == 0
                wanted = not (reaches and name in stopped)
                assert path(world) is wanted, (action, level, name, reaches)


def _copy(template: World) -> World:
    """Another world in the same state."""
    world = World.__new__(World)
    world.folds, world.time_ms, world.rows = template.folds, template.time_ms, []
    made = list(template.folds())
    for fold, before in zip(made, template.machine.folds, strict=True):
        fold.restore(before.encode())
    core = Core.restore(bytes(template.machine.core.snapshot()))
    world.machine = Machine(core=core, folds=made)
    return world


def test_products_ask_for_their_own_actions(world: World) -> None:
    """Criterion: SUS-SCOPE-2. Earn, convert, bots, loans and fiat are answered by scope."""
    own = (
        *(Action.EARN_SUBSCRIBE, Action.EARN_REDEEM, Action.CONVERT),
        *(Action.BOT, Action.LOAN_OUT, Action.FIAT),
    )
    for action in own:
        number = stop(world, action, Scope(Level.ASSET, asset=BTC))
        for asked, mode in ((Ruling(action, ALICE, ALICE, 0, 0, BTC), Mode.REJECT),
                            (Ruling(action, ALICE, ALICE, 0, 0, USDT), 0)):  # fmt: skip
            assert world.ask(SUSPENSIONS, asked, Verdict).mode == mode
        assert of(world, number).terms.actions == action


@pytest.mark.parametrize(
    ("level", "code"),
    [
        (Level.GLOBAL, 58_405),
        (Level.CHAIN, 58_214),
        (Level.ASSET, 58_214),
        (Level.ASSET_CHAIN, 58_214),
        (Level.SEGMENT, 58_405),
        (Level.USER, 58_204),
    ],
)
def test_reject_has_the_code_of_its_scope(world: World, level: Level, code: int) -> None:
    """Criterion: SUS-MODE-1."""
    world.fund(ALICE, BTC, coins(2))
    stop(world, scope=SCOPES[level], mode=Mode.REJECT)
    assert ask(world, 1) == code
    assert has(world) == (2 * COIN, 0)


def test_review_and_cap(world: World) -> None:
    """Criterion: SUS-MODE-2. A review for each; up to a cap, then 58201 and 58205."""
    world.fund(ALICE, BTC, coins(9))
    stop(world, mode=Mode.REVIEW, scope=Scope(Level.USER, key=ALICE))
    assert ask(world, 1) == 0
    assert (requests(world)[-1].state, requests(world)[-1].is_approved) == (4, False)
    world.fund(BOB, BTC, coins(9))
    cap: dict[str, Any] = {"per_user_usd": 100_000 * COIN, "per_asset": coins(4)}
    stop(world, mode=Mode.CAP, scope=Scope(Level.ASSET, asset=BTC), **cap)
    assert ask(world, 2, BOB) == 0
    assert requests(world, BOB)[-1].state == 10
    assert ask(world, 0.5, BOB) == 58_201
    world.fund(CAROL, BTC, coins(9))
    assert ask(world, 1.5, CAROL) == 58_205
    assert say(world, Suspend(terms(mode=Mode.CAP))) == 51_000


# --- the way back


def test_the_whole_way_back(world: World) -> None:
    """Criterion: SUS-REOPEN-1. Plan, gates, canary for each network, drain, lift, report."""
    for owner, held in ((ALICE, 50), (BOB, 90), (CAROL, 3)):
        world.fund(owner, BTC, coins(held))
        world.fund(owner, USDT, coins(5_000))
    number = stop(world)
    assert ask(world, 0.1) == ask_usdt(world, 100, BOB) == 0
    for owner, units in ((ALICE, 40), (BOB, 80), (CAROL, 0.1), (CAROL, 0.05)):
        assert ask(world, units, owner) == 0
    first, usdt = requests(world)[0].number, requests(world, BOB)[0].number
    assert say(world, OpenDrain(number, SEED)) == 93004
    planned(world, number)
    assert say(world, OpenDrain(number, SEED)) == 93004
    canaries(world, number, first)
    assert say(world, OpenDrain(number, SEED)) == 93007  # one network has had no canary yet
    canaries(world, number, usdt)
    _memo_canary(world, number)
    assert say(world, OpenDrain(number, SEED)) == 0
    settle(world)
    assert say(world, Lift(number)) == 93009
    assert ask(world, 0.2) == 0  # while it drains: to the end
    small = [one.number for one in requests(world, CAROL)]
    assert tick(world, CHAIN, BTC, 80)[:2] == small[:2]
    for _ in range(3):
        tick(world, CHAIN, BTC, 80)
    assert {one.state for who in (ALICE, BOB, CAROL) for one in requests(world, who)} == {2}
    assert say(world, Lift(number)) == 0
    assert ask(world, 0.1) == 0
    assert requests(world)[-1].state == 10
    assert say(world, Report(number, DIGEST)) == 0
    states = [step.state for step in of(world, number).history]
    assert states == [1, 2, 3, 4, 5, 6, 7]
    gates = {one.gate for one in of(world, number).evidence}
    assert gates == set(Gate)
    assert all(one.who and one.digest and one.time_ms for one in of(world, number).evidence)


def _memo_canary(world: World, number: int) -> None:
    """A withdrawal on the third network; without a price, somebody has looked at it."""
    world.fund(ALICE, XRP, coins(9))
    assert ask(world, 1, network=MEMOS, asset=XRP, fee=amount_bytes(0)) == 0
    last = requests(world)[-1].number
    assert world.say(WITHDRAWALS, Decide(last, 7)) == 0
    canaries(world, number, last)


def test_only_listed_steps_are_taken(world: World) -> None:
    """Criterion: SUS-REOPEN-2. From each state, every step that is not listed is refused."""
    world.fund(ALICE, BTC, coins(5))
    number = stop(world, scope=Scope(Level.CHAIN, CHAIN))
    assert ask(world, 1) == 0
    steps: dict[str, Any] = {
        "plan": Plan(number, 0),
        "check": Check(number),
        "canary": Canary(number, requests(world)[0].number),
        "open": OpenDrain(number, SEED),
        "lift": Lift(number),
        "fall": Fall(number),
        "report": Report(number, DIGEST),
        "discard": Discard(number),
        "sign": SignOff(number),
    }
    listed = {
        _State.ACTIVE: ("plan",),
        _State.REOPEN_PLANNED: ("plan", "check", "fall", "sign"),
        _State.GATE_CHECK: ("plan", "canary", "fall", "sign"),
        _State.CANARY: ("canary", "open", "fall"),
        _State.DRAINING: ("lift", "fall"),
        _State.LIFTED: ("report",),
        _State.REPORTED: (),
    }
    for state, names in listed.items():
        _walk(world, number, state)
        assert of(world, number).state == state
        for name, said in steps.items():
            if name not in names:
                code = say(world, said, CLEO)
                assert code == 93004, (state, name, code)
        assert say(world, steps["plan"], ALICE) == 93001
    assert say(world, Check(number + 1)) == 93003


def _walk(world: World, number: int, state: SuspensionState) -> None:
    """One state further."""
    if state is _State.REOPEN_PLANNED:
        assert say(world, Plan(number, 0, _budgets())) == 0
        assert say(world, Show(number, Gate.COMMUNICATION, DIGEST, passed=True), BEA) == 0
        world.time_ms += HOUR_MS
    elif state is _State.GATE_CHECK:
        assert say(world, Check(number)) == 0
        shown(world, number)
        assert say(world, SignOff(number), BEA) == 0
    elif state is _State.CANARY:
        canaries(world, number, requests(world)[0].number)
    elif state is _State.DRAINING:
        assert say(world, OpenDrain(number, SEED)) == 0
    elif state is _State.LIFTED:
        assert say(world, Lift(number)) == 0
    elif state is _State.REPORTED:
        assert say(world, Report(number, DIGEST)) == 0


def _budgets() -> tuple[Budget, ...]:
    return (Budget(CHAIN, BTC, coins(100), 100),)


@pytest.mark.parametrize("gate", [one for one in Gate if one is not Gate.CANARY])
def test_each_gate_alone_keeps_it_shut(world: World, gate: Gate) -> None:
    """Criterion: SUS-GATE-1. Missing, failed or too old: each refuses the canary."""
    world.fund(ALICE, BTC, coins(5))
    number = stop(world, scope=Scope(Level.CHAIN, CHAIN))
    assert ask(world, 1) == 0
    planned(world, number)
    wanted = 93008 if gate is Gate.COVERAGE else 93007
    assert say(world, Show(number, gate, DIGEST, passed=False), BEA) == 0
    assert say(world, Canary(number, requests(world)[0].number)) == wanted
    if gate is Gate.COMMUNICATION:
        assert say(world, Show(number, gate, DIGEST, passed=True), BEA) == 0
        assert say(world, Canary(number, requests(world)[0].number)) == wanted
        world.time_ms += HOUR_MS
    else:
        shown(world, number)
    if gate is Gate.SIGNABILITY:
        world.time_ms += 25 * HOUR_MS
        assert say(world, Canary(number, requests(world)[0].number)) == wanted
        shown(world, number)
    if gate is Gate.QUEUE_HYGIENE:
        world.core(SetOwner(0, 0, ALICE, 0, 1, OwnerFlag.FROZEN, 1))
        shown(world, number)
        assert say(world, Canary(number, requests(world)[0].number)) == wanted
        world.core(SetOwner(0, 0, ALICE, 0, 1, 0, 1))
        shown(world, number)
    if gate is Gate.LIMITS:
        assert say(world, Show(number, gate, DIGEST, passed=True), ADA) == 0
        assert say(world, Canary(number, requests(world)[0].number)) == wanted
        shown(world, number)
    assert say(world, Canary(number, requests(world)[0].number)) == 0


def test_liquidity_is_held_against_the_queue(world: World) -> None:
    """Criterion: SUS-GATE-3. Hot and warm must cover the queue, and the forecast where more."""
    world.fund(ALICE, BTC, coins(1500))
    number = stop(world, scope=Scope(Level.CHAIN, CHAIN))
    assert ask(world, 150) == 0
    planned(world, number)
    more = (Figure(CHAIN, BTC, coins(1001)),)
    assert say(world, Show(number, Gate.LIQUIDITY, DIGEST, passed=True, figures=more), BEA) == 0
    assert not of(world, number).evidence[-1].passed
    less = (Figure(CHAIN, BTC, coins(10)),)
    assert say(world, Show(number, Gate.LIQUIDITY, DIGEST, passed=True, figures=less), BEA) == 0
    seen = of(world, number).evidence[-1]
    assert seen.passed
    assert seen.figures == (Figure(CHAIN, BTC, coins(1000), coins(150)),)


def test_a_sign_off_is_of_one_plan(world: World) -> None:
    """Criterion: SUS-REOPEN-3. What was signed for the first plan is none for the second."""
    number = stop(world, scope=Scope(Level.CHAIN, CHAIN))
    assert say(world, Plan(number, 0, _budgets())) == 0
    first = of(world, number).planned_ms
    world.time_ms += 1
    assert say(world, Plan(number, 0, _budgets())) == 0
    assert say(world, SignOff(number, first), BEA) == 93004
    assert of(world, number).sign_offs == ()
    assert say(world, SignOff(number, of(world, number).planned_ms), BEA) == 0
    assert world.replayed().hashes() == world.machine.hashes()


def test_who_stopped_it_does_not_restart_it_alone() -> None:
    """Criterion: SUS-REOPEN-3. m of n, never the planner, each once; who stopped it may be away."""
    world = opened(threshold=2)
    world.fund(ALICE, BTC, coins(5))
    number = stop(world, scope=Scope(Level.CHAIN, CHAIN))
    assert ask(world, 1) == 0
    assert say(world, Plan(number, 0, _budgets())) == 0
    assert say(world, Show(number, Gate.COMMUNICATION, DIGEST, passed=True), BEA) == 0
    world.time_ms += HOUR_MS
    assert say(world, Check(number)) == 0
    shown(world, number)
    canary = Canary(number, requests(world)[0].number)
    assert say(world, SignOff(number), ADA) == 93005
    assert say(world, SignOff(number), BEA) == 0
    assert say(world, SignOff(number), BEA) == 93006
    assert say(world, canary) == 93007
    assert say(world, SignOff(number), CLEO) == 0
    assert say(world, canary) == 0
    assert world.replayed().hashes() == world.machine.hashes()


def test_a_break_keeps_every_place(world: World) -> None:
    """Criterion: SUS-REOPEN-4. Broken off while it drains, and stopped again: the old places."""
    for owner in (ALICE, BOB, CAROL):
        world.fund(owner, BTC, coins(10))
    number = stop(world, scope=Scope(Level.CHAIN, CHAIN))
    for owner in (ALICE, BOB, CAROL, ALICE, BOB):
        assert ask(world, 0.01, owner) == 0
    numbers = sorted(one.number for who in (ALICE, BOB, CAROL) for one in requests(world, who))
    reopened(world, number, numbers[0])
    settle(world)
    assert world.say(WITHDRAWALS, Drain(CHAIN, BTC, coins(1), 2)) == 0
    pay(world, numbers[1])
    assert say(world, Fall(number), CLEO) == 0
    # Released and not bound: the payer is refused before anything else was said.
    assert world.say(WITHDRAWALS, Bound(numbers[2], DIGEST)) == Unsound.STOPPED
    settle(world)
    assert _waiting(world) == numbers[2:]
    assert (
        world.ask(
            WITHDRAWALS,
            GetPlace(
                numbers[3],
            ),
            Place | None,
        ).position
        == 2
    )
    assert ask(world, 0.01, CAROL) == 0
    again = stop(world, scope=Scope(Level.ASSET, asset=BTC))
    assert _waiting(world)[:3] == numbers[2:]
    planned(world, number)
    assert say(world, Canary(number, numbers[2])) == 0
    settle(world)
    # The other one stops it too, and has not come so far.
    assert _waiting(world)[:3] == numbers[2:]
    assert say(world, Fall(again), ADA) == 93004


def _waiting(world: World) -> list[int]:
    return sorted(
        one.number for who in (ALICE, BOB, CAROL) for one in requests(world, who) if not one.state
    )


def test_seen_again_while_it_reopens_breaks_it_off(world: World) -> None:
    """Criterion: SUS-STOP-4. A worker sees the cause again: the reopening falls back."""
    scope = Scope(Level.CHAIN, CHAIN)
    assert say(world, Trip(Trigger.DEEP_REORG, scope), chart.HOUSE) == 0
    number = known(world)[-1].number
    world.fund(ALICE, BTC, coins(5))
    assert ask(world, 1) == 0
    planned(world, number)
    assert say(world, Trip(Trigger.DEEP_REORG, scope), chart.HOUSE) == 0
    one = of(world, number)
    assert (one.state, one.sign_offs, len(known(world))) == (_State.ACTIVE, (), 1)


def test_deposits_and_trading_lift_without_a_drain(world: World) -> None:
    """Criterion: SUS-REOPEN-5. Each action has its own gates; deposits are credited on the lift."""
    number = stop(world, Action.DEPOSIT_CREDIT | Action.TRADE_OPEN, Scope(Level.ASSET, asset=BTC))
    assert not _credit(world)
    assert not _order(world)
    planned(world, number)
    assert say(world, Lift(number)) == 0
    settle(world)
    assert has(world)[0] == COIN
    assert _order_of_bob(world)


def _order_of_bob(world: World) -> bool:
    world.fund(BOB, BTC, coins(1), chart.TRADE)
    return _is_done(
        world.core(PlaceOrder(0, 0, BOB, 1, Side.SELL, OrderType.LIMIT, 900_000, 10**4))
    )


def test_the_console_cannot_lift_what_has_gates(world: World) -> None:
    """Criterion: SUS-STOP-5. The core's row of a suspension is out of a proposal's reach."""
    number = stop(world, Action.TRADE_OPEN)
    lifted = SetSuspension(*(0, 0, CORE_FIRST + number, Suspended.NONE, SuspensionLevel.GLOBAL, 0))
    assert agree(world, Propose(Define(lifted), 3_600_000), ADA) == 51_000


def test_an_estimate_is_told_and_changed(world: World) -> None:
    """Criterion: SUS-STOP-6."""
    number = stop(world, est_open_ms=5)
    assert say(world, Extend(number, 99)) == 0
    assert of(world, number).terms.est_open_ms == 99
    assert say(world, Extend(number, -1)) == 93004


UNSOUND = [
    terms(0),
    terms(1 << 20),
    terms(mode=9),
    terms(reason=99),
    terms(scope=Scope(9)),
    terms(scope=Scope(Level.CHAIN)),
    terms(scope=Scope(Level.ASSET, CHAIN, BTC)),
    terms(scope=Scope(Level.GLOBAL, key=5)),
    terms(scope=Scope(Level.USER)),
    terms(est_open_ms=-1),
    terms(mode=Mode.CAP, per_user_usd=-5),
]


@pytest.mark.parametrize("bad", UNSOUND)
def test_what_means_nothing_is_refused(world: World, bad: Any) -> None:
    """Criterion: SUS-STOP-7."""
    assert say(world, Suspend(bad)) == 51_000
    assert known(world) == []


def test_any_course_replays_and_restores() -> None:
    """Criterion: SUS-STATE-1. Random words of everybody, restarted from a snapshot each time."""
    draws = random.Random(6)
    world = opened()
    for owner in (ALICE, BOB):
        world.fund(owner, BTC, coins(500))
    for _ in range(250):
        who = draws.choice((ADA, BEA, CLEO, chart.HOUSE, ALICE))
        numbers = [one.number for one in known(world)] or [1]
        say(world, _anything(draws, world, draws.choice(numbers[-2:])), who)
        ask(world, draws.choice((0.01, 1, 5)), draws.choice((ALICE, BOB)))
        if draws.randrange(3) == 0:
            settle(world)
            tick(world, CHAIN, BTC, draws.choice((1, 50)))
        world.time_ms += draws.choice((1000, HOUR_MS))
        world.restart()
    assert {one.state for one in known(world)} >= {1, 2, 3}
    assert world.replayed().hashes() == world.machine.hashes()


def _anything(draws: random.Random, world: World, number: int) -> Any:
    waiting = [*_waiting(world), 1]
    gate = draws.choice(list(Gate))
    scope = draws.choice(list(SCOPES.values()))
    makers: list[Callable[[], Any]] = [
        lambda: Suspend(terms(Action.WITHDRAW, scope, mode=draws.choice((1, 1, 2, 3)))),
        lambda: Draft(terms(Action.WITHDRAW, scope)),
        lambda: Trip(draws.choice(list(Trigger)), scope),
        lambda: Ratify(number),
        lambda: Discard(number),
        lambda: Extend(number, 5),
        lambda: Plan(number, 5, _budgets()),
        lambda: Plan(number, 5, _budgets()),
        lambda: Check(number),
        lambda: Check(number),
        lambda: Show(number, gate, DIGEST, passed=True, count=len(waiting) - 1),
        lambda: SignOff(number),
        lambda: Canary(number, waiting[0]),
        lambda: OpenDrain(number, SEED),
        lambda: Lift(number),
        lambda: Fall(number),
        lambda: Report(number, DIGEST),
    ]
    return draws.choice(makers)()
