"""Goal: the log of the process tells of a disk that comes and goes, and is not filled by it.

Method: time by hand; the loop's timers are kept and called when their moment comes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from fullreserve.clock import ManualClock
from fullreserve.journal.disk_log import DiskLog
from tests.bed import START_MS

TROUBLE, OVER = "log cannot be written, read-only", "log is being written again"


class Desk:
    """A disk's log with time and timers by hand."""

    def __init__(self) -> None:
        self.clock = ManualClock(START_MS)
        self.loop = asyncio.new_event_loop()
        self.due: list[tuple[int, asyncio.TimerHandle, Callable[[], None]]] = []
        self.log = DiskLog(self.clock, self._later)

    def _later(self, seconds: float, call: Callable[[], None]) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(seconds, call, (), self.loop)
        self.due.append((self.now + round(seconds * 1000), handle, call))
        return handle

    @property
    def now(self) -> int:
        return self.clock.monotonic_ns() // 1_000_000

    def advance(self, ms: int) -> None:
        end = self.now + ms
        while soon := [one for one in self.due if one[0] <= end]:
            first = at, handle, call = min(soon, key=lambda one: one[0])
            self.due.remove(first)
            self.clock.advance(at - self.now)
            if not handle.cancelled():
                call()
        self.clock.advance(end - self.now)

    def flap(self, times: int) -> None:
        """15 times a second nothing is taken, and then something is."""
        for _ in range(times):
            self.log.takes_nothing("disk full")
            self.advance(33)
            self.log.takes_again(7)
            self.advance(33)


@pytest.fixture
def desk() -> Any:
    made = Desk()
    yield made
    made.loop.close()


def test_one_trouble_is_said_at_once_and_its_end_too(desk: Desk) -> None:
    """Criterion: LOG-12.4"""
    with capture_logs() as lines:
        desk.log.takes_nothing("disk full")
        desk.log.takes_again(7)
    assert [line["event"] for line in lines] == [TROUBLE, OVER]
    assert (lines[0]["problem"], lines[0]["times"]) == ("disk full", 1)
    assert lines[1]["sequence"] == 7


def test_a_disk_that_flaps_is_said_ever_less_often(desk: Desk) -> None:
    """Criterion: LOG-12.4. None of it is left out of the count."""
    with capture_logs() as lines:
        desk.flap(times=15 * 60)
    said = [line["times"] for line in lines if line["event"] == TROUBLE]
    # After 0, 1, 3, 7, 15, 31 seconds; the next is due after a minute.
    assert len(said) == 6
    assert said == sorted(said)
    assert len(lines) == 2 * len(said)
    with capture_logs() as later:
        desk.flap(times=15 * 60)
    (last,) = [line["times"] for line in later if line["event"] == TROUBLE]
    assert sum(said) + last > 900


def test_a_trouble_that_stays_is_said_though_many_came_before(desk: Desk) -> None:
    """Criterion: LOG-12.4. And what is over before its time has come is not."""
    with capture_logs() as lines:
        desk.flap(times=2)
        desk.log.takes_nothing("still full")
        desk.advance(2_000)
    assert [line["event"] for line in lines] == [TROUBLE, OVER, TROUBLE]
    assert (lines[-1]["problem"], lines[-1]["times"]) == ("still full", 2)
    with capture_logs() as lines:
        desk.log.takes_again(8)
        desk.flap(times=3)
        desk.advance(5_000)
    assert [line["event"] for line in lines] == [OVER]


def test_after_a_quiet_time_it_begins_anew(desk: Desk) -> None:
    """Criterion: LOG-12.4"""
    desk.flap(times=15 * 60)
    desk.advance(130_000)
    with capture_logs() as lines:
        desk.flap(times=15 * 4)
    assert len([line for line in lines if line["event"] == TROUBLE]) == 3


def test_nothing_is_said_after_the_end(desk: Desk) -> None:
    """Criterion: LOG-12.4"""
    desk.flap(times=1)
    with capture_logs() as lines:
        desk.log.takes_nothing("disk full")
        desk.log.close()
        desk.advance(10_000)
    assert lines == []
