"""Goal: nothing speaks ahead of the log, and a disk that fails costs nothing that was applied.

Method: the real sequencer, core and SQLite journal; a journal that does what a broken disk does is
put around the real one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import msgspec
import pytest

from fullreserve.clock import ManualClock
from fullreserve.door.protocol import Gone, Refused, Result, Row, Unavailable
from fullreserve.exchange.wire.commands import (
    Side,
    encode,
)
from fullreserve.exchange.wire.queries import ListOpenOrders
from fullreserve.journal.entry import Entry
from fullreserve.journal.errors import Fenced, Unwritable
from fullreserve.journal.replay import recover
from fullreserve.journal.sequencer import Limits
from fullreserve.journal.sqlite import SqliteJournal
from tests.bed import ALICE, START_MS, Bed, order, place, submit, turn, until
from tests.broken_disk import Disk


async def test_a_reply_waits_for_the_disk(tmp_path: Path) -> None:
    """Criterion: LOG-1.1"""
    bed = await Bed.open(tmp_path)
    disk = Disk(bed.journal)
    door = await bed.door()
    rows: list[Row] = []
    door.follow(rows.append)
    results: list[Result] = []
    disk.hold()
    bed.sequencer.submit([encode(order(door, ALICE, Side.BUY, 400_000, 10))], results.append)
    await until(lambda: bed.sequencer.machine.core.open_orders == 1)
    asked = asyncio.ensure_future(door.query(ListOpenOrders(owner=ALICE)))
    await turn()
    assert (results, rows, asked.done()) == ([], [], False), "nothing left before it was durable"
    disk.release()
    assert len(await asked) == 1
    assert isinstance(results[0], list)
    assert rows[0].commands == bed.journal.read(bed.journal.head.sequence).__next__().commands
    await bed.close()


async def test_a_full_disk_stops_intake_and_the_same_bytes_are_tried_again(
    tmp_path: Path,
) -> None:
    """Criterion: LOG-1.3, LOG-1.4"""
    bed = await Bed.open(tmp_path)
    disk = Disk(bed.journal)
    door = await bed.door()
    disk.problem = Unwritable("database or disk is full")
    waiting = asyncio.ensure_future(submit(door, [order(door, ALICE, Side.BUY, 400_000, 10)]))
    unknown = await waiting
    assert isinstance(unknown, Refused)
    assert (unknown.code, unknown.known) == (50004, False)
    refused = await submit(door, [order(door, ALICE, Side.BUY, 400_000, 10)])
    assert isinstance(refused, Refused)
    assert (refused.code, refused.known) == (50001, True)
    assert (await door.health()).state == "stalled"
    # Queries go on, with what is durable: the order is not.
    assert await door.query(ListOpenOrders(owner=ALICE)) == []
    assert bed.sequencer.machine.core.open_orders == 1
    disk.problem = None
    await until(lambda: bed.sequencer.status().durable == bed.sequencer.machine.sequence)
    assert len({entry.hash for entry in disk.tried}) == 1, "the same bytes"
    assert len(disk.tried) > 1
    assert (await door.health()).state == "running"
    assert len(await door.query(ListOpenOrders(owner=ALICE))) == 1
    # Repeating the submission tells its outcome; nothing is done twice.
    command = order(door, ALICE, Side.BUY, 400_000, 10)
    repeated = msgspec.structs.replace(command, number=command.number - 2)
    replies = await submit(door, [repeated])
    assert not isinstance(replies, Refused)
    (reply,) = replies
    assert reply.code == 0
    assert reply.duplicate_of != 0
    assert bed.sequencer.machine.core.open_orders == 1
    await bed.close()


async def test_what_a_failed_commit_left_behind_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: LOG-1.1. It can be read back and may yet never reach the disk."""
    await (await Bed.open(tmp_path)).close()
    bed = await Bed.open(tmp_path)
    door = await bed.door()
    durable = bed.journal.head.sequence
    commit = bed.journal.commit

    def written_but_not_kept(entries: Sequence[Entry]) -> None:
        commit(entries)
        raise Unwritable("fsync failed")

    monkeypatch.setattr(bed.journal, "commit", written_but_not_kept)
    assert isinstance(await submit(door, [order(door, ALICE, Side.BUY, 400_000, 10)]), Refused)
    assert [entry.last for entry in bed.journal.read()][-1] > durable
    assert await door.query(ListOpenOrders(owner=ALICE)) == []
    rows = door.stream(1, events=False)
    row = await anext(rows)
    while row.last < durable:
        row = await anext(rows)
    later = asyncio.ensure_future(anext(rows))
    await turn()
    assert (row.last, later.done()) == (durable, False)
    monkeypatch.setattr(bed.journal, "commit", commit)
    assert (await asyncio.wait_for(later, 10)).sequence == durable + 1
    await bed.close()


async def test_a_durable_view_that_could_not_be_made_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: LOG-1.3. The log could not be opened when the first query came."""
    bed = await Bed.open(tmp_path)
    disk = Disk(bed.journal)
    door = await bed.door()

    def unreadable(*_: object) -> NoReturn:
        raise OSError("too many open files")

    disk.problem = Unwritable("database or disk is full")
    assert isinstance(await submit(door, [order(door, ALICE, Side.BUY, 400_000, 10)]), Refused)
    with monkeypatch.context() as patched:
        patched.setattr(bed.journal, "read", unreadable)
        with pytest.raises(Unavailable, match="too many open files"):
            await door.query(ListOpenOrders(owner=ALICE))
    assert await door.query(ListOpenOrders(owner=ALICE)) == []
    disk.problem = None
    await bed.close()


async def test_a_disk_that_says_nothing_counts_as_stalled(tmp_path: Path) -> None:
    """Criterion: LOG-1.3"""
    clock = ManualClock(START_MS)
    bed = await Bed.open(tmp_path, clock=clock, limits=Limits(append_wait_ms=1))
    disk = Disk(bed.journal)
    door = await bed.door()
    disk.hold()
    waiting = asyncio.ensure_future(submit(door, [order(door, ALICE, Side.BUY, 400_000, 10)]))
    await turn()
    clock.advance(1)
    refused = await waiting
    assert isinstance(refused, Refused)
    assert not refused.known
    disk.release()
    await until(lambda: bed.sequencer.status().state == "running")
    assert (await place(door, ALICE, Side.BUY, 400_000, 10)).code == 0
    await bed.close()


async def test_a_fenced_leader_never_speaks_again(tmp_path: Path) -> None:
    """Criterion: LOG-1.7"""
    bed = await Bed.open(tmp_path)
    door = await bed.door()
    (tmp_path / "journal" / "lock").unlink()
    other = SqliteJournal(tmp_path / "journal")
    result = await submit(door, [order(door, ALICE, Side.BUY, 400_000, 10)])
    assert isinstance(result, Refused)
    assert not result.known
    assert isinstance(bed.sequencer.failed.result(), Fenced)
    with pytest.raises(Unavailable):
        await door.query(ListOpenOrders(owner=ALICE))
    with pytest.raises(Unavailable):
        await anext(aiter(door.stream(1, events=False)))
    later = await submit(door, [order(door, ALICE, Side.BUY, 400_000, 10)])
    assert isinstance(later, Refused)
    assert later.known
    # The new leader's state is the log's: the fenced order never was.
    assert recover(other).replica.machine.core.open_orders == 0
    other.close()
    await bed.close()


async def test_a_listener_that_fails_keeps_nobody_else_from_hearing(tmp_path: Path) -> None:
    """Criterion: LOG-1.10"""
    bed = await Bed.open(tmp_path)
    door = await bed.door()
    rows: list[Row] = []
    results: list[Result] = []

    def broken(_heard: object) -> None:
        raise RuntimeError

    door.follow(broken)
    door.follow(rows.append)
    commands = [encode(order(door, ALICE, Side.BUY, 400_000, 10)) for _ in range(2)]
    bed.sequencer.submit(commands[:1], broken)
    bed.sequencer.submit(commands[1:], results.append)
    await until(lambda: results and rows)
    assert (await place(door, ALICE, Side.BUY, 400_000, 10)).code == 0
    await bed.close()


async def test_a_stream_goes_from_the_log_over_into_what_is_live(tmp_path: Path) -> None:
    """Criterion: LOG-11.2"""
    bed = await Bed.open(tmp_path)
    await bed.close()
    bed = await Bed.open(tmp_path)
    door = await bed.door()
    await place(door, ALICE, Side.BUY, 400_000, 10)
    rows = door.stream(1, events=False)
    seen = [await anext(rows) for _ in range(2)]
    later = asyncio.ensure_future(anext(rows))
    await turn()
    assert not later.done()
    await place(door, ALICE, Side.BUY, 400_000, 10)
    seen.append(await later)
    assert [row.sequence for row in seen] == [1, seen[0].last + 1, seen[1].last + 1]
    assert [row.commands for row in seen] == [entry.commands for entry in bed.journal.read()]
    assert [row.hash for row in seen] == [entry.hash for entry in bed.journal.read()]
    with pytest.raises(Gone) as gone:
        await anext(door.stream(1))
    assert gone.value.oldest == seen[1].sequence
    assert (await anext(door.stream(gone.value.oldest))).decoded()
    await bed.close()
