"""What clients are known to break on when a server is subtly wrong, over REST."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.integration.rest.bed import API, Answer, RestBed
from tests.integration.rest.keys import CANDLE, INDEX, PRICE_LIMIT, SNAPSHOT, TRANSFER

LIMIT = {"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit"}
TEXTS = {"ts", "px", "sz", "uTime", "cTime", "bal", "fee"}


async def order(rest: RestBed, **changes: object) -> Answer:
    body = {**LIMIT, "px": "40000", "sz": "0.1", **changes}
    return await rest.post("trade/order", rest.alice, body)


async def market(rest: RestBed, side: str, size: str, **more: str) -> Any:
    body = {"side": side, "ordType": "market", "px": "", "sz": size, **more}
    answer = await order(rest, **body)
    assert answer.code == "0", answer.json
    row = await rest.get("trade/order", rest.alice, instId="BTC-USDT", ordId=answer.row["ordId"])
    return row.row


async def test_pos_side_in_net_mode(rest: RestBed) -> None:
    """Criterion: REST-WIRE-1"""
    assert (await order(rest, posSide="net")).code == "0"
    for side in ("long", "short"):
        answer = await order(rest, posSide=side)
        assert (answer.status, answer.code, answer.row["sCode"]) == (200, "1", "51000")
        assert "posSide" in answer.row["sMsg"]
        assert answer.row["ordId"] == ""


async def test_units_of_market_orders(rest: RestBed) -> None:
    """Criterion: REST-WIRE-2"""
    await rest.place(rest.bob, "sell", "40000", "10")
    await rest.place(rest.bob, "buy", "39999", "10")
    by_quote = await market(rest, "buy", "8000")
    assert (by_quote["accFillSz"], by_quote["tgtCcy"], by_quote["sz"]) == (
        "0.2",
        "quote_ccy",
        "8000",
    )
    by_base = await market(rest, "buy", "0.3", tgtCcy="base_ccy")
    assert (by_base["accFillSz"], by_base["tgtCcy"]) == ("0.3", "base_ccy")
    sold = await market(rest, "sell", "0.1")
    assert (sold["accFillSz"], sold["tgtCcy"]) == ("0.1", "base_ccy")
    assert [row["px"] for row in (by_quote, by_base, sold)] == ["", "", ""]
    # ccxt sends it with limit orders too, where it means nothing.
    assert (await order(rest, tgtCcy="base_ccy", px="100")).code == "0"


async def test_client_order_ids(rest: RestBed) -> None:
    """Criterion: REST-WIRE-3"""
    longest = "e847386590ce4dBC" + "a" * 16
    assert (await order(rest, clOrdId=longest)).row["clOrdId"] == longest
    for wrong in ("with-hyphen", "with_line", "a" * 33, "ä", "a b"):
        answer = await order(rest, clOrdId=wrong)
        assert (answer.code, answer.row["sCode"]) == ("1", "51000")
        assert "clOrdId" in answer.row["sMsg"]
    # The newest of those that had a name answers to it.
    cancel = {"instId": "BTC-USDT", "clOrdId": longest}
    assert (await rest.post("trade/cancel-order", rest.alice, cancel)).code == "0"
    second = (await order(rest, clOrdId=longest)).row["ordId"]
    found = await rest.get("trade/order", rest.alice, **cancel)
    assert found.row["ordId"] == second


async def test_states_and_reasons(rest: RestBed) -> None:
    """Criterion: REST-WIRE-4"""
    await rest.place(rest.bob, "sell", "40000", "1")
    ended = []
    for changes in (
        {"ordType": "post_only", "px": "40000"},
        {"ordType": "ioc", "px": "39000"},
        {"ordType": "fok", "sz": "2"},
        {"ordType": "limit", "sz": "0.5"},
    ):
        placed = (await order(rest, **changes)).row["ordId"]
        row = (await rest.get("trade/order", rest.alice, instId="BTC-USDT", ordId=placed)).row
        ended.append((row["state"], row["cancelSource"], bool(row["cancelSourceReason"])))
    assert ended == [
        ("canceled", "31", True),
        ("canceled", "14", True),
        ("canceled", "13", True),
        ("filled", "", False),
    ]


async def test_empty_is_neither_missing_nor_zero(rest: RestBed) -> None:
    """Criterion: REST-WIRE-5"""
    placed = (await order(rest)).row["ordId"]
    row = (await rest.get("trade/order", rest.alice, instId="BTC-USDT", ordId=placed)).row
    assert (row["avgPx"], row["fillPx"], row["fillTime"], row["tradeId"]) == ("", "", "", "")
    assert (row["accFillSz"], row["fillSz"], row["fee"], row["pnl"]) == ("0", "0", "0", "0")
    assert row["reduceOnly"] == row["isTpLimit"] == "false"
    balance = (await rest.get("account/balance", rest.alice)).row
    assert balance["availEq"] == ""
    assert all(each["availEq"] == "" and each["availBal"] for each in balance["details"])


def nulls_and_numbers(node: Any, at: str = "") -> list[str]:
    """Where something is null, or a number: only these few are numbers on the wire."""
    if isinstance(node, dict):
        return [each for name, part in node.items() for each in nulls_and_numbers(part, name)]
    if isinstance(node, list):
        return [each for part in node for each in nulls_and_numbers(part, at)]
    is_text = isinstance(node, str | bool) or at in ("instIdCode", "seqId")
    return [] if is_text else [at]


async def test_values_are_strings_and_never_null(rest: RestBed) -> None:
    """Criterion: REST-WIRE-5, REST-4"""
    await rest.place(rest.bob, "sell", "40000", "1")
    await order(rest)
    spot = {"instType": "SPOT"}
    for path, params in (
        ("market/ticker", {"instId": "BTC-USDT"}),
        ("market/books", {"instId": "BTC-USDT", "sz": 5}),
        ("market/trades", {"instId": "BTC-USDT"}),
        ("market/candles", {"instId": "BTC-USDT"}),
        ("market/index-tickers", {"instId": "BTC-USDT"}),
        ("public/instruments", spot),
        ("public/price-limit", {"instId": "BTC-USDT"}),
        ("public/time", {}),
        ("account/balance", {}),
        ("account/config", {}),
        ("account/bills", {}),
        ("account/trade-fee", spot),
        ("asset/currencies", {}),
        ("asset/asset-valuation", {}),
        ("trade/orders-history", spot),
        ("trade/fills", {}),
    ):
        is_public = path.partition("/")[0] in ("market", "public")
        answer = await rest.get(path, None if is_public else rest.alice, **params)
        assert answer.data, path
        assert nulls_and_numbers(answer.data) == [], path


async def test_keys_of_reference_rows(rest: RestBed) -> None:
    """Criterion: REST-4"""
    await rest.place(rest.bob, "sell", "40000", "1")
    await order(rest)
    index = (await rest.get("market/index-tickers", instId="BTC-USDT")).row
    assert set(INDEX) <= set(index)
    assert set(PRICE_LIMIT) <= set((await rest.get("public/price-limit", instId="BTC-USDT")).row)
    assert set(SNAPSHOT) <= set((await rest.get("market/books", instId="BTC-USDT")).row)
    assert len((await rest.get("market/candles", instId="BTC-USDT")).data[0]) == len(CANDLE)
    assert set((await rest.get("public/time")).row) == {"ts"}
    body = {"ccy": "USDT", "amt": 1, "from": 18, "to": 6}
    moved = (await rest.post("asset/transfer", rest.alice, body)).row
    assert set(moved) == set(TRANSFER)


async def test_loose_values_and_unknown_keys(rest: RestBed) -> None:
    """Criterion: REST-IN-1"""
    loose = {**LIMIT, "px": 40000, "sz": 0.1, "banAmend": "true", "reduceOnly": False, "new": [1]}
    answer = await rest.post("trade/order", rest.alice, {**loose, "clOrdId": None, "tag": ""})
    assert answer.code == "0", answer.json
    row = (await rest.get("trade/orders-pending", rest.alice, ordId="", unknown="x")).row
    assert (row["px"], row["sz"], row["clOrdId"]) == ("40000", "0.1", "")
    wrong = await order(rest, reduceOnly="perhaps")
    assert (wrong.row["sCode"], "reduceOnly" in wrong.row["sMsg"]) == ("51000", True)
    cancel = {"instId": "BTC-USDT", "ordId": int(row["ordId"])}
    assert (await rest.post("trade/cancel-order", rest.alice, cancel)).code == "0"


async def test_failed_rows_explain_themselves(rest: RestBed) -> None:
    """Criterion: REST-WIRE-6, REST-2"""
    for path, body in (
        ("trade/order", {**LIMIT, "px": "40000", "sz": "0"}),
        ("trade/amend-order", {"instId": "BTC-USDT", "ordId": "1", "newSz": "1"}),
        ("trade/cancel-order", {"instId": "BTC-USDT", "ordId": "1"}),
    ):
        answer = await rest.post(path, rest.alice, body)
        assert (answer.status, answer.code) == (200, "1")
        assert answer.json["msg"] == "All operations failed"
        assert answer.row["sMsg"]
        assert answer.row.get("subCode", "") == ""
        assert int(answer.json["outTime"]) >= int(answer.json["inTime"]) > 10**15


async def test_finished_orders_page_both_ways(rest: RestBed) -> None:
    """Criterion: REST-PAGE-1"""
    placed = [await rest.place(rest.alice, "buy", str(100 + n), "0.1") for n in range(6)]
    await rest.post("x/cancel-all", rest.alice, {})
    newest = placed[::-1]

    async def page(path: str, **bounds: object) -> list[str]:
        answer = await rest.get(path, rest.alice, instType="SPOT", **bounds)
        return [row["ordId"] for row in answer.data]

    for path in ("trade/orders-history", "trade/orders-history-archive"):
        assert await page(path) == newest
        assert await page(path, after=placed[3], limit=2) == [placed[2], placed[1]]
        assert await page(path, before=placed[3]) == [placed[5], placed[4]]
        assert await page(path, after=placed[4], before=placed[1]) == [placed[3], placed[2]]
        assert await page(path, after=placed[0]) == []
        assert await page(path, state="filled") == []
        assert await page(path, ordType="limit", state="canceled", limit=500) == newest


async def test_fills_page_both_ways(rest: RestBed) -> None:
    """Criterion: REST-PAGE-1"""
    await rest.place(rest.bob, "sell", "40000", "5")
    for _ in range(4):
        await order(rest)
    first = await rest.get("trade/fills", rest.alice)
    bills = [row["billId"] for row in first.data]
    assert bills == sorted(bills, reverse=True)
    assert len(set(bills)) == 4

    async def page(path: str, **bounds: object) -> list[str]:
        answer = await rest.get(path, rest.alice, instType="SPOT", **bounds)
        return [row["billId"] for row in answer.data]

    for path in ("trade/fills", "trade/fills-history"):
        assert await page(path, after=bills[1]) == bills[2:]
        assert await page(path, before=bills[2]) == bills[:2]
        assert await page(path, after=bills[0], limit=1) == [bills[1]]
        assert await page(path, subType="2") == []
        assert await page(path, begin=rest.clock.exchange_ms() + 60_000) == []
        assert await page(path, end=1) == []
    assert (await rest.get("trade/fills-history", rest.alice)).code == "50014"


async def test_every_answer_is_json_whatever_was_sent(rest: RestBed) -> None:
    """Criterion: REST-1"""
    paths = (API + "public/time", API + "account/balance", "/", "/api/v5", "/healthz", "/docs/x")
    calls = [
        rest.raw(method, path, body=b"\\xff")
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
        for path in paths
    ]
    for status, fields, content in await asyncio.gather(*calls):
        assert status in (200, 401, 404, 405)
        assert dict(fields)["content-type"] == "application/json"
        assert isinstance(json.loads(content), dict)
