"""Maintenance with a pre-opening, and delistings: the fold alone, by exchange time."""

from __future__ import annotations

import msgspec
import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products.calendar import Calendar
from fullreserve.exchange.products.calendar_rules import due, withdrawals_end_ms
from fullreserve.exchange.products.calendar_wire import (
    CALENDAR,
    DAY_MS,
    NOTICES,
    AnySaid,
    CallOff,
    Clear,
    Deed,
    Delist,
    Done,
    Go,
    ListPlans,
    Maintain,
    MaintainNetwork,
    NetworkWindow,
    Plans,
    Reached,
    Stage,
)
from fullreserve.exchange.products.custody_wire import DEPOSITS, WITHDRAWALS
from fullreserve.exchange.products.deposits import Deposits
from fullreserve.exchange.products.withdrawals import Withdrawals
from fullreserve.exchange.wire.commands import (
    InstrumentState,
    OrderType,
    PlaceOrder,
    Product,
    SetInstrumentState,
    Side,
)
from fullreserve.exchange.wire.events import CancelSource, Order, OrderState, Reply
from fullreserve.exchange.wire.queries import ListBalances, ListInstruments, ListOpenOrders
from tests.unit.exchange.custody_world import (
    ALICE,
    BOB,
    BTC,
    CHAIN,
    START_MS,
    TOKENS,
    USDT,
    World,
    coins,
)

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
BTC_USDT, ETH_USDT = 1, 2
NOT_DUE = 96_003


@pytest.fixture
def world() -> World:
    """Two who trade."""
    made = World(lambda: (Calendar(),))
    for owner in (ALICE, BOB):
        made.fund(owner, USDT, coins(1_000_000), chart.TRADE)
        made.fund(owner, BTC, coins(100), chart.TRADE)
    return made


def said(world: World, asked: AnySaid, owner: int = chart.HOUSE) -> int:
    return world.say(CALENDAR, asked, owner)


def gone_on(world: World) -> int:
    """Says `Go` until nothing is due; how often something was."""
    steps = 0
    while (code := said(world, Go())) == 0:
        steps += 1
    assert code == NOT_DUE
    return steps


def state_of(world: World, instrument: int) -> int:
    listed = world.machine.query(ListInstruments())
    return next(int(one.state) for one in listed if one.instrument == instrument)


def placed(
    world: World, owner: int, side: Side, price: int, kind: OrderType, instrument: int = BTC_USDT
) -> int:
    """The code of an order of 0.001 BTC."""
    order = PlaceOrder(0, 0, owner, instrument, side, kind, price, 100)
    return next(int(one.code) for one in world.core(order) if isinstance(one, Reply))


def test_e9_3_maintenance_closes_pre_opens_and_opens(world: World) -> None:
    """Criterion: CAL-MAINT-1. E9.3: 02:00 to 02:30, pre-open 02:20; the core says 51022."""
    two = START_MS + HOUR_MS
    window = Maintain(two, two + 20 * MINUTE_MS, two + 30 * MINUTE_MS, (BTC_USDT,))
    assert said(world, window) == 0
    assert placed(world, ALICE, Side.BUY, 390_000, OrderType.LIMIT) == 0
    assert said(world, Go()) == NOT_DUE
    for minutes, kind, code in (
        (10, OrderType.LIMIT, 51022),
        (10, OrderType.POST_ONLY, 51022),
        (25, OrderType.POST_ONLY, 0),
        (25, OrderType.LIMIT, 51022),
        (25, OrderType.IOC, 51022),
        (30, OrderType.IOC, 0),
    ):
        world.time_ms = two + minutes * MINUTE_MS
        gone_on(world)
        assert placed(world, BOB, Side.SELL, 410_000, kind) == code, (minutes, kind)
        assert state_of(world, ETH_USDT) == InstrumentState.LIVE
    assert len(world.machine.query(ListOpenOrders(ALICE))) == 1
    (kept,) = world.machine.folds[0].state.windows.values()
    assert kept.stage == Stage.OVER
    assert world.replayed().hashes() == world.machine.hashes()
    world.restart()


def test_each_instrument_comes_back_as_it_was_and_nobody_is_overruled(world: World) -> None:
    """Criterion: CAL-MAINT-2"""
    for instrument, state in ((2, InstrumentState.POST_ONLY), (3, InstrumentState.CANCEL_ONLY)):
        world.core(SetInstrumentState(0, 0, instrument, state))
    world.core(SetInstrumentState(0, 0, 4, InstrumentState.SUSPEND))
    begin = START_MS + HOUR_MS
    window = Maintain(begin, begin + 10, begin + 20, (1, 2, 3, 4, 5))
    assert said(world, window) == 0
    seen = []
    for at, meddles in ((begin, False), (begin + 10, True), (begin + 20, False)):
        world.time_ms = at
        gone_on(world)
        if meddles:
            world.core(SetInstrumentState(0, 0, 5, InstrumentState.SUSPEND))
        seen.append([state_of(world, each) for each in (1, 2, 3, 4, 5)])
        world.restart()
    live, post, cancel, stop = (
        InstrumentState.LIVE, InstrumentState.POST_ONLY,
        InstrumentState.CANCEL_ONLY, InstrumentState.SUSPEND,
    )  # fmt: skip
    assert seen == [
        [stop] * 5, [post, post, cancel, stop, stop], [live, post, cancel, stop, stop],
    ]  # fmt: skip


def test_a_window_opens_nothing_that_a_delisting_has_ended(world: World) -> None:
    """Criterion: CAL-MAINT-3"""
    begin = START_MS + 100 * DAY_MS
    window = Maintain(begin, begin + 20, begin + 30, (BTC_USDT, ETH_USDT))
    assert said(world, window) == 0
    withdrawals = begin + 10 + NOTICES[0] * DAY_MS
    assert said(world, Delist(BTC, begin + 10, begin + 10, withdrawals)) == 0
    (plan,) = world.machine.folds[0].state.delistings
    for at in (begin, begin + 10):
        world.time_ms = at
        gone_on(world)
    assert state_of(world, BTC_USDT) == InstrumentState.CANCEL_ONLY
    world.time_ms = begin + 15
    assert said(world, Clear(plan, BTC_USDT, ())) == 0
    for at in (begin + 20, begin + 30):
        world.time_ms = at
        gone_on(world)
        assert state_of(world, BTC_USDT) == InstrumentState.SUSPEND
    assert state_of(world, ETH_USDT) == InstrumentState.LIVE
    assert world.replayed().hashes() == world.machine.hashes()


def test_windows_of_one_instrument_do_not_overlap(world: World) -> None:
    """Criterion: CAL-MAINT-3. Nor is one called off that has closed something."""
    begin = START_MS + HOUR_MS
    assert said(world, Maintain(begin, begin + 18, begin + 20, (1, 2))) == 0
    assert said(world, Maintain(begin + 19, begin + 20, begin + 40, (2, 3))) == 51000
    assert said(world, Maintain(begin + 19, begin + 20, begin + 40, (3, 4))) == 0
    assert said(world, Maintain(begin + 20, begin + 30, begin + 40, (1,))) == 0
    plan = next(iter(world.machine.folds[0].state.windows))
    world.time_ms = begin
    assert said(world, Go()) == 0
    assert said(world, CallOff(plan)) == 96_002
    gone_on(world)
    world.time_ms = begin + 40
    gone_on(world)
    states = {state_of(world, each) for each in (1, 2, 3, 4)}
    assert states == {InstrumentState.LIVE}


def test_a_window_that_nobody_was_there_for_changes_nothing(world: World) -> None:
    """Criterion: CAL-MAINT-2. Nor does half of one: each instrument comes to what is due."""
    begin = START_MS + HOUR_MS
    assert said(world, Maintain(begin, begin + 10, begin + 20, (1, 2))) == 0
    world.time_ms = begin
    assert said(world, Go()) == 0
    states = {state_of(world, 1), state_of(world, 2)}
    assert states == {InstrumentState.SUSPEND, InstrumentState.LIVE}
    world.time_ms = begin + 30
    gone_on(world)
    assert {state_of(world, 1), state_of(world, 2)} == {InstrumentState.LIVE}
    later = begin + HOUR_MS
    assert said(world, Maintain(later, later + 10, later + 20, (1, 2))) == 0
    world.time_ms = later + 30
    gone_on(world)
    assert {state_of(world, 1), state_of(world, 2)} == {InstrumentState.LIVE}


def holders(world: World, asset: int) -> tuple[int, ...]:
    """Who has something set aside."""
    return tuple(
        owner
        for owner in (ALICE, BOB)
        if any(one.hold != coins(0) for one in world.machine.query(ListBalances(owner)))
    )


def deeds(world: World, number: int) -> list[tuple[Deed, int]]:
    one = world.machine.folds[0].state.delistings[number]
    listed = world.machine.query(ListInstruments())
    return [
        (Deed(each.deed), each.instrument or each.days) for each in due(one, world.time_ms, listed)
    ]


def test_e9_2_a_delisting_goes_step_by_step(world: World) -> None:
    """Criterion: CAL-DELIST-1. E9.2: deposits a week before, orders in one batch by the system."""
    at = START_MS + 30 * DAY_MS
    plan = Delist(BTC, at - 7 * DAY_MS, at, at + 90 * DAY_MS)
    number = world.machine.sequence + 1
    assert said(world, plan) == 0
    assert said(world, plan) == 0
    assert len(world.machine.folds[0].state.delistings) == 1
    assert said(world, Delist(BTC, at, at, at + 90 * DAY_MS)) == 96_004
    assert placed(world, ALICE, Side.BUY, 390_000, OrderType.LIMIT) == 0
    assert placed(world, BOB, Side.SELL, 410_000, OrderType.LIMIT) == 0
    assert deeds(world, number) == []
    world.time_ms = at - 7 * DAY_MS
    assert deeds(world, number) == [(Deed.STOP_DEPOSITS, 0)]
    assert said(world, Clear(number, BTC_USDT, ())) == NOT_DUE
    assert said(world, Done(number, Deed.STOP_DEPOSITS)) == 0
    assert (deeds(world, number), said(world, Go())) == ([], NOT_DUE)
    world.time_ms = at
    going = [instrument for _, instrument in deeds(world, number)]
    assert BTC_USDT in going
    assert ETH_USDT not in going
    assert gone_on(world) == len(going)
    assert placed(world, ALICE, Side.BUY, 390_000, OrderType.LIMIT) == 51022
    before = len(world.rows)
    for instrument in going:
        assert said(world, Clear(number, instrument, holders(world, BTC))) == 0
        assert state_of(world, instrument) == InstrumentState.SUSPEND
    assert holders(world, BTC) == ()
    assert deeds(world, number) == []
    assert len(world.rows) - before == len(going)
    assert world.replayed().hashes() == world.machine.hashes()


def test_e9_2_orders_of_a_delisted_pair_are_cancelled_by_the_system(world: World) -> None:
    """Criterion: CAL-DELIST-1"""
    at = START_MS + DAY_MS
    number = world.machine.sequence + 1
    assert said(world, Delist(BTC, at, at, at + 90 * DAY_MS)) == 0
    for owner, side, price in ((ALICE, Side.BUY, 390_000), (BOB, Side.SELL, 410_000)):
        assert placed(world, owner, side, price, OrderType.LIMIT) == 0
    world.time_ms = at
    gone_on(world)
    clear = Clear(number, BTC_USDT, (ALICE, BOB))
    events = world.core(Product(0, 0, CALENDAR, chart.HOUSE, msgspec.msgpack.encode(clear)))
    ended = [one for one in events if isinstance(one, Order)]
    assert [(one.state, one.cancel_source) for one in ended] == [
        (OrderState.CANCELED, CancelSource.SYSTEM)
    ] * 2


def test_e9_2_withdrawals_end_only_after_every_notice(world: World) -> None:
    """Criterion: CAL-DELIST-2. E9.2: late ones move the end."""
    at = START_MS + DAY_MS
    end = at + 90 * DAY_MS
    number = world.machine.sequence + 1
    assert said(world, Delist(BTC, at, at, end)) == 0
    fold = world.machine.folds[0]
    for days in NOTICES:
        world.time_ms = end - days * DAY_MS - 1
        assert said(world, Done(number, Deed.NOTIFY, days)) == NOT_DUE
        assert said(world, Done(number, Deed.STOP_WITHDRAWALS)) == NOT_DUE
        world.time_ms += 1
        assert (Deed.NOTIFY, days) in deeds(world, number)
        if days != 1:
            assert said(world, Done(number, Deed.NOTIFY, days)) == 0
    world.time_ms = end + 5 * DAY_MS
    assert withdrawals_end_ms(fold.state.delistings[number]) == 0
    assert said(world, Done(number, Deed.STOP_WITHDRAWALS)) == NOT_DUE
    assert said(world, Done(number, Deed.NOTIFY, 1)) == 0
    assert said(world, Done(number, Deed.STOP_WITHDRAWALS)) == NOT_DUE
    world.time_ms += DAY_MS
    assert said(world, Done(number, Deed.STOP_WITHDRAWALS)) == 0
    assert fold.state.delistings[number].is_over
    world.restart()


def test_plans_that_cannot_be_are_refused_and_others_can_be_called_off(world: World) -> None:
    """Criterion: CAL-PLAN-1"""
    soon = START_MS + HOUR_MS
    for wrong in (
        Maintain(START_MS, soon, soon, (1,)),
        Maintain(soon, soon, soon, (1,)),
        Maintain(soon, soon + 2, soon + 1, (1,)),
        Maintain(soon, soon + 1, soon + 2, ()),
        Maintain(soon, soon + 1, soon + 2, (99,)),
        Delist(99, soon, soon, soon + 90 * DAY_MS),
        Delist(BTC, soon, soon, soon + 30 * DAY_MS),
        Delist(BTC, soon + 1, soon, soon + 90 * DAY_MS),
    ):
        assert said(world, wrong) == 51000, wrong
    assert said(world, Go(), ALICE) == 96_001
    number = world.machine.sequence + 1
    assert said(world, Maintain(soon, soon + 1, soon + 2, (1,))) == 0
    assert (said(world, CallOff(number)), said(world, CallOff(number))) == (0, 96_002)
    other = world.machine.sequence + 1
    assert said(world, Delist(BTC, soon, soon, soon + 90 * DAY_MS)) == 0
    assert (said(world, CallOff(other)), said(world, CallOff(other))) == (0, 96_002)
    world.time_ms = soon + 200 * DAY_MS
    assert said(world, Go()) == NOT_DUE
    assert state_of(world, 1) == InstrumentState.LIVE
    assert (said(world, Clear(other, 1, ())), said(world, Done(9, 1))) == (NOT_DUE, 96_002)


@pytest.fixture
def chain() -> World:
    """The calendar beside the folds that know networks."""
    made = World(lambda: (Deposits(), Withdrawals(), Calendar()))
    for fold in (DEPOSITS, WITHDRAWALS):
        made.define(fold)
    return made


def network_windows(world: World) -> list[NetworkWindow]:
    found = world.ask(CALENDAR, ListPlans(), Plans)
    assert isinstance(found, Plans)
    return found.networks


def test_a_network_s_window_goes_by_its_times(chain: World) -> None:
    """Criterion: CAL-NET-1. What is not due is not noted; again it changes nothing."""
    begin = START_MS + HOUR_MS
    window = MaintainNetwork(CHAIN, begin, begin + 20, begin + 30)
    assert said(chain, window) == said(chain, window) == 0
    (planned,) = network_windows(chain)
    assert said(chain, Reached(planned.number, Stage.CLOSED)) == NOT_DUE
    for at, stage in ((0, Stage.CLOSED), (20, Stage.PREOPEN), (30, Stage.OVER)):
        chain.time_ms = begin + at
        for other in (Stage.PLANNED, Stage.CLOSED, Stage.PREOPEN, Stage.OVER, Stage.CALLED_OFF):
            if other != stage:
                assert said(chain, Reached(planned.number, other)) == NOT_DUE
        assert said(chain, Reached(planned.number, stage)) == 0
        assert said(chain, Reached(planned.number, stage)) == NOT_DUE
        assert network_windows(chain) == [msgspec.structs.replace(planned, stage=stage)]
        chain.restart()
    assert said(chain, Reached(planned.number + 1, Stage.CLOSED)) == 96_002
    assert chain.replayed().hashes() == chain.machine.hashes()


def test_a_network_s_window_that_cannot_be_is_refused(chain: World) -> None:
    """Criterion: CAL-NET-2. Nor do two of one network meet, or one end that may have begun."""
    begin = START_MS + HOUR_MS
    assert said(chain, MaintainNetwork(CHAIN, begin, begin + 9, begin + 10)) == 0
    for bad in (
        MaintainNetwork(CHAIN, begin + 9, begin + 10, begin + 20),
        MaintainNetwork(99, begin, begin + 9, begin + 10),
        MaintainNetwork(TOKENS, START_MS, begin, begin),
        MaintainNetwork(TOKENS, begin, begin, begin + 1),
        MaintainNetwork(TOKENS, begin, begin + 2, begin + 1),
    ):
        assert said(chain, bad) == 51000
    assert said(chain, MaintainNetwork(TOKENS, begin, begin + 1, begin + 1), ALICE) == 96_001
    assert said(chain, MaintainNetwork(CHAIN, begin + 10, begin + 11, begin + 12)) == 0
    first, second = (one.number for one in network_windows(chain))
    assert said(chain, CallOff(second)) == 0
    assert said(chain, CallOff(second)) == 96_002
    chain.time_ms = begin
    assert said(chain, CallOff(first)) == 96_002
    for at in range(64 - 1):
        later = begin + 1_000 * (at + 1)
        assert said(chain, MaintainNetwork(CHAIN, later, later + 1, later + 1)) == 0
    assert said(chain, MaintainNetwork(TOKENS, later, later + 1, later + 1)) == 96_004
