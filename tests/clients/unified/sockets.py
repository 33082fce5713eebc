"""What ccxt.pro watches, ceases to watch, and orders over WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.clients.unified.caller import SYMBOL, Desk, Scenario, Unified

WAIT_S = 20
OTHER_SYMBOL = "ETH/USDT"
MINUTE = "1m"

SOCKET_STORIES: dict[str, Scenario] = {}


def watches(
    *methods: str,
) -> Callable[[Callable[[Desk], Awaitable[None]]], Callable[[Desk], Awaitable[None]]]:
    """Enter a story of WebSocket methods under its name."""

    def enter(play: Callable[[Desk], Awaitable[None]]) -> Callable[[Desk], Awaitable[None]]:
        SOCKET_STORIES[play.__name__] = Scenario(play, frozenset(methods))
        return play

    return enter


async def soon(awaited: Awaitable[Any]) -> Any:
    return await asyncio.wait_for(awaited, WAIT_S)


async def trade(desk: Desk, price: float, amount: float) -> None:
    """One match at a price, the taker buying."""
    await desk.other.create_order(SYMBOL, "limit", "sell", amount, price)
    await desk.me.create_order(SYMBOL, "limit", "buy", amount, price)


@watches(
    "watchOrderBook", "watchOrderBookForSymbols", "unWatchOrderBook", "unWatchOrderBookForSymbols"
)
async def books_follow_their_numbers(desk: Desk) -> None:
    me = desk.me
    book = await soon(me.watch_order_book(SYMBOL))
    number = book["nonce"]
    assert number > 0
    asked = await desk.other.create_order(SYMBOL, "limit", "sell", 2, 103)
    while [level[:2] for level in book["asks"]] != [[103, 2]]:
        await soon(me.watch_order_book(SYMBOL))
    assert book["nonce"] > number
    fetched = await me.fetch_order_book(SYMBOL)
    assert [level[:2] for level in fetched["asks"]] == [[103, 2]]
    await soon(me.un_watch_order_book(SYMBOL))
    both = await soon(me.watch_order_book_for_symbols([SYMBOL, OTHER_SYMBOL]))
    assert both["symbol"] in (SYMBOL, OTHER_SYMBOL)
    while SYMBOL not in me.client.orderbooks:
        await soon(me.watch_order_book_for_symbols([SYMBOL, OTHER_SYMBOL]))
    assert [level[:2] for level in me.client.orderbooks[SYMBOL]["asks"]] == [[103, 2]]
    await soon(me.un_watch_order_book_for_symbols([SYMBOL, OTHER_SYMBOL]))
    await desk.other.cancel_order(asked["id"], SYMBOL)


@watches("watchTrades", "watchTradesForSymbols", "unWatchTrades", "unWatchTradesForSymbols")
async def trades_are_those_of_rest(desk: Desk) -> None:
    me = desk.me
    watching = asyncio.ensure_future(me.watch_trades(SYMBOL))
    await soon(me.watch_order_book(SYMBOL))
    await trade(desk, 101, 0.5)
    (seen,) = await soon(watching)
    assert (seen["price"], seen["amount"], seen["side"]) == (101, 0.5, "buy")
    assert seen["id"] in {one["id"] for one in await me.fetch_trades(SYMBOL)}
    await soon(me.un_watch_trades(SYMBOL))
    watching = asyncio.ensure_future(me.watch_trades_for_symbols([SYMBOL, OTHER_SYMBOL]))
    await soon(me.watch_order_book(OTHER_SYMBOL))
    await trade(desk, 101, 0.25)
    (seen,) = await soon(watching)
    assert (seen["symbol"], seen["amount"]) == (SYMBOL, 0.25)
    await soon(me.un_watch_trades_for_symbols([SYMBOL, OTHER_SYMBOL]))


@watches("watchTicker", "watchTickers", "unWatchTicker", "unWatchTickers", "watchBidsAsks")
async def tickers_follow_trades_and_offers(desk: Desk) -> None:
    me = desk.me
    await soon(me.watch_ticker(SYMBOL))
    await trade(desk, 100, 1)
    await trade(desk, 102, 1)
    while me.client.tickers[SYMBOL]["last"] != 102:
        await soon(me.watch_ticker(SYMBOL))
    await soon(me.un_watch_ticker(SYMBOL))
    found = await soon(me.watch_tickers([SYMBOL]))
    assert found[SYMBOL]["last"] == 102
    await soon(me.un_watch_tickers([SYMBOL]))
    order = await me.create_order(SYMBOL, "limit", "buy", 3, 98)
    best = await soon(me.watch_bids_asks([SYMBOL]))
    assert (best[SYMBOL]["bid"], best[SYMBOL]["bidVolume"]) == (98, 3)
    await me.cancel_order(order["id"], SYMBOL)


def traded_bars(me: Unified) -> list[list[float]]:
    return [bar for bar in me.client.ohlcvs[SYMBOL][MINUTE] if bar[5] > 0]


@watches("watchOHLCV", "watchOHLCVForSymbols", "unWatchOHLCV", "unWatchOHLCVForSymbols")
async def candles_end_with_the_last_trade(desk: Desk) -> None:
    me = desk.me
    # The running bar comes at once, where there was a trade.
    await trade(desk, 101, 1)
    pairs = [[SYMBOL, MINUTE], [SYMBOL, "5m"]]
    ways: list[tuple[float, Callable[[], Awaitable[Any]], Callable[[], Awaitable[Any]]]] = [
        (100, lambda: me.watch_ohlcv(SYMBOL, MINUTE), lambda: me.un_watch_ohlcv(SYMBOL, MINUTE)),
        (
            102,
            lambda: me.watch_ohlcv_for_symbols(pairs),
            lambda: me.un_watch_ohlcv_for_symbols(pairs),
        ),
    ]
    for price, watch, cease in ways:
        await soon(watch())
        await trade(desk, price, 1)
        # A minute may turn meanwhile: the new bar carries the price with nothing traded in it.
        while not (traded := traded_bars(me)) or traded[-1][4] != price:
            await soon(watch())
        moment, first, high, low, last, volume = traded[-1]
        assert moment % 60_000 == 0
        assert high >= max(first, last) >= min(first, last) >= low
        assert volume >= 1
        await soon(cease())


@watches(
    "watchBalance", "watchOrders", "watchMyTrades", "watchPositions", "createOrderWs",
    "createLimitOrderWs", "createMarketOrderWs", "editOrderWs", "cancelOrderWs", "cancelOrdersWs",
)  # fmt: skip
async def orders_are_entered_and_watched(desk: Desk) -> None:
    me, other = desk
    assert await soon(me.watch_positions()) == []
    before = await soon(me.watch_balance())
    order = await soon(me.create_order_ws(SYMBOL, "limit", "buy", 1, 90))
    await soon(me.edit_order_ws(order["id"], SYMBOL, "limit", "buy", 2, 91))
    found = await me.fetch_order(order["id"], SYMBOL)
    assert (found["status"], found["amount"], found["price"]) == ("open", 2, 91)
    watching = asyncio.ensure_future(me.watch_orders(SYMBOL))
    await soon(me.cancel_order_ws(order["id"], SYMBOL))
    (ended,) = await soon(watching)
    assert (ended["id"], ended["status"]) == (order["id"], "canceled")
    ids = [(await soon(me.create_limit_order_ws(SYMBOL, "buy", 1, 90 - n)))["id"] for n in range(2)]
    await soon(me.cancel_orders_ws(ids, SYMBOL))
    assert await me.fetch_open_orders(SYMBOL) == []
    filling = asyncio.ensure_future(me.watch_my_trades(SYMBOL))
    await other.create_order(SYMBOL, "limit", "buy", 2, 100)
    sold = await soon(me.create_market_order_ws(SYMBOL, "sell", 2))
    (fill,) = await soon(filling)
    assert (fill["order"], fill["price"], fill["amount"]) == (sold["id"], 100, 2)
    expected = before["USDT"]["total"] + fill["cost"] - fill["fee"]["cost"]
    while me.client.balance["USDT"]["total"] != pytest.approx(expected):
        await soon(me.watch_balance())
    assert (await me.fetch_balance())["USDT"]["total"] == pytest.approx(expected)
