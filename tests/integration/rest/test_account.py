"""The trading account in spot mode: its ledger, its settings, what it can do."""

from __future__ import annotations

from pathlib import Path

from fullreserve.marketdata.bars import DAY
from tests.bed import START_MS
from tests.integration.rest.bed import HandClock, RestBed
from tests.integration.rest.keys import BILL


async def trade(rest: RestBed) -> str:
    await rest.place(rest.bob, "sell", "40000", "0.1")
    return await rest.place(rest.alice, "buy", "40000", "0.1", clOrdId="mine")


async def test_the_ledger_of_the_trading_account(rest: RestBed) -> None:
    """Criterion: REST-ACC-1, REST-4"""
    order = await trade(rest)
    body = {"ccy": "USDT", "amt": "100", "from": "18", "to": "6"}
    await rest.post("asset/transfer", rest.alice, body)
    rows = (await rest.get("account/bills", rest.alice, limit=3)).data
    assert all(set(row) == set(BILL) for row in rows)
    out, quote, base = rows
    assert [out[k] for k in ("type", "subType", "balChg", "from", "to", "instType")] == [
        "1",
        "12",
        "-100",
        "18",
        "6",
        "",
    ]
    assert [quote[k] for k in ("type", "subType", "ccy", "balChg", "sz", "fee", "px")] == [
        "2",
        "1",
        "USDT",
        "-4000",
        "4000",
        "0",
        "40000",
    ]
    fee = float(base["fee"])
    assert fee < 0
    assert (base["ccy"], base["sz"], base["execType"]) == ("BTC", "0.1", "T")
    assert float(base["balChg"]) == 0.1 + fee
    assert (base["ordId"], base["clOrdId"], base["instId"]) == (order, "mine", "BTC-USDT")
    assert (await rest.get("account/bills-archive", rest.alice, limit=3)).data == rows


async def test_filters_and_pages_of_bills(rest: RestBed) -> None:
    """Criterion: REST-ACC-1, REST-PAGE-1"""
    await trade(rest)

    async def ids(**params: object) -> list[str]:
        answer = await rest.get("account/bills", rest.alice, **params)
        assert answer.code == "0", answer.json
        return [row["billId"] for row in answer.data]

    everything = await ids()
    trades = await ids(type=2)
    assert len(trades) == 2
    assert everything[:2] == trades
    assert await ids(instType="SPOT", instId="BTC-USDT") == trades
    assert await ids(subType=1) == trades
    assert await ids(subType=2) == []
    assert await ids(ccy="BTC", type=2) == trades[1:]
    assert await ids(after=everything[1], limit=1) == [everything[2]]
    assert await ids(before=everything[1]) == [everything[0]]
    assert await ids(instType="SWAP") == []
    assert await ids(begin=rest.clock.exchange_ms() + DAY) == []
    assert (await rest.get("account/bills", rest.alice, ccy="XXX")).code == "51012"
    assert (await rest.get("account/bills", rest.alice, type="x")).code == "51000"


async def test_windows_of_the_past(tmp_path: Path) -> None:
    """Criterion: REST-PAST-2"""
    clock = HandClock(START_MS)
    rest = await RestBed.open(tmp_path, clock=clock)
    order = await trade(rest)
    spot = {"instType": "SPOT"}

    async def shown(path: str) -> list[str]:
        answer = await rest.get(path, rest.alice, **spot)
        return [row["ordId"] for row in answer.data]

    assert order in await shown("trade/fills")
    await rest.pass_time(8 * DAY)
    await rest.place(rest.alice, "buy", "39999", "0.1")
    assert order not in await shown("trade/fills")
    assert order in await shown("trade/fills-history")
    assert order not in await shown("trade/orders-history")
    assert order in await shown("trade/orders-history-archive")
    assert order not in await shown("account/bills")
    assert order in await shown("account/bills-archive")
    await rest.close()


async def test_types_of_bills(rest: RestBed) -> None:
    """Criterion: REST-ACC-1"""
    rows = (await rest.get("account/subtypes", rest.alice)).data
    assert {row["type"] for row in rows} == {"1", "2"}
    one = (await rest.get("account/subtypes", rest.alice, type="2")).row
    assert {each["subType"] for each in one["subTypeDetails"]} == {"1", "2"}


async def test_there_is_no_margin(rest: RestBed) -> None:
    """Criterion: REST-ACC-2"""
    risk = (await rest.get("account/account-position-risk", rest.alice)).row
    assert {row["ccy"] for row in risk["balData"]} == {"BTC", "USDT"}
    assert (risk["posData"], risk["adjEq"]) == ([], "")
    state = (await rest.get("account/risk-state", rest.alice)).row
    assert state["atRisk"] is False
    assert (await rest.get("account/positions-history", rest.alice)).data == []
    loan = await rest.get("account/max-loan", rest.alice, mgnMode="cross", instId="BTC-USDT")
    assert {(row["side"], row["ccy"], row["maxLoan"]) for row in loan.data} == {
        ("sell", "BTC", "0"),
        ("buy", "USDT", "0"),
    }
    assert (await rest.get("account/max-loan", rest.alice, mgnMode="cross")).code == "50015"
    leverage = await rest.get("account/leverage-info", rest.alice, mgnMode="cross")
    assert leverage.code == "51010"
    out = (await rest.get("account/max-withdrawal", rest.alice, ccy="BTC")).row
    assert out["maxWd"] == "100"
    size = {"instId": "BTC-USDT", "tdMode": "cross"}
    assert (await rest.get("account/max-size", rest.alice, **size)).code == "51010"
    for path in ("account/max-size", "account/max-avail-size"):
        lacks = await rest.get(path, rest.alice, instId="BTC-USDT")
        assert (lacks.status, lacks.code) == (400, "50014")
        assert "tdMode" in lacks.json["msg"]
    six = ",".join(["BTC-USDT"] * 6)
    many = await rest.get("account/max-size", rest.alice, instId=six, tdMode="cash")
    assert many.code == "50025"


async def test_settings_have_one_state(rest: RestBed) -> None:
    """Criterion: REST-ACC-2"""
    for path, body, code in (
        ("account/set-auto-loan", {"autoLoan": "false"}, "0"),
        ("account/set-auto-loan", {"autoLoan": True}, "59000"),
        ("account/set-auto-loan", {"autoLoan": "maybe"}, "51000"),
        ("account/set-auto-repay", {"autoRepay": False}, "0"),
        ("account/set-fee-type", {"feeType": 0}, "0"),
        ("account/set-fee-type", {"feeType": "1"}, "59000"),
        ("account/set-greeks", {"greeksType": "BS"}, "59000"),
        ("account/set-account-level", {"acctLv": 1}, "0"),
        ("account/set-position-mode", {"posMode": "net_mode"}, "0"),
        ("account/set-isolated-mode", {"isoMode": "automatic", "type": "MARGIN"}, "51010"),
        ("account/set-leverage", {"lever": 3, "mgnMode": "cross", "ccy": "BTC"}, "51010"),
        ("trade/close-position", {"instId": "BTC-USDT", "mgnMode": "cross"}, "51023"),
    ):
        answer = await rest.post(path, rest.alice, body)
        assert answer.code == code, (path, answer.json)
    empty = await rest.post("account/set-fee-type", rest.alice, b"")
    assert (empty.status, empty.code) == (400, "50000")


async def test_order_rate_and_precheck(rest: RestBed) -> None:
    """Criterion: REST-ACC-2, REST-LIM-2"""
    rate = (await rest.get("trade/account-rate-limit", rest.alice)).row
    assert (rate["accRateLimit"], rate["fillRatio"], rate["nextAccRateLimit"]) == ("1000", "", "")
    order = {"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit", "sz": "1"}
    assert (await rest.post("trade/order-precheck", rest.alice, order)).code == "51010"
    assert (await rest.post("trade/order-precheck", rest.alice, {"sz": "1"})).code == "50014"
