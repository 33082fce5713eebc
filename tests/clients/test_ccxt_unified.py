"""Goal: every method that ccxt claims for OKX works here, or answers as documented.

Method: `has` is the list. Each of its methods is in a story whose results are judged, played by the
synchronous and the asynchronous client, or in the table of what is not offered.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from typing import Any

import ccxt
import ccxt.async_support
import ccxt.pro
import pytest

from fullreserve.identity.api_key import Permission
from tests.clients.test_ccxt_rest import settings
from tests.clients.unified import account, market, orders
from tests.clients.unified.absent import ABSENT, NOT_IN_CCXT, PROPERTIES, disagreement
from tests.clients.unified.caller import SCENARIOS, SYMBOL, Desk, Unified, python_name
from tests.server import Funds, LiveServer

STORIES = (account, market, orders)
CLIENTS = {"sync": ccxt.okx, "async": ccxt.async_support.okx}
FUNDS = (Funds("SOL", 10_000), Funds("USDT", 1_000_000))
ALL = Permission.READ_ONLY | Permission.TRADE | Permission.WITHDRAW


def claimed(client: Any) -> set[str]:
    """The names of the methods that a client has."""
    return {name for name, state in client.has.items() if state} - PROPERTIES


@pytest.fixture(params=CLIENTS)
async def desk(server: LiveServer, request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    kind = CLIENTS[request.param]
    keys = [await server.new_trader(FUNDS, ALL) for _ in range(2)]
    made = Desk(*(Unified(kind(settings(server, key))) for key in keys))
    for client in made:
        await client.load_markets()
    yield made
    for client in made:
        for order in await client.fetch_open_orders(SYMBOL):
            await client.cancel_order(order["id"], SYMBOL)
        closing = client.client.close()
        if inspect.isawaitable(closing):
            await closing


def test_every_method_is_exercised_or_known_to_be_absent() -> None:
    """Criterion: CLIENT-1"""
    assert len(STORIES) == 3
    exercised = set().union(*(scenario.methods for scenario in SCENARIOS.values()))
    assert not exercised & set(ABSENT)
    assert exercised | set(ABSENT) == claimed(ccxt.okx()) - NOT_IN_CCXT
    assert not any(hasattr(ccxt.pro.okx, python_name(name)) for name in NOT_IN_CCXT)


@pytest.mark.parametrize("story", SCENARIOS)
async def test_what_is_offered(desk: Desk, story: str) -> None:
    """Criterion: CLIENT-1"""
    await SCENARIOS[story].play(desk)
    unplayed = {python_name(name) for name in SCENARIOS[story].methods} - desk.called()
    assert not unplayed


async def test_what_is_not_offered(desk: Desk) -> None:
    """Criterion: CLIENT-1"""
    found = {name: await disagreement(desk.me, name, answer) for name, answer in ABSENT.items()}
    assert {name: words for name, words in found.items() if words} == {}
