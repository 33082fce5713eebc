"""A journal whose disk does what disks do: holds commits back, or refuses them; a full disk."""

from __future__ import annotations

import resource
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from fullreserve.journal.entry import Entry
from fullreserve.journal.errors import JournalError
from fullreserve.journal.sqlite import SqliteJournal

# What SQLite shares between the connections of a database, in a file beside it.
SHARED_MEMORY_BYTES = 32 << 10


class Disk:
    """Stands between a sequencer and its journal."""

    def __init__(self, journal: SqliteJournal) -> None:
        self._commit = journal.commit
        self._gate = threading.Event()
        self._gate.set()
        self.problem: JournalError | None = None
        self.tried: list[Entry] = []
        journal.commit = self.commit  # type: ignore[method-assign]

    def hold(self) -> None:
        """Commits wait from now on."""
        self._gate.clear()

    def release(self) -> None:
        """Commits go on."""
        self._gate.set()

    def commit(self, entries: Sequence[Entry]) -> None:
        """What the writer thread calls."""
        self._gate.wait(10)
        self.tried.extend(entries)
        if self.problem is not None:
            raise self.problem
        self._commit(entries)


@contextmanager
def files_grow_to(size: int) -> Iterator[None]:
    """As on a full disk: no file of this process grows beyond a size in bytes meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
