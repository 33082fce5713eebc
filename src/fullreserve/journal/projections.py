"""How far behind the projections are, and when that would lose what only the core still holds.

The core keeps finished orders for a count and for a time. A client is shown them from there until
the records have them; so intake stops while a projection could still be overtaken.
"""

from __future__ import annotations

from collections import deque

# Intake stops when a projection is behind by more than three quarters of what the core keeps: one
# command may finish many orders, and rows are in flight.
_SHARE = 3
_OF = 4

_MARK_MS = 1_000


class Projections:
    """Progress by name, and the times of the log's recent sequences."""

    def __init__(self) -> None:
        self._progress: dict[str, tuple[int, int]] = {}
        self._marks: deque[tuple[int, int]] = deque()  # (sequence, exchange time), a second apart

    def register(self, name: str, sequence: int, finished_total: int, next_ms: int) -> None:
        """A projection that stands at `sequence` before it runs; its next row is of `next_ms`."""
        self._progress[name] = (sequence, finished_total)
        self._marks.appendleft((sequence + 1, next_ms))

    def report(self, name: str, sequence: int, finished_total: int) -> None:
        """A projection has committed up to `sequence`, where so many orders had ever finished."""
        self._progress[name] = (sequence, finished_total)
        slowest = min(at for at, _ in self._progress.values())
        while self._marks and self._marks[0][0] <= slowest:
            self._marks.popleft()

    def landed(self, sequence: int, time_ms: int) -> None:
        """The log has reached a sequence."""
        if self._progress and (not self._marks or time_ms - self._marks[-1][1] >= _MARK_MS):
            self._marks.append((sequence, time_ms))

    def lag(self, finished_total: int, finished_max: int, now_ms: int, finished_ms: int) -> bool:
        """Whether finished orders could be forgotten before the slowest projection has them."""
        if not self._progress:
            return False
        slowest = min(finished for _, finished in self._progress.values())
        if (finished_total - slowest) * _OF > finished_max * _SHARE:
            return True
        return bool(self._marks) and (now_ms - self._marks[0][1]) * _OF > finished_ms * _SHARE

    def room(self, finished_total: int, finished_max: int) -> int | None:
        """How many orders may still finish before one is forgotten too early; None for any."""
        if not self._progress:
            return None
        slowest = min(finished for _, finished in self._progress.values())
        return max(0, finished_max - (finished_total - slowest))

    @property
    def reached(self) -> dict[str, int]:
        """Sequence committed, by name."""
        return {name: sequence for name, (sequence, _) in self._progress.items()}
