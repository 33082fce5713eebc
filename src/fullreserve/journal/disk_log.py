"""What the log of the process says of a disk that takes nothing, and takes again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from fullreserve.clock import NS_PER_MS, Clock

FIRST_MS = 1_000
LONGEST_MS = 60_000

log = structlog.get_logger(__name__)


class DiskLog:
    """Says that the disk takes nothing, and when it does again; to and fro less and less often.

    A disk that is almost full takes a row and refuses the next, many times a second. The first
    trouble is said at once; of the others one in each wait, which doubles from `FIRST_MS` to
    `LONGEST_MS`, and begins anew after a longest one without any. `times` counts those that were
    not said too. What was said last is always how it is, or was a wait ago.
    """

    def __init__(
        self, clock: Clock, later: Callable[[float, Callable[[], None]], asyncio.TimerHandle]
    ) -> None:
        """`later(seconds, call)` is the loop's."""
        self._clock = clock
        self._later = later
        self._why = ""
        self._times = 0
        self._is_said = False
        self._wait_ms = 0
        self._next_ms = 0  # when a trouble may be said again
        self._timer: asyncio.TimerHandle | None = None

    def takes_nothing(self, why: str) -> None:
        """A trouble began."""
        self._why = why
        self._times += 1
        left_ms = self._next_ms - self._now_ms()
        if left_ms <= 0:
            self._say()
        else:
            self._timer = self._later(left_ms / 1000, self._say)

    def takes_again(self, sequence: int) -> None:
        """It is over; everything up to a sequence is durable."""
        self.close()
        if self._is_said:
            log.warning("log is being written again", sequence=sequence)
            self._is_said = False

    def close(self) -> None:
        """Says nothing more of its own accord."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _say(self) -> None:
        now_ms = self._now_ms()
        is_anew = now_ms - self._next_ms > LONGEST_MS or not self._wait_ms
        self._wait_ms = FIRST_MS if is_anew else min(2 * self._wait_ms, LONGEST_MS)
        self._next_ms = now_ms + self._wait_ms
        log.error("log cannot be written, read-only", problem=self._why, times=self._times)
        self._times = 0
        self._is_said = True

    def _now_ms(self) -> int:
        return self._clock.monotonic_ns() // NS_PER_MS
