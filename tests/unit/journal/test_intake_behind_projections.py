"""Goal: intake stops before a projection could lose what the core forgets.

Method: the real sequencer, core and SQLite journal; the projection's reports are made by hand.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from fullreserve.clock import ManualClock
from fullreserve.door.local import LocalDoor
from fullreserve.door.protocol import Refused
from fullreserve.exchange.wire.commands import (
    CancelAll,
    Parameter,
    SetParameter,
    Side,
)
from fullreserve.exchange.wire.events import Reply
from tests.bed import ALICE, BOB, START_MS, Bed, order, place, submit


async def test_intake_stops_before_a_projection_loses_finished_orders(tmp_path: Path) -> None:
    """Criterion: LOG-7.1"""
    bed = await Bed.open(tmp_path)
    door = await bed.door()
    await submit(door, [SetParameter(door.gateway, door.numbers(1), Parameter.FINISHED_MAX, 40)])
    await door.report("records", 0, 0)

    async def trade() -> Sequence[Reply] | Refused:
        sell = order(door, BOB, Side.SELL, 400_000, 1)
        buy = order(door, ALICE, Side.BUY, 400_000, 1)
        return await submit(door, [sell, buy])

    outcomes = [await trade() for _ in range(30)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert refused
    assert {(one.code, one.known) for one in refused} == {(50013, True)}
    assert (await door.health()).state == "lagging"
    finished = bed.sequencer.machine.core.finished_total
    assert finished <= 40, "what the core forgets, the projection has"
    await door.report("records", bed.journal.head.sequence, finished)
    assert not isinstance(await trade(), Refused)
    assert (await door.health()).projections["records"] > 0
    await bed.close()


async def test_a_projection_that_has_not_come_up_bounds_intake(tmp_path: Path) -> None:
    """Criterion: LOG-7.1. After a restart, with what its database has."""
    bed = await Bed.open(tmp_path)
    door = await bed.door()
    await submit(door, [SetParameter(door.gateway, door.numbers(1), Parameter.FINISHED_MAX, 40)])
    behind = bed.journal.head.sequence
    for _ in range(12):
        sell = order(door, BOB, Side.SELL, 400_000, 1)
        await submit(door, [sell, order(door, ALICE, Side.BUY, 400_000, 1)])
    await bed.close()
    again = await Bed.open(tmp_path)
    door = await again.door()
    again.sequencer.register("records", behind, 0)
    assert (await door.health()).projections == {"records": behind}
    outcomes = []
    for _ in range(30):
        sell = order(door, BOB, Side.SELL, 400_000, 1)
        pair = [sell, order(door, ALICE, Side.BUY, 400_000, 1)]
        outcomes.append(await submit(door, pair))
    assert isinstance(outcomes[-1], Refused)
    assert (await door.health()).state == "lagging"
    assert again.sequencer.machine.core.finished_total <= 40
    await again.close()


async def test_a_projection_that_stands_still_bounds_intake_by_time(tmp_path: Path) -> None:
    """Criterion: LOG-7.1. The first row that it lacks is ten minutes old at the next stamp."""
    bed = await Bed.open(tmp_path)
    door = await bed.door()
    assert (await place(door, ALICE, Side.BUY, 400_000, 10)).code == 0
    behind = bed.journal.head.sequence - 1
    await bed.close()
    clock = ManualClock(START_MS)
    again = await Bed.open(tmp_path, clock=clock)
    again.sequencer.register("records", behind, 0)
    door = await again.door()
    clock.advance(600_000)
    refused = await submit(door, [order(door, ALICE, Side.BUY, 400_000, 10)])
    assert isinstance(refused, Refused)
    assert refused.code == 50013
    await door.report("records", again.journal.head.sequence, 0)
    assert (await place(door, ALICE, Side.BUY, 400_000, 10)).code == 0
    await again.close()


async def test_a_long_downtime_is_no_lag_of_a_projection_that_has_all(tmp_path: Path) -> None:
    """Criterion: LOG-7.1"""
    await (await Bed.open(tmp_path)).close()
    clock = ManualClock(START_MS + 86_400_000)
    bed = await Bed.open(tmp_path, clock=clock)
    bed.sequencer.register("records", bed.journal.head.sequence, 0)
    door = await bed.door()
    assert (await place(door, ALICE, Side.BUY, 400_000, 10)).code == 0
    behind = bed.journal.head.sequence
    assert (await place(door, ALICE, Side.BUY, 400_000, 10)).code == 0
    # The second row came within a second of the first, which alone is projected.
    await door.report("records", behind, 0)
    clock.advance(500_000)
    assert isinstance(await submit(door, [order(door, ALICE, Side.BUY, 400_000, 10)]), Refused)
    await door.report("records", bed.journal.head.sequence, 0)
    assert (await place(door, ALICE, Side.BUY, 400_000, 10)).code == 0
    await bed.close()


async def test_one_batch_finishes_no_more_than_the_projections_leave_room_for(
    tmp_path: Path,
) -> None:
    """Criterion: LOG-7.1. Two owners cancel all, in one turn of the loop."""
    bed = await Bed.open(tmp_path)
    door = await bed.door()
    values = [(Parameter.FINISHED_MAX, 40), (Parameter.PENDING_PER_OWNER, 30)]
    commands = [SetParameter(door.gateway, door.numbers(1), *value) for value in values]
    await submit(door, commands)
    bed.sequencer.register("records", bed.journal.head.sequence, 0)
    for owner in (ALICE, BOB):
        for _ in range(30):
            assert (await place(door, owner, Side.BUY, 1, 1)).code == 0
    head = bed.journal.head.sequence
    await door.report("records", head, 0)
    cancels = [CancelAll(door.gateway, door.numbers(1), owner) for owner in (ALICE, BOB)]
    outcomes = await asyncio.gather(*(submit(door, [cancel]) for cancel in cancels))
    assert not isinstance(outcomes[0], Refused)
    assert isinstance(outcomes[1], Refused)
    assert (outcomes[1].code, outcomes[1].known) == (50013, True)
    assert bed.sequencer.machine.core.finished_total == 30
    await door.report("records", bed.journal.head.sequence, 30)
    assert not isinstance(await submit(door, [cancels[1]]), Refused)
    assert bed.sequencer.machine.core.finished_total == 60
    await bed.close()


async def test_intake_stops_before_time_takes_what_a_projection_lacks(tmp_path: Path) -> None:
    """Criterion: LOG-7.1. The core keeps finished orders for ten minutes."""
    clock = ManualClock(START_MS)
    bed = await Bed.open(tmp_path, clock=clock)
    door = await bed.door()
    await door.report("records", bed.journal.head.sequence, 0)
    assert (await place(door, ALICE, Side.BUY, 400_000, 10)).code == 0
    behind = bed.journal.head.sequence
    clock.advance(449_000)
    assert (await place(door, ALICE, Side.BUY, 400_000, 10)).code == 0
    clock.advance(2_000)
    assert isinstance(await submit(door, [order(door, ALICE, Side.BUY, 400_000, 10)]), Refused)
    await door.report("records", behind, 0)
    assert (await place(door, ALICE, Side.BUY, 400_000, 10)).code == 0
    await bed.close()


async def pair(door: LocalDoor) -> Sequence[Reply] | Refused:
    sell = order(door, BOB, Side.SELL, 400_000, 1)
    return await submit(door, [sell, order(door, ALICE, Side.BUY, 400_000, 1)])


async def small_core(folder: Path, clock: ManualClock) -> Bed:
    """An exchange that remembers 40 finished orders and has finished 80."""
    bed = await Bed.open(folder, clock=clock)
    door = await bed.door()
    await submit(door, [SetParameter(door.gateway, door.numbers(1), Parameter.FINISHED_MAX, 40)])
    for _ in range(40):
        assert not isinstance(await pair(door), Refused)
    return bed


async def is_bounded(bed: Bed, door: LocalDoor) -> bool:
    """Whether a projection that stands still from now on stops intake."""
    outcomes = [await pair(door) for _ in range(30)]
    return isinstance(outcomes[-1], Refused) and (await door.health()).state == "lagging"


async def test_a_rebuild_from_zero_stops_no_trading(tmp_path: Path) -> None:
    """Criterion: LOG-7.2. Started over a dropped database; caught up, it bounds intake again."""
    clock = ManualClock(START_MS)
    await (await small_core(tmp_path, clock)).close()
    clock.advance(3_600_000)
    bed = await Bed.open(tmp_path, clock=clock)
    bed.sequencer.register("records", 0, 0)
    door = await bed.door()
    assert (await door.health()).state == "running"
    assert not await is_bounded(bed, door)
    await door.report("records", 20, 4)
    assert not await is_bounded(bed, door)
    core = bed.sequencer.machine.core
    await door.report("records", bed.journal.head.sequence, core.finished_total)
    assert await is_bounded(bed, door)
    await bed.close()


async def test_a_database_that_is_rebuilt_beside_the_exchange_stops_no_trading(
    tmp_path: Path,
) -> None:
    """Criterion: LOG-7.2. It was followed to the end, dropped, and begins anew."""
    bed = await small_core(tmp_path, ManualClock(START_MS))
    door = await bed.door()
    core = bed.sequencer.machine.core
    await door.report("records", bed.journal.head.sequence, core.finished_total)
    await door.report("records", 20, 4)
    assert not await is_bounded(bed, door)
    await bed.close()


async def test_a_rebuild_ends_where_the_bound_begins(tmp_path: Path) -> None:
    """Criterion: LOG-7.2. What the core still shows is not lost after a rebuild."""
    bed = await small_core(tmp_path, ManualClock(START_MS))
    bed.sequencer.register("records", 0, 0)
    door = await bed.door()
    core = bed.sequencer.machine.core
    reached = core.finished_total - 10
    await door.report("records", bed.journal.head.sequence, reached)
    assert await is_bounded(bed, door)
    assert core.finished_total - reached <= 40
    await bed.close()
