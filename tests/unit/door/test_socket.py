"""Goal: what only a socket can do wrong: lost replies, slow readers, strangers, broken frames."""

from __future__ import annotations

import asyncio
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fullreserve.clock import ManualClock, SystemClock
from fullreserve.door import frames, socket_client
from fullreserve.door.frames import BadFrame, Frames, Hello, OpenStream, frame
from fullreserve.door.protocol import Refused, Result, Row, Unavailable, Unreadable
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME, SocketServer
from fullreserve.exchange.wire.commands import Side, encode
from fullreserve.exchange.wire.queries import GetStatus
from fullreserve.journal.errors import JournalError
from fullreserve.journal.sequencer import ROWS_IN_FLIGHT
from tests.bed import ALICE, WAIT_S, Bed, order, place, submit, turn, until
from tests.broken_disk import Disk


@pytest.fixture
async def bed(tmp_path: Path) -> AsyncIterator[Bed]:
    opened = await Bed.open(tmp_path)
    yield opened
    await opened.close()


async def test_the_socket_is_its_owners_alone(bed: Bed) -> None:
    """Criterion: LOG-11.6"""
    path = bed.folder / SOCKET_NAME
    server = await SocketServer.start(bed.sequencer, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    await server.close()
    assert not path.exists()


async def test_a_lost_reply_is_asked_for_again(bed: Bed) -> None:
    """Criterion: LOG-11.4. The connection breaks between the commit and the reply."""
    path = bed.folder / SOCKET_NAME
    server = await SocketServer.start(bed.sequencer, path)
    door = await SocketDoor.open(path, 1, SystemClock())
    rows: list[Row] = []
    door.follow(rows.append)
    await door.query(GetStatus())
    disk = Disk(bed.journal)
    disk.hold()
    commands = [order(door, ALICE, Side.BUY, 400_000, 10) for _ in range(3)]
    results = [asyncio.ensure_future(submit(door, [command])) for command in commands]
    await until(lambda: bed.sequencer.machine.core.open_orders == 3)
    await server.close()
    await until(lambda: door._wire is None)
    refused = await submit(door, [order(door, ALICE, Side.BUY, 400_000, 10)])
    assert isinstance(refused, Refused)
    assert refused.known, "nothing was sent"
    disk.release()
    server = await SocketServer.start(bed.sequencer, path)
    replies = [(await result)[0] for result in results]
    assert all(reply.duplicate_of for reply in replies)  # type: ignore[union-attr]
    assert bed.sequencer.machine.core.open_orders == 3, "nothing was done twice"
    # The followers miss no row over the outage.
    await until(lambda: rows and rows[-1].last == bed.journal.head.sequence)
    first = rows[0].sequence
    assert [row.sequence for row in rows] == [e.sequence for e in bed.journal.read(first)]
    await door.close()
    await server.close()


async def test_an_exchange_that_does_not_come_back_leaves_outcomes_unknown(bed: Bed) -> None:
    """Criterion: LOG-1.3"""
    path = bed.folder / SOCKET_NAME
    server = await SocketServer.start(bed.sequencer, path)
    clock = ManualClock()
    door = await SocketDoor.open(path, 1, clock)
    disk = Disk(bed.journal)
    disk.hold()
    result = asyncio.ensure_future(submit(door, [order(door, ALICE, Side.BUY, 400_000, 10)]))
    await until(lambda: bed.sequencer.machine.core.open_orders == 1)
    await server.close()
    await until(lambda: door._wire is None)
    for _ in range(2 * socket_client.OUTAGE_MAX_MS // socket_client.RECONNECT_LONGEST_MS):
        clock.advance(socket_client.RECONNECT_LONGEST_MS)
        await turn(20)
    unknown = await result
    assert isinstance(unknown, Refused)
    assert not unknown.known
    assert door.closed.is_set()
    with pytest.raises(Unavailable):
        await door.query(GetStatus())
    disk.release()


async def test_who_only_asks_waits_for_an_exchange_for_ever(bed: Bed) -> None:
    """Through an outage that ends other doors, and before there is any. Criterion: LOG-11.9"""
    path, clock = bed.folder / SOCKET_NAME, ManualClock()
    door = await SocketDoor.open(path, 0, clock, lasts=True)
    with pytest.raises(Unavailable):
        await door.query(GetStatus())
    for _ in range(2):
        server = await SocketServer.start(bed.sequencer, path)
        clock.advance(socket_client.RECONNECT_LONGEST_MS)
        await until(lambda: door._wire is not None)
        assert await door.query(GetStatus())
        await server.close()
        await until(lambda: door._wire is None)
        waits = asyncio.ensure_future(door.query(GetStatus()))
        for _ in range(2 * socket_client.OUTAGE_MAX_MS // socket_client.RECONNECT_LONGEST_MS):
            clock.advance(socket_client.RECONNECT_LONGEST_MS)
            await turn(20)
        with pytest.raises(Unavailable):
            await waits
        with pytest.raises(Unavailable):
            await door.query(GetStatus())
        assert not door.closed.is_set()
    await door.close()
    with pytest.raises(Unavailable):
        await door.query(GetStatus())


async def test_a_reader_that_does_not_read_is_not_buffered_for(bed: Bed) -> None:
    """Criterion: LOG-11.7"""
    path = bed.folder / SOCKET_NAME
    server = await SocketServer.start(bed.sequencer, path)
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(frame(Hello(frames.PROTOCOL_VERSION, 0)))
    found = Frames()
    received: list[frames.Message] = []

    async def receive_until(kind: type[frames.Message]) -> None:
        while not received or not isinstance(received[-1], kind):
            bodies = found.feed(await asyncio.wait_for(reader.read(1 << 20), WAIT_S))
            received.extend(frames.from_exchange.decode(body) for body in bodies)

    await receive_until(frames.Welcome)
    writer.write(frame(OpenStream(1, 1, False, 5)))
    local = await bed.door()
    for _ in range(100):
        await place(local, ALICE, Side.BUY, 400_000, 1)
    (connection,) = server.connections
    await until(lambda: connection._streams[1].credits == 0)
    await turn(50)
    # An answer leaves behind whatever was sent before it.
    writer.write(frame(frames.Call(2, "health", [])))
    await receive_until(frames.Answer)
    names = [type(message).__name__ for message in received]
    assert names == ["Welcome", *["RowFrame"] * 5, "Answer"]
    writer.close()
    await writer.wait_closed()
    await server.close()


async def test_a_gateway_submits_under_its_own_id_only(bed: Bed) -> None:
    """Criterion: LOG-11.6, LOG-11.5"""
    path = bed.folder / SOCKET_NAME
    server = await SocketServer.start(bed.sequencer, path)
    first = await bed.door(1)
    second = await SocketDoor.open(path, 2, SystemClock())
    foreign = order(first, ALICE, Side.BUY, 400_000, 1)
    own = order(second, ALICE, Side.BUY, 400_000, 1)
    refused = await submit(second, [own, foreign])
    assert isinstance(refused, Refused)
    assert (refused.code, refused.known) == (51000, True)
    assert bed.sequencer.machine.core.open_orders == 0
    for door, command in ((first, foreign), (second, own)):
        (reply,) = await submit(door, [command])  # type: ignore[misc]
        assert (reply.code, reply.duplicate_of) == (0, 0), "its number is not used up"
    await second.close()
    await server.close()


async def test_a_question_that_fails_is_answered(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Criterion: LOG-11.5. The journal cannot be read."""
    path = bed.folder / SOCKET_NAME
    server = await SocketServer.start(bed.sequencer, path)
    door = await SocketDoor.open(path, 0, SystemClock())

    def damaged(*_: object) -> None:
        raise JournalError("the disk is gone")

    monkeypatch.setattr(bed.journal, "quarantined", damaged)
    with pytest.raises(Unavailable, match="could not answer"):
        await asyncio.wait_for(door.skips(), WAIT_S)
    await door.close()
    await server.close()


async def test_a_log_that_cannot_be_read_ends_its_stream(
    bed: Bed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: LOG-11.5. Asked for again at once, it filled the operator's log."""
    await bed.close()
    bed = await Bed.open(bed.folder)  # no row is in its memory
    path = bed.folder / SOCKET_NAME
    server = await SocketServer.start(bed.sequencer, path)
    door = await SocketDoor.open(path, 0, SystemClock())
    asked: list[int] = []

    def damaged(first: int, *_: object) -> None:
        asked.append(first)
        raise JournalError("damaged")

    monkeypatch.setattr(bed.journal, "read", damaged)
    with pytest.raises(Unreadable, match="the log could not be read"):
        await asyncio.wait_for(anext(aiter(door.stream(1, events=False))), WAIT_S)
    assert asked == [1]
    await door.close()
    await server.close()
    await bed.close()


async def test_a_peer_that_does_not_take_its_answers_is_cut_off(
    bed: Bed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: LOG-11.7"""
    monkeypatch.setattr("fullreserve.door.socket_server.OUT_BYTES_MAX", 100_000)
    path = bed.folder / SOCKET_NAME
    server = await SocketServer.start(bed.sequencer, path)
    silent = socket.socket(socket.AF_UNIX)
    silent.setblocking(False)
    silent.connect(str(path))
    await until(lambda: server.connections)
    (connection,) = server.connections
    for _ in range(200):
        connection.send(bytes(10_000))
        await turn(2)
    await until(lambda: not server.connections)
    silent.close()
    await server.close()


async def test_a_gateway_that_comes_back_takes_its_place(bed: Bed) -> None:
    """Criterion: LOG-11.4"""
    path = bed.folder / SOCKET_NAME
    server = await SocketServer.start(bed.sequencer, path, reserved=(9,))
    with pytest.raises(Unavailable, match="gateway 9 is taken"):
        await SocketDoor.open(path, 9, SystemClock())
    first = await SocketDoor.open(path, 1, SystemClock())
    await place(first, ALICE, Side.BUY, 400_000, 1)
    second = await SocketDoor.open(path, 1, ManualClock())
    await until(lambda: first._wire is None)
    assert second.numbers(1) == 2
    await first.close()
    await second.close()
    await server.close()


async def test_numbers_that_wait_behind_the_disk_are_not_given_again(bed: Bed) -> None:
    """Criterion: LOG-11.4. Two rows are in flight and the third waits when a gateway restarts."""
    path = bed.folder / SOCKET_NAME
    server = await SocketServer.start(bed.sequencer, path)
    first = await SocketDoor.open(path, 1, ManualClock())
    disk = Disk(bed.journal)
    disk.hold()
    for count in range(1, 4):
        command = encode(order(first, ALICE, Side.BUY, 400_000, 1))
        first.submit([command], lambda _result: None)
        await until(lambda: bed.sequencer.status().queued == count)  # noqa: B023 - awaited here
        await turn(20)
    assert bed.sequencer.machine.core.open_orders == ROWS_IN_FLIGHT
    opening = asyncio.ensure_future(SocketDoor.open(path, 1, ManualClock()))
    within = asyncio.ensure_future(bed.door(1))
    await until(lambda: first._wire is None)
    await turn(20)
    disk.release()
    second = await opening
    assert second.numbers(1) == first.numbers(1)
    assert (await within).numbers(1) == first.numbers(1) - 1
    for door in (first, second):
        await door.close()
    await server.close()


async def test_a_listener_that_fails_does_not_end_the_connection(bed: Bed) -> None:
    """Criterion: LOG-1.10"""
    path = bed.folder / SOCKET_NAME
    server = await SocketServer.start(bed.sequencer, path)
    door = await SocketDoor.open(path, 1, ManualClock())
    heard: list[Result] = []

    def broken(result: Result) -> None:
        heard.append(result)
        raise RuntimeError("a mistake of the gateway's")

    door.submit([encode(order(door, ALICE, Side.BUY, 400_000, 1))], broken)
    assert (await place(door, ALICE, Side.BUY, 400_000, 1)).code == 0
    disk = Disk(bed.journal)
    disk.hold()
    door.submit([encode(order(door, ALICE, Side.BUY, 400_000, 1))], broken)
    door.submit([encode(order(door, ALICE, Side.BUY, 400_000, 1))], heard.append)
    await door.close()
    assert [isinstance(result, Refused) for result in heard] == [False, True, True]
    disk.release()
    await server.close()


async def test_a_reader_may_not_submit(bed: Bed) -> None:
    """Criterion: LOG-11.6"""
    path = bed.folder / SOCKET_NAME
    server = await SocketServer.start(bed.sequencer, path)
    door = await SocketDoor.open(path, 0, ManualClock())
    before = bed.journal.head.sequence
    door.submit([b"\x93\x0b\x00\x00"], lambda _result: None)
    await until(lambda: door._wire is None)
    assert bed.journal.head.sequence == before
    await door.close()
    await server.close()


@pytest.mark.parametrize(
    "data", [b"\xff\xff\xff\xff", b"\x00\x00\x00\x01\xc1", b"GET / HTTP/1.1\r\n"]
)
async def test_what_is_no_frame_ends_the_connection(bed: Bed, data: bytes) -> None:
    """Criterion: LOG-11.5"""
    path = bed.folder / SOCKET_NAME
    server = await SocketServer.start(bed.sequencer, path)
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(data)
    assert b"bad frame" in await reader.read()
    writer.close()
    await writer.wait_closed()
    await server.close()


def test_frames_are_found_wherever_the_stream_is_cut() -> None:
    """Criterion: LOG-11.5"""
    messages = [frame(Hello(1, n)) for n in range(5)]
    stream = b"".join(messages)
    for size in range(1, len(stream)):
        cutter = Frames()
        pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
        bodies = [body for piece in pieces for body in cutter.feed(piece)]
        assert [message[frames.LENGTH_BYTES :] for message in messages] == bodies
    with pytest.raises(BadFrame):
        Frames().feed(b"\xff\xff\xff\xff")


async def test_a_path_that_no_socket_can_have_is_refused(bed: Bed) -> None:
    """Criterion: LOG-11.6"""
    with pytest.raises(ValueError, match="too long for a Unix socket"):
        await SocketServer.start(bed.sequencer, bed.folder / ("x" * 120))
