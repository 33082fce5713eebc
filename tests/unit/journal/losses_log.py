"""A log of losses: two teams agree on coins that are gone for good, and the ledger hears of it."""

from __future__ import annotations

import random

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.products.approval_acts import (
    Approve,
    AssignTeam,
    BookLoss,
    Enrol,
    Propose,
    Report,
)
from fullreserve.exchange.products.approval_state import CONSOLE, ProposalState
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    WITHDRAWALS,
    AdoptDeposits,
    Funded,
    Lost,
    Moved,
    Tier,
)
from fullreserve.exchange.products.deposit_losses import PAYERS
from fullreserve.exchange.wire.commands import (
    AccountKey,
    Transfer,
    amount_bytes,
    amount_int,
)
from fullreserve.exchange.wire.queries import ListBalances
from tests.bed import ALICE, BTC, Bed, submit
from tests.unit.exchange.custody_world import CHAIN, COIN, NETWORKS, transfer
from tests.unit.journal.safety_log import Log

RUNS = 200
EDITION = 4  # of the rules of deposits; they are the same for losses in all
OPERATORS = (10_000_101, 10_000_102, 10_000_103)
TIERS = (Tier.HOT, Tier.WARM, Tier.COLD, Tier.DEPOSIT)
MINUTE_MS = 60_000
IMPOSSIBLE = 91_013


async def _agreed(log: Log) -> None:
    """One proposes, another approves, and whoever took that says it to the fold of deposits."""
    draws = log.draws
    theft = transfer(f"theft {draws.randrange(60)}")
    amount = amount_bytes(draws.choice((0, 1, COIN // 3, COIN, 2 * COIN, 9 * COIN)))
    act = BookLoss(CHAIN, BTC, draws.choice(TIERS), amount, theft, draws.choice(PAYERS))
    first, second = draws.sample(OPERATORS, 2)
    await log.say(Approvals.number, Propose(act, MINUTE_MS, 7, by_teams=True), first)
    number = max(log.states[Approvals.number].proposals, default=0)
    await log.say(Approvals.number, Approve(number, reports=True), second)
    proposal = log.states[Approvals.number].proposals.get(number)
    if proposal is None or proposal.state is not ProposalState.CARRYING:
        return
    terms = (act.network, number, act.asset, act.tier, act.amount, act.transfer, act.account)
    told = Lost(*terms, proposal.note, (first, second))
    for _ in range(draws.randrange(1, 3)):
        await log.say(DEPOSITS, told)
    if not draws.randrange(4):
        # What a second process would never say: other terms under the same number.
        await log.say(DEPOSITS, msgspec.structs.replace(told, amount=amount_bytes(1)))
    is_booked = number in log.states[DEPOSITS].losses
    await log.say(Approvals.number, Report(number, 0 if is_booked else IMPOSSIBLE))


async def _coins(log: Log) -> None:
    """More comes from outside, or goes from tier to tier."""
    draws = log.draws
    source, target = draws.sample(TIERS, 2)
    name, some = transfer(f"coins {draws.random()}"), amount_bytes(draws.randrange(2 * COIN))
    if draws.randrange(2):
        await log.say(DEPOSITS, Funded(CHAIN, name, BTC, target, some))
        return
    fee = amount_bytes(draws.randrange(900))
    await log.say(DEPOSITS, Moved(CHAIN, name, BTC, source, target, some, fee))


async def _insured(log: Log) -> None:
    """The treasury puts something into the insurance fund."""
    some = log.draws.randrange(1, COIN)
    await _paid_out(log, AccountKey(chart.HOUSE, chart.INSURANCE, 0), some)


async def _spent(log: Log) -> None:
    """The treasury has less than a coin left."""
    held = log.bed.sequencer.machine.query(ListBalances(owner=chart.HOUSE))
    has = {(one.kind, one.asset): amount_int(one.balance) for one in held}
    rest = has.get((chart.TREASURY, BTC), 0) - log.draws.randrange(COIN)
    await _paid_out(log, AccountKey(ALICE, chart.FUND, 0), rest)


async def _paid_out(log: Log, target: AccountKey, amount: int) -> None:
    treasury = AccountKey(chart.HOUSE, chart.TREASURY, 0)
    terms = (chart.HOUSE, treasury, target, BTC, amount_bytes(amount))
    await submit(log.door, [Transfer(log.door.gateway, log.door.numbers(1), *terms)])


async def fill(bed: Bed, draws: random.Random, edition: int = EDITION) -> None:
    """Two days; losses that somebody paid whole, in part and not at all are among it."""
    log = Log(bed, draws, 0)
    await begin(log)
    if edition > EDITION:
        await log.say(DEPOSITS, AdoptDeposits(edition))
    for _ in range(RUNS):
        await draws.choice((_agreed, _agreed, _coins, _coins, _insured, _spent))(log)
        log.advance(15 * MINUTE_MS)
    losses = log.states[DEPOSITS].losses.values()
    assert {one.terms.account for one in losses} == set(PAYERS)
    parts = {(amount_int(one.paid), amount_int(one.terms.amount)) for one in losses}
    kinds = {"whole" if paid == all_ else "part" if paid else "none" for paid, all_ in parts}
    assert kinds == {"whole", "part", "none"}, kinds


async def begin(log: Log) -> None:
    """Networks, and operators in teams."""
    await log.open()
    for terms in NETWORKS:
        for fold in (DEPOSITS, WITHDRAWALS):
            await log.say(fold, terms)
    await log.say(DEPOSITS, AdoptDeposits(EDITION))
    for member in OPERATORS:
        await log.say(Approvals.number, Enrol(CONSOLE, member))
    await _in_teams(log)


async def _in_teams(log: Log) -> None:
    """The first operator is in a team, the others in another."""
    for member, team in zip(OPERATORS, (1, 2, 2), strict=True):
        first, second = (one for one in OPERATORS if one != member)
        act = AssignTeam(CONSOLE, member, team)
        await log.say(Approvals.number, Propose(act, MINUTE_MS, 7, by_teams=True), first)
        number = max(log.states[Approvals.number].proposals)
        await log.say(Approvals.number, Approve(number), second)
