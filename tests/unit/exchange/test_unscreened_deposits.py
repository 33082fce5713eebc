"""Goal: what is to be screened is nobody's to spend before it was. Method: the fold alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    AdoptDeposits,
    Claim,
    Orphaned,
    Replaced,
    Screened,
    Seen,
    Stop,
)
from fullreserve.exchange.products.deposit_state import (
    EDITION,
    STRICTER,
    Deposit,
    DepositsState,
    DepositState,
    ListDeposits,
    ListKept,
    ListUncredited,
    ListUnscreened,
)
from fullreserve.exchange.products.deposits import Deposits
from fullreserve.exchange.wire.commands import OwnerFlag, SetOwner
from tests.unit.exchange.custody_world import (
    ALICE,
    BTC,
    CHAIN,
    COIN,
    MEMOS,
    XRP,
    Chain,
    World,
    coins,
    network,
    settle_deposits,
    transfer,
)


@pytest.fixture
def world() -> Iterator[World]:
    made = World(lambda: [Deposits()])
    made.define(DEPOSITS)
    assert made.say(DEPOSITS, AdoptDeposits(EDITION)) == 0
    yield made
    assert made.replayed().hashes() == made.machine.hashes()


@pytest.fixture
def chain(world: World) -> Chain:
    made = Chain(world, DEPOSITS, CHAIN, BTC)
    made.tip()
    return made


def seen(chain: Chain, name: str, amount: bytes, height: int | None = None) -> None:
    at = chain.height if height is None else height
    block, index = transfer(f"block {at}"), chain.index(ALICE)
    word = Seen(CHAIN, transfer(name), BTC, index, 0, amount, 0, at, block, unscreened=True)
    assert chain.world.say(DEPOSITS, word) == 0


def screened(world: World, name: str, state: int, on: int = CHAIN) -> int:
    return world.say(DEPOSITS, Screened(on, transfer(name), state))


def waiting(world: World, after: int = 0) -> list[Deposit]:
    found: list[Deposit] = world.ask(DEPOSITS, ListUnscreened(after, 10), list[Deposit])
    return found


def _state(world: World) -> DepositsState:
    (fold,) = (one for one in world.machine.folds if isinstance(one, Deposits))
    return fold.state


def deposit(world: World, name: str) -> Deposit:
    listed = world.ask(DEPOSITS, ListDeposits(0, 0, 1000), list[Deposit])
    (found,) = [one for one in listed if one.transfer == transfer(name)]
    assert isinstance(found, Deposit)
    return found


@pytest.mark.parametrize("confirmed", [True, False])
@pytest.mark.parametrize("state", [1, 11, 13, 14])
def test_it_waits_until_it_is_screened(
    world: World, chain: Chain, state: int, confirmed: bool
) -> None:
    """Whatever comes first, its confirmations or the word. Criterion: CUST-DEP-21."""
    seen(chain, "a", coins(1))
    seen(chain, "b", coins(1))
    if confirmed:
        chain.confirmed("a", 1)
        before = deposit(world, "a").version
        settle_deposits(world)
        assert (deposit(world, "a").state, deposit(world, "a").version) == (0, before)
        assert world.balance(ALICE, chart.FUND, BTC) == world.balance(ALICE, chart.FROZEN, BTC) == 0
    world.restart()
    first, second = waiting(world)
    assert [first.transfer, second.transfer] == [transfer("a"), transfer("b")]
    assert [one.transfer for one in waiting(world, first.number)] == [transfer("b")]
    assert world.ask(DEPOSITS, ListKept(10), list[Deposit]) == []
    assert screened(world, "a", state) == 0
    if not confirmed:
        chain.confirmed("a", 1)
    kind = chart.FUND if state == 1 else chart.FROZEN
    assert (deposit(world, "a").state, world.balance(ALICE, kind, BTC)) == (state, COIN)
    assert [one.transfer for one in waiting(world)] == [transfer("b")]
    # Said again, and otherwise, it changes nothing.
    hashes = world.machine.folds[0].state_hash()
    assert screened(world, "a", 11 if state == 1 else 1) == 0
    assert world.machine.folds[0].state_hash() == hashes


def test_what_people_stopped_is_not_freed_by_the_word(world: World, chain: Chain) -> None:
    """Criterion: CUST-DEP-21."""
    seen(chain, "a", coins(1))
    assert world.say(DEPOSITS, Stop(CHAIN, transfer("a"), DepositState.BLACKLISTED)) == 0
    world.restart()
    assert [one.transfer for one in waiting(world)] == [transfer("a")]
    assert [one.stop for one in world.ask(DEPOSITS, ListKept(10), list[Deposit])] == [11]
    assert world.ask(DEPOSITS, ListUncredited(10), list[Deposit]) == []
    chain.confirmed("a", 1)
    assert world.balance(ALICE, chart.FROZEN, BTC) == 0
    assert screened(world, "a", 1) == 0
    assert (deposit(world, "a").state, world.balance(ALICE, chart.FROZEN, BTC)) == (11, COIN)
    assert screened(world, "nowhere", 1) != 0
    for wrong in (0, 2, 12, -2):
        assert screened(world, "a", wrong) == 51000


@pytest.mark.parametrize("people", [11, 13, 14])
@pytest.mark.parametrize("vendor", [1, 11, 13, 14])
@pytest.mark.parametrize("first", ["people", "vendor"])
def test_the_stricter_word_of_people_and_vendors_stays(
    world: World, chain: Chain, people: int, vendor: int, first: str
) -> None:
    """Whoever is first, and freed with the level is a 14 alone. Criterion: CUST-DEP-25."""
    seen(chain, "a", coins(1))
    stop = Stop(CHAIN, transfer("a"), people)
    if first == "people":
        assert world.say(DEPOSITS, stop) == 0
        softer = world.say(DEPOSITS, Stop(CHAIN, transfer("a"), DepositState.KYC))
        assert (softer != 0) == (people < DepositState.KYC)
    assert world.say(DEPOSITS, Screened(CHAIN, transfer("a"), vendor, kyc=2)) == 0
    if first == "vendor":
        is_softer = vendor != 1 and vendor < people
        before = world.machine.folds[0].state_hash()
        assert (world.say(DEPOSITS, stop) != 0) == is_softer
        assert (world.machine.folds[0].state_hash() == before) == (is_softer or vendor == people)
    expected = people if vendor == 1 else min(people, vendor)
    assert chain.confirmed("a", 1) == 0
    assert (deposit(world, "a").stop, world.balance(ALICE, chart.FROZEN, BTC)) == (expected, COIN)
    world.core(SetOwner(0, 0, ALICE, 0, 1, OwnerFlag(0), 3))
    settle_deposits(world)
    assert world.balance(ALICE, chart.FUND, BTC) == (COIN if expected == 14 else 0)


def test_the_higher_level_of_people_and_vendors_counts(world: World, chain: Chain) -> None:
    """And people alone free it where the vendors' word names none. Criterion: CUST-DEP-25."""
    for name, level in (("a", 3), ("b", 0)):
        seen(chain, name, coins(1))
        assert world.say(DEPOSITS, Stop(CHAIN, transfer(name), DepositState.KYC)) == 0
        assert world.say(DEPOSITS, Screened(CHAIN, transfer(name), 14, kyc=level)) == 0
        assert chain.confirmed(name, 1) == 0
    for kyc, free in ((2, 0), (3, COIN), (9, COIN)):
        world.core(SetOwner(0, 0, ALICE, 0, 1, OwnerFlag(0), kyc))
        settle_deposits(world)
        assert world.balance(ALICE, chart.FUND, BTC) == free


def test_two_teams_free_what_is_not_screened_yet(world: World, chain: Chain) -> None:
    """Who will not wait for a vendor keeps it and frees it. Criterion: CUST-DEP-25."""
    seen(chain, "a", coins(1))
    chain.confirmed("a", 1)
    assert world.say(DEPOSITS, Stop(CHAIN, transfer("a"), DepositState.KYC)) == 0
    assert world.say(DEPOSITS, Stop(CHAIN, transfer("a"), DepositState.CREDITED)) == 0
    settle_deposits(world)
    assert (waiting(world), world.balance(ALICE, chart.FUND, BTC)) == ([], COIN)
    state = _state(world)
    assert (state.said, state.levels) == ({}, {})


def test_before_edition_6_the_last_word_of_people_counts() -> None:
    """Criterion: CUST-DEP-25."""
    world = World(lambda: [Deposits()])
    world.define(DEPOSITS)
    assert world.say(DEPOSITS, AdoptDeposits(STRICTER - 1)) == 0
    chain = Chain(world, DEPOSITS, CHAIN, BTC)
    chain.tip()
    seen(chain, "a", coins(1))
    assert screened(world, "a", 11) == 0
    assert world.say(DEPOSITS, Stop(CHAIN, transfer("a"), DepositState.KYC)) == 0
    seen(chain, "b", coins(1))
    assert world.say(DEPOSITS, Stop(CHAIN, transfer("b"), DepositState.KYC)) == 0
    assert screened(world, "b", 11) == 0
    assert [deposit(world, name).stop for name in "ab"] == [14, 14]


def test_small_ones_add_up_with_what_was_screened_alone(world: World, chain: Chain) -> None:
    """Criterion: CUST-DEP-21, CUST-DEP-8."""
    world.say(DEPOSITS, network(CHAIN, BTC, 0, minimum_deposit=COIN // 100, unlock_after=1))
    for name, amount in (("a", 0.004), ("b", 0.004), ("c", 0.006)):
        seen(chain, name, coins(amount))
        chain.confirmed(name, 1)
    assert screened(world, "a", 1) == screened(world, "c", 1) == 0
    assert world.balance(ALICE, chart.FUND, BTC) == COIN // 100
    assert [deposit(world, name).state for name in "abc"] == [2, 0, 2]


def test_it_stays_unscreened_over_a_reorganisation_and_is_over_when_it_is_gone(
    world: World, chain: Chain
) -> None:
    """Criterion: CUST-DEP-21."""
    seen(chain, "a", coins(1))
    chain.confirmed("a", 1)
    assert world.say(DEPOSITS, Orphaned(CHAIN, transfer("a"), chain.height)) == 0
    chain.grow()
    seen(chain, "a", coins(1))
    chain.confirmed("a", 1)
    assert (len(waiting(world)), world.balance(ALICE, chart.FUND, BTC)) == (1, 0)
    assert world.say(DEPOSITS, Orphaned(CHAIN, transfer("a"), chain.height)) == 0
    assert world.say(DEPOSITS, Replaced(CHAIN, transfer("a"))) == 0
    assert waiting(world) == []
    assert screened(world, "a", 1) == 0
    assert deposit(world, "a").state == DepositState.GONE


def test_what_is_nobodys_waits_for_both(world: World) -> None:
    """It is claimed first: it goes to its owner with the word. Criterion: CUST-DEP-21."""
    memos = Chain(world, DEPOSITS, MEMOS, XRP)
    memos.tip()
    block = transfer(f"block {memos.height}")
    word = Seen(MEMOS, transfer("m"), XRP, 0, 0, coins(7), 0, memos.height, block, unscreened=True)
    assert world.say(DEPOSITS, word) == 0
    assert memos.confirmed("m", 1) == 0
    assert waiting(world) == []  # a flood of such holds up nobody else
    assert world.say(DEPOSITS, Claim(MEMOS, transfer("m"), ALICE)) == 0
    settle_deposits(world)
    assert (len(waiting(world)), world.balance(ALICE, chart.FUND, XRP)) == (1, 0)
    assert screened(world, "m", 1, MEMOS) == 0
    assert world.balance(ALICE, chart.FUND, XRP) == 7 * COIN
