"""Goal: custody has no share in the order process but its commands, a bounded number in a batch.

Method: what a fresh interpreter of the order process loads; which events wake custody's folds; how
many commands a worker puts into one submission, counted in the log.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fullreserve.custody import deciding, house, paying
from fullreserve.custody.house import House
from fullreserve.door.protocol import Limit, Result
from fullreserve.exchange.machine import Machine
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.deposit_state import ListNetworks
from fullreserve.exchange.products.registry import products
from fullreserve.exchange.wire.queries import AnyQuestion
from tests.bed import Bed

WORKERS = (
    "watcher", "payer", "paying", "duty", "deciding", "presence", "reopening", "signer", "signing",
    "reconciling", "sweeping", "store", "chains.evm", "chains.utxo", "chains.rpc",
)  # fmt: skip
OF_CUSTODY = {"deposits", "withdrawals", "suspensions", "liveness", "policy", "tier_moves"}
A_BATCH_MAX = 32


def test_the_order_process_loads_no_worker() -> None:
    """Criterion: SHARED-1. Nor a chain's adapter, nor what holds keys."""
    probe = "import sys, fullreserve.app.command, fullreserve.simulation.app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, check=True, text=True)
    loaded = set(done.stdout.split())
    assert "fullreserve.app.custody" in loaded
    assert not {f"fullreserve.custody.{name}" for name in WORKERS} & loaded


def test_no_order_wakes_a_fold_of_custody() -> None:
    """Criterion: SHARED-1. A row without their commands costs them nothing."""
    folds = [fold for fold in products() if fold.name in OF_CUSTODY]
    assert len(folds) == len(OF_CUSTODY)
    assert all(not fold.interests for fold in folds)
    assert not Machine(folds=folds)._readers


async def test_workers_put_few_commands_into_a_batch(tmp_path: Path) -> None:
    """Criterion: SHARED-2. Orders go in between, however much custody has to say."""
    bed = await Bed.open(tmp_path, folds=products())
    door = await bed.door(house.DUTY_GATEWAY)
    before = bed.sequencer.machine.sequence
    said = 5 * A_BATCH_MAX
    codes = await House(door).report(wire.DEPOSITS, *(wire.Settle() for _ in range(said)))
    assert codes == [0] * said
    last, counts = bed.sequencer.machine.sequence, []
    async for row in door.stream(before + 1):
        counts.append(row.count)
        if row.last >= last:
            break
    # Each command has its fold's group behind it.
    assert sum(counts) == 2 * said
    assert max(counts) <= 2 * A_BATCH_MAX
    assert max(house.AT_ONCE, deciding.AT_ONCE, paying.SAID_AT_ONCE) <= A_BATCH_MAX
    await bed.close()


async def test_nothing_is_asked_again_while_nothing_changes(tmp_path: Path) -> None:
    """Criterion: SHARED-4"""
    bed = await Bed.open(tmp_path, folds=products())
    door, other = await bed.door(house.PAYER_GATEWAY), await bed.door(house.WATCHER_GATEWAY)
    asked: list[object] = []
    ask = door.query

    async def counted(query: AnyQuestion) -> Any:
        asked.append(query)
        return await ask(query)

    door.query = counted  # type: ignore[method-assign]
    worker = House(door)

    async def until_remembered() -> None:
        """The answer that a change made anew: asked once more, then not at all."""
        before = len(asked)
        while True:
            count = len(asked)
            await worker.ask(wire.DEPOSITS, ListNetworks())
            if len(asked) == count:
                return
            assert len(asked) < before + 10
            await asyncio.sleep(0)  # the listener's turn

    async with asyncio.timeout(30), worker.listening():
        await until_remembered()
        count = len(asked)
        for _ in range(100):
            assert await worker.ask(wire.DEPOSITS, ListNetworks()) == []
        assert len(asked) == count
        await worker.report(wire.DEPOSITS, wire.Settle())
        await worker.ask(wire.DEPOSITS, ListNetworks())
        assert len(asked) == count + 1
        await until_remembered()
        count = len(asked)
        await House(other).report(wire.DEPOSITS, wire.Settle())
        while len(asked) == count:
            await worker.ask(wire.DEPOSITS, ListNetworks())
            await asyncio.sleep(0)  # the listener's turn
    await bed.close()


async def test_who_does_not_wait_any_more_is_not_told(tmp_path: Path) -> None:
    """Criterion: SHARED-2. A worker that ends amid a report leaves no fault behind."""
    bed = await Bed.open(tmp_path, folds=products())
    door = await bed.door(house.DUTY_GATEWAY)
    told: list[BaseException | None] = []
    submit = door.submit

    def watched(
        commands: Sequence[bytes], done: Callable[[Result], None], limits: Sequence[Limit] = ()
    ) -> None:
        def tell(result: Result) -> None:
            try:
                done(result)
            except asyncio.InvalidStateError as problem:
                told.append(problem)
            else:
                told.append(None)

        submit(commands, tell, limits)

    door.submit = watched
    report = asyncio.ensure_future(House(door).report(wire.DEPOSITS, wire.Settle()))
    await asyncio.sleep(0)  # it is on its way
    report.cancel()
    await asyncio.gather(report, return_exceptions=True)
    await bed.close()
    assert told == [None]
