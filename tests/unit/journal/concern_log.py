"""A log of withdrawals about which vendors have concerns, under rules that ask the webhook."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from fullreserve.exchange.products.custody_wire import WITHDRAWALS, Heed, Request, RequirePolicy
from fullreserve.exchange.products.policy_rules import Category, Concern, Rule, Verb, Webhook
from fullreserve.exchange.products.policy_wire import (
    LOCK_MS,
    POLICY,
    Agree,
    Approve,
    GetReplay,
    Judge,
    Propose,
    Replay,
)
from fullreserve.exchange.products.withdrawal_state import (
    SHOWS_REVIEWERS,
    TRAVEL_SHOWN,
    WithdrawalState,
)
from fullreserve.exchange.wire.commands import amount_bytes
from tests.bed import ALICE, BOB, BTC, Bed
from tests.unit.exchange.custody_world import CHAIN, COIN, FEE_BTC
from tests.unit.journal import safety_log
from tests.unit.journal.safety_log import OPERATORS, RULES, Log

RUNS = 400
REFUSED_BY_HOOK = Rule(7, Verb.BLOCK, webhook=Webhook.NO)
ALLOWED_BY_HOOK = Rule(8, Verb.ALLOW, webhook=Webhook.YES)
# What operators go between: rules that do not ask, those that do and block, those that let through.
COURSES = (RULES, (REFUSED_BY_HOOK, *RULES), (REFUSED_BY_HOOK, ALLOWED_BY_HOOK, *RULES))


async def _ask(log: Log) -> None:
    amount = amount_bytes(log.draws.choice((1, 5, 20)) * COIN // 100)
    owner = log.draws.choice((ALICE, BOB))
    await log.say(WITHDRAWALS, Request(CHAIN, BTC, amount, amount_bytes(FEE_BTC), 0, 1), owner)


async def _judge(log: Log) -> None:
    """Vetted, as duty says it; half of them without any concern."""
    draws, number = log.draws, log.withdrawal()
    flags = draws.choice(list(Concern)) | draws.choice(list(Concern))
    concerns = int(flags) if draws.randrange(2) else 0
    category = draws.choice((Category.BOOK, Category.BOOK, Category.BOOK, Category.SANCTIONED))
    webhook = draws.choice(list(Webhook))
    await log.say(POLICY, Judge(number, category, 7, webhook, concerns))
    await log.say(WITHDRAWALS, Heed(number))


async def _by_people(log: Log) -> None:
    number = log.withdrawal()
    for who in log.draws.sample(OPERATORS, 2):
        await log.say(POLICY, Approve(number), who)
    await log.say(WITHDRAWALS, Heed(number))


async def _by_one_more(log: Log) -> None:
    """One person approves, and that is heeded: several are needed for what is large."""
    number = log.withdrawal()
    await log.say(POLICY, Approve(number), log.draws.choice(OPERATORS))
    await log.say(WITHDRAWALS, Heed(number))


async def _propose(log: Log) -> None:
    """A change comes into force: at once where it tightens, else agreed to and in two days."""
    proposer, other, third = log.draws.sample(OPERATORS, 3)
    await log.say(POLICY, Propose(log.draws.choice(COURSES)), proposer)
    change = max(log.states[POLICY].changes)
    policy = next(fold for fold in log.bed.folds if fold.number == POLICY)
    for who in (other, third):
        asked = GetReplay(change, log.bed.clock.exchange_ms())
        answer = policy.answer(msgspec.msgpack.encode(asked))
        seen = msgspec.msgpack.decode(answer, type=Replay)
        await log.say(POLICY, Agree(change, seen.digest, seen.at_ms, seen.until), who)
    log.bed.clock.advance(LOCK_MS)  # type: ignore[attr-defined]


async def fill(
    bed: Bed, draws: random.Random, edition: int, *, of_withdrawals: int = TRAVEL_SHOWN
) -> None:
    """A month; by an edition of the policy's rules, from 6 on by one of those of withdrawals."""
    log = Log(bed, draws, edition)
    await log.open()
    await safety_log.begin(log)
    steps: tuple[Any, ...] = (
        *(_ask, _ask, safety_log.of_a_withdrawal, safety_log.of_a_withdrawal),
        *(_judge, _judge, _judge, _by_people),
    )
    if edition >= TRAVEL_SHOWN:
        await log.say(WITHDRAWALS, RequirePolicy(of_withdrawals))
    if of_withdrawals >= SHOWS_REVIEWERS:
        steps = (*steps, _by_one_more, _by_one_more)
    shown, seen = {WithdrawalState.REVIEW_2, WithdrawalState.COMPLIANCE}, set[int]()
    for turn in range(1, RUNS + 1):
        await draws.choice(steps)(log)
        seen |= {one.state for one in log.states[WITHDRAWALS].withdrawals.values()}
        if turn % 40 > 30:
            await safety_log.of_a_stop(log)
        if turn % 40 == 0:
            await safety_log.reopen(log)
            await _propose(log)
        log.advance(1_200_000)
    assert log.states[POLICY].concerns
    assert (shown <= seen) == (of_withdrawals >= SHOWS_REVIEWERS)
