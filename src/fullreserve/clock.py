"""The one clock. Everything in Python that needs the time is handed one of these.

Three times exist and are not interchangeable:

* *exchange time*: what commands are stamped with and the core's agenda lives by. It never goes
  back, and a speed factor moves it alone.
* *wall time*: what the world agrees on. Signature windows, TLS and one-time passwords use it.
* *monotonic time*: for measuring durations.
"""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Protocol

NS_PER_MS = 1_000_000
NS_PER_US = 1_000
US_PER_MS = 1_000
MS_PER_S = 1_000

# How far wall time may run ahead of monotonic time between two looks and still be followed: NTP's
# slewing is far below it, a clock that was set is mostly above.
_DRIFT_MAX_NS = 1_000 * NS_PER_MS


class Clock(Protocol):
    """What the rest of the exchange may ask about time."""

    def exchange_ms(self) -> int:
        """Return exchange time in milliseconds since the epoch; never less than before."""

    def wall_ms(self) -> int:
        """Return wall time in milliseconds since the epoch; it may be set back."""

    def wall_us(self) -> int:
        """Return wall time in microseconds since the epoch, as fine as the machine tells it."""

    def monotonic_ns(self) -> int:
        """Return nanoseconds from an arbitrary start; for durations only."""

    def jump_ms(self) -> int:
        """Return how far wall time leapt ahead and exchange time did not follow; 0 for not."""

    def accept_jump(self) -> None:
        """Let exchange time follow wall time to where it is now."""

    def behind_ms(self) -> int:
        """Return how far exchange time is ahead of a wall clock that was set back; 0 for not."""

    async def wait_until(self, exchange_ms: int) -> None:
        """Return once exchange time has reached a moment."""

    async def wait_ms(self, real_ms: int) -> None:
        """Return after a real duration; a speed factor does not shorten it."""


class SystemClock:
    """The clock of a running exchange.

    Exchange time starts at wall time, or at `not_before_ms` when that is later: a log that was
    written at a high speed continues from its own end. From there it follows wall time at
    `speed`, so that at speed 1 it stays as right as the machine's clock. When wall time leaps ahead
    of monotonic time, it follows monotonic time until `accept_jump`, or until wall time is right
    again: whoever asks meanwhile sees no leap. When wall time is set back it stands still.
    """

    def __init__(
        self,
        speed: Fraction = Fraction(1),
        not_before_ms: int = 0,
        *,
        wall_ns: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        if speed <= 0:
            raise ValueError("A clock's speed is more than zero.")
        self._speed = speed
        # Of elapsed ns: parts of a fraction are asked for at a price, and this is asked often.
        self._numerator = speed.numerator
        self._denominator = speed.denominator * NS_PER_MS
        self._wall_ns = wall_ns
        self._monotonic_ns = monotonic_ns
        self._wall_anchor_ns = wall_ns()
        # What wall time is ahead of monotonic time, as far as exchange time follows it.
        self._offset_ns = self._wall_anchor_ns - monotonic_ns()
        self._exchange_anchor_ms = max(self._wall_anchor_ns // NS_PER_MS, not_before_ms)
        self._last_ms = self._exchange_anchor_ms

    def exchange_ms(self) -> int:
        wall_ns, monotonic_ns = self._wall_ns(), self._monotonic_ns()
        offset_ns = wall_ns - monotonic_ns
        if offset_ns - self._offset_ns > _DRIFT_MAX_NS:
            offset_ns = self._offset_ns
        elapsed_ns = monotonic_ns + offset_ns - self._wall_anchor_ns
        moved_ms = elapsed_ns * self._numerator // self._denominator
        now_ms = self._exchange_anchor_ms + moved_ms
        # While wall time stands behind, the offset before is kept: a return to it is no leap.
        if now_ms >= self._last_ms:
            self._last_ms, self._offset_ns = now_ms, offset_ns
        return self._last_ms

    def wall_ms(self) -> int:
        return self._wall_ns() // NS_PER_MS

    def wall_us(self) -> int:
        return self._wall_ns() // NS_PER_US

    def monotonic_ns(self) -> int:
        return self._monotonic_ns()

    def jump_ms(self) -> int:
        return max(0, self._wall_ns() - self._monotonic_ns() - self._offset_ns) // NS_PER_MS

    def behind_ms(self) -> int:
        elapsed_ns = self._wall_ns() - self._wall_anchor_ns
        stands_at_ms = self._exchange_anchor_ms + elapsed_ns * self._numerator // self._denominator
        return max(0, self._last_ms - stands_at_ms)

    def accept_jump(self) -> None:
        self._offset_ns = max(self._offset_ns, self._wall_ns() - self._monotonic_ns())

    async def wait_until(self, exchange_ms: int) -> None:
        # The wall clock may be set while this sleeps, so what is left is asked again.
        while (left_ms := exchange_ms - self.exchange_ms()) > 0:  # noqa: ASYNC110 - as said
            await asyncio.sleep(float(left_ms / self._speed) / MS_PER_S)

    async def wait_ms(self, real_ms: int) -> None:
        await asyncio.sleep(real_ms / MS_PER_S)


class ManualClock:
    """A clock that stands still until told to move; for tests and for replay.

    Exchange time, wall time and monotonic time advance together; `set_wall` moves wall time alone,
    as an operator or NTP would, and exchange time follows it ahead with `accept_jump` only.
    """

    def __init__(self, start_ms: int = 1_700_000_000_000) -> None:
        self._exchange_ms = start_ms
        self._wall_ms = start_ms
        self._monotonic_ms = 0
        self._offset_ms = start_ms
        self._order = itertools.count()
        self._exchange_waits: list[tuple[int, int, asyncio.Future[None]]] = []
        self._real_waits: list[tuple[int, int, asyncio.Future[None]]] = []

    def exchange_ms(self) -> int:
        return self._exchange_ms

    def wall_ms(self) -> int:
        return self._wall_ms

    def wall_us(self) -> int:
        return self._wall_ms * US_PER_MS

    def monotonic_ns(self) -> int:
        return self._monotonic_ms * NS_PER_MS

    def advance(self, ms: int) -> None:
        """Move all three times forward and wake who waited for a moment that came."""
        if ms < 0:
            raise ValueError("A clock does not go back.")
        self._exchange_ms += ms
        self._wall_ms += ms
        self._monotonic_ms += ms
        self._wake(self._exchange_waits, self._exchange_ms)
        self._wake(self._real_waits, self._monotonic_ms)

    def set_wall(self, wall_ms: int) -> None:
        """Set wall time alone, forward or back."""
        self._wall_ms = wall_ms

    def jump_ms(self) -> int:
        return max(0, self._wall_ms - self._monotonic_ms - self._offset_ms)

    def behind_ms(self) -> int:
        return 0  # it moves on when told to

    def accept_jump(self) -> None:
        jump_ms = self.jump_ms()
        self._offset_ms += jump_ms
        self._exchange_ms += jump_ms
        self._wake(self._exchange_waits, self._exchange_ms)

    async def wait_until(self, exchange_ms: int) -> None:
        if exchange_ms > self._exchange_ms:
            await self._wait(self._exchange_waits, exchange_ms)

    async def wait_ms(self, real_ms: int) -> None:
        if real_ms > 0:
            await self._wait(self._real_waits, self._monotonic_ms + real_ms)

    async def _wait(self, waits: list[tuple[int, int, asyncio.Future[None]]], due: int) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(waits, (due, next(self._order), woken))
        await woken

    @staticmethod
    def _wake(waits: list[tuple[int, int, asyncio.Future[None]]], now: int) -> None:
        while waits and waits[0][0] <= now:
            woken = heapq.heappop(waits)[2]
            if not woken.done():
                woken.set_result(None)
