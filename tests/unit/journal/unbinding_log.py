"""A log of payments whose lanes' keys are lost: two teams let them go, and other lanes pay them."""

from __future__ import annotations

import random

from fullreserve.exchange.products import policy_wire
from fullreserve.exchange.products.approval_acts import (
    Approve,
    BoundPayment,
    Propose,
    Report,
    UnbindPayments,
)
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.custody_wire import (
    WITHDRAWALS,
    Bound,
    Broadcast,
    Cancel,
    Decide,
    Heed,
    MayUnbind,
    Paid,
    Request,
    RequirePolicy,
    Settle,
    Unbound,
)
from fullreserve.exchange.products.policy_rules import Category
from fullreserve.exchange.products.withdrawal_state import FINAL, Withdrawal, WithdrawalState
from fullreserve.exchange.wire.commands import OwnerFlag, SetOwner, amount_bytes
from tests.bed import ALICE, BOB, BTC, Bed, submit
from tests.unit.exchange.custody_world import CHAIN, COIN, FEE_BTC, transfer
from tests.unit.journal.safety_log import OPERATORS, Log, begin

RUNS = 220
EDITION, POLICY_EDITION = 15, 6
LANES = 4
HOUR_MS = 3_600_000
GAS = amount_bytes(10)
IMPOSSIBLE = 91_013


async def _asked(log: Log) -> None:
    """Judged at once; some of it is bound, and of that some is given to the chain."""
    owner = log.draws.choice((ALICE, BOB))
    amount = amount_bytes(log.draws.randrange(1, 9) * COIN // 1_000)
    await log.say(WITHDRAWALS, Request(CHAIN, BTC, amount, amount_bytes(FEE_BTC), 0, 1), owner)
    number = log.withdrawal()
    await log.say(policy_wire.POLICY, policy_wire.Judge(number, Category.BOOK, 7))
    await log.say(WITHDRAWALS, Heed(number))


def _open(log: Log) -> int:
    """One of the oldest that have not come to their end."""
    table = log.states[WITHDRAWALS].withdrawals.values()
    found = [one.number for one in table if one.state not in FINAL]
    return int(log.draws.choice(found[:5] or [1]))


async def _planned(log: Log) -> None:
    """By any lane, which may be one that it was let go of."""
    lane = transfer(f"lane {log.draws.randrange(LANES)}")
    await log.say(WITHDRAWALS, Bound(_open(log), lane))


async def _paid(log: Log) -> None:
    number = _open(log)
    await log.say(WITHDRAWALS, Broadcast(number, transfer(f"{number}"), GAS))
    if log.draws.randrange(2):
        await log.say(WITHDRAWALS, Paid(number, transfer(f"{number}"), 9, GAS))


async def _let_go(log: Log) -> None:
    """Of one or two that are bound; one in three of the words is said before anybody agreed."""
    table = log.states[WITHDRAWALS].withdrawals.values()
    found = [one for one in table if one.binding and one.state == WithdrawalState.WAITING][-2:]
    if not found:
        return
    payments = tuple(BoundPayment(one.number, one.binding) for one in found)
    first, second = log.draws.sample(OPERATORS, 2)
    act = UnbindPayments(CHAIN, payments)
    await log.say(Approvals.number, Propose(act, HOUR_MS, 7, by_teams=True), first)
    number = max(log.states[Approvals.number].proposals)
    if log.draws.randrange(3):
        await log.say(Approvals.number, Approve(number, reports=True), second)
    for one in payments:
        await log.say(WITHDRAWALS, MayUnbind(one.withdrawal, one.binding, number))
    await log.say(Approvals.number, Report(number, log.draws.choice((0, 0, IMPOSSIBLE))))
    for one in payments:
        if log.draws.randrange(4):
            await log.say(WITHDRAWALS, Unbound(one.withdrawal, one.binding))


async def _ended(log: Log) -> None:
    """What waits is refused, or its owner is frozen for a while and takes it back."""
    number = _open(log)
    if log.draws.randrange(2):
        await log.say(WITHDRAWALS, Decide(number, WithdrawalState.FAILED, 5))
        return
    for flags in (OwnerFlag.FROZEN, 0):
        door = log.door
        owner = SetOwner(door.gateway, door.numbers(1), ALICE, 0, 1, flags, 1)
        await submit(door, [owner])
        await log.say(WITHDRAWALS, Settle(0, 50))
        if flags:
            await log.say(WITHDRAWALS, Cancel(number), log.draws.choice((ALICE, BOB)))


async def fill(bed: Bed, draws: random.Random) -> None:
    """Ten days; what was let go was paid by another lane, refunded, and still waits."""
    log = Log(bed, draws, POLICY_EDITION)
    await log.open()
    await begin(log)
    await log.say(WITHDRAWALS, RequirePolicy(EDITION))
    steps = (_asked, _asked, _planned, _planned, _let_go, _let_go, _paid, _ended)
    state, waited = log.states[WITHDRAWALS], 0
    for _ in range(RUNS):
        await draws.choice(steps)(log)
        log.advance(2 * HOUR_MS)
        waited += bool(state.may_unbind)
    gone: list[Withdrawal] = [state.withdrawals[number] for number in state.unbound]
    ends = {WithdrawalState(one.state) for one in gone}
    assert {WithdrawalState.SUCCESS, WithdrawalState.FAILED} <= ends, ends
    assert any(one.binding for one in gone), "none was bound anew"
    assert any(len(each) > 1 for each in state.unbound.values()), "none was let go twice"
    assert waited, "none waits for its payer"
