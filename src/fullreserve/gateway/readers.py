"""Threads that ask the records: few and their own, so that a slow database holds up nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from fullreserve.clock import Clock
from fullreserve.threads import begun_threads

T = TypeVar("T")

THREADS = 4
# Clients give up after five to ten seconds; they are to learn why before that.
ANSWER_MS = 3_000


class TooSlow(Exception):
    """No answer within `ANSWER_MS`."""


class Readers:
    """Asks blocking questions; use it from the loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._threads = begun_threads(THREADS, "history")

    async def ask(self, question: Callable[[], T]) -> T:
        """The answer, or what the question raises; TooSlow, also for a question that had to wait.

        A thread that is too slow goes on for as long as its database makes it.
        """
        work = asyncio.get_running_loop().run_in_executor(self._threads, question)
        patience = asyncio.ensure_future(self._clock.wait_ms(ANSWER_MS))
        try:
            await asyncio.wait((work, patience), return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise TooSlow
            return work.result()
        finally:
            patience.cancel()
            work.cancel()

    def close(self) -> None:
        """Lets its threads go, without waiting for their databases."""
        self._threads.shutdown(wait=False, cancel_futures=True)
