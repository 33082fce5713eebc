"""Order parameters: what is taken, what is refused, and with which words."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fullreserve.exchange.wire.commands import (
    AmendFlag,
    OrderFlag,
    OrderType,
    SelfTrade,
    Side,
    SizeUnit,
)
from fullreserve.gateway import ids, wire
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.order_entry import AmendParams, CancelParams, OrderEntry, PlaceParams
from tests.unit.gateway import catalog

GOOD = {
    "instId": "BTC-USDT",
    "tdMode": "cash",
    "side": "buy",
    "ordType": "limit",
    "px": "50000.1",
    "sz": "0.25",
}
ENTRY = OrderEntry(catalog.make(), gateway=7)

places = msgspec.json.Decoder(PlaceParams)
amends = msgspec.json.Decoder(AmendParams)
cancels = msgspec.json.Decoder(CancelParams)


def placed(**changes: Any) -> Any:
    body = msgspec.json.encode({**GOOD, **changes})
    return ENTRY.place(wire.one(places, PlaceParams, body), owner=10_000_001, number=3)[1]


def refused(**changes: Any) -> Problem:
    with pytest.raises(Problem) as caught:
        placed(**changes)
    return caught.value


def test_a_limit_order_becomes_a_command() -> None:
    """Criterion: REST-ORD-3"""
    command = placed(clOrdId="aB3", tag="t1", stpMode="cancel_both", banAmend=True)
    assert (command.gateway, command.number, command.owner) == (7, 3, 10_000_001)
    assert (command.side, command.type, command.unit) == (Side.BUY, OrderType.LIMIT, SizeUnit.BASE)
    assert (command.price, command.size) == (5_000_010, 25_000_000)
    assert (command.client_order_id, command.tag) == ("aB3", "t1")
    assert command.self_trade == SelfTrade.CANCEL_BOTH
    assert command.flags == OrderFlag.BAN_AMEND


def test_market_orders_count_in_quote_when_they_buy() -> None:
    """Criterion: REST-ORD-3"""
    buy = placed(ordType="market", sz="100.12345678", px="")
    sell = placed(ordType="market", side="sell", sz="0.5")
    by_base = placed(ordType="market", tgtCcy="base_ccy", sz="0.5")
    assert (buy.unit, buy.size, buy.price) == (SizeUnit.QUOTE, 10_012_345_678, 0)
    assert (sell.unit, sell.size) == (SizeUnit.BASE, 50_000_000)
    assert (by_base.unit, by_base.size) == (SizeUnit.BASE, 50_000_000)


def test_target_currency_is_ignored_on_limit_orders() -> None:
    """Criterion: REST-IN-1"""
    assert placed(tgtCcy="base_ccy") == placed()
    assert placed(tgtCcy="quote_ccy") == placed()


@pytest.mark.parametrize(
    "changes",
    [
        {"px": 50000.1, "sz": 0.25},
        {"somethingElse": {"a": [1]}, "speedBump": "1"},
        {"clOrdId": None, "tag": "", "posSide": "net", "reduceOnly": False},
        {"reduceOnly": "false", "banAmend": "false", "attachAlgoOrds": []},
        {"px": "50000.10000", "sz": "00.2500000000000000"},
    ],
)
def test_the_same_order_in_other_clothes(changes: dict[str, Any]) -> None:
    """Criterion: REST-IN-1"""
    assert placed(**changes) == placed()


def test_a_number_keeps_all_its_digits() -> None:
    """Criterion: REST-IN-3

    As a binary float this price would lose its last digits.
    """
    body = b'{"instId":"BTC-USDT","tdMode":"cash","side":"buy","ordType":"limit",'
    body += b'"px":90071992547409.93,"sz":1}'
    params = wire.one(places, PlaceParams, body)
    assert ENTRY.place(params, 10_000_001, 1)[1].price == 9_007_199_254_740_993


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"instId": "NO-SUCH"}, 51001, "NO-SUCH"),
        ({"instId": ""}, 50014, "instId"),
        ({"tdMode": ""}, 50014, "tdMode"),
        ({"tdMode": "cross"}, 51010, "cash"),
        ({"tdMode": "odd"}, 51000, "tdMode"),
        ({"side": "hold"}, 51000, "buy, sell"),
        ({"side": None}, 50014, "side"),
        ({"ordType": "mmp"}, 51000, "post_only"),
        ({"px": ""}, 51204, "px"),
        ({"px": "-1"}, 51000, "px"),
        ({"px": "NaN"}, 51000, "px"),
        ({"px": "Infinity"}, 51000, "px"),
        ({"px": "1e5"}, 51000, "px"),
        ({"px": "1e400"}, 51000, "px"),
        ({"px": "0x10"}, 51000, "px"),
        ({"px": "١٢"}, 51000, "px"),
        ({"px": " 1"}, 51000, "px"),
        ({"px": "1_000"}, 51000, "px"),
        ({"px": "1,000"}, 51000, "px"),
        ({"px": "9" * 60}, 51000, "px"),
        ({"px": "9" * 30}, 51116, "100000000"),
        ({"px": "50000.123"}, 51000, "0.1"),
        ({"px": {"a": 1}}, 51000, "px"),
        ({"px": [1]}, 51000, "px"),
        ({"px": []}, 51000, "px"),
        ({"px": {}}, 51000, "px"),
        ({"sz": []}, 51000, "sz"),
        ({"sz": {}}, 51000, "sz"),
        ({"sz": [1]}, 51000, "sz"),
        ({"px": True}, 51000, "px"),
        ({"sz": ""}, 50014, "sz"),
        ({"sz": "0.123456789"}, 51121, "0.00001"),
        ({"sz": "-0.1"}, 51000, "sz"),
        ({"sz": "9" * 30}, 51005, "10000"),
        ({"ordType": "market", "sz": "0.123456789"}, 51000, "8 digits"),
        ({"ordType": "market", "sz": "9" * 30}, 51202, "1000000"),
        ({"ordType": "market", "side": "sell", "sz": "9" * 30}, 51201, "1000"),
        ({"ordType": "market", "tgtCcy": "BTC"}, 51000, "quote_ccy"),
        ({"clOrdId": "has-hyphen"}, 51000, "clOrdId"),
        ({"clOrdId": "x" * 33}, 51000, "clOrdId"),
        ({"clOrdId": "bücher"}, 51000, "clOrdId"),
        ({"tag": "x" * 17}, 51000, "tag"),
        ({"posSide": "long"}, 51000, "posSide"),
        ({"reduceOnly": True}, 51205, "reduceOnly"),
        ({"reduceOnly": "perhaps"}, 51000, "true, false"),
        ({"stpMode": "none"}, 51000, "cancel_maker"),
        ({"stpMode": "cancel_both", "ordType": "fok"}, 54036, "fok"),
        ({"tradeQuoteCcy": "USDC"}, 51000, "USDT"),
        ({"pxAmendType": "2"}, 51000, "pxAmendType"),
        ({"slippagePct": "0.01"}, 54085, "slippagePct"),
        ({"attachAlgoOrds": [{"tpTriggerPx": "1"}]}, 51000, "attachAlgoOrds"),
        ({"tpTriggerPx": "1"}, 54070, "attachAlgoOrds"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], code: int, said: str) -> None:
    """Criterion: REST-IN-2, REST-3"""
    problem = refused(**changes)
    assert problem.code == code
    assert said in problem.message


def test_instruments_go_by_code_too() -> None:
    """Criterion: REST-ORD-3"""
    assert placed(instId="", instIdCode=catalog.BTC_USDT) == placed()
    assert placed(instId="", instIdCode=str(catalog.BTC_USDT)) == placed()
    assert refused(instId="", instIdCode=99).code == 51001
    assert refused(instId="", instIdCode="9" * 5_000).code == 51001
    assert refused(instId="", instIdCode=10**30).code == 51001


@pytest.mark.parametrize("code", ["x", "1.5", "-1", "true", "٣", "[1]"])
def test_a_code_that_is_no_integer_is_told_what_it_may_be(code: str) -> None:
    """Criterion: REST-ORD-3, WS-OP-5"""
    for entry in (ENTRY, OrderEntry(catalog.make(), gateway=7, by_code=True)):
        with pytest.raises(Problem) as wrong:
            entry.instrument("", code)
        assert wrong.value.code == 51000
        assert "instIdCode error; allowed is an integer" in wrong.value.message


def test_what_names_no_instrument_is_told_how_its_way_names_them() -> None:
    """Criterion: REST-ORD-3, WS-OP-5"""
    for by_code, name in ((False, "instId"), (True, "instIdCode")):
        with pytest.raises(Problem) as wrong:
            OrderEntry(catalog.make(), gateway=7, by_code=by_code).instrument("", "")
        assert (wrong.value.code, wrong.value.message.split()[1]) == (50014, name)


def test_id_or_code_counts_as_rest_and_websocket_have_it() -> None:
    """Criterion: REST-ORD-3, WS-OP-5"""
    both = PlaceParams(inst_id="BTC-USDT", inst_id_code=99)
    by_code = OrderEntry(catalog.make(), gateway=7, by_code=True)
    assert (ENTRY.numbered(both), by_code.numbered(both)) == (catalog.BTC_USDT, 0)
    other = PlaceParams(inst_id="NO-SUCH", inst_id_code=catalog.BTC_USDT)
    assert (ENTRY.numbered(other), by_code.numbered(other)) == (0, catalog.BTC_USDT)


def cancel(**fields: str) -> Any:
    body = msgspec.json.encode({"instId": "BTC-USDT", **fields})
    return ENTRY.cancel(wire.one(cancels, CancelParams, body), 10_000_001, 1)[1]


def test_order_id_wins_over_client_id() -> None:
    """Criterion: REST-ORD-3"""
    assert cancel(ordId=ids.text(55), clOrdId="abc").order == 55
    assert cancel(ordId=ids.text(55), clOrdId="abc").client_order_id == ""
    assert cancel(clOrdId="abc").client_order_id == "abc"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, 51407),
        ({"ordId": "abc"}, 51000),
        ({"ordId": "5"}, 51400),
        ({"ordId": "9" * 40}, 51400),
        ({"clOrdId": "a-b"}, 51000),
    ],
)
def test_cancel_needs_an_id_that_could_exist(fields: dict[str, str], code: int) -> None:
    """Criterion: REST-IN-2"""
    with pytest.raises(Problem) as caught:
        cancel(**fields)
    assert caught.value.code == code


def amend(**fields: object) -> Any:
    body = msgspec.json.encode({"instId": "BTC-USDT", "clOrdId": "a", **fields})
    return ENTRY.amend(wire.one(amends, AmendParams, body), 10_000_001, 1)[1]


def test_amend_takes_size_price_or_both() -> None:
    """Criterion: REST-ORD-3"""
    both = amend(newSz="0.5", newPx="1.5", cxlOnFail=True, pxAmendType="1", reqId="r1")
    assert (both.new_size, both.new_price, both.request_id) == (50_000_000, 150, "r1")
    assert both.flags == AmendFlag.CANCEL_ON_FAIL | AmendFlag.CLAMP_PRICE
    assert (amend(newSz="0.5").new_size, amend(newSz="0.5").new_price) == (50_000_000, 0)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, 51500),
        ({"newSz": "0"}, 51000),
        ({"newPx": "0"}, 51000),
        ({"newSz": "-1"}, 51000),
        ({"newSz": "1", "cxlOnFail": "maybe"}, 51000),
        ({"newSz": "1", "reqId": "a b"}, 51000),
        ({"newSz": "1", "attachAlgoOrds": [{}]}, 51000),
    ],
)
def test_amend_refusals(fields: dict[str, object], code: int) -> None:
    """Criterion: REST-IN-2"""
    with pytest.raises(Problem) as caught:
        amend(**fields)
    assert caught.value.code == code
