"""Goal: a move by hand is announced, seen, posted or ended, each at most once, and in its time.

Method: the fold of deposits in a core, told what operators and the watcher say.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products.announced_moves import (
    COIN_LEAST,
    FEE_MOST,
    LASTS_MAX_MS,
    LASTS_MIN_MS,
    OPEN_MAX,
    POSTED_WITHIN_MS,
    Announced,
    AnnouncedState,
)
from fullreserve.exchange.products.custody_ledger import Unsound
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    Announce,
    EndAnnounced,
    Funded,
    Moved,
    SawAnnounced,
    Tier,
)
from fullreserve.exchange.products.deposit_state import FindMoved, ListAnnounced
from fullreserve.exchange.products.deposits import Deposits
from fullreserve.exchange.wire.commands import amount_bytes
from tests.unit.exchange.custody_world import (
    ALICE,
    BTC,
    CHAIN,
    NETWORKS,
    USDT,
    World,
    coins,
    transfer,
)

NUMBER, HEIGHT, LASTS_MS = 77, 120, 3_600_000
TOLD = Announce(
    *(CHAIN, NUMBER, BTC, Tier.WARM, Tier.COLD),
    *(coins(5), coins(0), coins(0.001), LASTS_MS),
)
POSTED = Moved(
    *(CHAIN, transfer("by hand"), BTC, Tier.WARM, Tier.COLD),
    *(coins(5), coins(0.0001), NUMBER),
)
REFUSED = 51_000


def folds() -> Sequence[Any]:
    return (Deposits(),)


@pytest.fixture
def world() -> World:
    made = World(folds)
    for terms in NETWORKS:
        assert made.say(DEPOSITS, terms) == 0
    assert made.say(DEPOSITS, Funded(CHAIN, transfer("warm"), BTC, Tier.WARM, coins(9))) == 0
    return made


def known(world: World, *, is_open: bool = False) -> list[Announced]:
    found: list[Announced] = world.ask(
        DEPOSITS, ListAnnounced(is_open=is_open, limit=99), list[Announced]
    )
    return found


def state(world: World) -> int:
    return known(world)[0].state


def test_it_is_announced_seen_and_posted(world: World) -> None:
    """Criterion: CUST-ANNOUNCE-1. Each word again changes nothing; the ledger has it once."""
    for word in (TOLD, SawAnnounced(CHAIN, NUMBER, HEIGHT), POSTED):
        (fold,) = world.machine.folds
        before = fold.state_hash()
        assert world.say(DEPOSITS, word) == 0
        after = fold.state_hash()
        assert after != before
        assert world.say(DEPOSITS, word) == 0
        assert fold.state_hash() == after
    (one,) = known(world)
    assert (one.state, one.height, one.transfer) == (
        AnnouncedState.POSTED, HEIGHT, POSTED.transfer,
    )  # fmt: skip
    assert not known(world, is_open=True)
    held = {tier: -world.balance(1, kind, BTC, CHAIN) for tier, kind in
            ((Tier.WARM, chart.CHAIN_WARM), (Tier.COLD, chart.CHAIN_COLD))}  # fmt: skip
    assert held == {Tier.WARM: 399_990_000, Tier.COLD: 500_000_000}


def test_its_terms_are_its_own_for_ever(world: World) -> None:
    """Criterion: CUST-ANNOUNCE-1. Nor may anybody but the house say any of it."""
    assert world.say(DEPOSITS, TOLD) == 0
    other = msgspec.structs.replace(TOLD, amount=coins(4))
    assert world.say(DEPOSITS, other) == Unsound.CONTRADICTS
    for word in (msgspec.structs.replace(TOLD, number=78), EndAnnounced(CHAIN, NUMBER)):
        assert world.say(DEPOSITS, word, ALICE) == Unsound.NOT_THE_HOUSE
    assert world.say(DEPOSITS, SawAnnounced(CHAIN, 78, 1)) == Unsound.UNKNOWN


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": Tier.DEPOSIT}, {"target": Tier.DEPOSIT}, {"target": Tier.WARM},
        {"amount": coins(0)}, {"amount": coins(-1)}, {"amount": b"1"}, {"asset": USDT},
        {"fee_least": coins(1)}, {"fee_least": coins(-1)}, {"number": 0},
        {"lasts_ms": LASTS_MIN_MS - 1}, {"lasts_ms": LASTS_MAX_MS + 1},
        {"amount": amount_bytes(1)}, {"amount": amount_bytes(COIN_LEAST - 1)},
        {"fee_most": amount_bytes(FEE_MOST + 1)}, {"fee_most": coins(10**6)},
        {"amount": amount_bytes(COIN_LEAST), "fee_most": amount_bytes(COIN_LEAST + 1)},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(world: World, wrong: dict[str, Any]) -> None:
    """Criterion: CUST-ANNOUNCE-1"""
    assert world.say(DEPOSITS, msgspec.structs.replace(TOLD, **wrong)) == REFUSED
    assert not known(world)


def test_the_least_amount_and_the_highest_fee_are_announced(world: World) -> None:
    """Criterion: CUST-ANNOUNCE-1"""
    least = amount_bytes(COIN_LEAST)
    words = (
        msgspec.structs.replace(TOLD, amount=least, fee_most=least),
        msgspec.structs.replace(TOLD, number=78, fee_most=amount_bytes(FEE_MOST)),
    )
    assert [world.say(DEPOSITS, word) for word in words] == [0, 0]


@pytest.mark.parametrize(
    "wrong",
    [{"amount": coins(4)}, {"target": Tier.HOT}, {"source": Tier.HOT}, {"announced": 78}],
)
def test_another_move_does_not_end_it(world: World, wrong: dict[str, Any]) -> None:
    """Criterion: CUST-ANNOUNCE-1. And is not posted as it."""
    assert world.say(DEPOSITS, TOLD) == 0
    assert world.say(DEPOSITS, msgspec.structs.replace(POSTED, **wrong)) == Unsound.CONTRADICTS
    assert state(world) == AnnouncedState.ANNOUNCED
    # What the ledger refuses takes the end back too.
    below = msgspec.structs.replace(POSTED, network_fee=coins(-1))
    assert world.say(DEPOSITS, below) == REFUSED
    assert state(world) == AnnouncedState.ANNOUNCED
    assert world.say(DEPOSITS, POSTED) == 0
    other = msgspec.structs.replace(POSTED, transfer=transfer("another"))
    assert world.say(DEPOSITS, other) == Unsound.CONTRADICTS


def test_what_was_posted_before_ends_it_without_money(world: World) -> None:
    """Criterion: CUST-ANNOUNCE-1"""
    before = msgspec.structs.replace(POSTED, announced=0)
    assert [world.say(DEPOSITS, word) for word in (TOLD, before)] == [0, 0]
    assert state(world) == AnnouncedState.ANNOUNCED
    held = world.balance(1, chart.CHAIN_COLD, BTC, CHAIN)
    assert world.say(DEPOSITS, POSTED) == 0
    assert state(world) == AnnouncedState.POSTED
    assert world.balance(1, chart.CHAIN_COLD, BTC, CHAIN) == held


def test_one_transfer_ends_one_announcement(world: World) -> None:
    """Criterion: CUST-ANNOUNCE-1. Not a second one, nor one that is announced later."""
    later = msgspec.structs.replace(TOLD, number=78)
    assert [world.say(DEPOSITS, word) for word in (TOLD, later, POSTED, POSTED)] == [0] * 4
    again = msgspec.structs.replace(POSTED, announced=78)
    assert world.say(DEPOSITS, again) == Unsound.CONTRADICTS
    assert [one.number for one in known(world, is_open=True)] == [78]
    other = msgspec.structs.replace(again, transfer=transfer("unannounced"), announced=0)
    newest = msgspec.structs.replace(TOLD, number=79)
    assert [world.say(DEPOSITS, word) for word in (other, newest)] == [0, 0]
    old = msgspec.structs.replace(other, announced=79)
    assert world.say(DEPOSITS, old) == Unsound.CONTRADICTS
    assert [one.number for one in known(world, is_open=True)] == [79, 78]
    # What was posted after an announcement may have been it.
    assert world.say(DEPOSITS, msgspec.structs.replace(other, announced=78)) == 0
    assert [one.number for one in known(world, is_open=True)] == [79]


def test_what_a_contract_took_of_it_is_the_same_move(world: World) -> None:
    """Criterion: CUST-ANNOUNCE-1"""
    assert world.say(DEPOSITS, TOLD) == 0
    short = msgspec.structs.replace(POSTED, amount=coins(4.9))
    assert world.say(DEPOSITS, short) == Unsound.CONTRADICTS
    assert world.say(DEPOSITS, msgspec.structs.replace(short, taken=coins(0.1))) == 0
    assert known(world, is_open=True) == []


def test_the_ledger_says_which_transfers_it_has(world: World) -> None:
    """Criterion: CUST-ANNOUNCE-1"""
    assert world.ask(DEPOSITS, FindMoved(POSTED.transfer), int) == 0
    assert world.say(DEPOSITS, msgspec.structs.replace(POSTED, announced=0)) == 0
    had = world.ask(DEPOSITS, FindMoved(POSTED.transfer), int)
    assert world.say(DEPOSITS, TOLD) == 0
    assert 0 < had < known(world)[0].sequence


def test_it_expires_unless_it_was_seen_in_its_time(world: World) -> None:
    """Criterion: CUST-ANNOUNCE-3"""
    late = EndAnnounced(CHAIN, NUMBER, expired=True)
    assert world.say(DEPOSITS, TOLD) == 0
    world.time_ms += LASTS_MS - 1
    assert world.say(DEPOSITS, late) == Unsound.CONTRADICTS
    assert known(world)[0].is_allowed(world.time_ms)
    world.time_ms += 1
    assert not known(world)[0].is_allowed(world.time_ms)
    assert world.say(DEPOSITS, SawAnnounced(CHAIN, NUMBER, HEIGHT)) == Unsound.CONTRADICTS
    assert [world.say(DEPOSITS, late), world.say(DEPOSITS, late)] == [0, 0]
    assert state(world) == AnnouncedState.EXPIRED
    # It came to the chain after all: the ledger takes it.
    assert world.say(DEPOSITS, POSTED) == 0
    seen = msgspec.structs.replace(TOLD, number=NUMBER + 1)
    assert world.say(DEPOSITS, seen) == 0
    assert world.say(DEPOSITS, SawAnnounced(CHAIN, NUMBER + 1, HEIGHT)) == 0
    world.time_ms += LASTS_MS + POSTED_WITHIN_MS - 1
    over = msgspec.structs.replace(late, number=NUMBER + 1)
    assert world.say(DEPOSITS, over) == Unsound.CONTRADICTS
    assert known(world)[0].is_allowed(world.time_ms)
    # Whoever has seen it waits a day for its posting, and no longer.
    world.time_ms += 1
    assert not known(world)[0].is_allowed(world.time_ms)
    assert world.say(DEPOSITS, over) == 0
    assert state(world) == AnnouncedState.EXPIRED


def test_few_are_open_at_a_time(world: World) -> None:
    """Criterion: CUST-ANNOUNCE-1. Who compares tries each set of them."""
    words = [msgspec.structs.replace(TOLD, number=n) for n in range(1, OPEN_MAX + 2)]
    assert [world.say(DEPOSITS, word) for word in words] == [0] * OPEN_MAX + [Unsound.TOO_MANY]
    assert world.say(DEPOSITS, EndAnnounced(CHAIN, 1)) == 0
    assert world.say(DEPOSITS, words[-1]) == 0


def test_a_log_of_it_replays_and_restarts(world: World) -> None:
    """Criterion: LOG-3.7"""
    for word in (TOLD, SawAnnounced(CHAIN, NUMBER, HEIGHT), POSTED):
        assert world.say(DEPOSITS, word) == 0
    assert world.replayed().hashes() == world.machine.hashes()
    world.restart()
    assert state(world) == AnnouncedState.POSTED
