"""Goal: three times that keep their promises. Method: the manual clock, and the system's own."""

import asyncio
import time
from fractions import Fraction

import pytest

from fullreserve.clock import ManualClock, SystemClock


def test_exchange_time_never_goes_back_when_the_wall_clock_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Criterion: HOUSE-CLOCK-1."""
    now_ns = 1_700_000_000_000_000_000
    monkeypatch.setattr(time, "time_ns", lambda: now_ns)
    clock = SystemClock()
    now_ns += 5_000_000_000
    assert clock.exchange_ms() == 1_700_000_005_000
    now_ns -= 3_000_000_000
    assert clock.wall_ms() == 1_700_000_002_000
    assert clock.exchange_ms() == 1_700_000_005_000


@pytest.mark.parametrize(("speed", "moved_ms"), [("1", 3000), ("2.5", 7500), ("1/3", 1000)])
def test_speed_moves_exchange_time_alone(
    monkeypatch: pytest.MonkeyPatch, speed: str, moved_ms: int
) -> None:
    """Criterion: HOUSE-CLOCK-2."""
    now_ns = 1_700_000_000_000_000_000
    monkeypatch.setattr(time, "time_ns", lambda: now_ns)
    clock = SystemClock(Fraction(speed))
    now_ns += 3_000_000_000
    assert clock.exchange_ms() == 1_700_000_000_000 + moved_ms
    assert clock.wall_ms() == 1_700_000_003_000


def test_exchange_time_continues_from_a_log_that_ran_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Criterion: HOUSE-CLOCK-1."""
    now_ns = 1_700_000_000_000_000_000
    monkeypatch.setattr(time, "time_ns", lambda: now_ns)
    clock = SystemClock(not_before_ms=1_800_000_000_000)
    assert clock.exchange_ms() == 1_800_000_000_000
    now_ns += 1_000_000
    assert clock.exchange_ms() == 1_800_000_000_001


def test_a_clock_that_stands_still_is_refused() -> None:
    with pytest.raises(ValueError, match="more than zero"):
        SystemClock(Fraction(0))


async def test_waiting_at_a_high_speed_ends_at_the_moment() -> None:
    """Criterion: HOUSE-CLOCK-2."""
    clock = SystemClock(Fraction(100_000))
    due_ms = clock.exchange_ms() + 60_000
    await clock.wait_until(due_ms)
    assert clock.exchange_ms() >= due_ms


async def test_the_manual_clock_wakes_who_is_due_in_order_and_no_one_else() -> None:
    """Criterion: HOUSE-CLOCK-3."""
    clock = ManualClock(1_000)
    woken: list[str] = []

    async def wait(name: str, exchange_ms: int) -> None:
        await clock.wait_until(exchange_ms)
        woken.append(name)

    async with asyncio.TaskGroup() as group:
        for name, due_ms in [("late", 1_030), ("first", 1_010), ("second", 1_020)]:
            group.create_task(wait(name, due_ms))
        await asyncio.sleep(0)
        clock.advance(25)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert woken == ["first", "second"]
        clock.advance(5)
    assert woken == ["first", "second", "late"]


def test_setting_the_manual_wall_clock_leaves_the_others() -> None:
    """Criterion: HOUSE-CLOCK-3."""
    clock = ManualClock(1_000)
    clock.set_wall(400)
    clock.advance(50)
    assert (clock.exchange_ms(), clock.wall_ms(), clock.monotonic_ns()) == (1_050, 450, 50_000_000)
    with pytest.raises(ValueError, match="go back"):
        clock.advance(-1)
