"""A log of coins that nobody asked for, and of two teams that say whose they are."""

from __future__ import annotations

import random

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.products.approval_acts import AllotCoins, Approve, Propose, Report
from fullreserve.exchange.products.approval_state import ProposalState
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    Allotted,
    CameUnasked,
    Funded,
    Tier,
)
from fullreserve.exchange.wire.commands import OwnerFlag, SetOwner, amount_bytes, amount_int
from tests.bed import ALICE, BOB, BTC, Bed, submit
from tests.unit.exchange.custody_world import CHAIN, COIN, transfer
from tests.unit.journal.losses_log import IMPOSSIBLE, MINUTE_MS, OPERATORS, begin
from tests.unit.journal.safety_log import Log

RUNS = 200
NOBODY = 424_242
TIERS = (Tier.HOT, Tier.WARM, Tier.COLD)


async def _came(log: Log) -> None:
    """Strangers send some; now and then it is told twice, or as the house's own before."""
    draws = log.draws
    name = transfer(f"gift {draws.randrange(50)}")
    terms = (CHAIN, name, BTC, draws.choice(TIERS), amount_bytes(draws.randrange(2 * COIN)))
    if not draws.randrange(6):
        await log.say(DEPOSITS, Funded(*terms))
    for _ in range(draws.randrange(1, 3)):
        await log.say(DEPOSITS, CameUnasked(*terms))


async def _agreed(log: Log) -> None:
    """One proposes, another approves, and whoever took that says it to the fold of deposits."""
    draws, left = log.draws, log.states[DEPOSITS].unallotted
    if not left:
        return
    one = draws.choice(list(left.values()))
    # All, a part, or more than is left.
    amount = draws.choice((amount_int(one.left), amount_int(one.left) // 2, COIN))
    owner = draws.choice((ALICE, BOB, chart.HOUSE, NOBODY))
    act = AllotCoins(owner, CHAIN, one.terms.transfer, amount_bytes(amount))
    first, second = draws.sample(OPERATORS, 2)
    await log.say(Approvals.number, Propose(act, MINUTE_MS, 7, by_teams=True), first)
    number = max(log.states[Approvals.number].proposals, default=0)
    await log.say(Approvals.number, Approve(number, reports=True), second)
    proposal = log.states[Approvals.number].proposals.get(number)
    if proposal is None or proposal.state is not ProposalState.CARRYING:
        return
    told = Allotted(CHAIN, number, act.transfer, owner, act.amount, (first, second))
    for _ in range(draws.randrange(1, 3)):
        await log.say(DEPOSITS, told)
    if not draws.randrange(4):
        # What a second process would never say: another owner under the same number.
        await log.say(DEPOSITS, msgspec.structs.replace(told, owner=ALICE))
    is_made = number in log.states[DEPOSITS].allotments
    await log.say(Approvals.number, Report(number, 0 if is_made else IMPOSSIBLE))


async def _frozen(log: Log) -> None:
    """BOB is frozen, or is not any more."""
    flags = log.draws.choice((OwnerFlag.FROZEN, OwnerFlag(0)))
    frozen = SetOwner(log.door.gateway, log.door.numbers(1), BOB, 0, 0, flags, 0)
    await submit(log.door, [frozen])


async def fill(bed: Bed, draws: random.Random) -> None:
    """Two days; all and parts of what came become users' and the house's, and some stays owed."""
    log = Log(bed, draws, 0)
    await begin(log)
    for _ in range(RUNS):
        await draws.choice((_came, _came, _agreed, _agreed, _frozen))(log)
        log.advance(15 * MINUTE_MS)
    state = log.states[DEPOSITS]
    made = state.allotments.values()
    assert {one.terms.owner for one in made} == {ALICE, BOB, chart.HOUSE}
    assert {one.terms.amount == one.came.amount for one in made} == {True, False}
    assert state.unallotted
