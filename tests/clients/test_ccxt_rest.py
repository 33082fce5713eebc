"""ccxt trades here after nothing but its URL was changed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import ccxt
import ccxt.async_support
import pytest
import pytest_asyncio

from fullreserve.identity.vault import NewKey
from tests.server import Funds, LiveServer

SYMBOL = "BTC/USDT"
# Every trade has this price, which keeps the price band in place; each test leaves no orders.
BASE = 20_000


def settings(server: LiveServer, key: NewKey) -> dict[str, Any]:
    return {
        "apiKey": key.key,
        "secret": key.secret,
        "password": key.passphrase,
        "urls": {"api": {"rest": f"http://{server.http}"}},
        "enableRateLimit": False,
    }


def cancel_open(client: Any) -> None:
    for order in client.fetch_open_orders(SYMBOL):
        client.cancel_order(order["id"], SYMBOL)


@pytest.fixture
def okx(server: LiveServer, trader: NewKey) -> Iterator[Any]:
    client = ccxt.okx(settings(server, trader))
    client.load_markets()
    yield client
    cancel_open(client)
    client.close()


@pytest.fixture
def other(server: LiveServer, counterparty: NewKey) -> Iterator[Any]:
    client = ccxt.okx(settings(server, counterparty))
    client.load_markets()
    yield client
    cancel_open(client)
    client.close()


def test_markets_and_currencies(okx: Any) -> None:
    """Criterion: REST-CLIENT-1"""
    market = okx.market(SYMBOL)
    assert market["spot"]
    assert market["active"]
    assert (market["precision"]["price"], market["precision"]["amount"]) == (0.1, 0.00001)
    assert {"BTC", "USDT", "FRT"} <= set(okx.currencies)
    assert len(okx.markets) >= 12
    assert okx.fetch_time() > 1_600_000_000_000
    assert okx.fetch_status()["status"] == "ok"


def test_order_book_and_trades(okx: Any, other: Any) -> None:
    """Criterion: REST-CLIENT-1"""
    other.create_order(SYMBOL, "limit", "sell", 2, BASE)
    okx.create_order(SYMBOL, "limit", "buy", 0.5, BASE)
    book = okx.fetch_order_book(SYMBOL)
    assert [BASE, 1.5] in [level[:2] for level in book["asks"]]
    trade = okx.fetch_trades(SYMBOL)[-1]
    assert (trade["price"], trade["amount"], trade["side"]) == (BASE, 0.5, "buy")


def test_ticker_and_candles(okx: Any, other: Any) -> None:
    """Criterion: REST-CLIENT-1"""
    other.create_order(SYMBOL, "limit", "sell", 2, BASE)
    okx.create_order(SYMBOL, "limit", "buy", 0.5, BASE)
    assert okx.fetch_ticker(SYMBOL)["last"] == BASE
    assert okx.fetch_tickers([SYMBOL])[SYMBOL]["ask"] <= BASE
    # Candles appear once the market has its past from the records, soon after the start.
    candles = next(found for _ in range(500) if (found := okx.fetch_ohlcv(SYMBOL, "1m")))
    assert candles[-1][4] == BASE


def test_limit_order_amend_cancel(okx: Any) -> None:
    """Criterion: REST-CLIENT-1"""
    made = okx.create_order(SYMBOL, "limit", "buy", 0.1, BASE / 2)
    fetched = okx.fetch_order(made["id"], SYMBOL)
    assert (fetched["status"], fetched["price"], fetched["amount"]) == ("open", BASE / 2, 0.1)
    okx.edit_order(made["id"], SYMBOL, "limit", "buy", 0.2, BASE / 2 - 1)
    (pending,) = okx.fetch_open_orders(SYMBOL)
    assert (pending["id"], pending["amount"]) == (made["id"], 0.2)
    assert pending["price"] == BASE / 2 - 1
    assert okx.fetch_balance()["USDT"]["used"] == pytest.approx(0.2 * (BASE / 2 - 1))
    okx.cancel_order(made["id"], SYMBOL)
    assert okx.fetch_order(made["id"], SYMBOL)["status"] == "canceled"
    assert okx.fetch_open_orders(SYMBOL) == []
    assert [order["id"] for order in okx.fetch_canceled_orders(SYMBOL)] == [made["id"]]


def test_a_trade_from_both_sides(okx: Any, other: Any) -> None:
    """Criterion: REST-CLIENT-1"""
    before = okx.fetch_balance()
    resting = other.create_order(SYMBOL, "limit", "sell", 1, BASE, {"postOnly": True})
    bought = okx.create_order(SYMBOL, "limit", "buy", 1, BASE)
    order = okx.fetch_order(bought["id"], SYMBOL)
    assert (order["status"], order["filled"], order["average"]) == ("closed", 1, BASE)
    assert order["fee"]["currency"] == "BTC"
    assert order["fee"]["cost"] > 0
    (fill,) = okx.fetch_my_trades(SYMBOL)
    assert (fill["order"], fill["price"], fill["takerOrMaker"]) == (bought["id"], BASE, "taker")
    (made,) = other.fetch_my_trades(SYMBOL)
    assert (made["order"], made["takerOrMaker"]) == (resting["id"], "maker")
    after = okx.fetch_balance()
    assert after["USDT"]["total"] == before["USDT"]["total"] - BASE
    assert after["BTC"]["total"] == pytest.approx(before["BTC"]["total"] + 1 - fill["fee"]["cost"])
    assert [one["id"] for one in okx.fetch_closed_orders(SYMBOL)] == [bought["id"]]
    assert [one["id"] for one in okx.fetch_order_trades(bought["id"], SYMBOL)] == [fill["id"]]


def test_market_orders(okx: Any, other: Any) -> None:
    """Criterion: REST-CLIENT-1"""
    other.create_order(SYMBOL, "limit", "buy", 1, BASE)
    sold = okx.create_order(SYMBOL, "market", "sell", 0.5)
    order = okx.fetch_order(sold["id"], SYMBOL)
    assert (order["status"], order["filled"], order["average"]) == ("closed", 0.5, BASE)
    cancel_open(other)
    other.create_order(SYMBOL, "limit", "sell", 1, BASE)
    bought = okx.create_order(SYMBOL, "market", "buy", BASE / 4, None, {"tgtCcy": "quote_ccy"})
    assert okx.fetch_order(bought["id"], SYMBOL)["filled"] == 0.25
    cancel_open(other)


def test_batches(okx: Any) -> None:
    """Criterion: REST-CLIENT-1"""
    order = {"symbol": SYMBOL, "type": "limit", "side": "buy", "amount": 0.01}
    made = okx.create_orders([{**order, "price": BASE / 2 - n} for n in range(5)])
    ids = [one["id"] for one in made]
    assert [one["id"] for one in reversed(okx.fetch_open_orders(SYMBOL))] == ids or {
        one["id"] for one in okx.fetch_open_orders(SYMBOL)
    } == set(ids)
    okx.cancel_orders(ids, SYMBOL)
    assert okx.fetch_open_orders(SYMBOL) == []


def test_refusals_become_ccxts_own_exceptions(okx: Any, server: LiveServer) -> None:
    """Criterion: REST-CLIENT-1, REST-3"""
    with pytest.raises(ccxt.InsufficientFunds, match="enough for"):
        okx.create_order(SYMBOL, "limit", "sell", 200, BASE)
    with pytest.raises(ccxt.OrderNotFound):
        okx.fetch_order("1000000000999999999", SYMBOL)
    with pytest.raises(ccxt.OrderNotFound):
        okx.cancel_order("1000000000999999999", SYMBOL)
    with pytest.raises(ccxt.InvalidOrder):
        okx.private_post_trade_order(
            {
                "instId": "BTC-USDT",
                "tdMode": "cash",
                "side": "buy",
                "ordType": "limit",
                "px": str(BASE),
                "sz": "0.000001",
            }
        )
    with pytest.raises(ccxt.BadSymbol):
        okx.public_get_market_ticker({"instId": "NO-SUCH"})
    with pytest.raises(ccxt.BadRequest):
        okx.public_get_market_candles({"instId": "BTC-USDT", "bar": "7m"})
    wrong = ccxt.okx({**settings(server, _key(okx)), "secret": "wrong"})
    with pytest.raises(ccxt.AuthenticationError):
        wrong.fetch_balance()
    wrong = ccxt.okx({**settings(server, _key(okx)), "password": "wrong"})
    with pytest.raises(ccxt.AuthenticationError):
        wrong.fetch_balance()


def _key(client: Any) -> NewKey:
    return NewKey(0, client.apiKey, client.secret, client.password)


def test_transfer_to_funding_and_back(okx: Any) -> None:
    """Criterion: REST-CLIENT-1"""
    moved = okx.transfer("USDT", 100, "spot", "funding")
    assert (moved["currency"], moved["amount"]) == ("USDT", 100)
    assert okx.fetch_balance({"type": "funding"})["USDT"]["free"] == 100
    okx.transfer("USDT", 100, "funding", "spot")
    assert okx.fetch_balance()["USDT"]["total"] == 10_000_000


@pytest_asyncio.fixture
async def asynchronous(server: LiveServer) -> AsyncIterator[Any]:
    key = await server.new_trader((Funds("USDT", 10_000),))
    client = ccxt.async_support.okx(settings(server, key))
    yield client
    await client.close()


async def test_the_asynchronous_client(asynchronous: Any) -> None:
    """Criterion: REST-CLIENT-1"""
    client = asynchronous
    await client.load_markets()
    made = await client.create_order(SYMBOL, "limit", "buy", 0.1, BASE / 2)
    assert (await client.fetch_order(made["id"], SYMBOL))["status"] == "open"
    assert (await client.fetch_balance())["USDT"]["used"] == pytest.approx(BASE / 20)
    await client.cancel_order(made["id"], SYMBOL)
    assert (await client.fetch_open_orders(SYMBOL)) == []
    with pytest.raises(ccxt.InsufficientFunds):
        await client.create_order(SYMBOL, "limit", "sell", 1, BASE * 2)
