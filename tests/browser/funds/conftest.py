"""An exchange with a real chain, its workers and signers, and nobody else who trades."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from fullreserve.custody import networks
from tests.browser.conftest import Visit, visits
from tests.browser.operator.desk import Operator, open_desk
from tests.browser.people import Person, quote
from tests.integration.custody.outside import Outside
from tests.integration.reserves.demo import stating_demo
from tests.server import LiveServer

MICRO = 10**6  # of a USDT on the chain
# Blocks come each second on a machine at rest.
CHAIN_MS = 90_000


@pytest.fixture(scope="module")
def chained(browser: Browser) -> Iterator[LiveServer]:
    """The browser first: it may be that nobody has opened it yet."""
    del browser
    with stating_demo() as running:
        yield running


@pytest.fixture(scope="module")
def prices(chained: LiveServer) -> Iterator[Person]:
    """Who made the prices that withdrawals are valued at, and still quotes."""
    one, other = Person(chained), Person(chained)
    quote(one, other)
    one.order("sell", "2500", "1", "ETH-USDT")
    other.order("buy", "2500", "1", "ETH-USDT")
    yield one
    one.close()
    other.close()


@pytest.fixture(scope="module")
def outside(chained: LiveServer) -> Outside:
    """Everybody's wallet on the chain."""
    (network,) = networks.load(chained.folder)
    return Outside(network)


@pytest.fixture(scope="module")
def desk(chained: LiveServer) -> Iterator[list[Operator]]:
    """The demo's own operators."""
    found = open_desk(chained)
    yield found
    for one in found:
        one.close()


@pytest.fixture(scope="module")
def operator(desk: list[Operator]) -> Operator:
    """One of them."""
    return desk[0]


@pytest.fixture
def visit(browser: Browser, chained: LiveServer) -> Iterator[Visit]:
    """Opens a page of this exchange."""
    with visits(browser, chained) as opening:
        yield opening
