"""What a door needs of the exchange behind it; the sequencer is one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol

from fullreserve.door.protocol import Health, Limit, Result, Row


class ExchangeSide(Protocol):
    """The exchange as both doors reach it; see `door.protocol.Door` for what each does."""

    def submit(
        self,
        commands: Sequence[bytes],
        done: Callable[[Result], None],
        limits: Sequence[Limit] = (),
    ) -> None:
        """Submits a contiguous run of encoded commands."""

    async def taken(self) -> None:
        """Returns once what was submitted by now is applied or refused."""

    async def query(self, query: bytes) -> bytes:
        """The encoded answer to an encoded query."""

    def follow(self, rows: Callable[[Row], None]) -> Callable[[], None]:
        """Calls `rows` for each durable row from now on; returns the function that stops it."""

    def stream(self, from_sequence: int, events: bool = True) -> AsyncIterator[Row]:
        """Rows from a sequence on."""

    async def health(self) -> Health:
        """How the exchange is."""

    async def report(self, projection: str, sequence: int, finished_total: int) -> None:
        """A projection's progress."""

    async def moved(self, after: int) -> int:
        """The folds' newest change behind a sequence."""

    async def skips(self) -> list[int]:
        """Quarantined sequences."""

    async def confirm_time(self) -> int:
        """Confirms a forward jump of the clock."""
