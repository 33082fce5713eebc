"""Goal: a deposit is credited once, at its depth and no earlier, and what a chain takes back is
taken back. Method: a core with the fold, fed what watchers report, in and out of order; every test
ends with a replay of the rows and with accounts that add up.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_ledger import Unsound
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    AdoptDeposits,
    Claim,
    Funded,
    Hold,
    Moved,
    Orphaned,
    Replaced,
    Settle,
    Stop,
    Tier,
)
from fullreserve.exchange.products.deposit_state import (
    BY_ITSELF,
    EDITION,
    FREED,
    INTERCEPTS,
    KEPT_AT_REST,
    REJOINS,
    RETURNS,
    Deposit,
    DepositState,
    FindDeposit,
    ListAddresses,
    ListDeposits,
    ListKept,
    ListUnclaimed,
    ListUncredited,
    SumComing,
    SumSmall,
)
from fullreserve.exchange.products.deposits import Deposits
from fullreserve.exchange.wire.commands import (
    AccountKey,
    OwnerFlag,
    SetOwner,
    SetSuspension,
    Suspended,
    SuspensionLevel,
    Transfer,
    amount_bytes,
    amount_int,
)
from fullreserve.exchange.wire.queries import GetOwner, ListSupplies
from tests.unit.exchange.custody_world import (
    ALICE,
    BOB,
    BTC,
    CAROL,
    CHAIN,
    COIN,
    ETH,
    MEMOS,
    SUB,
    TOKENS,
    USDT,
    XRP,
    Chain,
    World,
    coins,
    network,
    settle_deposits,
    transfer,
)


@pytest.fixture(params=range(EDITION + 1))
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """By each edition of the rules."""

    def folds() -> list[Deposits]:
        fold = Deposits()
        fold.state.edition = request.param
        return [fold]

    made = World(folds)
    made.define(DEPOSITS)
    yield made
    assert made.replayed().hashes() == made.machine.hashes()
    for supply in made.machine.query(ListSupplies()):
        assert supply.supply == supply.total


@pytest.fixture
def chain(world: World) -> Chain:
    made = Chain(world, DEPOSITS, CHAIN, BTC)
    made.tip()
    return made


def deposit(world: World, name: str) -> Deposit:
    listed = world.ask(DEPOSITS, ListDeposits(0, 0, 1000), list[Deposit])
    (found,) = [one for one in listed if one.transfer == transfer(name)]
    assert isinstance(found, Deposit)
    return found


def state(world: World, name: str) -> int:
    return deposit(world, name).state


def test_credit_and_unlocking_at_their_depths(world: World, chain: Chain) -> None:
    """Criterion: CUST-DEP-1, CUST-INV-4. E2.2: tradable after block 1, withdrawable after 2."""
    index = chain.index(ALICE)
    assert chain.seen("a", index, coins(1), height=0) == 0
    assert (state(world, "a"), world.balance(ALICE, chart.FUND, BTC)) == (0, 0)
    chain.grow()
    assert chain.seen("a", index, coins(1)) == 0
    assert world.balance(chart.HOUSE, chart.UNALLOCATED, BTC) == COIN
    assert chain.confirmed("a", 1) == 0
    assert state(world, "a") == DepositState.CREDITED
    assert world.balance(ALICE, chart.FUND, BTC) == COIN
    assert world.balance(ALICE, chart.PROTECTED, BTC) == COIN
    assert world.balance(chart.HOUSE, chart.CHAIN_DEPOSIT, BTC) == -COIN
    chain.grow()
    assert chain.confirmed("a", 2) == 0
    assert state(world, "a") == DepositState.DONE
    assert world.balance(ALICE, chart.PROTECTED, BTC) == 0
    assert world.balance(chart.HOUSE, chart.UNCONFIRMED, BTC) == 0


def test_a_watcher_is_believed_as_far_as_the_newest_block(world: World, chain: Chain) -> None:
    """Criterion: CUST-DEP-2."""
    index = chain.index(ALICE)
    assert chain.confirmed("a", 1) == Unsound.UNKNOWN
    chain.seen("a", index, coins(1), height=0)
    assert chain.confirmed("a", 1) == Unsound.CONTRADICTS
    chain.seen("a", index, coins(1))
    assert chain.confirmed("a", 2) == Unsound.NOT_DUE
    assert chain.seen("a", index, coins(2)) == Unsound.CONTRADICTS
    assert chain.seen("b", 0, coins(1)) != 0  # the house's own address is no deposit
    assert world.say(DEPOSITS, Settle(), ALICE) == Unsound.NOT_THE_HOUSE
    assert world.say(DEPOSITS, Replaced(CHAIN, transfer("a"))) == Unsound.CONTRADICTS
    assert world.balance(ALICE, chart.FUND, BTC) == 0


def test_each_owner_has_one_address_index_for_ever(world: World, chain: Chain) -> None:
    """Criterion: CUST-DEP-3."""
    assert [chain.index(one) for one in (ALICE, BOB, ALICE, CAROL)] == [1, 2, 1, 3]
    assert Chain(world, DEPOSITS, TOKENS, USDT).index(CAROL) == 1
    world.restart()
    assert chain.index(BOB) == 2
    assert world.ask(DEPOSITS, ListAddresses(CHAIN, 1, 10), list[int]) == [2, 3]


def test_repeated_reports_change_nothing(world: World, chain: Chain) -> None:
    """Criterion: CUST-DEP-4."""
    index = chain.index(ALICE)
    for _ in range(3):
        assert chain.seen("a", index, coins(1)) == 0
        assert chain.confirmed("a", 1) == 0
    hashes = world.machine.folds[0].state_hash()
    chain.seen("a", index, coins(1))
    chain.confirmed("a", 1)
    assert world.machine.folds[0].state_hash() == hashes
    assert world.balance(ALICE, chart.FUND, BTC) == COIN


def test_a_reorganisation_takes_an_unspent_credit_back(world: World, chain: Chain) -> None:
    """Criterion: CUST-DEP-5, CUST-INV-4. It comes back in another block, and is credited once."""
    index = chain.index(ALICE)
    chain.seen("a", index, coins(1))
    chain.confirmed("a", 1)
    gone = Orphaned(CHAIN, transfer("a"), chain.height)
    for _ in range(2):
        assert world.say(DEPOSITS, gone) == 0
    assert world.balance(ALICE, chart.FUND, BTC) == world.balance(ALICE, chart.PROTECTED, BTC) == 0
    assert world.balance(chart.HOUSE, chart.CHAIN_DEPOSIT, BTC) == 0
    assert not world.machine.query(GetOwner(owner=ALICE)).flags & OwnerFlag.FROZEN
    chain.grow(3)
    assert chain.seen("a", index, coins(1)) == 0
    assert chain.confirmed("a", 1) == 0
    assert world.balance(ALICE, chart.FUND, BTC) == COIN


def test_a_small_one_that_was_credited_with_others_is_credited_again(
    world: World, chain: Chain
) -> None:
    """Criterion: CUST-DEP-5."""
    world.say(DEPOSITS, network(CHAIN, BTC, 0, minimum_deposit=COIN))
    index = chain.index(ALICE)
    for name, amount in (("a", 0.5), ("b", 0.5)):
        chain.seen(name, index, coins(amount))
        chain.confirmed(name, 1)
    assert world.balance(ALICE, chart.FUND, BTC) == COIN
    assert world.say(DEPOSITS, Orphaned(CHAIN, transfer("b"), chain.height)) == 0
    assert world.balance(ALICE, chart.FUND, BTC) == COIN // 2
    chain.grow(3)
    assert chain.seen("b", index, coins(0.5)) == 0
    assert chain.confirmed("b", 1) == 0
    world.say(DEPOSITS, Settle(0, 10))
    has = COIN if world.machine.folds[0].state.edition >= RETURNS else COIN // 2
    assert world.balance(ALICE, chart.FUND, BTC) == has
    # What was never credited waits for the sum as before.
    chain.seen("c", index, coins(0.25))
    chain.confirmed("c", 1)
    assert world.balance(ALICE, chart.FUND, BTC) == has
    world.replayed()


def test_one_that_comes_again_brings_no_small_one_along(world: World, chain: Chain) -> None:
    """Its owner's others have not reached the least deposit by it. Criterion: CUST-DEP-33."""
    world.say(DEPOSITS, network(CHAIN, BTC, 0, minimum_deposit=COIN))
    index, edition = chain.index(ALICE), world.machine.folds[0].state.edition
    for name in ("a", "b"):
        chain.seen(name, index, coins(0.5))
        chain.confirmed(name, 1)
    assert world.say(DEPOSITS, Orphaned(CHAIN, transfer("b"), chain.height)) == 0
    chain.grow(3)
    chain.seen("c", index, coins(0.01))
    chain.confirmed("c", 1)
    assert world.balance(ALICE, chart.FUND, BTC) == COIN // 2
    chain.seen("b", index, coins(0.5))
    assert chain.confirmed("b", 1) == 0
    settle_deposits(world)
    has = 1.0 if edition >= BY_ITSELF else 1.01 if edition >= RETURNS else 0.5
    assert amount_bytes(world.balance(ALICE, chart.FUND, BTC)) == coins(has)
    is_credited = BY_ITSELF > edition >= RETURNS
    assert state(world, "c") == (DepositState.CREDITED if is_credited else DepositState.WAITING)


def test_one_that_comes_again_counts_for_no_sum(world: World, chain: Chain) -> None:
    """Though it waits itself, as deposits are stopped. Criterion: CUST-DEP-33."""
    world.say(DEPOSITS, network(CHAIN, BTC, 0, minimum_deposit=COIN))
    index, edition = chain.index(ALICE), world.machine.folds[0].state.edition
    for name in ("a", "b"):
        chain.seen(name, index, coins(0.5))
        chain.confirmed(name, 1)
    assert world.say(DEPOSITS, Orphaned(CHAIN, transfer("b"), chain.height)) == 0
    chain.grow(3)
    assert world.say(DEPOSITS, Hold(CHAIN, BTC, stopped=True, until_ms=0)) == 0
    for name, amount in (("c", 0.6), ("b", 0.5)):
        chain.seen(name, index, coins(amount))
        chain.confirmed(name, 1)
    sums = world.ask(DEPOSITS, SumSmall(ALICE, CHAIN, BTC), bytes)
    assert sums == coins(0.6 if edition >= BY_ITSELF else 1.1)
    assert world.balance(ALICE, chart.FUND, BTC) == COIN // 2
    # A log learns it while one waits.
    assert world.say(DEPOSITS, AdoptDeposits(EDITION)) == 0
    assert world.ask(DEPOSITS, SumSmall(ALICE, CHAIN, BTC), bytes) == coins(0.6)
    assert world.say(DEPOSITS, Hold(CHAIN, BTC, stopped=False, until_ms=0)) == 0
    settle_deposits(world)
    assert world.balance(ALICE, chart.FUND, BTC) == COIN


def test_one_that_is_claimed_brings_no_small_one_along(world: World) -> None:
    """Criterion: CUST-DEP-33. It waits for no sum: it has arrived, and was nobody's."""
    world.say(DEPOSITS, network(MEMOS, XRP, 0, needs_memo=True, minimum_deposit=COIN))
    memos, edition = Chain(world, DEPOSITS, MEMOS, XRP), world.machine.folds[0].state.edition
    number = memos.index(ALICE)
    memos.tip()
    for name, memo in (("lost", 999), ("small", number)):
        memos.seen(name, 0, coins(0.25), memo_number=memo)
        assert memos.confirmed(name, 1) == 0
    assert world.say(DEPOSITS, Claim(MEMOS, transfer("lost"), ALICE)) == 0
    has = world.balance(ALICE, chart.FUND, XRP)
    assert amount_bytes(has) == coins(0.25 if edition >= BY_ITSELF else 0.5)


def test_the_gas_that_a_tokens_sweep_took_leaves_no_break_once_coins_come_again(
    world: World,
) -> None:
    """Criterion: CUST-DEP-32."""
    assert world.say(DEPOSITS, network(TOKENS, ETH, 0, USDT)) == 0
    is_told = world.machine.folds[0].state.edition >= BY_ITSELF
    coin, token = (Chain(world, DEPOSITS, TOKENS, one) for one in (ETH, USDT))
    index = coin.index(ALICE)
    coin.tip()
    for chain, name, amount in ((token, "t", 5), (coin, "a", 1)):
        chain.seen(name, index, coins(amount))
        assert chain.confirmed(name, 1) == 0
    assert world.say(DEPOSITS, Orphaned(TOKENS, transfer("a"), coin.height)) == 0
    sweep = Moved(TOKENS, transfer("s"), USDT, Tier.DEPOSIT, Tier.HOT, coins(5), coins(0.1))
    assert world.say(DEPOSITS, sweep) == 0
    assert world.balance(chart.HOUSE, chart.BREAK, ETH, TOKENS) == COIN // 10
    coin.grow(3)
    assert coin.seen("a", index, coins(1)) == 0
    coming = world.ask(DEPOSITS, SumComing(TOKENS), dict[int, bytes])
    assert coming[ETH] == coins(0.9 if is_told else 1)
    assert coin.confirmed("a", 1) == 0
    has = -world.balance(chart.HOUSE, chart.CHAIN_DEPOSIT, ETH, TOKENS)
    left = world.balance(chart.HOUSE, chart.BREAK, ETH, TOKENS)
    assert (amount_bytes(has), amount_bytes(left)) == (
        (coins(0.9), coins(0)) if is_told else (coins(1), coins(0.1))
    )
    assert world.balance(chart.HOUSE, chart.CHAIN_DEPOSIT, USDT, TOKENS) == 0
    assert world.balance(ALICE, chart.FUND, ETH) == COIN


def test_what_lies_below_the_ledgers_scale_is_kept_once(world: World) -> None:
    """Though its deposit comes again, and again. Criterion: CUST-DEP-12."""
    assert world.say(DEPOSITS, network(TOKENS, ETH, 0, decimals=18)) == 0
    chain, edition = Chain(world, DEPOSITS, TOKENS, ETH), world.machine.folds[0].state.edition
    index = chain.index(ALICE)
    for _ in range(3):
        chain.grow(3)
        assert chain.seen("a", index, coins(1), dust=6 * 10**9) == 0
        assert chain.confirmed("a", 1) == 0
        has = -world.balance(chart.HOUSE, chart.CHAIN_DEPOSIT, ETH, TOKENS)
        assert world.say(DEPOSITS, Orphaned(TOKENS, transfer("a"), chain.height)) == 0
    assert has == COIN + (0 if edition >= BY_ITSELF else 1)


def test_one_that_was_swept_leaves_no_break_once_its_chain_has_it_again(
    world: World, chain: Chain
) -> None:
    """Its sweep is made again by itself. Criterion: CUST-DEP-32."""
    index, is_told = chain.index(ALICE), world.machine.folds[0].state.edition >= REJOINS

    def tiers() -> list[int]:
        kinds = (chart.CHAIN_DEPOSIT, chart.CHAIN_HOT, chart.BREAK)
        return [world.balance(chart.HOUSE, one, BTC, CHAIN) for one in kinds]

    chain.seen("a", index, coins(5))
    chain.confirmed("a", 1)
    amounts = coins(3), coins(0)
    sweep = Moved(CHAIN, transfer("sweep"), BTC, Tier.DEPOSIT, Tier.HOT, *amounts)
    assert world.say(DEPOSITS, sweep) == 0
    before = tiers()
    for _ in range(2):
        assert world.say(DEPOSITS, Orphaned(CHAIN, transfer("a"), chain.height)) == 0
        assert tiers() == [0, -3 * COIN, 3 * COIN]
        chain.grow(3)
        assert chain.seen("a", index, coins(5)) == 0
        coming = world.ask(DEPOSITS, SumComing(CHAIN), dict[int, bytes])
        assert coming[BTC] == coins(2 if is_told else 5)
        assert chain.confirmed("a", 1) == 0
        assert (tiers() == before) == is_told
        assert world.balance(ALICE, chart.FUND, BTC) == 5 * COIN
        if not is_told:
            break
    world.replayed()


def test_a_sweep_that_is_final_before_its_deposit_comes_again_leaves_no_break(
    world: World, chain: Chain
) -> None:
    """Of two that a chain took, one is swept. Criterion: CUST-DEP-32."""
    index, is_told = chain.index(ALICE), world.machine.folds[0].state.edition >= REJOINS
    for name, amount in (("a", 5), ("b", 2)):
        chain.seen(name, index, coins(amount))
        chain.confirmed(name, 1)
    for name in ("a", "b"):
        assert world.say(DEPOSITS, Orphaned(CHAIN, transfer(name), chain.height)) == 0
    sweep = Moved(CHAIN, transfer("s"), BTC, Tier.DEPOSIT, Tier.HOT, coins(5), coins(0))
    assert world.say(DEPOSITS, sweep) == 0
    assert world.balance(chart.HOUSE, chart.BREAK, BTC, CHAIN) == 5 * COIN
    chain.grow(3)
    # Of somebody who was not here before, in between.
    assert chain.seen("c", chain.index(BOB), coins(1)) == 0
    assert chain.confirmed("c", 1) == 0
    for name, amount in (("b", 2), ("a", 5)):
        assert chain.seen(name, index, coins(amount)) == 0
        has = -world.balance(chart.HOUSE, chart.CHAIN_DEPOSIT, BTC, CHAIN)
        if is_told and name == "a":
            coming = world.ask(DEPOSITS, SumComing(CHAIN), dict[int, bytes])
            assert has + int.from_bytes(coming[BTC], "big") == 3 * COIN
        assert chain.confirmed(name, 1) == 0
    has = world.balance(chart.HOUSE, chart.CHAIN_DEPOSIT, BTC, CHAIN)
    left = world.balance(chart.HOUSE, chart.BREAK, BTC, CHAIN)
    assert (has, left) == ((-3 * COIN, 0) if is_told else (-8 * COIN, 5 * COIN))
    world.replayed()


def test_what_never_comes_again_leaves_its_break(world: World, chain: Chain) -> None:
    """It is people's, and no later deposit hides it. Criterion: CUST-DEP-32."""
    index = chain.index(ALICE)
    chain.seen("a", index, coins(5))
    chain.confirmed("a", 1)
    sweep = Moved(CHAIN, transfer("s"), BTC, Tier.DEPOSIT, Tier.HOT, coins(5), coins(0))
    assert world.say(DEPOSITS, sweep) == 0
    assert world.say(DEPOSITS, Orphaned(CHAIN, transfer("a"), chain.height)) == 0
    assert world.say(DEPOSITS, Replaced(CHAIN, transfer("a"))) == 0
    chain.grow(3)
    chain.seen("b", index, coins(5))
    chain.confirmed("b", 1)
    assert world.balance(chart.HOUSE, chart.BREAK, BTC, CHAIN) == 5 * COIN
    assert world.balance(chart.HOUSE, chart.CHAIN_DEPOSIT, BTC, CHAIN) == -5 * COIN
    world.replayed()


def test_a_spent_credit_that_a_chain_undoes_freezes_and_draws_on_the_loss_account(
    world: World, chain: Chain
) -> None:
    """Criterion: CUST-DEP-6."""
    index = chain.index(ALICE)
    chain.seen("a", index, coins(1))
    chain.confirmed("a", 1)
    source, target = (AccountKey(owner, chart.FUND, 0) for owner in (ALICE, SUB))
    world.core(Transfer(0, 0, ALICE, source, target, BTC, coins(0.75)))
    kept = world.balance(ALICE, chart.FUND, BTC)
    assert kept == COIN // 4
    assert world.say(DEPOSITS, Orphaned(CHAIN, transfer("a"), chain.height)) == 0
    assert world.balance(ALICE, chart.FUND, BTC) == 0
    lost = COIN - kept
    assert world.balance(chart.HOUSE, chart.REORG, BTC, CHAIN) == -lost
    assert world.machine.query(GetOwner(owner=ALICE)).flags & OwnerFlag.FROZEN
    chain.grow(2)
    chain.seen("a", index, coins(1))
    chain.confirmed("a", 1)
    assert world.balance(chart.HOUSE, chart.REORG, BTC, CHAIN) == 0
    assert world.balance(ALICE, chart.FROZEN, BTC) == kept


def test_a_double_spent_payment_is_gone(world: World, chain: Chain) -> None:
    """Criterion: CUST-DEP-7."""
    index = chain.index(ALICE)
    chain.seen("a", index, coins(1), height=0)
    assert world.say(DEPOSITS, Replaced(CHAIN, transfer("a"))) == 0
    assert state(world, "a") == DepositState.GONE
    assert world.balance(chart.HOUSE, chart.UNALLOCATED, BTC) == 0


def test_small_deposits_wait_for_their_sum(world: World, chain: Chain) -> None:
    """Criterion: CUST-DEP-8."""
    world.say(DEPOSITS, network(CHAIN, BTC, 0, minimum_deposit=COIN // 100, unlock_after=1))
    index = chain.index(ALICE)
    for name in ("a", "b"):
        chain.seen(name, index, coins(0.004))
        chain.confirmed(name, 1)
    assert world.balance(ALICE, chart.FUND, BTC) == 0
    chain.seen("c", index, coins(0.002))
    chain.confirmed("c", 1)
    assert world.balance(ALICE, chart.FUND, BTC) == COIN // 100
    assert [state(world, name) for name in "abc"] == [2, 2, 2]


def test_a_memo_that_is_missing_or_wrong_is_claimed(world: World) -> None:
    """Criterion: CUST-DEP-9."""
    memos = Chain(world, DEPOSITS, MEMOS, XRP)
    memos.tip()
    number = memos.index(BOB)
    memos.seen("right", 0, coins(5), memo_number=number)
    memos.seen("none", 0, coins(7))
    memos.seen("wrong", 0, coins(9), memo_number=77)
    for name in ("right", "none", "wrong"):
        assert memos.confirmed(name, 1) == 0
    assert world.balance(BOB, chart.FUND, XRP) == 5 * COIN
    unclaimed = world.ask(DEPOSITS, ListUnclaimed(10), list[Deposit])
    assert {one.transfer for one in unclaimed} == {transfer("none"), transfer("wrong")}
    assert world.balance(chart.HOUSE, chart.UNALLOCATED, XRP) == 16 * COIN
    for _ in range(2):
        assert world.say(DEPOSITS, Claim(MEMOS, transfer("none"), CAROL)) == 0
    assert world.say(DEPOSITS, Claim(MEMOS, transfer("none"), BOB)) == Unsound.CONTRADICTS
    assert world.balance(CAROL, chart.FUND, XRP) == 7 * COIN
    assert world.balance(chart.HOUSE, chart.UNALLOCATED, XRP) == 9 * COIN


@pytest.mark.parametrize("how", ["network", "core", "node"])
def test_a_suspension_lets_deposits_wait_and_credits_them_in_block_order(
    world: World, chain: Chain, how: str
) -> None:
    """Criterion: CUST-DEP-10. Seen as 8; by the network's hold, the core's table, or a node."""
    if how == "core":
        stop = Suspended.DEPOSIT_CREDIT
        world.core(SetSuspension(0, 0, 1, stop, SuspensionLevel.ASSET, BTC))
    elif how == "network":
        assert world.say(DEPOSITS, Hold(CHAIN, BTC, stopped=True)) == 0
    else:
        chain.tip(healthy=False)
    indexes = [chain.index(one) for one in (ALICE, BOB)]
    late = chain.height + 1
    chain.height = late
    chain.tip(healthy=how != "node")
    chain.seen("late", indexes[1], coins(2), height=late)
    chain.seen("early", indexes[0], coins(1), height=late - 1)
    chain.confirmed("late", 1)
    chain.confirmed("early", 2)
    assert [state(world, name) for name in ("late", "early")] == [8, 8]
    assert world.balance(ALICE, chart.FUND, BTC) == world.balance(BOB, chart.FUND, BTC) == 0
    if how == "core":
        world.core(SetSuspension(0, 0, 1, Suspended.NONE, SuspensionLevel.ASSET, BTC))
    elif how == "network":
        world.say(DEPOSITS, Hold(CHAIN, BTC, stopped=False))
    if how == "node":
        chain.tip()
    elif not settle_deposits(world):
        world.say(DEPOSITS, Settle())
    assert [state(world, name) for name in ("late", "early")] == [1, 2]
    owners = [leg.account.owner for one in world.groups()[-1].postings for leg in one.legs]
    assert owners.index(ALICE) < owners.index(BOB)


def test_nobodys_later_deposit_goes_before_anothers_earlier_one(world: World, chain: Chain) -> None:
    """But what was under the least one, which waits for his sum. Criterion: CUST-DEP-10."""
    world.say(DEPOSITS, network(CHAIN, BTC, 0, minimum_deposit=COIN))
    assert world.say(DEPOSITS, Hold(CHAIN, BTC, stopped=True)) == 0
    alice, bob = (chain.index(one) for one in (ALICE, BOB))
    came = (("a", alice, 1.5), ("b", bob, 2), ("c", alice, 3), ("d", alice, 0.25))
    chain.grow(len(came))
    for place, (name, index, amount) in enumerate(came, 1 - len(came)):
        chain.seen(name, index, coins(amount), height=chain.height + place)
        chain.confirmed(name, 1)
    assert world.say(DEPOSITS, Hold(CHAIN, BTC, stopped=False)) == 0
    if not settle_deposits(world):
        world.say(DEPOSITS, Settle())
    postings = [posting for group in world.groups() for posting in group.postings]
    funds = (leg for one in postings for leg in one.legs if leg.account.kind == chart.FUND)
    credited = [amount_int(leg.change) / COIN for leg in funds]
    edition = world.machine.folds[0].state.edition
    again = [] if edition else [3]  # see CUST-DEP-15
    assert credited == ([1.5, 0.25, 2, 3] if edition >= BY_ITSELF else [1.5, 3, 0.25, 2, *again])


def test_a_stopped_deposit_goes_to_the_frozen_account(world: World, chain: Chain) -> None:
    """And is at rest there until people release it. Criterion: CUST-DEP-11."""
    index = chain.index(ALICE)
    chain.seen("a", index, coins(1))
    stop = Stop(CHAIN, transfer("a"), DepositState.BLACKLISTED)
    assert world.say(DEPOSITS, stop) == 0
    chain.confirmed("a", 1)
    assert state(world, "a") == 11
    assert world.balance(ALICE, chart.FROZEN, BTC) == COIN
    chain.grow()
    chain.confirmed("a", 2)
    assert state(world, "a") == 11
    _is_at_rest(world, chain)
    assert world.say(DEPOSITS, Stop(CHAIN, transfer("a"), DepositState.CREDITED)) == 0
    assert state(world, "a") == DepositState.DONE
    assert world.balance(ALICE, chart.FUND, BTC) == COIN
    assert world.balance(ALICE, chart.FROZEN, BTC) == 0


def kept(world: World) -> list[bytes]:
    listed: list[Deposit] = world.ask(DEPOSITS, ListKept(10), list[Deposit])
    return [one.transfer for one in listed]


def test_what_is_under_way_is_listed_until_it_is_credited_or_kept(
    world: World, chain: Chain
) -> None:
    """Nor what is nobody's; the newest change first. Criterion: OP-KEPT-3."""

    def under_way(limit: int = 10) -> list[bytes]:
        listed: list[Deposit] = world.ask(DEPOSITS, ListUncredited(limit), list[Deposit])
        return [one.transfer for one in listed]

    index = chain.index(ALICE)
    for name in "abc":
        chain.seen(name, index, coins(1))
    chain.seen("d", index + 9, coins(1))
    assert under_way() == [transfer("c"), transfer("b"), transfer("a")]
    assert under_way(1) == [transfer("c")]
    assert world.say(DEPOSITS, Stop(CHAIN, transfer("b"), DepositState.BLACKLISTED)) == 0
    chain.confirmed("c", 1)
    assert under_way() == [transfer("a")]
    assert world.say(DEPOSITS, Orphaned(CHAIN, transfer("a"), chain.height)) == 0
    assert under_way() == [transfer("a")]
    assert world.say(DEPOSITS, Replaced(CHAIN, transfer("a"))) == 0
    assert under_way() == []


def test_what_is_kept_is_listed_until_it_is_freed(world: World, chain: Chain) -> None:
    """Before it is credited and after, over a start and a reorganisation. Criterion: CUST-DEP-20.

    State 13 is one of them from edition 4 on.
    """
    edition = next(one.state.edition for one in world.machine.folds if one.number == DEPOSITS)
    index = chain.index(ALICE)
    for name in "abc":
        chain.seen(name, index, coins(1))
    codes = [
        world.say(DEPOSITS, Stop(CHAIN, transfer(name), state))
        for name, state in (("a", 14), ("b", 13), ("c", 2))
    ]
    takes = edition >= INTERCEPTS
    assert codes == [0, 0 if takes else 51000, 51000]
    names = [transfer("a"), *([transfer("b")] if takes else [])]
    assert kept(world) == names
    for name in "ab":
        chain.confirmed(name, 1)
    assert [state(world, name) for name in "ab"] == [14, 13 if takes else 1]
    number = deposit(world, "a").number
    found = world.ask(DEPOSITS, FindDeposit(number), Deposit | None)
    assert (found.transfer, found.stop) == (transfer("a"), 14)
    assert world.ask(DEPOSITS, FindDeposit(number + 999), Deposit | None) is None
    assert world.say(DEPOSITS, Orphaned(CHAIN, transfer("a"), chain.height)) == 0
    world.restart()
    assert sorted(kept(world)) == sorted(names)
    for name in "ab":
        assert world.say(DEPOSITS, Stop(CHAIN, transfer(name), DepositState.CREDITED)) == 0
    assert kept(world) == []
    chain.grow()
    chain.seen("a", index, coins(1))
    chain.confirmed("a", 1)
    assert state(world, "a") == DepositState.CREDITED
    assert world.balance(ALICE, chart.FROZEN, BTC) == 0


def freeze(world: World, flags: OwnerFlag) -> None:
    world.core(SetOwner(0, 0, ALICE, 0, 0, flags, 0))


@pytest.mark.parametrize("confirmations", [1, 2])
def test_what_came_while_its_owner_was_frozen_is_freed_with_him(
    world: World, chain: Chain, confirmations: int
) -> None:
    """By the walk, once and not before. Criterion: CUST-DEP-18. Before edition 3 it stayed."""
    edition = next(one.state.edition for one in world.machine.folds if one.number == DEPOSITS)
    index = chain.index(ALICE)
    freeze(world, OwnerFlag.FROZEN)
    for name in "ab":
        chain.seen(name, index, coins(1))
    stop = Stop(CHAIN, transfer("b"), DepositState.BLACKLISTED)
    assert world.say(DEPOSITS, stop) == 0
    chain.grow(confirmations)
    for name in "ab":
        chain.confirmed(name, confirmations)
    settle_deposits(world)
    assert [state(world, name) for name in "ab"] == [DepositState.FROZEN, DepositState.BLACKLISTED]
    freeze(world, OwnerFlag(0))
    for _ in range(2):
        settle_deposits(world)
    if edition < FREED:
        assert world.balance(ALICE, chart.FROZEN, BTC) == 2 * COIN
        return
    done = DepositState.DONE if confirmations > 1 else DepositState.CREDITED
    assert [state(world, name) for name in "ab"] == [done, DepositState.BLACKLISTED]
    assert world.balance(ALICE, chart.FUND, BTC) == COIN
    assert world.balance(ALICE, chart.PROTECTED, BTC) == (0 if confirmations > 1 else COIN)
    assert world.balance(ALICE, chart.FROZEN, BTC) == COIN
    chain.grow()
    chain.confirmed("a", 2)
    assert state(world, "a") == DepositState.DONE
    assert world.balance(ALICE, chart.PROTECTED, BTC) == 0


def test_a_state_of_the_owner_is_said_of_no_deposit(world: World, chain: Chain) -> None:
    """It would be freed with the next look. Criterion: CUST-DEP-18."""
    world.say(DEPOSITS, AdoptDeposits(FREED))
    chain.seen("a", chain.index(ALICE), coins(1))
    assert world.say(DEPOSITS, Stop(CHAIN, transfer("a"), DepositState.FROZEN)) == 51000


def _is_at_rest(world: World, chain: Chain) -> None:
    """Whoever follows changes hears of it no more; before edition 2, once a look."""
    before = deposit(world, "a").version
    chain.grow()
    settle_deposits(world)
    is_changed = deposit(world, "a").version != before
    edition = next(one.state.edition for one in world.machine.folds if one.number == DEPOSITS)
    assert is_changed == (edition < KEPT_AT_REST)


def test_dust_is_kept_by_address_until_it_is_a_unit(world: World) -> None:
    """Criterion: CUST-DEP-12."""
    world.say(DEPOSITS, network(4, ETH, 0, decimals=18, unlock_after=1))
    chain = Chain(world, DEPOSITS, 4, ETH)
    chain.tip()
    index = chain.index(ALICE)
    for at in range(3):
        chain.seen(f"{at}", index, coins(1), dust=4 * 10**9)
        chain.confirmed(f"{at}", 1)
    assert world.balance(ALICE, chart.FUND, ETH) == 3 * COIN
    assert world.balance(chart.HOUSE, chart.ROUNDING, ETH, 4) == 1
    assert world.balance(chart.HOUSE, chart.CHAIN_DEPOSIT, ETH, 4) == -3 * COIN - 1


def test_sweeps_and_gas_are_posted_once(world: World, chain: Chain) -> None:
    """Criterion: CUST-DEP-13. What a tier does not have shows as a break, and nothing is lost."""
    for _ in range(2):
        world.say(DEPOSITS, Funded(CHAIN, transfer("f"), BTC, Tier.HOT, coins(3)))
    assert world.balance(chart.HOUSE, chart.CHAIN_HOT, BTC, CHAIN) == -3 * COIN
    swept = Moved(CHAIN, transfer("m"), BTC, Tier.HOT, Tier.COLD, coins(2), amount_bytes(500))
    for _ in range(2):
        assert world.say(DEPOSITS, swept) == 0
    assert world.balance(chart.HOUSE, chart.CHAIN_HOT, BTC, CHAIN) == -COIN + 500
    assert world.balance(chart.HOUSE, chart.CHAIN_COLD, BTC, CHAIN) == -2 * COIN
    assert world.balance(chart.HOUSE, chart.GAS, BTC, CHAIN) == -500
    more = Moved(CHAIN, transfer("n"), BTC, Tier.HOT, Tier.COLD, coins(2), amount_bytes(0))
    assert world.say(DEPOSITS, more) == 0
    assert world.balance(chart.HOUSE, chart.BREAK, BTC, CHAIN) == COIN + 500


def test_what_a_contract_takes_on_the_way_is_the_houses_cost(world: World, chain: Chain) -> None:
    """It left the source and came nowhere. Criterion: CUST-DEP-31."""
    world.say(DEPOSITS, Funded(CHAIN, transfer("f"), BTC, Tier.HOT, coins(3)))
    swept = (CHAIN, transfer("m"), BTC, Tier.HOT, Tier.COLD, coins(2), amount_bytes(0))
    for _ in range(2):
        assert world.say(DEPOSITS, Moved(*swept, taken=amount_bytes(700))) == 0
    assert world.balance(chart.HOUSE, chart.CHAIN_HOT, BTC, CHAIN) == -COIN + 700
    assert world.balance(chart.HOUSE, chart.CHAIN_COLD, BTC, CHAIN) == -2 * COIN
    assert world.balance(chart.HOUSE, chart.GAS, BTC, CHAIN) == -700
    other = (CHAIN, transfer("n"), *swept[2:])
    assert world.say(DEPOSITS, Moved(*other, taken=amount_bytes(-1))) != 0


def test_any_order_of_reports_comes_to_what_the_chain_says(world: World, chain: Chain) -> None:
    """Criterion: CUST-DEP-14. Random reorganisations and repetition, restarted at every step."""
    draws = random.Random(7)
    index = chain.index(ALICE)
    names = [f"{at}" for at in range(6)]
    where: dict[str, int] = {}
    for _ in range(300):
        name = draws.choice(names)
        kind = draws.randrange(4)
        if kind == 0:
            chain.grow()
        elif kind == 1 and name not in where:
            assert chain.seen(name, index, coins(1)) == 0
            where[name] = chain.height
        elif kind == 2 and name in where:
            chain.confirmed(name, draws.randrange(1, chain.height - where[name] + 2))
        elif kind == 3 and draws.randrange(4) == 0 and name in where:
            assert world.say(DEPOSITS, Orphaned(CHAIN, transfer(name), where.pop(name))) == 0
        if draws.randrange(8) == 0:
            world.restart()
    chain.grow(5)
    for name, height in where.items():
        assert chain.confirmed(name, chain.height - height + 1) == 0
    assert world.balance(ALICE, chart.FUND, BTC) == len(where) * COIN
    assert world.balance(chart.HOUSE, chart.CHAIN_DEPOSIT, BTC) == -len(where) * COIN
    for kind_ in (chart.UNCONFIRMED, chart.UNALLOCATED, chart.REORG, chart.BREAK):
        assert world.balance(chart.HOUSE, kind_, BTC) == 0
    assert world.balance(ALICE, chart.PROTECTED, BTC) == 0
