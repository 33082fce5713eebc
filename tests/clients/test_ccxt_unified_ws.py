"""Goal: every method that ccxt.pro adds to ccxt's for OKX works here, or answers as documented."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import ccxt
import ccxt.pro
import pytest

from tests.clients.test_ccxt_unified import FUNDS, claimed
from tests.clients.test_ccxt_ws import made
from tests.clients.unified.absent import NOT_IN_CCXT, SILENT, SOCKETS_ABSENT, disagreement
from tests.clients.unified.caller import SYMBOL, Desk, Unified, python_name
from tests.clients.unified.sockets import SOCKET_STORIES, soon
from tests.server import LiveServer


@pytest.fixture
async def desk(server: LiveServer) -> AsyncIterator[Desk]:
    keys = [await server.new_trader(FUNDS) for _ in range(2)]
    clients = Desk(*(Unified(made(server, key)) for key in keys))
    for client in clients:
        await client.load_markets()
    yield clients
    for client in clients:
        for order in await client.fetch_open_orders(SYMBOL):
            await client.cancel_order(order["id"], SYMBOL)
        await client.client.close()


def test_every_method_is_watched_or_known_to_be_absent() -> None:
    """Criterion: CLIENT-2"""
    watched = set().union(*(story.methods for story in SOCKET_STORIES.values()))
    added = claimed(ccxt.pro.okx()) - claimed(ccxt.okx()) - NOT_IN_CCXT
    assert not watched & (set(SOCKETS_ABSENT) | set(SILENT))
    assert watched | set(SOCKETS_ABSENT) | set(SILENT) == added


@pytest.mark.parametrize("story", SOCKET_STORIES)
async def test_what_is_watched(desk: Desk, story: str) -> None:
    """Criterion: CLIENT-2"""
    await SOCKET_STORIES[story].play(desk)
    unplayed = {python_name(name) for name in SOCKET_STORIES[story].methods} - desk.called()
    assert not unplayed


async def test_what_is_refused(desk: Desk) -> None:
    """Criterion: CLIENT-2"""
    for name, answer in SOCKETS_ABSENT.items():
        assert await soon(disagreement(desk.me, name, answer)) == "", name


async def test_what_is_silent(desk: Desk) -> None:
    """Criterion: CLIENT-2"""
    waiting: list[asyncio.Future[Any]] = [
        asyncio.ensure_future(getattr(desk.me, python_name(name))(*arguments))
        for name, arguments in SILENT.items()
    ]
    # Answers on both connections, after which a refusal would have come too.
    await soon(desk.me.watch_ticker(SYMBOL))
    await soon(desk.me.watch_balance())
    assert not any(each.done() for each in waiting)
    for each in waiting:
        each.cancel()
