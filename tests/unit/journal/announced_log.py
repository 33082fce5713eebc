"""A log of moves by hand: operators agree on them, the watcher sees some, some are posted."""

from __future__ import annotations

import random
from typing import Any

from fullreserve.exchange.products.announced_moves import (
    COIN_LEAST,
    FEE_MOST,
    POSTED_WITHIN_MS,
    AnnouncedState,
)
from fullreserve.exchange.products.approval_acts import (
    AnnounceMove,
    Approve,
    Enrol,
    Propose,
    Report,
)
from fullreserve.exchange.products.approval_state import CONSOLE, ProposalState
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    WITHDRAWALS,
    Announce,
    EndAnnounced,
    Funded,
    Moved,
    SawAnnounced,
    Tier,
)
from fullreserve.exchange.wire.commands import amount_bytes
from tests.bed import BTC, Bed
from tests.unit.exchange.custody_world import CHAIN, COIN, NETWORKS, transfer
from tests.unit.journal.safety_log import Log

RUNS = 300
OPERATORS = (10_000_101, 10_000_102, 10_000_103)
TIERS = (Tier.HOT, Tier.WARM, Tier.COLD, Tier.WARM, Tier.COLD)
MINUTE_MS = 60_000


async def _agreed(log: Log) -> None:
    """One proposes, another approves, and whoever took that says it to the fold of deposits."""
    draws = log.draws
    source, target = draws.sample(TIERS, 2)
    amount, least = draws.choice((0, 1, COIN_LEAST, COIN, 2 * COIN, 3 * COIN)), draws.randrange(600)
    act = AnnounceMove(
        network=CHAIN,
        asset=BTC,
        source=source,
        target=target,
        amount=amount_bytes(amount),
        fee_least=amount_bytes(least),
        fee_most=amount_bytes(draws.choice((500, 500, 500, COIN_LEAST, FEE_MOST, FEE_MOST + 1))),
        lasts_ms=draws.choice((5, 15, 30, 120)) * MINUTE_MS,
    )
    first, second = draws.sample(OPERATORS, 2)
    await log.say(Approvals.number, Propose(act, MINUTE_MS, 7, by_teams=True), first)
    number = max(log.states[Approvals.number].proposals, default=0)
    await log.say(Approvals.number, Approve(number, reports=True), second)
    proposal = log.states[Approvals.number].proposals.get(number)
    if proposal is None or proposal.state is not ProposalState.CARRYING:
        return
    way = (act.network, number, act.asset, act.source, act.target)
    told = Announce(*way, act.amount, act.fee_least, act.fee_most, act.lasts_ms)
    for _ in range(draws.randrange(1, 3)):
        await log.say(DEPOSITS, told)
    await log.say(Approvals.number, Report(number, draws.choice((0, 0, 91_013))))


async def _of_one(log: Log) -> None:
    draws, table = log.draws, log.states[DEPOSITS].announced
    known = [one for one in table.values() if one.is_open] + list(table.values())[-2:]
    if not known:
        return
    one = draws.choice(known)
    # Now and then an old one again, or one that nobody announced: it may be posted before.
    said = one.number if draws.randrange(4) else draws.choice(list(table))
    name, fee = transfer(f"by hand {said}"), amount_bytes(draws.randrange(900))
    announced = one.number if draws.randrange(6) else 0
    source, target = one.source, one.target
    if not draws.randrange(6):
        source, target = Tier.WARM, Tier.HOT
    moved = Moved(CHAIN, name, BTC, source, target, one.amount, fee, announced)
    words: list[Any] = [
        SawAnnounced(CHAIN, one.number, draws.randrange(1, 99)),
        SawAnnounced(CHAIN, one.number, draws.randrange(1, 99)),
        EndAnnounced(CHAIN, one.number, expired=True),
        EndAnnounced(CHAIN, one.number, expired=draws.randrange(3) > 0),
        moved,
        moved,
    ]
    await log.say(DEPOSITS, draws.choice(words))


async def fill(bed: Bed, draws: random.Random) -> None:
    """Three days; every way in which a move by hand ends is among it."""
    log = Log(bed, draws, 0)
    await log.open()
    for terms in NETWORKS:
        for fold in (DEPOSITS, WITHDRAWALS):
            await log.say(fold, terms)
    for member in OPERATORS:
        await log.say(Approvals.number, Enrol(CONSOLE, member))
    for tier in (Tier.HOT, Tier.WARM, Tier.COLD):
        held = amount_bytes(50 * COIN)
        await log.say(DEPOSITS, Funded(CHAIN, transfer(f"tier {tier}"), BTC, tier, held))
    for _ in range(RUNS):
        await draws.choice((_agreed, _of_one, _of_one))(log)
        log.advance(15 * MINUTE_MS)
    await _at_last(log, bed)
    table = log.states[DEPOSITS].announced.values()
    assert {one.state for one in table} == set(AnnouncedState)
    # Of both kinds: seen and never posted, and not seen.
    expired = {bool(one.height) for one in table if one.state == AnnouncedState.EXPIRED}
    assert expired == {True, False}


async def _at_last(log: Log, bed: Bed) -> None:
    """One that was seen and is not posted for a day, one that nobody has seen, and one on chain."""
    table = log.states[DEPOSITS].announced
    for one in [one for one in table.values() if one.is_open]:
        await log.say(DEPOSITS, EndAnnounced(CHAIN, one.number))
    last = max(table)
    terms = (amount_bytes(COIN), amount_bytes(0), amount_bytes(500), 15 * MINUTE_MS)
    for number in range(last + 1, last + 4):
        await log.say(DEPOSITS, Announce(CHAIN, number, BTC, Tier.WARM, Tier.COLD, *terms))
        if number != last + 2:
            await log.say(DEPOSITS, SawAnnounced(CHAIN, number, 99))
        if number == last + 1:
            for wait_ms in (15 * MINUTE_MS, POSTED_WITHIN_MS):
                bed.clock.advance(wait_ms)  # type: ignore[attr-defined]
                await log.say(DEPOSITS, EndAnnounced(CHAIN, number, expired=True))
