"""What owners' requests came to, over any window up to the newest, by bisection."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable


class _Sums:
    """Of one owner: `totals[i + 1] - totals[i]` is what the request at `times[i]` was for."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.times: list[int] = []
        self.totals = [0]


class Velocity:
    """Sums of USD by owner, or by what else is asked for. Numbers and times ascend together."""

    def __init__(self) -> None:
        self._of: dict[Hashable, _Sums] = {}

    def enter(self, owner: Hashable, number: int, time_ms: int, usd: int) -> None:
        """A request; the newest, or one that was taken out before."""
        sums = self._of.setdefault(owner, _Sums())
        at = bisect_left(sums.numbers, number)
        sums.numbers.insert(at, number)
        sums.times.insert(at, time_ms)
        sums.totals.insert(at + 1, sums.totals[at])
        self._shift(sums, at + 1, usd)

    def remove(self, owner: Hashable, number: int) -> None:
        """Takes a request out that is in."""
        sums = self._of[owner]
        at = bisect_left(sums.numbers, number)
        usd = sums.totals[at + 1] - sums.totals[at]
        del sums.numbers[at], sums.times[at]
        if not sums.numbers:
            del self._of[owner]
        elif at:
            del sums.totals[at + 1]
            self._shift(sums, at + 1, -usd)
        else:
            del sums.totals[0]  # sums are differences: where they begin does not matter

    def since(self, owner: Hashable, time_ms: int) -> int:
        """What an owner's requests after a time come to."""
        sums = self._of.get(owner)
        if sums is None:
            return 0
        return sums.totals[-1] - sums.totals[bisect_right(sums.times, time_ms)]

    def count_since(self, owner: Hashable, time_ms: int) -> int:
        """How many those are."""
        sums = self._of.get(owner)
        return 0 if sums is None else len(sums.times) - bisect_right(sums.times, time_ms)

    @staticmethod
    def _shift(sums: _Sums, start: int, usd: int) -> None:
        for at in range(start, len(sums.totals)):
            sums.totals[at] += usd
