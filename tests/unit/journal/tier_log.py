"""A log of moves between tiers, beside the withdrawals and suspensions that they go by."""

from __future__ import annotations

import random
from typing import Any

from fullreserve.exchange import chart
from fullreserve.exchange.products import suspension_wire as stops
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    WITHDRAWALS,
    Funded,
    Hold,
    Moved,
    Refilled,
    Short,
    Tier,
)
from fullreserve.exchange.products.tier_moves_wire import (
    TIER_MOVES,
    Bind,
    End,
    GiveUp,
    Marks,
    Move,
    MoveState,
    SetMarks,
    Want,
)
from fullreserve.exchange.wire.commands import amount_bytes, amount_int
from fullreserve.exchange.wire.queries import ListBalances
from tests.bed import BTC, Bed
from tests.unit.exchange.custody_world import CHAIN, COIN, transfer
from tests.unit.journal import safety_log
from tests.unit.journal.safety_log import Log

RUNS = 400
TIERS = ((Tier.WARM, Tier.HOT), (Tier.WARM, Tier.HOT), (Tier.HOT, Tier.WARM))


def _hot(log: Log) -> int:
    """What hot has of BTC."""
    held = log.bed.sequencer.machine.query(ListBalances(owner=chart.HOUSE))
    place = (chart.CHAIN_HOT, BTC, CHAIN)
    return -sum(
        amount_int(one.balance) for one in held if (one.kind, one.asset, one.instance) == place
    )


def _marks(log: Log, *, none: bool) -> Marks:
    """About what hot has, so that a move is due as often as not."""
    draws = log.draws
    middle = _hot(log) + draws.choice((-2 * COIN, 0, 2 * COIN))
    low, target, cap = sorted(middle + draws.randrange(-2 * COIN, 2 * COIN) for _ in range(3))
    return Marks(
        *(CHAIN, BTC, amount_bytes(low), amount_bytes(target), amount_bytes(0 if none else cap)),
        *(amount_bytes(COIN // 10), amount_bytes(COIN), amount_bytes(20 * COIN)),
        while_stopped=draws.randrange(3) == 0,
    )


def _move(log: Log) -> Move | None:
    """One of the newest that are known."""
    known = list(log.states[TIER_MOVES].moves.values())
    return log.draws.choice(known[-2:]) if known else None


async def _of_marks(log: Log) -> None:
    draws = log.draws
    await log.say(TIER_MOVES, SetMarks(_marks(log, none=draws.randrange(9) == 0)))


async def _of_a_move(log: Log) -> None:
    draws, one = log.draws, _move(log)
    number = one.number if one is not None else 1
    name, binding = transfer(f"move {number}"), transfer(f"coins {number} {draws.randrange(8) > 6}")
    room = draws.choice((b"", b"", amount_bytes(draws.randrange(COIN))))
    ends = ((MoveState.DONE, name), (MoveState.OVERTAKEN, name), (MoveState.LAPSED, b""))
    words: list[Any] = [
        Want(CHAIN, BTC, *draws.choice(TIERS), place=draws.randrange(3), room=room),
        Want(CHAIN, BTC, *draws.choice(TIERS), place=draws.randrange(3), room=room),
        Bind(number, binding),
        Bind(number, binding),
        End(number, *draws.choice(ends)),
    ]
    await log.say(TIER_MOVES, draws.choice(words))


async def _carry_out(log: Log) -> None:
    """What is due goes to its end, as far as it may."""
    await log.say(TIER_MOVES, SetMarks(_marks(log, none=False)))
    for tiers in TIERS:
        await log.say(TIER_MOVES, Want(CHAIN, BTC, *tiers))
    one = _move(log)
    if one is None:
        return
    name, fee = transfer(f"move {one.number}"), amount_bytes(log.draws.randrange(900))
    await log.say(TIER_MOVES, Bind(one.number, transfer(f"coins {one.number} False")))
    moved = Moved(CHAIN, name, BTC, one.source, one.target, one.amount, fee)
    await log.say(DEPOSITS, moved)
    state = log.draws.choice((MoveState.DONE, MoveState.DONE, MoveState.OVERTAKEN))
    await log.say(TIER_MOVES, End(one.number, state, name))
    if log.draws.randrange(2):
        await log.say(TIER_MOVES, End(one.number, MoveState.LAPSED))


async def _of_coins(log: Log) -> None:
    draws = log.draws
    amount = amount_bytes(draws.randrange(1, 3 * COIN))
    tier = draws.choice((Tier.HOT, Tier.WARM))
    name = transfer(f"funded {log.bed.sequencer.machine.sequence}")
    words: list[tuple[int, Any]] = [
        (DEPOSITS, Funded(CHAIN, name, BTC, tier, amount)),
        (WITHDRAWALS, Short(CHAIN, BTC, 50)),
        (WITHDRAWALS, Refilled(CHAIN, BTC, 50)),
        (WITHDRAWALS, Hold(CHAIN, BTC, stopped=draws.randrange(6) == 0)),
    ]
    await log.say(*draws.choice(words))


async def _of_a_withdrawal(log: Log) -> None:
    if log.draws.randrange(2):
        await safety_log.of_a_withdrawal(log)
    else:
        await safety_log.pay(log, log.withdrawal())


async def _stop(log: Log) -> None:
    scope = stops.Scope(stops.Level.CHAIN, CHAIN)
    terms = stops.Terms(stops.Action.WITHDRAW, scope, stops.Mode.QUEUE, stops.Reason.NODE_DOWN)
    await log.say(stops.SUSPENSIONS, stops.Suspend(terms), log.operator())


async def _given_up(log: Log) -> None:
    """What operators agree to end, and what their command says of it; wants beside what is open."""
    draws, one = log.draws, _move(log)
    words: list[Any] = [Want(CHAIN, BTC, *tiers, beside=True) for tiers in TIERS]
    if one is not None:
        name = transfer(f"move {one.number}")
        ends = ((MoveState.OVERTAKEN, name), (MoveState.LAPSED, b""))
        words += [
            Bind(one.number, transfer(f"coins {one.number} False")),
            *(GiveUp(one.number) for _ in range(draws.randrange(3))),
            End(one.number, *draws.choice(ends), by_people=True),
        ]
    for word in words[draws.randrange(len(words)) :]:
        await log.say(TIER_MOVES, word)


def _about(middle: int) -> Marks:
    half = COIN // 2
    return Marks(
        *(CHAIN, BTC, amount_bytes(middle - half), amount_bytes(middle)),
        *(amount_bytes(middle + half), amount_bytes(COIN // 10), amount_bytes(COIN)),
        *(amount_bytes(20 * COIN), True),
    )


async def _beside(log: Log) -> None:
    """A sweep that is bound and a refill beside it, as the marks go from below hot to above it."""
    await log.say(TIER_MOVES, SetMarks(_about(_hot(log) - 2 * COIN)))
    await log.say(TIER_MOVES, Want(CHAIN, BTC, Tier.HOT, Tier.WARM, beside=True))
    for one in list(log.states[TIER_MOVES].moves.values()):
        if one.is_open and one.source == Tier.HOT:
            await log.say(TIER_MOVES, Bind(one.number, transfer(f"coins {one.number} False")))
    await log.say(TIER_MOVES, SetMarks(_about(_hot(log) + 3 * COIN)))
    await log.say(TIER_MOVES, Want(CHAIN, BTC, Tier.WARM, Tier.HOT, beside=True))


async def fill(bed: Bed, draws: random.Random, *, by_people: bool = False) -> None:
    """Two days, with a suspension and its way back now and then.

    `by_people`: with moves beside others, and with those that operators end.
    """
    log = Log(bed, draws, safety_log.OF_WITHDRAWALS)
    await log.open()
    await safety_log.begin(log)
    await log.say(
        DEPOSITS, Funded(CHAIN, transfer("warm"), BTC, Tier.WARM, amount_bytes(300 * COIN))
    )
    await log.say(TIER_MOVES, SetMarks(_marks(log, none=False)))
    steps = (
        *(_of_a_move, _of_a_move, _carry_out, _carry_out, _of_coins, _of_coins, _of_marks),
        *(_of_a_withdrawal, _of_a_withdrawal, safety_log.of_holders),
        *((_given_up, _given_up, _given_up, _beside) if by_people else ()),
    )
    were_beside, were_given_up = False, False
    for turn in range(1, RUNS + 1):
        await draws.choice(steps)(log)
        if turn % 80 == 60:
            await _stop(log)
        if turn % 80 == 0:
            await safety_log.reopen(log)
        now = log.states[TIER_MOVES]
        were_beside |= sum(one.is_open for one in now.moves.values()) > 1
        were_given_up |= bool(now.given_up)
        log.advance(800_000)
    states = {one.state for one in log.states[TIER_MOVES].moves.values()}
    ended = {MoveState.DONE, MoveState.LAPSED, MoveState.OVERTAKEN}
    assert states >= ended, states
    assert (were_beside, were_given_up) == (by_people, by_people)
