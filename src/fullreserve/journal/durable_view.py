"""The durable state while the disk is stalled or the core has halted: queries go on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fullreserve.exchange.machine import Machine


class DurableView:
    """A second machine, replayed from what is on disk, made when the first query needs it.

    The leader's own core has applied rows that are not durable, or half of the command that halted
    it, and cannot take them back.
    """

    def __init__(self, replay: Callable[[int], Machine] | None) -> None:
        self._replay = replay
        self._task: asyncio.Task[Machine] | None = None

    async def machine(self, durable: int) -> Machine | None:
        """The machine at the durable sequence; None where there is no way to make one."""
        if self._replay is None:
            return None
        if self._task is None:
            replay = asyncio.to_thread(self._replay, durable)
            self._task = asyncio.get_running_loop().create_task(replay)
            self._task.add_done_callback(self._made)
        return await asyncio.shield(self._task)

    def _made(self, task: asyncio.Task[Machine]) -> None:
        """A replay that failed is made again by the next query."""
        if (task.cancelled() or task.exception() is not None) and task is self._task:
            self._task = None

    def drop(self) -> None:
        """Forgets it: the disk takes rows again."""
        self._task = None
