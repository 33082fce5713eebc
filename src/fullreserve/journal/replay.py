"""Recovery: the newest snapshot that can be read, and the log behind it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import structlog

from fullreserve.exchange.machine import Halted, Machine
from fullreserve.exchange.products.registry import products
from fullreserve.journal.entry import EMPTY
from fullreserve.journal.errors import JournalError, PrunedAway
from fullreserve.journal.interface import ReadableLog
from fullreserve.journal.replica import Replica
from fullreserve.journal.snapshots import Folds, readable

log = structlog.get_logger(__name__)


class Recovered(NamedTuple):
    """The state at the log's end, or before the command that `halted` says it stops at."""

    replica: Replica
    halted: Halted | None
    snapshot: int  # sequence of the snapshot it began with, 0 for none
    replayed: int  # commands


def recover(
    journal: ReadableLog,
    snapshots: Path | None = None,
    folds: Folds = products,
    *,
    durable: int | None = None,
) -> Recovered:
    """State at the head of `journal`, or at `durable`, the last sequence of one of its rows.

    A commit that failed can be read and may never be kept: who replays beside it names `durable`.

    Raises Corrupt, Diverged, TooNew; JournalError when the log is pruned and no snapshot can be
    read.
    """
    before = None if durable is None else durable + 1
    found = _recover(journal, snapshots, folds, before)
    if found.halted is None:
        return found
    # A halted core may hold half a command: the state before that command is made anew.
    first = found.replica.sequence + 1
    whole = _recover(journal, snapshots, folds, first)
    row = next(journal.read(first))
    machine, count = whole.replica.machine, found.halted.sequence - first
    machine.replay_part(row.sequence, row.time_ms, row.commands, count)
    return whole._replace(halted=found.halted)


def _recover(
    journal: ReadableLog, snapshots: Path | None, folds: Folds, before: int | None
) -> Recovered:
    """`before`: sequence of the first row that is left out."""
    skip = journal.quarantined()
    if snapshots is not None:
        for replica in readable(snapshots, folds, skip):
            begun = _continue(journal, replica, before)
            if begun is not None:
                return begun
    fresh = Replica(Machine(folds=folds(), skip=skip))
    try:
        return _replay(journal, fresh, before)
    except PrunedAway as problem:
        raise JournalError(f"{problem} No snapshot that covers them can be read.") from problem


def _continue(journal: ReadableLog, replica: Replica, before: int | None) -> Recovered | None:
    """Recovery from a snapshot; None when the log does not go on from it."""
    end = journal.head.sequence if before is None else before - 1
    if replica.sequence > end:
        log.warning("snapshot passed over", sequence=replica.sequence, problem="ahead of the log")
        return None
    following = next(journal.read(replica.sequence + 1), None)
    chained_to = following.prev_hash if following else journal.head.hash
    if chained_to != replica.head.hash:
        log.warning("snapshot passed over", sequence=replica.sequence, problem="of another log")
        return None
    return _replay(journal, replica, before)


def _replay(journal: ReadableLog, replica: Replica, before: int | None) -> Recovered:
    start = replica.sequence
    head = replica.head if start else EMPTY
    for entry in journal.read(start + 1, head):
        if before is not None and entry.sequence >= before:
            break
        try:
            replica.apply(entry, checked=True)
        except Halted as halted:
            return Recovered(replica, halted, start, replica.sequence - start)
    return Recovered(replica, None, start, replica.sequence - start)
