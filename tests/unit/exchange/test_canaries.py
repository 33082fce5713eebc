"""Goal: a restart hangs on no absent user, though the fee of its canary rose while it waited.

Method: a network's stop, requests whose fee is quoted at twice what they hold; canaries that the
house or an operator names, under the newest edition of the rules and under the one before.
"""

from __future__ import annotations

from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_wire import WITHDRAWALS, QuoteFee
from fullreserve.exchange.products.suspension_state import HELD_STILL, SuspensionState
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
