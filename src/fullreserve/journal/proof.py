"""What proves how far the log once reached: snapshots and records are made of durable rows only."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from fullreserve.journal.snapshots import Unreadable, read_manifest, snapshots


class Proof(NamedTuple):
    """`holder` has all commands up to `sequence`, so that the log had them."""

    sequence: int
    holder: str  # as a part of a sentence


NOTHING = Proof(0, "")


def proven(folder: Path, *others: Proof) -> Proof:
    """The furthest of the readable snapshots below `folder` and of what else is known."""
    found = [NOTHING, *others]
    for _, place in snapshots(folder):
        # Recovery passes over one that cannot be read, and says why.
        with suppress(Unreadable):
            found.append(Proof(read_manifest(place).head.sequence, f"the snapshot {place}"))
    return max(found)
