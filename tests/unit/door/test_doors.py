"""Goal: a gateway cannot tell the door in process from the Unix socket.

Method: every test runs over both, against a real exchange on disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from fullreserve.clock import SystemClock
from fullreserve.door.local import LocalDoor
from fullreserve.door.protocol import Door, Gone, Limit, Refused, Row, Unavailable
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME, SocketServer
from fullreserve.exchange.wire.commands import Product, Side, Tick, decode_batch
from fullreserve.exchange.wire.events import Trade
from fullreserve.exchange.wire.queries import GetStatus, ListOpenOrders
from tests.bed import ALICE, BOB, Bed, order, place, submit

OpenDoor = Callable[[int], Awaitable[Door]]


@pytest.fixture(params=["local", "socket"])
async def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def bed(tmp_path: Path) -> AsyncIterator[Bed]:
    opened = await Bed.open(tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
async def open_door(bed: Bed, kind: str) -> AsyncIterator[OpenDoor]:
    async with AsyncExitStack() as stack:
        path = bed.folder / SOCKET_NAME
        server = await SocketServer.start(bed.sequencer, path, reserved=(99,))
        stack.push_async_callback(server.close)

        async def open_one(gateway: int) -> Door:
            if kind == "local":
                return await LocalDoor.open(bed.sequencer, gateway)
            door = await SocketDoor.open(path, gateway, SystemClock())
            stack.push_async_callback(door.close)
            return door

        yield open_one


async def test_an_order_goes_in_and_its_reply_comes_out(open_door: OpenDoor, bed: Bed) -> None:
    """Criterion: LOG-11.1"""
    door = await open_door(1)
    reply = await place(door, ALICE, Side.BUY, 400_000, 10)
    assert (reply.code, reply.gateway, reply.sequence) == (0, 1, bed.journal.head.sequence)
    (open_order,) = await door.query(ListOpenOrders(owner=ALICE))
    assert open_order.order == reply.order


async def test_a_run_of_commands_is_contiguous(open_door: OpenDoor) -> None:
    """Criterion: LOG-11.1"""
    doors = [await open_door(1), await open_door(2)]
    runs = [
        submit(door, [order(door, ALICE, Side.BUY, 400_000 - n, 1) for n in range(5)])
        for door in doors
        for _ in range(4)
    ]
    for replies in await asyncio.gather(*runs):
        assert not isinstance(replies, Refused)
        first = replies[0].sequence
        assert [reply.sequence for reply in replies] == list(range(first, first + 5))


async def test_replies_keep_the_order_of_the_submissions(open_door: OpenDoor) -> None:
    """Criterion: LOG-11.1. Pipelined: nobody waits for the one before."""
    door = await open_door(1)
    commands = [order(door, ALICE, Side.BUY, 400_000, 1) for _ in range(200)]
    replies = await asyncio.gather(*(submit(door, [command]) for command in commands))
    sequences = [reply[0].sequence for reply in replies if not isinstance(reply, Refused)]
    assert sequences == list(range(sequences[0], sequences[0] + 200))


async def test_a_repeated_submission_gets_the_first_outcome(open_door: OpenDoor, bed: Bed) -> None:
    """Criterion: LOG-11.4"""
    door = await open_door(1)
    command = order(door, ALICE, Side.BUY, 400_000, 10)
    (first,) = await submit(door, [command])  # type: ignore[misc]
    (again,) = await submit(door, [command])  # type: ignore[misc]
    assert (again.order, again.code, again.duplicate_of) == (first.order, 0, first.sequence)
    assert bed.sequencer.machine.core.open_orders == 1


async def test_limits_hold_for_two_gateways_together(open_door: OpenDoor) -> None:
    """Criterion: LOG-11.3"""
    doors = [await open_door(1), await open_door(2)]
    limit = [Limit(("order", ALICE), 3, 3_600_000)]
    results = [
        await submit(doors[n % 2], [order(doors[n % 2], ALICE, Side.BUY, 400_000, 1)], limit)
        for n in range(5)
    ]
    codes = [result.code if isinstance(result, Refused) else 0 for result in results]
    assert codes == [0, 0, 0, 50011, 50011]


async def test_a_run_without_commands_counts_alone(open_door: OpenDoor) -> None:
    """Criterion: LOG-11.3"""
    door = await open_door(1)
    limit = [Limit(("order", ALICE), 2, 3_600_000)]
    results = [await submit(door, [], limit) for _ in range(3)]
    told = [result.code if isinstance(result, Refused) else list(result) for result in results]
    assert told == [[], [], 50011]
    assert await submit(door, []) in ([], ())


async def test_followers_see_each_row_once_with_its_events(open_door: OpenDoor) -> None:
    """Criterion: LOG-11.2"""
    maker, taker = await open_door(1), await open_door(2)
    rows: list[Row] = []
    stop = taker.follow(rows.append)
    # A question behind it: what is followed from now on is settled on the other side.
    await taker.query(GetStatus())
    await taker.health()
    while not rows:
        await place(maker, ALICE, Side.BUY, 400_000, 10)
    await place(taker, BOB, Side.SELL, 400_000, 10)
    seen = [row async for row in _up_to(taker, rows[0].sequence, rows)]
    assert [row.commands for row in seen] == [row.commands for row in rows]
    trades = [event for row in rows for event in row.decoded() if isinstance(event, Trade)]
    assert [trade.size for trade in trades] == [10]
    stop()
    count = len(rows)
    await place(maker, ALICE, Side.BUY, 400_000, 10)
    await taker.query(GetStatus())
    assert len(rows) == count


async def _up_to(door: Door, sequence: int, rows: list[Row]) -> AsyncIterator[Row]:
    """The stream from a sequence until it has as much as was followed."""
    last = (await door.health()).durable
    async for row in door.stream(sequence):
        yield row
        if row.last >= last:
            break
    while rows[-1].last < last:
        await door.health()


async def test_a_stream_begins_in_the_log_and_goes_on_live(open_door: OpenDoor, bed: Bed) -> None:
    """Criterion: LOG-11.2"""
    door = await open_door(1)
    for _ in range(100):
        await place(door, ALICE, Side.BUY, 400_000, 1)
    seen = []
    async for row in door.stream(1, events=False):
        seen.append(row)
        if row.last == bed.journal.head.sequence:
            if len(seen) > 101:
                break
            await place(door, ALICE, Side.BUY, 400_000, 1)
    assert [row.commands for row in seen] == [entry.commands for entry in bed.journal.read()]
    assert [row.hash for row in seen] == [entry.hash for entry in bed.journal.read()]


async def test_a_stream_with_events_says_what_is_gone(open_door: OpenDoor, bed: Bed) -> None:
    """Criterion: LOG-11.2"""
    bed.sequencer._rows.ring.__init__(rows_max=3)  # type: ignore[misc]
    door = await open_door(1)
    for _ in range(5):
        await place(door, ALICE, Side.BUY, 400_000, 1)
    with pytest.raises(Gone) as gone:
        await anext(aiter(door.stream(1)))
    row = await anext(aiter(door.stream(gone.value.oldest)))
    assert row.sequence == gone.value.oldest == bed.journal.head.sequence - 2


async def test_a_malformed_query_or_command_is_refused(open_door: OpenDoor) -> None:
    """Criterion: LOG-11.5"""
    door = await open_door(1)
    with pytest.raises(ValueError, match=r".+"):
        await door.query(Tick(0, 0))  # type: ignore[arg-type]
    done: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    door.submit([b"\x93\xc1"], done.set_result)
    refused = await done
    assert isinstance(refused, Refused)
    assert (refused.code, refused.known) == (51000, True)
    assert (await place(door, ALICE, Side.BUY, 400_000, 1)).code == 0


async def test_progress_and_health_pass_the_door(open_door: OpenDoor, bed: Bed) -> None:
    """Criterion: LOG-7.1"""
    door = await open_door(1)
    await door.report("records", 5, 0)
    health = await door.health()
    assert health.projections == {"records": 5}
    assert health.sequence == bed.journal.head.sequence
    assert await door.skips() == []
    assert await door.confirm_time() == 0


async def test_a_change_of_folds_is_said_once_it_is_durable(open_door: OpenDoor) -> None:
    """Criterion: LOG-11.8"""
    door, other = await open_door(1), await open_door(2)
    before = await door.moved(0)
    waiting = asyncio.ensure_future(door.moved(before))
    order = await place(other, ALICE, Side.BUY, 400_000, 1)
    assert await door.query(ListOpenOrders(owner=ALICE))  # asked behind the order, answered first
    assert not waiting.done()
    product = Product(other.gateway, other.numbers(1), 77, ALICE, b"")
    replies = await submit(other, [product])
    assert not isinstance(replies, Refused)
    (reply,) = replies
    changed = await asyncio.wait_for(waiting, 30)
    assert changed > reply.sequence > order.sequence > before
    assert (await door.health()).durable >= changed
    assert await door.moved(before) == changed


async def test_who_heard_of_a_change_that_is_not_in_the_log_is_told(open_door: OpenDoor) -> None:
    """Criterion: LOG-11.8. The exchange was put back from a backup."""
    door = await open_door(1)
    with pytest.raises(Unavailable):
        await asyncio.wait_for(door.moved(await door.moved(0) + 1), 30)


async def test_who_waits_for_a_change_hears_that_there_will_be_none(
    open_door: OpenDoor, bed: Bed
) -> None:
    """Criterion: LOG-11.8"""
    door = await open_door(1)
    waiting = asyncio.ensure_future(door.moved(await door.moved(0)))
    await door.health()
    await bed.sequencer.close()
    with pytest.raises(Unavailable):
        await asyncio.wait_for(waiting, 30)


async def test_numbers_go_on_where_the_log_has_them(open_door: OpenDoor, bed: Bed) -> None:
    """Criterion: LOG-11.4"""
    door = await open_door(3)
    await place(door, ALICE, Side.BUY, 400_000, 1)
    again = await open_door(3)
    assert again.numbers(1) == 2
    last = list(bed.journal.read())[-1]
    assert [command.number for command in decode_batch(last.commands)] == [1]
