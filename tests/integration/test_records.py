"""Goal: the records follow a real exchange, survive every kill, and come back from nothing.

Method: an exchange on disk takes random orders; followers in this process and in their own are
stopped, killed and started again; what they wrote is compared with what a fresh one writes.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine, update
from sqlalchemy.engine import URL

from fullreserve.clock import ManualClock, SystemClock
from fullreserve.door.local import LocalDoor
from fullreserve.door.socket_server import SOCKET_NAME, SocketServer
from fullreserve.exchange.wire.commands import (
    ActivateRules,
    AnyCommand,
    CancelAll,
    OrderType,
    PlaceOrder,
    Side,
)
from fullreserve.journal.snapshots import FOLDER_NAME, snapshots
from fullreserve.marketdata.bars import MINUTE
from fullreserve.records import schema
from fullreserve.records.database import database_url, open_database
from fullreserve.records.follower import Follower, OtherLog
from fullreserve.records.history import History, rows_of
from fullreserve.records.imports import ImportedCandle, keep_candles
from fullreserve.records.reached import FILE, PROJECTION
from fullreserve.records.record import Page
from tests.bed import ALICE, BOB, BTC_USDT, START_MS, Bed, submit, until
from tests.memory_folder import memory_folder

Content = dict[str, list[tuple[object, ...]]]


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    with memory_folder() as folder:
        yield folder


@pytest.fixture
async def bed(tmp_path: Path) -> AsyncIterator[Bed]:
    opened = await Bed.open(tmp_path)
    yield opened
    await opened.close()


def drawn(random: Random, door: LocalDoor) -> AnyCommand:
    if random.random() < 0.05:
        return CancelAll(door.gateway, door.numbers(1), random.choice((ALICE, BOB)))
    return PlaceOrder(
        door.gateway,
        door.numbers(1),
        random.choice((ALICE, BOB)),
        BTC_USDT,
        random.choice(tuple(Side)),
        random.choice((OrderType.LIMIT, OrderType.LIMIT, OrderType.IOC)),
        400_000 + random.randint(-5, 5),
        random.randint(1, 50),
        client_order_id=f"c{random.randint(1, 10**6)}",
    )


async def trade_a_while(bed: Bed, seed: int, rows: int = 40) -> None:
    """Rows of random orders, in time."""
    random = Random(seed)
    door = await bed.door()
    assert isinstance(bed.clock, ManualClock)
    for _ in range(rows):
        bed.clock.advance(random.choice((1, 20, 900, 40_000)))
        await submit(door, [drawn(random, door) for _ in range(random.randint(1, 12))])


def database(bed: Bed, url: URL | None = None) -> Engine:
    return open_database(url or database_url("", bed.folder))


def content(engine: Engine) -> Content:
    with engine.connect() as connection:
        return {table.name: rows_of(connection, table) for table in schema.metadata.sorted_tables}


@asynccontextmanager
async def following(
    bed: Bed, snapshot_every: int = 10**9, url: URL | None = None
) -> AsyncIterator[Follower]:
    """A follower of the bed, stopped as at a planned stop."""
    engine = database(bed, url)
    follower = Follower(engine, bed.folder, await bed.door(9), SystemClock(), snapshot_every)
    running = asyncio.create_task(follower.run())
    try:
        yield follower
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        engine.dispose()


async def recorded(bed: Bed, sequence: int) -> None:
    """Returns when the leader has been told that the records have reached a sequence."""
    reached = 0
    while reached < sequence:  # the follower is another process
        await asyncio.sleep(0.005)
        reached = (await bed.sequencer.health()).projections.get(PROJECTION, 0)


async def follow_to_end(bed: Bed, snapshot_every: int = 10**9, url: URL | None = None) -> Content:
    """What the records hold when they have everything."""
    async with following(bed, snapshot_every, url) as follower, asyncio.timeout(60):
        await follower.caught_up(bed.journal.head.sequence)
    engine = database(bed, url)
    try:
        return content(engine)
    finally:
        engine.dispose()


def drop(bed: Bed) -> None:
    for path in bed.folder.glob(FILE + "*"):
        path.unlink()


async def test_a_dropped_database_is_rebuilt_equal(bed: Bed) -> None:
    """Criterion: REC-31, REC-5."""
    async with following(bed) as follower:
        await trade_a_while(bed, 1)
        await follower.caught_up(bed.journal.head.sequence)
    first = await follow_to_end(bed)
    assert len(first["fills"]) > 20
    drop(bed)
    assert await follow_to_end(bed) == first


async def test_a_follower_goes_on_from_the_newest_snapshot(bed: Bed) -> None:
    """Criterion: REC-33, REC-5. Snapshots are taken on the way and at the stop."""
    await trade_a_while(bed, 2)
    await follow_to_end(bed, snapshot_every=50)
    taken = [sequence for sequence, _ in snapshots(bed.folder / FOLDER_NAME)]
    assert taken[0] == bed.journal.head.sequence
    await trade_a_while(bed, 3)
    continued = await follow_to_end(bed)
    drop(bed)
    assert await follow_to_end(bed) == continued


@pytest.mark.parametrize("spoiled", ["newest", "all"])
async def test_a_snapshot_that_cannot_be_read_is_passed_over(bed: Bed, spoiled: str) -> None:
    """Criterion: REC-33."""
    for seed in (4, 5):
        await trade_a_while(bed, seed)
        await follow_to_end(bed)
    places = [place for _, place in snapshots(bed.folder / FOLDER_NAME)]
    assert len(places) == 2
    for place in places[:1] if spoiled == "newest" else places:
        (place / "core.zst").write_bytes(b"spoiled")
    await trade_a_while(bed, 6)
    continued = await follow_to_end(bed)
    drop(bed)
    assert await follow_to_end(bed) == continued


async def test_progress_is_reported(bed: Bed) -> None:
    """Criterion: REC-34."""
    async with following(bed) as follower, asyncio.timeout(30):
        await trade_a_while(bed, 7)
        head = bed.journal.head.sequence
        await follower.caught_up(head)
        await recorded(bed, head)


async def test_records_of_another_log_are_refused(bed: Bed) -> None:
    """Criterion: REC-35. The same length, another content."""
    await trade_a_while(bed, 8)
    await follow_to_end(bed)
    engine = database(bed)
    with engine.begin() as connection:
        connection.execute(update(schema.progress).values(hash="00" * 32))
    with pytest.raises(OtherLog):
        await Follower(engine, bed.folder, await bed.door(9), SystemClock(), 10**9).run()
    with engine.begin() as connection:
        connection.execute(update(schema.progress).values(sequence=10**9))
    with pytest.raises(OtherLog):
        await Follower(engine, bed.folder, await bed.door(9), SystemClock(), 10**9).run()
    engine.dispose()


async def test_a_halt_of_the_exchange_is_waited_out(bed: Bed) -> None:
    """Criterion: REC-37."""
    await trade_a_while(bed, 11)
    head = bed.journal.head.sequence
    door = await bed.door()
    assert isinstance(bed.clock, ManualClock)
    bed.clock.advance(1)
    await submit(door, [ActivateRules(door.gateway, door.numbers(1), 999)])
    async with following(bed) as follower, asyncio.timeout(30):
        await until(lambda: follower.halted_at)
        assert follower.halted_at == head + 1
        assert follower.progress.sequence == head


async def test_imported_candles_come_back_with_a_new_database(bed: Bed) -> None:
    """Criterion: REC-23."""
    keep_candles(
        bed.folder,
        [ImportedCandle(BTC_USDT, START_MS - START_MS % MINUTE - MINUTE, 7, 7, 7, 7, 1, 7)],
    )
    await trade_a_while(bed, 9, rows=2)
    first = await follow_to_end(bed)
    assert any(row[-1] for row in first["candles"])
    drop(bed)
    assert await follow_to_end(bed) == first


async def test_records_of_a_pruned_log_begin_where_it_does(tmp_path: Path) -> None:
    """Criterion: REC-36."""
    bed = await Bed.open(tmp_path, segment_rows=16)
    await trade_a_while(bed, 12)
    whole = await follow_to_end(bed)
    await trade_a_while(bed, 13)
    before = await follow_to_end(bed)
    oldest = snapshots(tmp_path / FOLDER_NAME)[-1][0]
    assert bed.journal.prune(oldest) is not None
    # Opened again, because the exchange still has the recent rows in memory.
    await bed.close()
    bed = await Bed.open(tmp_path, clock=bed.clock)
    drop(bed)
    after = await follow_to_end(bed)
    await bed.close()
    assert len(after["trades"]) > 0
    kept = {row for row in before["trades"] if row not in whole["trades"]}
    assert kept <= set(after["trades"])
    assert not set(whole["trades"]) & set(after["trades"])
    assert after["instruments"] == before["instruments"]


# In a process of its own


async def start(bed: Bed) -> asyncio.subprocess.Process:
    environment = {
        **os.environ,
        "FULLRESERVE_DATA": str(bed.folder),
        "FULLRESERVE_JOURNAL_SNAPSHOT_EVERY": "200",
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "fullreserve.records.follower", env=environment
    )


async def test_a_killed_follower_loses_and_doubles_nothing(bed: Bed) -> None:
    """Criterion: REC-30. Killed while it starts, replays, writes, takes snapshots.

    Criterion: REC-32. A second one beside the last ends by itself.
    """
    server = await SocketServer.start(bed.sequencer, bed.folder / SOCKET_NAME)
    random = Random(10)
    async with asyncio.timeout(120):
        for seed in range(4):
            process = await start(bed)
            await trade_a_while(bed, seed)
            # With chance not at all, so that it is killed while it starts.
            await recorded(bed, random.randint(-100, 200) * seed)
            process.send_signal(signal.SIGKILL)
            await process.wait()
        process = await start(bed)
        await recorded(bed, bed.journal.head.sequence)
        second = await start(bed)
        assert await second.wait() == 1
        process.terminate()
        assert await process.wait() == 0
    await server.close()
    assert snapshots(bed.folder / FOLDER_NAME)[0][0] == bed.journal.head.sequence
    engine = database(bed)
    survived = content(engine)
    trades = History(engine).trades(BTC_USDT, Page(limit=10**6))
    engine.dispose()
    assert [one.trade for one in reversed(trades)] == list(range(1, len(trades) + 1))
    drop(bed)
    assert await follow_to_end(bed) == survived
