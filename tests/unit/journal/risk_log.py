"""A log of withdrawals with risk scores: confirmed, delayed, canceled, left to people."""

from __future__ import annotations

import random
from typing import Any

from fullreserve.exchange.products.custody_wire import (
    WITHDRAWALS,
    Bound,
    Cancel,
    Destination,
    Heed,
    Request,
    StopOwner,
)
from fullreserve.exchange.products.policy_rules import Category, Concern, DecisionState
from fullreserve.exchange.products.policy_wire import (
    EDITION,
    POLICY,
    Approve,
    Confirm,
    Judge,
    Reject,
    SetRisk,
)
from fullreserve.exchange.products.risk_rules import HOUR_MS, Mark, RiskTable, Thresholds, Whence
from fullreserve.exchange.wire.commands import amount_bytes
from tests.bed import ALICE, BOB, BTC, Bed
from tests.unit.exchange.custody_world import CHAIN, COIN, FEE_BTC, transfer
from tests.unit.journal import safety_log
from tests.unit.journal.safety_log import OPERATORS, Log

RUNS = 500
TABLES = (
    RiskTable(),
    RiskTable(thresholds=Thresholds(5, 50, 90, confirm_hours=2, delay_hours=3)),
    RiskTable(thresholds=Thresholds(5, 20, 60)),
)


async def _ask(log: Log) -> None:
    draws, owner = log.draws, log.draws.choice((ALICE, BOB))
    ages = (draws.choice((-1, 0, HOUR_MS)) for _ in range(3))
    asked = Request(
        *(CHAIN, BTC, amount_bytes(draws.choice((1, 5, 20)) * COIN // 100), amount_bytes(FEE_BTC)),
        *(Destination.ADDRESS_BOOK, 1),
        by_api=draws.random() < 0.5,
        whence=Whence(*ages),
    )
    await log.say(WITHDRAWALS, asked, owner)


async def _pass_on(log: Log) -> None:
    owner, other = log.draws.sample((ALICE, BOB), 2)
    amount = amount_bytes(log.draws.choice((1, 10)) * COIN // 100)
    nothing = amount_bytes(0)
    await log.say(WITHDRAWALS, Request(0, BTC, amount, nothing, Destination.OWNER, other), owner)


async def _judge(log: Log) -> None:
    """Vetted, as duty says it; bound where that is possible."""
    draws, number = log.draws, log.withdrawal()
    await log.say(
        POLICY,
        Judge(
            *(number, Category.BOOK, draws.choice((HOUR_MS, 900 * HOUR_MS))),
            concerns=int(Concern.RISK) if draws.random() < 0.1 else 0,
            marks=int(Mark.LOOK_ALIKE) if draws.random() < 0.2 else 0,
            place=draws.choice((b"", b"one place", b"another")),
        ),
    )
    await log.say(WITHDRAWALS, Heed(number))
    if draws.random() < 0.5:
        await log.say(WITHDRAWALS, Bound(number, transfer(f"b{number}")))


async def _by_people(log: Log) -> None:
    """Operators approve one, or refuse it."""
    number, draws = log.withdrawal(), log.draws
    verb = draws.choice((Approve, Approve, Reject))
    for who in draws.sample((*OPERATORS, ALICE), 3):
        await log.say(POLICY, verb(number), who)
    await log.say(WITHDRAWALS, Heed(number))


async def _by_owners(log: Log) -> None:
    """What they are to confirm they do, or cancel it, or others try to."""
    draws, held = log.draws, log.states[WITHDRAWALS].withdrawals
    decisions = log.states[POLICY].decisions
    waits = [one for one, known in decisions.items() if known.state == DecisionState.CONFIRMING]
    number = draws.choice(waits or [log.withdrawal()])
    if draws.random() < 0.1:
        await log.say(WITHDRAWALS, Cancel(number), held[number].owner)
    await log.say(POLICY, Confirm(number), draws.choice((ALICE, BOB, OPERATORS[0])))


async def fill(bed: Bed, draws: random.Random) -> None:
    """Two days of it, under tables that come after each other."""
    log = Log(bed, draws, EDITION)
    await log.open()
    await safety_log.begin(log)
    seen = dict.fromkeys(DecisionState, 0)
    steps: tuple[Any, ...] = (
        *(_ask, _ask, _pass_on, _judge, _judge, _judge, _judge),
        *(_by_people, _by_owners, _by_owners, safety_log.of_a_withdrawal),
    )
    for turn in range(1, RUNS + 1):
        if turn % 60 == 1:
            await log.say(POLICY, SetRisk(draws.choice(TABLES)))
            stopped = StopOwner(ALICE, bed.clock.exchange_ms() + HOUR_MS)
            await log.say(WITHDRAWALS, stopped)
        await draws.choice(steps)(log)
        for one in log.states[POLICY].decisions.values():
            seen[DecisionState(one.state)] += 1
        log.advance(600_000)
    assert all(seen.values()), seen
