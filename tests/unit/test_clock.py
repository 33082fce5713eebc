"""Goal: three times that keep their promises. Method: the manual clock, and the system's own."""

import asyncio
from fractions import Fraction

import pytest

from fullreserve.clock import NS_PER_MS, ManualClock, SystemClock

START_MS = 1_700_000_000_000


class Sources:
    """Wall and monotonic time as a test sets them."""

    def __init__(self) -> None:
        self.wall = START_MS
        self.monotonic = 5_000

    def clock(self, speed: Fraction = Fraction(1), not_before_ms: int = 0) -> SystemClock:
        return SystemClock(
            speed,
            not_before_ms,
            wall_ns=lambda: self.wall * NS_PER_MS,
            monotonic_ns=lambda: self.monotonic * NS_PER_MS,
        )

    def advance(self, ms: int) -> None:
        self.wall += ms
        self.monotonic += ms

    def set_wall(self, wall_ms: int) -> None:
        self.wall = wall_ms


def test_exchange_time_never_goes_back_when_the_wall_clock_does() -> None:
    """Criterion: HOUSE-CLOCK-1."""
    sources = Sources()
    clock = sources.clock()
    sources.advance(5_000)
    assert clock.exchange_ms() == START_MS + 5_000
    sources.set_wall(START_MS + 2_000)
    assert clock.wall_ms() == START_MS + 2_000
    assert clock.exchange_ms() == START_MS + 5_000
    assert clock.behind_ms() == 3_000
    sources.advance(2_999)
    assert (clock.exchange_ms(), clock.behind_ms()) == (START_MS + 5_000, 1)
    sources.advance(501)
    assert clock.behind_ms() == 0
    assert clock.exchange_ms() == START_MS + 5_500, "it goes on where wall time has come"


def test_wall_time_is_told_in_microseconds_too() -> None:
    """Criterion: HOUSE-CLOCK-4."""
    clock = SystemClock(wall_ns=lambda: START_MS * NS_PER_MS + 123_456)
    assert (clock.wall_us(), clock.wall_ms()) == (START_MS * 1_000 + 123, START_MS)
    by_hand = ManualClock(START_MS)
    by_hand.set_wall(START_MS + 7)
    assert by_hand.wall_us() == (START_MS + 7) * 1_000


@pytest.mark.parametrize(("speed", "moved_ms"), [("1", 3000), ("2.5", 7500), ("1/3", 1000)])
def test_speed_moves_exchange_time_alone(speed: str, moved_ms: int) -> None:
    """Criterion: HOUSE-CLOCK-2."""
    sources = Sources()
    clock = sources.clock(Fraction(speed))
    sources.advance(3_000)
    assert clock.exchange_ms() == START_MS + moved_ms
    assert clock.wall_ms() == START_MS + 3_000


def test_exchange_time_continues_from_a_log_that_ran_ahead() -> None:
    """Criterion: HOUSE-CLOCK-1."""
    sources = Sources()
    clock = sources.clock(not_before_ms=1_800_000_000_000)
    assert clock.exchange_ms() == 1_800_000_000_000
    sources.advance(1)
    assert clock.exchange_ms() == 1_800_000_000_001


@pytest.mark.parametrize("manual", [False, True])
def test_who_reads_the_clock_in_a_jump_does_not_move_it(manual: bool) -> None:
    """Criterion: LOG-6.2, HOUSE-CLOCK-3. Both clocks tell the same times."""
    source = ManualClock(START_MS) if manual else Sources()
    clock = source if isinstance(source, ManualClock) else source.clock()
    source.set_wall(START_MS + 86_400_000)
    assert (clock.exchange_ms(), clock.jump_ms()) == (START_MS, 86_400_000)
    source.advance(40)
    assert clock.exchange_ms() == START_MS + 40
    source.set_wall(START_MS + 40)
    assert (clock.exchange_ms(), clock.jump_ms()) == (START_MS + 40, 0)
    source.set_wall(START_MS + 3_600_040)
    clock.accept_jump()
    assert (clock.exchange_ms(), clock.jump_ms()) == (START_MS + 3_600_040, 0)
    source.advance(10)
    assert clock.exchange_ms() == START_MS + 3_600_050


@pytest.mark.parametrize("drift_ms", [1, -1])
def test_a_small_drift_is_followed(drift_ms: int) -> None:
    """Criterion: HOUSE-CLOCK-1."""
    sources = Sources()
    clock = sources.clock()
    for _ in range(100_000):
        sources.advance(1_000)
        sources.wall += drift_ms
        clock.exchange_ms()
    assert clock.exchange_ms() == sources.wall
    assert clock.jump_ms() == 0


def test_a_return_from_a_clock_set_back_is_no_jump() -> None:
    """Criterion: LOG-6.2."""
    sources = Sources()
    clock = sources.clock()
    sources.set_wall(START_MS - 3_600_000)
    sources.advance(10)
    assert clock.exchange_ms() == START_MS
    sources.set_wall(START_MS + 10)
    assert (clock.jump_ms(), clock.exchange_ms()) == (0, START_MS + 10)
    # Once wall time has caught up from behind, what it was ahead before counts no more.
    sources.set_wall(START_MS - 3_600_000)
    sources.advance(3_600_020)
    assert clock.exchange_ms() == START_MS + 20
    sources.set_wall(sources.wall + 3_600_000)
    assert (clock.jump_ms(), clock.exchange_ms()) == (3_600_000, START_MS + 20)


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
