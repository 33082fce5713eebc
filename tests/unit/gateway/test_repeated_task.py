"""Goal: what is done again and again goes on, whatever a turn of it comes to."""

from __future__ import annotations

from structlog.testing import capture_logs

from fullreserve.clock import ManualClock
from fullreserve.door.protocol import Unavailable
from fullreserve.gateway.repeated_task import RepeatedTask
from tests.bed import turn, until

EVERY_MS = 1_000


async def test_turns_go_on_behind_whatever_they_raise() -> None:
    """Criterion: HOUSE-TASK-1. What may pass is told to who waits; a fault is in the log too."""
    clock, turns = ManualClock(), 0
    told: list[str] = []

    async def take() -> None:
        nonlocal turns
        turns += 1
        if turns == 2:
            raise Unavailable("not now")
        if turns == 3:
            raise ZeroDivisionError("a fault")

    async def rest(problem: Exception | None) -> None:
        told.append(type(problem).__name__)
        await clock.wait_ms(EVERY_MS)

    task = RepeatedTask(take, rest, (Unavailable,))
    with capture_logs() as said:
        task.start()
        for count in range(1, 5):
            await until(lambda: len(told) == count)  # noqa: B023 - awaited here
            await turn()
            clock.advance(EVERY_MS)
        await until(lambda: len(told) == 5)
    assert told == ["NoneType", "Unavailable", "ZeroDivisionError", "NoneType", "NoneType"]
    assert [(one["log_level"], one["exc_info"]) for one in said] == [("error", True)]
    task.stop()
    await turn()
    clock.advance(EVERY_MS)
    await turn()
    assert turns == len(told) == 5


async def test_what_was_not_started_can_be_stopped() -> None:
    """Criterion: HOUSE-TASK-1."""

    async def never(*_: object) -> None:
        raise AssertionError

    RepeatedTask(never, never, ()).stop()
