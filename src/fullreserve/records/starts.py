"""Where a follower may start: snapshots at or before the records, and the log's beginning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import structlog

from fullreserve.door.protocol import Gone
from fullreserve.exchange.machine import Machine
from fullreserve.journal.replica import Replica
from fullreserve.journal.snapshots import Folds, Unreadable, read_snapshot, snapshots
from fullreserve.records.database import Progress

log = structlog.get_logger(__name__)


def starts(folder: Path, folds: Folds, skip: Sequence[int], target: Progress) -> Iterator[Replica]:
    """Replicas from snapshots at or before `target`, the newest first, and then an empty one."""
    for sequence, place in snapshots(folder):
        if sequence <= target.sequence:
            replica = _readable(place, folds, skip)
            if replica is not None:
                yield replica
    yield Replica(Machine(folds=folds(), skip=skip))


def oldest_start(folder: Path, folds: Folds, skip: Sequence[int], gone: Gone) -> Replica:
    """The replica of the oldest snapshot behind which the log is whole.

    Raises `gone` when there is none that can be read.
    """
    for sequence, place in reversed(snapshots(folder)):
        if sequence + 1 >= gone.oldest:
            replica = _readable(place, folds, skip)
            if replica is not None:
                return replica
    raise gone


def _readable(place: Path, folds: Folds, skip: Sequence[int]) -> Replica | None:
    try:
        return read_snapshot(place, folds(), skip)
    except Unreadable as problem:
        log.warning("snapshot passed over", place=place.name, problem=str(problem))
        return None
