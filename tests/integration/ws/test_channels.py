"""Goal: every channel of the table is served, silent or refused as documented.

Method: plain clients on one running exchange for the module; each test trades for itself.
"""

import json
from collections.abc import AsyncIterator
from typing import Any
from zlib import crc32

import pytest
import pytest_asyncio

from fullreserve.gateway.ws import absent
from fullreserve.gateway.ws.channels import OF_INSTRUMENT, OF_OWNER, OTHERS
from fullreserve.gateway.ws.hub import FAST_MS
from fullreserve.identity.vault import NewKey
from tests.integration.ws.live import Client, Live, order, running

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Town:
    """The exchange and two traders."""

    def __init__(self, live: Live, maker: NewKey, taker: NewKey) -> None:
        self.live = live
        self.maker = maker
        self.taker = taker

    async def sell(self, *offers: tuple[str, str]) -> None:
        """Offers prices and sizes in one batch."""
        async with self.live.client(self.maker) as client:
            orders = [order("sell", price, size) for price, size in offers]
            assert (await client.ask("batch-orders", *orders))["code"] == "0"

    async def buy(self, *bids: tuple[str, str]) -> None:
        """Takes with immediate orders in one batch."""
        async with self.live.client(self.taker) as client:
            orders = [order("buy", price, size, ordType="ioc") for price, size in bids]
            assert (await client.ask("batch-orders", *orders))["code"] == "0"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with running(tmp_path_factory.mktemp("channels")) as live:
        yield Town(live, await live.trader(), await live.trader())


async def test_trades_are_one_message_for_each_taker_and_price(town: Town) -> None:
    """Criterion: WS-TRADES-1. Two takers in one batch are two, though one row of the log."""
    async with town.live.client() as client:
        await client.subscribe("trades", instId="BTC-USDT")
        await client.subscribe("trades-all", instId="BTC-USDT")
        await town.sell(("100", "1"), ("100", "2"), ("101", "1"), ("101", "4"))
        await town.buy(("101", "3.5"), ("101", "0.25"), ("101", "1"))
        merged = [await client.of("trades") for _ in range(4)]
        rows = [row for message in merged for row in message["data"]]
        assert len(rows) == len(merged)
        assert [(row["px"], row["sz"], row["count"]) for row in rows] == [
            ("100", "3", "2"), ("101", "0.5", "1"), ("101", "0.25", "1"), ("101", "1", "2"),
        ]  # fmt: skip
        single = [(await client.of("trades-all"))["data"] for _ in range(6)]
        last = [row["tradeId"] for (row,) in single]
        assert [row["tradeId"] for row in rows] == [last[1], last[2], last[3], last[5]]
        sequences = [row["seqId"] for row in rows]
        assert all(isinstance(one, int) for one in sequences)
        assert sequences[0] == sequences[1] < sequences[2] < sequences[3]
        await town.buy(("101", "3.25"))
        await client.of("trades")


class Book:
    """A book that a client keeps from a channel, and checks as clients do."""

    def __init__(self) -> None:
        self.sides: dict[str, dict[float, list[str]]] = {"asks": {}, "bids": {}}
        self.sequence = -1

    def take(self, message: Any) -> None:
        (data,) = message["data"]
        assert data["prevSeqId"] == self.sequence
        assert (message["action"] == "snapshot") == (self.sequence == -1)
        self.sequence = data["seqId"]
        for side, levels in self.sides.items():
            for level in data[side]:
                if level[1] == "0":
                    del levels[float(level[0])]
                else:
                    levels[float(level[0])] = level
        if "checksum" in data:
            assert data["checksum"] == self.checksum()

    def best(self, side: str) -> list[list[str]]:
        levels = self.sides[side]
        return [levels[price] for price in sorted(levels, reverse=side == "bids")]

    def checksum(self) -> int:
        parts: list[str] = []
        asks, bids = self.best("asks")[:25], self.best("bids")[:25]
        for place in range(25):
            both = (*bids[place : place + 1], *asks[place : place + 1])
            parts += [f"{level[0]}:{level[1]}" for level in both]
        code = crc32(":".join(parts).encode())
        return code - 2**32 if code >= 2**31 else code


@pytest.mark.parametrize("channel", ["books", "books-l2-tbt", "books50-l2-tbt", "books-rpi"])
async def test_a_book_kept_from_updates_is_the_book(town: Town, channel: str) -> None:
    """Criterion: WS-BOOKS-1, WS-BOOKS-4, WS-BOOKS-5."""
    base = 1_000 + 10 * len(channel)
    async with town.live.client(town.maker) as client:
        await client.subscribe(channel, instId="ETH-USDT")
        book = Book()
        book.take(await client.of(channel))
        for step in range(12):
            orders = [
                order(side, str(price), str(1 + step), instIdCode="", instId="ETH-USDT")
                for side, price in (("buy", base + step % 7), ("sell", base + 20 - step % 5))
            ]
            assert (await client.ask("batch-orders", *orders))["code"] == "0"
            book.take(await client.of(channel))
        best = {"asks": str(base + 16), "bids": str(base + 6)}
        while {side: book.best(side)[0][0] for side in best} != best:
            book.take(await client.of(channel))
        top = book.best("bids")[0]
        if channel == "books-rpi":
            assert (top[1], top[2]) == (top[1], top[1])
            assert (top[1], top[3]) == ("7", "1")
        else:
            assert top[1:] == ["7", "0", "1"]


async def test_deep_fast_books_need_a_login_on_any_path(town: Town) -> None:
    """Criterion: WS-BOOKS-4, WS-SUB-4."""
    for channel in ("books-l2-tbt", "books50-l2-tbt"):
        arg = {"channel": channel, "instId": "BTC-USDT"}
        async with town.live.client() as client:
            assert (await client.ask("subscribe", arg))["code"] == "60011"
        async with town.live.client(town.maker, "/ws/v5/public") as client:
            assert (await client.ask("subscribe", arg))["event"] == "subscribe"
            other = {"channel": "books", "instId": "BTC-USDT"}
            assert (await client.ask("subscribe", other))["code"] == "64004"
            # One can change from one to the other, and unsubscribing never conflicts.
            assert (await client.ask("unsubscribe", other))["event"] == "unsubscribe"
            assert (await client.ask("unsubscribe", arg))["event"] == "unsubscribe"
            assert (await client.ask("subscribe", other))["event"] == "subscribe"


async def test_a_topic_named_twice_in_a_request_starts_once(town: Town) -> None:
    """Criterion: WS-SUB-6. A short request cannot ask for a long answer many times."""
    arg = {"channel": "books", "instId": "BTC-USDT"}
    async with town.live.client() as client:
        await client.send({"op": "subscribe", "args": [arg] * 500})
        await client.send("ping")
        heard = []
        while (text := await client.raw()) != "pong":
            heard.append(json.loads(text))
        assert sum(message.get("event") == "subscribe" for message in heard) == 500
        assert sum(message.get("action") == "snapshot" for message in heard) == 1
        # In a request of its own it starts again: clients mend a broken book so.
        await client.send({"op": "subscribe", "args": [arg]})
        assert (await client.of("books"))["action"] == "snapshot"


async def test_index_channels_follow_the_last_price(town: Town) -> None:
    """Criterion: WS-INDEX-1, WS-INDEX-2, WS-CANDLE-1."""
    await town.sell(("200", "1"), ("250", "1"))
    await town.buy(("200", "1"))
    async with town.live.client() as client:
        await client.subscribe("index-tickers", instId="BTC-USDT")
        (row,) = (await client.of("index-tickers"))["data"]
        assert set(row) == {
            "instId", "idxPx", "high24h", "low24h", "open24h", "sodUtc0", "sodUtc8", "ts",
        }  # fmt: skip
        assert (row["instId"], row["idxPx"]) == ("BTC-USDT", "200")
        for channel in ("index-candle1m", "index-candle1Dutc", "candle1D", "candle1Dutc"):
            await client.subscribe(channel, instId="BTC-USDT")
            (candle,) = (await client.of(channel))["data"]
            assert len(candle) == (6 if channel.startswith("index") else 9)
            assert (candle[4], candle[-1]) == ("200", "0")
        await town.buy(("250", "1"))
        while (await client.of("index-tickers"))["data"][0]["idxPx"] != "250":
            pass
        # A minute may turn meanwhile: its bar begins at the price before.
        while (candle := (await client.of("index-candle1m"))["data"][-1])[4] != "250":
            assert candle[4] == "200"
        assert candle[2] == "250"


async def test_price_limits_are_those_of_rest(town: Town) -> None:
    """Criterion: WS-REF-2."""
    async with town.live.client() as client:
        await client.subscribe("price-limit", instId="BTC-USDT")
        (row,) = (await client.of("price-limit"))["data"]
        assert set(row) == {"instType", "instId", "buyLmt", "sellLmt", "enabled", "ts"}
        assert (row["instId"], row["enabled"]) == ("BTC-USDT", False)


async def test_positions_are_none(town: Town) -> None:
    """Criterion: WS-POSITIONS-1."""
    async with town.live.client(town.maker) as client:
        await client.subscribe("positions", instType="ANY", extraParams='{"updateInterval":"0"}')
        message = await client.of("positions")
        assert message == {
            "arg": {"channel": "positions", "instType": "ANY", "uid": str(town.maker.uid)},
            "eventType": "snapshot", "curPage": 1, "lastPage": True, "data": [],
        }  # fmt: skip


async def test_balances_and_positions_come_again_at_an_interval(town: Town) -> None:
    """Criterion: WS-REGULAR-1. Who left, or wants events alone, is not told."""
    hub = town.live.server.hub
    extra = {"extraParams": '{"updateInterval":"2000"}'}
    never = {"extraParams": '{"updateInterval":"0"}'}
    async with town.live.client(town.maker) as client, town.live.client(town.maker) as other:
        reply = await client.ask("subscribe", {"channel": "account", "extraParams": "zz"})
        assert (reply["code"], "updateInterval" in reply["msg"]) == ("60013", True)
        await client.subscribe("account", **extra)
        await client.subscribe("positions", instType="ANY", **extra)
        await other.subscribe("account", **never)
        first = [await client.of(name) for name in ("account", "positions")]
        assert (await other.of("account"))["data"] == first[0]["data"]
        for number in range(2_000 // FAST_MS):
            hub.beat(number)
        assert [await client.of(name) for name in ("account", "positions")] == first
        assert "extraParams" not in first[0]["arg"]
        for arg in ({"channel": "account"}, {"channel": "positions", "instType": "ANY"}):
            assert (await client.ask("unsubscribe", arg))["event"] == "unsubscribe"
        for number in range(5_000 // FAST_MS):
            hub.beat(number)
        for one in (client, other):
            await one.send("ping")
            assert await one.raw() == "pong"


# What an argument of each kind says, where one is needed.
NAMES_NOTHING = {"instId": "BTC-USD-SWAP", "instFamily": "BTC-USD", "sprdId": "A_B", "algoId": "1"}
BARS = {f"{kind}1m": shape for kind, shape in absent.CANDLES.items()}


@pytest.mark.parametrize("channel", sorted({**absent.CHANNELS, **BARS}))
async def test_a_channel_without_its_product(town: Town, channel: str) -> None:
    """Criterion: WS-ABSENT-1. What does not exist is refused, what names nothing is silent."""
    shape = {**absent.CHANNELS, **BARS}[channel]
    arg = {"channel": channel}
    if shape.types:
        arg["instType"] = shape.types[0]
    async with town.live.client() as stranger:
        reply = await stranger.ask("subscribe", arg)
        if shape.login:
            assert reply["code"] == "60011"
    async with town.live.client(town.maker) as client:
        reply = await client.ask("subscribe", arg)
        if channel in absent.REFUSED:
            assert reply["code"] == "64003"
            return
        assert reply.get("code") == ("60018" if shape.needs_name else None)
        for name in shape.names:
            wrong = {**arg, name: NAMES_NOTHING.get(name, "NONE")}
            assert (await client.ask("subscribe", wrong))["code"] == "60018"
        if shape.types:
            wrong = {**arg, "instType": "POTATO"}
            assert (await client.ask("subscribe", wrong))["code"] == "60018"
        known = {"instId": "BTC-USDT"} if shape.spot else {}
        if known and (not shape.types or "SPOT" in shape.types):
            kind = {"instType": "SPOT"} if shape.types else {}
            reply = await client.ask("subscribe", {**arg, **kind, **known})
            assert reply["event"] == "subscribe"
        await client.send("ping")
        while (text := await client.raw()) != "pong":
            assert json.loads(text)["event"] == "channel-conn-count"


async def test_arguments_of_served_channels_must_exist(town: Town) -> None:
    """Criterion: WS-SUB-2, WS-SUB-7, WS-SUB-8."""
    async with town.live.client(town.maker) as client:
        for arg, code in (
            ({"channel": "orders", "instType": "SPOT", "instId": "NO-SUCH"}, "60018"),
            ({"channel": "orders", "instType": "SWAP", "instId": "BTC-USDT"}, "60018"),
            ({"channel": "orders", "instType": "POTATO"}, "60018"),
            ({"channel": "orders"}, "60018"),
            ({"channel": "orders", "instType": "ANY", "uly": "BTC-USDT"}, "64000"),
            ({"channel": "orders", "instType": "SWAP"}, None),
            ({"channel": "account", "ccy": "NONE"}, "60018"),
            ({"channel": "account", "ccy": ""}, None),
            ({"channel": "instruments", "instType": "OPTION"}, None),
            ({"channel": "instruments", "instType": "POTATO"}, "60018"),
            ({"channel": "instruments"}, "60018"),
            ({"channel": "tickers"}, "60018"),
            ({"channel": "candle", "instId": "BTC-USDT"}, "60018"),
            ({"channel": "candle7m", "instId": "BTC-USDT"}, "60018"),
            ({"channel": "index-candle1m", "instId": "BTC-EUR"}, "60018"),
            ({"channel": "pm-books", "instId": "BTC-USDT"}, "60018"),
            ({}, "60018"),
        ):
            reply = await client.ask("subscribe", arg)
            assert reply.get("code") == code, arg


async def test_operations_without_their_product(town: Town) -> None:
    """Criterion: WS-OP-5."""
    family = {"instType": "OPTION", "instFamily": "BTC-USD"}
    async with town.live.client() as stranger:
        assert (await stranger.ask("mass-cancel", family))["code"] == "60011"
        assert (await stranger.ask("cancel-all-after", {"timeOut": "60"}))["code"] == "60019"
    async with town.live.client(town.maker) as client:
        reply = await client.ask("mass-cancel", family)
        assert (reply["op"], reply["code"], reply["data"]) == ("mass-cancel", "51147", [])
        assert (await client.ask("mass-cancel", {"instType": "OPTION"}))["code"] == "50014"
        for name, code in (
            ("order-algo", "50046"), ("cancel-algos", "51400"), ("sprd-order", "51001"),
            ("sprd-amend-order", "51503"), ("sprd-cancel-order", "51400"),
        ):  # fmt: skip
            mine, other = {"clOrdId": "mine", "sprdId": "A"}, {"clOrdId": "other", "sprdId": "B"}
            reply = await client.ask(name, mine, other)
            assert (reply["op"], reply["code"]) == (name, "1")
            assert [row["sCode"] for row in reply["data"]] == [code, code]
            assert [row["clOrdId"] for row in reply["data"]] == ["mine", "other"]
            assert all(row["sMsg"] for row in reply["data"])
        (row,) = (await client.ask("sprd-order", {}))["data"]
        assert (row["sCode"], "sprdId" in row["sMsg"]) == ("50014", True)
        assert (await client.ask("sprd-mass-cancel", {}))["code"] == "51405"
        assert (await client.ask("cancel-all-after", {"timeOut": "60"}))["code"] == "60019"


async def test_each_channel_has_one_place(town: Town) -> None:
    """Criterion: WS-ABSENT-1. A channel is served or absent, never both."""
    tables = [set(OF_INSTRUMENT), set(OF_OWNER), set(OTHERS)]
    assert len(set.union(*tables)) == sum(map(len, tables))
    client: Client
    async with town.live.client() as client:
        reply = await client.ask("subscribe", {"channel": "status"})
        assert reply["event"] == "subscribe"
