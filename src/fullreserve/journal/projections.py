"""How far behind the projections are, and when that would lose what only the core still holds.

The core keeps finished orders for a count and for a time. A client is shown them from there until
the records have them; so intake stops while a projection could still be overtaken.

A projection that is *rebuilt* lacks what the core has forgotten already. Stopped intake would save
nothing for it, so it stops none until it has caught up once; until then history is refused.
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
        self._rebuilt: set[str] = set()
        self._marks: deque[tuple[int, int]] = deque()  # (sequence, exchange time), a second apart
        self._landed = 0

    def register(
        self, name: str, sequence: int, finished_total: int, lacks: tuple[int, int] | None
    ) -> None:
        """A projection that stands at `sequence` before it runs.

        `lacks` is the first row that it has not: last sequence and exchange time, None for none.
        """
        self._progress[name] = (sequence, finished_total)
        if sequence == 0:
            self._rebuilt.add(name)
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

    def forgotten(self, finished_total: int) -> None:
        """The core shows none of its first `finished_total` finished orders any more."""
        for name, (_, finished) in self._progress.items():
            if finished < finished_total:
                self._rebuilt.add(name)

    def landed(self, sequence: int, time_ms: int) -> None:
        """The log has reached a sequence."""
        self._landed = sequence
        if self._progress and (not self._marks or time_ms - self._marks[-1][1] >= _MARK_MS):
            self._marks.append((sequence, time_ms))

    def lag(self, finished_total: int, finished_max: int, now_ms: int, finished_ms: int) -> bool:
        """Whether finished orders could be forgotten before the slowest projection has them."""
        behind = {
            name
            for name, (sequence, finished) in self._progress.items()
            if (finished_total - finished) * _OF > finished_max * _SHARE
            or (now_ms - self._lacking_since(sequence, now_ms)) * _OF > finished_ms * _SHARE
        }
        self._rebuilt &= behind
        return behind > self._rebuilt

    def _lacking_since(self, sequence: int, now_ms: int) -> int:
        """Exchange time of the first mark behind a sequence; now when there is none."""
        return next((time_ms for at, time_ms in self._marks if at > sequence), now_ms)

    def room(self, finished_total: int, finished_max: int) -> int | None:
        """How many orders may still finish before one is forgotten too early; None for any."""
        bounding = [at for name, at in self._progress.items() if name not in self._rebuilt]
        if not bounding:
            return None
        slowest = min(finished for _, finished in bounding)
        return max(0, finished_max - (finished_total - slowest))

    @property
    def reached(self) -> dict[str, int]:
        """Sequence committed, by name."""
        return {name: sequence for name, (sequence, _) in self._progress.items()}
