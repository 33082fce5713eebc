"""Goal: nothing speaks ahead of the log, nothing applied is lost, and intake stops where it must.

Method: the real sequencer, core and SQLite journal; a journal that does what a broken disk does is
put around the real one, and exchange time is moved by hand.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from fullreserve.clock import NS_PER_MS, ManualClock, SystemClock
from fullreserve.door.protocol import Gone, Limit, Refused, Result, Row, Unavailable
from fullreserve.exchange.machine import Machine
from fullreserve.exchange.wire.commands import (
    ActivateRules,
    CancelAll,
    CancelAllAfter,
    ConfirmTime,
    Parameter,
    SetParameter,
    Side,
    Tick,
    decode_batch,
    encode,
)
from fullreserve.exchange.wire.events import DeadMan, OrderCause, Reply
from fullreserve.exchange.wire.events import Order as OrderEvent
from fullreserve.exchange.wire.queries import GetOrder, GetStatus, ListOpenOrders, Status
from fullreserve.journal.durable_view import DurableView
from fullreserve.journal.errors import Fenced, JournalError, Unwritable
from fullreserve.journal.replay import recover
from fullreserve.journal.sequencer import Limits
from fullreserve.journal.sqlite import SqliteJournal
from tests.bed import ALICE, BOB, START_MS, Bed, order, place, submit, turn, until
from tests.broken_disk import Disk

_encode = msgspec.msgpack.encode


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


async def test_a_query_of_durable_state_does_not_wait(tmp_path: Path) -> None:
    """Criterion: LOG-1.1"""
    bed = await Bed.open(tmp_path)
    disk = Disk(bed.journal)
    disk.hold()
    door = await bed.door()
    assert await door.query(ListOpenOrders(owner=ALICE)) == []
    disk.release()
    await bed.close()


async def test_commands_of_one_turn_are_one_row(tmp_path: Path) -> None:
    """Criterion: LOG-1.2"""
    bed = await Bed.open(tmp_path)
    door = await bed.door()
    before = bed.journal.head.sequence
    numbered = [order(door, ALICE, Side.BUY, 400_000 - n, 10) for n in range(10)]
    replies = await asyncio.gather(
        *(submit(door, numbered[n : n + 2]) for n in range(0, len(numbered), 2))
    )
    (row,) = bed.journal.read(before + 1)
    assert decode_batch(row.commands) == numbered
    expected = list(range(before + 1, before + 11))
    sequences = [reply.sequence for run in replies if not isinstance(run, Refused) for reply in run]
    assert sequences == expected
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
    await until(lambda: bed.sequencer._durable == bed.sequencer.machine.sequence)
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
    await until(lambda: bed.sequencer._state() == "running")
    assert (await place(door, ALICE, Side.BUY, 400_000, 10)).code == 0
    await bed.close()


async def test_a_query_waits_where_there_is_no_durable_view(tmp_path: Path) -> None:
    """Criterion: LOG-1.1, LOG-1.3. A view that cannot be made is said; without one, it waits."""

    def gone() -> Machine:
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
    bed.sequencer._view = DurableView(gone)
    with pytest.raises(Unavailable, match="front of the log"):
        await door.query(ListOpenOrders(owner=ALICE))
    bed.sequencer._view = DurableView(None)
    asked = asyncio.ensure_future(door.query(ListOpenOrders(owner=ALICE)))
    await turn()
    assert not asked.done()
    disk.release()
    assert len(await asked) == 1
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


async def test_more_than_can_wait_is_refused_as_busy(tmp_path: Path) -> None:
    """Criterion: LOG-1.5"""
    bed = await Bed.open(tmp_path, limits=Limits(pending_max=100))
    disk = Disk(bed.journal)
    door = await bed.door()
    disk.hold()
    results: list[Result] = []
    for _ in range(101):
        command = encode(order(door, ALICE, Side.BUY, 400_000, 1))
        bed.sequencer.submit([command], results.append)
    assert [(result.code, result.known) for result in results if isinstance(result, Refused)] == [
        (50013, True)
    ]
    disk.release()
    await until(lambda: len(results) == 101)
    assert bed.sequencer.machine.core.open_orders == 100
    await bed.close()


async def test_a_halt_makes_the_exchange_read_only_and_is_in_the_log(tmp_path: Path) -> None:
    """Criterion: LOG-1.9, LOG-1.8. Rules that this version does not know halt it."""
    bed = await Bed.open(tmp_path)
    door = await bed.door()
    await place(door, ALICE, Side.BUY, 400_000, 10)
    halting = ActivateRules(door.gateway, door.numbers(1), 999)
    result = await submit(door, [halting])
    assert isinstance(result, Refused)
    assert not result.known, "the command is in the log"
    refused = await submit(door, [order(door, ALICE, Side.BUY, 400_000, 10)])
    assert isinstance(refused, Refused)
    assert (refused.code, refused.known) == (50001, True)
    assert "rules" not in refused.message
    health = await door.health()
    # The refusals do not wait for the disk; the row of the halt may still be on its way there.
    await until(lambda: bed.sequencer.status().durable >= health.halted_at)
    assert (health.state, health.halted_at) == ("halted", bed.journal.head.sequence)
    assert len(await door.query(ListOpenOrders(owner=ALICE))) == 1
    await bed.close()

    again = await Bed.open(tmp_path)
    assert (await (await again.door()).health()).halted_at == health.halted_at
    await again.close()

    journal = SqliteJournal(tmp_path / "journal")
    journal.quarantine(health.halted_at, gateway=0, number=0, time_ms=START_MS)
    journal.close()
    mended = await Bed.open(tmp_path)
    door = await mended.door()
    assert (await door.health()).state == "running"
    assert await door.skips() == [health.halted_at]
    assert (await place(door, ALICE, Side.BUY, 400_000, 10)).code == 0
    assert len(await door.query(ListOpenOrders(owner=ALICE))) == 2
    await mended.close()


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


async def test_a_malformed_command_harms_nobody_else(tmp_path: Path) -> None:
    """Criterion: LOG-1.10"""
    bed = await Bed.open(tmp_path)
    door = await bed.door()
    good = [encode(order(door, ALICE, Side.BUY, 400_000, 10)) for _ in range(3)]
    results: dict[str, Result] = {}
    sequencer = bed.sequencer
    sequencer.submit(good[:1], lambda result: results.update(first=result))
    sequencer.submit([b"\x93\xc1"], lambda result: results.update(broken=result))
    sequencer.submit([b""], lambda result: results.update(empty=result))
    sequencer.submit(good[1:], lambda result: results.update(last=result))
    await until(lambda: len(results) == 4)
    for name in ("broken", "empty"):
        refused = results[name]
        assert isinstance(refused, Refused)
        assert (refused.code, refused.known) == (51000, True)
    assert [len(results[name]) for name in ("first", "last")] == [1, 2]
    assert recover(bed.journal).replica.machine.core.state_hash() == bed.hash
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


async def test_exchange_time_never_goes_back(tmp_path: Path) -> None:
    """Criterion: LOG-6.1"""
    clock = ManualClock(START_MS)
    bed = await Bed.open(tmp_path, clock=clock)
    await bed.close()
    behind = await Bed.open(tmp_path, clock=ManualClock(START_MS - 5_000))
    door = await behind.door()
    await place(door, ALICE, Side.BUY, 400_000, 10)
    assert behind.journal.head.time_ms == START_MS
    await behind.close()


async def test_a_forward_jump_waits_for_an_operator(tmp_path: Path) -> None:
    """Criterion: LOG-6.2"""
    clock = ManualClock(START_MS)
    bed = await Bed.open(tmp_path, clock=clock)
    door = await bed.door()
    clock.set_wall(START_MS + 60_001)
    refused = await submit(door, [order(door, ALICE, Side.BUY, 400_000, 10)])
    assert isinstance(refused, Refused)
    assert refused.known
    health = await door.health()
    assert (health.state, health.time_jump_ms) == ("time_jump", 60_001)
    assert await door.query(ListOpenOrders(owner=ALICE)) == []
    assert await door.confirm_time() == 60_001
    assert (await place(door, ALICE, Side.BUY, 400_000, 10)).code == 0
    confirmed = [
        command
        for entry in bed.journal.read()
        for command in decode_batch(entry.commands)
        if isinstance(command, ConfirmTime)
    ]
    assert [command.jump_ms for command in confirmed] == [60_001]
    await bed.close()


async def test_a_clock_that_is_put_right_again_needs_no_operator(tmp_path: Path) -> None:
    """Criterion: LOG-6.2"""
    clock = ManualClock(START_MS)
    bed = await Bed.open(tmp_path, clock=clock)
    door = await bed.door()
    clock.set_wall(START_MS + 3_600_000)
    assert isinstance(await submit(door, [order(door, ALICE, Side.BUY, 400_000, 10)]), Refused)
    clock.set_wall(START_MS)
    assert (await place(door, ALICE, Side.BUY, 400_000, 10)).code == 0
    # An idle night is no jump.
    clock.advance(12 * 3_600_000)
    assert (await place(door, ALICE, Side.BUY, 400_000, 10)).code == 0
    await bed.close()


async def test_a_jump_that_others_saw_never_reaches_the_log(tmp_path: Path) -> None:
    """Criterion: LOG-6.2. Gateways and market data read the clock while it is wrong."""
    wall_ms, monotonic_ms = START_MS, 0
    clock = SystemClock(
        wall_ns=lambda: wall_ms * NS_PER_MS, monotonic_ns=lambda: monotonic_ms * NS_PER_MS
    )
    bed = await Bed.open(tmp_path, clock=clock)
    door = await bed.door()
    wall_ms += 86_400_000
    assert isinstance(await submit(door, [order(door, ALICE, Side.BUY, 400_000, 10)]), Refused)
    assert clock.exchange_ms() == START_MS
    wall_ms, monotonic_ms = START_MS + 7, 7
    assert (await place(door, ALICE, Side.BUY, 400_000, 10)).code == 0
    assert bed.journal.head.time_ms == START_MS + 7
    # What is below the limit is followed without anybody's leave.
    wall_ms += 30_000
    assert (await place(door, ALICE, Side.BUY, 400_000, 10)).code == 0
    assert bed.journal.head.time_ms == START_MS + 30_007
    await bed.close()


async def test_a_timer_fires_on_an_idle_exchange(tmp_path: Path) -> None:
    """Criterion: LOG-6.3, LOG-6.4"""
    clock = ManualClock(START_MS)
    bed = await Bed.open(tmp_path, clock=clock)
    door = await bed.door()
    await place(door, ALICE, Side.BUY, 400_000, 10)
    await submit(door, [CancelAllAfter(door.gateway, door.numbers(1), ALICE, 10_000)])
    rows: list[Row] = []
    door.follow(rows.append)
    clock.advance(9_999)
    await turn(20)
    assert rows == [], "an exchange with nothing due logs nothing"
    clock.advance(1)
    await until(lambda: rows)
    assert [type(command) for command in decode_batch(rows[0].commands)] == [Tick]
    events = rows[0].decoded()
    assert any(isinstance(event, DeadMan) and event.fired for event in events)
    canceled = [event for event in events if isinstance(event, OrderEvent)]
    assert [event.cause for event in canceled] == [OrderCause.CANCELED]
    clock.advance(100_000)
    await turn(20)
    assert len(rows) == 1
    await bed.close()


async def test_a_timer_that_ran_out_while_the_exchange_was_down_fires_once(
    tmp_path: Path,
) -> None:
    """Criterion: LOG-6.3"""
    bed = await Bed.open(tmp_path, clock=ManualClock(START_MS))
    door = await bed.door()
    await place(door, ALICE, Side.BUY, 400_000, 10)
    await submit(door, [CancelAllAfter(door.gateway, door.numbers(1), ALICE, 10_000)])
    await bed.close()
    late = await Bed.open(tmp_path, clock=ManualClock(START_MS + 3_600_000))
    ring = late.sequencer._ring
    await until(lambda: late.sequencer.machine.core.open_orders == 0 and len(ring) == 1)
    fired = [
        event
        for row in [ring.holding(late.sequencer.machine.sequence)]
        if row is not None
        for event in row.decoded()
        if isinstance(event, DeadMan)
    ]
    assert [event.fired for event in fired] == [True]
    await late.close()


async def test_limits_are_kept_on_the_exchange_side(tmp_path: Path) -> None:
    """Criterion: LOG-11.3. Two gateways share one bucket."""
    clock = ManualClock(START_MS)
    bed = await Bed.open(tmp_path, clock=clock)
    doors = [await bed.door(1), await bed.door(2)]
    limit = [Limit(("order", ALICE), 4, 2_000)]
    codes = []
    for turn_number in range(6):
        door = doors[turn_number % 2]
        result = await submit(door, [order(door, ALICE, Side.BUY, 400_000, 1)], limit)
        codes.append(result.code if isinstance(result, Refused) else result[0].code)
    assert codes == [0, 0, 0, 0, 50011, 50011]
    clock.advance(500)
    result = await submit(doors[0], [order(doors[0], ALICE, Side.BUY, 400_000, 1)], limit)
    assert not isinstance(result, Refused), "a quarter of the window gives one of four back"
    await bed.close()


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


async def test_closing_completes_what_was_taken_and_refuses_the_rest(tmp_path: Path) -> None:
    """Criterion: LOG-1.11"""
    bed = await Bed.open(tmp_path)
    door = await bed.door()
    results: list[Result] = []
    for _ in range(10):
        bed.sequencer.submit([encode(order(door, ALICE, Side.BUY, 1, 1))], results.append)
    closing = asyncio.ensure_future(bed.sequencer.close())
    await turn(1)
    late = await submit(door, [order(door, ALICE, Side.BUY, 400_000, 1)])
    assert isinstance(late, Refused)
    assert late.known
    await closing
    assert [isinstance(result, Refused) for result in results] == [False] * 10
    bed.journal.close()
    again = await Bed.open(tmp_path)
    assert again.sequencer.machine.core.open_orders == 10
    await again.close()


async def test_numbers_go_on_after_a_restart(tmp_path: Path) -> None:
    """Criterion: LOG-11.4"""
    bed = await Bed.open(tmp_path)
    door = await bed.door(7)
    await place(door, ALICE, Side.BUY, 400_000, 10)
    used = door.numbers(1) - 1
    await bed.close()
    again = await Bed.open(tmp_path)
    assert (await again.door(7)).numbers(1) == used + 1
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
