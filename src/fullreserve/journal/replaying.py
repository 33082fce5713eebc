"""Replaying the log beside the exchange, as a process of its own.

`python -m fullreserve.journal.replaying check DATA SEQUENCE` replays all rows that are kept, from
genesis or from the oldest snapshot behind a cut, up to the one that holds the sequence; it compares
every snapshot on its way. With `row` it replays from the newest snapshot before a row, and gives
the row with its events. Both say what they have as JSON, one object a line.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from fullreserve.after_trading import CHECKS, after_trading
from fullreserve.exchange.machine import Halted, Machine
from fullreserve.exchange.products.registry import products
from fullreserve.journal.errors import JournalError
from fullreserve.journal.reader import JournalReader
from fullreserve.journal.replica import Replica
from fullreserve.journal.snapshots import (
    FOLDER_NAME as SNAPSHOTS,
)
from fullreserve.journal.snapshots import (
    Manifest,
    Unreadable,
    read_manifest,
    read_snapshot,
    snapshots,
    verify_snapshot,
)
from fullreserve.journal.sqlite import FOLDER_NAME as JOURNAL

MODULE = "fullreserve.journal.replaying"
# Rows between two words on how far it is.
ROWS_TOLD = 2000


class Begun(msgspec.Struct, tag="begun"):
    sequence: int


class Reached(msgspec.Struct, tag="reached"):
    sequence: int


class Passed(msgspec.Struct, tag="passed"):
    """A snapshot, and the components in which it differs from the replay."""

    sequence: int
    differs: list[str]


class Ended(msgspec.Struct, tag="ended"):
    sequence: int
    components: dict[str, str]


class Found(msgspec.Struct, tag="found"):
    """A row and its events."""

    sequence: int
    time_ms: int
    commands: bytes
    events: bytes


class Failed(msgspec.Struct, tag="failed"):
    message: str


Word = Begun | Reached | Passed | Ended | Found | Failed


def check(data: Path, target: int) -> Iterator[Word]:
    """Replays up to the row that holds `target`; JournalError, Halted."""
    reader = JournalReader(data / JOURNAL)
    replica = oldest(reader, data / SNAPSHOTS)
    manifests = _manifests(data / SNAPSHOTS)
    yield Begun(replica.sequence)
    head = replica.head if replica.sequence else None
    for count, entry in enumerate(reader.read(replica.sequence + 1, head), 1):
        if entry.sequence > target:
            break
        replica.apply(entry, checked=True)
        manifest = manifests.get(replica.sequence)
        if manifest is not None:
            yield Passed(replica.sequence, verify_snapshot(replica, manifest))
        if count % ROWS_TOLD == 0:
            yield Reached(replica.sequence)
    yield Ended(replica.sequence, {one.name: one.hash.hex() for one in replica.machine.hashes()})


def row(data: Path, sequence: int) -> Iterator[Word]:
    """The row that holds a sequence, with its events; JournalError, Halted."""
    reader = JournalReader(data / JOURNAL)
    replica = _before(reader, data / SNAPSHOTS, sequence)
    head = replica.head if replica.sequence else None
    for entry in reader.read(replica.sequence + 1, head):
        if entry.last >= sequence:
            events = replica.apply(entry, events=True, checked=True)
            yield Found(entry.sequence, entry.time_ms, entry.commands, events)
            return
        replica.apply(entry, checked=True)
    raise JournalError(f"The log does not hold sequence {sequence}.")


def oldest(reader: JournalReader, folder: Path) -> Replica:
    """Where a replay of all rows can begin: at genesis, or at the oldest snapshot behind a cut."""
    skip = reader.quarantined()
    start = reader.folder.start().sequence
    if not start:
        return Replica(Machine(folds=products(), skip=skip))
    for sequence, place in reversed(snapshots(folder)):
        if sequence >= start:
            try:
                return read_snapshot(place, products(), skip)
            except Unreadable:
                continue
    raise JournalError(f"The rows up to {start} were pruned and no snapshot covers them.")


def _before(reader: JournalReader, folder: Path, sequence: int) -> Replica:
    skip = reader.quarantined()
    for at, place in snapshots(folder):
        if at < sequence:
            try:
                return read_snapshot(place, products(), skip)
            except Unreadable:
                continue
    if reader.folder.start().sequence:
        raise JournalError("No snapshot before that row is kept.")
    return Replica(Machine(folds=products(), skip=skip))


def _manifests(folder: Path) -> dict[int, Manifest]:
    found: dict[int, Any] = {}
    for sequence, place in snapshots(folder):
        try:
            found[sequence] = read_manifest(place)
        except Unreadable:
            continue
    return found


def main() -> int:
    """Say what the replay comes to."""
    after_trading(CHECKS)
    work = {"check": check, "row": row}[sys.argv[1]]
    try:
        for word in work(Path(sys.argv[2]), int(sys.argv[3])):
            _say(word)
    except (JournalError, Halted, OSError) as problem:
        _say(Failed(str(problem)))
    return 0


def _say(word: Word) -> None:
    sys.stdout.write(msgspec.json.encode(word).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
