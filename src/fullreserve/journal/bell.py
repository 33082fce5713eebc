"""Tells who waits for it that folds have changed, once the change is durable.

Those who work beside the exchange would otherwise ask again and again whether there is anything to
do, and each question is work in the order process.
"""

from __future__ import annotations

import asyncio
from collections import deque

from fullreserve.door.protocol import Unavailable


class Bell:
    """One event loop; not thread-safe. `rung` is the newest durable change known."""

    def __init__(self, sequence: int) -> None:
        self.rung = sequence
        self._noted: deque[int] = deque()
        self._waiting: list[asyncio.Future[None]] = []
        self._ended = ""

    def note(self, sequence: int) -> None:
        """The row that ends at `sequence` has changed folds, and is on its way to the disk."""
        self._noted.append(sequence)

    def landed(self, durable: int) -> None:
        """Rings for the changes up to `durable`."""
        noted = self._noted
        if not noted or noted[0] > durable:
            return
        while noted and noted[0] <= durable:
            self.rung = noted.popleft()
        self._wake()

    def end(self, why: str) -> None:
        """Nothing changes any more; who waits is told so."""
        self._ended = why
        self._wake()

    async def after(self, sequence: int) -> int:
        """The newest change, once it is behind `sequence`; Unavailable when there will be none.

        Nor is there one for who has heard of a change that is not in this log: it was put back.
        """
        if sequence > self.rung:
            raise Unavailable("the log is another one than was listened to")
        while self.rung <= sequence:
            if self._ended:
                raise Unavailable(self._ended)
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            await waiter
        return self.rung

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)
