"""Goal: no word and no question about deposits does more work because many wait.

Method: a fold with 4,000 deposits that are open, put there as a snapshot would; what a word reads
of them, and what it asks of the core, is counted. Work is counted, not time. The index beside the
state is compared with one that is made anew, whatever chains do.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.machine import Machine
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    AdoptDeposits,
    Claim,
    Confirmed,
    Hold,
    Orphaned,
    Replaced,
    Seen,
    Settle,
    Tip,
)
from fullreserve.exchange.products.deposit_index import DepositIndex
from fullreserve.exchange.products.deposit_state import (
    BY_A_FEW,
    EDITION,
    MOVED_MAX,
    CountAddresses,
    Deposit,
    DepositState,
    ListDeposits,
    ListUnclaimed,
    NextOpen,
    Phase,
    SumComing,
)
from fullreserve.exchange.products.deposits import Deposits
from fullreserve.exchange.wire.commands import Amount, amount_bytes
from tests.unit.exchange.custody_world import (
    ALICE,
    BOB,
    BTC,
    CHAIN,
    NETWORKS,
    Chain,
    World,
    coins,
    settle_deposits,
    transfer,
)

MANY = 4_000
FIRST = 1_000_000
# Owner, suspensions, the core's table, and again when it is credited.
ASKED_OF_EACH = 12


class Counted(dict[bytes, Deposit]):
    """Deposits that count who reads them; nobody is to walk them all."""

    read = 0

    def __getitem__(self, name: bytes) -> Deposit:
        self.read += 1
        return super().__getitem__(name)

    def get(self, name: bytes, default: Any = None) -> Any:
        self.read += 1
        return super().get(name, default)

    def values(self) -> Any:
        raise AssertionError("all deposits are walked")

    items = __iter__ = values


def fold_of(world: World) -> Deposits:
    return next(one for one in world.machine.folds if isinstance(one, Deposits))


def named(number: int) -> bytes:
    return transfer(f"d{number}")


def crowd(**more: Any) -> dict[bytes, Deposit]:
    """Of ALICE's and BOB's in turn, each in a block of its own."""
    values: dict[str, Any] = {"network": CHAIN, "asset": BTC, "amount": coins(1), "dust": 0}
    values |= {"memo_number": 0, "block_hash": b"", "seen_ms": 1, "changed_ms": 1}
    values |= {"confirmations": 1, "phase": Phase.BOOKED, "state": DepositState.SUSPENDED} | more
    made = [
        Deposit(
            number=FIRST + at,
            transfer=named(at),
            owner=(ALICE, BOB)[at % 2],
            index=1 + at % 2,
            height=1 + at,
            version=at,
            **values,
        )
        for at in range(MANY)
    ]
    return {one.transfer: one for one in made}


def crowded(edition: int = BY_A_FEW, **more: Any) -> World:
    world = World(lambda: [Deposits()])
    world.define(DEPOSITS)
    chain = Chain(world, DEPOSITS, CHAIN, BTC)
    for owner in (ALICE, BOB):
        chain.index(owner)
    # What the ledger has of them before they are credited.
    chain.tip()
    assert chain.seen("all", 1, amount_bytes(MANY * 10**8), height=1) == 0
    state = msgspec.structs.replace(fold_of(world).state, deposits=crowd(**more), edition=edition)
    fold_of(world).restore(msgspec.msgpack.encode(state))
    return world


class Work:
    """What is read and asked from here on."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.table = fold_of(world).state.deposits = Counted(fold_of(world).state.deposits)
        self.asked = 0
        query = Machine.query

        def counted(machine: Machine, asked: Any) -> Any:
            self.asked += 1
            return query(machine, asked)

        monkeypatch.setattr(Machine, "query", counted)

    def of(self, act: Callable[[], Any]) -> tuple[int, int]:
        """Deposits read and questions asked meanwhile."""
        read, asked = self.table.read, self.asked
        act()
        return self.table.read - read, self.asked - asked


def tip(height: int, *, healthy: bool = True) -> Tip:
    return Tip(CHAIN, height, transfer(f"block {height}"), healthy)


WORDS: dict[str, Any] = {
    "tip": tip(MANY + 1),
    "unhealthy tip": tip(MANY + 1, healthy=False),
    "settle": Settle(0, MOVED_MAX),
    "settle the last": Settle(FIRST + MANY - 7, MOVED_MAX),
    "confirmed": Confirmed(CHAIN, named(7), 2),
    "orphaned": Orphaned(CHAIN, named(7), 8),
    "hold": Hold(CHAIN, 0, stopped=True),
    "seen": Seen(CHAIN, transfer("new"), BTC, 1, 0, coins(1), 0, 5, b""),
}


@pytest.mark.parametrize("is_small", [False, True])
@pytest.mark.parametrize("name", list(WORDS))
def test_a_word_looks_at_a_few(monkeypatch: pytest.MonkeyPatch, name: str, is_small: bool) -> None:
    """Also where all are of an owner who is credited their sum. Criterion: CUST-BOUND-12."""
    world = crowded(amount=amount_bytes(1) if is_small else coins(1))
    assert world.say(DEPOSITS, tip(MANY)) == 0
    work = Work(world, monkeypatch)
    codes: list[int] = []
    read, asked = work.of(lambda: codes.append(world.say(DEPOSITS, WORDS[name])))
    assert read <= 8 * MOVED_MAX
    assert asked <= ASKED_OF_EACH * MOVED_MAX + 20
    assert codes == [0]


@pytest.mark.parametrize("most", [0, -1, MOVED_MAX + 1])
def test_a_word_that_wants_more_is_refused(most: int) -> None:
    """Criterion: CUST-BOUND-12. And one behind what nobody knows."""
    world = crowded()
    assert world.say(DEPOSITS, Settle(0, most)) == 51000
    assert world.say(DEPOSITS, Settle(7, 10)) == 51000


QUESTIONS: dict[str, tuple[Any, Any, int]] = {
    "deposits": (ListDeposits(0, 0, 50), list[Deposit], 50),
    "an owner's": (ListDeposits(ALICE, 0, 50), list[Deposit], 50),
    "unclaimed": (ListUnclaimed(50), list[Deposit], 50),
    "next": (NextOpen(FIRST + 9, 50), int, 51),
    "coming": (SumComing(CHAIN), dict[int, Amount], 0),
    "addresses": (CountAddresses(CHAIN), int, 0),
}


@pytest.mark.parametrize("name", list(QUESTIONS))
def test_a_question_reads_what_it_tells(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Criterion: CUST-BOUND-12."""
    world = crowded()
    work, (question, shape, most) = Work(world, monkeypatch), QUESTIONS[name]
    read, _ = work.of(lambda: world.ask(DEPOSITS, question, shape))
    assert read <= most
    assert world.ask(DEPOSITS, SumComing(CHAIN), dict[int, Amount]) == {BTC: coins(MANY)}
    assert world.ask(DEPOSITS, CountAddresses(CHAIN), int) == 2


def test_what_is_done_and_deep_is_let_go_without_a_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Criterion: CUST-BOUND-12. As many are read as go."""
    world = crowded(phase=Phase.UNLOCKED, state=DepositState.DONE)
    work = Work(world, monkeypatch)
    read, _ = work.of(lambda: world.say(DEPOSITS, tip(101_000)))
    assert read <= 2 * 1_000 + 10
    assert len(work.table) == MANY - 1_000


def test_a_walk_comes_past_all_that_are_open_in_block_order() -> None:
    """Where blocks are not in the order of numbers. Criterion: CUST-BOUND-13."""
    world = crowded()
    for at in range(0, MANY, 3):
        fold_of(world).state.deposits[named(at)].height = 2 * MANY - at
    world.restart()
    begun = settle_deposits(world, most=90)
    assert len(begun) == -(-MANY // 90)
    seen: list[int] = []
    after = 0
    while last := world.ask(DEPOSITS, NextOpen(after, 1), int):
        seen.append(last)
        after = last
    known = {one.number: one for one in fold_of(world).state.deposits.values()}
    assert seen == sorted(known, key=lambda number: (known[number].height, number))


@pytest.mark.parametrize("edition", [0, BY_A_FEW])
def test_what_waited_for_the_same_is_credited_once(
    edition: int,
) -> None:
    """Criterion: CUST-DEP-15. Logs from before have it twice, and replay so."""
    world = World(lambda: [Deposits()])
    world.define(DEPOSITS)
    assert world.say(DEPOSITS, AdoptDeposits(edition)) == 0
    chain = Chain(world, DEPOSITS, CHAIN, BTC)
    chain.tip()
    mine, other = chain.index(ALICE), chain.index(BOB)
    chain.seen("unconfirmed", other, coins(50))
    assert world.say(DEPOSITS, Hold(CHAIN, BTC, stopped=True)) == 0
    for name, units in (("a", 1), ("b", 2), ("c", 4)):
        chain.seen(name, mine, coins(units))
    chain.grow(3)
    for name in "abc":
        assert chain.confirmed(name, 3) == 0
    assert world.balance(ALICE, chart.FUND, BTC) == 0
    assert world.say(DEPOSITS, Hold(CHAIN, BTC, stopped=False)) == 0
    if not settle_deposits(world, most=50):
        assert world.say(DEPOSITS, Settle()) == 0
    assert world.balance(ALICE, chart.FUND, BTC) == (7 if edition else 13) * 10**8
    assert world.balance(BOB, chart.FUND, BTC) == 0
    assert world.replayed().hashes() == world.machine.hashes()


@pytest.fixture
def busy() -> Iterator[tuple[World, Chain]]:
    made = World(lambda: [Deposits()])
    made.define(DEPOSITS)
    yield made, Chain(made, DEPOSITS, CHAIN, BTC)
    assert made.replayed().hashes() == made.machine.hashes()


@pytest.mark.parametrize("edition", [0, EDITION])
def test_the_index_is_what_the_state_says(busy: tuple[World, Chain], edition: int) -> None:
    """Whatever chains and people do, and after a change of terms. Criterion: CUST-BOUND-1."""
    world, chain = busy
    draws = random.Random(edition + 3)
    assert world.say(DEPOSITS, AdoptDeposits(edition)) == 0
    indexes = [chain.index(owner) for owner in (ALICE, BOB)]
    chain.tip()
    for turn in range(300):
        name, height = f"{draws.randrange(25)}", chain.height - draws.randrange(3)
        one = fold_of(world).state.deposits.get(transfer(name))
        act = draws.randrange(9)
        if act <= 1:
            chain.grow()
        elif act <= 4:
            index = draws.choice([*indexes, 9])
            amount = draws.choice((coins(1), amount_bytes(3_000)))
            chain.seen(name, index, amount, height=draws.choice((0, height)))
        elif act == 5:
            chain.confirmed(name, draws.randrange(1, 4))
        elif act == 6 and one is not None:
            world.say(DEPOSITS, Orphaned(CHAIN, transfer(name), one.height))
            world.say(DEPOSITS, Replaced(CHAIN, transfer(name)))
        elif act == 7:
            world.say(DEPOSITS, Claim(CHAIN, transfer(name), BOB))
        else:
            world.say(DEPOSITS, Hold(CHAIN, BTC, stopped=draws.randrange(2) == 0))
        if turn % 60 == 30:
            terms = msgspec.structs.replace(NETWORKS[0], credit_after=1 + turn // 60 % 2)
            assert world.say(DEPOSITS, terms) == 0
        _is_what_the_state_says(world)


def _is_what_the_state_says(world: World) -> None:
    fold = fold_of(world)
    fresh = DepositIndex(fold.state)
    for known in (fold._known, fresh):
        assert list(known.open_after(0)) == list(fresh.open_after(0))
        assert known.coming(CHAIN) == fresh.coming(CHAIN)
        assert sorted(known.unclaimed) == sorted(fresh.unclaimed)
        for owner in (0, ALICE, BOB):
            line = (owner, CHAIN, BTC)
            assert list(known.small(line)) == list(fresh.small(line))
            assert known.small_sum(line) == fresh.small_sum(line)
            assert known.changes.page(owner, 0, 0, 99) == fresh.changes.page(owner, 0, 0, 99)
        assert known.all_changes.page(0, 0, 0, 99) == fresh.all_changes.page(0, 0, 0, 99)


def test_an_edition_is_raised_and_never_lowered() -> None:
    """Criterion: CUST-BOUND-13. One that is not known is refused; a user says none."""
    world = World(lambda: [Deposits()])
    world.define(DEPOSITS)
    assert world.say(DEPOSITS, AdoptDeposits(EDITION + 1)) == 51000
    assert world.say(DEPOSITS, AdoptDeposits(EDITION), ALICE) != 0
    assert world.say(DEPOSITS, AdoptDeposits(EDITION)) == world.say(DEPOSITS, AdoptDeposits(0)) == 0
    assert fold_of(world).state.edition == EDITION
