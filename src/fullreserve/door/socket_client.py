"""The door's Unix socket, on the gateway's side.

What was submitted and not answered when the connection is lost is submitted again with the same
numbers, so that each submission has one outcome. Streams and questions go on as well.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

import msgspec
import structlog

from fullreserve.clock import Clock
from fullreserve.door.frames import (
    PROTOCOL_VERSION,
    STREAM_CREDITS,
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
    RowFrame,
    Submit,
    Welcome,
    frame,
    from_exchange,
)
from fullreserve.door.protocol import (
    Gone,
    Health,
    Limit,
    Refused,
    Result,
    Row,
    Unavailable,
    Unreadable,
)
from fullreserve.door.remembered import Remembered
from fullreserve.exchange.wire.queries import AnyQuestion

# How long an outage is ridden out before who waits is told that the outcome is unknown.
OUTAGE_MAX_MS = 10_000
RECONNECT_FIRST_MS = 20
RECONNECT_LONGEST_MS = 1_000

PENDING_MAX = 20_000  # commands submitted and not answered

DISCONNECTED = Refused(50001, "Service temporarily unavailable: no connection", known=True)
BUSY = Refused(50013, "Systems are busy. Please try again later.", known=True)
UNKNOWN = Refused(50004, "The outcome is unknown; repeat with the same numbers", known=False)

_encode = msgspec.msgpack.Encoder().encode

T = TypeVar("T")

log = structlog.get_logger(__name__)


class Submitted(NamedTuple):
    """A submission whose answer has not come."""

    commands: Sequence[bytes]
    done: Callable[[Result], None]

    def tell(self, result: Result) -> None:
        """Says the outcome."""
        try:
            self.done(result)
        except Exception:  # one listener's mistake may not end what the others wait for
            log.exception("listener failed", result=str(result)[:200])


class SocketDoor:
    """`door.protocol.Door` over the socket; use `open`. One event loop.

    With gateway 0 it only reads. `closed` is set when it cannot go on: it was closed, the exchange
    does not come back, or rows were missed that are no longer kept; a new one starts afresh.

    One that `lasts` is of who only asks and outlives exchanges: it waits for one for ever, and
    says Unavailable meanwhile.
    """

    def __init__(self, path: Path, gateway: int, clock: Clock, *, lasts: bool = False) -> None:
        assert not (lasts and gateway), "what is submitted has one outcome, in a bounded time"
        self._lasts = lasts
        self._is_away = False
        self.closed = asyncio.Event()
        self._path = path
        self._gateway = gateway
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._ids = itertools.count(1)
        self._remembered = Remembered()
        self._next = 0
        self._wire: _Wire | None = None
        self._connected = asyncio.Event()
        self._submitted: dict[int, Submitted] = {}
        self._pending = 0
        self._asked: dict[int, tuple[Message, asyncio.Future[bytes]]] = {}
        self._streams: dict[int, asyncio.Queue[Row | Exception]] = {}
        self._followers: list[Callable[[Row], None]] = []
        self._following: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls, path: Path, gateway: int, clock: Clock, *, lasts: bool = False
    ) -> SocketDoor:
        """A connected door; Unavailable when nobody answers at `path`, or not to this gateway.

        One that lasts need not be connected yet.
        """
        door = cls(path, gateway, clock, lasts=lasts)
        try:
            await door._connect()
        except OSError as problem:
            if not lasts:
                raise Unavailable(f"No exchange answers at {path}: {problem}") from problem
            door._is_away = True
            door._keeping = door._loop.create_task(door._reconnect())
        return door

    @property
    def gateway(self) -> int:
        return self._gateway

    def numbers(self, count: int) -> int:
        first = self._next
        self._next += count
        return first

    # Connection

    async def _connect(self) -> None:
        wire = _Wire(self)
        await self._loop.create_unix_connection(lambda: wire, str(self._path))
        wire.send(frame(Hello(PROTOCOL_VERSION, self._gateway)))
        welcome = await wire.welcome
        self._wire = wire
        self._is_away = False
        # Numbers that were handed out and never arrived are not handed out twice.
        self._next = max(self._next, welcome.highest + 1)
        for number, submitted in self._submitted.items():
            # They were within their limits when they were first submitted.
            wire.send(frame(Submit(number, list(submitted.commands), [])))
        for message, _ in self._asked.values():
            wire.send(frame(message))
        self._connected.set()

    def lost(self, wire: _Wire) -> None:
        """The connection is gone; brings it back."""
        if wire is not self._wire:
            return
        self._wire = None
        self._connected.clear()
        for queue in self._streams.values():
            _put(queue, Unavailable("the connection was lost"))
        if not self.closed.is_set():
            self._keeping = self._loop.create_task(self._reconnect())

    async def _reconnect(self) -> None:
        wait_ms = RECONNECT_FIRST_MS
        started_ns = self._clock.monotonic_ns()
        while self._lasts or self._clock.monotonic_ns() - started_ns < OUTAGE_MAX_MS * 1_000_000:
            if self._clock.monotonic_ns() - started_ns >= OUTAGE_MAX_MS * 1_000_000:
                self._say_away("the exchange is away")
            await self._clock.wait_ms(wait_ms)
            try:
                await self._connect()
            except (OSError, Unavailable):
                wait_ms = min(2 * wait_ms, RECONNECT_LONGEST_MS)
            else:
                log.info("door connected again", gateway=self._gateway)
                return
        self._give_up("the exchange did not come back")

    def _give_up(self, why: str) -> None:
        if self.closed.is_set():
            return
        self.closed.set()
        self._connected.set()
        submitted, self._submitted = self._submitted, {}
        for waiting in submitted.values():
            waiting.tell(UNKNOWN)
        self._say_away(why)
        for queue in self._streams.values():
            _put(queue, Unavailable(why))

    def _say_away(self, why: str) -> None:
        """To who asks, and who will until an exchange is there again."""
        if self._lasts and not self._is_away and not self.closed.is_set():
            log.warning("door waits for an exchange", problem=why)
        self._is_away = True
        asked, self._asked = self._asked, {}
        for _, answer in asked.values():
            if not answer.done():
                answer.set_exception(Unavailable(why))

    async def close(self) -> None:
        """Ends the connection; who waits is told that the outcome is unknown."""
        self._give_up("the door was closed")
        for task in (self._keeping, self._following):
            if task is not None:
                task.cancel()
        if self._wire is not None:
            self._wire.close()

    # Door

    def submit(
        self,
        commands: Sequence[bytes],
        done: Callable[[Result], None],
        limits: Sequence[Limit] = (),
    ) -> None:
        if self._wire is None:
            done(DISCONNECTED)
            return
        if self._pending + len(commands) > PENDING_MAX:
            done(BUSY)
            return
        number = next(self._ids)
        self._submitted[number] = Submitted(commands, done)
        self._pending += len(commands)
        fields = [one.fields for one in limits]
        self._wire.send(frame(Submit(number, list(commands), fields)))

    async def query(self, query: AnyQuestion) -> Any:
        number = next(self._ids)
        answer = await self._ask(number, Ask(number, _encode(query)))
        return self._remembered.decode(query, answer)

    async def _ask(self, number: int, message: Message) -> bytes:
        if self.closed.is_set():
            raise Unavailable("the door is closed")
        if self._is_away:
            raise Unavailable("the exchange is away")
        answer: asyncio.Future[bytes] = self._loop.create_future()
        self._asked[number] = (message, answer)
        if self._wire is not None:
            self._wire.send(frame(message))
        try:
            return await answer
        finally:
            self._asked.pop(number, None)

    async def _call(self, name: str, answer: type[T], *arguments: object) -> T:
        number = next(self._ids)
        data = await self._ask(number, Call(number, name, list(arguments)))
        return msgspec.msgpack.decode(data, type=answer)

    async def health(self) -> Health:
        return await self._call("health", Health)

    async def report(self, projection: str, sequence: int, finished_total: int) -> None:
        await self._call("report", type(None), projection, sequence, finished_total)

    async def moved(self, after: int) -> int:
        return await self._call("moved", int, after)

    async def skips(self) -> list[int]:
        return await self._call("skips", list[int])

    async def confirm_time(self) -> int:
        return await self._call("confirm_time", int)

    async def is_payer(self, pid: int) -> bool:
        """Whether the exchange started that process of this machine to pay withdrawals."""
        return await self._call("is_payer", bool, pid)

    def follow(self, rows: Callable[[Row], None]) -> Callable[[], None]:
        self._followers = [*self._followers, rows]
        if self._following is None:
            self._following = self._loop.create_task(self._follow())

        def stop() -> None:
            self._followers = [follower for follower in self._followers if follower is not rows]

        return stop

    async def _follow(self) -> None:
        """Rows to all followers, none left out over an outage."""
        try:
            health = await self.health()
            async for row in self.stream(health.durable + 1):
                for follower in self._followers:
                    try:
                        follower(row)
                    except Exception:  # its mistake may not keep the others from hearing
                        log.exception("follower failed", sequence=row.sequence)
        except Gone as gone:
            log.warning("followed rows were missed", oldest=gone.oldest)
            self._give_up(str(gone))
        except Unavailable as problem:
            is_there = isinstance(problem, Unreadable)
            self._give_up(str(problem) if is_there else "the exchange has stopped")

    async def stream(self, from_sequence: int, events: bool = True) -> AsyncIterator[Row]:
        position = from_sequence
        while not self.closed.is_set():
            await self._connected.wait()
            if self._wire is None:
                continue
            number = next(self._ids)
            queue: asyncio.Queue[Row | Exception] = asyncio.Queue()
            self._streams[number] = queue
            self._wire.send(frame(OpenStream(number, position, events, STREAM_CREDITS)))
            try:
                async for row in self._rows(number, queue):
                    position = row.last + 1
                    yield row
            finally:
                self._streams.pop(number, None)
                if self._wire is not None:
                    self._wire.send(frame(CloseStream(number)))
        raise Unavailable("the door is closed")

    async def _rows(self, number: int, queue: asyncio.Queue[Row | Exception]) -> AsyncIterator[Row]:
        """Rows until the connection is lost; gives credit back when half of it is used."""
        used = 0
        while True:
            item = await queue.get()
            # A lost connection comes again; a log that cannot be read would be asked for ever.
            is_away = isinstance(item, Unavailable) and not isinstance(item, Unreadable)
            if is_away and not self.closed.is_set():
                return
            if isinstance(item, Exception):
                raise item
            used += 1
            if used >= STREAM_CREDITS // 2 and self._wire is not None:
                self._wire.send(frame(Credit(number, used)))
                used = 0
            yield item

    # What arrives

    def receive(self, message: Message) -> None:
        """Gives a message to who waits for it."""
        if isinstance(message, Replied):
            self._done(message.id, message.replies)
        elif isinstance(message, RefusedSubmit):
            self._done(message.id, Refused(message.code, message.message, message.known))
        elif isinstance(message, RowFrame):
            queue = self._streams.get(message.id)
            if queue is not None:
                queue.put_nowait(message.row())
        elif isinstance(message, Answer):
            asked = self._asked.get(message.id)
            if asked is not None and not asked[1].done():
                asked[1].set_result(message.answer)
        elif isinstance(message, Failure):
            self._fail(message)
        elif isinstance(message, Goodbye):
            log.info("door closed by the exchange", why=message.why)

    def _done(self, number: int, result: Result) -> None:
        submitted = self._submitted.pop(number, None)
        if submitted is not None:
            self._pending -= len(submitted.commands)
            submitted.tell(result)

    def _fail(self, failure: Failure) -> None:
        problem: Exception = Unavailable(failure.message)
        if failure.kind == "malformed":
            problem = ValueError(failure.message)
        elif failure.kind == "unreadable":
            problem = Unreadable(failure.message)
        elif failure.kind == "gone":
            problem = Gone(failure.oldest)
        if failure.id in self._streams:
            _put(self._streams[failure.id], problem)
        asked = self._asked.get(failure.id)
        if asked is not None and not asked[1].done():
            asked[1].set_exception(problem)


def _put(queue: asyncio.Queue[Row | Exception], problem: Exception) -> None:
    queue.put_nowait(problem)


class _Wire(asyncio.Protocol):
    """One connection."""

    def __init__(self, door: SocketDoor) -> None:
        self._door = door
        self._frames = Frames()
        self._outbox = Outbox()
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self.welcome: asyncio.Future[Welcome] = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        self._transport = None
        if not self.welcome.done():
            self.welcome.set_exception(Unavailable("the exchange hung up"))
        self._door.lost(self)

    def data_received(self, data: bytes) -> None:
        try:
            for body in self._frames.feed(data):
                message = from_exchange.decode(body)
                if isinstance(message, Welcome):
                    self.welcome.set_result(message)
                elif isinstance(message, Goodbye) and not self.welcome.done():
                    self.welcome.set_exception(Unavailable(message.why))
                else:
                    self._door.receive(message)
        except (BadFrame, msgspec.DecodeError) as problem:
            log.warning("bad frame from the exchange", problem=str(problem))
            self.close()

    def send(self, data: bytes) -> None:
        if self._transport is not None and self._outbox.add(data):
            self._loop.call_soon(self._write)

    def _write(self) -> None:
        data = self._outbox.take()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
