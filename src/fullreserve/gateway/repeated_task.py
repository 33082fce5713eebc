"""A task that does something again and again for as long as the exchange runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)


class RepeatedTask:
    """Takes one turn after the other, from `start` to `stop`.

    `rest` waits for the next turn; it is told what the last one raised, None where all was well.
    What is none of `passing` is a fault: it is in the log, and the next turn comes all the same.
    """

    def __init__(
        self,
        turn: Callable[[], Awaitable[object]],
        rest: Callable[[Exception | None], Awaitable[None]],
        passing: tuple[type[Exception], ...],
    ) -> None:
        self._turn = turn
        self._rest = rest
        self._passing = passing
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """From now on."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    def stop(self) -> None:
        """No more."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        while True:
            problem: Exception | None = None
            try:
                await self._turn()
            except self._passing as passed:
                problem = passed
            except Exception as fault:  # what is due has to be done by one of the next turns
                log.exception("a repeated task failed", task=self._turn.__qualname__)
                problem = fault
            await self._rest(problem)
