"""A planned stop: told once, so long before, and carried out."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fullreserve.clock import ManualClock
from fullreserve.gateway.maintenance import FILE, Maintenance
from tests.bed import START_MS, turn

NOTICE_MS = 60_000


class Stop:
    """A wait for a planned stop, by a clock that is moved by hand."""

    def __init__(self) -> None:
        self.clock = ManualClock(START_MS)
        self.maintenance = Maintenance(self.clock)
        self.notices = 0
        self._task = asyncio.create_task(self.maintenance.stop(NOTICE_MS, self._announce))

    def _announce(self) -> None:
        self.notices += 1

    async def after(self, seconds: int) -> tuple[int, bool]:
        """Notices so far, and whether the stop is due, when so much time has passed."""
        await turn()
        self.clock.advance(seconds * 1000)
        await turn()
        return self.notices, self._task.done()

    def plan(self, seconds: int) -> None:
        self.maintenance.put(self.clock.wall_ms() + seconds * 1000, 0)

    def end(self) -> None:
        self._task.cancel()


async def test_the_notice_comes_so_long_before_and_once() -> None:
    """Criterion: WS-STOP-2"""
    stop = Stop()
    assert await stop.after(1000) == (0, False)
    stop.plan(100)
    assert await stop.after(39) == (0, False)
    assert await stop.after(1) == (1, False)
    assert await stop.after(59) == (1, False)
    assert await stop.after(1) == (1, True)


async def test_a_stop_that_is_near_is_told_at_once() -> None:
    """Criterion: WS-STOP-2"""
    stop = Stop()
    stop.plan(10)
    assert await stop.after(0) == (1, False)
    assert await stop.after(10) == (1, True)
    late = Stop()
    late.plan(0)
    assert await late.after(0) == (1, True)


async def test_a_plan_that_is_given_up_stops_nothing_and_another_is_told_anew() -> None:
    """Criterion: WS-STOP-2"""
    stop = Stop()
    assert not stop.maintenance.cancel()
    stop.plan(30)
    assert await stop.after(0) == (1, False)
    assert stop.maintenance.cancel()
    assert not stop.maintenance.cancel()
    assert await stop.after(1000) == (1, False)
    stop.plan(500)
    stop.plan(100)
    assert await stop.after(40) == (2, False)
    assert await stop.after(60) == (2, True)


def test_a_plan_survives_a_restart_until_its_time_has_come(tmp_path: Path) -> None:
    """Criterion: WS-STOP-3"""
    clock = ManualClock(START_MS)
    assert Maintenance(clock, tmp_path).plan is None
    first = Maintenance(clock, tmp_path)
    made = first.put(clock.wall_ms() + 60_000, 0)
    first.keep()
    second = Maintenance(clock, tmp_path)
    assert second.plan == made
    assert second.cancel()
    second.keep()
    given_up = Maintenance(clock, tmp_path).plan
    assert given_up is not None
    assert given_up.is_canceled
    later = second.put(clock.wall_ms() + 30_000, 0)
    second.keep()
    clock.advance(29_999)
    assert Maintenance(clock, tmp_path).plan == later
    clock.advance(1)
    assert Maintenance(clock, tmp_path).plan is None


def test_a_plan_that_cannot_be_read_stops_no_start(tmp_path: Path) -> None:
    """Criterion: WS-STOP-3"""
    (tmp_path / FILE).write_bytes(b'{"number": 1')
    assert Maintenance(ManualClock(START_MS), tmp_path).plan is None
