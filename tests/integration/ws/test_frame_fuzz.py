"""Goal: no bytes behind the handshake harm the server, or anybody else's connection.

Method: hypothesis builds streams of frames: whole, broken, in pieces, with reserved bits and
opcodes, with and without compression, cut off anywhere, and sends each over a raw socket of its
own. Each ends with a close frame that the RFC knows, an answer, or the end of the stream; then a
connection that was there all the time still answers, and the log holds no error.
"""

import asyncio
import json
import os
import zlib
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests.integration.ws.live import WAIT_S, Live, running
from tests.integration.ws.test_session import HANDSHAKE

EXAMPLES = 1_000 if os.environ.get("FULLRESERVE_LONG") == "1" else 60
DEFLATED = HANDSHAKE.replace(
    b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
)
# https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1, and the server's own above 4000
CLOSES = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 4000, 4001, 4004, 4005}
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

_requests = st.sampled_from(
    (
        b"ping",
        json.dumps({"op": "subscribe", "args": [{"channel": "tickers", "instId": "X"}]}).encode(),
        json.dumps({"op": "login", "args": [{}]}).encode(),
        b'{"op":"order","id":"1","args":[{}]}',
        b"{" * 2_000,
        b"\xff\xfe",
    )
)
_payloads = st.one_of(st.binary(max_size=200), _requests)
_masks = st.binary(min_size=4, max_size=4)


def _deflated(payload: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return (packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


def _length(size: int, wide: int) -> tuple[int, bytes]:
    """The length as its seven bits and what follows; `wide` chooses a longer form."""
    if wide == 0 and size < 126:
        return size, b""
    if wide < 2 and size < 65_536:
        return 126, size.to_bytes(2, "big")
    return 127, size.to_bytes(8, "big")


@st.composite
def _frame(draw: st.DrawFn) -> bytes:
    kinds = (CONTINUATION, TEXT, TEXT, TEXT, BINARY, CLOSE, PING, PONG, 3, 11, 15)
    opcode = draw(st.sampled_from(kinds))
    final = draw(st.sampled_from((0x80, 0x80, 0x80, 0)))
    reserved = draw(st.sampled_from((0, 0, 0, 0x40, 0x20, 0x10, 0x70)))
    payload = draw(_payloads)
    if reserved == 0x40 and draw(st.booleans()):
        payload = _deflated(payload)
    claimed = draw(st.sampled_from((len(payload),) * 5 + (len(payload) + 9, 2**32, 2**63)))
    short, long = _length(claimed, draw(st.sampled_from((0, 0, 0, 1, 2))))
    head = bytes((final | reserved | opcode,))
    if draw(st.sampled_from((True, True, True, False))):
        mask = draw(_masks)
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
        return head + bytes((0x80 | short,)) + long + mask + masked
    return head + bytes((short,)) + long + payload


@st.composite
def _stream(draw: st.DrawFn) -> bytes:
    data = b"".join(draw(st.lists(st.one_of(_frame(), _frame(), st.binary(max_size=30)),
                                  min_size=1, max_size=6)))  # fmt: skip
    return data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data


def _frames(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Opcodes and payloads of what a server sent; what is cut off at the end is left out."""
    at = 0
    while at + 2 <= len(data):
        opcode, size, start = data[at] & 15, data[at + 1], at + 2
        if size >= 126:
            wide = 2 if size == 126 else 8
            size, start = int.from_bytes(data[start : start + wide], "big"), start + wide
        if start + size > len(data):
            return
        yield opcode, data[start : start + size]
        at = start + size


async def _exchange(live: Live, handshake: bytes, data: bytes) -> bytes:
    """Everything that the server says to a stream behind a handshake, until it closes."""
    reader, writer = await asyncio.open_connection(*live.server.address)
    try:
        writer.write(handshake)
        await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), WAIT_S)
        writer.write(data)
        writer.write_eof()
        return await asyncio.wait_for(reader.read(), WAIT_S)
    except ConnectionResetError:  # closed with bytes of ours unread
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("handshake", [HANDSHAKE, DEFLATED], ids=["plain", "deflate"])
async def test_no_stream_of_frames_harms_the_server(tmp_path: Path, handshake: bytes) -> None:
    """Criterion: WS-FRAME-4, WS-FAULT-1."""
    async with running(tmp_path) as live, live.client() as other:
        loop = asyncio.get_running_loop()

        async def try_out(data: bytes) -> None:
            said = list(_frames(await _exchange(live, handshake, data)))
            for opcode, payload in said:
                if opcode == CLOSE and payload:
                    assert int.from_bytes(payload[:2], "big") in CLOSES, payload
                assert b"Traceback" not in payload
            await other.send("ping")
            assert await other.raw() == "pong"

        with capture_logs() as logs:
            await asyncio.to_thread(_draw, lambda data: _wait(loop, try_out(data)))
        assert [one for one in logs if one["log_level"] in ("error", "critical")] == []


def _wait(loop: asyncio.AbstractEventLoop, work: Awaitable[None]) -> None:
    asyncio.run_coroutine_threadsafe(work, loop).result(2 * WAIT_S)  # type: ignore[arg-type]


def _draw(check: Callable[[bytes], None]) -> None:
    @settings(max_examples=EXAMPLES)
    @given(_stream())
    def each(data: bytes) -> None:
        check(data)

    each()
