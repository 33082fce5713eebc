"""The door's Unix socket, on the exchange's side."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from typing import Any, cast

import msgspec
import structlog

from fullreserve.door.exchange_side import ExchangeSide
from fullreserve.door.frames import (
    CLIENT_FRAME_BYTES_MAX,
    PROTOCOL_VERSION,
    Answer,
    Ask,
    BadFrame,
    Call,
    CloseStream,
    Credit,
    Failure,
    Frames,
    Goodbye,
    Hello,
    Message,
    OpenStream,
    Outbox,
    RefusedSubmit,
    Replied,
    Submit,
    Welcome,
    frame,
    from_client,
    row_frame,
)
from fullreserve.door.protocol import Gone, Limit, Refused, Result, Unavailable
from fullreserve.exchange.wire.queries import GetGateway

SOCKET_NAME = "door.sock"

# A peer that does not take its answers is cut off at this much, and comes back when it can.
OUT_BYTES_MAX = 64 << 20
QUESTIONS_MAX = 1024  # asked and not answered yet, of one connection
STREAMS_MAX = 64

# What a Unix socket's address can hold, https://man7.org/linux/man-pages/man7/unix.7.html
_PATH_BYTES_MAX = 107

_encode = msgspec.msgpack.Encoder().encode


class _Head(msgspec.Struct, array_like=True):
    """How every command begins; what follows is passed over."""

    tag: int
    gateway: int


_head = msgspec.msgpack.Decoder(_Head).decode

MALFORMED = Refused(51000, "Parameter error", known=True)
NOT_YOURS = Refused(51000, "A command names another gateway than its connection", known=True)

log = structlog.get_logger(__name__)


class SocketServer:
    """Serves the door at a path, mode 0600; use `start`.

    `reserved` are gateway ids that nobody may take: those of doors in process. `payers` tells the
    numbers of the processes that were started to pay withdrawals, as of now.
    """

    def __init__(self, exchange: ExchangeSide, reserved: tuple[int, ...]) -> None:
        self.exchange = exchange
        self.payers: Callable[[], Collection[int]] = tuple
        self.reserved = reserved
        self.connections: dict[Connection, None] = {}
        self._server: asyncio.Server | None = None
        self._path: Path | None = None

    @classmethod
    async def start(
        cls, exchange: ExchangeSide, path: Path, reserved: tuple[int, ...] = ()
    ) -> SocketServer:
        """Listens at `path`, which nobody else does; ValueError when the path is too long."""
        if len(bytes(path)) > _PATH_BYTES_MAX:
            raise ValueError(
                f"The path {path} is too long for a Unix socket; set FULLRESERVE_DATA to a "
                f"folder with a shorter one (at most {_PATH_BYTES_MAX} bytes with the socket)."
            )
        server = cls(exchange, reserved)
        path.unlink(missing_ok=True)  # noqa: ASYNC240 - at the start, nothing waits
        loop = asyncio.get_running_loop()
        server._server = await loop.create_unix_server(lambda: Connection(server), str(path))
        path.chmod(0o600)  # noqa: ASYNC240 - likewise
        server._path = path
        return server

    async def close(self) -> None:
        """Says goodbye to all and stops listening."""
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.end("the exchange is shutting down")
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    async def is_payer(self, pid: int) -> bool:
        """Whether a process is one of those: the launcher's word, not that of who asks."""
        return pid > 0 and pid in self.payers()

    def replace(self, newcomer: Connection) -> None:
        """Ends an older connection of the same gateway: its client has come back."""
        for connection in list(self.connections):
            if connection is not newcomer and newcomer.gateway == connection.gateway != 0:
                connection.end("this gateway has connected again")


class Stream:
    """One stream of a connection: its task and the rows it may still send."""

    def __init__(self, credits_given: int) -> None:
        self.credits = credits_given
        self.more = asyncio.Event()
        self.task: asyncio.Task[None] | None = None


class Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, server: SocketServer) -> None:
        self.gateway = 0
        self._server = server
        self._exchange = server.exchange
        self._frames = Frames(CLIENT_FRAME_BYTES_MAX)
        self._outbox = Outbox()
        self._transport: asyncio.Transport | None = None
        self._greeted = False
        self._tasks: dict[asyncio.Task[None], None] = {}
        self._streams: dict[int, Stream] = {}
        self._loop = asyncio.get_running_loop()
        self._handlers: dict[type[Message], Callable[[Any], None]] = {
            Submit: self._submit,
            Ask: self._ask,
            Call: self._call,
            OpenStream: self._open_stream,
            Credit: self._credit,
            CloseStream: self._close_stream,
        }

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._server.connections[self] = None

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        self._transport = None
        self._server.connections.pop(self, None)
        for task in list(self._tasks):
            task.cancel()

    def data_received(self, data: bytes) -> None:
        try:
            for body in self._frames.feed(data):
                self._receive(from_client.decode(body))
        except (BadFrame, msgspec.DecodeError) as problem:
            self.end(f"bad frame: {problem}")

    def _receive(self, message: Message) -> None:
        handler = self._handlers.get(type(message))
        if self._greeted and handler is not None:
            handler(message)
        elif isinstance(message, Hello) and not self._greeted:
            self._greeted = True
            self._spawn(self._hello(message))
        else:
            self.end("hello comes first, and once")

    # Sending

    def send(self, data: bytes) -> None:
        """Queues a frame for the end of this turn of the loop."""
        if self._transport is not None and self._outbox.add(data):
            self._loop.call_soon(self._write)

    def _write(self) -> None:
        data = self._outbox.take()
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > OUT_BYTES_MAX:
            log.warning("slow reader cut off", gateway=self.gateway)
            self._transport.abort()

    def end(self, why: str) -> None:
        """Says why and closes."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(self._outbox.take() + frame(Goodbye(why)))
            self._transport.close()

    # Messages

    async def _hello(self, hello: Hello) -> None:
        if hello.version != PROTOCOL_VERSION:
            self.end(f"protocol {PROTOCOL_VERSION} is spoken here")
            return
        if hello.gateway in self._server.reserved:
            self.end(f"gateway {hello.gateway} is taken")
            return
        self.gateway = hello.gateway
        self._server.replace(self)
        # What the older connection submitted counts among the numbers seen.
        await self._exchange.taken()
        try:
            highest = await self._exchange.query(_encode(GetGateway(gateway=self.gateway)))
        except Unavailable as problem:
            self.end(str(problem))
            return
        self.send(frame(Welcome(PROTOCOL_VERSION, msgspec.msgpack.decode(highest, type=int))))

    def _submit(self, message: Submit) -> None:
        def done(result: Result) -> None:
            if isinstance(result, Refused):
                self.send(frame(RefusedSubmit(message.id, *result)))
            else:
                self.send(frame(Replied(message.id, list(result))))

        if not self.gateway:
            self.end("gateway 0 only reads")
            return
        # Another gateway's numbers would count as used, and its own commands as repeated.
        refusal = self._foreign(message.commands)
        if refusal is not None:
            done(refusal)
            return
        limits = [
            Limit(tuple(key), burst, window, cost, code)
            for key, burst, window, cost, code in message.limits
        ]
        self._exchange.submit(message.commands, done, limits)

    def _foreign(self, commands: list[bytes]) -> Refused | None:
        try:
            own = all(_head(command).gateway == self.gateway for command in commands)
        except msgspec.DecodeError:
            return MALFORMED
        return None if own else NOT_YOURS

    def _ask(self, message: Ask) -> None:
        self._spawn(self._answer(message.id, self._exchange.query(message.query)))

    def _call(self, message: Call) -> None:
        calls: dict[str, Callable[..., Awaitable[Any]]] = {
            "health": self._exchange.health,
            "report": self._exchange.report,
            "moved": self._exchange.moved,
            "skips": self._exchange.skips,
            "confirm_time": self._exchange.confirm_time,
            "is_payer": self._server.is_payer,
        }
        if message.name not in calls:
            self.send(frame(Failure(message.id, "malformed", f"there is no {message.name}")))
            return

        async def called() -> bytes:
            return _encode(await calls[message.name](*message.arguments))

        self._spawn(self._answer(message.id, called()))

    async def _answer(self, number: int, question: Awaitable[bytes]) -> None:
        try:
            self.send(frame(Answer(number, await question)))
        except (ValueError, TypeError) as problem:
            self.send(frame(Failure(number, "malformed", str(problem))))
        except Unavailable as problem:
            self.send(frame(Failure(number, "unavailable", str(problem))))
        except Exception:
            # Whatever it is, who asked may not wait for ever; the operator's log says more.
            log.exception("question failed", gateway=self.gateway)
            self.send(frame(Failure(number, "unavailable", "the exchange could not answer")))

    def _open_stream(self, message: OpenStream) -> None:
        if len(self._streams) >= STREAMS_MAX or message.id in self._streams:
            self.end("too many streams")
            return
        stream = self._streams[message.id] = Stream(message.credits)
        stream.task = self._spawn(self._run_stream(message, stream))

    async def _run_stream(self, message: OpenStream, stream: Stream) -> None:
        try:
            async for row in self._exchange.stream(message.from_sequence, message.events):
                while stream.credits <= 0:
                    stream.more.clear()
                    await stream.more.wait()
                stream.credits -= 1
                self.send(row_frame(message.id, row))
        except Gone as gone:
            self.send(frame(Failure(message.id, "gone", str(gone), gone.oldest)))
        except Unavailable as problem:
            self.send(frame(Failure(message.id, "unavailable", str(problem))))
        except Exception:
            # As above: an answer to the client, the cause to the operator.
            log.exception("stream failed", gateway=self.gateway)
            self.send(frame(Failure(message.id, "unreadable", "the log could not be read")))
        finally:
            self._streams.pop(message.id, None)

    def _credit(self, message: Credit) -> None:
        stream = self._streams.get(message.id)
        if stream is not None:
            stream.credits += message.credits
            stream.more.set()

    def _close_stream(self, message: CloseStream) -> None:
        stream = self._streams.get(message.id)
        if stream is not None and stream.task is not None:
            stream.task.cancel()

    def _spawn(self, work: Any) -> asyncio.Task[None]:
        if len(self._tasks) >= QUESTIONS_MAX:
            self.end("too many questions at once")
        task: asyncio.Task[None] = self._loop.create_task(work)
        self._tasks[task] = None
        task.add_done_callback(lambda done: self._tasks.pop(done, None))
        return task
