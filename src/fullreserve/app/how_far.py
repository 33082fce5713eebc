"""How far the log must reach, by what was made of its durable rows."""

from __future__ import annotations

from fullreserve.config import Settings
from fullreserve.journal import commands
from fullreserve.journal.proof import NOTHING, Proof, proven
from fullreserve.journal.snapshots import FOLDER_NAME as SNAPSHOTS
from fullreserve.records.reached import FILE as RECORDS
from fullreserve.records.reached import reached


def how_far(settings: Settings) -> Proof:
    """What the snapshots and the records prove; nothing of a log that was not durable."""
    if not settings.journal.durability:
        return NOTHING
    return proven(settings.data / SNAPSHOTS, _recorded(settings))


def _recorded(settings: Settings) -> Proof:
    recorded = 0 if settings.records else reached(settings.data)[0]
    return Proof(recorded, f"the records in {settings.data / RECORDS}")


def verify(settings: Settings) -> int:
    """`fullreserve journal verify`: all of the log, and that it reaches as far as it once did."""
    return commands.verify(settings, _recorded(settings))
