"""A small client of the public API: one WebSocket session of one account, and signed REST calls.

The demo's bots use nothing else to reach the exchange; any client could do what they do.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import http.client
import ssl
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from picows import WSError, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from fullreserve.clock import Clock

Push = Callable[[dict[str, Any]], None]


class Credentials(msgspec.Struct, frozen=True, rename="camel"):
    """One entry of `demo-keys.json`."""

    name: str
    uid: str
    api_key: str
    secret: str
    passphrase: str

    def __repr__(self) -> str:
        return f"Credentials(name={self.name!r}, uid={self.uid!r})"


class SessionLost(ConnectionError):
    """The connection ended, or the exchange refused to log in."""


def _sign(secret: str, text: str) -> str:
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


class Session(WSListener):
    """A logged-in WebSocket connection: requests by id, pushes by channel."""

    def __init__(self, credentials: Credentials, clock: Clock) -> None:
        super().__init__()
        self._credentials = credentials
        self._clock = clock
        self._transport: WSTransport | None = None
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._next = 0
        self._pushes: dict[str, Push] = {}
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @classmethod
    async def open(
        cls,
        url: str,
        credentials: Credentials,
        clock: Clock,
        tls: ssl.SSLContext | None = None,
    ) -> Session:
        """Connects and logs in; SessionLost when either fails. `tls` is for a `wss` URL."""
        session = cls(credentials, clock)
        try:
            await ws_connect(lambda: session, url, ssl_context=tls, enable_auto_ping=True)
        except (OSError, WSError) as error:
            raise SessionLost(str(error)) from error
        await session._login()
        return session

    async def _login(self) -> None:
        seconds = str(self._clock.wall_ms() // 1000)
        keys = self._credentials
        entry = {
            "apiKey": keys.api_key,
            "passphrase": keys.passphrase,
            "timestamp": seconds,
            "sign": _sign(keys.secret, f"{seconds}GET/users/self/verify"),
        }
        answer = await self._exchange("login", {"op": "login", "args": [entry]})
        if answer.get("event") != "login":
            raise SessionLost(f"{keys.name}: login refused: {answer.get('msg', '')}")

    async def subscribe(self, arg: dict[str, str], push: Push) -> None:
        """Pushes of the channel go to `push`, whole messages as decoded JSON."""
        channel = arg["channel"]
        self._pushes[channel] = push
        answer = await self._exchange(f"subscribe {channel}", {"op": "subscribe", "args": [arg]})
        if answer.get("event") != "subscribe":
            raise SessionLost(f"subscription to {channel} refused: {answer.get('msg', '')}")

    async def request(self, op: str, args: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The rows of the answer, one for each argument that the exchange looked at."""
        self._next += 1
        identity = str(self._next)
        answer = await self._exchange(identity, {"id": identity, "op": op, "args": list(args)})
        rows: list[dict[str, Any]] = answer.get("data", [])
        return rows

    async def _exchange(self, key: str, message: dict[str, Any]) -> dict[str, Any]:
        if self._transport is None or self.lost.done():
            raise SessionLost("not connected")
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[key] = future
        self._transport.send(WSMsgType.TEXT, msgspec.json.encode(message))
        return await future

    def close(self) -> None:
        if self._transport is not None:
            self._transport.disconnect()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport

    def on_ws_disconnected(self, _transport: WSTransport) -> None:
        if not self.lost.done():
            self.lost.set_result(None)
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(SessionLost("the connection ended"))
        self._waiting.clear()

    def on_ws_frame(self, _transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is not WSMsgType.TEXT:
            return
        message = msgspec.json.decode(frame.get_payload_as_memoryview())
        if "data" in message and "arg" in message:
            push = self._pushes.get(message["arg"]["channel"])
            if push is not None:
                push(message)
            return
        future = self._waiting.pop(self._key(message), None)
        if future is not None and not future.done():
            future.set_result(message)

    def _key(self, message: dict[str, Any]) -> str:
        if "id" in message:
            return str(message["id"])
        event = message.get("event", "")
        if event == "subscribe":
            return f"subscribe {message['arg']['channel']}"
        if event == "error":
            # The exchange answers in order, so an error without id is of the oldest request.
            return next(iter(self._waiting), "")
        return str(event)


def call(
    address: str,
    credentials: Credentials | None,
    clock: Clock,
    method: str,
    target: str,
    body: object = None,
    tls: ssl.SSLContext | None = None,
) -> list[Any]:
    """The `data` of one REST call to `host:port` (blocking); OSError when there is none."""
    data = b"" if body is None else msgspec.json.encode(body)
    headers = {"Content-Type": "application/json"}
    if credentials is not None:
        headers |= _headers(credentials, clock, method + target + data.decode())
    connection = (
        http.client.HTTPConnection(address, timeout=10)
        if tls is None
        else http.client.HTTPSConnection(address, timeout=10, context=tls)
    )
    try:
        connection.request(method, target, data, headers)
        envelope = msgspec.json.decode(connection.getresponse().read())
    except (http.client.HTTPException, msgspec.DecodeError) as error:
        raise OSError(f"{method} {target}: {error}") from error
    finally:
        connection.close()
    if envelope["code"] != "0":
        raise OSError(f"{method} {target}: {envelope['code']} {envelope['msg']}")
    rows: list[Any] = envelope["data"]
    return rows


def _headers(credentials: Credentials, clock: Clock, signed: str) -> dict[str, str]:
    now = datetime.fromtimestamp(clock.wall_ms() / 1000, UTC)
    stamp = now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"
    return {
        "OK-ACCESS-KEY": credentials.api_key,
        "OK-ACCESS-PASSPHRASE": credentials.passphrase,
        "OK-ACCESS-TIMESTAMP": stamp,
        "OK-ACCESS-SIGN": _sign(credentials.secret, stamp + signed),
    }
