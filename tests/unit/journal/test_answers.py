"""Goal: an answer shows what is durable and whole, also in a stall and after a halt.

Method: the real sequencer, core and SQLite journal; a disk that holds commits back is put around
the real one.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from fullreserve.clock import ManualClock
from fullreserve.door.protocol import Unavailable
from fullreserve.exchange.machine import Machine
from fullreserve.exchange.wire.commands import (
    ActivateRules,
    Side,
)
from fullreserve.exchange.wire.queries import GetOrder, GetStatus, ListOpenOrders, Status
from fullreserve.journal.durable_view import DurableView
from fullreserve.journal.errors import JournalError
from fullreserve.journal.sequencer import Limits
from tests.bed import ALICE, START_MS, Bed, order, submit, turn
from tests.broken_disk import Disk


async def test_a_query_of_durable_state_does_not_wait(tmp_path: Path) -> None:
    """Criterion: LOG-1.1"""
    bed = await Bed.open(tmp_path)
    disk = Disk(bed.journal)
    disk.hold()
    door = await bed.door()
    assert await door.query(ListOpenOrders(owner=ALICE)) == []
    disk.release()
    await bed.close()


async def test_a_query_waits_where_there_is_no_durable_view(tmp_path: Path) -> None:
    """Criterion: LOG-1.1, LOG-1.3. A view that cannot be made is said; without one, it waits."""

    def gone(_durable: int) -> Machine:
        raise JournalError("the front of the log is gone")

    clock = ManualClock(START_MS)
    bed = await Bed.open(tmp_path, clock=clock, limits=Limits(append_wait_ms=1))
    disk = Disk(bed.journal)
    door = await bed.door()
    disk.hold()
    waiting = asyncio.ensure_future(submit(door, [order(door, ALICE, Side.BUY, 400_000, 10)]))
    await turn()
    clock.advance(1)
    await waiting
    bed.sequencer._answers.view = DurableView(gone)
    with pytest.raises(Unavailable, match="front of the log"):
        await door.query(ListOpenOrders(owner=ALICE))
    bed.sequencer._answers.view = DurableView(None)
    asked = asyncio.ensure_future(door.query(ListOpenOrders(owner=ALICE)))
    await turn()
    assert not asked.done()
    disk.release()
    assert len(await asked) == 1
    await bed.close()


async def test_a_halted_exchange_answers_from_before_the_halt(tmp_path: Path) -> None:
    """Criterion: LOG-1.12. The order is before the halt in the same row; live and restarted."""
    bed = await Bed.open(tmp_path)
    door = await bed.door()
    first = order(door, ALICE, Side.BUY, 400_000, 10)
    await submit(door, [first, ActivateRules(door.gateway, door.numbers(1), 999)])
    at = (await door.health()).halted_at
    status: Status = await door.query(GetStatus())
    assert status.sequence == at - 1, "the leader's own core has gone to the halt"
    assert bed.sequencer.machine.sequence == at
    assert len(await door.query(ListOpenOrders(owner=ALICE))) == 1
    await bed.close()
    again = await Bed.open(tmp_path)
    restarted: Status = await (await again.door()).query(GetStatus())
    assert restarted.sequence == at - 1
    await again.close()


async def test_a_malformed_query_is_a_value_error(tmp_path: Path) -> None:
    """Criterion: LOG-11.5"""
    bed = await Bed.open(tmp_path)
    with pytest.raises(ValueError, match=r".+"):
        await bed.sequencer.query(b"\xc1")
    door = await bed.door()
    assert await door.query(GetOrder(owner=ALICE, instrument=1, order=77)) is None
    status: Status = await door.query(GetStatus())
    assert status.sequence == bed.journal.head.sequence
    await bed.close()
