"""An exchange with a real chain, on whose bad days its signers, nodes and workers die."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from fullreserve.custody import nodes
from tests.browser.conftest import Visit, visits
from tests.browser.people import Person
from tests.browser.reserves.judges import Judges
from tests.browser.test_restart import free_port
from tests.integration.reserves.demo import PROGRAM, SETTINGS
from tests.memory_folder import memory_folder
from tests.server import LiveServer


@pytest.fixture(scope="module")
def chained(browser: Browser) -> Iterator[LiveServer]:
    """On ports that stay over a restart. The browser first: nobody may have opened it yet."""
    del browser
    try:
        nodes.anvil()
    except nodes.NodeMissing as missing:
        pytest.skip(str(missing))
    places = {
        "FULLRESERVE_HTTP": f"127.0.0.1:{free_port()}",
        "FULLRESERVE_WS": f"127.0.0.1:{free_port()}",
    }
    with memory_folder() as folder:
        running = LiveServer(folder / "data", SETTINGS | places, PROGRAM).start()
        yield running
        if running.is_running:  # the last test ends it, and fails where it does not come back
            assert running.stop() == 0, running.log
        assert "Traceback" not in running.log


@pytest.fixture
def visit(browser: Browser, chained: LiveServer) -> Iterator[Visit]:
    """Opens a page of this exchange."""
    with visits(browser, chained) as opening:
        yield opening


@pytest.fixture
def person(chained: LiveServer) -> Iterator[Person]:
    one = Person(chained)
    yield one
    one.close()


@pytest.fixture
def judges(browser: Browser, chained: LiveServer, tmp_path: Path) -> Iterator[Judges]:
    """Both verifiers, on the published files."""
    context = browser.new_context(offline=True)
    yield Judges(chained.folder / "reserves" / "public", context.new_page(), tmp_path)
    context.close()
