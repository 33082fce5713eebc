"""A console for each test: an exchange with three operators, signed in with authenticators."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_wire import DEPOSITS, WITHDRAWALS, Funded, Tier
from fullreserve.exchange.wire.commands import AccountKey, Transfer, amount_bytes
from fullreserve.gateway.custody_desk import say
from tests.bed import ALICE, BTC, submit
from tests.integration.operator.bed import Console
from tests.integration.rest.test_custody import COIN, NETWORK, Numbers, terms
from tests.memory_folder import memory_folder


@pytest_asyncio.fixture
async def console() -> AsyncIterator[Console]:
    with memory_folder() as folder:
        opened = await Console.open(folder)
        yield opened
        await opened.close()


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[Console]:
    """A console over a chain with 500 BTC in the hot wallet, of which ALICE can withdraw 50."""
    with memory_folder() as folder:
        opened = await Console.open(folder)
        rest = opened.town.rest
        rest.context.addresses = {NETWORK: Numbers()}
        for fold in (DEPOSITS, WITHDRAWALS):
            assert (await say(rest.context, fold, terms(NETWORK, "Bitcoin"))).code == 0
        await rest.place(rest.bob, "sell", "40000", "0.1")
        await rest.place(rest.alice, "buy", "40000", "0.1")
        funded = Funded(NETWORK, bytes(32), BTC, Tier.HOT, amount_bytes(500 * COIN))
        assert (await say(rest.context, DEPOSITS, funded)).code == 0
        door = rest.door
        source, target = (AccountKey(ALICE, kind, 0) for kind in (chart.TRADE, chart.FUND))
        moved = Transfer(
            door.gateway, door.numbers(1), ALICE, source, target, BTC, amount_bytes(50 * COIN)
        )
        await submit(door, [moved])
        yield opened
        await opened.close()
