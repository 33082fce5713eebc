"""Goal: every request is understood or refused in words. Method: hand-written and random bytes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullreserve.gateway.errors import Problem
from fullreserve.gateway.ws import requests
from fullreserve.gateway.ws.frames import Close, close_frame, text_frame


def content(frame: bytes) -> dict[str, object]:
    """The JSON of a short or medium text frame."""
    payload = frame[4:] if frame[1] == 126 else frame[2:]
    decoded = json.loads(payload)
    assert isinstance(decoded, dict)
    return decoded


def test_a_request_keeps_the_type_of_its_id() -> None:
    """Criterion: WS-REQ-1."""
    for sent in ("7", 7, None):
        request = requests.parse(json.dumps({"id": sent, "op": "subscribe"}).encode())
        assert request.id == sent
        head = requests.Head("0000002a", sent)
        event = content(head.event("subscribe", arg={"channel": "status"}))
        assert event.get("id") == sent
        assert ("id" in event) is (sent is not None)
        assert event["connId"] == "0000002a"


def test_the_text_of_a_refused_request_is_copied_into_the_refusal() -> None:
    """Criterion: WS-REQ-2."""
    sent = '{"id":"9","args":[]}'
    with pytest.raises(Problem) as refused:
        requests.parse(sent.encode())
    event = content(requests.Head("1").error(refused.value))
    assert event == {
        "event": "error", "code": "60012", "msg": f"Illegal request: {sent}", "connId": "1",
    }  # fmt: skip


@given(st.binary(max_size=200))
def test_garbage_is_refused_and_nothing_else_happens(data: bytes) -> None:
    """Criterion: WS-REQ-2."""
    code = 0
    try:
        op = requests.parse(data).op
    except Problem as problem:
        op, code = "", problem.code
    assert bool(op) is (code == 0)
    assert code in (0, 60012)


def test_a_request_over_64_kilobytes_is_refused() -> None:
    """Criterion: WS-REQ-3."""
    args = [{"channel": "tickers", "instId": "x" * 1000}] * 70
    with pytest.raises(Problem, match="65536 bytes"):
        requests.parse(json.dumps({"op": "subscribe", "args": args}).encode())


@pytest.mark.parametrize("args", ["[]", "{}", "[1]", '"x"', "null", '[{"channel":[]},7]'])
def test_arguments_are_objects_in_a_list(args: str) -> None:
    """Criterion: WS-REQ-4."""
    request = requests.parse(b'{"op":"subscribe","args":%b}' % args.encode())
    with pytest.raises(Problem) as refused:
        requests.arguments(request)
    assert refused.value.code == 60013


@pytest.mark.parametrize("value", ['{"a":1}', '["tickers"]', "[]"])
def test_an_argument_is_a_text(value: str) -> None:
    """Criterion: WS-REQ-4. A list or an object is malformed, not a channel that is unknown."""
    arg = b'{"channel":"tickers","instId":"BTC-USDT","own":[1],"extraParams":"{}"}'
    request = requests.parse(b'{"op":"subscribe","args":[%b]}' % arg)
    assert requests.arguments(request)[0]["own"] == "[1]"
    arg = arg.replace(b'"tickers"', value.encode())
    with pytest.raises(Problem, match="a text as channel") as refused:
        requests.arguments(requests.parse(b'{"op":"subscribe","args":[%b]}' % arg))
    assert refused.value.code == 60013


def test_null_in_an_argument_counts_as_absent() -> None:
    """Criterion: WS-SUB-1. Clients with typed arguments send null for those that they leave out."""
    args = b'[{"channel":"books","instType":null,"instId":"BTC-USDT","instFamily":""}]'
    request = requests.parse(b'{"op":"subscribe","args":%b}' % args)
    assert requests.arguments(request) == [
        {"channel": "books", "instId": "BTC-USDT", "instFamily": ""}
    ]


def test_a_login_timestamp_keeps_its_digits() -> None:
    """Criterion: WS-LOGIN-2. Clients send text, an integer or a fraction."""
    for sent in ('"1597026383"', "1597026383", '"1597026383.085"', "1597026383.0850"):
        request = requests.parse(b'{"op":"login","args":[{"timestamp":%b}]}' % sent.encode())
        assert requests.arguments(request)[0]["timestamp"] == sent.strip('"')


@given(st.integers(0, 70_000))
def test_frames_say_their_length(size: int) -> None:
    """Criterion: WS-FRAME-1. RFC 6455, section 5.2."""
    frame = text_frame(b"x" * size)
    assert frame[0] == 0x81
    if size < 126:
        assert (frame[1], len(frame)) == (size, size + 2)
    elif size < 65536:
        assert (frame[1], int.from_bytes(frame[2:4], "big"), len(frame)) == (126, size, size + 4)
    else:
        assert (frame[1], int.from_bytes(frame[2:10], "big"), len(frame)) == (127, size, size + 10)


def test_a_close_frame_carries_code_and_reason() -> None:
    """Criterion: WS-FRAME-1."""
    frame = close_frame(Close.IDLE, "idle")
    assert frame == b"\x88\x06\x0f\xa4idle"
