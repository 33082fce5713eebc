"""What reaches the port of a server on the open internet, byte by byte."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio

from fullreserve.app.ports import bound
from fullreserve.app.rest_server import RestServer
from fullreserve.config import Address
from fullreserve.gateway.rest.app import BODY_MAX
from fullreserve.gateway.rest.short_way import (
    HEAD_BYTES_MAX,
    PIPELINED_MAX,
    REQUEST_WAIT_S,
    ROOM_AFTER_S,
    UNREAD_MAX,
)
from tests.bed import until
from tests.integration.rest.bed import API, RestBed

ORDER = API + "trade/order"
BODY = (
    b'{"instId":"BTC-USDT","tdMode":"cash","side":"buy","ordType":"limit","px":"40000","sz":"0.1"'
)


def named(name: str) -> bytes:
    return BODY + b',"clOrdId":"' + name.encode() + b'"}'


class Port:
    """The REST application behind its real server."""

    def __init__(self, rest: RestBed, server: RestServer) -> None:
        self.rest = rest
        self.server = server
        self.address = server.address

    def post(self, body: bytes, headers: dict[str, str] | None = None) -> bytes:
        """The bytes of a signed order request; `headers` replace or add."""
        fields = self.rest.signed(self.rest.alice, "POST", ORDER, body)
        fields |= {"Host": "localhost", "Content-Length": str(len(body)), **(headers or {})}
        lines = [f"POST {ORDER} HTTP/1.1", *(f"{k}: {v}" for k, v in fields.items() if v)]
        return "\r\n".join(lines).encode() + b"\r\n\r\n"

    def get(self, target: str, headers: dict[str, str] | None = None) -> bytes:
        """The bytes of a signed read; `headers` add."""
        fields = self.rest.signed(self.rest.alice, "GET", target, b"")
        fields |= {"Host": "localhost", **(headers or {})}
        lines = [f"GET {target} HTTP/1.1", *(f"{k}: {v}" for k, v in fields.items())]
        return "\r\n".join(lines).encode() + b"\r\n\r\n"

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(*self.address)

    async def send(self, data: bytes) -> tuple[int, Any]:
        """One request on a connection of its own; status and body of the first answer."""
        reader, writer = await self.connect()
        writer.write(data)
        answer = await read_answer(reader)
        writer.close()
        return answer

    async def pending(self) -> list[str]:
        answer = await self.rest.get("trade/orders-pending", self.rest.alice)
        return sorted(row["clOrdId"] for row in answer.data)


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, Any]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    status = int(head.split()[1])
    length = next(
        int(line.split(":")[1])
        for line in head.lower().split("\r\n")
        if line.startswith("content-length")
    )
    return status, json.loads(await reader.readexactly(length))


@pytest_asyncio.fixture
async def port(rest: RestBed) -> AsyncIterator[Port]:
    server = await RestServer.start(rest.app, bound("http", Address("127.0.0.1", 0)))
    yield Port(rest, server)
    await server.close()


async def test_a_plain_order_and_a_chunked_one(port: Port) -> None:
    """Criterion: REST-IN-2"""
    body = named("plain")
    status, answer = await port.send(port.post(body) + body)
    assert (status, answer["code"]) == (200, "0")
    body = named("chunked")
    head = port.post(body, {"Content-Length": "", "Transfer-Encoding": "chunked"})
    chunks = b"".join(b"%x\r\n%b\r\n" % (1, body[n : n + 1]) for n in range(len(body)))
    status, answer = await port.send(head + chunks + b"0\r\n\r\n")
    assert (status, answer["code"]) == (200, "0")
    assert await port.pending() == ["chunked", "plain"]


async def test_pipelined_orders_are_answered_in_order(port: Port) -> None:
    """Criterion: REST-IN-2"""
    names = [f"n{number}" for number in range(5)]
    reader, writer = await port.connect()
    writer.write(b"".join(port.post(named(name)) + named(name) for name in names))
    answers = [await read_answer(reader) for _ in names]
    writer.close()
    assert [answer["data"][0]["clOrdId"] for _, answer in answers] == names


async def test_half_an_order_is_no_order(port: Port) -> None:
    """Criterion: REST-IN-2"""
    body = named("half")
    for sent in (port.post(body) + body[:-10], port.post(body), port.post(body)[:80]):
        _, writer = await port.connect()
        writer.write(sent)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    body = named("whole")
    await port.send(port.post(body) + body)
    assert await port.pending() == ["whole"]


async def test_a_client_that_hangs_up_has_its_order_once(port: Port) -> None:
    """Criterion: REST-IN-2

    The order was sent whole, so it stands although nobody reads the answer.
    """
    body = named("left")
    _, writer = await port.connect()
    writer.write(port.post(body) + body)
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    status, answer = await port.send(port.post(body) + body)
    assert status == 200
    assert answer["data"][0]["sCode"] in ("0", "51016")
    assert await port.pending() == ["left"]


async def test_half_open_connections_hold_nobody_up(port: Port) -> None:
    """Criterion: REST-IN-2"""
    body = named("served")
    idle = [await port.connect() for _ in range(100)]
    for number, (_, writer) in enumerate(idle):
        writer.write((port.post(body) + body)[: number * 5])
        await writer.drain()
    status, _ = await port.send(port.post(body) + body)
    assert status == 200
    assert await port.pending() == ["served"]
    for _, writer in idle:
        writer.close()


async def test_a_huge_body_is_refused_before_it_is_read(port: Port) -> None:
    """Criterion: REST-IN-2, REST-1"""
    body = b'{"a":"' + b"x" * (BODY_MAX * 2) + b'"}'
    status, answer = await port.send(port.post(body) + body)
    assert (status, answer["code"]) == (413, "50002")


@pytest.mark.parametrize("path", ["trade/order", "trade/batch-orders", "public/time", "nowhere"])
async def test_a_body_that_is_announced_too_large_is_refused_at_once(port: Port, path: str) -> None:
    """Criterion: REST-IN-2, REST-1. None of ten gigabytes is waited for; what comes is dropped."""
    reader, writer = await port.connect()
    head = f"POST {API}{path} HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000000\r\n\r\n"
    writer.write(head.encode())
    status, answer = await read_answer(reader)
    assert (status, answer["code"], answer["data"]) == (413, "50002", [])
    assert str(BODY_MAX) in answer["msg"]
    assert await reader.read() == b"", "nothing more is said"
    with suppress(ConnectionError):
        for _ in range(UNREAD_MAX // BODY_MAX + 2):
            writer.write(b"x" * BODY_MAX)
            await writer.drain()
        await reader.read()
    await until(lambda: not port.server.connections)
    writer.close()


async def test_bytes_that_are_no_request(port: Port) -> None:
    """Criterion: REST-IN-2"""
    for data in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"POST /x HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"POST /x HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 3 + b"no colon\r\n\r\n",
        b"\x00" * 1000,
    ):
        reader, writer = await port.connect()
        writer.write(data)
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        assert answer == b"" or answer.startswith(b"HTTP/1.1 4"), data
    body = named("after")
    assert (await port.send(port.post(body) + body))[0] == 200


async def test_a_flood_of_orders_loses_and_doubles_none(port: Port) -> None:
    """Criterion: REST-IN-2"""
    names = sorted(f"f{number:03}" for number in range(200))
    calls = [port.send(port.post(named(name)) + named(name)) for name in names]
    answers = await asyncio.gather(*calls)
    accepted = sorted(
        answer["data"][0]["clOrdId"] for status, answer in answers if answer["code"] == "0"
    )
    assert accepted == names
    found = await port.rest.get("trade/orders-pending", port.rest.alice, limit=100)
    assert len(found.data) == 100
    status = await port.rest.door.health()
    assert status.open_orders == 200


async def test_what_is_no_http_is_answered_in_the_envelope(
    port: Port, caplog: pytest.LogCaptureFixture
) -> None:
    """Criterion: REST-1"""
    for data in (b"\x16\x03\x01\x02\x00\x01\x00", b"HELLO\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"):
        status, body = await port.send(data)
        assert (status, body["code"], body["data"]) == (400, "90012", [])
    assert not caplog.records, "strangers could fill the log"


async def test_a_head_without_an_end_is_cut_off(port: Port) -> None:
    """Criterion: REST-IN-6"""
    reader, writer = await port.connect()
    writer.write(b"GET /api/v5/public/time HTTP/1.1\r\nX: " + b"a" * (4 * HEAD_BYTES_MAX))
    status, answer = await read_answer(reader)
    assert (status, answer["code"]) == (431, "90012")
    assert str(HEAD_BYTES_MAX) in answer["msg"]
    with suppress(ConnectionResetError):
        assert await reader.read() == b""
    writer.close()
    large = BODY + b',"x":"' + b"y" * (2 * HEAD_BYTES_MAX) + b'"}'
    assert (await port.send(port.post(large) + large))[1]["code"] in ("0", "1")


@pytest.mark.parametrize("beside", [b"0\r\nX: ", b"2;x="], ids=["trailer", "extension"])
@pytest.mark.parametrize("path", [b"/api/v5/trade/order", b"/api/v5/trade/batch-orders"])
async def test_what_stands_beside_a_body_has_an_end(port: Port, path: bytes, beside: bytes) -> None:
    """Criterion: REST-IN-6"""
    reader, writer = await port.connect()
    writer.write(b"POST %b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n" % path)
    writer.write(beside + b"a" * (4 * HEAD_BYTES_MAX))
    status, answer = await read_answer(reader)
    assert (status, answer["code"]) == (431, "90012")
    with suppress(ConnectionResetError):
        assert await reader.read() == b""
    writer.close()


async def test_a_request_that_does_not_come_is_given_up(port: Port) -> None:
    """Criterion: REST-IN-6"""
    silent, begun = await port.connect(), await port.connect()
    begun[1].write(port.post(BODY + b"}") + BODY)
    first = await port.send(port.get("/api/v5/public/time"))
    assert first[0] == 200
    late_s = asyncio.get_running_loop().time() + REQUEST_WAIT_S + 1
    for connection in list(port.server.connections):
        connection.patrol(late_s)
    for reader, writer in (silent, begun):
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()


async def test_connections_beyond_the_bound_are_sent_away(rest: RestBed) -> None:
    """Criterion: REST-IN-6"""
    listener = bound("http", Address("127.0.0.1", 0))
    server = await RestServer.start(rest.app, listener, connections_max=2)
    port = Port(rest, server)
    held = [await port.connect() for _ in range(2)]
    status, answer = await port.send(port.get("/api/v5/public/time"))
    assert (status, answer["code"]) == (503, "50013")
    # Those that owe a request for a while make room for who comes.
    for connection in server.connections:
        connection.waits_since_s = (connection.waits_since_s or 0) - 2 * ROOM_AFTER_S
    assert (await port.send(port.get("/api/v5/public/time")))[0] == 200
    reads = [asyncio.create_task(reader.read()) for reader, _ in held]
    ended, open_still = await asyncio.wait(reads, return_when=asyncio.FIRST_COMPLETED)
    assert (len(ended), len(open_still)) == (1, 1)
    for _, writer in held:
        writer.close()
    await asyncio.gather(*reads, return_exceptions=True)
    await server.close()


async def test_pipelined_requests_are_answered_in_order_and_bounded(port: Port) -> None:
    """Criterion: REST-IN-6"""
    reader, writer = await port.connect()
    paths = [f"/api/v5/public/time?n={n}" for n in range(PIPELINED_MAX // 2)]
    writer.write(b"".join(port.get(path) for path in paths) + port.get("/api/v5/nowhere"))
    for _ in paths:
        assert (await read_answer(reader))[0] == 200
    assert (await read_answer(reader))[0] == 404
    writer.write(port.get(paths[0]) * (20 * PIPELINED_MAX))
    with suppress(ConnectionResetError):
        answers = await asyncio.wait_for(reader.read(), 20)
        assert answers.count(b"HTTP/1.1 200") <= PIPELINED_MAX + 1
    assert not port.server.connections
    writer.close()


async def test_an_upgrade_is_not_made_and_not_logged(
    port: Port, caplog: pytest.LogCaptureFixture
) -> None:
    """Criterion: HOUSE-LOG-3"""
    headers = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
    head = b"GET /api/v5/public/time HTTP/1.1\r\nHost: a\r\n" + headers + b"\r\n"
    status, answer = await port.send(head)
    assert (status, answer["code"]) == (200, "0")
    assert not caplog.records
