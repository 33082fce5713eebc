"""A log of drains over each other: of one user's stops, which have no gates, and what owes."""

from __future__ import annotations

import random

from fullreserve.exchange import chart
from fullreserve.exchange.products import policy_wire
from fullreserve.exchange.products import suspension_wire as stops
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    WITHDRAWALS,
    AdoptDeposits,
    AssignAddress,
    Confirmed,
    Drain,
    FoundPaid,
    Heed,
    Orphaned,
    Request,
    RequirePolicy,
    Seen,
    Settle,
    Tip,
)
from fullreserve.exchange.products.policy_rules import Category
from fullreserve.exchange.products.suspension_state import SuspensionState
from fullreserve.exchange.products.withdrawal_state import WithdrawalState
from fullreserve.exchange.wire.commands import AccountKey, Transfer, amount_bytes
from tests.bed import ALICE, BOB, BTC, Bed, submit
from tests.unit.exchange.custody_world import CHAIN, COIN, FEE_BTC, transfer
from tests.unit.journal.safety_log import OPERATORS, Log, begin, pay

RUNS = 260
WITHDRAWALS_EDITION, STOPS_EDITION, DEPOSITS_EDITION = 9, 9, 7
MAX_WAIT, INTERVAL_MS, MANY = 2, 60_000, 900 * COIN
LINES = ((1, 1), (2, 6), (3, 3))
BUDGETS = tuple(stops.Budget(*line, amount_bytes(COIN // 4), 2) for line in LINES)


async def _asked(log: Log) -> None:
    owner, parts = log.draws.choice((ALICE, ALICE, BOB)), log.draws.choice((1, 5, 20, 40))
    amount = amount_bytes(parts * COIN // 100)
    await log.say(WITHDRAWALS, Request(CHAIN, BTC, amount, amount_bytes(FEE_BTC), 0, 1), owner)


async def _stopped(log: Log) -> None:
    """One user's, or both's by the API; planned, agreed to and opened at once."""
    first, _, _ = OPERATORS
    key = log.draws.choice((ALICE, ALICE, BOB))
    scope = stops.Scope(stops.Level.USER, key=key)
    reason = stops.Reason.SANCTIONS
    terms = stops.Terms(stops.Action.WITHDRAW, scope, stops.Mode.QUEUE, reason)
    await log.say(stops.SUSPENSIONS, stops.Suspend(terms), first)
    await _opened(log, max(log.states[stops.SUSPENSIONS].suspensions))
    await log.settle()


async def _opened(log: Log, number: int) -> None:
    first, second, third = OPERATORS
    most = log.draws.choice((MAX_WAIT,) * 5 + (5,))
    plan = stops.Plan(number, 0, BUDGETS, INTERVAL_MS, most)
    await log.say(stops.SUSPENSIONS, plan, first)
    await log.say(stops.SUSPENSIONS, stops.Check(number), first)
    for who in (second, third):
        await log.say(stops.SUSPENSIONS, stops.SignOff(number), who)
    await log.survey(number)
    await log.say(stops.SUSPENSIONS, stops.OpenDrain(number, transfer("seed")), first)


async def _drained(log: Log) -> None:
    """By the words of some of those that drain, now and then too soon."""
    table = log.states[stops.SUSPENSIONS].suspensions
    for number, one in list(table.items()):
        if one.state == SuspensionState.ACTIVE:
            await _opened(log, number)
        if one.state != SuspensionState.DRAINING or not log.draws.randrange(4):
            continue
        budget = amount_bytes(log.draws.choice((3, 10, 30)) * COIN // 100)
        most = max(1, log.states[stops.SUSPENSIONS].waits.get(number, 0))
        slots = log.draws.randrange(1, 4)
        for _ in range(2):
            await log.say(WITHDRAWALS, Drain(CHAIN, BTC, budget, slots, number, most))
    log.advance(2 * INTERVAL_MS)


async def _ended(log: Log) -> None:
    """Lifted, broken off, or not yet."""
    number = log.suspension()
    await log.survey(number)
    word = log.draws.choice((stops.Lift(number), stops.Lift(number), stops.Fall(number)))
    await log.say(stops.SUSPENSIONS, word, log.operator())
    await log.settle()


async def _paid(log: Log) -> None:
    """What waits for the payer is paid, or found on its chain though nothing was bound."""
    table = log.states[WITHDRAWALS].withdrawals
    for number, one in list(table.items()):
        if one.state != WithdrawalState.WAITING or not log.draws.randrange(3):
            continue
        if log.draws.randrange(3):
            await pay(log, number)
            continue
        await log.say(policy_wire.POLICY, policy_wire.Judge(number, Category.BOOK, 7))
        await log.say(WITHDRAWALS, Heed(number))
        await log.say(WITHDRAWALS, FoundPaid(number, transfer(f"found {number}")))


async def _owed(log: Log) -> None:
    """A deposit of ALICE's is credited, given away, and gone; she may have asked for coins."""
    height = 100 + log.states[stops.SUSPENSIONS].edition + len(log.states[DEPOSITS].deposits)
    name = transfer(f"deposit {height}")
    block = transfer(f"block {height}")
    await log.say(DEPOSITS, Tip(CHAIN, height + 9, block, healthy=True))
    index = log.states[DEPOSITS].addresses[CHAIN][ALICE]
    seen = Seen(CHAIN, name, BTC, index, 0, amount_bytes(MANY), 0, height, block)
    await log.say(DEPOSITS, seen)
    await log.say(DEPOSITS, Confirmed(CHAIN, name, 9))
    source, target = (AccountKey(owner, chart.FUND, 0) for owner in (ALICE, BOB))
    terms = (chart.HOUSE, source, target, BTC, amount_bytes(MANY))
    await submit(log.door, [Transfer(log.door.gateway, log.door.numbers(1), *terms)])
    await log.say(DEPOSITS, Orphaned(CHAIN, name, height))
    await log.settle()
    await log.say(DEPOSITS, Settle(0, 50))
    if log.draws.randrange(2):
        back = Seen(CHAIN, name, BTC, index, 0, amount_bytes(MANY), 0, height, block)
        await log.say(DEPOSITS, back)
        await log.say(DEPOSITS, Confirmed(CHAIN, name, 9))


async def fill(bed: Bed, draws: random.Random) -> None:
    """Hours of it; each kind of what is new happens."""
    log = Log(bed, draws, WITHDRAWALS_EDITION)
    await log.open()
    log.edition = 7
    await begin(log)
    await log.say(WITHDRAWALS, RequirePolicy(WITHDRAWALS_EDITION))
    await log.say(stops.SUSPENSIONS, stops.Adopt(STOPS_EDITION))
    await log.say(DEPOSITS, AdoptDeposits(DEPOSITS_EDITION))
    await log.say(DEPOSITS, AssignAddress(CHAIN), ALICE)
    steps = (_asked, _asked, _asked, _drained, _drained, _drained, _paid, _ended)
    both, found = 0, 0
    for turn in range(RUNS):
        table = log.states[stops.SUSPENSIONS].suspensions.values()
        if sum(one.is_in_force for one in table) < 3 and turn % 20 < 10:
            await _stopped(log)
        if turn == RUNS - 20:
            await _owed(log)
        await draws.choice(steps)(log)
        state = log.states[WITHDRAWALS]
        both += any(len(each) > 1 for each in state.released.values())
        states = [one.state for one in state.withdrawals.values()]
        found += WithdrawalState.BROADCASTING in states
    refunded = sum(one.reason == 58_204 for one in state.withdrawals.values())
    counts = (both, found, refunded, bool(state.max_waits))
    assert all(counts), counts
