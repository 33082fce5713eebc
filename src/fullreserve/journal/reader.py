"""The log as anyone may read it, beside a leader or without one: no lock, no epoch, no writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from pathlib import Path

from fullreserve.journal.entry import Entry, Head, head_of
from fullreserve.journal.errors import JournalError
from fullreserve.journal.folder import Folder
from fullreserve.journal.segment import Segment, unreadable
from fullreserve.journal.sqlite import read


class JournalReader:
    """`interface.ReadableLog` over a journal's folder; JournalError where there is none."""

    def __init__(self, path: Path) -> None:
        if not path.is_dir():
            raise JournalError(f"There is no journal in {path.parent}.")
        self.folder = Folder(path)

    @property
    def head(self) -> Head:
        """Where the log ends at this moment."""
        parts = self.folder.parts()
        if not parts:
            return self.folder.start()
        newest = parts[-1]
        if newest.pointer is not None:
            return newest.pointer.head
        segment = Segment(newest.path, read_only=True)
        try:
            tail = segment.tail(1)
            return head_of(tail[0]) if tail else segment.before()
        except sqlite3.DatabaseError as problem:
            raise unreadable(newest.first, newest.name, problem) from problem
        finally:
            segment.close()

    def read(
        self, from_sequence: int = 1, head: Head | None = None
    ) -> Generator[Entry, None, None]:
        """Rows from the one that holds `from_sequence`, each checked against its chain."""
        return read(self.folder, from_sequence, head)

    def quarantined(self) -> list[int]:
        """Sequences that every replay skips."""
        return [sequence for sequence, _ in self.marks()]

    def marks(self) -> list[tuple[int, int]]:
        """(sequence set aside, sequence of the command that says so)."""
        parts = self.folder.parts()
        return self.folder.opening(parts[-1])[1] if parts else []
