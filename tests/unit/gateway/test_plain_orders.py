"""The short reading of an order against the full one: what both take, both take alike."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from fullreserve._core import PlainOrders, select_events, taken_frame, whole_request
from fullreserve.exchange.wire.commands import encode
from fullreserve.exchange.wire.events import Level, Reply, decode_events, decode_shown
from fullreserve.gateway import ids, wire
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.order_entry import OrderEntry, PlaceParams
from fullreserve.gateway.submission import placed_row
from fullreserve.gateway.ws.frames import text_frame
from tests.unit.gateway import catalog

CATALOG = catalog.make()
ENTRY = OrderEntry(CATALOG, gateway=7)
BY_CODE = OrderEntry(CATALOG, gateway=7, by_code=True)
PLAIN = PlainOrders(7)
for one in CATALOG.instruments.values():
    PLAIN.learn(one.symbol, one.id, one.price_scale, one.size_scale, one.quote.scale)

GOOD = {
    "instId": "BTC-USDT",
    "tdMode": "cash",
    "side": "buy",
    "ordType": "limit",
    "px": "50000.1",
    "sz": "0.25",
}
_place = msgspec.json.Decoder(PlaceParams)

numbers = st.one_of(
    st.sampled_from(
        ["0", "00", "1", "1.", ".5", ".", "", "1e3", "-1", "+1", " 1", "1.50000000000", "9" * 30]
    ),
    st.decimals(0, 10**12, places=9, allow_nan=False).map(lambda d: format(d, "f")),
    st.text("0123456789.", max_size=24),
)
texts = st.one_of(st.text(max_size=40), st.text("abcXYZ019", max_size=34))
CHANGES: dict[str, st.SearchStrategy[Any]] = {
    "instId": st.sampled_from(["BTC-USDT", "ETH-USDT", "", "NO-SUCH"]),
    "instIdCode": st.one_of(st.integers(-1, 40), st.sampled_from(["1", "", None])),
    "tdMode": st.sampled_from(["cash", "cross", ""]),
    "side": st.sampled_from(["buy", "sell", "BUY", ""]),
    "ordType": st.sampled_from(
        ["limit", "market", "post_only", "ioc", "fok", "optimal_limit_ioc", "x"]
    ),
    "px": numbers,
    "sz": numbers,
    "clOrdId": texts,
    "tag": texts,
    "tgtCcy": st.sampled_from(["", "base_ccy", "quote_ccy", "x"]),
    "stpMode": st.sampled_from(["", "cancel_both"]),
    "reduceOnly": st.sampled_from(["", False, True, "false"]),
    "unknown": st.one_of(st.just(""), st.text(max_size=4)),
}
orders = st.fixed_dictionaries({}, optional=CHANGES).map(lambda changes: GOOD | changes)


def fully(body: bytes, entry: OrderEntry = ENTRY, expires_ms: int = 9) -> bytes | None:
    try:
        params = wire.one(_place, PlaceParams, body)
        return encode(entry.place(params, owner=10_000_001, number=3, expires_ms=expires_ms)[1])
    except Problem:
        return None


@given(orders)
@example(GOOD)
def test_what_is_read_shortly_is_read_alike(order: dict[str, Any]) -> None:
    """Criterion: REST-ORD-5"""
    body = msgspec.json.encode(order)
    short = PLAIN.order(body, 10_000_001, 3, 9)
    if short is not None:
        command, _, client_order_id, tag = short
        assert command == fully(body)
        assert client_order_id.decode() == order.get("clOrdId", "")
        assert tag.decode() == order.get("tag", "")


@given(orders)
@example(GOOD | {"instId": "NO-SUCH", "instIdCode": catalog.BTC_USDT})
def test_a_websocket_request_is_read_alike(order: dict[str, Any]) -> None:
    """Criterion: REST-ORD-5, WS-OP-4"""
    message = msgspec.json.encode({"id": "1", "op": "order", "args": [order]})
    read = PLAIN.request(message, 10_000_001, 3)
    if read is not None:
        assert read[1][0] == fully(msgspec.json.encode(order), BY_CODE, expires_ms=0)


@given(st.binary(max_size=200), st.integers(0, 120))
def test_no_bytes_are_read_otherwise(noise: bytes, at: int) -> None:
    """Criterion: REST-ORD-5"""
    body = msgspec.json.encode(GOOD)
    altered = body[:at] + noise + body[at + len(noise) :]
    short = PLAIN.order(altered, 10_000_001, 3, 9)
    assert short is None or short[0] == fully(altered)


def test_the_usual_forms_are_read_shortly() -> None:
    """Criterion: REST-ORD-5"""
    for changes in (
        {},
        {"px": "50000.10000"},
        {"ordType": "market", "px": "", "sz": "10"},
        {"ordType": "market", "px": "", "side": "sell", "tgtCcy": "quote_ccy"},
        {"instId": "", "instIdCode": CATALOG.instrument_named["BTC-USDT"].id},
        {"clOrdId": "a" * 32, "tag": "b" * 16},
        {"reduceOnly": "", "stpMode": ""},
    ):
        body = msgspec.json.encode(GOOD | changes)
        assert PLAIN.order(body, 10_000_001, 3, 9) is not None, changes


def test_a_websocket_request_gives_its_id_back() -> None:
    """Criterion: WS-OP-4"""
    for sent in ("12", 12, "aB" * 16):
        message = msgspec.json.encode({"id": sent, "op": "order", "args": [GOOD]})
        read = PLAIN.request(message, 10_000_001, 3)
        assert read is not None
        assert msgspec.json.decode(read[0]) == sent
    for other in (
        {"id": 'quote"', "op": "order", "args": [GOOD]},
        {"id": "a-b", "op": "order", "args": [GOOD]},
        {"id": "a" * 33, "op": "order", "args": [GOOD]},
        {"id": "", "op": "order", "args": [GOOD]},
        {"id": "1", "op": "cancel-order", "args": [GOOD]},
        {"id": "1", "op": "order", "args": [GOOD, GOOD]},
        {"id": "1", "op": "order", "args": [GOOD], "expTime": "1"},
        {"op": "order", "args": [GOOD]},
    ):
        assert PLAIN.request(msgspec.json.encode(other), 10_000_001, 3) is None, other


HEAD = b"POST /api/v5/trade/order HTTP/1.1\r\n"
SIZED = b"Content-Length: 2\r\n"


def test_a_whole_request_is_taken_apart() -> None:
    """Criterion: REST-ORD-5"""
    sent = HEAD + b"host: x\r\nContent-Length: 2\r\nOK-ACCESS-KEY:  k \r\nCookie: a=b\r\n\r\n{}"
    headers = {b"host": b"x", b"content-length": b"2", b"ok-access-key": b"k", b"cookie": b"a=b"}
    assert whole_request(sent) == (True, b"/api/v5/trade/order", b"", headers, b"{}")
    sent = b"GET /api/v5/public/time?a=%41&b HTTP/1.1\r\nConnection: Keep-Alive\r\n\r\n"
    headers = {b"connection": b"Keep-Alive"}
    assert whole_request(sent) == (False, b"/api/v5/public/time", b"a=%41&b", headers, b"")


def test_what_bears_on_framing_or_path_is_left_to_the_server() -> None:
    """Criterion: REST-ORD-5"""
    for lines, body in (
        (b"Content-Length: 3\r\n", b"{}"),
        (b"Content-Length: 1\r\n", b"{}"),
        (b"", b"{}"),
        (b"", b""),
        (SIZED + SIZED, b"{}"),
        (SIZED + b"Transfer-Encoding: chunked\r\n", b"{}"),
        (SIZED + b"Expect: 100-continue\r\n", b"{}"),
        (SIZED + b"Connection: close\r\n", b"{}"),
        (SIZED + b"Upgrade: websocket\r\n", b"{}"),
        (SIZED + b"bad header: 1\r\n", b"{}"),
        (SIZED + b" folded\r\n", b"{}"),
        (b"Content-Length: 2\nHost: x\r\n", b"{}"),
    ):
        assert whole_request(HEAD + lines + b"\r\n" + body) is None, lines
    for line in (
        b"GET /a%20b HTTP/1.1", b"GET /a HTTP/1.0", b"GET a HTTP/1.1", b"GET /a#b HTTP/1.1",
        b"HEAD /a HTTP/1.1", b"get /a HTTP/1.1", b"GET  /a HTTP/1.1", b"GET /\xc3\xa4 HTTP/1.1",
    ):  # fmt: skip
        assert whole_request(line + b"\r\n\r\n") is None, line
    whole = HEAD + SIZED + b"\r\n{}"
    assert whole_request(whole) is not None
    assert whole_request(whole + whole) is None
    for end in range(len(whole)):
        assert whole_request(whole[:end]) is None


def test_shown_events_are_those_of_all() -> None:
    """Criterion: WIRE-11"""
    made = [
        Reply(5, 1, 2, 0, 0, 5),
        Level(1, 0, 2**40, 7, 1),
        Reply(6, 1, 3, 51008, -5, 0),
    ]
    data = msgspec.msgpack.encode(made)
    assert decode_shown(data) == decode_events(data) == made
    assert decode_events(select_events(data, 1 << 4)) == made[1:2]


names = st.text("abcXYZ019", max_size=32).map(str.encode)
moments = st.integers(0, 2**63)


@given(names, names, st.integers(1, 2**62), names, moments, moments, moments)
@example(b"1", b"", 1, b"", 1, 1, 1)
def test_the_reply_made_at_once_is_that_of_the_row_and_the_frame(
    name: bytes, client_order_id: bytes, order: int, tag: bytes, now: int, came: int, left: int
) -> None:
    """Criterion: WS-REQ-1. Ids, order, tag and times of any length."""
    request_id = b'"%b"' % name
    row = placed_row(client_order_id, order, tag, now)
    long_way = (
        b'{"id":%b,"op":"order","data":[%b],"code":"0","msg":"","inTime":"%d","outTime":"%d"}'
        % (request_id, row, came, left)
    )
    made = taken_frame(request_id, client_order_id, ids.BASE + order, tag, now, came, left)
    assert made == text_frame(long_way)
