"""Goal: what is shown of a withdrawal that is paid, and what it cost, is what its chain holds.

Method: payments that are final come again after a reorganisation, in another block, as another
version of their transaction, or at another fee; restarted, repeated, refused by the core, and
before edition 19 of the rules of withdrawals.
"""

from __future__ import annotations

import random

import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products import withdrawal_table
from fullreserve.exchange.products.custody_ledger import Unsound
from fullreserve.exchange.products.custody_wire import (
    WITHDRAWALS,
    Bound,
    Broadcast,
    Failed,
    Included,
    Paid,
)
from fullreserve.exchange.products.withdrawal_state import EDITION, FOLLOWS, WithdrawalState
from fullreserve.exchange.wire.commands import amount_bytes, amount_int
from tests.unit.exchange.custody_world import ALICE, BTC, CHAIN, World, coins, contents, transfer
from tests.unit.exchange.suspension_world import ask, opened, requests

FIRST, RAISED = transfer("first"), transfer("raised")
HUGE = amount_bytes(2**127 - 1)


def paid(world: World, fee: int = 500) -> int:
    """One more that is paid, by a transaction whose fee was raised."""
    assert ask(world, 1) == 0
    number = requests(world)[-1].number
    words = (
        Bound(number, transfer(f"binding {number}")),
        Broadcast(number, FIRST, amount_bytes(100)),
        Broadcast(number, RAISED, amount_bytes(fee)),
        Included(number, RAISED, 9),
        Paid(number, RAISED, 9, amount_bytes(fee)),
    )
    for word in words:
        assert world.say(WITHDRAWALS, word) == 0
    return number


def shown(world: World, number: int) -> tuple[int, bytes, int]:
    (one,) = (each for each in requests(world) if each.number == number)
    return one.state, one.transfer, one.height


def gas(world: World) -> tuple[int, int]:
    """What payments cost by the ledger, and what hot has."""
    cost = world.balance(chart.HOUSE, chart.GAS, BTC, CHAIN)
    return -cost, -world.balance(chart.HOUSE, chart.CHAIN_HOT, BTC, CHAIN)


@pytest.fixture(params=[FOLLOWS - 1, EDITION])
def world(request: pytest.FixtureRequest) -> World:
    made = opened(edition=request.param, surveys=True)
    made.fund(ALICE, BTC, coins(200))
    return made


def test_one_that_comes_back_in_another_version_is_shown_by_that(world: World) -> None:
    """Criterion: CUST-WD-27. Its owner has what he had, and hot what it has."""
    number, follows = paid(world), _follows(world)
    had, (cost, hot) = world.balance(ALICE, chart.FUND, BTC), gas(world)
    assert world.say(WITHDRAWALS, Included(number, RAISED, 0)) == 0
    assert world.say(WITHDRAWALS, Broadcast(number, transfer("third"), amount_bytes(1))) == 0
    assert shown(world, number) == (2, RAISED, 9), "until a block has it"
    steps = ((FIRST, 12, 700), (FIRST, 15, 700), (RAISED, 20, 40), (FIRST, 21, 500))
    for name, height, fee in steps:
        assert world.say(WITHDRAWALS, Included(number, name, height)) == 0
        assert shown(world, number) == ((2, name, height) if follows else (2, RAISED, 9))
        for _ in range(2):
            assert world.say(WITHDRAWALS, Paid(number, name, height, amount_bytes(fee))) == 0
        more = fee - 500 if follows else 0
        assert gas(world) == (cost + more, hot - more)
    assert world.balance(ALICE, chart.FUND, BTC) == had
    assert world.say(WITHDRAWALS, Failed(number, 1)) == Unsound.CONTRADICTS
    assert world.replayed().hashes() == world.machine.hashes()


def test_each_change_is_told_once_and_a_repeated_word_changes_nothing(world: World) -> None:
    """Who follows withdrawals by their changes hears of it. Criterion: CUST-WD-27."""
    number = paid(world)
    versions = [_version(world, number)]
    for word in (Included(number, FIRST, 12), Paid(number, FIRST, 12, amount_bytes(700))):
        for _ in range(2):
            assert world.say(WITHDRAWALS, word) == 0
            versions.append(_version(world, number))
    assert versions[1] == versions[2]
    assert versions[3] == versions[4]
    assert (versions[0] < versions[1] < versions[3]) == _follows(world)


def test_what_is_no_fee_is_refused(world: World) -> None:
    """Criterion: CUST-WD-27"""
    number = paid(world)
    before = contents(world)
    for fee in (b"", amount_bytes(-1), bytes(15)):
        code = world.say(WITHDRAWALS, Paid(number, FIRST, 12, fee))
        assert (code != 0) == _follows(world)
    assert contents(world) == before


@pytest.mark.parametrize("restarts", [False, True])
def test_what_came_back_is_forgotten_last(
    world: World, monkeypatch: pytest.MonkeyPatch, *, restarts: bool
) -> None:
    """After a restart too, and where the core refused a word. Criterion: CUST-WD-27."""
    monkeypatch.setattr(withdrawal_table, "FINAL_KEPT", 3)
    first, second, third = (paid(world) for _ in range(3))
    follows = _follows(world)
    code = world.say(WITHDRAWALS, Paid(second, FIRST, 12, HUGE))
    assert (code != 0) == follows, "more than the ledger can hold"
    assert world.say(WITHDRAWALS, Included(first, FIRST, 12)) == 0
    if restarts:
        world.restart()
    fourth = paid(world)
    left = {one.number for one in requests(world)}
    assert left == ({third, first, fourth} if follows else {second, third, fourth})
    assert world.replayed().hashes() == world.machine.hashes()


def test_whatever_comes_when_the_ledger_has_what_was_said_last() -> None:
    """Any words, in any order, with restarts. Criterion: CUST-WD-27."""
    draws, world = random.Random(5), opened(edition=EDITION, surveys=True)
    world.fund(ALICE, BTC, coins(200))
    numbers = [paid(world) for _ in range(3)]
    had = world.balance(ALICE, chart.FUND, BTC)
    total = sum(gas(world))
    last = dict.fromkeys(numbers, (RAISED, 9, 500))
    for _ in range(200):
        number, name = draws.choice(numbers), draws.choice((FIRST, RAISED))
        height, fee = draws.randrange(4), draws.randrange(1000)
        if draws.randrange(2):
            word: Included | Paid = Included(number, name, height)
            fee = last[number][2]
        else:
            word = Paid(number, name, height, amount_bytes(fee))
        assert world.say(WITHDRAWALS, word) == 0
        if height:
            last[number] = (name, height, fee)
        if draws.randrange(9) == 0:
            world.restart()
        found = {
            one.number: (one.transfer, one.height, amount_int(one.network_fee))
            for one in requests(world)
        }
        assert found == last
        assert gas(world) == (spent := sum(one[2] for one in last.values()), total - spent)
    assert world.balance(ALICE, chart.FUND, BTC) == had
    assert {one.state for one in requests(world)} == {WithdrawalState.SUCCESS}
    assert world.replayed().hashes() == world.machine.hashes()


def _follows(world: World) -> bool:
    (state,) = (one.state for one in world.machine.folds if one.number == WITHDRAWALS)
    return bool(state.edition >= FOLLOWS)


def _version(world: World, number: int) -> int:
    return next(one.version for one in requests(world) if one.number == number)
