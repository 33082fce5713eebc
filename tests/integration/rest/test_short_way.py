"""The short way of an order against the long one: the same answers to the same bytes."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from fullreserve.app.ports import bound
from fullreserve.app.rest_server import RestServer
from fullreserve.config import Address
from fullreserve.gateway.limits import SINGLE
from fullreserve.gateway.rest.address import Proxies
from fullreserve.gateway.rest.proving import Proving
from fullreserve.identity.api_key import Permission
from tests.bed import START_MS, WAIT_S, until
from tests.integration.rest.bed import TRADE, HandClock, RestBed
from tests.integration.rest.test_raw_http import BODY, ORDER, Port, named, read_answer

CHANGING = ("ordId", "ts", "inTime", "outTime")


@pytest_asyncio.fixture
async def port(rest: RestBed) -> AsyncIterator[Port]:
    server = await RestServer.start(rest.app, bound("http", Address("127.0.0.1", 0)))
    yield Port(rest, server)
    await server.close()


def steady(answer: Any) -> Any:
    """An answer without what differs from order to order."""
    if isinstance(answer, dict):
        return {k: steady(v) for k, v in answer.items() if k not in CHANGING}
    return [steady(one) for one in answer] if isinstance(answer, list) else answer


async def test_both_ways_answer_alike(port: Port) -> None:
    """Criterion: REST-1, REST-2, REST-3

    An option of the connection makes the parser's callbacks take it, `Expect: 100-continue` the
    whole of uvicorn.
    """
    for body in (
        BODY + b"}",
        BODY + b',"clOrdId":"not-plain"}',
        BODY.replace(b"40000", b"-1") + b"}",
        BODY.replace(b"BTC-USDT", b"NO-SUCH") + b"}",
        BODY.replace(b"0.1", b"100000") + b"}",
        BODY.replace(b'"0.1"', b"0.1") + b"}",
        b"",
        b"{",
        b"[]",
        b"[" * 50_000,
    ):
        short = await port.send(port.post(body) + body)
        parsed = await port.send(port.post(body, {"Connection": "Keep-Alive, x"}) + body)
        assert (parsed[0], steady(parsed[1])) == (short[0], steady(short[1])), body[:100]
        reader, writer = await port.connect()
        writer.write(port.post(body, {"Expect": "100-continue"}))
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
        writer.write(body)
        long = await read_answer(reader)
        writer.close()
        assert (short[0], steady(short[1])) == (long[0], steady(long[1])), body[:100]


def steady_time(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without the exchange's time that its message may name."""
    return answer | {"msg": re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", answer["msg"])}


async def test_both_ways_refuse_the_same_callers(port: Port) -> None:
    """Criterion: REST-AUTH-2, REST-AUTH-3"""
    body = BODY + b"}"
    for changes, code in (
        ({"OK-ACCESS-KEY": ""}, "50103"),
        ({"OK-ACCESS-SIGN": "AAAA"}, "50113"),
        ({"OK-ACCESS-TIMESTAMP": "2020-12-08T09:08:57.715Z"}, "50102"),
        ({"OK-ACCESS-PASSPHRASE": "wrong"}, "50105"),
        ({"OK-ACCESS-KEY": "unknown"}, "50111"),
    ):
        status, answer = await port.send(port.post(body, changes) + body)
        assert (status, answer["code"]) == (401, code)
        fields = port.rest.signed(port.rest.alice, "POST", ORDER, body) | changes
        fields = {name: value for name, value in fields.items() if value}
        long = await port.rest.call("POST", ORDER, body=body, headers=fields)
        assert (long.status, steady_time(long.json)) == (status, steady_time(answer))
    assert await port.pending() == []


async def test_known_callers_are_read_at_once(port: Port) -> None:
    """Criterion: REST-AUTH-5, REST-AUTH-6, REST-ORD-5

    What is not right is left to the full way, which refuses it.
    """
    rest = port.rest

    async def at_once(body: bytes, changes: dict[str, str] | None = None) -> str:
        """The code of an order that was taken at once, else of its refusal with nothing done."""
        data = port.post(body, changes) + body
        done: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        if rest.app.signed_order(data, ("127.0.0.1", 1), lambda _, sent: done.set_result(sent)):
            return f"at once {json.loads(await asyncio.wait_for(done, WAIT_S))['code']}"
        return str((await port.send(data))[1]["code"])

    assert await at_once(named("first")) == "0"
    assert await at_once(named("second")) == "at once 0"
    assert await at_once(BODY.replace(b"0.1", b"9000") + b',"clOrdId":"a"}') == "at once 1"
    for changes, code in (
        ({"OK-ACCESS-SIGN": "A" * 43 + "="}, "50113"),
        ({"OK-ACCESS-PASSPHRASE": "wrong"}, "50105"),
        ({"OK-ACCESS-TIMESTAMP": "2020-12-08T09:08:57.715Z"}, "50102"),
        ({"OK-ACCESS-KEY": rest.bob.key}, "50113"),
        ({"expTime": "1"}, "50036"),
    ):
        assert await at_once(named("never"), changes) == code
    assert await port.pending() == ["first", "second"]
    readers = rest.vault.create_key(rest.alice.uid, "p", Permission.READ_ONLY)
    rest.alice, before = readers, rest.alice
    await port.send(port.get("/api/v5/account/balance"))
    assert await at_once(named("never")) == "50120"
    rest.alice = before
    assert await at_once(named("third")) == "at once 0"
    assert rest.vault.revoke_key(readers.key)
    assert await at_once(named("fourth")) == "0"  # the vault has changed: nobody is known
    assert await at_once(named("fifth")) == "at once 0"
    assert rest.vault.revoke_key(before.key)
    assert await at_once(named("never")) == "50111"


async def test_a_signature_is_used_once_by_both_ways(port: Port) -> None:
    """Criterion: REST-AUTH-4"""
    assert (await port.send(port.post(named("first")) + named("first")))[1]["code"] == "0"
    data = port.post(named("second")) + named("second")
    assert (await port.send(data))[1]["code"] == "0"
    assert (await port.send(data))[1]["code"] == "50113"
    assert not port.rest.app.signed_order(data, ("127.0.0.1", 1), lambda *_: None)
    assert await port.pending() == ["first", "second"]


async def test_an_order_signed_before_the_start_goes_no_short_way(tmp_path: Path) -> None:
    """Criterion: REST-AUTH-4, REST-AUTH-6"""
    clock = HandClock(START_MS)
    rest = await RestBed.open(tmp_path, clock=clock)
    server = await RestServer.start(rest.app, bound("http", Address("127.0.0.1", 0)))
    port = Port(rest, server)
    try:
        await port.send(port.post(named("first")) + named("first"))
        answers: list[int] = []
        for name, signed_ms in (("early", START_MS - 1), ("second", START_MS)):
            body = named(name)
            fields = rest.signed(rest.alice, "POST", ORDER, body, signed_ms)
            data = port.post(body, fields) + body
            taken = rest.app.signed_order(
                data, ("127.0.0.1", 1), lambda status, _: answers.append(status)
            )
            assert taken == (name == "second")
            if not taken:
                assert (await port.send(data))[1]["code"] == "50113"
        await until(lambda: answers == [200])
        assert await port.pending() == ["first", "second"]
    finally:
        await server.close()
        await rest.close()


async def test_orders_read_at_once_are_counted(tmp_path: Path) -> None:
    """Criterion: REST-LIM-1, REST-AUTH-6. The clock stands still, so that nothing is refilled."""
    rest = await RestBed.open(tmp_path, limits=True, clock=HandClock(START_MS))
    server = await RestServer.start(rest.app, bound("http", Address("127.0.0.1", 0)))
    port = Port(rest, server)
    try:
        await port.send(port.post(named("first")) + named("first"))
        answers: list[tuple[int, dict[str, Any]]] = []
        for number in range(SINGLE):
            body = named(f"n{number}")
            taken = rest.app.signed_order(
                port.post(body) + body,
                ("127.0.0.1", 1),
                lambda status, sent: answers.append((status, json.loads(sent))),
            )
            assert taken
        await until(lambda: len(answers) == SINGLE)
        refused = [(status, answer) for status, answer in answers if status != 200]
        ((status, answer),) = refused
        assert (status, answer["code"], answer["data"]) == (429, "50011", [])
        assert f"allowed are {SINGLE} in 2 s" in answer["msg"]
    finally:
        await server.close()
        await rest.close()


async def test_a_trusted_proxy_names_the_caller(port: Port) -> None:
    """Criterion: REST-AUTH-3"""
    rest = port.rest
    rest.alice = rest.vault.create_key(rest.alice.uid, "p", TRADE, addresses=["10.0.0.0/8"])
    for number, (proxies, forwarded, code) in enumerate(
        (
            ("", "10.1.2.3", "50110"),
            ("127.0.0.1", "10.1.2.3", "0"),
            ("127.0.0.1", "10.1.2.3, 192.0.2.1", "50110"),
            ("127.0.0.1", "", "50110"),
            ("127.0.0.0/8,192.0.2.1", "10.1.2.3, 192.0.2.1", "0"),
            # In two lines of the header it is the same list.
            ("127.0.0.1", "10.1.2.3\r\nX-Forwarded-For: 192.0.2.1", "50110"),
            ("127.0.0.0/8,192.0.2.1", "10.1.2.3\r\nX-Forwarded-For: 192.0.2.1", "0"),
        )
    ):
        rest.context.proxies = Proxies(proxies)
        body = named(f"proxied{number}")
        _, answer = await port.send(port.post(body, {"X-Forwarded-For": forwarded}) + body)
        assert answer["code"] == code


async def test_the_connection_ends_when_it_is_asked_to(port: Port) -> None:
    """Criterion: REST-1"""
    body = BODY + b"}"
    reader, writer = await port.connect()
    writer.write(port.post(body, {"Connection": "close"}) + body)
    head = await reader.readuntil(b"\r\n\r\n")
    assert b"connection: close" in head
    assert await reader.read()
    assert reader.at_eof()
    writer.close()


async def test_metrics_count_orders_of_both_ways(port: Port) -> None:
    """Criterion: REST-OPS-1"""
    body = BODY + b"}"
    await port.send(port.post(body) + body)
    await port.rest.place(port.rest.alice, "buy", "40000", "0.1")
    reader, writer = await port.connect()
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    text = (await reader.read()).decode()
    writer.close()
    labels = 'method="POST",path="/api/v5/trade/order"'
    assert f'fullreserve_rest_requests_total{{{labels},status="200"}} 2.0' in text
    assert f"fullreserve_rest_seconds_count{{{labels}}} 2.0" in text
    assert "fullreserve_up 1.0" in text
    assert 'fullreserve_lag_commands{projection="market"}' in text


async def test_a_fault_while_a_passphrase_is_checked_is_answered(
    port: Port, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: REST-1

    The check fails as it would with an unreadable vault; the short way runs it in its own task.
    """

    async def unreadable(_proving: Proving, _request: object) -> None:
        raise OSError("the vault cannot be read")

    monkeypatch.setattr(Proving, "check", unreadable)
    body = BODY + b"}"
    status, answer = await asyncio.wait_for(port.send(port.post(body) + body), WAIT_S)
    assert (status, answer["code"]) == (500, "50026")


async def test_reads_are_answered_alike_both_ways(port: Port) -> None:
    """Criterion: REST-READ-1

    A header that HTTP/1.1 allows and the short reading does not know makes uvicorn take it.
    """
    await port.send(port.post(BODY + b"}") + BODY + b"}")
    for target in (
        "/api/v5/public/time", "/api/v5/market/ticker?instId=BTC-USDT",
        "/api/v5/market/books?instId=BTC-USDT&sz=5", "/api/v5/market/books?instId=NO-SUCH",
        "/api/v5/account/balance", "/api/v5/trade/orders-pending", "/api/v5/trade/fills",
        "/api/v5/trade/orders-history?instType=SPOT", "/api/v5/account/balance?ccy=%42TC",
        "/api/v5/trade/order?instId=BTC-USDT", "/api/v5/no/such", "/api/v5/trade/batch-orders",
    ):  # fmt: skip
        short = await port.send(port.get(target))
        full = await port.send(port.get(target, {"X-Odd!": "1"}))
        assert (short[0], steady_read(short[1])) == (full[0], steady_read(full[1])), target


def steady_read(answer: Any) -> Any:
    """An answer to a read without the moment of it."""
    if isinstance(answer, dict):
        return {k: steady_read(v) for k, v in answer.items() if k not in ("ts", "uTime")}
    return [steady_read(one) for one in answer] if isinstance(answer, list) else answer
