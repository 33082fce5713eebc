"""Goal: no word and no question about withdrawals does more work because many wait.

Method: a fold with 10,000 requests in each state, put there as a snapshot would; what a word reads
of them, and what it asks of the core and of other folds, is counted. Work is counted, not time.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from fullreserve.exchange.machine import Machine
from fullreserve.exchange.products import settling
from fullreserve.exchange.products import suspension_gates as gates
from fullreserve.exchange.products.custody_wire import (
    WITHDRAWALS,
    Cancel,
    Destination,
    Drain,
    Hold,
    Pay,
    Refilled,
    RequirePolicy,
    Settle,
    Short,
)
from fullreserve.exchange.products.drain_line import (
    EACH_IN_TURN,
    LOOKED_AT,
    OWNERS_IN_TURN,
    PAID_AT_ONCE,
)
from fullreserve.exchange.products.drain_log import DrainLog, DrainSum, DrainTick, Entry, Queued
from fullreserve.exchange.products.policy_rules import DecisionState
from fullreserve.exchange.products.suspension_state import SuspensionState
from fullreserve.exchange.products.suspension_wire import Action, Level, Mode, Scope, Suspend
from fullreserve.exchange.products.withdrawal_index import Index
from fullreserve.exchange.products.withdrawal_state import (
    BY_A_FEW,
    DAY_MS,
    EDITION,
    MOVED_MAX,
    SMALL_USD,
    GetDrains,
    GetPlace,
    GetSmallest,
    GetWithdrawal,
    ListOpen,
    ListPay,
    ListQueue,
    ListReceived,
    ListShort,
    ListSums,
    ListUndecided,
    NextSettled,
    Place,
    Sum,
    SumDrains,
    Undecided,
    Withdrawal,
    WithdrawalsState,
    WithdrawalState,
)
from fullreserve.exchange.products.withdrawals import Withdrawals
from fullreserve.exchange.wire.commands import OwnerFlag, SetOwner, amount_bytes, amount_int
from tests.unit.exchange.custody_world import (
    ALICE,
    BOB,
    BTC,
    CAROL,
    CHAIN,
    NETWORKS,
    START_MS,
    USDT,
    World,
    coins,
)
from tests.unit.exchange.suspension_world import (
    ask,
    known,
    opened,
    requests,
    say,
    settle,
    stop,
    terms,
)

MANY = 10_000
WAITING = int(DecisionState.WAITING)
FIRST = 1_000_000  # number of the first request
STATES = (WithdrawalState.QUEUED, WithdrawalState.WAITING, WithdrawalState.SHORT)
# Owner, suspensions, holds: what one request is asked about.
ASKED_OF_EACH = 4
ASKED_OF_THE_HOUSE = 1  # who says it


class Counted(dict[int, Withdrawal]):
    """Withdrawals that count who reads them; nobody is to walk them all."""

    read = 0

    def __getitem__(self, number: int) -> Withdrawal:
        self.read += 1
        return super().__getitem__(number)

    def get(self, number: int, default: Any = None) -> Any:
        self.read += 1
        return super().get(number, default)

    def values(self) -> Any:
        raise AssertionError("all withdrawals are walked")

    items = __iter__ = values


class Work:
    """What is read and asked from here on."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.table = Counted(fold_of(world).state.withdrawals)
        fold_of(world).state.withdrawals = self.table
        self.asked = 0
        query = Machine.query

        def counted(machine: Machine, asked: Any) -> Any:
            self.asked += 1
            return query(machine, asked)

        monkeypatch.setattr(Machine, "query", counted)

    def of(self, act: Callable[[], Any]) -> tuple[int, int]:
        """Requests read and questions asked meanwhile."""
        read, asked = self.table.read, self.asked
        act()
        return self.table.read - read, self.asked - asked


def fold_of(world: World) -> Withdrawals:
    return next(one for one in world.machine.folds if isinstance(one, Withdrawals))


def crowd(state: int, first: int, **more: Any) -> list[Withdrawal]:
    """Requests of ALICE's and BOB's in turn."""
    values: dict[str, Any] = {"network": CHAIN, "asset": BTC, "amount": coins(1)}
    values |= {"fee": coins(0), "kind": 0, "destination": 5, "usd": 1, "requested_ms": 1}
    values |= {"changed_ms": 1, "state": state} | more
    return [
        Withdrawal(number=number, version=number, owner=(ALICE, BOB)[number % 2], **values)
        for number in range(first, first + MANY)
    ]


def crowded(*crowds: list[Withdrawal]) -> World:
    """A world in which they wait, as after a restart."""
    world = opened()
    state = WithdrawalsState(
        networks={one.network: one for one in NETWORKS},
        withdrawals={one.number: one for each in crowds for one in each},
    )
    fold_of(world).restore(msgspec.msgpack.encode(state))
    return world


@pytest.fixture(scope="module")
def encoded() -> bytes:
    """10,000 in each state, and as many bound."""
    crowds = [crowd(state, FIRST + at * MANY) for at, state in enumerate(STATES)]
    bound = crowd(WithdrawalState.PENDING, FIRST + 3 * MANY, binding=bytes(32))
    return fold_of(crowded(*crowds, bound)).encode()


@pytest.fixture
def world(encoded: bytes) -> World:
    made = opened()
    fold_of(made).restore(encoded)
    return made


@pytest.fixture
def work(world: World, monkeypatch: pytest.MonkeyPatch) -> Work:
    return Work(world, monkeypatch)


WORDS = {
    "settle": Settle(0, settling.AT_ONCE),
    "settle the last": Settle(FIRST + 3 * MANY - 2, settling.AT_ONCE),
    "short": Short(CHAIN, BTC, 64),
    "refilled": Refilled(CHAIN, BTC, 64),
}


@pytest.mark.parametrize("name", WORDS)
def test_a_word_of_the_house_looks_at_a_few(world: World, work: Work, name: str) -> None:
    """Criterion: CUST-BOUND-2."""
    read, asked = work.of(lambda: world.say(WITHDRAWALS, WORDS[name]))
    assert read <= 4 * MOVED_MAX
    assert asked <= ASKED_OF_EACH * MOVED_MAX + 5


@pytest.mark.parametrize("most", [-1, MOVED_MAX + 1])
def test_a_word_that_wants_more_is_refused(world: World, most: int) -> None:
    """Criterion: CUST-BOUND-2."""
    for word in (Settle(0, most), Short(CHAIN, BTC, most), Refilled(CHAIN, BTC, most)):
        assert world.say(WITHDRAWALS, word) == 51000
    assert world.say(WITHDRAWALS, Settle(-1, 1)) == 51000


def test_a_stop_of_the_house_looks_at_no_request(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that wait follow by `Settle`, a few at a time. Criterion: CUST-BOUND-2."""
    assert world.say(WITHDRAWALS, RequirePolicy(EDITION)) == 0
    work = Work(world, monkeypatch)
    for word in (Hold(CHAIN, BTC, stopped=True), Hold(CHAIN, BTC, stopped=False)):
        read, asked = work.of(lambda word=word: world.say(WITHDRAWALS, word))  # type: ignore[misc]
        assert (read, asked) == (0, ASKED_OF_THE_HOUSE)
    for other in (Settle(), Short(CHAIN, BTC), Refilled(CHAIN, BTC)):
        assert world.say(WITHDRAWALS, other) == 51000


def test_a_drain_asks_nothing_of_each_request(world: World, work: Work) -> None:
    """Before edition 3 it reads its own queue, once. Criterion: CUST-BOUND-3."""
    drain = Drain(CHAIN, BTC, coins(10), 10)
    read, asked = work.of(lambda: world.say(WITHDRAWALS, drain))
    assert read <= MANY + 100
    assert asked <= 10
    paid = [one for one in range(FIRST, FIRST + 11) if work.table[one].is_released]
    assert paid == list(range(FIRST, FIRST + 10))


@pytest.mark.parametrize("usd", [1, 2 * SMALL_USD])
def test_a_word_of_a_drain_looks_at_a_few(monkeypatch: pytest.MonkeyPatch, usd: int) -> None:
    """Of either lane, however many wait; and its words come to an end. Criterion: CUST-BOUND-7."""
    world = crowded(crowd(WithdrawalState.QUEUED, FIRST, usd=usd))
    fold_of(world).state.edition = BY_A_FEW
    assert say(world, _stop_of_btc()) == 0
    number = known(world)[-1].number
    suspensions = world.machine.folds[-1].state.suspensions
    suspensions[number] = replace(suspensions[number], state=SuspensionState.DRAINING)
    work, words, cursor = Work(world, monkeypatch), 0, 1
    drain = Drain(CHAIN, BTC, coins(10), 10)
    while cursor:
        read, asked = work.of(lambda: world.say(WITHDRAWALS, drain))
        assert read <= 3 * (LOOKED_AT + OWNERS_IN_TURN * EACH_IN_TURN + PAID_AT_ONCE)
        assert asked <= 10
        (told,) = world.ask(WITHDRAWALS, SumDrains(number), list[DrainSum])
        cursor, words = told.cursor, words + 1
    assert words <= MANY // LOOKED_AT + 1
    assert (told.paid, told.waiting) == (10 if usd == 1 else 2 * EACH_IN_TURN, MANY - told.paid)
    log = world.ask(WITHDRAWALS, GetDrains(number), dict[int, dict[int, DrainLog]])[CHAIN][BTC]
    assert all(len(one.entered) <= LOOKED_AT for one in log.ticks)
    assert log.ticks[-1].paid == tuple(range(FIRST, FIRST + told.paid))


QUESTIONS: dict[str, tuple[Any, Any]] = {
    "pay": (ListPay(CHAIN, 0, 100), list[Pay]),
    "pay unbound": (ListPay(CHAIN, FIRST + MANY + 9, 100, bound=False), list[Pay]),
    "pay bound": (ListPay(CHAIN, 0, 100, bound=True), list[Pay]),
    "short": (ListShort(CHAIN), list[Pay]),
    "queue": (ListQueue(FIRST + 7, 100), list[Queued]),
    "open": (ListOpen(FIRST + 3 * MANY, 100), list[Withdrawal]),
    "sums": (ListSums(bound=False), list[Sum]),
    "sums bound": (ListSums(bound=True), list[Sum]),
    "place": (GetPlace(FIRST + MANY - 1), Place),
    "next": (NextSettled(FIRST + 2 * MANY, settling.AT_ONCE), int),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_looks_at_what_it_tells(world: World, work: Work, name: str) -> None:
    """Whoever asks, for one's own place too. Criterion: CUST-BOUND-4."""
    question, shape = QUESTIONS[name]
    # The place tells what its owner has in the queue: all of his are read, and nobody else's.
    most = 2 * MANY + 1 if name == "place" else 101
    read, _ = work.of(lambda: world.ask(WITHDRAWALS, question, shape))
    assert read <= most


def test_what_was_received_is_read_from_the_newest_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many payments others sent, and nothing of them for no news. Criterion: CUST-BOUND-4.

    From either end of an answer, which is a page or what is new.
    """
    more = {"network": 0, "kind": Destination.OWNER, "destination": CAROL}
    world = crowded(crowd(WithdrawalState.SUCCESS, FIRST, **more))
    work, last = Work(world, monkeypatch), FIRST + MANY - 1
    for after, limit, count in ((0, 20, 20), (last - 3, 100, 3), (last, 100, 0), (last - 9, 5, 5)):
        got: list[int] = []

        def listed(after: int = after, limit: int = limit, got: list[int] = got) -> None:
            question = ListReceived(CAROL, after, limit)
            found = world.ask(WITHDRAWALS, question, list[Withdrawal])
            got += (one.number for one in found)

        read, _ = work.of(listed)
        assert (got, read) == ([last - at for at in range(count)], count)


def test_the_answers_are_those_of_a_walk(world: World) -> None:
    """Criterion: CUST-BOUND-4."""
    place = world.ask(WITHDRAWALS, GetPlace(FIRST + MANY - 1), Place)
    assert (place.position, place.usd) == (MANY, MANY // 2)
    assert amount_int(place.ahead) == (MANY - 1) * 10**8
    whole = amount_bytes(MANY * 10**8)
    for bound, first in ((False, FIRST), (True, FIRST + 3 * MANY)):
        found = world.ask(WITHDRAWALS, ListSums(bound=bound), list[Sum])
        assert found == [Sum(CHAIN, BTC, MANY, whole, first)]
    pay = world.ask(WITHDRAWALS, ListPay(CHAIN, 0, 5 * MANY), list[Pay])
    assert [one.withdrawal for one in pay] == [
        *range(FIRST + MANY, FIRST + 2 * MANY), *range(FIRST + 3 * MANY, FIRST + 4 * MANY)
    ]  # fmt: skip
    (short,) = world.ask(WITHDRAWALS, ListShort(CHAIN), list[Pay])
    assert short.withdrawal == FIRST + 2 * MANY


def test_what_is_undecided_is_told_by_the_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those never asked about, and those left to people. Criterion: CUST-BOUND-4."""
    state = fold_of(world).state
    state.judged = dict.fromkeys(range(FIRST + 3 * MANY // 2, FIRST + 2 * MANY), WAITING)
    assert world.say(WITHDRAWALS, RequirePolicy(EDITION)) == 0
    work = Work(world, monkeypatch)
    after = FIRST + 3 * MANY // 2 + 7
    found: list[Undecided] = []
    question = ListUndecided(100, after)
    read, _ = work.of(lambda: found.extend(world.ask(WITHDRAWALS, question, list[Undecided])))
    assert read == 200
    assert [one.withdrawal for one in found if not one.is_asked] == list(
        range(FIRST + MANY, FIRST + MANY + 100)
    )
    asked = [one.withdrawal for one in found if one.is_asked]
    assert asked == list(range(after + 1, after + 101))


class Unread(dict[int, Any]):
    """Logs of drains that nobody is to read."""

    def __getitem__(self, number: int) -> Any:
        raise AssertionError("a drain's whole log is read")

    get = items = values = __iter__ = __getitem__  # type: ignore[assignment]


def test_how_far_a_drain_is_is_told_without_its_ticks() -> None:
    """Criterion: CUST-BOUND-4."""
    world, entry = opened(), Entry(FIRST, FIRST, coins(2), 1)
    tick = DrainTick(9, START_MS, coins(5), 5, (entry,), (), (FIRST,), bytes(32))
    log = DrainLog(ticks=[tick, *[replace(tick, entered=(), paid=())] * MANY])
    state = WithdrawalsState(drains={7: {CHAIN: {BTC: log}}})
    fold_of(world).restore(msgspec.msgpack.encode(state))
    fold_of(world).state.drains = Unread()
    found = world.ask(WITHDRAWALS, SumDrains(7), list[DrainSum])
    assert found == [DrainSum(CHAIN, BTC, MANY + 1, 1, coins(2), 0, bytes(32), START_MS)]
    assert world.ask(WITHDRAWALS, SumDrains(8), list[DrainSum]) == []


def test_a_cap_looks_at_no_request_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts those of a day as they come and go. Criterion: CUST-BOUND-2."""
    world = crowded(crowd(WithdrawalState.QUEUED, FIRST, requested_ms=START_MS))
    world.fund(CAROL, BTC, coins(20))
    cap = coins(MANY + 4)
    stop(world, mode=Mode.CAP, scope=Scope(Level.ASSET, asset=BTC), per_asset=cap)
    work = Work(world, monkeypatch)

    def asked(units: float) -> tuple[int, int]:
        codes: list[int] = []
        read, _ = work.of(lambda: codes.append(ask(world, units, CAROL)))
        return codes[0], read

    for code, units in ((0, 3), (58205, 2)):
        found, read = asked(units)
        assert (found, read <= 8) == (code, True)
    world.time_ms += DAY_MS
    found, read = asked(2)
    assert (found, read <= MANY + 8) == (0, True)
    found, read = asked(2)
    assert (found, read <= 8) == (0, True)


def test_a_cap_forgets_what_was_given_back() -> None:
    """Also after a restart. Criterion: SUS-MODE-2."""
    world = opened()
    world.fund(CAROL, BTC, coins(9))
    stop(world, mode=Mode.CAP, scope=Scope(Level.ASSET, asset=BTC), per_asset=coins(4))
    assert world.say(WITHDRAWALS, Short(CHAIN, BTC, 64)) == ask(world, 3, CAROL) == 0
    assert ask(world, 2, CAROL) == 58205
    assert world.say(WITHDRAWALS, Cancel(requests(world, CAROL)[0].number), CAROL) == 0
    world.restart()
    assert ask(world, 2, CAROL) == 0
    world.restart()
    assert ask(world, 3, CAROL) == 58205
    assert world.replayed().hashes() == world.machine.hashes()


def test_a_canary_is_found_without_a_walk(world: World, work: Work) -> None:
    """The smallest of its network, or of an asset on it. Criterion: CUST-BOUND-8."""
    table = fold_of(world).state.withdrawals
    for asset in (0, BTC, USDT):
        found: list[Queued | None] = []
        question = GetSmallest(CHAIN, asset)
        read, _ = work.of(
            lambda: found.append(world.ask(WITHDRAWALS, question, Queued | None))  # noqa: B023
        )
        assert read <= 1
        assert [one and one.number for one in found] == [None if asset == USDT else FIRST]
    assert table[FIRST].usd == table[FIRST + 1].usd


def test_the_smallest_is_what_a_walk_finds() -> None:
    """Whoever comes, leaves and comes back. Criterion: CUST-BOUND-8."""
    draws, world = random.Random(11), opened()
    world.fund(ALICE, BTC, coins(500))
    stop(world, scope=Scope(Level.ASSET, asset=BTC))
    for _ in range(60):
        waiting = [one for one in requests(world) if one.state == 0]
        if waiting and draws.random() < 0.4:
            assert world.say(WITHDRAWALS, Cancel(draws.choice(waiting).number), ALICE) == 0
        else:
            assert ask(world, draws.randrange(1, 9)) == 0
        if draws.random() < 0.1:
            world.restart()
        here = [one for one in requests(world) if one.state == 0]
        expected = min(here, key=lambda one: (one.usd, one.number), default=None)
        found = world.ask(WITHDRAWALS, GetSmallest(CHAIN, BTC), Queued | None)
        assert (found and found.number) == (expected and expected.number)


def test_a_queue_is_screened_in_one_walk(world: World, work: Work) -> None:
    """Each owner is looked at once, whatever waits of his. Criterion: CUST-BOUND-3."""
    found: list[gates.Hygiene] = []
    scope = Scope(Level.ASSET, asset=BTC)
    read, asked = work.of(lambda: found.append(gates.hygiene(scope, world.machine)))
    assert found == [gates.Hygiene(MANY, ())]
    assert read == MANY
    assert asked <= MANY // gates.PAGE + 1 + len((ALICE, BOB))
    world.core(SetOwner(0, 0, BOB, 0, 1, OwnerFlag.FROZEN, 1))
    assert gates.hygiene(scope, world.machine).unfit == tuple(range(FIRST + 1, FIRST + MANY, 2))


def test_what_can_be_paid_is_told_however_much_is_on_its_way() -> None:
    """Beyond every bound of a page. Criterion: CUST-BOUND-5."""
    world = crowded(
        crowd(WithdrawalState.PENDING, FIRST, binding=bytes(32)),
        crowd(WithdrawalState.WAITING, FIRST + MANY)[:3],
    )
    found = world.ask(WITHDRAWALS, ListPay(CHAIN, 0, 250, bound=False), list[Pay])
    assert [one.withdrawal - FIRST - MANY for one in found] == [0, 1, 2]


def test_the_index_is_what_the_state_says() -> None:
    """After words of every kind, and what was refused. Criterion: CUST-BOUND-1."""
    world = opened()
    world.fund(ALICE, BTC, coins(50))
    number = stop(world)
    for _ in range(4):
        assert ask(world, 1) == 0
    assert ask(world, 100) != 0
    for word in (Short(CHAIN, BTC, 1), Refilled(CHAIN, BTC, 1), Drain(CHAIN, BTC, coins(2), 2)):
        assert world.say(WITHDRAWALS, word) == 0
        fold = fold_of(world)
        fresh = Index(fold.state)
        known = fold._known
        assert list(known.open) == list(fresh.open)
        assert known.open_of == fresh.open_of
        assert list(known.finals) == list(fresh.finals)
        listed = [
            {row: list(ranked.after(0)) for row, ranked in one.rows.items()}
            for one in (known, fresh)
        ]
        assert listed[0] == listed[1]
    assert number


# What waits follows what stops it


def state(world: World, number: int) -> int:
    found = world.ask(WITHDRAWALS, GetWithdrawal(number), Withdrawal | None)
    return int(found.state)


def test_coins_that_came_pay_nothing_that_is_stopped() -> None:
    """It goes into the queue of what stops it. Criterion: CUST-WD-17."""
    world = opened()
    world.fund(ALICE, BTC, coins(9))
    assert ask(world, 1) == ask(world, 1) == 0
    numbers = [one.number for one in requests(world)]
    assert world.say(WITHDRAWALS, Short(CHAIN, BTC, 64)) == 0
    assert [state(world, one) for one in numbers] == [19, 19]
    assert say(world, _stop_of_btc()) == 0
    assert world.say(WITHDRAWALS, Refilled(CHAIN, BTC, 1)) == 0
    assert [state(world, one) for one in numbers] == [0, 19]
    assert ask(world, 1) == 0  # still short: one waits
    assert world.say(WITHDRAWALS, Refilled(CHAIN, BTC, 64)) == 0
    assert [one.state for one in requests(world)] == [0, 0, 0]


def _stop_of_btc() -> Suspend:
    return Suspend(terms(Action.WITHDRAW, Scope(Level.ASSET, asset=BTC)))


def test_coins_that_came_let_a_few_go_on_and_the_others_wait() -> None:
    """It counts as short until nobody waits. Criterion: CUST-WD-17."""
    world = opened()
    world.fund(ALICE, BTC, coins(9))
    assert world.say(WITHDRAWALS, Short(CHAIN, BTC, 64)) == 0
    for _ in range(3):
        assert ask(world, 1) == 0
    for expected in ([10, 19, 19, 19], [10, 10, 19, 19], [10, 10, 10, 19]):
        assert world.say(WITHDRAWALS, Refilled(CHAIN, BTC, 1)) == 0
        assert ask(world, 1) == 0
        assert [one.state for one in requests(world)][:4] == expected


def test_what_a_frozen_owner_asked_for_goes_back_and_comes_again() -> None:
    """Criterion: CUST-WD-18. Nobody plans it meanwhile."""
    world = opened()
    world.fund(ALICE, BTC, coins(9))
    assert ask(world, 1) == 0
    number = requests(world)[0].number
    for flag in (OwnerFlag.FROZEN, OwnerFlag.NO_WITHDRAW):
        world.core(SetOwner(0, 0, ALICE, 0, 1, flag, 1))
        settle(world)
        assert state(world, number) == 0
        assert not world.ask(WITHDRAWALS, ListPay(CHAIN, 0, 9), list[Pay])
        world.core(SetOwner(0, 0, ALICE, 0, 1, 0, 1))
        settle(world)
        assert state(world, number) == 10
