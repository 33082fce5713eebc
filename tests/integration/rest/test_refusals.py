"""Refusals that come of the exchange's state: each code and the words that go with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fullreserve.exchange.wire.commands import (
    AnyCommand,
    InstrumentState,
    OwnerFlag,
    Parameter,
    SetInstrumentState,
    SetOwner,
    SetParameter,
    SetSuspension,
    Suspended,
    SuspensionLevel,
)
from tests.bed import BTC_USDT, START_MS, submit
from tests.integration.rest.bed import Answer, HandClock, RestBed

LIMIT = {"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit"}
TRANSFER = {"ccy": "USDT", "amt": "1", "from": "18", "to": "6"}


async def order(rest: RestBed, **changes: object) -> Answer:
    body = {**LIMIT, "px": "40000", "sz": "0.1", **changes}
    return await rest.post("trade/order", rest.alice, body)


async def operate(rest: RestBed, command: AnyCommand) -> None:
    """What an operator does."""
    replies: Any = await submit(rest.door, [command])
    assert replies[0].code == 0


async def flag(rest: RestBed, flags: OwnerFlag) -> None:
    await operate(rest, SetOwner(0, 0, rest.alice.uid, 0, 1, flags, 0))


async def test_a_frozen_account(rest: RestBed) -> None:
    """Criterion: REST-3"""
    placed = await rest.place(rest.alice, "buy", "40000", "0.1")
    await flag(rest, OwnerFlag.FROZEN)
    assert (await order(rest)).row["sCode"] == "50007"
    assert (await rest.post("asset/transfer", rest.alice, TRANSFER)).code == "58004"
    cancel = {"instId": "BTC-USDT", "ordId": placed}
    assert (await rest.post("trade/cancel-order", rest.alice, cancel)).code == "0"


async def test_an_account_that_may_not_trade(rest: RestBed) -> None:
    """Criterion: REST-3"""
    await flag(rest, OwnerFlag.NO_TRADE)
    assert (await order(rest)).row["sCode"] == "51024"


async def test_states_of_an_instrument(rest: RestBed) -> None:
    """Criterion: REST-3"""
    for state, code, shown in (
        (InstrumentState.PREOPEN, "51021", "preopen"),
        (InstrumentState.SUSPEND, "51022", "suspend"),
        (InstrumentState.CANCEL_ONLY, "51022", "suspend"),
    ):
        await operate(rest, SetInstrumentState(0, 0, BTC_USDT, state))
        assert (await order(rest)).row["sCode"] == code
        row = (await rest.get("public/instruments", instType="SPOT", instId="BTC-USDT")).row
        assert row["state"] == shown


async def test_suspended_transfers(rest: RestBed) -> None:
    """Criterion: REST-3"""
    stop = SetSuspension(0, 0, 1, Suspended.TRANSFER, SuspensionLevel.GLOBAL, 0)
    await operate(rest, stop)
    assert (await rest.post("asset/transfer", rest.alice, TRANSFER)).code == "58110"


async def test_caps_on_pending_orders(rest: RestBed) -> None:
    """Criterion: REST-3"""
    await order(rest)
    await operate(rest, SetParameter(0, 0, Parameter.PENDING_PER_INSTRUMENT, 1))
    here = (await order(rest)).row
    assert (here["sCode"], "1" in here["sMsg"]) == ("51102", True)
    await operate(rest, SetParameter(0, 0, Parameter.PENDING_PER_OWNER, 1))
    there = (await order(rest, instId="ETH-USDT", px="2000")).row
    assert there["sCode"] == "51103"


async def test_prices_outside_the_band(rest: RestBed) -> None:
    """Criterion: REST-3"""
    await rest.place(rest.bob, "sell", "40000", "1")
    await order(rest)
    limit = (await rest.get("public/price-limit", instId="BTC-USDT")).row
    assert limit["enabled"]
    high, low = (await order(rest, px="80000")).row, (await order(rest, px="1", side="sell")).row
    assert (high["sCode"], limit["buyLmt"] in high["sMsg"]) == ("51006", True)
    assert (low["sCode"], limit["sellLmt"] in low["sMsg"]) == ("51006", True)
    clamped = await order(rest, px="80000", pxAmendType="1")
    assert clamped.code == "0"


async def test_amendments_that_cannot_be(rest: RestBed) -> None:
    """Criterion: REST-3"""
    await rest.place(rest.bob, "sell", "40000", "1")
    placed = await rest.place(rest.alice, "buy", "39000", "1", ordType="post_only")
    body = {"instId": "BTC-USDT", "ordId": placed}
    takes = await rest.post("trade/amend-order", rest.alice, {**body, "newPx": "40000"})
    assert takes.row["sCode"] == "51511"
    poor = (await rest.post("trade/amend-order", rest.alice, {**body, "newSz": "90"})).row
    assert (poor["sCode"], "size of" in poor["sMsg"]) == ("51502", True)
    assert (poor["subCode"], takes.row["subCode"]) == ("1030", "")


async def test_sizes_above_the_most(rest: RestBed) -> None:
    """Criterion: REST-3"""
    row = (await rest.get("public/instruments", instType="SPOT", instId="BTC-USDT")).row
    many = str(int(float(row["maxLmtSz"])) + 1)
    assert (await order(rest, sz=many, px="0.1")).row["sCode"] == "51005"
    market = {"ordType": "market", "px": ""}
    size = str(int(float(row["maxMktSz"])) + 1)
    largest = (await order(rest, **market, sz=size, tgtCcy="base_ccy")).row
    assert largest["sCode"] == "51201"
    amount = str(int(float(row["maxMktAmt"])) + 1)
    assert (await order(rest, **market, sz=amount)).row["sCode"] == "51202"


async def test_the_dead_mans_tags_are_counted(rest: RestBed) -> None:
    """Criterion: REST-3"""
    codes = []
    for number in range(21):
        body = {"timeOut": "60", "tag": f"t{number}"}
        codes.append((await rest.post("trade/cancel-all-after", rest.alice, body)).code)
    assert codes == ["0"] * 20 + ["51071"]


class TickingClock(HandClock):
    """Exchange time goes on by two milliseconds at each look, once it is told to."""

    ticking = False

    def exchange_ms(self) -> int:
        now = super().exchange_ms()
        if self.ticking:
            self.advance(2)
        return now


async def test_an_order_that_expires_on_its_way(tmp_path: Path) -> None:
    """Criterion: REST-IN-5"""
    clock = TickingClock(START_MS)
    rest = await RestBed.open(tmp_path, clock=clock)
    clock.ticking = True
    body = {**LIMIT, "px": "40000", "sz": "0.1"}
    codes = []
    for ahead in range(1, 20):
        expires = str(clock.exchange_ms() + ahead)
        answer = await rest.post("trade/order", rest.alice, body, expTime=expires)
        codes.append(answer.data[0]["sCode"] if answer.data else answer.code)
    # Past when it came, past when its turn came, in time.
    assert codes == sorted(codes, key=["50036", "50037", "0"].index)
    assert set(codes) == {"50036", "50037", "0"}
    clock.ticking = False
    await rest.close()


async def test_a_dead_mans_switch_holds_over_a_restart(tmp_path: Path) -> None:
    """Criterion: REST-ORD-6. It ran out while the exchange was down."""
    clock = HandClock(START_MS)
    rest = await RestBed.open(tmp_path, clock=clock)
    await order(rest, clOrdId="marked", tag="bot")
    await order(rest, clOrdId="other")
    armed = await rest.post("trade/cancel-all-after", rest.alice, {"timeOut": 10, "tag": "bot"})
    assert armed.row["triggerTime"] == str(START_MS + 10_000)
    assert armed.row["tag"] == "bot"
    keys = (rest.alice, rest.bob)
    await rest.close()
    clock.advance(9_999)
    rest = await RestBed.open(tmp_path, clock=clock, traders=keys)
    await rest.place(rest.bob, "buy", "100", "0.1")
    pending = (await rest.get("trade/orders-pending", rest.alice)).data
    assert {row["clOrdId"] for row in pending} == {"marked", "other"}
    await rest.close()
    clock.advance(5_000)
    rest = await RestBed.open(tmp_path, clock=clock, traders=keys)
    await rest.place(rest.bob, "buy", "100", "0.1")
    marked = (await rest.get("trade/order", rest.alice, instId="BTC-USDT", clOrdId="marked")).row
    assert (marked["state"], marked["cancelSource"]) == ("canceled", "20")
    other = (await rest.get("trade/order", rest.alice, instId="BTC-USDT", clOrdId="other")).row
    assert other["state"] == "live"
    await rest.close()


async def test_an_amount_that_buys_nothing(rest: RestBed) -> None:
    """Criterion: REST-3. The least size, 0.00001 BTC, is worth 0.4 USDT at 40,000."""
    await rest.place(rest.bob, "sell", "40000", "1")
    small = {"ordType": "market", "px": "", "tgtCcy": "quote_ccy"}
    refused = (await order(rest, **small, sz="0.39999999")).row
    assert (refused["sCode"], "0.4 USDT" in refused["sMsg"]) == ("51020", True)
    assert (await rest.get("trade/fills", rest.alice)).data == []


async def test_a_market_order_without_a_fill(rest: RestBed) -> None:
    """Criterion: REST-WIRE-4, REST-ORD-2. Its own sale is cancelled, and the next costs more."""
    await rest.place(rest.alice, "sell", "40000", "0.1")
    await rest.place(rest.bob, "sell", "60000", "1")
    placed = (await order(rest, ordType="market", px="", sz="0.5")).row
    assert placed["sCode"] == "0"
    named = {"instId": "BTC-USDT", "ordId": placed["ordId"]}
    found = (await rest.get("trade/order", rest.alice, **named)).row
    shown = (found["state"], found["accFillSz"], found["fillSz"], found["cancelSource"])
    assert shown == ("canceled", "0", "0", "14")
    for path in ("trade/fills", "trade/fills-history"):
        page = await rest.get(path, rest.alice, instType="SPOT")
        assert (page.code, page.data) == ("0", [])
