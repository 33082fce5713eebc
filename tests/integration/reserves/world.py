"""An exchange and a chain that cover each other to the unit, on a clock that stands still."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fullreserve.clock import ManualClock, SystemClock
from fullreserve.exchange import chart
from fullreserve.exchange.products.registry import products
from fullreserve.exchange.wire import commands as c
from fullreserve.reserves.evidence import Evidence, Rules
from fullreserve.reserves.keys import signer
from fullreserve.reserves.worker import Worker
from tests.bed import ALICE, Bed, submit
from tests.integration.reserves.anvil import Anvil, Keys
from verifier import verify

HOUR_MS = 3_600_000
MINUTE_MS = 60_000


class World:
    """An exchange that owes 200 BTC and 2 M USDT, with exactly that on a chain."""

    def __init__(self, folder: Path, bed: Bed, anvil: Anvil) -> None:
        self.folder = folder
        self.bed = bed
        self.anvil = anvil
        self.keys = Keys()
        self.worker: Worker
        self._following: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, folder: Path) -> World:
        anvil = Anvil()
        await anvil.ready()
        clock = ManualClock(SystemClock().wall_ms())  # blocks say which time it is
        world = cls(folder, await Bed.open(folder, folds=products(), clock=clock), anvil)
        anvil.give(world.keys.held[0], 5, btc=200, usdt=1_500_000)
        anvil.give(world.keys.held[1], 0, usdt=500_000)
        anvil.serve(folder)
        await world.start()
        return world

    async def start(self, rules: Rules | None = None) -> None:
        """The process of statements, from nothing but the files."""
        clock = self.bed.clock
        door = await self.bed.door(7)
        exchange = signer(self.folder).public.hex()
        evidence = Evidence(self.folder, door, clock, exchange, self.keys, rules)
        self.worker = Worker(self.folder, door, clock, 60, evidence)
        self._following = asyncio.create_task(self.worker.projection.follow())

    async def stop(self) -> None:
        assert self._following is not None
        self._following.cancel()
        await asyncio.gather(self._following, return_exceptions=True)

    async def publish(self) -> dict[str, Any]:
        """The next statement, once all that the log has is in it."""
        await self.caught_up()
        return await self.worker.publish()

    async def caught_up(self) -> None:
        """Returns once the process of statements has all that the log has."""
        await self.worker.projection.caught_up(self.bed.sequencer.machine.sequence)

    async def pay(self, asset: int, amount: int) -> None:
        """From the treasury to Alice."""
        treasury = c.AccountKey(chart.HOUSE, chart.TREASURY, 0)
        target = c.AccountKey(ALICE, chart.TRADE, 0)
        units = c.amount_bytes(amount)
        replies = await submit(
            self.bed.sequencer, [c.Transfer(0, 0, chart.HOUSE, treasury, target, asset, units)]
        )
        assert isinstance(replies, list | tuple)
        assert [one.code for one in replies] == [0]

    def verdict(
        self,
        row: dict[str, Any],
        *,
        evidence: bool = True,
        beside: Sequence[dict[str, Any]] = (),
    ) -> str:
        """What the verifier says of a published epoch with its evidence; empty: all holds."""
        files = [json.dumps(one).encode() for one in (row, *beside)]
        name = row["statement"]["reserves"]["evidence"]
        if evidence and name:
            public = self.folder / "reserves" / "public"
            files.append((public / "evidence" / f"{name}.json").read_bytes())
        try:
            verify.check_files(files)
        except verify.Refused as refused:
            return str(refused)
        return ""

    async def close(self) -> None:
        await self.stop()
        await self.bed.close()
        self.anvil.close()


def advance(world: World, ms: int, *, blocks: bool = True) -> None:
    """Time goes on, and the chain with it unless its node hangs."""
    world.bed.clock.advance(ms)  # type: ignore[attr-defined]
    if blocks:
        world.anvil.node.call("evm_increaseTime", ms // 1000)
        world.anvil.node.call("anvil_mine", "0x1")


def asset_row(row: dict[str, Any], symbol: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        one for one in row["statement"]["assets"] if one["symbol"] == symbol
    )
    return found
