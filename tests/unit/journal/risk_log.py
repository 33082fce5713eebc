"""A log of withdrawals with risk scores: confirmed, delayed, canceled, left to people.

From edition 4 on fees are quoted too, and owners agree to them or do not; from edition 5 on
operators propose the tables.
"""

from __future__ import annotations

import random
from typing import Any

import msgspec

from fullreserve.exchange.products.approval_acts import Dismiss, Enrol
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.custody_wire import (
    WITHDRAWALS,
    AgreeToFee,
    Bound,
    Cancel,
    Destination,
    Heed,
    Hold,
    QuoteFee,
    Request,
    StopOwner,
)
from fullreserve.exchange.products.policy_rules import Category, Concern, DecisionState
from fullreserve.exchange.products.policy_wire import (
    CANCELED_GO,
    HELD,
    LOCK_MS,
    POLICY,
    RETURNS,
    SETS,
    SPARED,
    TABLE_AGREED,
    WRITERS,
    Agree,
    Approve,
    Confirm,
    GetReplay,
    Judge,
    Propose,
    ProposeRisk,
    Reject,
    Replay,
    SetRisk,
    Withdraw,
)
from fullreserve.exchange.products.risk_rules import HOUR_MS, Mark, RiskTable, Thresholds, Whence
from fullreserve.exchange.products.withdrawal_state import WithdrawalState
from fullreserve.exchange.wire.commands import amount_bytes
from tests.bed import ALICE, BOB, BTC, Bed
from tests.unit.exchange.custody_world import CHAIN, COIN, FEE_BTC, transfer
from tests.unit.journal import safety_log
from tests.unit.journal.safety_log import BOARD, OPERATORS, RULES, SMALL, USD, Log

RUNS = 500
TABLES = (
    RiskTable(),
    RiskTable(thresholds=Thresholds(5, 50, 90, confirm_hours=2, delay_hours=3)),
    RiskTable(thresholds=Thresholds(5, 20, 60)),
)


async def _ask(log: Log) -> None:
    draws, owner = log.draws, log.draws.choice((ALICE, BOB))
    quote = log.states[WITHDRAWALS].fees.get(CHAIN, {}).get(BTC)
    now_ms = log.bed.clock.exchange_ms()
    fee = quote.fee if quote is not None and now_ms < quote.until_ms else amount_bytes(FEE_BTC)
    ages = (draws.choice((-1, 0, HOUR_MS)) for _ in range(3))
    asked = Request(
        *(CHAIN, BTC, amount_bytes(draws.choice((1, 5, 20)) * COIN // 100), fee),
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
    is_listed = log.edition >= TABLE_AGREED and draws.random() < 0.1
    category = Category.SANCTIONED if is_listed else Category.BOOK
    await log.say(
        POLICY,
        Judge(
            *(number, category, draws.choice((HOUR_MS, 900 * HOUR_MS))),
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
    if draws.random() < 0.1 and number in held:
        await log.say(WITHDRAWALS, Cancel(number), held[number].owner)
    await log.say(POLICY, Confirm(number), draws.choice((ALICE, BOB, OPERATORS[0])))


async def _cancel_held(log: Log) -> None:
    """An owner cancels what a score holds, and asks again."""
    decisions = log.states[POLICY].decisions
    held = [one for one, known in decisions.items() if known.state in HELD]
    if held:
        number = log.draws.choice(held)
        await log.say(WITHDRAWALS, Cancel(number), decisions[number].facts.owner)
        await _ask(log)


async def _of_fees(log: Log) -> None:
    """A quote; queues that are let go on with it; owners who agree to what rose."""
    draws, state = log.draws, log.states[WITHDRAWALS]
    fee = draws.choice((10_000, 30_000, 45_000, 80_000))
    least, now, most = (amount_bytes(one) for one in (1_000, fee, 10**6))
    until_ms = log.bed.clock.exchange_ms() + HOUR_MS
    await log.say(WITHDRAWALS, Hold(CHAIN, 0, stopped=True))
    await _ask(log)
    await log.say(WITHDRAWALS, QuoteFee(CHAIN, BTC, least, now, most, until_ms))
    await log.say(WITHDRAWALS, Hold(CHAIN, 0, stopped=False))
    await log.settle()
    risen = [one for one in state.withdrawals.values() if one.state == WithdrawalState.FEE_ROSE]
    for one in risen[:2]:
        await log.say(WITHDRAWALS, Heed(one.number))
        if draws.random() < 0.5:
            await log.say(WITHDRAWALS, AgreeToFee(one.number, now), one.owner)


async def _of_the_table(log: Log) -> None:
    """A step of a change of the table, by one who is an operator or is not."""
    draws, change = log.draws, log.change()
    seen = _replay(log, change)
    of = (seen.digest, seen.at_ms, seen.until) if seen is not None else (bytes(32), 0, 0)
    changes = log.states[POLICY].changes.values()
    words: list[Any] = [Agree(change, *of), Agree(change, *of)]
    if not any(one.holds_ms and not one.is_over for one in changes) or draws.random() < 0.1:
        words += [ProposeRisk(draws.choice(TABLES))]
    words += [Withdraw(change)] if draws.random() < 0.05 else []
    await log.say(POLICY, draws.choice(words), draws.choice((*OPERATORS, ALICE)))


async def _take_back(log: Log, turn: int) -> None:
    """One alone tightens rules or table, and two take that back, as far as it was that."""
    first, second, third = log.draws.sample(OPERATORS, 3)
    base = log.states[POLICY].base
    is_table = turn % 100 == 0
    tighter = msgspec.structs.replace(SMALL, velocity_usd=log.draws.randrange(1, 9_000) * USD)
    other = ProposeRisk(TABLES[2]) if is_table else Propose((RULES[0], tighter, RULES[2]))
    await log.say(POLICY, Propose(()), first)
    await log.say(POLICY, other, first)
    await log.say(POLICY, ProposeRisk(base.risk) if is_table else Propose(base.rules), second)
    change = max(log.states[POLICY].changes)
    seen = _replay(log, change)
    if seen is not None:
        await log.say(POLICY, Agree(change, seen.digest, seen.at_ms, seen.until), third)


async def _contest(log: Log) -> None:
    """One tightens again and again and drops what others propose; administrators come and go."""
    draws, policy = log.draws, log.states[POLICY]
    member = draws.choice(BOARD)
    verb = Enrol if draws.random() < 0.6 else Dismiss
    await log.say(Approvals.number, verb(WRITERS, member))
    rival, other, third = draws.sample(OPERATORS, 3)
    for _ in range(draws.randrange(1, 4)):
        bound = draws.randrange(1, 3_000) * USD
        tighter = msgspec.structs.replace(SMALL, velocity_usd=bound)
        await log.say(POLICY, Propose((RULES[0], tighter, RULES[2])), rival)
        await log.say(POLICY, Propose(draws.choice((policy.base.rules, RULES))), other)
        await log.say(POLICY, Withdraw(log.change()), rival)
    change = log.change()
    seen = _replay(log, change)
    if seen is not None:
        await log.say(POLICY, Agree(change, seen.digest, seen.at_ms, seen.until), third)


async def _narrow(log: Log) -> None:
    """One alone has rules ask for less, or for more, by their lists."""
    draws, known = log.draws, log.states[POLICY].rules
    lists = {
        "networks": draws.choice(((), (CHAIN,), (CHAIN, 9))),
        "assets": draws.choice(((), (BTC,), (BTC, 7))),
    }
    at = draws.randrange(len(known))
    fresh = msgspec.structs.replace(known[at], **{name: lists[name] for name in draws.sample(
        sorted(lists), 2)})  # fmt: skip
    await log.say(POLICY, Propose((*known[:at], fresh, *known[at + 1 :])), draws.choice(OPERATORS))


def _replay(log: Log, change: int) -> Replay | None:
    policy = next(fold for fold in log.bed.folds if fold.number == POLICY)
    answer = policy.answer(msgspec.msgpack.encode(GetReplay(change, log.bed.clock.exchange_ms())))
    found: Replay | None = msgspec.msgpack.decode(answer, type=Replay | None)
    return found


async def fill(bed: Bed, draws: random.Random, edition: int) -> None:
    """Two days of it, or ten, under tables that follow each other, by an edition of the rules."""
    log = Log(bed, draws, edition)
    await log.open()
    await safety_log.begin(log)
    is_newer = edition >= CANCELED_GO
    seen: dict[int, int] = dict.fromkeys(DecisionState, 0)
    risen = 0
    if not is_newer:
        del seen[DecisionState.CANCELED]
    if edition >= RETURNS:
        del seen[DecisionState.CONFIRMED]  # seldom under tables that are mostly strict
    if edition >= SETS:
        del seen[DecisionState.CONFIRMING]  # nor is that
    steps: tuple[Any, ...] = (
        *(_ask, _ask, _pass_on, _judge, _judge, _judge, _judge),
        *(_by_people, _by_owners, _by_owners, safety_log.of_a_withdrawal),
        *((_judge, _by_owners, _cancel_held, _of_fees) if is_newer else ()),
    )
    by_operators = edition >= TABLE_AGREED
    tables: list[RiskTable | None] = []
    for turn in range(1, RUNS + 1):
        if by_operators and turn % 2 == 0:
            await _of_the_table(log)
            tables.append(log.states[POLICY].risk)
        if edition >= RETURNS and turn % 50 == 0:
            await _take_back(log, turn)
        if edition >= SPARED and turn % 10 == 5:
            await _contest(log)
        if edition >= SETS and turn % 45 == 8:
            await _narrow(log)
        if turn % 60 == 1:
            await log.say(POLICY, SetRisk(draws.choice(TABLES)))
            stopped = StopOwner(ALICE, bed.clock.exchange_ms() + HOUR_MS)
            await log.say(WITHDRAWALS, stopped)
        await draws.choice(steps)(log)
        for one in log.states[POLICY].decisions.values():
            seen[one.state] = seen.get(one.state, 0) + 1
        withdrawals = log.states[WITHDRAWALS].withdrawals.values()
        risen += any(one.state == WithdrawalState.FEE_ROSE for one in withdrawals)
        log.advance(3_600_000 if is_newer else 600_000)
    assert all(seen.values()), seen
    assert edition >= RETURNS or bool(risen) == is_newer
    assert edition != TABLE_AGREED or all(one in tables for one in TABLES)
    assert edition != RETURNS or _has_returned(log)
    known = log.states[POLICY].alone.values()
    assert edition < SPARED or any(one.overruled_ms for one in known)
    changes = log.states[POLICY].changes.values()
    narrowed = [one for one in changes if any(rule.assets or rule.networks for rule in one.rules)]
    held = {one.is_tightening for one in narrowed}
    assert edition < SETS or held == {True, False}, "lists were narrowed at once, and others wait"


def _has_returned(log: Log) -> bool:
    """Whether rules and a table were taken back: several agreed, and it waited for no time."""
    state = log.states[POLICY]
    agreed = [one for one in state.changes.values() if one.is_over and one.agreed and one.holds_ms]
    at_once = [one for one in agreed if one.holds_ms - one.time_ms < LOCK_MS]
    kinds = {one.number in state.tables for one in at_once}
    return kinds == {True, False}
