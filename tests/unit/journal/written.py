"""Journals written for a test, and changed behind the journal's back."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from fullreserve.exchange.wire.commands import (
    WIRE_VERSION,
    Tick,
    batch,
    encode,
)
from fullreserve.journal.entry import Entry, Head, head_of, seal
from fullreserve.journal.sqlite import SqliteJournal


def rows(head: Head, epoch: int, count: int, commands: int = 3) -> list[Entry]:
    """`count` rows behind `head`, each of `commands` ticks and one millisecond later."""
    entries = []
    for _ in range(count):
        ticks = [encode(Tick(gateway=0, number=head.sequence + 1 + n)) for n in range(commands)]
        entry = seal(head, commands, head.time_ms + 1, epoch, WIRE_VERSION, batch(ticks))
        entries.append(entry)
        head = head_of(entry)
    return entries


def filled(path: Path, count: int, segment_rows: int = 16) -> list[Entry]:
    """A journal of `count` rows, closed again."""
    journal = SqliteJournal(path, segment_rows=segment_rows, durable=False)
    written = []
    for _ in range(count):
        entry = rows(journal.head, journal.epoch, 1)
        journal.commit(entry)
        written += entry
    journal.close()
    return written


def segment_files(path: Path) -> list[Path]:
    return sorted(path.glob("*.sqlite"))


def alter(path: Path, statement: str, *values: object) -> None:
    """Changes a segment's file behind the journal's back."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(statement, values)
    db.close()
