"""Goal: what a chain takes back is paid by who has it, and by the loss account for the rest alone.

Method: the fold and the core; orders, transfers and reorganisations, one by one and at random.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    AdoptDeposits,
    Orphaned,
    Replaced,
    Settle,
    Stop,
)
from fullreserve.exchange.products.deposit_index import DepositIndex
from fullreserve.exchange.products.deposit_state import (
    EDITION,
    OWES,
    STRICTER,
    DepositState,
    Phase,
)
from fullreserve.exchange.products.deposits import Deposits
from fullreserve.exchange.products.suspension_wire import CORE_FIRST
from fullreserve.exchange.wire.commands import (
    AccountKey,
    InstrumentState,
    OrderType,
    OwnerFlag,
    PlaceOrder,
    SetInstrumentState,
    SetOwner,
    SetSuspension,
    Side,
    Suspended,
    SuspensionLevel,
    Transfer,
    amount_bytes,
    amount_int,
)
from fullreserve.exchange.wire.queries import GetOwner, ListBalances, ListOpenOrders
from tests.unit.exchange.custody_world import (
    ALICE,
    BOB,
    BTC,
    CHAIN,
    COIN,
    SUB,
    Chain,
    World,
    settle_deposits,
    transfer,
)

PAIR, DEAR = 1, 5_000_000  # BTC-USDT, at a price that nobody pays


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


def fold_of(world: World) -> Deposits:
    return next(one for one in world.machine.folds if isinstance(one, Deposits))


def deposit(chain: Chain, name: str = "a", amount: int = COIN) -> None:
    """Credited to ALICE, in the newest block."""
    assert chain.seen(name, chain.index(ALICE), amount_bytes(amount)) == 0
    assert chain.confirmed(name, 1) == 0


def orphan(chain: Chain, name: str = "a", height: int | None = None) -> None:
    at = chain.height if height is None else height
    assert chain.world.say(DEPOSITS, Orphaned(CHAIN, transfer(name), at)) == 0


def move(world: World, amount: int, source: tuple[int, int], target: tuple[int, int]) -> None:
    place, other = (AccountKey(owner, kind, 0) for owner, kind in (source, target))
    world.core(Transfer(0, 0, source[0], place, other, BTC, amount_bytes(amount)))


def spend(world: World, amount: int) -> None:
    move(world, amount, (ALICE, chart.FUND), (SUB, chart.FUND))


def give_back(world: World, amount: int) -> None:
    move(world, amount, (SUB, chart.FUND), (ALICE, chart.FUND))


def offer(world: World, amount: int) -> None:
    """An order of ALICE for so much of what she has."""
    move(world, amount, (ALICE, chart.FUND), (ALICE, chart.TRADE))
    size = amount * 10**5 // COIN
    world.core(PlaceOrder(0, 0, ALICE, PAIR, Side.SELL, OrderType.LIMIT, DEAR, size))


def open_orders(world: World) -> int:
    return len(world.machine.query(ListOpenOrders(owner=ALICE)))


def has(world: World, *kinds: int) -> int:
    return sum(world.balance(ALICE, kind, BTC) for kind in kinds or (chart.FUND, chart.TRADE))


def free(world: World) -> int:
    held = world.machine.query(ListBalances(owner=ALICE))
    return sum(
        amount_int(one.balance) - amount_int(one.hold)
        for one in held
        if one.asset == BTC and one.kind in (chart.FUND, chart.TRADE)
    )


def loss(world: World) -> int:
    return -world.balance(chart.HOUSE, chart.REORG, BTC)


def owed(world: World) -> int:
    state = fold_of(world).state
    return sum(amount_int(state.deposits[transfer].lost) for transfer in state.debts)


def is_frozen(world: World) -> bool:
    return bool(world.machine.query(GetOwner(owner=ALICE)).flags & OwnerFlag.FROZEN)


def freeze(world: World, flags: OwnerFlag, kyc: int = 1) -> None:
    world.core(SetOwner(0, 0, ALICE, 0, 1, flags, kyc))


def test_coins_in_open_orders_are_taken_before_the_loss_account(world: World, chain: Chain) -> None:
    """Criterion: CUST-DEP-22. Who has all that he got spent nothing, and is not frozen."""
    deposit(chain)
    offer(world, COIN // 4)
    offer(world, COIN // 2)
    assert (free(world), open_orders(world)) == (COIN // 4, 2)
    orphan(chain)
    assert (has(world), open_orders(world), loss(world), owed(world)) == (0, 0, 0, 0)
    assert not is_frozen(world)


def test_orders_that_need_not_end_go_on(world: World, chain: Chain) -> None:
    """Criterion: CUST-DEP-22."""
    world.fund(ALICE, BTC, amount_bytes(COIN), chart.TRADE)
    deposit(chain)
    offer(world, COIN // 2)
    orphan(chain)
    assert (has(world), free(world), open_orders(world)) == (COIN, COIN // 2, 1)


def test_what_was_spent_alone_is_a_loss_and_freezing_ends_orders(
    world: World, chain: Chain
) -> None:
    """Criterion: CUST-DEP-22, CUST-DEP-6."""
    deposit(chain)
    offer(world, COIN // 2)
    spend(world, COIN // 4)
    orphan(chain)
    assert (has(world), open_orders(world)) == (0, 0)
    assert loss(world) == owed(world) == COIN // 4
    assert is_frozen(world)


@pytest.mark.parametrize("by_table", [False, True])
def test_orders_that_cannot_end_pay_once_they_can(
    world: World, chain: Chain, by_table: bool
) -> None:
    """Criterion: CUST-DEP-22. The walk cancels them, and takes what they held."""
    deposit(chain)
    offer(world, COIN // 2)
    spend(world, COIN // 4)

    def stop(stopped: bool) -> None:
        state = InstrumentState.SUSPEND if stopped else InstrumentState.LIVE
        actions = Suspended.TRADE_ALL if stopped else Suspended(0)
        table = SetSuspension(0, 0, 7, actions, SuspensionLevel.OWNER, ALICE)
        world.core(table if by_table else SetInstrumentState(0, 0, PAIR, state))

    stop(True)
    orphan(chain)
    for _ in range(2):
        settle_deposits(world)
        assert (has(world), open_orders(world)) == (COIN // 2, 1)
        assert loss(world) == owed(world) == 3 * COIN // 4
    stop(False)
    settle_deposits(world)
    assert (has(world), open_orders(world)) == (0, 0)
    assert loss(world) == owed(world) == COIN // 4


def test_what_its_owner_has_later_pays_a_debt(world: World, chain: Chain) -> None:
    """Criterion: CUST-DEP-23. In funding and in trading, no more than is owed, released or not."""
    deposit(chain)
    spend(world, COIN)
    orphan(chain)
    give_back(world, COIN // 4)
    settle_deposits(world)
    assert (has(world), loss(world), owed(world)) == (0, 3 * COIN // 4, 3 * COIN // 4)
    freeze(world, OwnerFlag(0))
    give_back(world, COIN // 2)
    move(world, COIN // 4, (ALICE, chart.FUND), (ALICE, chart.TRADE))
    settle_deposits(world)
    assert (has(world), loss(world), owed(world)) == (0, COIN // 4, COIN // 4)
    world.fund(ALICE, BTC, amount_bytes(COIN))
    for _ in range(2):
        settle_deposits(world)
        assert (has(world), loss(world), owed(world)) == (3 * COIN // 4, 0, 0)


def test_who_was_released_keeps_his_orders_and_pays_of_what_is_free(
    world: World, chain: Chain
) -> None:
    """Criterion: CUST-DEP-23."""
    deposit(chain)
    spend(world, COIN)
    orphan(chain)
    freeze(world, OwnerFlag(0))
    give_back(world, COIN)
    offer(world, COIN // 2)
    settle_deposits(world)
    assert (has(world), open_orders(world)) == (COIN // 2, 1)
    assert loss(world) == owed(world) == COIN // 2


@pytest.mark.parametrize("is_frozen_first", [False, True])
def test_another_deposit_pays_a_debt_in_the_command_that_gives_it(
    world: World, chain: Chain, is_frozen_first: bool
) -> None:
    """Criterion: CUST-DEP-23. So that it cannot be spent before; also as it is freed."""
    deposit(chain)
    spend(world, COIN // 2)
    orphan(chain)
    if not is_frozen_first:
        freeze(world, OwnerFlag(0))
    deposit(chain, "b")
    if is_frozen_first:
        assert (has(world), has(world, chart.FROZEN)) == (0, COIN)
        freeze(world, OwnerFlag(0))
        settle_deposits(world)
    assert (has(world), has(world, chart.FROZEN)) == (COIN // 2, 0)
    assert has(world, chart.PROTECTED) == COIN // 2
    assert (loss(world), owed(world)) == (0, 0)
    # What paid is taken back as well: it is owed again, and nothing twice.
    orphan(chain, "b")
    assert (has(world), has(world, chart.PROTECTED)) == (0, 0)
    assert loss(world) == owed(world) == COIN // 2


def test_a_deposit_that_comes_back_is_his_as_far_as_he_paid(world: World, chain: Chain) -> None:
    """Criterion: CUST-DEP-23. And a loss again when the chain takes it once more."""
    deposit(chain)
    spend(world, COIN)
    orphan(chain)
    give_back(world, COIN // 4)
    settle_deposits(world)
    freeze(world, OwnerFlag(0))
    chain.grow()
    deposit(chain)
    assert (has(world), loss(world), owed(world)) == (COIN // 4, 0, 0)
    orphan(chain)
    assert (has(world), is_frozen(world)) == (0, False)
    assert loss(world) == owed(world) == 3 * COIN // 4


def test_a_deposit_that_never_comes_back_is_owed_all_the_same(world: World, chain: Chain) -> None:
    """Criterion: CUST-DEP-23. It is shown to nobody, also while deposits are suspended."""
    deposit(chain)
    spend(world, COIN)
    orphan(chain)
    assert world.say(DEPOSITS, Replaced(CHAIN, transfer("a"))) == 0
    give_back(world, COIN)
    world.restart()
    chain.tip(healthy=False)
    (one,) = fold_of(world).state.deposits.values()
    assert (has(world), loss(world), owed(world)) == (0, 0, 0)
    assert (one.state, one.phase) == (DepositState.GONE, Phase.SEEN)


def test_before_edition_5_orders_stay_and_nothing_is_owed(chain: Chain) -> None:
    """Criterion: CUST-DEP-22, CUST-DEP-23."""
    world = World(lambda: [Deposits()])
    world.define(DEPOSITS)
    assert world.say(DEPOSITS, AdoptDeposits(OWES - 1)) == 0
    chain = Chain(world, DEPOSITS, CHAIN, BTC)
    chain.tip()
    deposit(chain)
    offer(world, COIN)
    orphan(chain)
    assert (open_orders(world), loss(world), owed(world)) == (1, COIN, 0)
    # What was drawn before stays as it was, also under the new rules.
    assert world.say(DEPOSITS, AdoptDeposits(EDITION)) == 0
    world.fund(ALICE, BTC, amount_bytes(COIN))
    settle_deposits(world)
    assert (has(world), loss(world), owed(world)) == (2 * COIN, COIN, 0)


def _act(draws: random.Random, world: World, chain: Chain, where: dict[str, int]) -> None:
    """Something that ALICE, her chain or the house does."""
    amount, name = draws.randrange(1, 8) * COIN // 8, draws.choice("abcd")
    act = draws.randrange(9)
    if act < 3 and name not in where:
        if chain.seen(name, chain.index(ALICE), amount_bytes(COIN)) == 0:
            chain.confirmed(name, 1)
            where[name] = chain.height
    elif act == 3:
        spend(world, amount)
    elif act == 4:
        offer(world, amount)
    elif act == 5:
        give_back(world, amount)
    elif act == 6:
        freeze(world, draws.choice((OwnerFlag.FROZEN, OwnerFlag(0))))
    elif act == 7:
        chain.grow()
    elif name in where:
        _orphan_at_random(draws, world, chain, (name, where.pop(name)))


def _orphan_at_random(
    draws: random.Random, world: World, chain: Chain, taken: tuple[str, int]
) -> None:
    before = loss(world)
    orphan(chain, *taken)
    if loss(world) > before + _paid_already(world, taken[0]):
        assert (has(world), open_orders(world)) == (0, 0), "the loss account pays what he has"
        assert is_frozen(world)
    if draws.randrange(3) == 0:
        world.say(DEPOSITS, Replaced(CHAIN, transfer(taken[0])))


def _paid_already(world: World, name: str) -> int:
    """A loss of before that the deposit itself had paid, and that is one again: at most so much."""
    return amount_int(fold_of(world).state.deposits[transfer(name)].lost)


@pytest.mark.parametrize("seed", range(4))
def test_the_loss_account_pays_what_is_owed_and_nothing_else(
    world: World, chain: Chain, seed: int
) -> None:
    """Whatever comes, in whatever order, over restarts. Criterion: CUST-DEP-23, CUST-INV-4."""
    draws, where = random.Random(seed), dict[str, int]()
    for turn in range(250):
        _act(draws, world, chain, where)
        assert loss(world) == owed(world)
        fold = fold_of(world)
        known, fresh = fold._known, DepositIndex(fold.state)
        assert list(known.open_after(0)) == list(fresh.open_after(0))
        assert list(known.debts(ALICE, BTC)) == list(fresh.debts(ALICE, BTC))
        if turn % 10 == 0:
            settle_deposits(world)
            assert not owed(world) or free(world) == 0
        if turn % 50 == 25:
            world.restart()


def _kept(world: World, chain: Chain, *, credited: bool) -> None:
    """A deposit that an operator keeps for ALICE's level of identity, 1."""
    assert chain.seen("a", chain.index(ALICE), amount_bytes(COIN)) == 0
    assert world.say(DEPOSITS, Stop(CHAIN, transfer("a"), DepositState.KYC)) == 0
    if credited:
        assert chain.confirmed("a", 1) == 0
        assert has(world, chart.FROZEN) == COIN


@pytest.mark.parametrize("credited", [False, True])
def test_a_deposit_kept_for_a_level_is_freed_once_its_owner_has_it(
    world: World, chain: Chain, credited: bool
) -> None:
    """Criterion: CUST-DEP-24. By the walk, and not while he is frozen for something else."""
    _kept(world, chain, credited=credited)
    freeze(world, OwnerFlag(0), kyc=1)
    settle_deposits(world)
    freeze(world, OwnerFlag.FROZEN, kyc=2)
    settle_deposits(world)
    assert has(world) == 0
    if not credited:
        assert chain.confirmed("a", 1) == 0
    assert (has(world), has(world, chart.FROZEN)) == (0, COIN)
    freeze(world, OwnerFlag(0), kyc=2)
    for _ in range(2):
        settle_deposits(world)
        assert (has(world), has(world, chart.FROZEN)) == (COIN, 0)
    assert fold_of(world).state.levels == {}


def test_what_people_keep_for_more_stays_with_the_level(world: World, chain: Chain) -> None:
    """Criterion: CUST-DEP-24."""
    _kept(world, chain, credited=False)
    assert world.say(DEPOSITS, Stop(CHAIN, transfer("a"), DepositState.BLACKLISTED)) == 0
    assert chain.confirmed("a", 1) == 0
    freeze(world, OwnerFlag(0), kyc=3)
    settle_deposits(world)
    assert (has(world), has(world, chart.FROZEN)) == (0, COIN)
    assert fold_of(world).state.levels == {}


def test_before_edition_5_people_alone_free_it() -> None:
    """Criterion: CUST-DEP-24."""
    world = World(lambda: [Deposits()])
    world.define(DEPOSITS)
    assert world.say(DEPOSITS, AdoptDeposits(OWES - 1)) == 0
    chain = Chain(world, DEPOSITS, CHAIN, BTC)
    chain.tip()
    _kept(world, chain, credited=True)
    freeze(world, OwnerFlag(0), kyc=3)
    settle_deposits(world)
    assert (has(world), has(world, chart.FROZEN)) == (0, COIN)


@pytest.mark.parametrize("edition", [STRICTER - 1, STRICTER])
@pytest.mark.parametrize("action", [Suspended.TRANSFER, Suspended.PRODUCT])
@pytest.mark.parametrize(
    ("level", "key"), [(SuspensionLevel.OWNER, ALICE), (SuspensionLevel.ASSET, BTC)]
)
@pytest.mark.parametrize("keeps", ["level", "frozen", "debt"])
def test_a_page_goes_on_past_what_may_not_be_moved_now(
    edition: int, action: Suspended, level: SuspensionLevel, key: int, keeps: str
) -> None:
    """It is freed when the suspension ended, and others wait for nothing. Criterion: CUST-DEP-26.

    Before edition 6 the core refused all of the page.
    """
    world = World(lambda: [Deposits()])
    world.define(DEPOSITS)
    assert world.say(DEPOSITS, AdoptDeposits(edition)) == 0
    chain = Chain(world, DEPOSITS, CHAIN, BTC)
    chain.tip()
    owes = _kept_by(world, chain, keeps)
    _waits_for_the_walk(world, chain)
    number = CORE_FIRST + 7  # as the fold of suspensions sets one
    world.core(SetSuspension(0, 0, number, action, level, key))
    freeze(world, OwnerFlag(0), kyc=2)
    goes_on = edition >= STRICTER
    for confirmations in (2, 3):
        assert (world.say(DEPOSITS, Settle(0, 50)) == 0) == goes_on
        assert world.balance(BOB, chart.FUND, BTC) == (COIN if goes_on else 0)
        assert (chain.confirmed("kept", confirmations) == 0) == goes_on
    assert (has(world), has(world, chart.FROZEN), owed(world)) == (0, COIN, owes)
    world.core(SetSuspension(0, 0, number, Suspended(0), level, key))
    settle_deposits(world)
    assert (has(world), has(world, chart.FROZEN), owed(world)) == (COIN - owes, 0, 0)
    assert world.balance(BOB, chart.FUND, BTC) == COIN
    assert world.replayed().hashes() == world.machine.hashes()


def _kept_by(world: World, chain: Chain, keeps: str) -> int:
    """A deposit of ALICE that is kept, and what she owes beside it."""
    owes = 0
    if keeps == "debt":
        deposit(chain)
        spend(world, COIN // 2)
        orphan(chain)
        owes = COIN // 2
    freeze(world, OwnerFlag(0) if keeps == "level" else OwnerFlag.FROZEN)
    assert chain.seen("kept", chain.index(ALICE), amount_bytes(COIN)) == 0
    if keeps == "level":
        assert world.say(DEPOSITS, Stop(CHAIN, transfer("kept"), DepositState.KYC)) == 0
    assert chain.confirmed("kept", 1) == 0
    assert has(world, chart.FROZEN) == COIN
    return owes


def _waits_for_the_walk(world: World, chain: Chain) -> None:
    """A deposit of BOB that is due."""
    stop = SetSuspension(0, 0, 8, Suspended.DEPOSIT_CREDIT, SuspensionLevel.OWNER, BOB)
    world.core(stop)
    assert chain.seen("bob", chain.index(BOB), amount_bytes(COIN)) == 0
    assert chain.confirmed("bob", 1) == 0
    for _ in range(2):
        chain.grow()
    world.core(SetSuspension(0, 0, 8, Suspended(0), SuspensionLevel.OWNER, BOB))
    assert world.balance(BOB, chart.FUND, BTC) == 0
