"""Goal: a request holds the fee of its moment, and never more is taken without its owner's word.

Method: the folds of deposits and withdrawals in a core; quotes at every bound, requests that wait
through a stop while the quote falls, rises a little or much; an owner who agrees, cancels
or says nothing. Every test ends with a replay, and with accounts that add up.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_ledger import FEE_REFUND, Unsound
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    WITHDRAWALS,
    AgreeToFee,
    Bound,
    Cancel,
    Destination,
    Failed,
    Funded,
    Heed,
    Hold,
    Paid,
    Payload,
    QuoteFee,
    Request,
    Tier,
)
from fullreserve.exchange.products.deposits import Deposits
from fullreserve.exchange.products.policy_rules import Category
from fullreserve.exchange.products.policy_wire import Judge, SetRisk
from fullreserve.exchange.products.risk_rules import Mark, Points, RiskTable, Thresholds
from fullreserve.exchange.products.withdrawal_fees import QUOTE_MS_MAX
from fullreserve.exchange.products.withdrawal_state import (
    FEES_WALKED,
    MOVED_MAX,
    Fee,
    ListFees,
    WithdrawalState,
)
from fullreserve.exchange.products.withdrawals import Withdrawals
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.wire.queries import ListSupplies
from tests.unit.exchange.custody_world import (
    ALICE,
    BOB,
    BTC,
    CAROL,
    CHAIN,
    ETH,
    FEE_BTC,
    World,
    coins,
)
from tests.unit.exchange.custody_world import transfer as name
from tests.unit.exchange.suspension_world import settle
from tests.unit.exchange.test_policy_of_withdrawals import opened, policy
from tests.unit.exchange.test_withdrawals import has, newest, price, state

LEAST, MOST = 1_000, 10**6
HALF = 5 * 10**7


@pytest.fixture
def world() -> Iterator[World]:
    made = World(lambda: [Deposits(), Withdrawals()])
    for fold in (DEPOSITS, WITHDRAWALS):
        made.define(fold)
    price(made, 50_000)
    made.fund(ALICE, BTC, coins(2))
    made.say(DEPOSITS, Funded(CHAIN, name("f"), BTC, Tier.HOT, coins(5)))
    yield made
    assert made.replayed().hashes() == made.machine.hashes()
    for supply in made.machine.query(ListSupplies()):
        assert supply.supply == supply.total


def say(world: World, payload: Payload, owner: int = chart.HOUSE) -> int:
    return world.say(WITHDRAWALS, payload, owner)


def quote(world: World, fee: int, lasts_ms: int = QUOTE_MS_MAX) -> int:
    bounds = (amount_bytes(LEAST), amount_bytes(fee), amount_bytes(MOST))
    return say(world, QuoteFee(CHAIN, BTC, *bounds, world.time_ms + lasts_ms))


def ask(world: World, fee: int) -> int:
    """For half a bitcoin."""
    kind = Destination.ADDRESS_BOOK
    request = Request(CHAIN, BTC, amount_bytes(HALF), amount_bytes(fee), kind, 5)
    return say(world, request, ALICE)


def stop(world: World, *, stopped: bool = True) -> None:
    assert say(world, Hold(CHAIN, 0, stopped=stopped)) == 0


def queued(world: World, fee: int) -> int:
    """The number of a request that waits with a fee."""
    stop(world)
    assert quote(world, fee) == ask(world, fee) == 0
    return newest(world).number


def paid(world: World, number: int) -> None:
    for payload in (
        Bound(number, name("b")),
        Paid(number, name("t"), 9, amount_bytes(50)),
    ):
        assert say(world, payload) == 0


def earned(world: World) -> int:
    return world.balance(chart.HOUSE, chart.FEE_WITHDRAWAL, BTC)


def test_the_fee_held_is_the_quote_while_it_is_in_force(world: World) -> None:
    """Criterion: CUST-FEE-1. Before it and from its end on the fixed fee of the terms."""
    assert (ask(world, 5_000), ask(world, FEE_BTC)) == (51000, 0)
    assert quote(world, 5_000, 1000) == 0
    assert (ask(world, FEE_BTC), ask(world, 5_000)) == (51000, 0)
    paid(world, newest(world).number)
    assert earned(world) == 5_000
    (told,) = world.ask(WITHDRAWALS, ListFees(world.time_ms), list[Fee])
    assert told.quote.fee == amount_bytes(5_000)
    world.time_ms += 1000
    assert world.ask(WITHDRAWALS, ListFees(world.time_ms), list[Fee]) == []
    assert (ask(world, 5_000), ask(world, FEE_BTC)) == (51000, 0)


@pytest.mark.parametrize(
    ("fee", "lasts_ms", "code"),
    [
        (LEAST, 1, 0),
        (MOST, QUOTE_MS_MAX, 0),
        (LEAST - 1, 1000, 51000),
        (MOST + 1, 1000, 51000),
        (5_000, 0, 51000),
        (5_000, QUOTE_MS_MAX + 1, 51000),
    ],
)
def test_a_quote_keeps_to_its_bounds(world: World, fee: int, lasts_ms: int, code: int) -> None:
    """Criterion: CUST-FEE-2. In amount and time."""
    assert quote(world, fee, lasts_ms) == code


def test_only_the_house_quotes_and_only_what_there_is(world: World) -> None:
    """Criterion: CUST-FEE-2."""
    each = amount_bytes(5_000)
    until_ms = world.time_ms + 1000
    right = QuoteFee(CHAIN, BTC, each, each, each, until_ms)
    assert say(world, right, ALICE) == Unsound.NOT_THE_HOUSE
    assert say(world, QuoteFee(CHAIN, ETH, each, each, each, until_ms)) == Unsound.UNKNOWN_NETWORK
    assert say(world, QuoteFee(99, BTC, each, each, each, until_ms)) == Unsound.UNKNOWN_NETWORK
    assert say(world, QuoteFee(CHAIN, BTC, b"", each, each, until_ms)) == 51000


def test_what_fell_meanwhile_is_what_is_taken(world: World) -> None:
    """Criterion: CUST-FEE-3. The rest of the hold is free again when it is paid, with its bill."""
    number = queued(world, 50_000)
    assert quote(world, 20_000) == 0
    stop(world, stopped=False)
    world.restart()
    paid(world, number)
    assert has(world) == (2 * 10**8 - HALF - 20_000, 0)
    assert (earned(world), newest(world).fee) == (20_000, amount_bytes(20_000))
    assert FEE_REFUND in [one.reason for one in world.groups()[-1].postings]


def test_a_small_rise_is_the_houses(world: World) -> None:
    """Criterion: CUST-FEE-3. Up to a fifth, to the unit; the hold is what is taken."""
    number = queued(world, 50_000)
    assert quote(world, 60_000) == 0
    stop(world, stopped=False)
    paid(world, number)
    assert (earned(world), has(world)) == (50_000, (2 * 10**8 - HALF - 50_000, 0))


def rose(world: World) -> int:
    """A request whose fee rose by more than a fifth while it waited."""
    number = queued(world, 50_000)
    assert quote(world, 60_001) == 0
    stop(world, stopped=False)
    assert state(world, number) == WithdrawalState.FEE_ROSE
    assert WithdrawalState(newest(world).state).shown == 0
    assert say(world, Bound(number, name("b"))) == Unsound.NOT_PAYABLE
    assert has(world)[1] == HALF + 50_000
    return number


def test_a_large_rise_waits_for_the_owners_word(world: World) -> None:
    """Criterion: CUST-FEE-4. To the fee of that moment, and no other's word."""
    number = rose(world)
    agreed = AgreeToFee(number, amount_bytes(60_001))
    assert say(world, agreed, BOB) == 58215
    assert say(world, AgreeToFee(number, amount_bytes(60_000)), ALICE) == 51000
    assert quote(world, 70_000) == 0
    assert say(world, agreed, ALICE) == 51000
    world.restart()
    assert say(world, AgreeToFee(number, amount_bytes(70_000)), ALICE) == 0
    assert has(world)[1] == HALF + 70_000
    assert say(world, AgreeToFee(number, amount_bytes(70_000)), ALICE) == 92010
    paid(world, number)
    assert (earned(world), has(world)) == (70_000, (2 * 10**8 - HALF - 70_000, 0))


def test_the_owner_may_cancel_it_and_has_all_back(world: World) -> None:
    """Criterion: CUST-FEE-4."""
    number = rose(world)
    assert say(world, Cancel(number), ALICE) == 0
    assert has(world) == (2 * 10**8, 0)


def test_it_goes_on_by_itself_when_the_fee_falls_again(world: World) -> None:
    """Criterion: CUST-FEE-4. To what it holds or less."""
    number = rose(world)
    assert quote(world, 50_001) == 0
    assert state(world, number) == WithdrawalState.FEE_ROSE
    assert quote(world, 49_000) == 0
    assert state(world, number) == WithdrawalState.WAITING
    paid(world, number)
    assert earned(world) == 49_000


@pytest.mark.parametrize("edition", [FEES_WALKED - 1, FEES_WALKED])
def test_a_hundred_that_wait_for_less_keep_nobody_behind_them_waiting(edition: int) -> None:
    """Criterion: CUST-FEE-4. From edition 4 on the walk of what waits comes by them all."""
    world = opened(edition)
    stop(world)
    for fee, owners in ((30_000, (ALICE, BOB)), (50_000, (CAROL,))):
        assert quote(world, fee) == 0
        for owner in owners:
            world.fund(owner, BTC, coins(50))
            for _ in range(MOVED_MAX // 2):
                request = Request(
                    CHAIN, BTC, amount_bytes(HALF), amount_bytes(fee), Destination.ADDRESS_BOOK, 5
                )
                assert say(world, request, owner) == 0
    assert quote(world, 70_000) == 0
    stop(world, stopped=False)
    settle(world)
    last = newest(world, CAROL).number
    assert state(world, last) == WithdrawalState.FEE_ROSE
    assert quote(world, 45_000) == 0
    settle(world)
    moved = edition >= FEES_WALKED
    assert state(world, last) == (WithdrawalState.WAITING if moved else WithdrawalState.FEE_ROSE)
    assert state(world, newest(world, BOB).number) == WithdrawalState.FEE_ROSE
    if moved:
        stop(world)
        assert quote(world, 20_000) == 0
        settle(world)
        assert state(world, newest(world, BOB).number) == WithdrawalState.QUEUED
    assert world.replayed().hashes() == world.machine.hashes()


@pytest.mark.parametrize("edition", [FEES_WALKED - 1, FEES_WALKED])
def test_no_word_of_the_policys_takes_the_owners_away(edition: int) -> None:
    """Criterion: CUST-FEE-4. A decision that comes late leaves it waiting for its owner's."""
    world = opened(edition)
    everything = dict.fromkeys(msgspec.structs.asdict(Points()), 0) | {"look_alike": 1}
    asks = RiskTable(Points(**everything), thresholds=Thresholds(1, 9, 10))
    assert policy(world, SetRisk(asks)) == 0
    stop(world)
    assert quote(world, 50_000) == ask(world, 50_000) == 0
    number = newest(world).number
    assert quote(world, 70_000) == 0
    stop(world, stopped=False)
    settle(world)
    assert policy(world, Judge(number, Category.BOOK, 0, marks=Mark.LOOK_ALIKE)) == 0
    assert say(world, Heed(number)) == 0
    is_asked = edition >= FEES_WALKED
    kept = WithdrawalState.FEE_ROSE if is_asked else WithdrawalState.COOLING
    assert state(world, number) == kept
    if is_asked:
        assert say(world, AgreeToFee(number, amount_bytes(70_000)), ALICE) == 0
        assert say(world, Bound(number, name("b"))) == Unsound.NOT_PAYABLE
        assert say(world, Heed(number)) == 0
        assert state(world, number) == WithdrawalState.COOLING
        assert has(world)[1] == HALF + 70_000


def test_who_cannot_pay_the_rise_is_told_and_nothing_moves(world: World) -> None:
    """Criterion: CUST-FEE-4."""
    number = rose(world)
    free = has(world)[0]
    kind, nothing = Destination.OWNER, amount_bytes(0)
    assert say(world, Request(0, BTC, amount_bytes(free), nothing, kind, BOB), ALICE) == 0
    assert say(world, AgreeToFee(number, amount_bytes(60_001)), ALICE) == 58350
    assert state(world, number) == WithdrawalState.FEE_ROSE
    assert has(world) == (0, HALF + 50_000)


def test_agreed_to_under_a_new_stop_it_waits_in_its_old_place(world: World) -> None:
    """Criterion: CUST-FEE-5. And is quoted again when that ends."""
    number = rose(world)
    stop(world)
    assert say(world, AgreeToFee(number, amount_bytes(60_001)), ALICE) == 0
    assert state(world, number) == WithdrawalState.QUEUED
    assert quote(world, 30_000) == 0
    stop(world, stopped=False)
    paid(world, number)
    assert earned(world) == 30_000


def test_a_refund_gives_back_what_was_held(world: World) -> None:
    """Criterion: CUST-FEE-5. Also of one that was to cost less."""
    number = queued(world, 50_000)
    assert quote(world, 20_000) == 0
    stop(world, stopped=False)
    assert say(world, Failed(number, 58204)) == 0
    assert has(world) == (2 * 10**8, 0)
