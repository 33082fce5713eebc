"""One live exchange for all client tests, and two funded traders for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fullreserve.identity.vault import NewKey
from tests.server import LiveServer


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    live = LiveServer(tmp_path_factory.mktemp("exchange") / "data").start()
    live.await_records()
    yield live
    assert live.stop() == 0, live.log
    assert "Traceback" not in live.log


@pytest.fixture
def trader(server: LiveServer) -> NewKey:
    return server.trader()


@pytest.fixture
def counterparty(server: LiveServer) -> NewKey:
    return server.trader()
