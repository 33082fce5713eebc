"""How each code is produced: a request for each, and a word that its message must say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from tests.integration.codes.bed import LIMIT, CodesBed, Told
from tests.integration.ws.live import login

FAR = "2020-12-08T09:08:57.715Z"
BOOK = {"channel": "books", "instId": "BTC-USDT"}
MARKET = {"ordType": "market", "px": ""}
ONE = {"instId": "BTC-USDT"}
FAUCET = {"type": "increase", "adjustments": [{"ccy": "BTC", "amt": "1"}]}


class Case(NamedTuple):
    """A request, and what its refusal says of what was wrong or of what is allowed."""

    produce: Callable[[CodesBed], Awaitable[Told]]
    says: str


async def _all_failed(bed: CodesBed) -> Told:
    answer = await bed.rest.post("trade/order", bed.rest.alice, LIMIT | {"side": "x"})
    return Told(answer.code, answer.json["msg"], answer.status)


async def _some_failed(bed: CodesBed) -> Told:
    orders = [LIMIT | {"px": "100"}, LIMIT | {"side": "x"}]
    answer = await bed.rest.post("trade/batch-orders", bed.rest.alice, orders)
    return Told(answer.code, answer.json["msg"], answer.status)


async def _duplicate(bed: CodesBed) -> Told:
    await bed.placed(clOrdId="twice")
    return await bed.order(px="100", clOrdId="twice")


async def _twice_in_a_batch(bed: CodesBed) -> Told:
    order = await bed.placed()
    change = {**ONE, "ordId": order, "newSz": "0.2"}
    return await bed.post("trade/amend-batch-orders", [change, change])


async def _same_again(bed: CodesBed) -> Told:
    order = await bed.placed()
    return await bed.post("trade/amend-order", {**ONE, "ordId": order, "newSz": "0.1"})


async def _too_much(bed: CodesBed) -> Told:
    order = await bed.placed()
    return await bed.post(
        "trade/amend-order", {**ONE, "ordId": order, "newSz": "400", "newPx": "40000"}
    )


async def _without_permission(bed: CodesBed) -> Told:
    answer = await bed.rest.post("trade/order", bed.reader, LIMIT)
    return Told(answer.code, answer.json["msg"], answer.status)


async def _second_login(bed: CodesBed) -> Told:
    async with bed.live.client(bed.rest.alice) as client:
        await client.send(login(bed.rest.bob, bed.live.context.clock))
        message = await client.next()
    return Told(message["code"], message["msg"])


async def _two_books(bed: CodesBed) -> Told:
    async with bed.live.client(bed.rest.alice) as client:
        await client.subscribe(**BOOK)
        message = await client.ask("subscribe", BOOK | {"channel": "books-l2-tbt"})
    return Told(message["code"], message["msg"])


async def _method(bed: CodesBed) -> Told:
    answer = await bed.rest.call("POST", "/api/v5/public/time")
    return Told(answer.code, answer.json["msg"], answer.status)


REST: dict[int, Case] = {
    1: Case(_all_failed, "failed"),
    2: Case(_some_failed, "partially"),
    50000: Case(lambda bed: bed.post("trade/order", b""), "body"),
    50002: Case(lambda bed: bed.post("trade/order", b"{"), "JSON"),
    50014: Case(lambda bed: bed.order(instId=""), "instId"),
    50015: Case(lambda bed: bed.get("market/index-tickers"), "instId or quoteCcy"),
    50025: Case(lambda bed: bed.get("account/balance", ccy=",".join(["BTC"] * 21)), "20"),
    50036: Case(lambda bed: bed.post("trade/order", LIMIT, expTime="1"), "exchange's time is"),
    50039: Case(
        lambda bed: bed.get("market/history-trades", **ONE, type="2", before="1"), "before"
    ),
    50053: Case(lambda bed: bed.post("account/demo-adjust-balance", FAUCET), "demo"),
    50102: Case(lambda bed: bed.headed(TIMESTAMP=FAR), "30 seconds"),
    50103: Case(lambda bed: bed.headed(KEY=""), "OK-ACCESS-KEY"),
    50104: Case(lambda bed: bed.headed(PASSPHRASE=""), "OK-ACCESS-PASSPHRASE"),
    50105: Case(lambda bed: bed.headed(PASSPHRASE="wrong"), "OK-ACCESS-PASSPHRASE"),
    50106: Case(lambda bed: bed.headed(SIGN=""), "OK-ACCESS-SIGN"),
    50107: Case(lambda bed: bed.headed(TIMESTAMP=""), "OK-ACCESS-TIMESTAMP"),
    50111: Case(lambda bed: bed.headed(KEY="unknown"), "not known"),
    50112: Case(lambda bed: bed.headed(TIMESTAMP="today"), "T09:08:57.715Z"),
    50113: Case(lambda bed: bed.headed(SIGN="AAAA"), "HMAC-SHA256"),
    50115: Case(_method, "GET"),
    50120: Case(_without_permission, "trade"),
    51000: Case(lambda bed: bed.order(side="x"), "buy, sell"),
    51001: Case(lambda bed: bed.order(instId="NO-SUCH"), "NO-SUCH"),
    51003: Case(lambda bed: bed.get("trade/order", **ONE), "ordId or clOrdId"),
    51005: Case(lambda bed: bed.order(sz="99999999", px="0.1"), "maximum of"),
    51008: Case(lambda bed: bed.order(sz="400"), "enough for a size of"),
    51010: Case(lambda bed: bed.order(tdMode="cross"), "tdMode cash"),
    51012: Case(lambda bed: bed.get("account/bills", ccy="NOSUCH"), "NOSUCH"),
    51014: Case(lambda bed: bed.get("market/index-tickers", instId="NO-SUCH"), "NO-SUCH"),
    51016: Case(_duplicate, "clOrdId"),
    51020: Case(lambda bed: bed.order(sz="0"), "0.00001"),
    51023: Case(
        lambda bed: bed.post("trade/close-position", {**ONE, "mgnMode": "cross"}), "position"
    ),
    51111: Case(lambda bed: bed.post("trade/batch-orders", [LIMIT] * 21), "20"),
    51116: Case(lambda bed: bed.order(px="99999999999999999999999999"), "maximum of"),
    51121: Case(lambda bed: bed.order(sz="0.000001"), "0.00001"),
    51122: Case(lambda bed: bed.order(px="0"), "0.1"),
    51201: Case(lambda bed: bed.order(**MARKET, sz="99999999", tgtCcy="base_ccy"), "maximum of"),
    51202: Case(lambda bed: bed.order(**MARKET, sz="99999999999"), "maximum of"),
    51204: Case(lambda bed: bed.order(px=""), "px"),
    51205: Case(lambda bed: bed.order(reduceOnly=True), "reduceOnly"),
    51400: Case(lambda bed: bed.post("trade/cancel-order", {**ONE, "ordId": "1"}), "canceled"),
    51407: Case(lambda bed: bed.post("trade/cancel-order", ONE), "ordId or clOrdId"),
    51500: Case(_same_again, "newSz or newPx"),
    51501: Case(
        lambda bed: bed.post("trade/amend-batch-orders", [{**ONE, "newSz": "1"}] * 21), "20"
    ),
    51502: Case(_too_much, "enough for"),
    51503: Case(
        lambda bed: bed.post("trade/amend-order", {**ONE, "ordId": "1", "newSz": "1"}), "canceled"
    ),
    51512: Case(_twice_in_a_batch, "twice"),
    51603: Case(lambda bed: bed.get("trade/order", **ONE, ordId="1"), "does not exist"),
    54036: Case(lambda bed: bed.order(ordType="fok", stpMode="cancel_both"), "fok"),
    54070: Case(lambda bed: bed.order(tpTriggerPx="1"), "attachAlgoOrds"),
    54085: Case(lambda bed: bed.order(slippagePct="0.01"), "none"),
    58114: Case(
        lambda bed: bed.post(
            "asset/transfer", {"ccy": "USDT", "amt": "0", "from": "18", "to": "6"}
        ),
        "more than 0",
    ),
    58123: Case(
        lambda bed: bed.post(
            "asset/transfer", {"ccy": "USDT", "amt": "1", "from": "18", "to": "18"}
        ),
        "from",
    ),
    58350: Case(
        lambda bed: bed.post(
            "asset/transfer", {"ccy": "USDT", "amt": "9" * 12, "from": "18", "to": "6"}
        ),
        "available is",
    ),
    59000: Case(
        lambda bed: bed.post("account/set-position-mode", {"posMode": "long_short_mode"}), "net"
    ),
}

WEBSOCKET: dict[int, Case] = {
    60004: Case(lambda bed: bed.login(timestamp="yesterday"), "UTC time in seconds"),
    60005: Case(lambda bed: bed.login(apiKey="nobody"), "apiKey"),
    60006: Case(lambda bed: bed.login(timestamp="1597026383"), "30 seconds"),
    60007: Case(lambda bed: bed.login(sign="AAAA"), "sign"),
    60009: Case(
        lambda bed: bed.anonymously({"op": "login", "args": [{"token": "used"}]}), "failed"
    ),
    60011: Case(
        lambda bed: bed.anonymously(
            {"op": "subscribe", "args": [{"channel": "account"}]}, "private"
        ),
        "log in",
    ),
    60012: Case(lambda bed: bed.anonymously("{"), "{"),
    60013: Case(lambda bed: bed.anonymously({"op": "subscribe", "args": []}), "at least one"),
    60018: Case(lambda bed: bed.ask("subscribe", {"channel": "orders"}), "channel:orders"),
    60019: Case(lambda bed: bed.ask("buy", LIMIT), "buy"),
    60024: Case(lambda bed: bed.login(passphrase="wrong"), "passphrase"),
    60026: Case(lambda bed: bed.login(token="t"), "not with both"),
    60027: Case(lambda bed: bed.login(sign=""), "sign"),
    60028: Case(lambda bed: bed.ask("order", LIMIT, path="public"), "order"),
    60031: Case(_second_login, "new one"),
    60033: Case(
        lambda bed: bed.anonymously({"id": "a-b", "op": "subscribe", "args": [BOOK]}),
        "1 to 32 letters and digits",
    ),
    64000: Case(
        lambda bed: bed.ask(
            "subscribe", {"channel": "orders", "instType": "SPOT", "uly": "BTC-USDT"}
        ),
        "uly",
    ),
    64001: Case(
        lambda bed: bed.anonymously(
            {"op": "subscribe", "args": [{"channel": "candle1m", "instId": "BTC-USDT"}]}
        ),
        "business",
    ),
    64002: Case(
        lambda bed: bed.anonymously({"op": "subscribe", "args": [BOOK]}, "business"), "business"
    ),
    64003: Case(
        lambda bed: bed.ask("subscribe", {"channel": "economic-calendar"}, path="business"),
        "fee tier",
    ),
    64004: Case(_two_books, "exclude"),
}
