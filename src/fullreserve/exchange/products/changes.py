"""Records in the order of their last change, so that who follows them asks for what is new."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from typing import Protocol, TypeVar

from fullreserve.exchange.folds import Moment
from fullreserve.exchange.products.undoing import Undo


class Changing(Protocol):
    """A struct that knows when it was changed: `version` is the command's sequence."""

    number: int
    changed_ms: int
    version: int


K = TypeVar("K")
R = TypeVar("R", bound=Changing)


def renewed(table: dict[K, R], key: K, moment: Moment) -> tuple[R, Undo]:
    """A copy to be changed in the record's place, as the last of its table; and the way back."""
    one = table.pop(key)
    fresh = copy(one)
    fresh.changed_ms, fresh.version = moment.time_ms, moment.sequence
    table[key] = fresh

    def back() -> None:
        table[key] = one
        ordered = sorted(table.items(), key=lambda item: item[1].version)
        table.clear()
        table.update(ordered)

    return fresh, back


def newest(table: dict[K, R], after: int, limit: int) -> list[R]:
    """The records changed after a sequence, the last first; the table stands in that order."""
    found: list[R] = []
    for one in reversed(table.values()):
        if one.version <= after or len(found) >= limit:
            break
        found.append(one)
    return found


def newest_of(records: Iterable[R], after: int, limit: int) -> list[R]:
    """The same of some records, in whatever order they come."""
    changed = [one for one in records if one.version > after]
    changed.sort(key=lambda one: (-one.version, -one.number))
    return changed[:limit]
