"""Goal: nothing that a client sends breaks its connection, leaves a trace in the log or trades.

Method: seeded random requests with every kind of wrong value in every place, on a logged-in
connection, then a look at whether it still answers.
"""

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from tests.integration.ws.live import BTC_USDT, WAIT_S, running
from tests.integration.ws.test_session import HANDSHAKE

OPS = (
    "order", "batch-orders", "cancel-order", "batch-cancel-orders", "amend-order",
    "batch-amend-orders", "subscribe", "unsubscribe", "login", "mass-cancel", "",
)  # fmt: skip
NAMES = (
    "channel", "instId", "instIdCode", "instType", "ccy", "tdMode", "side", "ordType", "px", "sz",
    "clOrdId", "ordId", "tag", "newSz", "newPx", "reqId", "stpMode", "tgtCcy", "extraParams",
    "apiKey", "passphrase", "timestamp", "sign", "attachAlgoOrds", "banAmend", "posSide",
)  # fmt: skip
GOOD = (
    "orders", "books", "candle1m", "BTC-USDT", "SPOT", "cash", "buy", "sell", "limit", "market",
    "1", "100", BTC_USDT,
)  # fmt: skip
STRANGE: tuple[Any, ...] = (
    None, True, False, -1, 0, 1.5, 10**30, -(10**30), "", " ", "NaN", "Infinity", "1e400", "-1",
    "0.000000000000000000001", "9" * 60, "\x00", "\ud800", "'; --", "💥" * 9, [], {}, [[]], [None],
    {"a": [1]}, "x" * 3_000, "١٢٣", "1_000", "+1", "0x10",
)  # fmt: skip


def strange_request(chance: random.Random) -> str:
    """A request that may be anything; a few of them are even right."""

    def value() -> object:
        return chance.choice(GOOD if chance.random() < 0.5 else STRANGE)

    def arg() -> object:
        if chance.random() < 0.1:
            return chance.choice(STRANGE)
        return {name: value() for name in chance.sample(NAMES, chance.randrange(0, 12))}

    args: object = [arg() for _ in range(chance.choice((0, 1, 1, 1, 2, 25)))]
    if chance.random() < 0.1:
        args = chance.choice(STRANGE)
    request = {"id": value(), "op": chance.choice(OPS), "args": args, "expTime": value()}
    text = json.dumps(request)
    if chance.random() < 0.1:
        text = text[: chance.randrange(1, len(text))]
    return text


@pytest.mark.parametrize("seed", range(3))
async def test_strange_requests_break_nothing(tmp_path: Path, seed: int) -> None:
    """Criterion: WS-REQ-2, WS-REQ-4, WS-FAULT-1."""
    chance = random.Random(seed)
    async with running(tmp_path) as live:
        key = await live.trader()
        structlog.configure()
        with capture_logs() as logs:
            async with live.client(key) as client:
                for _ in range(400):
                    await client.send(strange_request(chance))
                await client.send("ping")
                while (text := await client.raw()) != "pong":
                    message = json.loads(text)
                    assert "event" in message or "op" in message or "data" in message
                    assert "Traceback" not in text
                    assert key.secret not in text
        assert [entry for entry in logs if entry["log_level"] in ("error", "warning")] == []


@pytest.mark.parametrize(
    "frame",
    [
        b"\x81\xfe\x00\x01\0\0\0\0x",  # a length in more bytes than it needs
        b"\x83\x80\0\0\0\0",  # an opcode that is none
        b"\x81\x01x",  # a client's frame without a mask
        b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff",  # a length beyond all bounds
        b"\x80\x80\0\0\0\0",  # a continuation of nothing
        b"\x01\x81\0\0\0\0x\x81\x81\0\0\0\0x",  # a message within another
    ],
)
async def test_a_broken_frame_closes_without_a_trace(
    tmp_path: Path, frame: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Criterion: WS-FRAME-4."""
    async with running(tmp_path) as live:
        reader, writer = await asyncio.open_connection(*live.server.address)
        writer.write(HANDSHAKE)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(frame)
        first, size = await asyncio.wait_for(reader.readexactly(2), WAIT_S)
        reason = await reader.readexactly(size)
        assert (first, int.from_bytes(reason[:2], "big") in (1002, 1009)) == (0x88, True)
        writer.close()
        async with live.client() as other:
            await other.send("ping")
            assert await other.raw() == "pong"
    assert [one.message for one in caplog.records if one.levelname in ("ERROR", "WARNING")] == []
