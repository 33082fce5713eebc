"""Numbers in ascending order with their amounts: places in a queue without walking it.

Kept in pieces, so that a place, and the sum of all before it, costs a look at one piece and at the
others' sums.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from typing import NamedTuple

PIECE = 256  # numbers; a piece of twice as many is cut in two


class Before(NamedTuple):
    """What stands before a number."""

    places: int
    total: int


class Ranked:
    """A queue; numbers mostly come at its end. Nothing is to change while one walks it."""

    def __init__(self) -> None:
        self._amounts: dict[int, int] = {}
        self._pieces: list[list[int]] = []
        self._lasts: list[int] = []  # of each piece
        self._totals: list[int] = []
        self.total = 0

    def __len__(self) -> int:
        return len(self._amounts)

    def amount(self, number: int) -> int:
        """Of a number; KeyError when it is not there."""
        return self._amounts[number]

    def __contains__(self, number: int) -> bool:
        return number in self._amounts

    def add(self, number: int, amount: int) -> None:
        """Enters a number that is not there."""
        self._amounts[number] = amount
        self.total += amount
        at = bisect_left(self._lasts, number)
        if at == len(self._pieces):
            if not at or len(self._pieces[-1]) >= PIECE:
                self._pieces.append([])
                self._lasts.append(number)
                self._totals.append(0)
            at = len(self._pieces) - 1
        insort(self._pieces[at], number)
        self._lasts[at] = self._pieces[at][-1]
        self._totals[at] += amount
        if len(self._pieces[at]) > 2 * PIECE:
            self._cut(at)

    def _cut(self, at: int) -> None:
        first, second = self._pieces[at][:PIECE], self._pieces[at][PIECE:]
        self._pieces[at : at + 1] = [first, second]
        self._lasts[at : at + 1] = [first[-1], second[-1]]
        self._totals[at : at + 1] = [self._sum(first), self._sum(second)]

    def remove(self, number: int) -> None:
        """Takes a number out; KeyError when it is not there."""
        amount = self._amounts.pop(number)
        self.total -= amount
        at = bisect_left(self._lasts, number)
        piece = self._pieces[at]
        del piece[bisect_left(piece, number)]
        if piece:
            self._lasts[at] = piece[-1]
            self._totals[at] -= amount
        else:
            del self._pieces[at], self._lasts[at], self._totals[at]

    def before(self, number: int) -> Before:
        """How many stand before a number, itself there or not, and for how much."""
        at = bisect_left(self._lasts, number)
        count, total = sum(map(len, self._pieces[:at])), sum(self._totals[:at])
        if at == len(self._pieces):
            return Before(count, total)
        here = self._pieces[at][: bisect_left(self._pieces[at], number)]
        return Before(count + len(here), total + self._sum(here))

    def after(self, number: int) -> Iterator[int]:
        """Those behind a number, in order."""
        for at in range(bisect_right(self._lasts, number), len(self._pieces)):
            piece = self._pieces[at]
            yield from piece[bisect_right(piece, number) :] if piece[0] <= number else piece

    def _sum(self, numbers: list[int]) -> int:
        return sum(map(self._amounts.__getitem__, numbers))
