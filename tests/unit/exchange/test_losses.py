"""Goal: coins that are gone for good leave their tier once, and who bears it is named.

Method: the fold of deposits in a core, told of losses; balances of the house, and a replay.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_ledger import Unsound
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    AdoptDeposits,
    Funded,
    Lost,
    Tier,
)
from fullreserve.exchange.products.deposit_losses import Loss
from fullreserve.exchange.products.deposit_state import COMPLETES, ListLosses
from fullreserve.exchange.products.deposits import Deposits
from fullreserve.exchange.wire.commands import amount_bytes, amount_int
from tests.unit.exchange.custody_world import (
    ALICE,
    BTC,
    CHAIN,
    COIN,
    NETWORKS,
    USDT,
    World,
    coins,
    transfer,
)

TOLD = Lost(CHAIN, 77, BTC, Tier.HOT, coins(4), transfer("theft"), chart.LOSS, 5)
REFUSED = 51_000
_change = msgspec.structs.replace


def folds() -> Sequence[Any]:
    return (Deposits(),)


@pytest.fixture
def world() -> World:
    """Hot has nine, the house's own are three; what else there is, is ALICE's."""
    made = World(folds)
    for terms in NETWORKS:
        assert made.say(DEPOSITS, terms) == 0
    assert made.say(DEPOSITS, Funded(CHAIN, transfer("hot"), BTC, Tier.HOT, coins(9))) == 0
    own = made.balance(chart.HOUSE, chart.TREASURY, BTC, 0)
    made.fund(ALICE, BTC, amount_bytes(own - 3 * COIN))
    return made


def house(world: World) -> tuple[int, int, int]:
    """Hot, the treasury and the loss, in coins."""
    kinds = ((chart.CHAIN_HOT, CHAIN), (chart.TREASURY, 0), (chart.LOSS, CHAIN))
    hot, treasury, loss = (
        world.balance(chart.HOUSE, kind, BTC, instance) // COIN for kind, instance in kinds
    )
    return -hot, treasury, -loss


def known(world: World) -> list[Loss]:
    found: list[Loss] = world.ask(DEPOSITS, ListLosses(99), list[Loss])
    return found


@pytest.mark.parametrize(
    ("account", "after", "paid"),
    [(chart.LOSS, (5, 3, 4), 0), (chart.TREASURY, (5, 0, 1), 3), (chart.INSURANCE, (5, 3, 4), 0)],
)
def test_who_bears_it_is_named(
    world: World, account: int, after: tuple[int, int, int], paid: int
) -> None:
    """Criterion: CUST-LOSS-1. An account pays what it has; users have what they had."""
    before = world.balance(ALICE, chart.FUND, BTC)
    assert house(world) == (9, 3, 0)
    assert world.say(DEPOSITS, _change(TOLD, account=account)) == 0
    assert house(world) == after
    assert world.balance(ALICE, chart.FUND, BTC) == before
    (one,) = known(world)
    assert (one.terms.note, amount_int(one.paid)) == (5, paid * COIN)


def test_one_loss_is_booked_once(world: World) -> None:
    """Criterion: CUST-LOSS-1. By one proposal; before edition 7 once of a transaction."""
    assert [world.say(DEPOSITS, TOLD) for _ in range(2)] == [0, 0]
    assert house(world) == (5, 3, 4)
    again = [
        _change(TOLD, amount=coins(1)),
        _change(TOLD, number=78, amount=coins(1)),
        _change(TOLD, number=78, account=chart.TREASURY),
        # More than the tier has left.
        _change(TOLD, number=78, transfer=transfer("another"), amount=coins(6)),
        _change(TOLD, number=78, tier=Tier.COLD),
    ]
    assert {world.say(DEPOSITS, one) for one in again} == {Unsound.CONTRADICTS}
    assert house(world) == (5, 3, 4)
    more = _change(TOLD, number=78, transfer=transfer("another"), amount=coins(5))
    assert world.say(DEPOSITS, more) == 0
    assert (house(world), [one.terms.number for one in known(world)]) == ((0, 3, 9), [78, 77])


def test_a_loss_that_was_booked_too_small_is_completed(world: World) -> None:
    """Criterion: CUST-LOSS-1. By another proposal; each of them still counts once."""
    assert world.say(DEPOSITS, AdoptDeposits(COMPLETES)) == 0
    rest = _change(TOLD, number=78, amount=coins(2))
    assert [world.say(DEPOSITS, one) for one in (TOLD, rest, TOLD, rest)] == [0] * 4
    assert (house(world), [one.terms.number for one in known(world)]) == ((3, 3, 6), [78, 77])
    assert world.say(DEPOSITS, _change(rest, amount=coins(1))) == Unsound.CONTRADICTS
    assert world.say(DEPOSITS, _change(TOLD, number=79)) == Unsound.CONTRADICTS
    assert house(world) == (3, 3, 6)
    assert world.replayed().hashes() == world.machine.hashes()


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": coins(0)}, {"amount": coins(-1)}, {"amount": b"1"}, {"number": 0},
        {"transfer": b"short"}, {"account": chart.FEE_TRADE}, {"tier": 9}, {"asset": USDT},
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused(world: World, wrong: dict[str, Any]) -> None:
    """Criterion: CUST-LOSS-1"""
    assert world.say(DEPOSITS, _change(TOLD, **wrong)) == REFUSED
    assert world.say(DEPOSITS, TOLD, owner=ALICE) == Unsound.NOT_THE_HOUSE
    assert (house(world), known(world)) == ((9, 3, 0), [])


def test_a_log_of_it_replays_and_restarts(world: World) -> None:
    """Criterion: CUST-LOSS-1"""
    assert world.say(DEPOSITS, TOLD) == 0
    assert world.replayed().hashes() == world.machine.hashes()
    before = world.machine.hashes()
    world.restart()
    assert (world.machine.hashes(), house(world)) == (before, (5, 3, 4))
