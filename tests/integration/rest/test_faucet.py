"""The demo's faucet."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from fullreserve.identity.account_opening import ensure_open
from fullreserve.identity.vault import NewKey
from fullreserve.marketdata.bars import DAY
from tests.bed import ALICE, START_MS
from tests.integration.rest.bed import TRADE, Answer, HandClock, RestBed


@pytest_asyncio.fixture
async def demo(tmp_path: Path) -> AsyncIterator[RestBed]:
    opened = await RestBed.open(tmp_path, demo=True)
    yield opened
    await opened.close()


async def adjust(rest: RestBed, kind: str, **amounts: str) -> Answer:
    rows = [{"ccy": ccy, "amt": amount} for ccy, amount in amounts.items()]
    body = {"type": kind, "adjustments": rows}
    return await rest.post("account/demo-adjust-balance", rest.alice, body)


async def test_the_demo_alone_has_it(rest: RestBed) -> None:
    """Criterion: REST-FAUCET-1"""
    assert (await adjust(rest, "increase", BTC="1")).code == "50053"


async def test_money_comes_from_the_treasury_three_times_a_day(tmp_path: Path) -> None:
    """Criterion: REST-FAUCET-1. Also over a restart."""
    clock = HandClock(START_MS)
    rest = await RestBed.open(tmp_path, demo=True, clock=clock)
    answer = await adjust(rest, "increase", BTC="0.5", USDT="3000")
    assert answer.row == {
        "remainCnt": "2",
        "totalCnt": "3",
        "details": [
            {"ccy": "BTC", "amt": "0.5", "bal": "100.5"},
            {"ccy": "USDT", "amt": "3000", "bal": "1003000"},
        ],
    }
    bills = (await rest.get("account/bills", rest.alice, type=1, limit=2)).data
    assert {(row["type"], row["subType"]) for row in bills} == {("1", "200")}
    assert (await adjust(rest, "increase", ETH="1")).row["remainCnt"] == "1"
    keys = (rest.alice, rest.bob)
    await rest.close()
    rest = await RestBed.open(tmp_path, demo=True, clock=clock, traders=keys)
    assert (await adjust(rest, "increase", ETH="1")).row["remainCnt"] == "0"
    assert (await adjust(rest, "increase", ETH="1")).code == "59691"
    reduced = await adjust(rest, "reduce", ETH="2")
    assert (reduced.row["remainCnt"], reduced.row["details"][0]["bal"]) == ("0", "0")
    await rest.pass_time(DAY)
    assert (await adjust(rest, "increase", ETH="1")).row["remainCnt"] == "2"
    await rest.close()


async def test_bounds(demo: RestBed) -> None:
    """Criterion: REST-FAUCET-1"""
    for kind, amounts, code in (
        ("increase", {"BTC": "1.1"}, "51000"),
        ("increase", {"XRP": "1"}, "51000"),
        ("increase", {"XXX": "1"}, "51012"),
        ("increase", {"BTC": "0"}, "58114"),
        ("increase", {"BTC": "-1"}, "58114"),
        ("increase", {}, "50014"),
        ("sideways", {"BTC": "1"}, "51000"),
        ("reduce", {"BTC": "101"}, "59692"),
    ):
        answer = await adjust(demo, kind, **amounts)
        assert answer.code == code, (kind, amounts, answer.json)
    await demo.place(demo.alice, "sell", "41000", "60")
    # All or nothing: the dollars stay, since the coins are held by an order.
    held = await adjust(demo, "reduce", USDT="10", BTC="50")
    assert (held.code, "BTC" in held.json["msg"]) == ("59693", True)
    balance = (await demo.get("account/balance", demo.alice, ccy="USDT")).row["details"][0]
    assert balance["cashBal"] == "1000000"
    odd = {"type": "increase", "adjustments": "BTC"}
    assert (await demo.post("account/demo-adjust-balance", demo.alice, odd)).code == "51000"
    twice = {"type": "reduce", "adjustments": [{"ccy": "BTC", "amt": "1"}] * 2}
    assert (await demo.post("account/demo-adjust-balance", demo.alice, twice)).code == "51000"


async def test_a_users_accounts_share_one_allowance(tmp_path: Path) -> None:
    """Criterion: REST-FAUCET-1. Sub-accounts are no way to more play money."""
    rest = await RestBed.open(tmp_path, demo=True, clock=HandClock(START_MS))
    sub = rest.vault.create_user(main_uid=ALICE)
    await ensure_open(rest.door, sub.uid, ALICE)
    key = rest.vault.create_key(sub.uid, "Phrase-sub", TRADE)

    async def increase(who: NewKey) -> Answer:
        body = {"type": "increase", "adjustments": [{"ccy": "ETH", "amt": "1"}]}
        return await rest.post("account/demo-adjust-balance", who, body)

    assert (await increase(key)).row["remainCnt"] == "2"
    assert (await increase(rest.alice)).row["remainCnt"] == "1"
    assert (await increase(key)).row["remainCnt"] == "0"
    assert (await increase(key)).code == "59691"
    assert (await increase(rest.alice)).code == "59691"
    assert (await increase(rest.bob)).row["remainCnt"] == "2"
    await rest.close()


async def test_a_repeated_request_is_refused(demo: RestBed) -> None:
    """Criterion: REST-AUTH-4"""
    body = {"type": "increase", "adjustments": [{"ccy": "BTC", "amt": "1"}]}
    codes = await demo.repeated("account/demo-adjust-balance", demo.alice, body)
    assert codes == ["0", "50113"]
