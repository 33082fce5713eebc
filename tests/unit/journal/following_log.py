"""A log of payments that reorganisations bring back: in other blocks, versions and at other fees.

It begins under the edition before, of which nothing follows.
"""

from __future__ import annotations

import random

from fullreserve.exchange.products import policy_wire
from fullreserve.exchange.products.custody_wire import (
    WITHDRAWALS,
    Bound,
    Broadcast,
    Failed,
    Heed,
    Included,
    Paid,
    Request,
    RequirePolicy,
)
from fullreserve.exchange.products.policy_rules import Category
from fullreserve.exchange.products.withdrawal_state import FINAL, FOLLOWS, WithdrawalState
from fullreserve.exchange.wire.commands import amount_bytes
from tests.bed import ALICE, BOB, BTC, Bed
from tests.unit.exchange.custody_world import CHAIN, COIN, FEE_BTC, transfer
from tests.unit.journal.safety_log import Log, begin

RUNS, FOLLOWED, POLICY_EDITION = 500, 150, 6
HOUR_MS = 3_600_000


async def _asked(log: Log) -> None:
    """Judged and bound at once."""
    owner = log.draws.choice((ALICE, BOB))
    amount = amount_bytes(log.draws.randrange(1, 9) * COIN // 1_000)
    await log.say(WITHDRAWALS, Request(CHAIN, BTC, amount, amount_bytes(FEE_BTC), 0, 1), owner)
    number = log.withdrawal()
    await log.say(policy_wire.POLICY, policy_wire.Judge(number, Category.BOOK, 7))
    await log.say(WITHDRAWALS, Heed(number))
    await log.say(WITHDRAWALS, Bound(number, transfer(f"binding {number}")))


async def _reported(log: Log) -> None:
    """Of one that is on its way, or was paid: any word that a payer has."""
    draws, table = log.draws, log.states[WITHDRAWALS].withdrawals.values()
    bound = [one.number for one in table if one.binding and one.state != WithdrawalState.FAILED]
    number = draws.choice(bound[-5:] or [log.withdrawal()])
    name, height = transfer(f"{number} {draws.randrange(3)}"), draws.randrange(9)
    fee = amount_bytes(draws.randrange(1, 1_000))
    words = (
        Broadcast(number, name, fee),
        Included(number, name, height),
        Included(number, name, height),
        Paid(number, name, height, fee),
        Paid(number, name, height, fee),
        Failed(number, 2, transfer(f"binding {number}"), transfer("other")),
    )
    await log.say(WITHDRAWALS, draws.choice(words))


async def fill(bed: Bed, draws: random.Random) -> None:
    """A month; the edition comes while some are paid and others on their way."""
    log = Log(bed, draws, POLICY_EDITION)
    await log.open()
    await begin(log)
    await log.say(WITHDRAWALS, RequirePolicy(FOLLOWS - 1))
    table = log.states[WITHDRAWALS].withdrawals
    changed = [0, 0]
    for turn in range(RUNS):
        if turn == FOLLOWED:
            assert any(one.state == WithdrawalState.SUCCESS for one in table.values())
            assert any(one.state not in FINAL for one in table.values())
            await log.say(WITHDRAWALS, RequirePolicy(FOLLOWS))
        before = {
            one.number: (one.transfer, one.height, one.network_fee)
            for one in table.values()
            if one.state == WithdrawalState.SUCCESS
        }
        await draws.choice((_asked, *7 * (_reported,)))(log)
        changed[turn >= FOLLOWED] += any(
            (one.transfer, one.height, one.network_fee) != before.get(one.number, ())
            for one in table.values()
            if one.number in before
        )
        log.advance(2 * HOUR_MS)
    assert (changed[0], changed[1] > FOLLOWED // 4) == (0, True), changed
