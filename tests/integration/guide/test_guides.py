"""Goal: what the guides say is true. Method: do it, on a demo started as a user starts it."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from fullreserve.clock import SystemClock
from fullreserve.custody.house import House
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.exchange.products.custody_wire import Tier
from fullreserve.exchange.products.tier_moves_wire import (
    TIER_MOVES,
    ListMoves,
    Move,
    MoveState,
)
from scripts.source import ROOT
from tests.integration.guide.blocks import Reader
from tests.integration.guide.demo_process import Demo, running_demo
from tests.memory_folder import memory_folder

QUICK_START = ROOT / "docs" / "guide" / "quick-start.md"
OPERATE = ROOT / "docs" / "guide" / "operate.md"


class Machine:
    """One folder with a demo, which is started and stopped for whoever finds it otherwise."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._running: Demo | None = None
        self._ends = ExitStack()

    def running(self) -> Demo:
        """The demo, with quotes."""
        if self._running is None:
            self._running = self._ends.enter_context(running_demo(self.data))
            self._running.wait_for_quotes()
        return self._running

    def stop(self) -> None:
        """Stops the demo as an operator does, once it has run."""
        assert self.running().stop() == 0
        self._running = None

    def end(self) -> None:
        self._ends.close()


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with memory_folder() as folder:
        made = Machine(folder / "data")
        yield made
        made.end()


def test_the_quick_start_is_true(machine: Machine, tmp_path: Path) -> None:
    """Criterion: HOUSE-DOCS-2."""
    demo = machine.running()
    instead = {
        "127.0.0.1:8080": demo.http,
        "127.0.0.1:8081": demo.ws,
        "data/demo-keys.json": str(demo.data / "demo-keys.json"),
        "/tmp/backup-of-today": str(tmp_path / "backup"),
    }
    environment = os.environ | {"FULLRESERVE_DATA": str(demo.data)}
    assert Reader(ROOT, environment, instead).follow(QUICK_START.read_text()) > 5


def test_the_operators_guide_is_true(machine: Machine, tmp_path: Path) -> None:
    """Criterion: HOUSE-DOCS-3."""
    machine.stop()
    instead = {
        "/tmp/before-the-upgrade": str(tmp_path / "backup"),
        "/tmp/restored": str(tmp_path / "restored"),
    }
    environment = os.environ | {"FULLRESERVE_DATA": str(machine.data)}
    assert Reader(ROOT, environment, instead).follow(OPERATE.read_text()) == 5


async def finished_moves(demo: Demo) -> set[tuple[int, int]]:
    """From which tier to which the demo has brought coins."""
    door = await SocketDoor.open(demo.data / SOCKET_NAME, 0, SystemClock())
    try:
        asked = ListMoves(is_open=False, limit=50)
        found: list[Move] = await House(door).ask(TIER_MOVES, asked)
    finally:
        await door.close()
    return {(one.source, one.target) for one in found if one.state == MoveState.DONE}


async def test_the_demo_refills_and_sweeps_by_itself(machine: Machine) -> None:
    """Criterion: CHAINS-DEMO-4. Holders sign what the log decided; nobody asks them to."""
    demo, clock = await asyncio.to_thread(machine.running), SystemClock()
    refill, sweep = (Tier.WARM, Tier.HOT), (Tier.HOT, Tier.WARM)
    async with asyncio.timeout(300):
        while not {refill, sweep} <= await finished_moves(demo):
            await clock.wait_ms(500)
