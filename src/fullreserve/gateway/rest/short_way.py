"""uvicorn's HTTP protocol with a shorter way for placing an order, and for reading.

ASGI gives every request a task, two events and four messages; that costs more CPU than all that an
order needs of the gateway. `POST trade/order` is therefore answered without it when nothing stands
in the way: no other request of the connection in flight, no paused writing, no query, no `Expect`.
One that arrives whole and unadorned is not even parsed by uvicorn, any other in its callbacks. Nor
is a read: it gets a task only when it has to wait. Everything else takes uvicorn's own way, with
the same results.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from fullreserve.exchange.order_requests import whole_request
from fullreserve.gateway import wire
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.address import by_name
from fullreserve.gateway.rest.app import (
    BODY_MAX,
    ORDER_TARGET,
    Header,
    RestApp,
    too_large,
)
from fullreserve.gateway.rest.route import API

ORDER_URL = ORDER_TARGET[2]
SIGNED_ORDER = b"POST " + ORDER_URL + b" "
SIGNED_READS = tuple(
    f"GET {API}{group}/".encode() for group in ("account", "trade", "asset", "users")
)
HEAD_BYTES_MAX = 32 * 1024
PIECE_BYTES = 8 * 1024
HEAD_TOO_LARGE = f"without its body the request is larger than {HEAD_BYTES_MAX} bytes"
# How long a client may take to send a whole request; idle connections between requests have
# uvicorn's own, shorter time.
REQUEST_WAIT_S = 10
# Where all connections are taken, those that owe a request for so long make room for new ones.
ROOM_AFTER_S = 1.0
# How much of a body that was refused is still read, so that its sender comes to read the answer.
UNREAD_MAX = 8 * BODY_MAX
# How many requests may wait behind one that is not answered; a client that sends more is hung up
# on, because each of them holds memory.
PIPELINED_MAX = 64


class _NobodyWaits:
    """Stands where uvicorn's cycle has the event that wakes its task."""

    def set(self) -> None:
        """Nothing to wake."""


class _Asked:
    """A request on its way, in the place of uvicorn's cycle."""

    __slots__ = ("body", "disconnected", "keep_alive", "more_body", "response_complete")

    message_event: ClassVar[_NobodyWaits] = _NobodyWaits()

    def __init__(self, *, keep_alive: bool) -> None:
        self.body = b""
        self.more_body = True
        self.keep_alive = keep_alive
        self.disconnected = False
        self.response_complete = False


class _Head:
    """What all answers begin with; uvicorn has a new list of it when the second changes."""

    def __init__(self) -> None:
        self._fields: list[Header] = []
        self._text = b""

    def of(self, fields: list[Header]) -> bytes:
        if fields is not self._fields:
            lines = [(b"content-type", b"application/json"), *fields]
            self._text = b"".join(b"%b: %b\r\n" % field for field in lines)
            self._fields = fields
        return self._text


def short_way(app: RestApp, connections_max: int) -> type[Protocol]:
    """The protocol class for a server of this application with at most so many connections."""

    class Bound(Protocol):
        rest = app
        most = connections_max

    return Bound


class Protocol(HttpToolsProtocol):
    """One connection; `patrol` it now and then."""

    rest: ClassVar[RestApp]
    most: ClassVar[int]
    _head: ClassVar[_Head] = _Head()
    cycle: Any
    _order: _Asked | None = None
    _within = False
    # Of a body that was refused, what may still come; None while none was.
    _unread: int | None = None
    _quiet_since_s = 0.0
    # Since when a request is waited for, from its first byte or from the connection's start.
    waits_since_s: float | None = None
    # Bytes of the request that is being received, without its body: head, chunk sizes, trailer.
    _beside_body = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.waits_since_s = self.loop.time()
        if len(self.connections) > self.most and not self._make_room():
            self._hang_up(Problem(50013, http=503))

    def _make_room(self) -> bool:
        """Ends connections that owe a request, the longest waiting first; False without such."""
        before_s = self.loop.time() - ROOM_AFTER_S
        waiting = [
            (one.waits_since_s, id(one), one)
            for one in self.connections
            if isinstance(one, Protocol) and (one.waits_since_s or before_s) < before_s
        ]
        # Many at once, so that a flood of them is not looked through for each newcomer.
        for _, _, one in sorted(waiting)[: 1 + self.most // 16]:
            one.transport.abort()
        return bool(waiting)

    def _unsupported_upgrade_warning(self) -> None:
        """Says nothing: a client's mistake, and no advice to the operator on what to install."""

    def patrol(self, now_s: float) -> None:
        """Closes the connection when a whole request has been due for too long."""
        since_s = self.waits_since_s
        if since_s is not None and now_s - since_s > REQUEST_WAIT_S:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        if not self._within and self._is_answered() and self._take_signed(data):
            return
        read = None if self._within or not self._is_answered() else whole_request(data)
        if read is None or self.flow.write_paused:
            self._parse(data)
            return
        is_post, path, query, headers, body = read
        if len(data) - len(body) > HEAD_BYTES_MAX:
            self._parse(data)
            return
        asked = _Asked(keep_alive=True)
        if is_post:
            if path != ORDER_URL or query or len(body) > BODY_MAX:
                self._parse(data)
                return
            self.waits_since_s = None
            self.cycle = asked
            address = self.rest.context.proxies.caller(self.client, headers)
            self.rest.order(headers, body, address, partial(self._respond, asked))
            return
        route = self.rest.route("GET", path.decode())
        if route is None:
            self._parse(data)
            return
        self.waits_since_s = None
        self.cycle = asked
        address = self.rest.context.proxies.caller(self.client, headers)
        self.rest.read(route, path, query, headers, address, partial(self._respond, asked))

    def _take_signed(self, data: bytes) -> bool:
        """Answers a request of a caller that is known; False, with nothing done, for others."""
        if len(data) > HEAD_BYTES_MAX or self.flow.write_paused:
            return False
        before = self.cycle
        self.cycle = asked = _Asked(keep_alive=True)
        respond = partial(self._respond, asked)
        if data.startswith(SIGNED_ORDER):
            taken = self.rest.signed_order(data, self.client, respond)
        else:
            taken = data.startswith(SIGNED_READS) and self.rest.signed_read(
                data, self.client, respond
            )
        if taken:
            self.waits_since_s = None
        else:
            self.cycle = before
        return taken

    def _is_answered(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _parse(self, data: bytes) -> None:
        """The server's own way, as long as the head of a request has an end."""
        if self._unread is not None:
            self._pass_over(len(data))
            return
        if self.transport.is_closing():
            return
        # In small pieces, because what is beyond the limit must not be looked at.
        content = memoryview(data)
        while content and self._unread is None and not self.transport.is_closing():
            piece, content = content[:PIECE_BYTES], content[PIECE_BYTES:]
            if self._beside_body > HEAD_BYTES_MAX:
                self._hang_up(Problem(90012, allowed=HEAD_TOO_LARGE, http=431))
                return
            self._beside_body += len(piece)
            super().data_received(bytes(piece))

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= PIPELINED_MAX:
            self.transport.close()
        self._within = True
        self.waits_since_s = self.loop.time()
        super().on_message_begin()

    def _hang_up(self, problem: Problem) -> None:
        content = wire.refusal(problem.code, problem.message)
        head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[problem.http] + head % len(content) + content)
        self.transport.close()

    def _refuse_body(self, order: _Asked) -> None:
        """Answers a body that is too large at once, and takes nothing more of this connection."""
        self._unread = UNREAD_MAX
        order.keep_alive = False
        problem: Problem = too_large()
        self._respond(order, problem.http, wire.refusal(problem.code, problem.message))

    def _pass_over(self, size: int) -> None:
        """Takes what a client still sends of a body that was refused, up to a bound."""
        assert self._unread is not None
        self._unread -= size
        if self._unread < 0:
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the parser's own words
        """What is no HTTP is answered in the envelope too, then hung up on."""
        self._hang_up(Problem(90012, allowed="send HTTP/1.1 with a plain head"))

    def on_headers_complete(self) -> None:
        self._order = None
        if self.transport.is_closing() or self._unread is not None:
            return
        if self._is_answered() and self._is_too_large():
            self.cycle = self._order = _Asked(keep_alive=False)
            self._refuse_body(self._order)
            return
        if self.url == ORDER_URL and self._is_free():
            parser = self.parser
            if parser.get_method() == b"POST" and parser.get_http_version() == "1.1":
                self.cycle = self._order = _Asked(keep_alive=parser.should_keep_alive())
                return
        super().on_headers_complete()

    def _is_too_large(self) -> bool:
        """Whether the head announces a body that no endpoint takes."""
        lengths = (value for name, value in self.headers if name == b"content-length")
        return any(int(value) > BODY_MAX for value in lengths)

    def _is_free(self) -> bool:
        return (
            self._is_answered()
            and not self.expect_100_continue
            and not self.flow.write_paused
            and not self.parser.should_upgrade()
        )

    def on_body(self, body: bytes) -> None:
        self._beside_body -= len(body)
        order = self._order
        if order is None:
            super().on_body(body)
        elif not order.response_complete:
            order.body = order.body + body if order.body else body
            if len(order.body) > BODY_MAX:
                self._refuse_body(order)

    def on_message_complete(self) -> None:
        if self._unread is not None:
            return
        self._within = False
        self._beside_body = 0
        self.waits_since_s = None
        order = self._order
        if order is None:
            super().on_message_complete()
        elif not order.response_complete:
            headers = by_name(self.headers)
            address = self.rest.context.proxies.caller(self.client, headers)
            self.rest.order(headers, order.body, address, partial(self._respond, order))

    def _respond(
        self, order: _Asked, status: int, content: bytes, extra: Sequence[Header] = ()
    ) -> None:
        order.response_complete = True
        transport = self.transport
        if not (order.disconnected or transport.is_closing()):
            close = b"" if order.keep_alive else b"connection: close\r\n"
            head = self._head.of(self.server_state.default_headers)
            if extra:
                head += b"".join(b"%b: %b\r\n" % field for field in extra)
            transport.write(
                b"%b%bcontent-length: %d\r\n%b\r\n%b"
                % (STATUS_LINE[status], head, len(content), close, content)
            )
            if not order.keep_alive:
                self._end()
        if self.pipeline:
            self.on_response_complete()
            return
        self.server_state.total_requests += 1
        # Set again when it rings, not for each request: most connections go on at once.
        self._quiet_since_s = self.loop.time()
        if self.timeout_keep_alive_task is None and not transport.is_closing():
            self._wait_for_more(self.timeout_keep_alive)

    def _end(self) -> None:
        """Says no more; closed with something unread, the answer could be lost on its way."""
        if self._unread is not None and self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()

    def _wait_for_more(self, wait_s: float) -> None:
        handler = self.timeout_keep_alive_handler
        self.timeout_keep_alive_task = self.loop.call_later(wait_s, handler)

    def timeout_keep_alive_handler(self) -> None:
        """Closes a connection that nothing was asked on for the time; looks again otherwise."""
        left_s = self._quiet_since_s + self.timeout_keep_alive - self.loop.time()
        if self._is_answered() and left_s <= 0:
            super().timeout_keep_alive_handler()
        else:
            self._wait_for_more(left_s if left_s > 0 else self.timeout_keep_alive)
