"""One client's connection: frames in, operations, frames out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, cast

import structlog
from picows import WSFrame, WSListener, WSMsgType, WSTransport

from fullreserve.gateway.errors import Problem
from fullreserve.gateway.ws import channels, requests
from fullreserve.gateway.ws.deflate import TooLong, inflated
from fullreserve.gateway.ws.frames import PONG, Close, close_answer, close_frame
from fullreserve.gateway.ws.limits import COUNTED, HOUR_MS, REQUESTS_MAX, Bucket
from fullreserve.gateway.ws.requests import Head, Request
from fullreserve.gateway.ws.shapes import PRIVATE
from fullreserve.identity.api_key import ApiKey, Permission
from fullreserve.identity.caller import Caller

if TYPE_CHECKING:
    from fullreserve.gateway.ws.server import Server

log = structlog.get_logger(__name__)

# A frame may be a little larger than a request, so that the refusal can be said in words.
FRAME_BYTES_MAX = 2 * requests.REQUEST_BYTES_MAX
# What may wait in a connection's send buffer; beyond it the client is too slow and is cut off.
SEND_BUFFER_MAX = 2 * 1024 * 1024
# So many fragments hold a request of the largest size in parts of 64 bytes.
FRAGMENTS_MAX = 1024
# How long a client that is cut off may take to read what it was sent.
LINGER_S = 30
# What may be sent during a login, together.
WAITING_BYTES_MAX = 1024 * 1024
WAITING_MAX = 1024


class Connection(WSListener):
    """A client; `key` is what it logged in with."""

    def __init__(self, server: Server, path: str, forwarded: str = "", *, deflates: bool) -> None:
        self.server = server
        self.path = path
        # What a reverse proxy said of the caller; see `Server.admits`.
        self.forwarded = forwarded
        self._deflates = deflates
        self.address = ""
        self.key: Caller | None = None
        self.may_trade = False
        self.head = Head(server.next_connection_id())
        # Not as coarse as the hub's: nobody is idle earlier than is said.
        self._now_ns = server.context.clock.monotonic_ns
        self.seen_ns = self._now_ns()
        self.topics: dict[Hashable, channels.Subscription] = {}
        self._open = False
        self._transport: WSTransport | None = None
        self._send: Callable[[bytes], None] = _nowhere
        self._frames: list[bytes] = []
        self._parts: list[bytes] = []
        self._parts_bytes = 0
        self._parts_deflated = False
        self._login: asyncio.Task[None] | None = None
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._requests = Bucket(REQUESTS_MAX, REQUESTS_MAX, HOUR_MS, server.hub.now_ms)
        self._operations: dict[str, Callable[[Request], None]] = {
            "login": self._start_login,
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
        }

    # --- the socket

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        transport.underlying_transport.set_write_buffer_limits(high=SEND_BUFFER_MAX)
        self._send = transport.underlying_transport.write
        self._open = True
        address = self.server.admits(transport, self.forwarded)
        if address is None:
            self.close(Close.TRY_AGAIN_LATER, "too many connections")
            return
        self.address = address
        self.server.hub.members[self] = None

    def on_ws_frame(self, _transport: WSTransport, frame: WSFrame) -> None:
        if not self._open:  # what came in one piece with a close frame
            return
        self.seen_ns = self._now_ns()
        kind = frame.msg_type
        if frame.rsv1 and not (self._deflates and not self._parts):
            self.close(Close.PROTOCOL_ERROR, "unexpected RSV1")
        elif kind == WSMsgType.TEXT and frame.fin and not self._parts:
            payload = frame.get_payload_as_bytes()
            if frame.rsv1:
                self._take_deflated(payload)
            else:
                self.take(payload)
        elif kind == WSMsgType.CLOSE:
            self._end(close_answer(cast("int", frame.get_close_code())))
        elif kind in (WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION):
            self._take_part(frame)

    def _take_part(self, frame: WSFrame) -> None:
        """Puts fragments together; binary messages are read as text."""
        begins = frame.msg_type != WSMsgType.CONTINUATION
        if begins == bool(self._parts):
            self.close(Close.PROTOCOL_ERROR, "fragments out of order")
            return
        if begins:
            self._parts_deflated = frame.rsv1
        part = frame.get_payload_as_bytes()
        self._parts.append(part)
        self._parts_bytes += len(part)
        if self._parts_bytes > FRAME_BYTES_MAX:
            self.close(Close.TOO_BIG, "message too big")
        elif len(self._parts) > FRAGMENTS_MAX:
            # Empty fragments never make a message too big.
            self.close(Close.TOO_BIG, "too many fragments")
        elif frame.fin:
            data = b"".join(self._parts)
            self._parts.clear()
            self._parts_bytes = 0
            if self._parts_deflated:
                self._take_deflated(data)
            else:
                self.take(data)

    def _take_deflated(self, payload: bytes) -> None:
        try:
            data = inflated(payload, FRAME_BYTES_MAX)
        except TooLong:
            self.close(Close.TOO_BIG, "message too big")
        except ValueError:
            self.close(Close.INVALID_DATA, "not deflated data")
        else:
            self.take(data)

    def on_ws_disconnected(self, _transport: WSTransport) -> None:
        self._forget()

    def pause_writing(self) -> None:
        self.close(Close.SLOW_CONSUMER, "send buffer full")

    def write(self, frame: bytes) -> None:
        if self._open:
            self._frames.append(frame)
            if len(self._frames) == 1:
                self.server.hub.flush_soon(self)

    def flush(self) -> None:
        """Hands all frames of this turn of the loop to the socket at once."""
        frames = self._frames
        if frames and self._open:
            self.seen_ns = self._now_ns()
            if self._deflates:
                frames[:] = map(self.server.deflater.frame, frames)
            data = frames[0] if len(frames) == 1 else b"".join(frames)
            frames.clear()
            self._send(data)

    def close(self, code: Close, reason: str) -> None:
        self._end(close_frame(code, reason))

    def _end(self, closing: bytes) -> None:
        if not self._open or self._transport is None:
            return
        last = b"".join([*self._frames, closing])
        self._frames.clear()
        self._forget()
        self._send(last)
        under = self._transport.underlying_transport
        under.close()
        # A client that does not read holds its buffer no longer than this.
        asyncio.get_running_loop().call_later(LINGER_S, under.abort)

    def _forget(self) -> None:
        self._open = False
        self.server.hub.members.pop(self, None)
        for key in list(self.topics):
            self._drop(key)
        if self._login is not None:
            self._login.cancel()

    def check(self) -> None:
        """Closes the connection when what it logged in with was ended or changed."""
        key = self.key
        if key is None:
            return
        if not self.server.context.vault.is_current(key):
            self.close(Close.KEY_CHANGED, "the API key or session was ended or changed")
        elif isinstance(key, ApiKey):
            # A connection that stays open is use; a forgotten tab does not keep a session alive.
            key.used_ms = self.server.context.clock.wall_ms()

    # --- requests

    def take(self, data: bytes) -> None:
        """One message of the client."""
        if self._login is not None:
            self._wait(data)
            return
        if data == b"ping":
            self.write(PONG)
            return
        # Before anything reads it; the refusal is `parse`'s.
        is_small = len(data) <= requests.REQUEST_BYTES_MAX
        if is_small and self.server.orders.take_plain(self, data):
            return
        try:
            request = requests.parse(data)
            request.check_id()
        except Problem as problem:
            self.write(self.head.error(problem))
            return
        head = self.head._replace(request_id=request.id)
        operation = self._operations.get(request.op)
        if operation is None:
            self.server.orders.take(self, request)
            return
        if not self._requests.take(self.server.hub.now_ms) and self.server.context.limits:
            self.write(head.error(Problem(60014)))
            return
        try:
            operation(request)
        except Problem as problem:
            self.write(head.error(problem))

    def _wait(self, data: bytes) -> None:
        """Keeps what comes during a login until its reply has left."""
        self._waiting.append(data)
        self._waiting_bytes += len(data)
        if self._waiting_bytes > WAITING_BYTES_MAX or len(self._waiting) > WAITING_MAX:
            self.close(Close.INVALID_REQUEST, "too many requests during login")

    def takes(self, path: str) -> bool:
        """Whether what belongs on a path is taken on this connection's."""
        return not self.server.strict or self.path.endswith(f"/{path}")

    # --- login

    def _start_login(self, request: Request) -> None:
        accounts = requests.arguments(request)
        if len(accounts) > 1:
            raise Problem(60013, allowed="a list of one account; use a connection for each")
        fields = accounts[0]
        self._login = asyncio.create_task(self._finish_login(request.id, fields))

    async def _finish_login(self, request_id: str | int | None, fields: dict[str, str]) -> None:
        head = self.head._replace(request_id=request_id)
        try:
            key = await self.server.authenticate(fields, self.address)
            if self.key is not None and self.key.name != key.name:
                raise Problem(60031)  # noqa: TRY301 - refused like a wrong login
        except Problem as problem:
            self.write(head.error(problem))
            if self.key is None:
                self.close(Close.LOGIN_FAILED, "login failed")
        except Exception:  # the client gets a code, and may try again
            log.exception("a login failed")
            self.write(head.error(Problem(63999)))
        else:
            self.key = key
            # A key whose permissions change counts as another key; see `check`.
            self.may_trade = bool(key.permissions & Permission.TRADE) and self.takes(PRIVATE)
            self.write(head.event("login", code="0", msg=""))
        self._login = None
        waiting, self._waiting = self._waiting, []
        self._waiting_bytes = 0
        for data in waiting:
            try:
                self.take(data)
            except Exception:  # what waits behind it is taken all the same
                log.exception("a request after a login failed")
                self.write(self.head.error(Problem(64007)))

    # --- subscriptions

    def _subscribe(self, request: Request) -> None:
        head = self.head._replace(request_id=request.id)
        started: set[Hashable] = set()
        for arg in requests.arguments(request):
            try:
                subscription = channels.find(self.server, self, arg)
            except Problem as problem:
                self.write(head.error(problem))
                continue
            other = next((key for key in subscription.excludes if key in self.topics), None)
            if other is not None:
                self.write(head.error(Problem(64004, channels.name_of(arg), other[0])))
                continue
            self.write(head.event("subscribe", arg=arg))
            # A short request cannot ask for the same long snapshot a thousand times.
            if subscription.key not in started:
                started.add(subscription.key)
                self._join(arg["channel"], subscription)

    def _join(self, channel: str, subscription: channels.Subscription) -> None:
        if subscription.key in self.topics:
            # Asked for again: what the channel starts from is sent again.
            self._put_on(subscription)
            return
        if channel in COUNTED and self.key is not None:
            name = "channel-conn-count"
            # Connections are counted, however often each of them subscribes.
            held = self._holds(channel)
            count = self.server.count(self.key.uid, channel, 0 if held else 1)
            if count is None:
                name += "-error"
                count = self.server.connections(self.key.uid, channel)
            self.write(self.head.event(name, channel=channel, connCount=str(count)))
            if name.endswith("error"):
                return
        self.topics[subscription.key] = subscription
        self._put_on(subscription)

    def _put_on(self, one: channels.Subscription) -> None:
        hub = self.server.hub
        hub.join(one.key, one.make, self, fast=one.fast, every_ms=one.every_ms)

    def _unsubscribe(self, request: Request) -> None:
        head = self.head._replace(request_id=request.id)
        for arg in requests.arguments(request):
            try:
                subscription = channels.find(self.server, self, arg)
            except Problem as problem:
                self.write(head.error(problem))
                continue
            self._drop(subscription.key)
            self.write(head.event("unsubscribe", arg=arg))

    def _drop(self, key: Hashable) -> None:
        subscription = self.topics.pop(key, None)
        if subscription is None:
            return
        self.server.hub.leave(key, self)
        channel = subscription.channel
        if channel in COUNTED and self.key is not None and not self._holds(channel):
            self.server.count(self.key.uid, channel, -1)

    def _holds(self, channel: str) -> bool:
        return any(one.channel == channel for one in self.topics.values())


def _nowhere(_frame: bytes) -> None:
    """Where frames go before the connection is up."""
