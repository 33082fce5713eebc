"""A random log of deposits that a chain takes back from who has spent or offered them."""

from __future__ import annotations

import random

import msgspec

from fullreserve.door.local import LocalDoor
from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    AdoptDeposits,
    AssignAddress,
    Confirmed,
    Moved,
    Orphaned,
    Payload,
    Replaced,
    Screened,
    Seen,
    Settle,
    Stop,
    Tier,
    Tip,
)
from fullreserve.exchange.products.deposit_state import (
    BY_ITSELF,
    REJOINS,
    RETURNS,
    STOPS,
    STRICTER,
    Deposit,
    DepositState,
)
from fullreserve.exchange.wire.commands import (
    AccountKey,
    InstrumentState,
    OwnerFlag,
    Product,
    SetInstrumentState,
    SetOwner,
    SetSuspension,
    Side,
    Suspended,
    SuspensionLevel,
    Transfer,
    amount_bytes,
    amount_int,
)
from fullreserve.exchange.wire.queries import ListBalances
from tests.bed import ALICE, BOB, BTC, Bed, place, submit
from tests.unit.exchange.custody_world import CHAIN, COIN, NETWORKS, USDT, network, transfer

RUNS, NAMES = 1_500, 12
PAIR, DEAR, USUAL = 1, 110_000, 90_000
ALL = 100 * 10**5  # that she has at first
LEAST = COIN  # half of what is drawn is less
DECIMALS, BELOW = 18, 10**10  # of its chain, and a unit of the ledger's scale there


async def fill(bed: Bed, draws: random.Random, edition: int) -> None:
    """Writes the log, by an edition of the rules of deposits."""
    door = await bed.door()

    async def say(payload: Payload, owner: int = chart.HOUSE) -> None:
        encoded = msgspec.msgpack.encode(payload)
        await submit(door, [Product(1, door.numbers(1), DEPOSITS, owner, encoded)])

    await say(_terms(edition))
    await say(AdoptDeposits(edition))
    await say(AssignAddress(CHAIN), ALICE)
    for owner, side in ((BOB, Side.BUY), (ALICE, Side.SELL)):
        await place(door, owner, side, USUAL, ALL)
    known: dict[bytes, Deposit] = bed.folds[0].state.deposits
    height = 100
    for _ in range(RUNS):
        name = transfer(str(draws.randrange(NAMES)))
        act = draws.randrange(8)
        if act == 0:
            height += 1
            await say(Tip(CHAIN, height, transfer(f"block {height}"), draws.randrange(8) > 0))
            await say(Settle(0, draws.randrange(1, 20)))
            if edition >= REJOINS:
                await say(_sweep(draws, edition, height))
        elif act < 5:
            await say(_report(draws, known.get(name), name, height, edition))
        elif act == 5:
            await say(_by_house(draws, name))
        elif act == 6:
            await _about_alice(door, draws)
            if edition >= STRICTER:
                await _may_move(door, draws)
        else:
            await _by_alice(door, draws)
        bed.clock.advance(draws.randrange(0, 3_000))  # type: ignore[attr-defined]


def _terms(edition: int) -> Payload:
    if edition < RETURNS:
        return NETWORKS[0]
    if edition < BY_ITSELF:
        return network(CHAIN, BTC, 0, minimum_deposit=LEAST)
    return network(CHAIN, BTC, 0, USDT, minimum_deposit=LEAST, decimals=DECIMALS)


def _sweep(draws: random.Random, edition: int, height: int) -> Payload:
    """Of the coin; from edition 10 on now and then of a token, whose gas is the coin's."""
    name, amount, none = transfer(f"sweep {height}"), draws.randrange(1, COIN), amount_bytes(0)
    values = BTC, Tier.DEPOSIT, Tier.HOT, amount_bytes(amount), none
    if edition >= BY_ITSELF and draws.randrange(2):
        values = USDT, Tier.DEPOSIT, Tier.HOT, none, amount_bytes(amount)
    return Moved(CHAIN, name, *values)


def _report(
    draws: random.Random, one: Deposit | None, name: bytes, height: int, edition: int
) -> Payload:
    if one is None or not one.height:
        if one is not None and draws.randrange(4) == 0:
            return Replaced(CHAIN, name)
        block, amount = transfer(f"block {height}"), (1 + name[0] % 8) * COIN // 4
        unscreened = name[1] % 3 == 0
        dust = name[2] * BELOW // 256 if edition >= BY_ITSELF else 0
        values = (CHAIN, name, BTC, 1, 0, amount_bytes(amount), dust, height, block)
        return Seen(*values, unscreened=unscreened)
    if draws.randrange(5) == 0:
        return Orphaned(CHAIN, name, one.height)
    return Confirmed(CHAIN, name, draws.randrange(1, 3))


def _by_house(draws: random.Random, name: bytes) -> Payload:
    state = draws.choice((*STOPS, DepositState.CREDITED, DepositState.CREDITED))
    if draws.randrange(2):
        return Screened(CHAIN, name, state, 2 * (state == DepositState.KYC))
    return Stop(CHAIN, name, state)


async def _about_alice(door: LocalDoor, draws: random.Random) -> None:
    """Whether she is frozen, who she is known to be, and whether what she trades is."""
    act = draws.randrange(4)
    if act == 0:
        state = draws.choice((InstrumentState.SUSPEND, *3 * (InstrumentState.LIVE,)))
        await submit(door, [SetInstrumentState(1, door.numbers(1), PAIR, state)])
    flags, kyc = draws.choice((OwnerFlag.FROZEN, *3 * (OwnerFlag(0),))), draws.randrange(3)
    await submit(door, [SetOwner(1, door.numbers(1), ALICE, 0, 1, flags, kyc)])


async def _may_move(door: LocalDoor, draws: random.Random) -> None:
    """Whether anybody may move the coins that she gets."""
    actions = draws.choice((Suspended.TRANSFER, Suspended.PRODUCT, *3 * (Suspended(0),)))
    table = SetSuspension(1, door.numbers(1), 7, actions, SuspensionLevel.ASSET, BTC)
    await submit(door, [table])


async def _by_alice(door: LocalDoor, draws: random.Random) -> None:
    """She moves all that is free to trading, and offers it or sells it; or she buys some."""
    held = {one.kind: one for one in await door.query(ListBalances(ALICE)) if one.asset == BTC}
    number, (fund, trade) = door.numbers(1), (chart.FUND, chart.TRADE)
    mine = [held[kind] for kind in (fund, trade) if kind in held]
    free = sum(amount_int(one.balance) - amount_int(one.hold) for one in mine)
    amount = amount_int(held[fund].balance) if fund in held else 0
    source, target = (AccountKey(ALICE, kind, 0) for kind in (fund, trade))
    await submit(door, [Transfer(1, number, ALICE, source, target, BTC, amount_bytes(amount))])
    size = free * 10**5 // COIN
    act = draws.randrange(3)
    if act == 0:
        await place(door, ALICE, Side.SELL, DEAR, size)
        return
    side, other = (Side.SELL, Side.BUY) if act == 1 else (Side.BUY, Side.SELL)
    size = size if act == 1 else draws.randrange(1, 9) * 10**5 // 4
    await place(door, ALICE, side, USUAL, size)
    await place(door, BOB, other, USUAL, size)
