"""Goal: what the guides say is true. Method: do it, on a demo started as a user starts it."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

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
