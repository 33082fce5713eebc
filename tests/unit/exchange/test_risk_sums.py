"""Goal: no requests come to a number that the log cannot hold, which would stop the exchange.

Method: the fold of the policy with those that it asks; requests without a price, of one owner and
of several to one address; more coins than anybody has; a hot wallet of dust. Each state is
written, restored and replayed.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from fullreserve.exchange.products.custody_wire import DEPOSITS, WITHDRAWALS, Funded, Tier
from fullreserve.exchange.products.policy_rules import NUMBER_MAX, UNPRICED_USD, Category
from fullreserve.exchange.products.policy_wire import POLICY, Judge, ListAssessments, SetRisk
from fullreserve.exchange.products.risk_rules import Assessment, Reason, RiskFacts, RiskTable
from fullreserve.exchange.products.withdrawal_state import EDITION
from fullreserve.exchange.wire.commands import amount_bytes
from tests.unit.exchange.custody_world import (
    ALICE,
    BOB,
    BTC,
    MEMOS,
    NETWORKS,
    XRP,
    World,
    coins,
    transfer,
)
from tests.unit.exchange.suspension_world import ask, requests
from tests.unit.exchange.test_policy_of_withdrawals import DAY_MS, asked, decision, opened, policy


@pytest.fixture
def world() -> Iterator[World]:
    made = opened(EDITION)
    assert policy(made, SetRisk(RiskTable())) == 0
    for owner in (ALICE, BOB):
        made.fund(owner, XRP, coins(1_000))
    yield made
    made.restart()
    assert made.replayed().hashes() == made.machine.hashes()


def unpriced(world: World, owner: int) -> int:
    """A request for an asset that nobody has traded; its number."""
    assert ask(world, 1, owner, network=MEMOS, asset=XRP, fee=amount_bytes(0)) == 0
    return requests(world, owner)[-1].number


def judged(world: World, number: int, place: bytes = b"") -> RiskFacts:
    assert policy(world, Judge(number, Category.BOOK, 30 * DAY_MS, place=place)) == 0
    found = next(one.state for one in world.machine.folds if one.number == POLICY).risk_facts
    facts = found[number]
    assert isinstance(facts, RiskFacts)
    return facts


def test_requests_without_a_price_come_to_the_most_that_the_log_holds(world: World) -> None:
    """Criterion: RISK-17. Four of them are 2^64; that stopped the exchange."""
    spent = [judged(world, unpriced(world, ALICE)).spent_usd for _ in range(6)]
    sums = [min(before * UNPRICED_USD, NUMBER_MAX) for before in range(6)]
    assert spent == sums
    world.restart()
    (found,) = world.ask(
        POLICY, ListAssessments((requests(world)[-1].number,)), list[Assessment | None]
    )
    assert Reason.VELOCITY in [reason for reason, _ in found.reasons]


def test_so_do_others_requests_to_the_same_address(world: World) -> None:
    """Criterion: RISK-17. The fold halted as it decided of the fifth."""
    for _ in range(5):
        judged(world, unpriced(world, BOB), b"there")
    number = asked(world, 0.1)
    facts = judged(world, number, b"there")
    assert (facts.receiver_usd, facts.spent_usd) == (NUMBER_MAX, NUMBER_MAX)
    assert decision(world, number).explained.rule == 3
    world.restart()
    assert judged(world, asked(world, 0.1), b"there").spent_usd == NUMBER_MAX


def test_what_an_owner_holds_is_no_more_either(world: World) -> None:
    """Criterion: RISK-17. 5 x 10^11 USD; of a coin at an absurd price it takes few."""
    world.fund(ALICE, BTC, coins(10**7))
    assert judged(world, asked(world, 0.1)).holds_usd == NUMBER_MAX


def test_nor_is_a_share_of_a_wallet_of_dust(world: World) -> None:
    """Criterion: RISK-17. 30 million coins, of which hot has 10^-8."""
    network = next(one for one in NETWORKS if one.network == MEMOS)
    (line,) = network.assets
    large = replace(network, assets=(replace(line, maximum=coins(10**8)),))
    dust = Funded(MEMOS, transfer("dust"), XRP, Tier.HOT, amount_bytes(1))
    assert world.say(WITHDRAWALS, large) == world.say(DEPOSITS, dust) == 0
    world.fund(ALICE, XRP, coins(10**8))
    assert ask(world, 3 * 10**7, network=MEMOS, asset=XRP, fee=amount_bytes(0)) == 0
    number = requests(world)[-1].number
    judged(world, number)
    assert decision(world, number).facts.share == NUMBER_MAX
