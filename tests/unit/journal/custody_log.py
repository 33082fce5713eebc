"""A log of custody: deposits and withdrawals of two owners with everything a chain may do."""

from __future__ import annotations

import random

import msgspec

from fullreserve.door.local import LocalDoor
from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    WITHDRAWALS,
    AdoptDeposits,
    AssignAddress,
    Bound,
    Cancel,
    Confirmed,
    Failed,
    Hold,
    Orphaned,
    Paid,
    Payload,
    Request,
    Screened,
    Seen,
    Settle,
    Stop,
    Tip,
)
from fullreserve.exchange.products.deposit_state import (
    FREED,
    INTERCEPTS,
    KEPT_AT_REST,
    STOPS,
    DepositState,
)
from fullreserve.exchange.wire.commands import (
    AccountKey,
    OwnerFlag,
    Product,
    SetOwner,
    Side,
    Transfer,
    amount_bytes,
)
from tests.bed import ALICE, BOB, BTC, Bed, place, submit
from tests.unit.exchange.custody_world import CHAIN, COIN, FEE_BTC, NETWORKS, transfer

RUNS = 400


def reports(draws: random.Random, height: int, numbers: list[int]) -> tuple[int, int, Payload]:
    """Fold, owner and payload of a random step."""
    name, house = transfer(str(draws.randrange(40))), chart.HOUSE
    block, owner = transfer(f"block {height}"), draws.choice((ALICE, BOB))
    number = draws.choice(numbers[-3:] or [1])
    usd = amount_bytes(draws.randrange(1, 5) * COIN // 10)
    steps: list[tuple[int, int, Payload]] = [
        (DEPOSITS, house, Seen(CHAIN, name, BTC, 1 + name[0] % 2, 0, usd, 3, height, block)),
        (DEPOSITS, house, Confirmed(CHAIN, name, draws.randrange(1, 4))),
        (DEPOSITS, house, Confirmed(CHAIN, name, draws.randrange(1, 4))),
        (DEPOSITS, house, Orphaned(CHAIN, name, height - draws.randrange(3))),
        (DEPOSITS, house, Hold(CHAIN, 0, stopped=draws.randrange(3) == 0)),
        (WITHDRAWALS, owner, Request(CHAIN, BTC, usd, amount_bytes(FEE_BTC), 0, 1, name[:8])),
        (WITHDRAWALS, owner, Request(0, BTC, usd, amount_bytes(0), 1, BOB)),
        (WITHDRAWALS, owner, Cancel(number)),
        (WITHDRAWALS, house, Bound(number, transfer(str(number)))),
        (WITHDRAWALS, house, Paid(number, name, height, amount_bytes(7))),
        (WITHDRAWALS, house, Failed(number, 1, transfer(str(number)), name)),
        (WITHDRAWALS, house, Hold(CHAIN, BTC, stopped=draws.randrange(3) == 0)),
    ]
    return draws.choice(steps)


def _stops(edition: int) -> tuple[DepositState, ...]:
    other = DepositState.INTERCEPTED if edition >= INTERCEPTS else DepositState.BLACKLISTED
    return DepositState.BLACKLISTED, other, DepositState.CREDITED


def _with_screening(
    draws: random.Random, step: tuple[int, int, Payload], *, screens: bool
) -> list[tuple[int, int, Payload]]:
    """The step, with what is seen unscreened, and sometimes the word that it was screened."""
    if not screens:
        return [step]
    fold, owner, word = step
    if isinstance(word, Seen):
        word = msgspec.structs.replace(word, unscreened=True)
    steps = [(fold, owner, word)]
    if draws.randrange(3) == 0:
        name, known = transfer(str(draws.randrange(40))), (DepositState.CREDITED, *STOPS)
        screened = Screened(CHAIN, name, draws.choice(known))
        steps.append((DEPOSITS, chart.HOUSE, screened))
    return steps


async def _fund(door: LocalDoor) -> None:
    for owner, side in ((BOB, Side.SELL), (ALICE, Side.BUY)):
        await place(door, owner, side, 400_000, 10_000)
        source, target = (AccountKey(owner, kind, 0) for kind in (chart.TRADE, chart.FUND))
        half = amount_bytes(50 * COIN)
        await submit(door, [Transfer(1, door.numbers(1), owner, source, target, BTC, half)])


async def fill(bed: Bed, draws: random.Random, edition: int = 0, *, screens: bool = False) -> None:
    """Writes the log: networks, addresses, then blocks and reports at random.

    By an edition of the rules of deposits, which from 1 on are settled a few at a time.
    """
    door = await bed.door()

    async def say(fold: int, owner: int, payload: Payload) -> None:
        encoded = msgspec.msgpack.encode(payload)
        await submit(door, [Product(1, door.numbers(1), fold, owner, encoded)])

    for terms in NETWORKS:
        for fold in (DEPOSITS, WITHDRAWALS):
            await say(fold, chart.HOUSE, terms)
    if edition:
        await say(DEPOSITS, chart.HOUSE, AdoptDeposits(edition))
    for owner in (ALICE, BOB):
        await say(DEPOSITS, owner, AssignAddress(CHAIN))
    await _fund(door)
    known = bed.folds[1].state
    height = 100
    for _ in range(RUNS):
        if draws.randrange(4) == 0:
            height += 1
            tip = Tip(CHAIN, height, transfer(f"block {height}"), draws.randrange(8) > 0)
            await say(DEPOSITS, chart.HOUSE, tip)
            deposits = [one.number for one in bed.folds[0].state.deposits.values()]
            for after in (0, *deposits[::3]) if edition else ():
                await say(DEPOSITS, chart.HOUSE, Settle(after, draws.randrange(1, 9)))
        step = reports(draws, height, sorted(known.withdrawals))
        for each in _with_screening(draws, step, screens=screens):
            await say(*each)
        if edition >= KEPT_AT_REST and draws.randrange(6) == 0:
            name = transfer(str(draws.randrange(40)))
            await say(DEPOSITS, chart.HOUSE, Stop(CHAIN, name, draws.choice(_stops(edition))))
        if edition >= FREED and draws.randrange(9) == 0:
            flags = draws.choice((OwnerFlag.FROZEN, OwnerFlag(0)))
            await submit(door, [SetOwner(1, door.numbers(1), ALICE, 0, 0, flags, 0)])
        bed.clock.advance(draws.randrange(0, 3_000))  # type: ignore[attr-defined]
