"""One exchange that makes a statement each second, for all tests of the folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.reserves.client import Client
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
def client(server: LiveServer) -> Client:
    return Client(server, server.trader())
