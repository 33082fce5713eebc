"""What anybody sees: the catalogue, books, trades, tickers, candles."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.unified.caller import SYMBOL, Desk, Unified, exercises

INDEX = {"instId": "SOL-USDT"}
LOOKS = 500


@exercises(
    "fetchMarkets", "fetchCurrencies", "fetchStatus", "fetchTime", "fetchTradingFee",
    "fetchDepositWithdrawFees", "fetchDepositWithdrawFee",
)  # fmt: skip
async def catalogue(desk: Desk) -> None:
    markets = {market["symbol"]: market for market in await desk.me.fetch_markets()}
    assert len(markets) >= 12
    for market in markets.values():
        assert market["spot"]
        assert market["active"]
        assert market["limits"]["amount"]["min"] >= market["precision"]["amount"] > 0
        assert market["precision"]["price"] > 0
    currencies = await desk.me.fetch_currencies()
    assert {market["base"] for market in markets.values()} < set(currencies)
    assert (await desk.me.fetch_status())["status"] == "ok"
    first = await desk.me.fetch_time()
    assert 1_600_000_000_000 < first <= await desk.me.fetch_time()
    fee = await desk.me.fetch_trading_fee(SYMBOL)
    assert (fee["symbol"], fee["maker"], fee["taker"]) == (SYMBOL, 0.0008, 0.001)
    fees = await desk.me.fetch_deposit_withdraw_fees()
    assert set(fees) == set(currencies)
    assert (await desk.me.fetch_deposit_withdraw_fee("SOL")) == fees["SOL"]


@exercises("fetchOrderBook", "fetchL2OrderBook", "fetchTrades")
async def a_sweep_of_the_book(desk: Desk) -> None:
    prices = (100, 101, 102)
    for price in prices:
        await desk.other.create_order(SYMBOL, "limit", "sell", price - 99, price)
    before = await desk.me.fetch_order_book(SYMBOL)
    assert [level[:2] for level in before["asks"]] == [[100, 1], [101, 2], [102, 3]]
    await desk.me.create_order(SYMBOL, "limit", "buy", 4, 102)
    after = await desk.me.fetch_order_book(SYMBOL)
    assert after["timestamp"] >= before["timestamp"]
    assert ([level[:2] for level in after["asks"]], after["bids"]) == ([[102, 2]], [])
    flat = await desk.me.fetch_l2_order_book(SYMBOL)
    assert flat["asks"] == [[102, 2]]
    trades = (await desk.me.fetch_trades(SYMBOL))[-3:]
    assert [(trade["price"], trade["amount"]) for trade in trades] == [(100, 1), (101, 2), (102, 1)]
    assert {trade["side"] for trade in trades} == {"buy"}
    assert len({trade["timestamp"] for trade in trades}) == 1


@exercises("fetchTicker", "fetchTickers", "fetchOHLCV", "fetchIndexOHLCV")
async def tickers_and_candles(desk: Desk) -> None:
    await desk.other.create_order(SYMBOL, "limit", "sell", 3, 101)
    await desk.me.create_order(SYMBOL, "limit", "buy", 1, 101)
    await desk.me.create_order(SYMBOL, "limit", "buy", 1, 99)
    ticker = await desk.me.fetch_ticker(SYMBOL)
    found = ticker["last"], ticker["ask"], ticker["askVolume"], ticker["bid"], ticker["bidVolume"]
    assert found == (101, 101, 2, 99, 1)
    assert ticker["high"] >= ticker["last"] >= ticker["low"]
    assert ticker["low"] <= ticker["quoteVolume"] / ticker["baseVolume"] <= ticker["high"]
    assert (await desk.me.fetch_tickers([SYMBOL]))[SYMBOL]["last"] == 101
    candles = await _candles(desk.me)
    for moment, first, high, low, last, volume in candles:
        assert moment % 60_000 == 0
        assert high >= max(first, last) >= min(first, last) >= low > 0
        assert volume >= 0
    assert candles[-1][4] == 101
    assert sum(candle[5] for candle in candles) == pytest.approx(ticker["baseVolume"])
    # For a spot market ccxt asks for the index of its empty family, unless it is told which.
    index = await desk.me.fetch_index_ohlcv(SYMBOL, "1m", None, None, INDEX)
    assert index[-1][4] == 101


async def _candles(client: Unified) -> list[list[Any]]:
    """Candles appear once the market has its past from the records, soon after the start."""
    for _ in range(LOOKS):
        if found := await client.fetch_ohlcv(SYMBOL, "1m"):
            return list(found)
    raise AssertionError("there are no candles")
