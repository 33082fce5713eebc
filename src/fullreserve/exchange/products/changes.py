"""Records in the order of their last change, so that who follows them asks for what is new."""

from __future__ import annotations

from bisect import bisect_left, insort
from copy import copy
from typing import Generic, Protocol, TypeVar

from fullreserve.exchange.folds import Moment
from fullreserve.exchange.products.undoing import Undo


class Changing(Protocol):
    """A struct that knows when it was changed: `version` is the command's sequence."""

    number: int
    changed_ms: int
    version: int


K = TypeVar("K")
H = TypeVar("H", int, bytes)
R = TypeVar("R", bound=Changing)

_Rank = tuple[int, int, H]  # version, number, key


def renewed(table: dict[K, R], key: K, moment: Moment) -> tuple[R, Undo]:
    """A copy to be changed in the record's place; and the way back."""
    one = table[key]
    fresh = copy(one)
    fresh.changed_ms, fresh.version = moment.time_ms, moment.sequence
    table[key] = fresh
    return fresh, lambda: table.__setitem__(key, one)


class ByChange(Generic[H]):
    """Whose records changed when: a page of an owner's is found without a look at the others."""

    def __init__(self) -> None:
        self._of_owner: dict[int, list[_Rank[H]]] = {}  # ascending
        self._known: dict[H, tuple[int, _Rank[H]]] = {}

    def note(self, key: H, owner: int, one: Changing) -> None:
        """Enters a record, or moves it to where its last change puts it."""
        self.drop(key)
        rank = (one.version, one.number, key)
        insort(self._of_owner.setdefault(owner, []), rank)
        self._known[key] = owner, rank

    def drop(self, key: H) -> None:
        """Forgets a record, if it is there."""
        if key not in self._known:
            return
        owner, rank = self._known.pop(key)
        mine = self._of_owner[owner]
        del mine[bisect_left(mine, rank)]
        if not mine:
            del self._of_owner[owner]

    def page(self, owner: int, after: int, before: int, limit: int) -> list[H]:
        """An owner's that changed after a sequence, and before another (0: any), the last first.

        `limit` at most, and what else the last one's command changed: a page is never cut there.
        """
        mine = self._of_owner.get(owner, [])
        at = bisect_left(mine, before, key=_version) if before else len(mine)
        found: list[H] = []
        version = 0
        while at and mine[at - 1][0] > after:
            at -= 1
            if len(found) >= limit and mine[at][0] != version:
                break
            version = mine[at][0]
            found.append(mine[at][2])
        return found if limit > 0 else []


def _version(rank: _Rank[H]) -> int:
    return rank[0]
