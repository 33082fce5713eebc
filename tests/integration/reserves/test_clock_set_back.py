"""Goal: a clock that is set while a statement is made does not put off the next one.

Method: a real worker that publishes by itself, of an exchange and a chain; the wall clock goes back
an hour while it reads what is there.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from fullreserve.clock import ManualClock
from fullreserve.reserves.evidence import Evidence
from fullreserve.reserves.keys import signer
from fullreserve.reserves.statement import Document, Shown
from fullreserve.reserves.worker import Worker
from tests.integration.reserves.world import HOUR_MS, MINUTE_MS, World


class SetsBack:
    """Reads what is there; sets the clock back for the first statement of all."""

    def __init__(self, evidence: Evidence, clock: ManualClock) -> None:
        self._evidence = evidence
        self._clock = clock
        self.reads = 0

    async def read(self, now_ms: int) -> tuple[Shown, Document | None]:
        self.reads += 1
        if self.reads == 2:
            self._clock.set_wall(self._clock.wall_ms() - HOUR_MS)
        return await self._evidence.read(now_ms)


async def test_the_next_statement_comes_in_its_interval(tmp_path: Path) -> None:
    """Criterion: HOUSE-CLOCK-5."""
    world = await World.open(tmp_path)
    try:
        await world.stop()
        clock = world.bed.clock
        assert isinstance(clock, ManualClock)
        door = await world.bed.door(8)
        exchange = signer(tmp_path).public.hex()
        reads = SetsBack(Evidence(tmp_path, door, clock, exchange, world.keys, None), clock)
        worker = Worker(tmp_path, door, clock, MINUTE_MS // 1000, reads)
        running = asyncio.create_task(worker.run())
        try:
            since_ns = clock.monotonic_ns()
            while reads.reads < 4 and not running.done():
                clock.advance(1_000)
                await asyncio.sleep(0.002)
            took_ms = (clock.monotonic_ns() - since_ns) // 1_000_000
            assert took_ms < HOUR_MS
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    finally:
        await world.close()
