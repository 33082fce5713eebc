"""Checking the rows that a start from a snapshot does not read, as a process of its own.

`python -m fullreserve.journal.old_rows JOURNAL SEQUENCE` says what is wrong as JSON, or nothing. It
runs beside the exchange, so that a start does not wait for it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import structlog

from fullreserve.after_trading import CHECKS, after_trading
from fullreserve.journal.durable_file import replace_file
from fullreserve.journal.errors import Corrupt, JournalError
from fullreserve.journal.folder import Folder
from fullreserve.journal.sqlite import read

# In the log's folder once damage was found: the next start looks before it takes orders.
FOUND = "damage.json"
MODULE = "fullreserve.journal.old_rows"

log = structlog.get_logger(__name__)


class Damage(msgspec.Struct, frozen=True):
    """Where the log stops being whole."""

    sequence: int
    reason: str


def found_before(folder: Path) -> bool:
    """Whether damage was found by an earlier run."""
    return (folder / FOUND).exists()


def note(folder: Path, damage: Damage | None) -> None:
    """Keeps what was found for the next start, or that there is nothing any more."""
    if damage is None:
        (folder / FOUND).unlink(missing_ok=True)
    else:
        replace_file(folder / FOUND, msgspec.json.encode(damage))


def first_damage(folder: Folder, last: int) -> Damage | None:
    """What is wrong with hash or chain of the segments in the folder up to a sequence."""
    found = _first_damage(folder, last)
    if found is None:
        return None
    # A segment that was archived or pruned under the reader is no damage: it is gone next time.
    again = _first_damage(folder, last)
    return again if again is not None and again.sequence == found.sequence else None


def _first_damage(folder: Folder, last: int) -> Damage | None:
    head = folder.start()
    for part in folder.parts():
        if part.pointer is None:
            break
        # Archives are checked when they are read; they may be far away.
        head = part.pointer.head
    try:
        for entry in read(folder, head.sequence + 1, head):
            if entry.last >= last:
                break
    except Corrupt as problem:
        return Damage(problem.sequence, str(problem))
    return None


def main() -> int:
    """Print the damage, if there is any."""
    after_trading(CHECKS)
    path = Path(sys.argv[1])
    try:
        damage = first_damage(Folder(path), int(sys.argv[2]))
    except JournalError as problem:
        log.warning("old rows not checked; the next start does", problem=str(problem))
        return 1
    note(path, damage)
    if damage is not None:
        sys.stdout.write(msgspec.json.encode(damage).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
