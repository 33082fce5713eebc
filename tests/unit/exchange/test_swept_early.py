"""Goal: coins that left before their deposit arrived, swept or lost, leave no difference.

Method: the fold of deposits in a core; what the chain's tier of deposits has is worked out by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_ledger import Unsound
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    AdoptDeposits,
    Hold,
    Lost,
    Moved,
    Orphaned,
    Replaced,
    Tier,
)
from fullreserve.exchange.products.deposit_state import EARLY, EDITION, SumComing
from fullreserve.exchange.products.deposits import Deposits
from fullreserve.exchange.wire.commands import amount_int
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


def folds() -> Sequence[Any]:
    return (Deposits(),)


class Early:
    """Under an edition: ALICE's five had arrived and were not swept; BOB's are seen early."""

    def __init__(self, edition: int = EDITION) -> None:
        self.world = World(folds)
        for terms in NETWORKS:
            assert self.world.say(DEPOSITS, terms) == 0
        assert self.world.say(DEPOSITS, AdoptDeposits(edition)) == 0
        self.chain = Chain(self.world, DEPOSITS, CHAIN, BTC)
        self.chain.tip()
        self.alice, self.bob = self.chain.index(ALICE), self.chain.index(BOB)

    def comes(self, name: str, index: int, amount: float) -> None:
        assert self.chain.seen(name, index, coins(amount)) == 0

    def stop(self, *, stopped: bool) -> None:
        assert self.world.say(DEPOSITS, Hold(CHAIN, 0, stopped=stopped)) == 0
        settle_deposits(self.world)

    def swept(self, amount: float) -> None:
        values = (BTC, Tier.DEPOSIT, Tier.HOT, coins(amount), coins(0))
        assert self.world.say(DEPOSITS, Moved(CHAIN, transfer(f"sweep {amount}"), *values)) == 0

    def tier(self, kind: int = chart.CHAIN_DEPOSIT) -> bytes:
        return coins(-self.world.balance(chart.HOUSE, kind, BTC, CHAIN) / 10**8)

    def expected(self) -> int:
        """By reconciliation: what the tier has by the ledger, and what is to come."""
        coming = self.world.ask(DEPOSITS, SumComing(CHAIN), dict[int, bytes])
        return amount_int(self.tier()) + amount_int(coming.get(BTC, coins(0)))


def taken(early: Early) -> None:
    """ALICE's are taken by a reorganisation, which stops deposits; BOB's are swept meanwhile."""
    early.comes("a", early.alice, 5)
    assert early.chain.confirmed("a", 1) == 0
    height = early.chain.height
    early.stop(stopped=True)
    assert early.world.say(DEPOSITS, Orphaned(CHAIN, transfer("a"), height)) == 0
    early.comes("b", early.bob, 3)
    early.swept(3)


@pytest.mark.parametrize("is_again", [False, True])
def test_one_that_is_away_and_was_never_swept_keeps_no_break(is_again: bool) -> None:
    """Criterion: CUST-DEP-34. It may never come again."""
    early = Early()
    taken(early)
    assert early.expected() == 0
    assert early.chain.confirmed("b", 1) == 0
    early.stop(stopped=False)
    assert early.tier() == early.tier(chart.BREAK) == coins(0)
    if is_again:
        early.comes("a", early.alice, 5)
        assert early.expected() == amount_int(coins(5))
        assert early.chain.confirmed("a", 1) == 0
    else:
        assert early.world.say(DEPOSITS, Replaced(CHAIN, transfer("a"))) == 0
    assert (early.tier(), early.tier(chart.BREAK)) == (coins(5 * is_again), coins(0))
    assert early.world.balance(BOB, chart.FUND, BTC) == amount_int(coins(3))
    assert early.world.replayed().hashes() == early.world.machine.hashes()


def test_one_that_is_replaced_leaves_the_break_to_what_is_still_coming() -> None:
    """Criterion: CUST-DEP-34."""
    early = Early()
    taken(early)
    assert early.world.say(DEPOSITS, Replaced(CHAIN, transfer("a"))) == 0
    assert early.expected() == 0
    early.stop(stopped=False)
    assert early.chain.confirmed("b", 1) == 0
    assert early.tier() == early.tier(chart.BREAK) == coins(0)


def test_what_was_swept_before_it_went_is_waited_for_by_nobody_else() -> None:
    """Criterion: CUST-DEP-32. It hides nothing of what comes beside it."""
    early = Early()
    early.comes("a", early.alice, 5)
    assert early.chain.confirmed("a", 1) == 0
    early.swept(5)
    early.stop(stopped=True)
    gone = Orphaned(CHAIN, transfer("a"), early.chain.height)
    assert early.world.say(DEPOSITS, gone) == 0
    early.comes("b", early.bob, 3)
    assert early.expected() == amount_int(coins(3))
    early.stop(stopped=False)
    assert early.chain.confirmed("b", 1) == 0
    assert early.tier() == coins(3)
    early.comes("a", early.alice, 5)
    assert early.chain.confirmed("a", 1) == 0
    assert (early.tier(), early.tier(chart.BREAK)) == (coins(3), coins(0))


def test_what_was_swept_and_is_gone_for_ever_takes_nothing_from_others() -> None:
    """Its break stays, as what is missing does. Criterion: CUST-DEP-32."""
    early = Early()
    early.comes("a", early.alice, 5)
    assert early.chain.confirmed("a", 1) == 0
    early.swept(5)
    gone = Orphaned(CHAIN, transfer("a"), early.chain.height)
    assert early.world.say(DEPOSITS, gone) == 0
    early.comes("b", early.bob, 3)
    assert early.world.say(DEPOSITS, Replaced(CHAIN, transfer("a"))) == 0
    assert early.expected() == amount_int(coins(3))
    assert early.chain.confirmed("b", 1) == 0
    assert early.tier() == coins(3)
    assert early.world.balance(chart.HOUSE, chart.BREAK, BTC, CHAIN) == amount_int(coins(5))


def test_what_is_swept_before_it_is_seen_leaves_no_difference() -> None:
    """As the watcher was behind. Criterion: CUST-DEP-34."""
    early = Early()
    early.swept(3)
    early.comes("b", early.bob, 3)
    assert early.expected() == 0
    assert early.chain.confirmed("b", 1) == 0
    assert early.tier() == early.tier(chart.BREAK) == coins(0)


@pytest.mark.parametrize("edition", [EARLY - 1, EDITION])
def test_what_is_stolen_before_it_arrived_can_be_booked(edition: int) -> None:
    """As deposits are stopped, and can be reopened only then. Criterion: CUST-LOSS-1."""
    early = Early(edition)
    early.stop(stopped=True)
    early.comes("b", early.bob, 3)
    told = Lost(CHAIN, 77, BTC, Tier.DEPOSIT, coins(2), transfer("theft"), chart.LOSS, 5)
    if edition < EARLY:
        assert early.world.say(DEPOSITS, told) == Unsound.CONTRADICTS
        return
    more = Lost(CHAIN, 77, BTC, Tier.DEPOSIT, coins(3.5), transfer("theft"), chart.LOSS, 5)
    assert early.world.say(DEPOSITS, more) == Unsound.CONTRADICTS
    assert early.world.say(DEPOSITS, told) == 0
    assert early.expected() == amount_int(coins(1))
    # Nobody books it twice.
    again = Lost(CHAIN, 78, BTC, Tier.DEPOSIT, coins(2), transfer("theft"), chart.LOSS, 6)
    assert early.world.say(DEPOSITS, again) == Unsound.CONTRADICTS
    early.stop(stopped=False)
    assert early.chain.confirmed("b", 1) == 0
    assert early.world.balance(BOB, chart.FUND, BTC) == amount_int(coins(3))
    assert (early.tier(), early.tier(chart.BREAK)) == (coins(1), coins(0))
    assert early.tier(chart.LOSS) == coins(2)
    assert early.world.replayed().hashes() == early.world.machine.hashes()
