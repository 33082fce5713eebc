"""Order events a second into the records database: a log that is already there is followed.

The log holds 20 % limit orders that rest, 15 % IOC, 5 % market, 60 % cancels and amendments of 200
traders on one market, 256 commands to a row. Exchange and follower share this process, so the time
includes reading the log, a replica's fold and all commits.
"""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

from sqlalchemy import func, select

from benchmarks.figure import Figure
from benchmarks.flow import Flow, traders
from fullreserve._core import Core
from fullreserve.clock import SystemClock
from fullreserve.door.local import LocalDoor
from fullreserve.exchange import genesis
from fullreserve.exchange.wire import commands as c
from fullreserve.exchange.wire.events import Order, decode_events
from fullreserve.journal.entry import Head, seal
from fullreserve.journal.replay import recover
from fullreserve.journal.sequencer import Sequencer
from fullreserve.journal.sqlite import SqliteJournal
from fullreserve.records import schema
from fullreserve.records.database import database_url, open_database
from fullreserve.records.follower import GC_THRESHOLD, Follower

COMMANDS = 200_000
ROW = 256
START_MS = 1_700_000_000_000
CHANGES = 0.6


def _write(journal: SqliteJournal) -> None:
    flow, head, time_ms = Flow(1, count(1).__next__, CHANGES), journal.head, START_MS
    made, left = [*genesis.spot(), *traders()], COMMANDS
    while made:
        blob = c.batch([c.encode(command) for command in made])
        entry = seal(head, len(made), time_ms, journal.epoch, c.WIRE_VERSION, blob)
        journal.commit([entry])
        head = Head(entry.last, entry.time_ms, entry.hash)
        made = [flow.command() for _ in range(min(ROW, left))]
        left -= len(made)
        time_ms += 5


async def _follow(folder: Path, journal: SqliteJournal) -> tuple[float, float]:
    """Seconds until everything is committed, and how many of them on the processor."""
    gc.set_threshold(GC_THRESHOLD)
    clock = SystemClock()
    sequencer = Sequencer(journal, recover(journal).replica.machine, clock)
    engine = open_database(database_url("", folder))
    door = await LocalDoor.open(sequencer, 9)
    follower = Follower(engine, folder, door, clock, 10**9)
    start, busy = time.perf_counter(), time.process_time()
    running = asyncio.create_task(follower.run())
    await follower.caught_up(journal.head.sequence)
    took = time.perf_counter() - start, time.process_time() - busy
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await sequencer.close()
    engine.dispose()
    return took


def _order_events(journal: SqliteJournal) -> int:
    core = Core()
    return sum(
        type(event) is Order
        for entry in journal.read(1)
        for event in decode_events(core.apply(entry.sequence, entry.time_ms, entry.commands))
    )


def measure() -> Iterator[Figure]:
    """Order events and rows a second while the records catch up."""
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name)
        journal = SqliteJournal(folder / "journal", durable=False)
        try:
            _write(journal)
            events = _order_events(journal)
            seconds, busy = asyncio.run(_follow(folder, journal))
        finally:
            journal.close()
        engine = open_database(database_url("", folder))
        with engine.connect() as connection:
            rows = sum(
                connection.scalar(select(func.count()).select_from(table)) or 0
                for table in schema.metadata.sorted_tables
            )
        engine.dispose()
    note = (
        f"{events:,} order events of {COMMANDS:,} commands drained in {seconds:.1f} s, "
        f"{busy:.1f} s of CPU"
    )
    yield Figure("records, order events", events / seconds, "events/s", reach="60,000", note=note)
    yield Figure("records, rows kept", rows / seconds, "rows/s")
