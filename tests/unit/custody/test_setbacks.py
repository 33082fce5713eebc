"""Goal: what failed once is tried again soon, whatever the clock does. Method: its waits alone."""

from __future__ import annotations

from pathlib import Path

from fullreserve.clock import ManualClock
from fullreserve.custody.setbacks import FIRST_MS, LONGEST_MS, Setbacks

DAY_MS = 24 * 3_600_000


def test_each_failure_doubles_the_wait_up_to_its_longest(tmp_path: Path) -> None:
    """Criterion: HOUSE-CLOCK-5."""
    clock = ManualClock()
    known = Setbacks(tmp_path, clock)
    assert known.is_due(7)
    for wait_ms in (FIRST_MS, 2 * FIRST_MS, 4 * FIRST_MS):
        known.note(7, ValueError())
        clock.advance(wait_ms - 1)
        assert not known.is_due(7)
        clock.advance(1)
        assert known.is_due(7)
    for _ in range(20):
        known.note(7, ValueError())
    clock.advance(LONGEST_MS)
    assert known.is_due(7)


def test_a_clock_that_is_set_back_keeps_nothing_waiting(tmp_path: Path) -> None:
    """Criterion: HOUSE-CLOCK-5."""
    clock = ManualClock()
    now_ms = clock.wall_ms()
    known = Setbacks(tmp_path, clock)
    clock.set_wall(now_ms + 365 * DAY_MS)
    known.note(7, ValueError())
    assert not known.is_due(7)
    clock.set_wall(now_ms)
    assert known.is_due(7)
