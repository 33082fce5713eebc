"""Goal: a page of an owner's records is found without a look at the others.

Method: a plain list beside the index, whatever changes and goes; folds with 10,000 of one owner,
whose reads are counted.
"""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.folds import Moment
from fullreserve.exchange.products.changes import ByChange
from fullreserve.exchange.products.custody_wire import DEPOSITS, WITHDRAWALS, Decide
from fullreserve.exchange.products.deposit_state import Deposit, ListDeposits
from fullreserve.exchange.products.deposits import Deposits
from fullreserve.exchange.products.withdrawal_state import (
    ListWithdrawals,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.exchange.wire.commands import Product
from tests.unit.exchange.custody_world import ALICE, BOB, BTC, CHAIN, Chain, World, coins, transfer
from tests.unit.exchange.suspension_world import ask, opened
from tests.unit.exchange.test_withdrawal_bounds import FIRST, MANY, Work, crowd, crowded, fold_of

PAGE = 50


class Record(msgspec.Struct):
    number: int
    owner: int
    version: int
    changed_ms: int = 0


def expected(records: dict[int, Record], owner: int, after: int, before: int) -> list[int]:
    """All of an owner's between two sequences, the last change first."""
    mine = [
        one
        for one in records.values()
        if one.owner == owner and after < one.version and (not before or one.version < before)
    ]
    return [one.number for one in sorted(mine, key=lambda one: (-one.version, -one.number))]


def test_pages_are_what_a_walk_finds() -> None:
    """Whatever changes, goes, or comes to another owner. Criterion: CUST-BOUND-11."""
    draws, index, records = random.Random(8), ByChange[int](), dict[int, Record]()
    for version in range(1, 600):
        for _ in range(draws.randrange(1, 4)):  # by one command
            number = draws.randrange(1, 80)
            if draws.random() < 0.1:
                index.drop(number)
                records.pop(number, None)
                continue
            one = records[number] = Record(number, draws.randrange(1, 4), version)
            index.note(number, one.owner, one)
        owner, after = draws.randrange(1, 5), draws.choice((0, version - 20))
        found: list[int] = []
        before, limit = 0, draws.randrange(1, 9)
        while page := index.page(owner, after, before, limit):
            assert len(page) < limit + 3
            found += page
            before = records[page[-1]].version
        assert found == expected(records, owner, after, 0)
    assert index.page(1, 0, 0, 0) == []


@pytest.mark.parametrize("after", [0, FIRST + MANY - 7])
def test_a_page_of_withdrawals_reads_no_others(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Of one owner with thousands. Criterion: CUST-BOUND-11."""
    world = crowded(crowd(WithdrawalState.SUCCESS, FIRST))
    work, found = Work(world, monkeypatch), list[Withdrawal]()

    def page(before: int) -> None:
        question = ListWithdrawals(ALICE, after, PAGE, before)
        found.extend(world.ask(WITHDRAWALS, question, list[Withdrawal]))

    read, _ = work.of(lambda: page(0))
    assert read == len(found) == (PAGE if not after else 3)
    read, _ = work.of(lambda: page(found[-1].version))
    assert read == len(found) - (PAGE if not after else 3)
    numbers = [one.number for one in found]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) == (2 * PAGE if not after else 3)


def deposits_of(world: World) -> Deposits:
    return next(one for one in world.machine.folds if isinstance(one, Deposits))


class Read(dict[bytes, Deposit]):
    """Deposits that count who reads them; nobody is to walk them all."""

    read = 0

    def __getitem__(self, name: bytes) -> Deposit:
        self.read += 1
        return super().__getitem__(name)

    def values(self) -> Any:
        raise AssertionError("all deposits are walked")


def test_a_page_of_deposits_reads_no_others() -> None:
    """Also behind a change of one of the oldest, and after a restart. Criterion: CUST-BOUND-11."""
    world = opened()
    chain = Chain(world, DEPOSITS, CHAIN, BTC)
    chain.tip()
    for number in range(400):
        chain.seen(f"d{number}", chain.index((ALICE, BOB)[number % 2]), coins(1))
    chain.grow(3)
    assert chain.confirmed("d6", 3) == 0
    for _ in range(2):
        fold = deposits_of(world)
        table = fold.state.deposits = Read(fold.state.deposits)
        page = world.ask(DEPOSITS, ListDeposits(ALICE, 0, 9), list[Deposit])
        assert table.read == len(page) == 9
        assert [one.transfer for one in page[:2]] == [transfer("d6"), transfer("d398")]
        fold.state.deposits = dict(dict.items(table))
        world.restart()


def test_what_is_taken_back_has_its_old_place() -> None:
    """Criterion: CUST-BOUND-11. A change that the core refused is no change."""
    world = opened()
    world.fund(ALICE, BTC, coins(10))
    for _ in range(3):
        assert ask(world, 1) == 0

    def listed() -> list[int]:
        question = ListWithdrawals(ALICE, 0, PAGE)
        return [one.number for one in world.ask(WITHDRAWALS, question, list[Withdrawal])]

    before, fold = listed(), fold_of(world)
    word = Decide(before[-1], WithdrawalState.REVIEW)
    product = Product(0, 0, WITHDRAWALS, chart.HOUSE, msgspec.msgpack.encode(word))
    moment = Moment(world.machine.sequence + 1, world.time_ms)
    assert fold.handle(product, moment, world.machine).code == 0
    fold.settled(0, 51000)
    assert listed() == before
    assert world.say(WITHDRAWALS, word) == 0
    assert listed() == [before[-1], *before[:-1]]
