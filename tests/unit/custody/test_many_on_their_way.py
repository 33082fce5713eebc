"""Goal: however many withdrawals are on their way, the payer and the reconciler miss none.

Method: a real exchange whose fold of withdrawals holds thousands, put there as a snapshot would;
what the payer sees in a round and what the reconciler counts. Of a worker's trips, what waits
follows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from fullreserve.clock import ManualClock
from fullreserve.custody.chains.adapter import Block
from fullreserve.custody.destinations import Destinations
from fullreserve.custody.hd import Private
from fullreserve.custody.house import PAYER_GATEWAY, House
from fullreserve.custody.house_places import HousePlaces
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.paying import PAGE, PayersExchange
from fullreserve.custody.reconciling import Reconciler
from fullreserve.custody.underway import FEE_ON_ITS_WAY, Underway
from fullreserve.custody.walking import Walk
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products import settling
from fullreserve.exchange.products import tier_moves_wire as tier_moves
from fullreserve.exchange.products.registry import products
from fullreserve.exchange.products.tier_moves import TierMoves, TierMovesState
from fullreserve.exchange.products.tier_moves_wire import MoveState
from fullreserve.exchange.products.withdrawal_state import (
    NextDue,
    Withdrawal,
    WithdrawalsState,
    WithdrawalState,
)
from fullreserve.exchange.products.withdrawals import Withdrawals
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.worker_files import Line
from fullreserve.identity.vault import Vault
from fullreserve.journal.replica import Replica
from fullreserve.reserves.guarding import Guarding
from tests.bed import ALICE, START_MS, USDT, Bed

NETWORK, COIN = 1, 2
BOUND = 10_500
WAITING = 3
FIRST = 1_000


@pytest.fixture
async def bed(tmp_path: Path) -> AsyncIterator[Bed]:
    """ALICE's withdrawals: very many are in a block, the newest few are to be paid."""
    made = await Bed.open(tmp_path, folds=products())
    yield made
    await made.close()


def fill(bed: Bed, *states: tuple[int, int, bytes]) -> None:
    """So many in a state, with a binding."""
    kinds = [(state, binding) for count, state, binding in states for _ in range(count)]
    table = {
        number: Withdrawal(
            *(number, ALICE, NETWORK, USDT, amount_bytes(7), amount_bytes(0), 0, 1, 1, 1, 1),
            number,
            state=state,
            binding=binding,
        )
        for number, (state, binding) in enumerate(kinds, FIRST)
    }
    fold = next(one for one in bed.folds if isinstance(one, Withdrawals))
    fold.restore(msgspec.msgpack.encode(WithdrawalsState(withdrawals=table)))


def network() -> Network:
    branch = Private.of_seed(b"a seed of the tests alone, 32 by").public()
    return Network(
        network=NETWORK, kind="evm", nodes=("http://127.0.0.1:1",),
        branches=(Branch(branch.key.hex(), branch.code.hex()),),
        decimals={COIN: 18, USDT: 6}, coin=COIN, credit_after=2, unlock_after=3, chain_id=1,
    )  # fmt: skip


def underway(house: House, folder: Path) -> Underway:
    served = network()
    return Underway(served, house, folder / "payer", served.chains()[0])


async def test_the_payer_sees_all_that_is_to_be_paid_and_all_that_is_bound(
    bed: Bed, tmp_path: Path
) -> None:
    """The first in each round, the others in turn. Criterion: CUST-BOUND-5."""
    fill(
        bed,
        (BOUND, WithdrawalState.PENDING, bytes(32)),
        (WAITING, WithdrawalState.WAITING, b""),
    )
    vault = Vault(tmp_path, lambda: START_MS)
    house = House(await bed.door(PAYER_GATEWAY))
    places = HousePlaces(tmp_path, (network(),))
    exchange = PayersExchange(house, Destinations(vault), network(), places)
    fresh, seen = list(range(FIRST + BOUND, FIRST + BOUND + WAITING)), dict[int, None]()
    for _ in range(BOUND // PAGE + 1):
        found = await exchange.pending(NETWORK)
        assert [one.withdrawal for one in found if not one.binding] == fresh
        seen |= dict.fromkeys(one.withdrawal for one in found if one.binding)
    assert len(seen) == BOUND
    vault.close()


async def test_all_that_is_on_its_way_is_reconciled(bed: Bed, tmp_path: Path) -> None:
    """Criterion: CUST-BOUND-6."""
    fill(bed, (BOUND, WithdrawalState.PENDING, bytes(32)), (5, WithdrawalState.WAITING, b""))
    house = House(await bed.door(PAYER_GATEWAY))
    way = await underway(house, tmp_path).read(10**9, 10**9)
    assert way.less[wire.Tier.HOT, USDT] == 7 * BOUND
    assert way.less[wire.Tier.HOT, COIN] == BOUND * FEE_ON_ITS_WAY
    assert not way.more


async def test_a_move_that_ended_counts_until_its_block_is_read(bed: Bed, tmp_path: Path) -> None:
    """The ledger has it then, and what is known of the chain has not.

    Criterion: CHAINS-RECONCILE-12.
    """
    fold = next(one for one in bed.folds if isinstance(one, TierMoves))
    fixed = (NETWORK, USDT, wire.Tier.WARM, wire.Tier.HOT, amount_bytes(40), 1, 1, START_MS)
    moves = {
        number: tier_moves.Move(number, *fixed, state=state)
        for number, state in enumerate((MoveState.DONE, MoveState.LAPSED), 1)
    }
    fold.restore(msgspec.msgpack.encode(TierMovesState(moves=moves)))
    house = House(await bed.door(PAYER_GATEWAY))
    on_its_way = underway(house, tmp_path)
    for newest, read, is_known in ((10, 9, False), (12, 9, False), (13, 10, True), (13, 13, True)):
        way = await on_its_way.read(read, newest)
        hot, warm = (wire.Tier.HOT, USDT), (wire.Tier.WARM, USDT)
        ended = (way.less.get(hot, 0), way.more.get(warm, 0))
        assert ended == ((0, 0) if is_known else (40, 40))


async def test_all_that_waits_is_settled_a_few_at_a_time(bed: Bed) -> None:
    """Criterion: CUST-BOUND-2."""
    count = 3 * settling.AT_ONCE + 1
    fill(bed, (count, WithdrawalState.QUEUED, b""))
    before = bed.sequencer.machine.sequence
    await House(await bed.door(PAYER_GATEWAY)).settle()
    fold = next(one for one in bed.folds if isinstance(one, Withdrawals))
    states = {one.state for one in fold.state.withdrawals.values()}
    assert states == {WithdrawalState.WAITING}
    # Four words to this fold, each with its group; none to that of deposits, where nobody waits.
    assert bed.sequencer.machine.sequence == before + 2 * 4


async def test_what_nobody_said_is_found_by_a_slow_walk(bed: Bed) -> None:
    """It begins again at the end, and says nothing where nobody waits. Criterion: CUST-WD-18."""
    walk = Walk(
        House(await bed.door(PAYER_GATEWAY)), wire.WITHDRAWALS, NextDue, ManualClock(START_MS)
    )
    before = bed.sequencer.machine.sequence
    await walk.round()
    assert bed.sequencer.machine.sequence == before
    fill(bed, (settling.AT_ONCE + 1, WithdrawalState.QUEUED, b""))
    fold = next(one for one in bed.folds if isinstance(one, Withdrawals))
    for _ in range(2):
        await walk.round()
    assert all(one.state == WithdrawalState.WAITING for one in fold.state.withdrawals.values())
    (number, *_) = fold.state.withdrawals
    # They are on their way: nothing is said of them. Criterion: CUST-BOUND-14.
    before = bed.sequencer.machine.sequence
    for _ in range(4):
        await walk.round()
    assert bed.sequencer.machine.sequence == before
    fill(bed, (1, WithdrawalState.QUEUED, b""))
    await walk.round()
    assert fold.state.withdrawals[number].state == WithdrawalState.WAITING


class Nowhere:
    """Guarding follows nothing while it stops what was found."""

    @property
    def replica(self) -> Replica:
        raise AssertionError("nothing is read")

    async def caught_up(self, sequence: int) -> None:
        raise AssertionError("nothing is read")


@pytest.mark.parametrize("worker", ["reserves", "reconciler"])
async def test_what_a_worker_stops_goes_back_into_its_queue(
    bed: Bed, tmp_path: Path, worker: str
) -> None:
    """So that users see that they wait, and nobody plans it. Criterion: SUS-STOP-9."""
    fill(bed, (1, WithdrawalState.WAITING, b""), (1, WithdrawalState.WAITING, bytes(32)))
    door = await bed.door(PAYER_GATEWAY)
    if worker == "reserves":
        short = frozenset((USDT,))
        await Guarding(tmp_path, door, Nowhere())._stop(short, short, "")
    else:
        house, clock = House(door), ManualClock(START_MS)
        reconciler = Reconciler(network(), house, tmp_path / "payer", clock)
        line = Line(wire.Tier.HOT, USDT, 5, 5, 5, 4)
        await reconciler._suspend(line, Block(1, bytes(32), bytes(32)))
    fold = next(one for one in bed.folds if isinstance(one, Withdrawals))
    states = [fold.state.withdrawals[FIRST + at].state for at in range(2)]
    assert states == [WithdrawalState.QUEUED, WithdrawalState.WAITING]
