"""python-okx's WebSocket classes watch and trade here.

They connect over TLS alone and sleep after a login: one test takes them as they are; for the others
their factory is given a plain connection, and their login and subscription are sent one by one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from okx.websocket.WsPrivateAsync import WsPrivateAsync
from okx.websocket.WsPublicAsync import WsPublicAsync
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

from fullreserve.app import localhost_certificate
from fullreserve.clock import SystemClock
from fullreserve.identity.vault import NewKey
from tests.server import LiveServer

WAIT_S = 30
INSTRUMENT = "LTC-USDT"
ORDER = {
    "instId": INSTRUMENT, "tdMode": "cash", "side": "buy", "ordType": "limit",
    "px": "50", "sz": "1", "clOrdId": "pyokx1",
}  # fmt: skip


class Heard:
    """The messages of a client, in order."""

    def __init__(self) -> None:
        self._messages: asyncio.Queue[Any] = asyncio.Queue()

    def __call__(self, message: str) -> None:
        self._messages.put_nowait(json.loads(message))

    async def until(self, name: str, value: str) -> Any:
        """The next message in which a field has a value."""
        return await self._find(lambda message: message.get(name) == value)

    async def of(self, channel: str) -> Any:
        """The element of `data` of the next push of a channel."""
        push = await self._find(
            lambda message: "data" in message and message.get("arg", {}).get("channel") == channel
        )
        (element,) = push["data"]
        return element

    async def _find(self, wanted: Callable[[Any], bool]) -> Any:
        while not wanted(message := await asyncio.wait_for(self._messages.get(), WAIT_S)):
            pass
        return message


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[tuple[LiveServer, Path]]:
    """An exchange that speaks TLS, and the certificate to trust."""
    certificate, key = localhost_certificate.write(tmp_path / "tls", SystemClock())
    settings = {
        "FULLRESERVE_TLS_CERTIFICATE": str(certificate),
        "FULLRESERVE_TLS_KEY": str(key),
    }
    running = LiveServer(tmp_path / "data", settings).start()
    yield running, certificate
    assert running.stop() == 0, running.log


async def test_it_trades_over_tls_as_it_is(
    secured: tuple[LiveServer, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client is told its URL and whom to trust, nothing else. Criterion: WS-CLIENT-1."""
    server, certificate = secured
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    trader, heard = await server.new_trader(), Heard()
    url = f"wss://localhost:{server.ws.rpartition(':')[2]}/ws/v5/private"
    client = WsPrivateAsync(trader.key, trader.passphrase, trader.secret, url)
    reading = await client.start()
    await client.subscribe([{"channel": "orders", "instType": "SPOT"}], heard)
    assert (await heard.until("event", "subscribe"))["arg"]["channel"] == "orders"
    await client.place_order([ORDER], heard, id="o1")
    assert (await heard.of("orders"))["clOrdId"] == ORDER["clOrdId"]
    await stopped(client, reading)


async def started(client: Any, url: str) -> asyncio.Task[None]:
    """Connects without TLS and reads on."""
    client.websocket = client.factory.websocket = await connect(url, ping_interval=None)
    return asyncio.create_task(client.consume())


async def stopped(client: Any, reading: asyncio.Task[None]) -> None:
    await client.stop()
    await asyncio.wait_for(reading, WAIT_S)


async def test_public_channels(server: LiveServer) -> None:
    """Criterion: WS-CLIENT-1."""
    heard = Heard()
    client = WsPublicAsync(f"ws://{server.ws}/ws/v5/public")
    reading = await started(client, client.url)
    args = [{"channel": name, "instId": INSTRUMENT} for name in ("books5", "tickers")]
    await client.subscribe(args, heard, id="s1")
    ack = await heard.until("event", "subscribe")
    assert (ack["id"], ack["arg"]) == ("s1", args[0])
    assert (await heard.of("books5"))["instId"] == INSTRUMENT
    assert (await heard.of("tickers"))["instId"] == INSTRUMENT
    await client.unsubscribe(args, heard)
    assert (await heard.until("event", "unsubscribe"))["arg"] == args[0]
    await stopped(client, reading)


async def test_private_channels_and_orders(server: LiveServer, trader: NewKey) -> None:
    """Criterion: WS-CLIENT-1, WS-LOGIN-2. It sends the timestamp as a JSON integer."""
    heard = Heard()
    url = f"ws://{server.ws}/ws/v5/private"
    client = WsPrivateAsync(trader.key, trader.passphrase, trader.secret, url)
    client.callback = heard
    reading = await started(client, url)
    await client.login()
    assert (await heard.until("event", "login"))["code"] == "0"
    await client.send("subscribe", [{"channel": "orders", "instType": "SPOT"}], heard)
    assert (await heard.until("event", "subscribe"))["arg"]["channel"] == "orders"
    await client.place_order([ORDER], heard, id="o1")
    placed = await heard.until("op", "order")
    assert (placed["id"], placed["code"], placed["data"][0]["clOrdId"]) == ("o1", "0", "pyokx1")
    name = {"instId": INSTRUMENT, "clOrdId": "pyokx1"}
    await client.amend_order([{**name, "newSz": "2"}], heard, id="o2")
    assert (await heard.until("op", "amend-order"))["data"][0]["sCode"] == "0"
    await client.batch_orders([{**ORDER, "clOrdId": "pyokx2"}], heard, id="o3")
    assert (await heard.until("op", "batch-orders"))["data"][0]["sCode"] == "0"
    both = [{**name, "clOrdId": one} for one in ("pyokx1", "pyokx2")]
    await client.batch_cancel_orders(both, heard, id="o4")
    canceled = await heard.until("op", "batch-cancel-orders")
    assert [row["sCode"] for row in canceled["data"]] == ["0", "0"]
    await stopped(client, reading)


@pytest.mark.parametrize("field", ["secret", "passphrase"])
async def test_a_wrong_login(server: LiveServer, trader: NewKey, field: str) -> None:
    """Criterion: WS-LOGIN-1, WS-LOGIN-7."""
    heard = Heard()
    given = {"secret": trader.secret, "passphrase": trader.passphrase, field: "wrong"}
    url = f"ws://{server.ws}/ws/v5/private"
    client = WsPrivateAsync(trader.key, given["passphrase"], given["secret"], url)
    client.callback = heard
    reading = await started(client, url)
    await client.login()
    expected = {"secret": "60007", "passphrase": "60024"}[field]
    assert (await heard.until("event", "error"))["code"] == expected
    with pytest.raises(ConnectionClosedError) as closed:
        await asyncio.wait_for(reading, WAIT_S)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4001
