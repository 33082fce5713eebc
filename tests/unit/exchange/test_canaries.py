"""Goal: a restart hangs on no absent user, though its canary waits for that user's word.

Method: a network's stop, requests whose fee is quoted at twice what they hold, or that a risk score
holds; canaries that the house or an operator names, by editions of the rules and those before.
"""

from __future__ import annotations

import msgspec
import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_wire import WITHDRAWALS, Heed, QuoteFee
from fullreserve.exchange.products.policy_rules import Category
from fullreserve.exchange.products.policy_wire import Confirm, Judge, SetRisk
from fullreserve.exchange.products.risk_rules import Mark, Points, RiskTable, Thresholds
from fullreserve.exchange.products.suspension_state import (
    DAY_MS,
    HELD_STILL,
    SILENT_GO,
    Refused,
    SuspensionState,
)
from fullreserve.exchange.products.suspension_wire import (
    Adopt,
    Advance,
    Canary,
    Level,
    OpenDrain,
    Scope,
)
from fullreserve.exchange.products.withdrawal_fees import QUOTE_MS_MAX
from fullreserve.exchange.products.withdrawal_state import BY_A_FEW, WithdrawalState
from fullreserve.exchange.products.withdrawal_state import EDITION as WITHDRAWALS_EDITION
from fullreserve.exchange.wire.commands import amount_bytes
from tests.unit.exchange.custody_world import ALICE, BOB, BTC, CHAIN, FEE_BTC, World, coins
from tests.unit.exchange.suspension_world import (
    SEED,
    ask,
    of,
    opened,
    pay,
    planned,
    requests,
    say,
    settle,
    stop,
    survey,
)
from tests.unit.exchange.test_policy_of_withdrawals import opened as by_policy
from tests.unit.exchange.test_policy_of_withdrawals import policy

ON_CHAIN = Scope(Level.CHAIN, CHAIN)


def quote(world: World, fee: int) -> None:
    amounts = (amount_bytes(1), amount_bytes(fee), amount_bytes(10**7))
    word = QuoteFee(CHAIN, BTC, *amounts, world.time_ms + QUOTE_MS_MAX)
    assert world.say(WITHDRAWALS, word) == 0


def waiting(edition: int, scope: Scope = ON_CHAIN) -> tuple[World, int]:
    """Three requests of two, the smallest Alice's, whose fee is twice what they hold; a stop."""
    world = opened(edition=BY_A_FEW)
    assert say(world, Adopt(edition), chart.HOUSE) == 0
    for owner in (ALICE, BOB):
        world.fund(owner, BTC, coins(50))
    number = stop(world, scope=scope)
    assert ask(world, 1) == ask(world, 2, BOB) == ask(world, 3, BOB) == 0
    planned(world, number)
    world.time_ms += 2 * 3_600_000
    quote(world, 2 * FEE_BTC)
    return world, number


def advanced(world: World, number: int) -> int:
    """What the worker on duty does: the next step, and all that wait are looked at."""
    survey(world, number)
    code = say(world, Advance(number, SEED), chart.HOUSE)
    settle(world)
    return code


def states(world: World) -> list[WithdrawalState]:
    found = [one for who in (ALICE, BOB) for one in requests(world, who)]
    return [WithdrawalState(one.state) for one in found]


def test_a_canary_waits_for_nobody() -> None:
    """Criterion: SUS-CANARY-1. Its rise is the house's; everybody else's waits for their word."""
    world, number = waiting(HELD_STILL)
    assert advanced(world, number) == 0
    assert states(world)[0] == WithdrawalState.WAITING
    (canary,) = requests(world)
    pay(world, canary.number)
    assert world.balance(chart.HOUSE, chart.FEE_WITHDRAWAL, BTC) == FEE_BTC
    assert world.balance(ALICE, chart.FUND, BTC) == 49 * 10**8 - FEE_BTC
    assert world.balance(ALICE, chart.HOLD, BTC) == 0
    assert advanced(world, number) == 0
    assert of(world, number).state == SuspensionState.DRAINING
    assert of(world, number).canaries == {CHAIN: canary.number}
    assert world.replayed().hashes() == world.machine.hashes()


def test_one_that_an_operator_names_waits_for_nobody_either() -> None:
    """Criterion: SUS-CANARY-1."""
    world, number = waiting(HELD_STILL)
    named = requests(world, BOB)[0].number
    assert say(world, Canary(number, named)) == 0
    settle(world)
    assert states(world) == [
        WithdrawalState.QUEUED, WithdrawalState.WAITING, WithdrawalState.QUEUED,
    ]  # fmt: skip


def test_one_that_waits_by_earlier_rules_gives_way_to_the_next_smallest() -> None:
    """Criterion: SUS-CANARY-2. And the one after that goes on by itself."""
    world, number = waiting(HELD_STILL - 1)
    assert advanced(world, number) == 0
    first, second, _ = (one.number for who in (ALICE, BOB) for one in requests(world, who))
    assert of(world, number).canaries == {CHAIN: first}
    assert states(world)[0] == WithdrawalState.FEE_ROSE
    assert advanced(world, number) != 0
    assert say(world, Adopt(HELD_STILL), chart.HOUSE) == 0
    assert advanced(world, number) == 0
    assert of(world, number).canaries == {CHAIN: second}
    assert states(world)[1] == WithdrawalState.WAITING
    pay(world, second)
    survey(world, number)
    assert say(world, OpenDrain(number, SEED)) == 0
    assert states(world)[0] == WithdrawalState.FEE_ROSE
    assert world.replayed().hashes() == world.machine.hashes()


@pytest.mark.parametrize("edition", [SILENT_GO - 1, SILENT_GO])
def test_one_that_its_score_holds_gives_way_to_the_next_smallest(edition: int) -> None:
    """Criterion: SUS-CANARY-3. From edition 5 on; confirmed after that it waits for the drain."""
    world = by_policy(WITHDRAWALS_EDITION)
    assert say(world, Adopt(HELD_STILL - 1), chart.HOUSE) == 0
    number = stop(world, scope=ON_CHAIN)
    assert ask(world, 0.1) == ask(world, 0.2, BOB) == 0
    planned(world, number)
    world.time_ms += 2 * 3_600_000
    assert say(world, Adopt(edition), chart.HOUSE) == 0
    points = dict.fromkeys(msgspec.structs.asdict(Points()), 0) | {"look_alike": 1}
    table = RiskTable(Points(**points), thresholds=Thresholds(1, 9, 10))
    assert policy(world, SetRisk(table)) == 0
    assert advanced(world, number) == 0
    silent, second = requests(world)[0].number, requests(world, BOB)[0].number
    assert policy(world, Judge(silent, Category.BOOK, 30 * DAY_MS, marks=Mark.LOOK_ALIKE)) == 0
    assert world.say(WITHDRAWALS, Heed(silent)) == 0
    assert states(world) == [WithdrawalState.COOLING, WithdrawalState.QUEUED]
    goes = edition >= SILENT_GO
    assert advanced(world, number) == (0 if goes else Refused.GATES)
    assert of(world, number).canaries == {CHAIN: second if goes else silent}
    assert states(world)[1] == (WithdrawalState.WAITING if goes else WithdrawalState.QUEUED)
    if goes:
        assert policy(world, Confirm(silent), ALICE) == 0
        assert policy(world, Judge(silent, Category.BOOK, 30 * DAY_MS, marks=Mark.LOOK_ALIKE)) == 0
        assert world.say(WITHDRAWALS, Heed(silent)) == 0
        assert states(world)[0] == WithdrawalState.QUEUED
    assert world.replayed().hashes() == world.machine.hashes()
