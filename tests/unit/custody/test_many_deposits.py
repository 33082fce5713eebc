"""Goal: however many deposits wait or come, the watcher, the sweeper and the reconciler miss none.

Method: a real exchange whose fold of deposits holds many, put there as a snapshot would; what the
slow walk says, what the sweeper learns, and what the reconciler counts.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fullreserve.clock import ManualClock
from fullreserve.custody import sweeping
from fullreserve.custody.chains.evm import EvmChain
from fullreserve.custody.house import WATCHER_GATEWAY, House
from fullreserve.custody.sweeping import Sweeping
from fullreserve.custody.underway import Underway
from fullreserve.custody.walking import Walk
from fullreserve.exchange import chart
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products import settling
from fullreserve.exchange.products.deposit_state import (
    BY_A_FEW,
    Deposit,
    DepositsState,
    DepositState,
    NextDue,
    Phase,
)
from fullreserve.exchange.products.deposits import Deposits
from fullreserve.exchange.products.registry import products
from fullreserve.exchange.wire.commands import amount_bytes
from tests.bed import ALICE, START_MS, USDT, Bed
from tests.unit.custody.test_many_on_their_way import COIN, NETWORK, network

FIRST = 1_000
MANY = 2 * settling.AT_ONCE + 1


@pytest.fixture
async def bed(tmp_path: Path) -> AsyncIterator[Bed]:
    made = await Bed.open(tmp_path, folds=products())
    yield made
    await made.close()


def fill(bed: Bed, count: int, **more: Any) -> Deposits:
    """So many of ALICE's, each at an address of its own; each changed after the one before."""
    nothing = amount_bytes(0)
    line = wire.NetworkAsset(USDT, 6, nothing, nothing, amount_bytes(1), amount_bytes(10**12), 6)
    terms = wire.DefineNetwork(NETWORK, "Tests", 2, 3, False, gas_asset=COIN, assets=(line,))
    values: dict[str, Any] = {"network": NETWORK, "asset": USDT, "owner": ALICE, "memo_number": 0}
    values |= {"amount": amount_bytes(7), "dust": 0, "block_hash": b"", "seen_ms": 1}
    table = {
        number.to_bytes(32): Deposit(
            number=number,
            transfer=number.to_bytes(32),
            index=number,
            height=number,
            changed_ms=1,
            version=number,
            **(values | more),
        )
        for number in range(FIRST, FIRST + count)
    }
    fold = next(one for one in bed.folds if isinstance(one, Deposits))
    state = DepositsState(networks={NETWORK: terms}, deposits=table, edition=BY_A_FEW)
    fold.restore(msgspec.msgpack.encode(state))
    return fold


async def test_what_nobody_said_is_found_by_a_slow_walk(bed: Bed) -> None:
    """It begins again at the end, and says nothing where nobody waits. Criterion: CUST-BOUND-13."""
    walk = Walk(
        House(await bed.door(WATCHER_GATEWAY)), wire.DEPOSITS, NextDue, ManualClock(START_MS)
    )

    async def walked(steps: int) -> None:
        for _ in range(steps):
            await walk.round()

    before = bed.sequencer.machine.sequence
    await walked(2)
    assert bed.sequencer.machine.sequence == before
    # Shown as stopped, though nothing stops them.
    fold = fill(bed, MANY, state=DepositState.SUSPENDED, phase=Phase.BOOKED)
    await walked(3)
    assert {one.state for one in fold.state.deposits.values()} == {DepositState.WAITING}
    assert bed.sequencer.machine.sequence == before + 2 * 3
    await walked(1)
    # Of what waits for something, or is kept, nothing is said. Criterion: CUST-BOUND-14.
    before = bed.sequencer.machine.sequence
    for more in ({"phase": Phase.BOOKED}, {"phase": Phase.CREDITED, "target": chart.FROZEN}):
        fill(bed, MANY, state=DepositState.WAITING, **more)
        await walked(4)
    assert bed.sequencer.machine.sequence == before
    fold = fill(bed, 1, state=DepositState.SUSPENDED, phase=Phase.BOOKED)
    await walked(1)
    assert {one.state for one in fold.state.deposits.values()} == {DepositState.WAITING}


async def test_the_sweeper_learns_of_all_that_changed(
    bed: Bed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond every bound of a page, and of what changes later once. Criterion: CUST-BOUND-11."""
    monkeypatch.setattr(sweeping, "AT_ONCE", 10)
    house, terms = House(await bed.door(WATCHER_GATEWAY)), network()
    chain = terms.chains()[0]
    assert isinstance(chain, EvmChain)
    learns = Sweeping(terms, chain, None, house)  # type: ignore[arg-type]
    assert await learns.due() == []
    fill(bed, MANY, state=DepositState.DONE, phase=Phase.UNLOCKED)
    assert sorted(await learns.due()) == list(range(FIRST, FIRST + MANY))
    assert await learns.due() == []
    fill(bed, MANY + 1, state=DepositState.DONE, phase=Phase.UNLOCKED)
    assert await learns.due() == [FIRST + MANY]


async def test_all_that_comes_is_reconciled(bed: Bed, tmp_path: Path) -> None:
    """By one sum, however many they are. Criterion: CUST-BOUND-6."""
    fill(bed, MANY, state=DepositState.WAITING, phase=Phase.BOOKED)
    house = House(await bed.door(WATCHER_GATEWAY))
    served = network()
    underway = Underway(served, house, tmp_path / "payer", served.chains()[0])
    way = await underway.read(10**9, 10**9)
    assert way.more == {(wire.Tier.DEPOSIT, USDT): 7 * MANY}
    assert way.less == {(wire.Tier.DEPOSIT, USDT): -7 * MANY}
