"""Goal: commands are taken in order and in time, nothing taken is lost, intake stops where it must.

Method: the real sequencer, core and SQLite journal; exchange time is moved by hand, and a disk that
holds commits back is put around the real one.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from fullreserve._core import Core
from fullreserve.clock import NS_PER_MS, ManualClock, SystemClock
from fullreserve.door.protocol import Limit, Refused, Result, Row
from fullreserve.exchange.wire.commands import (
    ActivateRules,
    CancelAllAfter,
    ConfirmTime,
    Side,
    Tick,
    decode_batch,
    encode,
)
from fullreserve.exchange.wire.events import DeadMan, OrderCause
from fullreserve.exchange.wire.events import Order as OrderEvent
from fullreserve.exchange.wire.queries import ListOpenOrders
from fullreserve.journal.errors import Unwritable
from fullreserve.journal.replay import recover
from fullreserve.journal.sequencer import JUMP_LOOK_MS, Limits
from fullreserve.journal.sqlite import SqliteJournal
from tests.bed import ALICE, START_MS, Bed, order, place, submit, turn, until
from tests.broken_disk import Disk


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


async def test_a_jump_is_logged_once_however_much_it_refuses(tmp_path: Path) -> None:
    """Criterion: LOG-6.5"""
    clock = ManualClock(START_MS)
    bed = await Bed.open(tmp_path, clock=clock)
    door = await bed.door()
    clock.set_wall(START_MS + 60_001)
    with capture_logs() as logs:
        for _ in range(3):
            refused = await submit(door, [order(door, ALICE, Side.BUY, 400_000, 10)])
            assert isinstance(refused, Refused)
        assert [entry["jump_ms"] for entry in logs] == [60_001]
        assert await door.confirm_time() == 60_001
        assert (await place(door, ALICE, Side.BUY, 400_000, 10)).code == 0
        clock.set_wall(START_MS + 160_002)
        await submit(door, [order(door, ALICE, Side.BUY, 400_000, 10)])
        assert [entry["event"] for entry in logs] == ["clock jumped forward"] * 2
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


async def test_a_timer_that_came_due_while_the_clock_was_wrong_fires_when_it_is_right(
    tmp_path: Path,
) -> None:
    """Criterion: LOG-6.2, LOG-6.3. Nobody submits anything meanwhile."""
    clock = ManualClock(START_MS)
    bed = await Bed.open(tmp_path, clock=clock)
    door = await bed.door()
    await place(door, ALICE, Side.BUY, 400_000, 10)
    await submit(door, [CancelAllAfter(door.gateway, door.numbers(1), ALICE, 10_000)])
    rows: list[Row] = []
    door.follow(rows.append)
    clock.set_wall(START_MS + 3_600_000)
    clock.advance(10_000)
    await until(lambda: bed.sequencer.status().state == "time_jump")
    refused = bed.sequencer.status().refused
    for _ in range(5):
        clock.advance(JUMP_LOOK_MS)
        await turn(20)
    assert rows == []
    assert bed.sequencer.status().refused == refused, "what is refused once is not tried again"
    clock.set_wall(clock.exchange_ms())
    clock.advance(JUMP_LOOK_MS)
    await until(lambda: rows)
    assert any(isinstance(event, DeadMan) and event.fired for event in rows[0].decoded())
    await bed.close()


async def test_a_confirmation_is_logged_once_intake_is_open(tmp_path: Path) -> None:
    """Criterion: LOG-6.2. An operator confirms the jump while the disk is full."""
    clock = ManualClock(START_MS)
    bed = await Bed.open(tmp_path, clock=clock)
    disk = Disk(bed.journal)
    door = await bed.door()
    disk.problem = Unwritable("database or disk is full")
    assert isinstance(await submit(door, [order(door, ALICE, Side.BUY, 400_000, 10)]), Refused)
    clock.set_wall(START_MS + 60_001)
    assert await door.confirm_time() == 60_001
    assert (await door.health()).state == "stalled"
    disk.problem = None
    await until(lambda: bed.sequencer.status().state == "running")
    await place(door, ALICE, Side.BUY, 400_000, 10)
    commands = [one for entry in bed.journal.read() for one in decode_batch(entry.commands)]
    confirmed = [command for command in commands if isinstance(command, ConfirmTime)]
    assert [command.jump_ms for command in confirmed] == [60_001]
    await bed.close()


class Faulty:
    """A core that fails when it has applied a batch, or before it has."""

    def __init__(self, core: Core, problem: Exception, *, applies: bool) -> None:
        self._core = core
        self._problem = problem
        self._applies = applies

    def __getattr__(self, name: str) -> Any:
        return getattr(self._core, name)

    def apply(self, *arguments: Any, **more: Any) -> bytes:
        if self._applies:
            self._core.apply(*arguments, **more)
        raise self._problem


@pytest.mark.parametrize("problem", [RuntimeError("no room"), ValueError("not an event")])
async def test_what_fails_behind_what_was_applied_halts_and_is_logged(
    tmp_path: Path, problem: Exception
) -> None:
    """Criterion: LOG-1.4, LOG-1.9. The log has it, so a restart goes on from there."""
    bed = await Bed.open(tmp_path)
    door = await bed.door()
    machine = bed.sequencer.machine
    machine.core = Faulty(machine.core, problem, applies=True)  # type: ignore[assignment]
    told = await asyncio.gather(
        *(submit(door, [order(door, ALICE, Side.BUY, 400_000, 10)]) for _ in range(2))
    )
    assert [(one.code, one.known) for one in told if isinstance(one, Refused)] == [
        (50004, False),
        (50004, False),
    ]
    assert bed.sequencer.status().state == "halted"
    await until(lambda: bed.sequencer.status().durable == machine.sequence)
    await bed.close()
    again = await Bed.open(tmp_path)
    assert again.sequencer.machine.core.open_orders == 2
    await again.close()


async def test_what_fails_before_anything_was_applied_is_answered(tmp_path: Path) -> None:
    """Criterion: LOG-1.10"""
    bed = await Bed.open(tmp_path)
    door = await bed.door()
    machine = bed.sequencer.machine
    sound = machine.core
    machine.core = Faulty(sound, RuntimeError("no room"), applies=False)  # type: ignore[assignment]
    refused = await submit(door, [order(door, ALICE, Side.BUY, 400_000, 10)])
    assert isinstance(refused, Refused)
    assert (refused.code, refused.known) == (50026, True)
    machine.core = sound
    assert (await place(door, ALICE, Side.BUY, 400_000, 10)).code == 0
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
    ring = late.sequencer._rows.ring
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
