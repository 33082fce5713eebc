"""Turns: who asks under one name waits until the one before has its answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class _Line:
    """Those who want one name: the one whose turn it is, and who waits."""

    __slots__ = ("lock", "wanted")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.wanted = 0


class Turns:
    """A lock for each name that somebody holds or waits for, and no longer."""

    def __init__(self) -> None:
        self._lines: dict[Hashable, _Line] = {}

    def __len__(self) -> int:
        return len(self._lines)

    @asynccontextmanager
    async def of(self, name: Hashable) -> AsyncIterator[None]:
        """One's turn under a name; first come, first served."""
        line = self._lines.get(name)
        if line is None:
            line = self._lines[name] = _Line()
        line.wanted += 1
        try:
            async with line.lock:
                yield
        finally:
            line.wanted -= 1
            if not line.wanted:
                del self._lines[name]
