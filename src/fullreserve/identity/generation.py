"""A counter shared by all processes that says when cached identity facts have become stale.

Eight bytes of a mapped file: reading it costs no system call, so every authentication does. A
writer commits its change first, then counts up, then acknowledges; so whoever asks after the
acknowledgement sees the new count.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE = 8


class Generation:
    """The counter in a file, mapped; one writer at a time."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        with self.writing():
            if os.fstat(self._descriptor).st_size < SIZE:
                os.ftruncate(self._descriptor, SIZE)
        self._map = mmap.mmap(self._descriptor, SIZE)
        self._view = memoryview(self._map).cast("Q")

    @property
    def count(self) -> int:
        return self._view[0]

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the writers' lock, which spans processes."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def advance(self) -> None:
        """Count up; the caller holds `writing`."""
        self._view[0] += 1

    def close(self) -> None:
        self._view.release()
        self._map.close()
        os.close(self._descriptor)
