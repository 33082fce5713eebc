"""Goal: a sweep of hot can always be carried out or ends, so that no refill waits for it for ever.

Method: the log's fold on a bed, the real sweeps and the real adapter of a chain of accounts; the
node is outside, and says what its accounts hold.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fullreserve.clock import ManualClock
from fullreserve.custody.chains.evm import EvmChain
from fullreserve.custody.chains.families import evm_terms
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.hd import Private
from fullreserve.custody.hot_sweeps import LOOK_AGAIN, HotSweeps
from fullreserve.custody.house import PAYER_GATEWAY, House
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.warm_place import warm_place
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products import tier_moves_wire as moves
from fullreserve.exchange.products.registry import products
from fullreserve.exchange.wire.commands import amount_bytes, amount_int
from tests.bed import START_MS, Bed
from tests.unit.custody.made_headers import header

NETWORK, COIN, TOKEN = 1, 2, 6
UNIT = 10**8
LANES = tuple(bytes([number]) * 20 for number in (1, 2, 3))
GAS = 10**18
SWEEP = (wire.Tier.HOT, wire.Tier.WARM)
LASTS_MS = moves.LASTS_MS
UNRECORDED = Path("a folder without a record")


class Accounts(Node):
    """Three even accounts: each with gas, and with as much of the token."""

    def __init__(self, each: int) -> None:
        super().__init__("http://127.0.0.1:1")
        self.each = each

    def tried(self, asked: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        told: dict[str, Any] = {
            "eth_getBlockByNumber": header(1),
            "eth_getTransactionCount": "0x0",
            "eth_getBalance": hex(GAS),
            "eth_call": hex(self.each),
        }
        return [told[method] for method, _ in asked]


@pytest.fixture
async def bed(tmp_path: Path) -> AsyncIterator[Bed]:
    made = await Bed.open(tmp_path, folds=products())
    yield made
    await made.close()


@pytest.fixture
async def house(bed: Bed) -> House:
    """Hot has 90 tokens of 40 that it may have, and is to have 20."""
    made = House(await bed.door(PAYER_GATEWAY))
    none, most = amount_bytes(0), amount_bytes(10**15)
    line = wire.NetworkAsset(TOKEN, 6, none, none, amount_bytes(1), most, 8)
    terms = wire.DefineNetwork(NETWORK, "Coin", 1, 2, False, TOKEN, (line,))
    for fold in (wire.DEPOSITS, wire.WITHDRAWALS):
        assert await made.report(fold, terms) == [0]
    funded = wire.Funded(NETWORK, bytes(32), TOKEN, wire.Tier.HOT, amount_bytes(90 * UNIT))
    assert await made.report(wire.DEPOSITS, funded) == [0]
    low, target, cap, least, high = (amount_bytes(n * UNIT) for n in (10, 20, 40, 1, 500))
    marks = moves.Marks(NETWORK, TOKEN, low, target, cap, least, high, high, while_stopped=True)
    assert await made.report(moves.TIER_MOVES, moves.SetMarks(marks)) == [0]
    return made


def network(**more: Any) -> Network:
    branch = Private.of_seed(b"a seed of the tests alone, 32 by").public()
    made = Network(
        network=NETWORK, kind="evm", nodes=("http://127.0.0.1:1",), chain_id=1, coin=COIN,
        branches=(Branch(branch.key.hex(), branch.code.hex()),), decimals={COIN: 18, TOKEN: 6},
        credit_after=1, unlock_after=2, lanes=tuple(one.hex() for one in LANES),
        tokens={TOKEN: (b"t" * 20).hex()}, warm="0x" + "77" * 20,
    )  # fmt: skip
    return msgspec.structs.replace(made, **more)


def sweeps(
    of: Network, house: House, clock: ManualClock, data: Path = UNRECORDED
) -> tuple[HotSweeps, EvmChain]:
    chain = EvmChain(Accounts(30 * 10**6), of.addresses(), evm_terms(of))

    async def room(asset: int) -> int | None:
        return chain.room(asset, ())

    return HotSweeps(of, house, clock, room, partial(warm_place, data, of)), chain


async def open_moves(house: House) -> list[moves.Move]:
    found: list[moves.Move] = await house.ask(moves.TIER_MOVES, moves.ListMoves(True, 9))
    return found


async def test_of_even_accounts_no_more_is_swept_than_one_has(house: House) -> None:
    """Criterion: CUST-SWEEP-3. 70 are above the target; an account has 30."""
    hot, chain = sweeps(network(), house, ManualClock(START_MS))
    (one,) = await hot.due()
    assert one.move.amount == 30 * 10**6
    assert chain.plan([one.payment], ()).binding


@pytest.mark.parametrize("warm", ["", "no address", "0x" + "77" * 20])
async def test_what_was_not_bound_in_its_time_ends(house: House, warm: str) -> None:
    """Criterion: CUST-SWEEP-3. Also where the file names no place any more, or none that is one."""
    assert await house.report(moves.TIER_MOVES, moves.Want(NETWORK, TOKEN, *SWEEP)) == [0]
    (move,) = await open_moves(house)
    assert amount_int(move.amount) == 70 * UNIT
    clock = ManualClock(move.expires_ms - 1)
    hot, _ = sweeps(network(warm=warm), house, clock)
    assert len(await hot.due()) == int(len(warm) > 10)
    assert await open_moves(house) == [move]
    clock.advance(1)
    assert await hot.due() == []
    assert await open_moves(house) == []


async def test_after_a_sweep_that_did_nothing_the_next_one_waits(house: House) -> None:
    """Criterion: CUST-SWEEP-3. Each costs a fee: twice as long, and then twice as long again."""
    hot, chain = sweeps(network(), house, ManualClock(START_MS))
    found = await hot.due()
    for wait in (2 * LOOK_AGAIN, 4 * LOOK_AGAIN):
        (one,) = found
        made = msgspec.structs.replace(chain.plan([one.payment], ()), move=one.move)
        assert await hot.bind(made) == 0
        await hot.ended(made, bytes(32), is_paid=False)
        rounds, found = 0, await hot.due()
        while not found:
            rounds, found = rounds + 1, await hot.due()
        assert rounds >= wait


async def test_an_asset_that_the_file_does_not_know_stops_nothing(house: House) -> None:
    """Criterion: CUST-SWEEP-3"""
    unknown = network(decimals={COIN: 18})
    hot, _ = sweeps(unknown, house, ManualClock(START_MS))
    assert await hot.due() == []
    assert await house.report(moves.TIER_MOVES, moves.Want(NETWORK, TOKEN, *SWEEP)) == [0]
    assert await hot.due() == []


async def test_a_bound_sweep_that_nobody_signs_ends(bed: Bed, house: House) -> None:
    """Criterion: CUST-HANG-5. Not before its time is over; then the payer drops its plan.

    So does one that operators ended meanwhile.
    """
    clock = ManualClock(START_MS)
    hot, chain = sweeps(network(), house, clock)
    (one,) = await hot.due()
    made = msgspec.structs.replace(chain.plan([one.payment], ()), move=one.move)
    assert await hot.bind(made) == 0
    assert not await hot.is_over(made)
    (move,) = await open_moves(house)
    clock.advance(move.expires_ms - START_MS)
    bed.clock.advance(move.expires_ms - START_MS)  # type: ignore[attr-defined]
    assert await hot.is_over(made)
    assert await open_moves(house) == []
    assert await hot.is_over(made)
