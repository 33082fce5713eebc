"""The alarm for the core's agenda: one waiting task, set to the earliest moment that matters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fullreserve.clock import Clock


class Alarm:
    """Calls `ring` on the loop when exchange time reaches the moment that was set."""

    def __init__(self, clock: Clock, ring: Callable[[], None]) -> None:
        self._clock = clock
        self._ring = ring
        self._due_ms = 0
        self._task: asyncio.Task[None] | None = None

    def set(self, due_ms: int) -> None:
        """Sets the alarm, 0 for none. A later moment is looked up when the earlier one has come."""
        if not due_ms or (self._due_ms and self._due_ms <= due_ms):
            return
        self.stop()
        self._due_ms = due_ms
        self._task = asyncio.get_running_loop().create_task(self._wait(due_ms))

    def stop(self) -> None:
        """Forgets the moment."""
        if self._task is not None:
            self._task.cancel()
        self._task = None
        self._due_ms = 0

    async def _wait(self, due_ms: int) -> None:
        await self._clock.wait_until(due_ms)
        self._task = None
        self._due_ms = 0
        self._ring()
