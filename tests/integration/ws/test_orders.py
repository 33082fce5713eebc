"""Goal: orders over WebSocket are placed once, answered when durable, and told of exactly.

Method: plain clients trade with each other on a running exchange.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.ws.live import BTC_USDT, Client, Live, order, running

ORDER_KEYS = frozenset(
    [
        "accFillSz",
        "algoClOrdId",
        "algoId",
        "amendResult",
        "amendSource",
        "attachAlgoClOrdId",
        "attachAlgoOrds",
        "avgPx",
        "cTime",
        "cancelSource",
        "cancelSourceReason",
        "category",
        "ccy",
        "clOrdId",
        "code",
        "execType",
        "fee",
        "feeCcy",
        "fillFee",
        "fillFeeCcy",
        "fillFwdPx",
        "fillIdxPx",
        "fillMarkPx",
        "fillMarkVol",
        "fillNotionalUsd",
        "fillPnl",
        "fillPx",
        "fillPxUsd",
        "fillPxVol",
        "fillSz",
        "fillTime",
        "instId",
        "instType",
        "isTpLimit",
        "lastPx",
        "lever",
        "linkedAlgoOrd",
        "msg",
        "notionalUsd",
        "ordId",
        "ordType",
        "pnl",
        "posSide",
        "px",
        "pxType",
        "pxUsd",
        "pxVol",
        "quickMgnType",
        "rebate",
        "rebateCcy",
        "reduceOnly",
        "reqId",
        "side",
        "slOrdPx",
        "slTriggerPx",
        "slTriggerPxType",
        "source",
        "state",
        "stpId",
        "stpMode",
        "sz",
        "tag",
        "tdMode",
        "tgtCcy",
        "tpOrdPx",
        "tpTriggerPx",
        "tpTriggerPxType",
        "tradeId",
        "tradeQuoteCcy",
        "uTime",
    ]
)


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Live]:
    async with running(tmp_path) as started:
        yield started


def only(message: Any) -> Any:
    """The one element of a push or reply."""
    (element,) = message["data"]
    return element


async def placed(client: Client, **params: object) -> str:
    reply = await client.ask("order", order(**params))  # type: ignore[arg-type]
    row = only(reply)
    assert (reply["code"], row["sCode"], row["sMsg"]) == ("0", "0", "")
    assert isinstance(row["ordId"], str)
    return str(row["ordId"])


async def test_a_reply_has_all_its_keys(live: Live) -> None:
    """Criterion: WS-OP-1."""
    key = await live.trader()
    async with live.client(key, "/ws/v5/private") as client:
        reply = await client.ask("order", order("buy", "100", "1", clOrdId="abc1", tag="t1"))
        assert list(reply) == ["id", "op", "data", "code", "msg", "inTime", "outTime"]
        assert (reply["id"], reply["op"], reply["code"], reply["msg"]) == ("ask1", "order", "0", "")
        assert 0 < int(reply["inTime"]) <= int(reply["outTime"])
        more = [await client.ask("cancel-order", {"instId": "BTC-USDT"}) for _ in range(5)]
        assert any(int(one["inTime"]) % 1000 for one in more), "not only whole ms"
        assert any(int(one["outTime"]) % 1000 for one in more)
        row = only(reply)
        assert set(row) == {"ordId", "clOrdId", "tag", "ts", "sCode", "sMsg", "subCode"}
        assert (row["clOrdId"], row["tag"]) == ("abc1", "t1")
        canceled = only(
            await client.ask("cancel-order", {"instIdCode": BTC_USDT, "clOrdId": "abc1"})
        )
        assert (canceled["sCode"], canceled["ordId"]) == ("0", row["ordId"])


async def test_what_an_order_is_worth_is_told_in_dollars(live: Live) -> None:
    """Criterion: WS-ORDERS-1."""
    maker, taker = await live.trader(), await live.trader()
    async with live.client(maker) as making, live.client(taker) as taking:
        await taking.subscribe("orders", instType="ANY")
        await taking.subscribe("balance_and_position")
        assert only(await taking.of("balance_and_position"))["eventType"] == "snapshot"
        await placed(making, side="sell", price="100", size="3")
        # A resting order holds money and moves none, so no balance is told.
        await placed(taking, side="buy", price="50", size="2")
        assert only(await taking.of("orders"))["notionalUsd"] == "100"
        market = {"instIdCode": BTC_USDT, "instId": "ETH-USDT", "tdMode": "cash", "side": "buy"}
        market |= {"ordType": "market", "sz": "150"}
        assert (await taking.ask("order", market))["code"] == "0"
        told = only(await taking.of("orders"))
        assert (told["instId"], told["notionalUsd"]) == ("BTC-USDT", "150")
        told = only(await taking.of("orders"))
        assert (told["fillSz"], told["fillNotionalUsd"]) == ("1.5", "150")
        balance = only(await taking.of("balance_and_position"))
        assert balance["eventType"] == "filled"
        assert {row["ccy"] for row in balance["balData"]} == {"BTC", "USDT"}
        assert balance["trades"] == [{"instId": "BTC-USDT", "tradeId": told["tradeId"]}]


async def test_the_life_of_an_order_in_pushes(live: Live) -> None:
    """Criterion: WS-ORDERS-1. Placed, amended, filled in two parts, each told once and exactly."""
    maker, taker = await live.trader(), await live.trader()
    async with live.client(maker) as making, live.client(taker) as taking:
        await making.subscribe("orders", instType="ANY")
        await taking.subscribe("orders", instType="SPOT", instId="BTC-USDT")
        number = await placed(making, side="sell", price="100", size="3", clOrdId="m1")
        push = await making.of("orders")
        assert push["arg"] == {"channel": "orders", "instType": "ANY", "uid": str(maker.uid)}
        row = only(push)
        assert set(row) == ORDER_KEYS
        assert (row["ordId"], row["state"], row["px"], row["sz"]) == (number, "live", "100", "3")
        assert (row["accFillSz"], row["fillSz"], row["tradeId"]) == ("0", "0", "")
        amended = await making.ask(
            "amend-order", {"instIdCode": BTC_USDT, "ordId": number, "newSz": "2", "reqId": "r1"}
        )
        assert (only(amended)["reqId"], only(amended)["sCode"]) == ("r1", "0")
        row = only(await making.of("orders"))
        assert (row["sz"], row["reqId"], row["amendResult"]) == ("2", "r1", "0")
        over = {"instIdCode": BTC_USDT, "ordId": number, "newSz": "200000"}
        assert only(await making.ask("amend-order", over))["sCode"] == "51005"
        row = only(await making.of("orders"))
        assert (row["sz"], row["amendResult"], row["code"]) == ("2", "-1", "51005")
        assert "maximum" in row["msg"]
        for size in ("0.5", "1.5"):
            await taking.ask("order", order("buy", "101", size, ordType="ioc"))
        first, second = only(await making.of("orders")), only(await making.of("orders"))
        assert [first["state"], second["state"]] == ["partially_filled", "filled"]
        assert [first["fillSz"], second["fillSz"]] == ["0.5", "1.5"]
        assert [first["accFillSz"], second["accFillSz"]] == ["0.5", "2"]
        assert [first["fillPx"], first["avgPx"], first["execType"]] == ["100", "100", "M"]
        assert [first["tradeId"], second["tradeId"]] == ["1000000001", "1000000002"]
        states = [only(await taking.of("orders"))["state"] for _ in range(4)]
        assert states == ["live", "filled", "live", "filled"]


async def test_a_fill_is_one_push_and_the_terminal_state_is_last(live: Live) -> None:
    """Criterion: WS-ORDERS-1. A taker that meets three makers and is canceled for the rest."""
    maker, taker = await live.trader(), await live.trader()
    async with live.client(maker) as making, live.client(taker) as taking:
        for price in ("100", "100", "101"):
            await placed(making, side="sell", price=price, size="1")
        await taking.subscribe("orders", instType="ANY")
        await taking.subscribe("fills")
        await taking.send(
            {"id": "7", "op": "order", "args": [order("buy", "101", "5", ordType="ioc")]}
        )
        rows = [only(await taking.of("orders")) for _ in range(5)]
        assert [row["state"] for row in rows] == [
            "live", "partially_filled", "partially_filled", "partially_filled", "canceled",
        ]  # fmt: skip
        assert [row["fillSz"] for row in rows] == ["0", "1", "1", "1", "0"]
        assert [row["accFillSz"] for row in rows] == ["0", "1", "2", "3", "3"]
        assert rows[-1]["cancelSource"] == "14"
        assert [row["execType"] for row in rows] == ["", "T", "T", "T", ""]
    async with live.client(taker) as taking:
        await taking.subscribe("fills", instId="BTC-USDT")
        await taking.ask("order", order("buy", "1", "1"))
        async with live.client(maker) as making:
            await placed(making, side="sell", price="1", size="1")
        fill = only(await taking.of("fills"))
        assert (fill["fillSz"], fill["fillPx"], fill["execType"]) == ("1", "1", "M")


async def test_batches_answer_in_the_order_sent(live: Live) -> None:
    """Criterion: WS-OP-1, WS-OP-2, WS-OP-6."""
    key = await live.trader()
    async with live.client(key) as client:
        good = order("buy", "100", "1")
        reply = await client.ask(
            "batch-orders",
            {**good, "clOrdId": "a1"},
            {**good, "instIdCode": 999},
            {**good, "instId": "BTC-USDT", "instIdCode": "", "clOrdId": "a3"},
            {**good, "sz": "0.000001"},
            {**good, "clOrdId": "not-plain"},
        )
        assert (reply["code"], reply["msg"]) == ("2", "")
        assert [row["sCode"] for row in reply["data"]] == ["0", "51001", "0", "51121", "51000"]
        assert all(row["sMsg"] for row in reply["data"] if row["sCode"] != "0")
        assert "clOrdId" in reply["data"][4]["sMsg"]
        refused = await client.ask("batch-orders", {**good, "side": "up"})
        assert (refused["code"], refused["msg"]) == ("1", "")
        changes = [
            {"instIdCode": BTC_USDT, "clOrdId": name, "newPx": "101"} for name in ("a1", "a3")
        ]
        reply = await client.ask("batch-amend-orders", *changes)
        assert [row["sCode"] for row in reply["data"]] == ["0", "0"]
        names = [{"instId": "BTC-USDT", "clOrdId": name} for name in ("a1", "none", "a3")]
        reply = await client.ask("batch-cancel-orders", *names)
        assert [row["sCode"] for row in reply["data"]] == ["0", "51400", "0"]
        many = await client.ask("batch-orders", *[good] * 21)
        assert (many["code"], many["data"]) == ("51111", [])


@pytest.mark.parametrize("args", [[], "x", [7], None])
async def test_malformed_arguments(live: Live, args: object) -> None:
    """Criterion: WS-REQ-4, WS-OP-2."""
    key = await live.trader()
    async with live.client(key) as client:
        await client.send({"id": "1", "op": "order", "args": args})
        reply = await client.next()
        assert (reply["id"], reply["op"], reply["data"]) == ("1", "order", [])
        refusal = ("60013", "Invalid args: a list of at least one object")
        assert (reply["code"], reply["msg"]) == refusal


async def test_expired_orders_are_refused(live: Live) -> None:
    """Criterion: WS-OP-3."""
    key = await live.trader()
    now_ms = live.context.clock.exchange_ms()
    async with live.client(key) as client:
        sent = order("buy", "100", "1")
        assert (await client.ask("order", sent, expTime=str(now_ms - 1)))["code"] == "50036"
        assert (await client.ask("order", sent, expTime=str(now_ms + 60_000)))["code"] == "0"
        for wrong in ("soon", "9" * 30, 10**30, -1, "-1", "1_000", "٣"):
            reply = await client.ask("order", sent, expTime=wrong)
            assert (reply["code"], "expTime" in reply["msg"]) == ("51000", True), wrong
        unknown = {**sent, "instIdCode": "9" * 5_000}
        assert (await client.ask("order", unknown))["data"][0]["sCode"] == "51001"


async def test_the_account_channel_follows_holds_and_fills(live: Live) -> None:
    """Criterion: WS-ACCOUNT-1."""
    maker, taker = await live.trader(money=1_000), await live.trader(money=1_000)
    async with live.client(maker) as client:
        await client.subscribe("account", extraParams='{"updateInterval":"0"}')
        await client.subscribe("balance_and_position")
        snapshot = await client.of("account")
        assert (snapshot["eventType"], snapshot["curPage"], snapshot["lastPage"]) == (
            "snapshot", 1, True,
        )  # fmt: skip
        details = {row["ccy"]: row for row in only(snapshot)["details"]}
        assert {ccy: row["cashBal"] for ccy, row in details.items()} == dict.fromkeys(
            ("BTC", "USDT", "ETH"), "1000"
        )
        start = only(await client.of("balance_and_position"))
        assert (start["eventType"], start["posData"]) == ("snapshot", [])
        assert {row["ccy"] for row in start["balData"]} == {"BTC", "USDT", "ETH"}
        await placed(client, side="buy", price="100", size="2")
        push = await client.of("account")
        assert push["eventType"] == "event_update"
        assert push["arg"]["uid"] == str(maker.uid)
        (held,) = only(push)["details"]
        assert (held["ccy"], held["cashBal"], held["availBal"], held["frozenBal"]) == (
            "USDT", "1000", "800", "200",
        )  # fmt: skip
        async with live.client(taker) as other:
            await placed(other, side="sell", price="100", size="2")
        push = await client.of("account")
        after = {row["ccy"]: (row["cashBal"], row["frozenBal"]) for row in only(push)["details"]}
        assert after == {"BTC": ("1002", "0"), "USDT": ("800", "0")}
        async with live.client(maker) as late:
            await late.subscribe("account", ccy="BTC")
            (btc,) = only(await late.of("account"))["details"]
            assert (btc["ccy"], btc["eq"]) == ("BTC", "1002")


async def test_nothing_is_pushed_before_it_is_durable(live: Live) -> None:
    """Criterion: WS-ORDERS-2. While the disk takes nothing, nobody hears of the order."""
    private = ("orders", "fills", "account", "balance_and_position")
    public = ("books", "bbo-tbt", "tickers", "trades", "trades-all")
    key, maker = await live.trader(), await live.trader()
    async with live.client(maker) as client:
        await placed(client, side="sell", price="100", size="2")
    async with live.client(key) as client:
        await client.subscribe("orders", instType="ANY")
        for channel in ("fills", "balance_and_position"):
            await client.subscribe(channel)
        # Events alone: on a slow machine its turn to say again what it said comes meanwhile.
        await client.subscribe("account", extraParams='{"updateInterval":"0"}')
        for channel in public:
            await client.subscribe(channel, instId="BTC-USDT")
        for channel in ("account", "balance_and_position", "books", "bbo-tbt", "tickers"):
            await client.of(channel)
        live.journal.flows.clear()
        await client.send({"id": "9", "op": "order", "args": [order("buy", "100", "1")]})
        async with live.client() as other:
            # The order is with the core by now, and beats of the channels have passed.
            await other.subscribe("instruments", instType="SPOT")
        await client.send("ping")
        while (text := await client.raw()) != "pong":
            assert json.loads(text)["event"] == "channel-conn-count"
        live.journal.flows.set()
        await client.until(lambda message: message.get("op") == "order")
        for channel in (*private, *public):
            await client.of(channel)


async def test_replies_of_many_orders_in_flight_keep_their_order(live: Live) -> None:
    """Criterion: WS-OP-1. Each reply belongs to its request."""
    key = await live.trader()
    async with live.client(key) as client:
        for number in range(200):
            await client.send(
                {"id": f"n{number}", "op": "order",
                 "args": [order("buy", str(100 + number), "0.001", clOrdId=f"c{number}")]}
            )  # fmt: skip
        replies = [await client.next() for _ in range(200)]
        assert [reply["id"] for reply in replies] == [f"n{number}" for number in range(200)]
        assert [only(reply)["clOrdId"] for reply in replies] == [f"c{n}" for n in range(200)]
        assert len({only(reply)["ordId"] for reply in replies}) == 200
