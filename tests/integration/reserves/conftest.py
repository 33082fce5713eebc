"""One exchange that makes a statement each second, for all tests of the folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from fullreserve.custody import nodes
from tests.integration.reserves.client import Client
from tests.integration.reserves.world import World
from tests.memory_folder import memory_folder
from tests.server import LiveServer

SETTINGS = {"FULLRESERVE_RESERVES_STATEMENTS": "on", "FULLRESERVE_RESERVES_EPOCH_S": "1"}


@pytest.fixture(scope="session")
def server() -> Iterator[LiveServer]:
    with memory_folder() as folder:
        running = LiveServer(folder / "data", SETTINGS).start()
        yield running
        running.stop()


@pytest.fixture
def client(server: LiveServer) -> Iterator[Client]:
    user = Client(server, server.trader())
    yield user
    user.close()


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    try:
        nodes.anvil()
    except nodes.NodeMissing as missing:
        pytest.skip(str(missing))
    opened = await World.open(tmp_path)
    yield opened
    await opened.close()
