"""Goal: a withdrawal is held when it is asked for, and ends as exactly one payment or one refund.

Method: a core with both folds; the worked examples by their numbers, every refusal with its code,
and random interleavings of what a payer may report, restarted from a snapshot at every step. Every
test ends with a replay of the rows and with accounts that add up.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products import withdrawal_table
from fullreserve.exchange.products.custody_ledger import Unsound
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    WITHDRAWALS,
    Bound,
    Broadcast,
    Cancel,
    Covered,
    Decide,
    Destination,
    Drain,
    Failed,
    FoundPaid,
    Funded,
    Hold,
    Included,
    Paid,
    Pay,
    Refilled,
    Request,
    SetQuota,
    Settle,
    Short,
    StopOwner,
    Tier,
)
from fullreserve.exchange.products.deposits import Deposits
from fullreserve.exchange.products.drain import max_min
from fullreserve.exchange.products.withdrawal_state import (
    FindWithdrawal,
    GetPlace,
    GetQuota,
    GetWithdrawal,
    ListBehind,
    ListPay,
    ListWithdrawals,
    Place,
    Quota,
    Refused,
    Withdrawal,
)
from fullreserve.exchange.products.withdrawals import Withdrawals
from fullreserve.exchange.wire.commands import (
    AccountKey,
    OrderType,
    OwnerFlag,
    PlaceOrder,
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
    ETH,
    FEE_BTC,
    FEE_USDT,
    SUB,
    TOKENS,
    USDT,
    Chain,
    World,
    coins,
    network,
    transfer,
)

DAY_MS = 86_400_000
BINDING = transfer("binding")


@pytest.fixture
def world() -> Iterator[World]:
    made = World(lambda: [Deposits(), Withdrawals()])
    for fold in (DEPOSITS, WITHDRAWALS):
        made.define(fold)
    price(made, 50_000)
    yield made
    assert made.replayed().hashes() == made.machine.hashes()
    for supply in made.machine.query(ListSupplies()):
        assert supply.supply == supply.total


def price(world: World, usd: int) -> None:
    """A first trade of BTC-USDT, between owners that nothing else looks at."""
    world.fund(CAROL, USDT, coins(usd), chart.TRADE)
    world.fund(SUB, BTC, coins(1), chart.TRADE)
    for owner, side in ((SUB, Side.SELL), (CAROL, Side.BUY)):
        world.core(PlaceOrder(0, 0, owner, 1, side, OrderType.LIMIT, usd * 10, 10**4))


def ask(world: World, units: float, owner: int = ALICE, **more: Any) -> int:
    """A request for BTC on its chain; its code."""
    values: dict[str, Any] = {"network": CHAIN, "asset": BTC, "fee": amount_bytes(FEE_BTC)}
    values |= {"amount": coins(units), "kind": Destination.ADDRESS_BOOK, "destination": 5}
    return world.say(WITHDRAWALS, Request(**(values | more)), owner)


def newest(world: World, owner: int = ALICE) -> Withdrawal:
    listed = world.ask(WITHDRAWALS, ListWithdrawals(owner, 0, 1000), list[Withdrawal])
    found = max(listed, key=lambda one: one.number)
    assert isinstance(found, Withdrawal)
    return found


def state(world: World, number: int) -> int:
    found = world.ask(WITHDRAWALS, GetWithdrawal(number), Withdrawal | None)
    assert found is not None
    return int(found.state)


def say(world: World, payload: Any, owner: int = chart.HOUSE) -> int:
    return world.say(WITHDRAWALS, payload, owner)


def pending(world: World, number: int = CHAIN) -> list[Pay]:
    found = world.ask(WITHDRAWALS, ListPay(number, 0, 100), list[Pay])
    assert isinstance(found, list)
    return found


def has(world: World, asset: int = BTC, owner: int = ALICE) -> tuple[int, int]:
    """Available and held."""
    return world.balance(owner, chart.FUND, asset), world.balance(owner, chart.HOLD, asset)


def test_e1_1_a_queued_request_is_held_and_can_be_canceled(world: World) -> None:
    """Criterion: CUST-WD-1. E1.1: 2 BTC, 0.5 asked for with fee 0.0004, then canceled."""
    world.fund(ALICE, BTC, coins(2))
    stop = Suspended.WITHDRAW
    world.core(SetSuspension(0, 0, 1, stop, SuspensionLevel.GLOBAL, 0))
    assert ask(world, 0.5) == 0
    assert has(world) == (149_960_000, 50_040_000)
    one = newest(world)
    assert one.state == 0
    assert world.ask(WITHDRAWALS, GetPlace(one.number), Place).position == 1
    assert say(world, Bound(one.number, BINDING)) == Unsound.NOT_PAYABLE
    assert say(world, Cancel(one.number), BOB) == 58215
    assert say(world, Cancel(one.number), ALICE) == 0
    assert (state(world, one.number), has(world)) == (-2, (2 * COIN, 0))
    assert world.groups()[-1].postings[0].reason == 13
    assert say(world, Cancel(one.number), ALICE) == 58220


def test_e2_1_the_postings_of_a_success(world: World) -> None:
    """Criterion: CUST-WD-2. E2.1: 1,000 of 1,500 USDT, fee 1; gas is another asset's."""
    world.fund(ALICE, USDT, coins(1500))
    world.say(DEPOSITS, Funded(TOKENS, transfer("f"), USDT, Tier.HOT, coins(5000)))
    world.say(DEPOSITS, Funded(TOKENS, transfer("g"), ETH, Tier.HOT, coins(1)))
    more: dict[str, Any] = {"network": TOKENS, "asset": USDT, "fee": amount_bytes(FEE_USDT)}
    assert ask(world, 1000, **more) == 0
    assert has(world, USDT) == (499 * COIN, 1001 * COIN)
    (pay,) = pending(world, TOKENS)
    number = pay.withdrawal
    for _ in range(2):
        assert say(world, Bound(number, BINDING)) == 0
        assert say(world, Broadcast(number, transfer("t"), amount_bytes(2000))) == 0
    assert state(world, number) == 1
    for _ in range(2):
        assert say(world, Included(number, transfer("t"), 9)) == 0
        assert state(world, number) == 15
    for _ in range(2):
        assert say(world, Paid(number, transfer("t"), 9, amount_bytes(2100))) == 0
    assert (state(world, number), has(world, USDT)) == (2, (499 * COIN, 0))
    assert world.balance(chart.HOUSE, chart.CHAIN_HOT, USDT) == -4000 * COIN
    assert world.balance(chart.HOUSE, chart.FEE_WITHDRAWAL, USDT) == COIN
    assert world.balance(chart.HOUSE, chart.GAS, ETH) == -2100
    assert world.balance(chart.HOUSE, chart.CHAIN_HOT, ETH) == -COIN + 2100


def test_e2_2_what_is_credited_and_locked_cannot_be_withdrawn_nor_its_value(
    world: World,
) -> None:
    """Criterion: CUST-WD-3. E2.2, with the sale into USDT, and own coins beside it."""
    chain = Chain(world, DEPOSITS, CHAIN, BTC)
    chain.tip()
    chain.seen("a", chain.index(ALICE), coins(1))
    chain.confirmed("a", 1)
    assert ask(world, 0.5) == 58350
    world.fund(ALICE, BTC, coins(0.2))
    assert ask(world, 0.5) == 58350
    assert ask(world, 0.1) == 0
    chain.grow()
    chain.confirmed("a", 2)
    assert ask(world, 0.5) == 0


def test_e2_2_a_sale_unlocks_nothing(world: World) -> None:
    """Criterion: CUST-WD-3. The value stays protected when the coins are USDT."""
    chain = Chain(world, DEPOSITS, CHAIN, BTC)
    chain.tip()
    chain.seen("a", chain.index(ALICE), coins(1))
    chain.confirmed("a", 1)
    sold = Request(0, BTC, coins(1), amount_bytes(0), Destination.OWNER, BOB)
    assert say(world, sold, ALICE) == 58350  # nor to another user
    world.fund(ALICE, USDT, coins(100))
    usdt: dict[str, Any] = {"network": TOKENS, "asset": USDT, "fee": amount_bytes(FEE_USDT)}
    assert ask(world, 50, **usdt) == 0
    chain_of_usdt = world.balance(ALICE, chart.FUND, USDT)
    assert chain_of_usdt == 49 * COIN
    world.core(*_moved_to_trading(world))
    world.core(PlaceOrder(0, 0, CAROL, 1, Side.BUY, OrderType.LIMIT, 500_000, 10**5))
    world.core(PlaceOrder(0, 0, ALICE, 1, Side.SELL, OrderType.LIMIT, 500_000, 10**5))
    assert world.balance(ALICE, chart.TRADE, BTC) == 0
    assert ask(world, 40, **usdt) == 58350


def _moved_to_trading(world: World) -> list[Any]:
    world.fund(CAROL, USDT, coins(100_000), chart.TRADE)
    accounts = [AccountKey(ALICE, kind, 0) for kind in (chart.FUND, chart.TRADE)]
    return [Transfer(0, 0, ALICE, accounts[0], accounts[1], BTC, coins(1))]


def test_e2_3_a_day_after_a_change_of_credentials(world: World) -> None:
    """Criterion: CUST-WD-4. E2.3: to the second."""
    world.fund(ALICE, BTC, coins(2))
    changed = world.time_ms
    assert say(world, StopOwner(ALICE, changed + DAY_MS)) == 0
    world.time_ms = changed + DAY_MS - 1000
    assert ask(world, 0.5) == 58219
    assert ask(world, 0.5, BOB) == 58350
    world.time_ms = changed + DAY_MS
    assert ask(world, 0.5) == 0


def test_e2_4_the_quota_of_a_day(world: World) -> None:
    """Criterion: CUST-WD-5. E2.4, in BTC at 50,000 USD, with an internal transfer in it."""
    world.fund(ALICE, BTC, coins(300))
    assert ask(world, 20) == ask(world, 80) == 0
    internal: dict[str, Any] = {"network": 0, "fee": amount_bytes(0), "kind": Destination.OWNER}
    assert ask(world, 20, destination=BOB, **internal) == 0
    assert ask(world, 100) == 58201
    quota = world.ask(WITHDRAWALS, GetQuota(ALICE, world.time_ms), Quota)
    assert quota.limit - quota.used == 4_000_000 * COIN
    assert ask(world, 80) == 0
    assert ask(world, 0.01) == 58201
    assert say(world, SetQuota(ALICE, 11_000_000 * COIN)) == 0
    assert ask(world, 20) == 0
    world.time_ms += DAY_MS
    assert ask(world, 20) == 0


def test_e2_5_a_client_id_makes_one_withdrawal(world: World) -> None:
    """Criterion: CUST-WD-6. E2.5."""
    world.fund(ALICE, BTC, coins(2))
    for _ in range(2):
        assert ask(world, 0.5, client=b"a") == 0
        found = world.ask(WITHDRAWALS, FindWithdrawal(ALICE, b"a"), Withdrawal)
        assert found.number == newest(world).number
    assert has(world)[1] == 50_040_000
    assert ask(world, 0.6, client=b"a") == 50071
    assert ask(world, 0.5, BOB, client=b"a") == 58350


def test_e1_2_the_drain_is_fair_by_owner(world: World) -> None:
    """Criterion: CUST-WD-7. E1.2, as shares."""
    first = max_min(100, {1: 90, 2: 5, 3: 25, 4: 60})
    assert first == {1: 35, 2: 5, 3: 25, 4: 35}
    second = max_min(100, {1: 55, 4: 25})
    assert second == {1: 55, 4: 25}


def test_a_drain_pays_while_its_suspension_holds(world: World) -> None:
    """Criterion: CUST-WD-7. Small ones in order, large ones by share; a new stop puts back."""
    for owner in (ALICE, BOB):
        world.fund(owner, BTC, coins(10))
    assert say(world, Hold(CHAIN, 0, stopped=True)) == 0
    assert ask(world, 3) == ask(world, 2, BOB) == 0
    assert ask(world, 1, BOB) == 0
    assert not pending(world)
    assert say(world, Drain(CHAIN, BTC, coins(4), 10)) == 0
    assert [one.amount for one in pending(world)] == [coins(2)]
    assert say(world, Drain(CHAIN, BTC, coins(4), 10)) == 0
    assert [one.amount for one in pending(world)] == [coins(3), coins(2), coins(1)]
    assert say(world, Bound(pending(world)[0].withdrawal, BINDING)) == 0
    assert say(world, Hold(CHAIN, 0, stopped=True)) == 0
    assert [one.amount for one in pending(world)] == [coins(3)]
    assert say(world, Hold(CHAIN, 0, stopped=False)) == 0
    assert [one.amount for one in pending(world)] == [coins(3), coins(2), coins(1)]


@pytest.mark.parametrize("how", ["hold", "global", "asset", "owner"])
def test_suspensions_queue_or_refuse(world: World, how: str) -> None:
    """Criterion: CUST-WD-8."""
    world.fund(ALICE, BTC, coins(2))
    levels = {"global": (SuspensionLevel.GLOBAL, 0), "asset": (SuspensionLevel.ASSET, BTC)}
    level, key = levels.get(how, (SuspensionLevel.OWNER, ALICE))
    stop, none = Suspended.WITHDRAW, Suspended.NONE
    if how == "hold":
        assert say(world, Hold(CHAIN, BTC, stopped=True, refuses=True)) == 0
        assert ask(world, 0.1) == 58214
        assert say(world, Hold(0, 0, stopped=True, refuses=True)) == 0
        assert ask(world, 0.1) == 58405
        assert say(world, Hold(0, 0, stopped=False)) == 0
        assert say(world, Hold(CHAIN, BTC, stopped=True)) == 0
    else:
        world.core(SetSuspension(0, 0, 1, stop, level, key))
    if how == "owner":
        assert ask(world, 0.1) == 58204
        return
    assert ask(world, 0.1) == 0
    assert (newest(world).state, pending(world)) == (0, [])
    if how == "hold":
        assert say(world, Hold(CHAIN, BTC, stopped=False)) == 0
    else:
        world.core(SetSuspension(0, 0, 1, none, level, key))
        assert say(world, Settle()) == 0
    assert len(pending(world)) == 1
    # Internal transfers went on all the while, and stop with their own suspension.
    internal: dict[str, Any] = {"network": 0, "fee": amount_bytes(0), "kind": Destination.OWNER}
    world.core(SetSuspension(0, 0, 2, Suspended.SUB_TRANSFER, SuspensionLevel.GLOBAL, 0))
    assert ask(world, 0.1, destination=BOB, **internal) == 58405


def test_what_ended_is_kept_within_bounds(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    """Criterion: CUST-WD-16. Transfers to users end at once, and count among what ended."""
    monkeypatch.setattr(withdrawal_table, "FINAL_KEPT", 3)
    world.fund(ALICE, BTC, coins(2))
    internal: dict[str, Any] = {"network": 0, "fee": amount_bytes(0), "kind": Destination.OWNER}
    for _ in range(6):
        assert ask(world, 0.1, destination=BOB, **internal) == 0
    assert say(world, Short(CHAIN, BTC)) == 0
    assert ask(world, 0.1) == 0
    assert say(world, Cancel(newest(world).number), ALICE) == 0
    listed = world.ask(WITHDRAWALS, ListWithdrawals(ALICE, 0, 1000), list[Withdrawal])
    assert [one.kind for one in listed] == [Destination.ADDRESS_BOOK, *[Destination.OWNER] * 2]


def test_refusals_with_their_codes(world: World) -> None:
    """Criterion: CUST-WD-9."""
    world.fund(ALICE, BTC, coins(2))
    world.fund(SUB, BTC, coins(2))
    internal: dict[str, Any] = {"network": 0, "fee": amount_bytes(0), "kind": Destination.OWNER}
    fee = amount_bytes(FEE_BTC + 1)
    assert ask(world, 0.5, SUB) == 58209
    assert ask(world, 0.5, network=9) == ask(world, 0.5, asset=ETH) == 58200
    assert ask(world, 0.5, fee=fee) == 51000
    assert ask(world, 0.5, amount=amount_bytes(999)) == 58206
    assert ask(world, 0.5, amount=amount_bytes(10_000_001 * COIN)) == 58205
    assert ask(world, 0.5, amount=amount_bytes(-5)) == ask(world, 0.5, amount=b"1") != 0
    assert ask(world, 2) == 58350  # not with the fee
    assert ask(world, 1, destination=SUB, **internal) == 58200
    assert ask(world, 1, destination=ALICE, **internal) == 58200
    world.core(SetOwner(0, 0, BOB, 0, 1, 0, 0))
    assert ask(world, 1, destination=BOB, **internal) == 58231
    world.core(SetOwner(0, 0, ALICE, 0, 1, OwnerFlag.NO_WITHDRAW, 1))
    assert ask(world, 0.5) == 58204
    assert say(world, Settle(), ALICE) == Unsound.NOT_THE_HOUSE
    assert has(world) == (2 * COIN, 0)


def test_an_internal_transfer_is_done_at_once(world: World) -> None:
    """Criterion: CUST-WD-10."""
    world.fund(ALICE, BTC, coins(2))
    more: dict[str, Any] = {
        "network": 0,
        "fee": amount_bytes(0),
        "kind": Destination.OWNER,
        "destination": BOB,
    }
    assert ask(world, 0.5, **more) == 0
    assert newest(world).state == 2
    assert (has(world), has(world, owner=BOB)) == ((150_000_000, 0), (50_000_000, 0))
    assert [one.reason for one in world.groups()[-1].postings] == [2, 1]


def test_a_short_hot_wallet_makes_who_is_not_bound_wait(world: World) -> None:
    """Criterion: CUST-WD-11."""
    world.fund(ALICE, BTC, coins(5))
    assert ask(world, 1) == ask(world, 1) == 0
    first, second = (one.withdrawal for one in pending(world))
    assert say(world, Bound(first, BINDING)) == 0
    assert say(world, Short(CHAIN, BTC)) == 0
    assert ask(world, 1) == 0
    third = newest(world).number
    assert [state(world, one) for one in (first, second, third)] == [10, 19, 19]
    assert say(world, Cancel(second), ALICE) == 0
    assert say(world, Cancel(first), ALICE) == 92010
    assert say(world, Refilled(CHAIN, BTC)) == 0
    assert [state(world, one) for one in (first, second, third)] == [10, -2, 10]


def test_one_that_hot_can_pay_goes_before_those_that_it_cannot(world: World) -> None:
    """The others wait, and who comes later. Criterion: CUST-WD-26."""
    world.fund(ALICE, BTC, coins(9))
    assert ask(world, 4) == ask(world, 1) == ask(world, 1) == 0
    large, small, other = (one.withdrawal for one in pending(world))
    assert say(world, Short(CHAIN, BTC, 64)) == 0
    assert ask(world, 1) == 0
    later = newest(world).number
    behind = world.ask(WITHDRAWALS, ListBehind(CHAIN, BTC, large, 2), list[Pay])
    assert [one.withdrawal for one in behind] == [small, other]
    assert say(world, Covered(small)) == say(world, Covered(small)) == 0
    assert say(world, Covered(99)) == Unsound.UNKNOWN
    numbers = (large, small, other, later)
    assert [state(world, one) for one in numbers] == [19, 10, 19, 19]
    assert say(world, Bound(small, BINDING)) == say(world, Covered(small)) == 0
    assert say(world, Hold(CHAIN, BTC, stopped=True)) == say(world, Covered(other)) == 0
    assert [state(world, one) for one in numbers] == [19, 10, 0, 19]


def test_a_review_decides(world: World) -> None:
    """Criterion: CUST-WD-12. Without a price, or by the house's word."""
    world.fund(ALICE, ETH, coins(5))
    world.say(WITHDRAWALS, _eth_network())
    more: dict[str, Any] = {"network": 7, "asset": ETH, "fee": amount_bytes(0)}
    assert ask(world, 1, **more) == ask(world, 2, **more) == 0
    listed = world.ask(WITHDRAWALS, ListWithdrawals(ALICE, 0, 9), list[Withdrawal])
    assert [one.state for one in listed] == [4, 4]
    numbers = sorted(one.number for one in listed)
    assert say(world, Cancel(numbers[0]), ALICE) == 92010
    assert say(world, Bound(numbers[0], BINDING)) == Unsound.NOT_PAYABLE
    assert say(world, Decide(numbers[0], 12)) == 0
    assert state(world, numbers[0]) == 12
    assert say(world, Decide(numbers[0], 7)) == 0
    assert say(world, Decide(numbers[1], -1, reason=3)) == 0
    assert [state(world, one) for one in numbers] == [10, -1]
    assert has(world, ETH) == (4 * COIN, COIN)


@pytest.mark.parametrize("waits", [Hold(CHAIN, 0, stopped=True), "review", Short(CHAIN, BTC)])
def test_what_the_chain_has_paid_is_bound_whatever_it_waits_for(world: World, waits: Any) -> None:
    """Criterion: CUST-WD-19. And can be neither cancelled nor signed for; else as `Bound`."""
    world.fund(ALICE, BTC, coins(5))
    assert ask(world, 1) == ask(world, 1) == 0
    one, due = (each.withdrawal for each in pending(world))
    assert say(world, FoundPaid(due, BINDING)) == 0
    assert newest(world).is_approved
    assert say(world, Decide(one, 4) if waits == "review" else waits) == 0
    assert say(world, Settle()) == 0
    assert state(world, one) in (0, 4, 19)
    assert say(world, Bound(one, BINDING)) in (Unsound.NOT_PAYABLE, Unsound.STOPPED)
    assert say(world, FoundPaid(one, b"short")) != 0
    for _ in range(2):
        assert say(world, FoundPaid(one, BINDING)) == 0
    assert say(world, FoundPaid(one, transfer("other"))) == Unsound.CONTRADICTS
    found = world.ask(WITHDRAWALS, GetWithdrawal(one), Withdrawal)
    assert (found.state, found.is_approved, found.binding) == (1, False, BINDING)
    assert say(world, Cancel(one), ALICE) == Refused.TOO_LATE
    assert say(world, Decide(one, -1)) == Unsound.NOT_PAYABLE
    assert say(world, Paid(one, transfer("t"), 1, amount_bytes(1))) == 0
    assert state(world, one) == 2
    assert has(world)[1] == COIN + FEE_BTC


def test_what_is_over_is_not_found_paid(world: World) -> None:
    """Criterion: CUST-WD-19"""
    world.fund(ALICE, BTC, coins(5))
    assert ask(world, 1) == 0
    (one,) = (each.withdrawal for each in pending(world))
    assert say(world, Failed(one, 1)) == 0
    assert say(world, FoundPaid(one, BINDING)) == Unsound.CONTRADICTS
    assert state(world, one) == -1


def _eth_network() -> Any:
    return network(7, ETH, 0)


def test_a_frozen_owner_is_not_paid_and_a_payment_on_its_way_is_posted(world: World) -> None:
    """Criterion: CUST-WD-13. Whatever the owner's flags, the ledger follows the chain."""
    world.fund(ALICE, BTC, coins(5))
    assert ask(world, 1) == ask(world, 1) == 0
    first, second = (one.withdrawal for one in pending(world))
    assert say(world, Bound(first, BINDING)) == 0
    world.core(SetOwner(0, 0, ALICE, 0, 1, OwnerFlag.FROZEN, 1))
    world.core(SetSuspension(0, 0, 1, Suspended.TRANSFER, SuspensionLevel.GLOBAL, 0))
    assert say(world, Bound(second, transfer("b"))) == Unsound.STOPPED
    assert say(world, Paid(first, transfer("t"), 1, amount_bytes(1))) == 0
    assert say(world, Failed(second, 1)) == 0
    assert has(world) == (5 * COIN - COIN - FEE_BTC, 0)
    # The hot wallet had nothing in the ledger: that shows, and does not stop the posting.
    assert world.balance(chart.HOUSE, chart.BREAK, BTC, CHAIN) == COIN + 1


def test_any_interleaving_ends_in_one_payment_or_one_refund(world: World) -> None:
    """Criterion: CUST-WD-14. Reports in any order, repeated, contradicting; killed at any step."""
    draws = random.Random(11)
    world.fund(ALICE, BTC, coins(1000))
    opening = has(world)[0]
    world.say(DEPOSITS, Funded(CHAIN, transfer("f"), BTC, Tier.HOT, coins(1000)))
    numbers: list[int] = []
    paid: dict[int, int] = {}
    refunded: dict[int, int] = {}
    for turn in range(500):
        if turn % 12 == 0:
            assert ask(world, 0.1) == 0
            numbers.append(newest(world).number)
        number = draws.choice(numbers[-4:])
        before = state(world, number)
        say(world, _report(draws, number), ALICE if draws.randrange(9) == 0 else chart.HOUSE)
        after = state(world, number)
        if before != after:
            paid[number] = paid.get(number, 0) + (after == 2)
            refunded[number] = refunded.get(number, 0) + (after in (-1, -2))
        if draws.randrange(3) == 0:
            world.restart()
    payments, refunds = sum(paid.values()), sum(refunded.values())
    assert payments > 3 < refunds
    assert all(paid.get(one, 0) + refunded.get(one, 0) <= 1 for one in numbers)
    each, waiting = COIN // 10 + FEE_BTC, len(numbers) - payments - refunds
    assert has(world) == (opening - (payments + waiting) * each, waiting * each)
    assert world.balance(chart.HOUSE, chart.FEE_WITHDRAWAL, BTC) == payments * FEE_BTC
    assert world.balance(chart.HOUSE, chart.BREAK, BTC) == 0
    gas = -world.balance(chart.HOUSE, chart.GAS, BTC)
    hot = world.balance(chart.HOUSE, chart.CHAIN_HOT, BTC)
    assert hot == -1000 * COIN + payments * (COIN // 10) + gas


def _report(draws: random.Random, number: int) -> Any:
    sent, gas = transfer(f"{number} {draws.randrange(2)}"), amount_bytes(draws.randrange(100))
    binding = transfer(f"binding {number} {draws.randrange(3) // 2}")
    kinds: list[Callable[[], Any]] = [
        lambda: Bound(number, binding),
        lambda: Bound(number, binding),
        lambda: FoundPaid(number, binding),
        lambda: Broadcast(number, sent, gas),
        lambda: Included(number, sent, draws.randrange(3)),
        lambda: Paid(number, sent, 3, gas),
        lambda: Failed(number, 1),
        lambda: Failed(number, 1, binding, draws.choice((b"", transfer("conflict")))),
        lambda: Short(CHAIN, BTC),
        lambda: Refilled(CHAIN, BTC),
        lambda: Refilled(CHAIN, BTC),
        lambda: Decide(number, draws.choice((7, 4, -1))),
        lambda: Cancel(number),
        lambda: Hold(CHAIN, 0, stopped=draws.randrange(4) == 0),
        lambda: Hold(CHAIN, 0, stopped=False),
        lambda: Drain(CHAIN, BTC, coins(0.2), 1),
    ]
    return draws.choice(kinds)()


def test_e1_3_what_a_restart_asks_of_the_ledger(world: World) -> None:
    """Criterion: CUST-WD-15. E1.3: claims against coins, from the accounts alone."""
    deposited = Chain(world, DEPOSITS, CHAIN, BTC)
    deposited.tip()
    deposited.seen("a", deposited.index(ALICE), coins(1000))
    deposited.confirmed("a", 1)
    world.say(DEPOSITS, Funded(CHAIN, transfer("f"), BTC, Tier.HOT, coins(3)))
    wallets = -sum(
        world.balance(chart.HOUSE, kind, BTC)
        for kind in (chart.CHAIN_HOT, chart.CHAIN_DEPOSIT, chart.CHAIN_COLD)
    )
    claims = sum(world.balance(ALICE, kind, BTC) for kind in (chart.FUND, chart.HOLD))
    assert (wallets, claims) == (1003 * COIN, 1000 * COIN)
    assert wallets * 10_000 // claims == 10_030
