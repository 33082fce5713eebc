"""Goal: what a client can make a connection hold is bounded, however it is cut up.

Method: messages just within and just beyond each bound.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from fullreserve.gateway.ws.connection import FRAGMENTS_MAX, WAITING_MAX
from fullreserve.gateway.ws.frames import Close
from fullreserve.gateway.ws.requests import REQUEST_BYTES_MAX
from fullreserve.identity.caller import Caller
from tests.integration.ws.live import WAIT_S, Client, Live, login, order, running

SUBSCRIBE = '{"op":"subscribe","args":[{"channel":"status"}]}'


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Live]:
    async with running(tmp_path) as started:
        yield started


async def test_fragments_are_bounded_also_when_they_are_empty(live: Live) -> None:
    """Criterion: WS-REQ-3, WS-FRAME-1."""
    async with connect(live.url, compression=None) as socket:
        client = Client(socket)
        for _ in range(2):
            empty = [""] * (FRAGMENTS_MAX - 2)
            # The client's library ends a message with a fragment of its own, empty too.
            await socket.send([*empty, SUBSCRIBE])
            assert (await client.next())["event"] == "subscribe"
        await socket.send([""] * (FRAGMENTS_MAX + 1))
        assert await client.closed() == Close.TOO_BIG


async def test_the_bytes_of_each_message_are_counted_by_themselves(live: Live) -> None:
    """Criterion: WS-REQ-3."""
    async with connect(live.url, compression=None) as socket:
        client = Client(socket)
        for _ in range(3):
            await socket.send([" " * REQUEST_BYTES_MAX, SUBSCRIBE])
            assert (await client.next())["code"] == "60012"


async def test_what_waits_for_a_login_is_bounded_in_number(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: WS-LOGIN-5. A login that takes as long as the test wants."""
    key = await live.trader()
    goes_on = asyncio.Event()
    authenticate = live.server.authenticate

    async def slowly(fields: dict[str, str], address: str) -> Caller:
        await asyncio.wait_for(goes_on.wait(), WAIT_S)
        return await authenticate(fields, address)

    monkeypatch.setattr(live.server, "authenticate", slowly)
    async with live.client() as client:
        await client.send(login(key, live.context.clock))
        for _ in range(WAITING_MAX):
            await client.send("ping")
        async with live.client() as other:
            # When this is answered, the first client's messages were taken.
            await other.send("ping")
            assert await other.raw() == "pong"
        goes_on.set()
        assert (await client.next())["event"] == "login"
        for _ in range(WAITING_MAX):
            assert await client.raw() == "pong"
    goes_on.clear()
    async with live.client() as client:
        await client.send(login(key, live.context.clock))
        for _ in range(WAITING_MAX + 1):
            await client.send("")
        assert await client.closed() == Close.INVALID_REQUEST


async def test_an_order_over_64_kb_is_refused_before_it_is_read(live: Live) -> None:
    """Criterion: WS-REQ-3, WS-OP-4."""
    key = await live.trader()
    async with live.client(key) as client:
        request = json.dumps({"id": "1", "op": "order", "args": [order("buy", "1", "1")]})
        await client.send(request + " " * REQUEST_BYTES_MAX)
        assert (await client.next())["code"] == "60012"
        await client.send(request)
        assert (await client.next())["code"] == "0"
