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
        self._landed = 0

    def register(
        self, name: str, sequence: int, finished_total: int, lacks: tuple[int, int] | None
    ) -> None:
        """A projection that stands at `sequence` before it runs.

        `lacks` is the first row that it has not: last sequence and exchange time, None for none.
        """
        self._progress[name] = (sequence, finished_total)
        if lacks is not None:
            self._marks.appendleft(lacks)

    def report(self, name: str, sequence: int, finished_total: int) -> None:
        """A projection has committed up to `sequence`, where so many orders had ever finished."""
        self._progress[name] = (sequence, finished_total)
        slowest = min(at for at, _ in self._progress.values())
        time_ms = 0
        while self._marks and self._marks[0][0] <= slowest:
            time_ms = self._marks.popleft()[1]
        if time_ms and not self._marks and self._landed > slowest:
            # What landed within a second of the last mark has none of its own.
            self._marks.append((self._landed, time_ms))

    def landed(self, sequence: int, time_ms: int) -> None:
        """The log has reached a sequence."""
        self._landed = sequence
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
