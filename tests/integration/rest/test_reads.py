"""Market data, accounts and money over REST."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.rest.bed import RestBed
from tests.integration.rest.keys import (
    BALANCE,
    CONFIG,
    CURRENCY,
    DETAIL,
    FEE,
    INSTRUMENT,
    TICKER,
    TRADE,
)


async def test_instruments(rest: RestBed) -> None:
    """Criterion: REST-4"""
    answer = await rest.get("public/instruments", instType="SPOT")
    assert len(answer.data) >= 12
    for row in answer.data:
        assert set(INSTRUMENT) <= set(row)
        assert row["instId"]
        assert isinstance(row["instIdCode"], int)
    one = await rest.get("public/instruments", instType="SPOT", instId="BTC-USDT")
    assert (one.row["tickSz"], one.row["lotSz"], one.row["state"]) == ("0.1", "0.00001", "live")
    for kind in ("MARGIN", "SWAP", "FUTURES", "OPTION"):
        assert (await rest.get("public/instruments", instType=kind, uly="BTC-USD")).data == []
    assert (await rest.get("public/instruments")).code == "50014"
    assert (await rest.get("public/instruments", instType="STOCK")).code == "51000"
    mine = await rest.get("account/instruments", rest.alice, instType="SPOT")
    assert mine.data == answer.data


async def test_books_tickers_trades_candles(rest: RestBed) -> None:
    """Criterion: REST-4"""
    await rest.place(rest.bob, "sell", "40000", "1")
    await rest.place(rest.bob, "sell", "40010", "2")
    await rest.place(rest.alice, "buy", "39990", "3")
    await rest.place(rest.alice, "buy", "40000", "0.25")
    book = (await rest.get("market/books", instId="BTC-USDT", sz=5)).row
    assert book["asks"] == [["40000", "0.75", "0", "1"], ["40010", "2", "0", "1"]]
    assert book["bids"] == [["39990", "3", "0", "1"]]
    assert isinstance(book["seqId"], int)
    top = (await rest.get("market/books", instId="BTC-USDT")).row
    assert len(top["asks"]) == 1
    full = (await rest.get("market/books-full", instId="BTC-USDT", sz=5000)).row
    assert full["bids"] == [["39990", "3", "1"]]
    ticker = (await rest.get("market/ticker", instId="BTC-USDT")).row
    assert set(TICKER) <= set(ticker)
    assert (ticker["last"], ticker["askPx"], ticker["bidPx"]) == ("40000", "40000", "39990")
    tickers = (await rest.get("market/tickers", instType="SPOT")).data
    assert ticker in tickers
    trade = (await rest.get("market/trades", instId="BTC-USDT")).row
    assert set(TRADE) <= set(trade)
    assert (trade["px"], trade["sz"], trade["side"]) == ("40000", "0.25", "buy")
    past = (await rest.get("market/history-trades", instId="BTC-USDT")).row
    assert past == trade
    candle = (await rest.get("market/candles", instId="BTC-USDT", bar="1m")).row
    assert candle[1:9] == ["40000", "40000", "40000", "40000", "0.25", "10000", "10000", "0"]
    index = (await rest.get("market/index-tickers", instId="BTC-USDT")).row
    assert index["idxPx"] == "40000"


async def test_wrong_questions(rest: RestBed) -> None:
    """Criterion: REST-3"""
    for path, params, code in [
        ("market/ticker", {}, "50014"),
        ("market/ticker", {"instId": "NO-SUCH"}, "51001"),
        ("market/books", {"instId": "BTC-USDT", "sz": "x"}, "51000"),
        ("market/books", {"instId": "BTC-USDT", "sz": "-1"}, "51000"),
        ("market/trades", {"instId": "BTC-USDT", "limit": "0"}, "51000"),
        ("market/candles", {"instId": "BTC-USDT", "bar": "7m"}, "51000"),
        ("market/candles", {"instId": "BTC-USDT", "after": "1e3"}, "51000"),
        ("market/history-trades", {"instId": "BTC-USDT", "type": "3"}, "51000"),
        ("market/index-tickers", {}, "50015"),
        ("public/instruments", {"instType": "SPOT", "instId": "NO-SUCH"}, "51001"),
    ]:
        answer = await rest.get(path, None, **params)
        assert answer.code == code
        assert answer.data == []


async def test_bounds_of_numbers_are_those_that_count(rest: RestBed) -> None:
    """Criterion: REST-3"""
    for path, name, allowed in (
        ("market/trades", "limit", "from 1 to 500"),
        ("market/candles", "limit", "from 1 to 300"),
        ("market/candles", "after", "from 0 on"),
    ):
        answer = await rest.get(path, instId="BTC-USDT", **{name: "x"})
        assert answer.code == "51000"
        assert answer.json["msg"].endswith(allowed), answer.json


async def test_history_pages(rest: RestBed) -> None:
    """Criterion: REST-4"""
    await rest.place(rest.bob, "sell", "40000", "10")
    for _ in range(6):
        await rest.place(rest.alice, "buy", "40000", "0.1")

    async def page(**bounds: object) -> list[str]:
        answer = await rest.get("market/history-trades", instId="BTC-USDT", **bounds)
        return [row["tradeId"] for row in answer.data]

    first, second, third, fourth, fifth, sixth = sorted(await page())
    assert await page() == [sixth, fifth, fourth, third, second, first]
    assert await page(after=fourth, limit=2) == [third, second]
    assert await page(before=fourth) == [sixth, fifth]
    assert await page(after=first) == await page(after=1) == await page(before=sixth) == []
    candle = (await rest.get("market/candles", instId="BTC-USDT", bar="1H")).data[0]
    start = int(candle[0])
    after = await rest.get("market/candles", instId="BTC-USDT", bar="1H", after=start)
    before = await rest.get("market/candles", instId="BTC-USDT", bar="1H", before=start - 1)
    assert candle not in after.data
    assert before.data[-1] == candle


async def test_balance(rest: RestBed) -> None:
    """Criterion: REST-4"""
    await rest.place(rest.alice, "buy", "40000", "0.5")
    row = (await rest.get("account/balance", rest.alice)).row
    assert set(BALANCE) <= set(row)
    details = {detail["ccy"]: detail for detail in row["details"]}
    assert set(DETAIL) <= set(details["USDT"])
    assert "maxSpotInUseAmt" not in details["USDT"]  # the channel's name of `maxSpotInUse`
    dollars = details["USDT"]
    assert (dollars["cashBal"], dollars["availBal"], dollars["frozenBal"]) == (
        "1000000",
        "980000",
        "20000",
    )
    assert dollars["availEq"] == ""
    assert dollars["eqUsd"] == "1000000"
    some = (await rest.get("account/balance", rest.alice, ccy="BTC,ETH")).row
    assert [detail["ccy"] for detail in some["details"]] == ["BTC"]
    many = ",".join(["BTC"] * 21)
    assert (await rest.get("account/balance", rest.alice, ccy=many)).code == "50025"


async def test_repeated_reads_follow_every_change(rest: RestBed) -> None:
    """Criterion: REST-READ-2"""

    async def detail(coin: str) -> dict[str, str]:
        answer = await rest.get("account/balance", rest.alice)
        return next(row for row in answer.row["details"] if row["ccy"] == coin)

    async def pending() -> list[str]:
        found = await rest.get("trade/orders-pending", rest.alice, instId="BTC-USDT", limit="5")
        return [row["ordId"] for row in found.data]

    before = await detail("BTC")
    assert before["eqUsd"] == "0"
    bid = await rest.place(rest.alice, "buy", "40000", "1")
    assert (await pending(), (await detail("USDT"))["ordFrozen"] != "0") == ([bid], True)
    assert await pending() == [bid]
    await rest.place(rest.bob, "sell", "40000", "0.4")
    after = await detail("BTC")
    assert float(after["eq"]) > float(before["eq"])
    assert float(after["eqUsd"]) == pytest.approx(float(after["eq"]) * 40_000)
    await rest.post("trade/cancel-order", rest.alice, {"instId": "BTC-USDT", "ordId": bid})
    assert await pending() == []
    await rest.place(rest.bob, "sell", "41000", "0.1")
    asked = await rest.place(rest.alice, "buy", "41000", "0.1")
    moved = await detail("BTC")
    assert float(moved["eqUsd"]) == pytest.approx(float(moved["eq"]) * 41_000)
    assert asked not in await pending()


async def test_account_facts(rest: RestBed) -> None:
    """Criterion: REST-4"""
    config = (await rest.get("account/config", rest.alice)).row
    assert set(config) == set(CONFIG)
    assert (config["acctLv"], config["perm"]) == ("1", "read_only,trade")
    assert config["uid"] == config["mainUid"] == str(rest.alice.uid)
    fee = (await rest.get("account/trade-fee", rest.alice, instType="SPOT")).row
    assert set(FEE) <= set(fee)
    assert float(fee["taker"]) <= 0
    cash = {"instId": "BTC-USDT", "tdMode": "cash"}
    size = (await rest.get("account/max-size", rest.alice, **cash, px="40000")).row
    assert (size["maxBuy"], size["maxSell"]) == ("25", "100")
    available = (await rest.get("account/max-avail-size", rest.alice, **cash)).row
    assert (available["availBuy"], available["availSell"]) == ("1000000", "100")
    assert (await rest.get("account/positions", rest.alice)).data == []


async def test_settings_that_spot_mode_has(rest: RestBed) -> None:
    """Criterion: REST-3"""
    for path, body, code in (
        ("set-position-mode", {"posMode": "net_mode"}, "0"),
        ("set-position-mode", {"posMode": "long_short_mode"}, "59000"),
        ("set-account-level", {"acctLv": "1"}, "0"),
        ("set-account-level", {"acctLv": "3"}, "59000"),
        ("set-leverage", {"instId": "BTC-USDT", "lever": "3", "mgnMode": "cross"}, "51010"),
        ("set-greeks", {"greeksType": "PA"}, "0"),
        ("set-greeks", {}, "50014"),
    ):
        answer = await rest.post(f"account/{path}", rest.alice, body)
        assert answer.code == code, answer.json


async def test_currencies(rest: RestBed) -> None:
    """Criterion: REST-4"""
    rows = (await rest.get("asset/currencies", rest.alice)).data
    assert {"BTC", "USDT"} <= {row["ccy"] for row in rows}
    for row in rows:
        assert {name for name in row if not name.startswith("x")} == set(CURRENCY)
    assert (await rest.get("asset/currencies")).status == 401


@pytest.mark.parametrize(
    ("path", "asked", "code", "said"),
    [
        ("asset/deposit-history", {"state": "zz"}, "51000", "0, 1, 2, 8, 11, 12, 13, 14, 17"),
        ("asset/deposit-history", {"type": "5"}, "51000", "3, 4"),
        ("asset/deposit-history", {"ccy": "ZZZ"}, "51012", "ZZZ"),
        ("asset/deposit-history", {"limit": "ten"}, "51000", "1 to 100"),
        ("asset/withdrawal-history", {"state": "77"}, "51000", "-3, -2, -1, 0, 1, 2, 4"),
        ("asset/withdrawal-history", {"type": "x"}, "51000", "3, 4"),
        ("asset/withdrawal-history", {"ccy": "ZZZ"}, "51012", "ZZZ"),
        ("asset/currencies", {"ccy": "BTC,ZZZ"}, "51012", "ZZZ"),
    ],
)
async def test_what_cannot_be_asked_of_funding_is_refused_with_what_is_allowed(
    rest: RestBed, path: str, asked: dict[str, str], code: str, said: str
) -> None:
    """Criterion: REST-WIRE-7"""
    answer = await rest.get(path, rest.alice, **asked)
    assert (answer.code, said in answer.json["msg"]) == (code, True), answer.json


async def test_transfer_between_own_accounts(rest: RestBed) -> None:
    """Criterion: REST-4, REST-3"""
    body = {"ccy": "USDT", "amt": "1000.5", "from": "18", "to": "6", "type": "0"}
    moved = await rest.post("asset/transfer", rest.alice, {**body, "clientId": "c1"})
    assert (moved.row["amt"], moved.row["from"], moved.row["to"]) == ("1000.5", "18", "6")
    funding = (await rest.get("asset/balances", rest.alice)).row
    assert funding == {"ccy": "USDT", "bal": "1000.5", "availBal": "1000.5", "frozenBal": "0"}
    transfer = moved.row["transId"]
    for _ in range(2):
        state = await rest.get("asset/transfer-state", rest.alice, transId=transfer)
        assert (state.row["state"], state.row["amt"], state.row["to"]) == ("success", "1000.5", "6")
        await asyncio.to_thread(lambda: None)
    assert (await rest.get("asset/transfer-state", rest.bob, transId=transfer)).code == "51000"
    for changes, code, said in (
        ({"amt": "0"}, "58114", "more than 0"),
        ({"amt": "-5"}, "58114", "more than 0"),
        ({"amt": "1e3"}, "51000", "amt"),
        ({"amt": "0.000000001"}, "51000", "8 digits"),
        ({"amt": "9" * 39}, "58350", "balance"),
        # More than a supply may be, and less than the wire has room for.
        ({"amt": "1" + 29 * "0"}, "58350", "balance"),
        ({"amt": "999999"}, "58350", "998999.5"),
        ({"ccy": "XXX"}, "51012", "XXX"),
        ({"to": "18"}, "58123", "from"),
        ({"to": "1"}, "51000", "18, 6"),
        ({"type": "1"}, "50014", "subAcct"),
        ({"type": "9"}, "51000", "type"),
        ({"amt": ""}, "50014", "amt"),
    ):
        refused = await rest.post("asset/transfer", rest.alice, {**body, **changes})
        assert refused.code == code, (changes, refused.json)
        assert said in refused.json["msg"]
