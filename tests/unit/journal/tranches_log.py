"""A random log of requests that drains pay in tranches: broken off, canceled, judged, refused."""

from __future__ import annotations

import random

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.products import policy_wire
from fullreserve.exchange.products import suspension_wire as stops
from fullreserve.exchange.products.custody_wire import (
    WITHDRAWALS,
    AgreeToFee,
    Bound,
    Cancel,
    Drain,
    Heed,
    Paid,
    QuoteFee,
    Request,
    RequirePolicy,
)
from fullreserve.exchange.products.policy_rules import Category
from fullreserve.exchange.products.suspension_state import SuspensionState
from fullreserve.exchange.products.withdrawal_state import (
    COUNTS_LACKS,
    ListParts,
    Parts,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.wire.queries import AskFold
from tests.bed import ALICE, BOB, BTC, Bed
from tests.unit.exchange.custody_world import CHAIN, COIN, FEE_BTC, NETWORKS, transfer
from tests.unit.journal import safety_log
from tests.unit.journal.safety_log import OPERATORS, Log

STOPPED, TICKS = 40, 12
TENTH = COIN // 10
OF_POLICY = 7


class Splitting(Log):
    """A log whose drains have so many ticks after which a request comes first; 0: none.

    Of as many ticks as `quoted_of` one is followed by a quote; after a tick so many of three that
    are due are left `unpaid`. `lacked`: withdrawals that have held less than their share of the fee
    that was agreed to.
    """

    max_wait = 0
    quoted_of, unpaid = 12, 1
    lacked: frozenset[int] = frozenset()


async def fill(
    bed: Bed, draws: random.Random, edition: int, stopping: int, max_wait: int = 0
) -> None:
    """Writes the log, by an edition of the rules of withdrawals and of suspensions."""
    log = Splitting(bed, draws, OF_POLICY)
    log.max_wait = max_wait
    if edition >= COUNTS_LACKS:
        log.quoted_of, log.unpaid = 2, 2
    await log.open()
    await safety_log.begin(log)
    await log.say(WITHDRAWALS, RequirePolicy(edition))
    await log.say(stops.SUSPENSIONS, stops.Adopt(stopping))
    for _ in range(STOPPED):
        await _stopped(log, draws.choice((ALICE, BOB)))
        log.advance(safety_log.DAY_MS)
    state = log.states[WITHDRAWALS]
    ends = {state.withdrawals[number].state for number in state.parts}
    wanted = (WithdrawalState.SUCCESS, WithdrawalState.CANCELED, WithdrawalState.FAILED)
    assert ends.issuperset(wanted), ends
    assert any(len(each.tranches) > 1 for each in state.split_logs.values())
    # Tranches did, and requests once they were back.
    lacked = (log.lacked & state.parts.keys(), log.lacked & state.splits.keys())
    assert edition < COUNTS_LACKS or all(lacked), lacked


async def _stopped(log: Splitting, owner: int) -> None:
    """One user's withdrawals, from the stop to its end, or until it is broken off for good."""
    draws = log.draws
    terms = stops.Terms(
        stops.Action.WITHDRAW, stops.Scope(stops.Level.USER, key=owner), stops.Mode.QUEUE,
        stops.Reason.REGULATORY_ORDER,
    )  # fmt: skip
    await log.say(stops.SUSPENSIONS, stops.Suspend(terms), OPERATORS[0])
    number = max(log.states[stops.SUSPENSIONS].suspensions)
    for _ in range(draws.randrange(1, 4)):
        amount = amount_bytes(draws.randrange(3, 50) * TENTH)
        fee = _fee(log)
        split = draws.randrange(4) > 0
        asked = Request(CHAIN, BTC, amount, fee, 0, 1, allow_split=split)
        await log.say(WITHDRAWALS, asked, owner)
    for _ in range(8):
        if await _drained(log, number, owner):
            return
        await log.settle()


def _fee(log: Log) -> bytes:
    quote = log.states[WITHDRAWALS].fees.get(CHAIN, {}).get(BTC)
    is_quoted = quote is not None and log.bed.clock.exchange_ms() < quote.until_ms
    return bytes(quote.fee) if is_quoted else amount_bytes(FEE_BTC)


async def _drained(log: Splitting, number: int, owner: int) -> bool:
    """Whether it came to its end."""
    draws = log.draws
    budgets = tuple(
        stops.Budget(one.network, line.asset, amount_bytes(10 * COIN), 5)
        for one in NETWORKS
        for line in one.assets
    )
    for word, who in (
        (stops.Plan(number, 0, budgets, 1_000, log.max_wait), OPERATORS[0]),
        (stops.Check(number), OPERATORS[0]),
        (stops.SignOff(number), OPERATORS[1]),
        (stops.SignOff(number), OPERATORS[2]),
    ):
        await log.say(stops.SUSPENSIONS, word, who)
    for _ in range(TICKS):
        await log.survey(number)
        await log.say(stops.SUSPENSIONS, stops.Advance(number, transfer("seed")), chart.HOUSE)
        if log.states[stops.SUSPENSIONS].suspensions[number].state >= SuspensionState.LIFTED:
            await log.settle()
            return True
        budget = amount_bytes(draws.randrange(1, 15) * TENTH)
        slots = draws.randrange(1, 4)
        await log.say(WITHDRAWALS, Drain(CHAIN, BTC, budget, slots, number, log.max_wait))
        await _some_end(log, owner)
        if draws.randrange(6) == 0:
            await log.say(stops.SUSPENSIONS, stops.Fall(number), OPERATORS[1])
            await log.settle()
            return False
        log.bed.clock.advance(1_000)  # type: ignore[attr-defined]
    return False


async def _some_end(log: Splitting, owner: int) -> None:
    """What is due is judged and paid, or not yet; now and then something is canceled or quoted."""
    draws, state = log.draws, log.states[WITHDRAWALS]
    for one in [each for each in state.withdrawals.values() if each.owner == owner]:
        is_due = one.state in (WithdrawalState.WAITING, WithdrawalState.REVIEW)
        if is_due and draws.randrange(3) >= log.unpaid:
            await _paid(log, one)
        elif one.state == WithdrawalState.FEE_ROSE:
            await log.say(WITHDRAWALS, AgreeToFee(one.number, _asked(log, one.number)), owner)
    waiting = [
        one.number
        for one in state.withdrawals.values()
        if one.owner == owner and one.state in (WithdrawalState.QUEUED, WithdrawalState.FEE_ROSE)
    ]
    if waiting and draws.randrange(8) == 0:
        await log.say(WITHDRAWALS, Cancel(draws.choice(waiting)), owner)
    log.lacked |= state.lacking.keys()
    if draws.randrange(log.quoted_of) == 0:
        least, fee, most = (
            amount_bytes(FEE_BTC * each // 4) for each in (1, draws.choice((2, 9)), 9)
        )
        until_ms = log.bed.clock.exchange_ms() + 60_000
        await log.say(WITHDRAWALS, QuoteFee(CHAIN, BTC, least, fee, most, until_ms))


def _asked(log: Log, number: int) -> bytes:
    """The fee that its owner is to agree to; of all that is asked for, where one word is for it."""
    state = log.states[WITHDRAWALS]
    if state.request_of(number) not in state.split_fees:
        return _fee(log)
    question = ListParts((number,), log.bed.clock.exchange_ms())
    asked = AskFold(WITHDRAWALS, msgspec.msgpack.encode(question))
    found = log.bed.sequencer.machine.query(asked)
    return msgspec.msgpack.decode(found, type=list[Parts])[0].fee


async def _paid(log: Log, one: Withdrawal) -> None:
    """By its request's decision, which now and then is that nothing goes there."""
    state, number = log.states[WITHDRAWALS], one.number
    category = Category.SANCTIONED if log.draws.randrange(4) == 0 else Category.BOOK
    await log.say(policy_wire.POLICY, policy_wire.Judge(number, category, safety_log.DAY_MS))
    for who in OPERATORS[:2]:
        await log.say(policy_wire.POLICY, policy_wire.Approve(state.request_of(number)), who)
    await log.say(WITHDRAWALS, Heed(number))
    if log.draws.randrange(5):
        await log.say(WITHDRAWALS, Bound(number, transfer(f"b{number}")))
        await log.say(WITHDRAWALS, Paid(number, transfer(str(number)), 9, amount_bytes(7)))
