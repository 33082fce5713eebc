"""ccxt's WebSocket client watches and trades here after nothing but its URLs were changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import ccxt.pro
import pytest

from fullreserve.identity.vault import NewKey
from tests.server import LiveServer

SYMBOL = "ETH/USDT"
# Every trade has this price, which keeps the price band in place; each test leaves no orders.
BASE = 1_500
WAIT_S = 30


def made(server: LiveServer, key: NewKey) -> Any:
    return ccxt.pro.okx(
        {
            "apiKey": key.key,
            "secret": key.secret,
            "password": key.passphrase,
            "urls": {"api": {"rest": f"http://{server.http}", "ws": f"ws://{server.ws}/ws/v5"}},
            "enableRateLimit": False,
            "newUpdates": True,
        }
    )


async def ended(client: Any) -> None:
    for order in await client.fetch_open_orders(SYMBOL):
        await client.cancel_order(order["id"], SYMBOL)
    await client.close()


@pytest.fixture
async def okx(server: LiveServer, trader: NewKey) -> AsyncIterator[Any]:
    client = made(server, trader)
    await client.load_markets()
    yield client
    await ended(client)


@pytest.fixture
async def other(server: LiveServer, counterparty: NewKey) -> AsyncIterator[Any]:
    client = made(server, counterparty)
    await client.load_markets()
    yield client
    await ended(client)


async def soon(awaited: Awaitable[Any]) -> Any:
    return await asyncio.wait_for(awaited, WAIT_S)


async def test_watch_order_book(okx: Any, other: Any) -> None:
    """Criterion: WS-CLIENT-1. ccxt throws when a message does not continue the one before it."""
    # It keeps one book, which every message changes; so look first, then wait for the next.
    book = await soon(okx.watch_order_book(SYMBOL))
    orders = []
    for step in range(1, 6):
        orders.append(await other.create_order(SYMBOL, "limit", "sell", step, BASE + step))
        while [BASE + step, step] not in [level[:2] for level in book["asks"]]:
            await soon(okx.watch_order_book(SYMBOL))
    fetched = await okx.fetch_order_book(SYMBOL)
    assert [level[:2] for level in book["asks"]] == [level[:2] for level in fetched["asks"]]
    await other.cancel_orders([order["id"] for order in orders], SYMBOL)
    while book["asks"]:
        await soon(okx.watch_order_book(SYMBOL))


async def test_watch_trades_ticker_and_candles(okx: Any, other: Any) -> None:
    """Criterion: WS-CLIENT-1."""
    watching = [
        asyncio.ensure_future(okx.watch_trades(SYMBOL)),
        asyncio.ensure_future(okx.watch_ohlcv(SYMBOL, "1m")),
    ]
    ticker = await soon(okx.watch_ticker(SYMBOL))
    assert ticker["symbol"] == SYMBOL
    await other.create_order(SYMBOL, "limit", "sell", 2, BASE)
    await okx.create_order_ws(SYMBOL, "limit", "buy", 2, BASE)
    trades = await soon(watching[0])
    assert (trades[-1]["price"], trades[-1]["amount"], trades[-1]["side"]) == (BASE, 2, "buy")
    await soon(watching[1])
    while okx.ohlcvs[SYMBOL]["1m"][-1][4] != BASE:
        await soon(okx.watch_ohlcv(SYMBOL, "1m"))
    while okx.tickers[SYMBOL]["last"] != BASE:
        await soon(okx.watch_ticker(SYMBOL))
    best = await soon(okx.watch_bids_asks([SYMBOL]))
    assert SYMBOL in best


async def test_orders_placed_amended_canceled_and_watched(okx: Any) -> None:
    """Criterion: WS-CLIENT-1."""
    watching = asyncio.ensure_future(okx.watch_orders(SYMBOL))
    await soon(okx.watch_balance())
    order = await soon(okx.create_order_ws(SYMBOL, "limit", "buy", 1, BASE - 10))
    (live,) = await soon(watching)
    assert (live["id"], live["status"], live["remaining"]) == (order["id"], "open", 1)
    watching = asyncio.ensure_future(okx.watch_orders(SYMBOL))
    edited = await soon(okx.edit_order_ws(order["id"], SYMBOL, "limit", "buy", 2, BASE - 20))
    assert edited["id"] == order["id"]
    (amended,) = await soon(watching)
    assert (amended["amount"], amended["price"]) == (2, BASE - 20)
    watching = asyncio.ensure_future(okx.watch_orders(SYMBOL))
    await soon(okx.cancel_order_ws(order["id"], SYMBOL))
    (canceled,) = await soon(watching)
    assert (canceled["id"], canceled["status"]) == (order["id"], "canceled")


async def test_fills_and_balances_are_watched(okx: Any, other: Any) -> None:
    """Criterion: WS-CLIENT-1."""
    before = await soon(okx.watch_balance())
    filling = asyncio.ensure_future(okx.watch_my_trades(SYMBOL))
    watching = asyncio.ensure_future(okx.watch_balance())
    await soon(okx.create_order_ws(SYMBOL, "limit", "buy", 1, BASE))
    held = await soon(watching)
    assert held["USDT"]["used"] == BASE
    watching = asyncio.ensure_future(okx.watch_balance())
    await soon(other.create_order_ws(SYMBOL, "limit", "sell", 1, BASE))
    (fill,) = await soon(filling)
    assert (fill["price"], fill["amount"], fill["takerOrMaker"]) == (BASE, 1, "maker")
    after = await soon(watching)
    assert after["ETH"]["total"] > before["ETH"]["total"]
    assert after["USDT"]["total"] == before["USDT"]["total"] - BASE


async def test_refusals_reach_the_caller_with_their_code(okx: Any) -> None:
    """Criterion: WS-CLIENT-1, WS-OP-2, WS-OP-6. ccxt.pro reads rows where `msg` is empty."""
    await soon(okx.watch_balance())
    with pytest.raises(ccxt.InsufficientFunds, match="51008"):
        await soon(okx.create_order_ws(SYMBOL, "limit", "buy", 8_000, BASE))
    with pytest.raises(ccxt.OrderNotFound, match="51400"):
        await soon(okx.cancel_order_ws("1000000000000000000", SYMBOL))
    order = await soon(okx.create_order_ws(SYMBOL, "limit", "buy", 1, BASE - 10))
    await soon(okx.cancel_order_ws(order["id"], SYMBOL))
    with pytest.raises(ccxt.OrderNotFound):
        await soon(okx.cancel_order_ws(order["id"], SYMBOL))
