"""The first id of each minute, so that a span of time becomes a span of ids.

Ids of orders and bills ascend in time. A list is kept by id; with the ids at the ends of its span,
a page walks no rows of other times, however many of them there are.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from fullreserve.marketdata.bars import MINUTE


class What(IntEnum):
    """Whose ids."""

    ORDER = 1
    BILL = 2


class Firsts:
    """The first ids of minutes since the last `take`; a minute that is known already may recur."""

    def __init__(self) -> None:
        self._newest: dict[What, int] = {}
        self._rows: list[tuple[Any, ...]] = []

    def note(self, what: What, time_ms: int, number: int) -> None:
        """An id was given."""
        if time_ms >= self._newest.get(what, 0):
            minute_ms = time_ms - time_ms % MINUTE
            self._newest[what] = minute_ms + MINUTE
            self._rows.append((int(what), minute_ms, number))

    def take(self) -> list[tuple[Any, ...]]:
        """The rows of the table `firsts`."""
        rows, self._rows = self._rows, []
        return rows
