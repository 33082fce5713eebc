"""The demo's exchange with a real chain, signers, and a statement as often as they come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fullreserve.custody import nodes
from tests.memory_folder import memory_folder
from tests.server import LiveServer

PROGRAM = ("tests.integration.custody.chain_demo",)
SETTINGS = {"FULLRESERVE_RESERVES_STATEMENTS": "on", "FULLRESERVE_RESERVES_EPOCH_S": "2"}


@contextmanager
def stating_demo() -> Iterator[LiveServer]:
    """Runs until the end, which is a clean one; skips where there is no node to be had."""
    try:
        nodes.anvil()
    except nodes.NodeMissing as missing:
        pytest.skip(str(missing))
    with memory_folder() as folder:
        running = LiveServer(folder / "data", SETTINGS, PROGRAM).start()
        yield running
        assert running.stop() == 0, running.log
        assert "Traceback" not in running.log, running.log
