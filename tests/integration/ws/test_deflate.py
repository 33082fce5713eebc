"""Goal: compression is spoken with clients that offer it, and with nobody else.

Method: the handshake and frames of a plain socket; a client library with and without it.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from fullreserve.gateway.ws.frames import Close
from tests.integration.ws.live import Client, Live, running

HANDSHAKE = (
    "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)
OFFER = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
DEFLATED_TEXT, TEXT, CONTINUATION, RSV1, FIN = 0xC1, 0x81, 0x80, 0x40, 0x80


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Live]:
    async with running(tmp_path) as started:
        yield started


def masked(first: int, payload: bytes) -> bytes:
    """A client's frame, masked with zeros."""
    return bytes((first, 0x80 | len(payload))) + b"\0\0\0\0" + payload


def packed(message: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return (packer.compress(message) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


BEGUN = masked(DEFLATED_TEXT & ~FIN, packed(b"ping")[:2])


class Plain:
    """A socket after the handshake."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, *frames: bytes) -> tuple[int, bytes]:
        """Sends frames; the first byte and the payload of the next frame that comes."""
        self.writer.write(b"".join(frames))
        first, size = await self.reader.readexactly(2)
        if size == 126:
            size = int.from_bytes(await self.reader.readexactly(2), "big")
        return first, await self.reader.readexactly(size)


async def greet(live: Live, more: str) -> tuple[str, Plain]:
    """The server's answer to a handshake, and the connection."""
    reader, writer = await asyncio.open_connection(*live.server.address)
    writer.write((HANDSHAKE + more + "\r\n").encode())
    head = await reader.readuntil(b"\r\n\r\n")
    return head.decode().lower(), Plain(reader, writer)


async def test_frames_on_the_wire(live: Live) -> None:
    """Criterion: WS-FRAME-2. Long answers are compressed, requests are taken either way."""
    head, client = await greet(live, OFFER)
    assert "sec-websocket-extensions: permessage-deflate; server_no_context_takeover" in head
    assert await client.ask(masked(TEXT, b"ping")) == (TEXT, b"pong")
    assert await client.ask(masked(DEFLATED_TEXT, packed(b"ping"))) == (TEXT, b"pong")
    halves = packed(b"ping")
    first = masked(DEFLATED_TEXT & ~FIN, halves[:2])
    assert await client.ask(first, masked(CONTINUATION, halves[2:])) == (TEXT, b"pong")
    request = b'{"op":' + b"x" * 900
    kind, answer = await client.ask(masked(DEFLATED_TEXT, packed(request)))
    assert kind == DEFLATED_TEXT
    text = zlib.decompressobj(-12).decompress(answer + b"\x00\x00\xff\xff")
    assert b"60012" in text
    client.writer.close()


@pytest.mark.parametrize(
    ("offer", "frame", "code"),
    [
        (OFFER, masked(DEFLATED_TEXT, b"\xff\xff"), Close.INVALID_DATA),
        (OFFER, BEGUN + masked(CONTINUATION | RSV1, b"more"), Close.PROTOCOL_ERROR),
        ("", masked(DEFLATED_TEXT, packed(b"ping")), Close.PROTOCOL_ERROR),
    ],
)  # fmt: skip
async def test_wrong_compression_closes(live: Live, offer: str, frame: bytes, code: Close) -> None:
    """Criterion: WS-FRAME-3."""
    head, client = await greet(live, offer)
    assert ("sec-websocket-extensions" in head) == bool(offer)
    first, payload = await client.ask(frame)
    assert (first, int.from_bytes(payload[:2], "big")) == (0x88, code)
    client.writer.close()


async def test_a_client_without_compression_is_sent_none(live: Live) -> None:
    """Criterion: WS-FRAME-2."""
    async with connect(live.url, compression=None) as socket:
        client = Client(socket)
        await client.subscribe("instruments", instType="SPOT")
        assert len((await client.next())["data"]) == 2
    async with live.client() as client:
        assert "deflate" in client.socket.response.headers["Sec-WebSocket-Extensions"]
        await client.subscribe("instruments", instType="SPOT")
        assert len((await client.next())["data"]) == 2
        await client.socket.send("x" * 300_000)
        assert await client.closed() == Close.TOO_BIG
