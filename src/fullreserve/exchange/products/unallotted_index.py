"""Strangers' coins by number and by size, worked out from the state alone.

Anybody can send dust, as often as he likes: it hides nothing that is larger, and what is kept apart
is bounded.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from itertools import islice

from fullreserve.exchange.products.deposit_state import Unallotted
from fullreserve.exchange.wire.commands import amount_int

KEPT_APART = 1_000  # of each network and asset; what is smaller stays owed, and is not listed

_Line = tuple[int, int]  # network, asset
_Place = tuple[int, int, bytes]  # what is left, then the older first, transfer


class UnallottedIndex:
    """Kept beside the state; `enter` and `leave` follow each change."""

    def __init__(self, known: Iterable[Unallotted]) -> None:
        self.numbers: dict[int, bytes] = {}
        self._ranked: dict[_Line, list[_Place]] = {}
        for one in known:
            self.enter(one)

    def enter(self, one: Unallotted) -> None:
        self.numbers[one.number] = one.transfer
        insort(self._ranked.setdefault(_line(one), []), _place(one))

    def leave(self, one: Unallotted) -> None:
        del self.numbers[one.number]
        here = self._ranked[_line(one)]
        del here[bisect_left(here, _place(one))]
        if not here:
            del self._ranked[_line(one)]

    def too_small(self, beside: Unallotted) -> bytes | None:
        """The smallest where more are kept apart than may be; the newest of several."""
        here = self._ranked[_line(beside)]
        return here[0][2] if len(here) > KEPT_APART else None

    def largest(self, limit: int) -> Iterator[bytes]:
        """So many of each network and asset, the largest first."""
        for line in sorted(self._ranked):
            for _, _, transfer in islice(reversed(self._ranked[line]), max(0, limit)):
                yield transfer


def _line(one: Unallotted) -> _Line:
    return one.terms.network, one.terms.asset


def _place(one: Unallotted) -> _Place:
    return amount_int(one.left), -one.number, one.transfer
