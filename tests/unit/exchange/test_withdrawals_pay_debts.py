"""Goal: what an owner owes after a reorganisation is paid by what he has not sent yet.

Method: a deposit that is spent in part and asked out in part, and then is in no block; requests
that wait in each state, are bound, or are of another asset; and before edition 9 of withdrawals.
"""

from __future__ import annotations

import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    WITHDRAWALS,
    AdoptDeposits,
    Bound,
    Decide,
    Orphaned,
    Paid,
    Settle,
    Short,
)
from fullreserve.exchange.products.deposit_state import EDITION as DEPOSITS_EDITION
from fullreserve.exchange.products.deposit_state import Owes
from fullreserve.exchange.products.settling import AT_ONCE
from fullreserve.exchange.products.withdrawal_state import (
    EDITION,
    PAYS_DEBTS,
    REVIEWS,
    NextSettled,
    Refused,
    WithdrawalState,
)
from fullreserve.exchange.wire.commands import AccountKey, Transfer, amount_bytes
from tests.unit.exchange.custody_world import (
    ALICE,
    BTC,
    CHAIN,
    COIN,
    FEE_BTC,
    SUB,
    USDT,
    Chain,
    World,
    coins,
    settle_deposits,
    transfer,
)
from tests.unit.exchange.suspension_world import ask, ask_usdt, opened, requests


def owing(edition: int = EDITION, spent: int = COIN) -> tuple[World, Chain]:
    """ALICE got three, of which one is spent and one is asked out."""
    world = opened(edition=edition)
    assert world.say(DEPOSITS, AdoptDeposits(DEPOSITS_EDITION)) == 0
    chain = Chain(world, DEPOSITS, CHAIN, BTC)
    chain.tip()
    assert chain.seen("a", chain.index(ALICE), amount_bytes(3 * COIN)) == 0
    chain.grow(8)
    assert chain.confirmed("a", 9) == 0
    assert ask(world, 1) == 0
    if spent:
        source, target = (AccountKey(owner, chart.FUND, 0) for owner in (ALICE, SUB))
        world.core(Transfer(0, 0, ALICE, source, target, BTC, amount_bytes(spent)))
    return world, chain


def reorganised(world: World) -> None:
    found = next(one.state for one in world.machine.folds if one.number == DEPOSITS)
    height = found.deposits[transfer("a")].height
    assert world.say(DEPOSITS, Orphaned(CHAIN, transfer("a"), height)) == 0


def walked(world: World) -> None:
    """By both walks, a few at a time, as the workers do it."""
    after = 0
    while last := world.ask(WITHDRAWALS, NextSettled(after, AT_ONCE), int):
        assert world.say(WITHDRAWALS, Settle(after, AT_ONCE)) == 0
        after = last
    settle_deposits(world)


def loss(world: World) -> int:
    return -world.balance(chart.HOUSE, chart.REORG, BTC)


def held(world: World, asset: int = BTC) -> int:
    return world.balance(ALICE, chart.HOLD, asset)


@pytest.mark.parametrize("edition", [PAYS_DEBTS - 1, PAYS_DEBTS])
def test_what_waits_pays_what_its_owner_owes(edition: int) -> None:
    """Criterion: CUST-DEP-29. All that was not spent; the fee was none yet."""
    world, _ = owing(edition)
    reorganised(world)
    assert (loss(world), held(world)) == (2 * COIN + FEE_BTC, COIN + FEE_BTC)
    walked(world)
    (one,) = requests(world)
    is_taken = edition >= PAYS_DEBTS
    assert loss(world) == (COIN if is_taken else 2 * COIN + FEE_BTC)
    assert held(world) == (0 if is_taken else COIN + FEE_BTC)
    if is_taken:
        assert (one.state, one.reason) == (WithdrawalState.FAILED, Refused.RISK)
    assert world.ask(DEPOSITS, Owes(ALICE, BTC), bool)
    walked(world)
    assert world.replayed().hashes() == world.machine.hashes()


def test_who_spent_nothing_owes_nothing_after_it() -> None:
    """Criterion: CUST-DEP-29. And what is over of the request is his."""
    world, _ = owing(spent=0)
    world.fund(ALICE, BTC, coins(1))
    assert ask(world, 1.5) == 0
    reorganised(world)
    walked(world)
    assert (loss(world), held(world)) == (0, 0)
    assert world.balance(ALICE, chart.FUND, BTC) == COIN
    assert not world.ask(DEPOSITS, Owes(ALICE, BTC), bool)


@pytest.mark.parametrize("state", [*REVIEWS, WithdrawalState.SHORT])
def test_in_whatever_state_it_waits(state: WithdrawalState) -> None:
    """Criterion: CUST-DEP-29."""
    world, _ = owing()
    (one,) = requests(world)
    word = Short(CHAIN, BTC, 9) if state == WithdrawalState.SHORT else Decide(one.number, state)
    assert world.say(WITHDRAWALS, word) == 0
    assert requests(world)[0].state == state
    reorganised(world)
    walked(world)
    assert (loss(world), held(world)) == (COIN, 0)


def test_what_is_bound_is_paid_once_and_another_asset_stays() -> None:
    """Criterion: CUST-DEP-29."""
    world, _ = owing()
    world.fund(ALICE, USDT, coins(500))
    assert ask_usdt(world, 100) == 0
    bound, other = requests(world)
    assert world.say(WITHDRAWALS, Bound(bound.number, transfer("binding"))) == 0
    reorganised(world)
    walked(world)
    assert loss(world) == 2 * COIN + FEE_BTC
    word = Paid(bound.number, transfer("sent"), 9, amount_bytes(10))
    assert world.say(WITHDRAWALS, word) == 0
    states = [one.state for one in requests(world)]
    assert states == [WithdrawalState.SUCCESS, WithdrawalState.QUEUED]
    assert held(world, USDT) > 0
    assert other.number == requests(world)[1].number
