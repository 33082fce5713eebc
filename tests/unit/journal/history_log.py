"""A log of withdrawals that leave, and of many that do not, of which only the first are history.

It begins under the editions before; the later ones come while some have left and others wait.
"""

from __future__ import annotations

import random
from typing import Any

from fullreserve.exchange.products.custody_wire import (
    WITHDRAWALS,
    Bound,
    Cancel,
    Failed,
    FoundPaid,
    Heed,
    Hold,
    Paid,
    Request,
    RequirePolicy,
)
from fullreserve.exchange.products.policy_rules import Category, Concern
from fullreserve.exchange.products.policy_wire import (
    COUNTED,
    HELD,
    LEFT_COUNTS,
    POLICY,
    Adopt,
    Approve,
    Confirm,
    Judge,
    Reject,
    SetRisk,
)
from fullreserve.exchange.products.risk_rules import HOUR_MS, Mark, Reason, RiskTable
from fullreserve.exchange.products.withdrawal_state import KEEPS_LEFT, LEFT_MS
from fullreserve.exchange.wire.commands import amount_bytes
from tests.bed import ALICE, BOB, BTC, Bed
from tests.unit.exchange.custody_world import CHAIN, COIN, FEE_BTC, transfer
from tests.unit.journal import safety_log
from tests.unit.journal.safety_log import OPERATORS, Log

RUNS, ADOPTED, OLD_MS = 700, 250, 900 * HOUR_MS


async def _ask(log: Log) -> None:
    """Small ones now and then, and some that may be paid in tranches."""
    amount = amount_bytes(log.draws.choice((1, 2, 30)) * COIN // 100)
    is_split = log.draws.random() < 0.3
    asked = Request(CHAIN, BTC, amount, amount_bytes(FEE_BTC), 0, 1, allow_split=is_split)
    await log.say(WITHDRAWALS, asked, log.draws.choice((ALICE, BOB)))


async def _judge(log: Log) -> None:
    draws, number = log.draws, log.withdrawal()
    await log.say(
        POLICY,
        Judge(
            *(number, Category.BOOK, draws.choice((HOUR_MS, OLD_MS))),
            concerns=int(Concern.RISK) if draws.random() < 0.1 else 0,
            marks=int(Mark.LOOK_ALIKE) if draws.random() < 0.3 else 0,
        ),
    )
    await log.say(WITHDRAWALS, Heed(number))


async def _held(log: Log) -> None:
    """Its owner confirms it, or cancels it."""
    decisions = log.states[POLICY].decisions
    held = [one for one, known in decisions.items() if known.state in HELD]
    number = log.draws.choice(held or [log.withdrawal()])
    if number in decisions:
        who = decisions[number].facts.owner
        if log.draws.random() < 0.4:
            await log.say(WITHDRAWALS, Cancel(number), who)
        await log.say(POLICY, Confirm(number), who)


async def _by_people(log: Log) -> None:
    number, verb = log.withdrawal(), log.draws.choice((Approve, Approve, Reject))
    for who in log.draws.sample(OPERATORS, 2):
        await log.say(POLICY, verb(number), who)
    await log.say(WITHDRAWALS, Heed(number))


async def _pay(log: Log) -> None:
    """To its end, or something else became final."""
    number = log.withdrawal()
    binding, name = transfer(f"b{number}"), transfer(str(number))
    await log.say(WITHDRAWALS, Bound(number, binding))
    if log.draws.random() < 0.2:
        await log.say(WITHDRAWALS, Failed(number, 2, binding, transfer("other")))
    await log.say(WITHDRAWALS, Paid(number, name, 9, amount_bytes(7)))


async def _found(log: Log) -> None:
    """A tranche that the chain has paid; now and then all of what is left."""
    splits = log.states[WITHDRAWALS].splits
    number = log.draws.choice(sorted(splits)[-9:] or [log.withdrawal()])
    amount = amount_bytes(COIN // log.draws.choice((100, 20)))
    binding = transfer(f"f{log.bed.clock.exchange_ms()}")
    is_all = log.draws.random() < 0.1
    await log.say(WITHDRAWALS, FoundPaid(number, binding, b"" if is_all else amount))
    found = log.states[WITHDRAWALS].withdrawals.values()
    for one in [each.number for each in found if each.binding == binding]:
        await log.say(WITHDRAWALS, Paid(one, transfer(str(one)), 9, amount_bytes(7)))


async def _stop(log: Log) -> None:
    """What waits is held; some of it is canceled."""
    await log.say(WITHDRAWALS, Hold(CHAIN, BTC, stopped=True))
    await log.settle()
    for one in list(log.states[WITHDRAWALS].withdrawals.values())[-5:]:
        if log.draws.random() < 0.3:
            await log.say(WITHDRAWALS, Cancel(one.number), one.owner)
    await log.say(WITHDRAWALS, Hold(CHAIN, BTC, stopped=False))
    await log.settle()


async def fill(bed: Bed, draws: random.Random) -> None:
    """Three months of it; the later editions come after one."""
    log = Log(bed, draws, LEFT_COUNTS - 1)
    await log.open()
    await safety_log.begin(log)
    await log.say(WITHDRAWALS, RequirePolicy(KEEPS_LEFT - 1))
    await log.say(POLICY, SetRisk(RiskTable()))
    steps: tuple[Any, ...] = (
        *(_ask, _ask, _ask, _judge, _judge, _judge, _judge, _held, _held),
        *(_pay, _pay, _pay, _found, _found, _by_people, _stop),
    )
    policy, withdrawals = log.states[POLICY], log.states[WITHDRAWALS]
    facts = {}
    apart = 0  # how often an owner has asked for more than left
    sums: dict[int, set[int]] = {}  # of requests, what has left of each
    for turn in range(RUNS):
        if turn == ADOPTED:
            assert not withdrawals.left
            await log.say(POLICY, Adopt(LEFT_COUNTS))
            await log.say(WITHDRAWALS, RequirePolicy(KEEPS_LEFT))
            assert withdrawals.left, "some left before"
            facts = dict(policy.risk_facts)
        await draws.choice(steps)(log)
        for request, left in withdrawals.left.items():
            sums.setdefault(request, set()).add(left.usd)
        asked = [one for one in policy.decisions.values() if one.state in COUNTED]
        apart += any(one.facts.request not in withdrawals.left for one in asked)
        log.advance(6 * HOUR_MS)
    fresh = [one for number, one in policy.risk_facts.items() if number not in facts]
    assert len({one.history for one in fresh}) > 3
    assert apart > ADOPTED, "mostly some was asked for and had not left"
    large = {
        Reason.AMOUNT in [reason for reason, _ in one.reasons] for one in policy.assessed.values()
    }
    assert large == {True, False}
    assert any(len(each) > 1 for each in sums.values()), "one left in tranches"
    now_ms = bed.clock.exchange_ms()
    assert len(sums) > len(withdrawals.left), "some is forgotten"
    assert all(one.time_ms > now_ms - LEFT_MS - 48 * HOUR_MS for one in withdrawals.left.values())
