"""What could not be done for one of many: named, counted, and tried again after longer and longer.

One that fails keeps nobody else waiting. Operators see them: they are written to a file of the data
folder whenever they change. Nothing of what was looked at stands there, only what kind of fault it
was and in which function, since a message may repeat an address.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import structlog

from fullreserve.clock import Clock
from fullreserve.custody.left import leave
from fullreserve.exchange.worker_files import SETBACKS, Setback
from fullreserve.faults import kind_of
from fullreserve.identity.keyring import DamagedRow

FIRST_MS, LONGEST_MS = 2_000, 5 * 60_000

log = structlog.get_logger(__name__)


class Setbacks:
    """Of one duty; `folder` is where they are written."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._place = folder / SETBACKS
        self._clock = clock
        self._known: dict[int, Setback] = {}
        self._is_untold = False
        self._has_changed = True  # those of an earlier run are found anew

    def __len__(self) -> int:
        return len(self._known)

    def numbers(self) -> list[int]:
        """Of what is still to be done."""
        return list(self._known)

    def is_due(self, number: int) -> bool:
        """Whether one is to be tried: it never failed, or its time has come.

        A time further ahead than any wait is of a clock that was set back since.
        """
        known = self._known.get(number)
        return known is None or not 0 < known.again_ms - self._clock.wall_ms() <= LONGEST_MS

    def note(self, number: int, problem: Exception) -> None:
        """It failed, again perhaps: twice as long is waited each time."""
        now_ms, text = self._clock.wall_ms(), named(problem)
        before = self._known.get(number)
        times = before.times + 1 if before is not None else 1
        wait_ms = min(LONGEST_MS, FIRST_MS << min(times - 1, 16))
        since_ms = before.since_ms if before is not None else now_ms
        self._known[number] = Setback(number, text, times, since_ms, now_ms + wait_ms)
        if before is None or before.problem != text:
            log.error("one could not be vetted; the others are", withdrawal=number, problem=text)
        self._has_changed = True

    def over(self, numbers: Collection[int]) -> None:
        """They were done, or need not be any more."""
        ended = [number for number in numbers if self._known.pop(number, None) is not None]
        if ended:
            log.info("vetted after all, or over", withdrawals=ended)
            self._has_changed = True

    def keep(self, numbers: Collection[int]) -> None:
        """Only these are still to be done."""
        wanted = dict.fromkeys(numbers)
        self.over([number for number in self._known if number not in wanted])

    def tell(self) -> None:
        """Writes them for operators, if they have changed; a full disk stops nothing."""
        if not self._has_changed:
            return
        told = "operators are not told of setbacks"
        known = list(self._known.values())
        is_left = leave(self._place, known, told, is_quiet=self._is_untold)
        self._has_changed = self._is_untold = not is_left


def named(problem: Exception) -> str:
    """A fault by its kind and the function that it came from."""
    if isinstance(problem, DamagedRow):
        return f"a row of the identity vault is damaged ({problem.kind}), its key is not"
    return kind_of(problem)
