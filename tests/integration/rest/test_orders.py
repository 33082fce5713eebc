"""Orders over REST, from placing to history."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fullreserve.exchange.wire.commands import SetSuspension, Suspended, SuspensionLevel
from fullreserve.gateway.rest.once import TOGETHER_MS
from fullreserve.identity.vault import NewKey
from tests.bed import ALICE, submit
from tests.integration.rest.bed import API, Answer, HandClock, RestBed
from tests.integration.rest.keys import FILL, ORDER

LIMIT = {"instId": "BTC-USDT", "tdMode": "cash", "ordType": "limit"}


async def order(rest: RestBed, key: Any, **which: str) -> Any:
    answer = await rest.get("trade/order", key, instId="BTC-USDT", **which)
    assert answer.code == "0", answer.json
    return answer.row


async def test_an_acknowledged_order_is_found_at_once(rest: RestBed) -> None:
    """Criterion: REST-ORD-1, REST-ORD-4, REST-4"""
    for number in range(5):
        name = f"order{number}"
        placed = await rest.place(rest.alice, "buy", "40000.1", "0.25", clOrdId=name, tag="bot")
        row = await order(rest, rest.alice, ordId=placed)
        assert row == await order(rest, rest.alice, clOrdId=name)
        assert set(row) == set(ORDER)
        assert len(row["ordId"]) == 19
        assert (row["px"], row["sz"], row["state"], row["tag"]) == (
            "40000.1",
            "0.25",
            "live",
            "bot",
        )
        assert (row["accFillSz"], row["avgPx"], row["fillPx"], row["fee"]) == ("0", "", "", "0")


async def test_acknowledgement_rows(rest: RestBed) -> None:
    """Criterion: REST-2"""
    body = {**LIMIT, "side": "buy", "px": "40000", "sz": "0.1", "clOrdId": "a1", "tag": "t"}
    answer = await rest.post("trade/order", rest.alice, body)
    assert answer.row["sCode"] == "0"
    assert set(answer.row) == {"clOrdId", "ordId", "sCode", "sMsg", "subCode", "tag", "ts"}
    assert int(answer.json["outTime"]) >= int(answer.json["inTime"]) > 1.6e15
    again = await rest.post("trade/order", rest.alice, body)
    assert (again.code, again.row["sCode"], again.row["ordId"]) == ("1", "51016", "")
    assert again.json["msg"] == "All operations failed"


async def test_trading_against_each_other(rest: RestBed) -> None:
    """Criterion: REST-ORD-2, REST-ORD-4, REST-4"""
    maker = await rest.place(rest.bob, "sell", "40000", "1")
    taker = await rest.place(rest.alice, "buy", "40001", "0.4")
    bought = await order(rest, rest.alice, ordId=taker)
    assert (bought["state"], bought["avgPx"], bought["accFillSz"]) == ("filled", "40000", "0.4")
    assert (bought["fillPx"], bought["fillSz"], bought["tradeId"]) == ("40000", "0.4", "1000000001")
    assert float(bought["fee"]) <= 0
    assert bought["feeCcy"] == "BTC"
    resting = await order(rest, rest.bob, ordId=maker)
    assert (resting["state"], resting["fillSz"]) == ("partially_filled", "0.4")
    for key, execution, side in ((rest.alice, "T", "buy"), (rest.bob, "M", "sell")):
        fills = await rest.get("trade/fills", key, instType="SPOT", instId="BTC-USDT")
        assert set(fills.row) == set(FILL)
        assert (fills.row["execType"], fills.row["side"]) == (execution, side)
        assert (fills.row["fillPx"], fills.row["fillSz"]) == ("40000", "0.4")
        assert fills.row["billId"]
    history = await rest.get("trade/orders-history", rest.alice, instType="SPOT")
    assert [row["ordId"] for row in history.data] == [taker]
    assert history.row["fillTime"] == bought["fillTime"]
    pending = await rest.get("trade/orders-pending", rest.bob)
    assert [row["ordId"] for row in pending.data] == [maker]


async def test_history_never_shows_less_than_was_acknowledged(rest: RestBed) -> None:
    """Criterion: REST-ORD-2

    Each order is asked for right after its end, before the records can have it.
    """
    ended: list[str] = []
    await rest.place(rest.bob, "sell", "40000", "50")
    for number in range(20):
        if number % 2:
            ended.insert(0, await rest.place(rest.alice, "buy", "40000", "0.1"))
        else:
            placed = await rest.place(rest.alice, "buy", "100", "0.1")
            body = {"instId": "BTC-USDT", "ordId": placed}
            assert (await rest.post("trade/cancel-order", rest.alice, body)).code == "0"
            ended.insert(0, placed)
        history = await rest.get("trade/orders-history", rest.alice, instType="SPOT")
        assert [row["ordId"] for row in history.data] == ended
        fills = await rest.get("trade/fills", rest.alice)
        assert len(fills.data) == (number + 1) // 2


async def test_pages_by_order_id(rest: RestBed) -> None:
    """Criterion: REST-ORD-2"""
    placed = [await rest.place(rest.alice, "buy", str(1000 + n), "0.1") for n in range(7)]
    newest_first = placed[::-1]

    async def page(**bounds: object) -> list[str]:
        answer = await rest.get("trade/orders-pending", rest.alice, **bounds)
        return [row["ordId"] for row in answer.data]

    assert await page() == newest_first
    assert await page(limit=3) == newest_first[:3]
    assert await page(after=placed[4], limit=2) == [placed[3], placed[2]]
    assert await page(before=placed[4]) == [placed[6], placed[5]]
    assert await page(after=placed[5], before=placed[2]) == [placed[4], placed[3]]
    assert await page(ordType="market,limit", state="live") == newest_first
    assert await page(ordType="post_only") == []
    assert await page(instType="SWAP") == []
    assert await page(instId="ETH-USDT") == []


async def test_amend_and_cancel(rest: RestBed) -> None:
    """Criterion: REST-ORD-3"""
    placed = await rest.place(rest.alice, "buy", "40000", "0.5", clOrdId="mine")
    body = {"instId": "BTC-USDT", "clOrdId": "mine", "newPx": "39000.5", "newSz": "0.7"}
    answer = await rest.post("trade/amend-order", rest.alice, {**body, "reqId": "r7"})
    assert (answer.code, answer.row["ordId"], answer.row["reqId"]) == ("0", placed, "r7")
    row = await order(rest, rest.alice, ordId=placed)
    assert (row["px"], row["sz"]) == ("39000.5", "0.7")
    same = await rest.post("trade/amend-order", rest.alice, body)
    assert same.row["sCode"] == "51500"
    cancel = {"instId": "BTC-USDT", "ordId": placed}
    assert (await rest.post("trade/cancel-order", rest.alice, cancel)).row["ordId"] == placed
    row = await order(rest, rest.alice, ordId=placed)
    assert (row["state"], row["cancelSource"]) == ("canceled", "1")
    assert (await rest.post("trade/cancel-order", rest.alice, cancel)).row["sCode"] == "51400"
    assert (await rest.post("trade/amend-order", rest.alice, body)).row["sCode"] == "51503"


async def test_batches_keep_their_order_and_fail_by_row(rest: RestBed) -> None:
    """Criterion: REST-ORD-3, REST-2, REST-WIRE-6"""
    good = {**LIMIT, "side": "buy", "px": "40000", "sz": "0.1"}
    bad = ({"px": "-1"}, {"instId": "NO-SUCH"}, {"sz": "0.000001"}, {"sz": "30"})
    orders = [good, {**good, **bad[0]}, good, {**good, **bad[1]}, {**good, **bad[2]}]
    answer = await rest.post("trade/batch-orders", rest.alice, [*orders, {**good, **bad[3]}])
    codes = [row["sCode"] for row in answer.data]
    assert codes == ["0", "51000", "0", "51001", "51121", "51008"]
    assert [row["subCode"] for row in answer.data] == [*[""] * 5, "1000"]
    assert answer.code == "2"
    placed = [row["ordId"] for row in answer.data if row["sCode"] == "0"]
    cancels = [{"instId": "BTC-USDT", "ordId": one} for one in (*placed, placed[0])]
    answer = await rest.post("trade/cancel-batch-orders", rest.alice, cancels)
    assert [row["sCode"] for row in answer.data] == ["0", "0", "51400"]
    for body, code in (([good] * 21, "51111"), ([], "50014"), (good, "50002")):
        answer = await rest.post("trade/batch-orders", rest.alice, body)
        assert answer.code == code, answer.json


async def test_batch_amend_refuses_the_same_order_twice(rest: RestBed) -> None:
    """Criterion: REST-ORD-3"""
    first = await rest.place(rest.alice, "buy", "40000", "0.5")
    second = await rest.place(rest.alice, "buy", "40000", "0.5")
    one = {"instId": "BTC-USDT", "newSz": "0.4"}
    body = [{**one, "ordId": number} for number in (first, second, first)]
    answer = await rest.post("trade/amend-batch-orders", rest.alice, body)
    assert [row["sCode"] for row in answer.data] == ["0", "0", "51512"]


REFUSED: list[tuple[dict[str, object], str, str]] = [
    ({"px": "40000.05"}, "51000", "0.1"),
    ({"px": "0"}, "51122", "0.1"),
    ({"sz": "0"}, "51020", "0.00001"),
    ({"sz": "0.000015"}, "51121", "0.00001"),
    ({"side": "sell", "sz": "100.1"}, "51008", "100 BTC"),
    ({"px": "20000", "sz": "60"}, "51008", "50 BTC"),
    ({"ordType": "market", "sz": "2000000", "banAmend": "true"}, "51008", "1000000 USDT"),
]


async def test_the_cores_refusals_say_what_is_allowed(rest: RestBed) -> None:
    """Criterion: REST-3"""
    for changes, code, allowed in REFUSED:
        body = {**LIMIT, "side": "buy", "px": "40000", "sz": "0.1", **changes}
        answer = await rest.post("trade/order", rest.alice, body)
        assert (answer.code, answer.row["sCode"]) == ("1", code), answer.json
        assert allowed in answer.row["sMsg"]
        assert answer.status == 200


async def test_other_users_orders_do_not_exist(rest: RestBed) -> None:
    """Criterion: REST-IN-4"""
    placed = await rest.place(rest.alice, "buy", "40000", "0.1", clOrdId="mine")
    for which in ({"ordId": placed}, {"clOrdId": "mine"}):
        body = {"instId": "BTC-USDT", **which}
        assert (await rest.get("trade/order", rest.bob, **body)).code == "51603"
        assert (await rest.post("trade/cancel-order", rest.bob, body)).row["sCode"] == "51400"
        amend = {**body, "newSz": "0.2"}
        assert (await rest.post("trade/amend-order", rest.bob, amend)).row["sCode"] == "51503"
    fills = await rest.get("trade/fills", rest.bob, ordId=placed)
    assert fills.data == []
    assert (await order(rest, rest.alice, ordId=placed))["state"] == "live"


async def test_a_repeated_request_does_not_double_a_named_order(tmp_path: Path) -> None:
    """Criterion: REST-AUTH-4. Nor one that is filled, whose name is free again."""
    clock = HandClock()
    rest = await RestBed.open(tmp_path, clock=clock)
    await rest.place(rest.bob, "sell", "40000", "50")
    one = '{"instId":"BTC-USDT","tdMode":"cash","side":"buy","ordType":"market","sz":"4000",'
    one += '"clOrdId":"%s"}'
    for path, body in (
        ("trade/order", one % "w1"),
        ("trade/batch-orders", f"[{one % 'w2'},{one % 'w3'}]"),
    ):
        headers = rest.signed(rest.alice, "POST", API + path, body.encode())
        send = partial(rest.call, "POST", API + path, body=body.encode(), headers=headers)
        codes = [(await send()).code for _ in range(2)]
        for passed_ms in (TOGETHER_MS + 1, 27_000):
            clock.advance(passed_ms)
            codes.append((await send()).code)
        assert codes == ["0", "50113", "50113", "50113"]
    fills = await rest.get("trade/fills", rest.alice)
    assert sorted(row["clOrdId"] for row in fills.data) == ["w1", "w2", "w3"]
    await rest.close()


@pytest.mark.parametrize("named", ["", ',"clOrdId":"w1"'])
async def test_what_was_signed_before_a_restart_is_not_done_again(
    tmp_path: Path, named: str
) -> None:
    """Criterion: REST-AUTH-4. Not even within the time in which orders may be signed alike."""
    clock = HandClock()
    rest = await RestBed.open(tmp_path, clock=clock)
    await rest.place(rest.bob, "sell", "40000", "50")
    order = '{"instId":"BTC-USDT","tdMode":"cash","side":"buy","ordType":"market","sz":"4000"'
    bodies = {
        "trade/order": order + named + "}",
        "asset/transfer": '{"ccy":"USDT","amt":"10","from":"18","to":"6"}',
    }
    signed = {
        path: rest.signed(rest.alice, "POST", API + path, body.encode())
        for path, body in bodies.items()
    }

    async def send(path: str) -> Answer:
        body = bodies[path].encode()
        return await rest.call("POST", API + path, body=body, headers=signed[path])

    assert [(await send(path)).code for path in bodies] == ["0", "0"]
    keys = (rest.alice, rest.bob)
    await rest.close()
    clock.advance(TOGETHER_MS // 2)
    rest = await RestBed.open(tmp_path, clock=clock, traders=keys)
    for path in bodies:
        answer = await send(path)
        assert answer.code == "50113"
        assert "before the exchange started" in answer.json["msg"]
    assert len((await rest.get("trade/fills", rest.alice)).data) == 1
    assert (await rest.get("asset/balances", rest.alice)).row["bal"] == "10"
    anew = json.loads(bodies["trade/order"])
    assert (await rest.post("trade/order", rest.alice, anew)).code == "0"
    await rest.close()


async def test_a_name_is_one_pending_orders(rest: RestBed) -> None:
    """Criterion: REST-AUTH-4"""
    order = LIMIT | {"side": "buy", "px": "40000", "sz": "0.1", "clOrdId": "once"}
    calls = [rest.post("trade/order", rest.alice, order) for _ in range(3)]
    answers = await asyncio.gather(*calls)
    assert sorted(answer.row["sCode"] for answer in answers) == ["0", "51016", "51016"]
    pending = await rest.get("trade/orders-pending", rest.alice)
    assert len(pending.data) == 1


async def test_a_repeated_request_does_not_take_an_amendment_back(tmp_path: Path) -> None:
    """Criterion: REST-AUTH-4"""
    clock = HandClock()
    rest = await RestBed.open(tmp_path, clock=clock)
    number = await rest.place(rest.alice, "buy", "40000", "0.1")
    path, row = "trade/amend-order", {"instId": "BTC-USDT", "ordId": number}
    body = json.dumps(row | {"newPx": "41000"}).encode()
    headers = rest.signed(rest.alice, "POST", API + path, body)
    send = partial(rest.call, "POST", API + path, body=body, headers=headers)
    assert (await send()).code == "0"
    assert (await rest.post(path, rest.alice, row | {"newPx": "39000"})).code == "0"
    clock.advance(TOGETHER_MS + 1)
    assert (await send()).code == "50113"
    assert (await order(rest, rest.alice, ordId=number))["px"] == "39000"
    await rest.close()


@pytest.mark.parametrize("named", ["", ',"clOrdId":""'])
async def test_a_repeated_request_does_not_double_an_order_without_a_name(
    tmp_path: Path, named: str
) -> None:
    """Criterion: REST-AUTH-4"""
    clock = HandClock()
    rest = await RestBed.open(tmp_path, clock=clock)
    one = '{"instId":"BTC-USDT","tdMode":"cash","side":"buy","ordType":"limit","px":"40000",'
    one += '"sz":"0.1"' + named + "}"
    for path, body in (("trade/order", one), ("trade/batch-orders", f"[{one},{one}]")):
        headers = rest.signed(rest.alice, "POST", API + path, body.encode())
        send = partial(rest.call, "POST", API + path, body=body.encode(), headers=headers)
        # Two threads may sign the same in one millisecond, and mean it.
        assert [(await send()).code for _ in range(2)] == ["0", "0"]
        clock.advance(TOGETHER_MS + 1)
        for _ in range(2):
            answer = await send()
            assert answer.code == "50113"
            assert "sign each request anew" in answer.json["msg"]
    pending = await rest.get("trade/orders-pending", rest.alice)
    assert len(pending.data) == 2 + 4
    await rest.close()


async def test_expiry(rest: RestBed) -> None:
    """Criterion: REST-IN-5"""
    body = {**LIMIT, "side": "buy", "px": "40000", "sz": "0.1"}
    now = rest.clock.exchange_ms()
    for given, code in ((str(now - 1), "50036"), ("soon", "51000"), (str(now + 60_000), "0")):
        answer = await rest.post("trade/order", rest.alice, body, expTime=given)
        assert answer.code == code, answer.json


async def test_all_orders_stay_in_a_stop_and_it_is_said(rest: RestBed) -> None:
    """Criterion: REST-ORD-3. A success that cancels nothing is believed."""
    await rest.place(rest.alice, "buy", "40000", "0.1")
    stop = (SuspensionLevel.OWNER, ALICE)
    await submit(rest.door, [SetSuspension(0, 0, 7, Suspended.TRADE_ALL, *stop)])
    for body in ({}, {"instId": "BTC-USDT"}):
        assert (await rest.post("x/cancel-all", rest.alice, body)).code == "51022"
    assert (await rest.post("x/cancel-all", rest.bob, {})).code == "0"
    assert await _pending(rest, rest.alice) == ["BTC-USDT"]
    await submit(rest.door, [SetSuspension(0, 0, 7, 0, *stop)])
    assert (await rest.post("x/cancel-all", rest.alice, {})).code == "0"
    assert await _pending(rest, rest.alice) == []


async def test_all_orders_go_of_one_instrument_or_of_all(rest: RestBed) -> None:
    """Criterion: REST-ORD-3. Of who asks alone; what they held is free again."""
    pending = partial(_pending, rest)
    for _ in range(2):
        await rest.place(rest.alice, "buy", "40000", "0.1")
    await rest.place(rest.alice, "sell", "41000", "0.1", instId="BTC-USDC")
    await rest.place(rest.bob, "buy", "39000", "0.1")
    wrong = await rest.post("x/cancel-all", rest.alice, {"instId": "NO-SUCH"})
    assert wrong.code == "51001"
    assert await pending(rest.alice) == ["BTC-USDC", "BTC-USDT", "BTC-USDT"]
    answer = await rest.post("x/cancel-all", rest.alice, {"instId": "BTC-USDT"})
    assert answer.row == {"result": True, "ts": answer.row["ts"]}
    assert await pending(rest.alice) == ["BTC-USDC"]
    for _ in range(2):  # nothing is left of it the second time
        answer = await rest.post("x/cancel-all", rest.alice, {})
        assert answer.row["result"] is True
        assert await pending(rest.alice) == []
    assert await _frozen(rest, rest.alice) == {"0"}
    assert await pending(rest.bob) == ["BTC-USDT"]


async def _pending(rest: RestBed, who: NewKey) -> list[str]:
    return sorted(one["instId"] for one in (await rest.get("trade/orders-pending", who)).data)


async def _frozen(rest: RestBed, who: NewKey) -> set[str]:
    held = (await rest.get("account/balance", who)).row["details"]
    return {one["frozenBal"] for one in held}


async def test_cancel_all_and_its_timer(rest: RestBed) -> None:
    """Criterion: REST-ORD-3"""
    for _ in range(3):
        await rest.place(rest.alice, "buy", "40000", "0.1")
    answer = await rest.post("x/cancel-all", rest.alice, {"instId": "BTC-USDT"})
    assert answer.row["result"] is True
    assert (await rest.get("trade/orders-pending", rest.alice)).data == []
    armed = await rest.post("trade/cancel-all-after", rest.alice, {"timeOut": "10"})
    assert int(armed.row["triggerTime"]) > rest.clock.exchange_ms()
    off = await rest.post("trade/cancel-all-after", rest.alice, {"timeOut": 0})
    assert off.row["triggerTime"] == "0"
    for timeout, code in (("5", "51000"), ("121", "51000"), ("", "50014"), ("-1", "51000")):
        body = {"timeOut": timeout}
        assert (await rest.post("trade/cancel-all-after", rest.alice, body)).code == code


async def test_unknown_orders(rest: RestBed) -> None:
    """Criterion: REST-3"""
    for which, code in (
        ({"ordId": "1999999999999999999"}, "51603"),
        ({"ordId": "12"}, "51603"),
        ({"ordId": "x"}, "51000"),
        ({"clOrdId": "nobody"}, "51603"),
        ({}, "51003"),
    ):
        answer = await rest.get("trade/order", rest.alice, instId="BTC-USDT", **which)
        assert answer.code == code, answer.json
    assert (await rest.get("trade/order", rest.alice, ordId="1")).code == "50014"
