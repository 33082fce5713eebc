"""The journal's folder: which segments there are, where they went, and who may write."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import msgspec

from fullreserve.journal import archive
from fullreserve.journal.archive import (
    POINTER_SUFFIX,
    Pointer,
    pointer_path,
    read_pointer,
    remove_segment,
)
from fullreserve.journal.durable_file import replace_file
from fullreserve.journal.entry import EMPTY, Entry, Head
from fullreserve.journal.errors import AlreadyLed, JournalError
from fullreserve.journal.segment import SUFFIX, Segment

LOCK_NAME = "lock"
PRUNED_NAME = "pruned.json"
# There from the first file that a restore copies until the copy has proved right.
UNFINISHED_NAME = "restore-unfinished"


class Pruned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rows before `before` were given up behind the snapshot at `snapshot`."""

    before: Head
    snapshot: int
    quarantined: list[tuple[int, int]]


class Part:
    """A segment of the log, wherever it is. `first` is its first command's sequence."""

    def __init__(self, first: int, path: Path, pointer: Pointer | None) -> None:
        self.first = first
        self.path = path
        self.pointer = pointer

    @property
    def name(self) -> str:
        return Path(self.pointer.file).name if self.pointer else self.path.name

    def entries(self, from_sequence: int = 0) -> Iterator[Entry]:
        """Rows from the one that holds `from_sequence`; the file is open only while read."""
        pointer = self.pointer
        if pointer is None and not self.path.exists():
            # It was archived since the folder was listed.
            pointer = read_pointer(pointer_path(self.path.parent, self.first))
        if pointer is not None:
            yield from archive.entries(pointer, from_sequence)
            return
        segment = Segment(self.path, read_only=True)
        try:
            yield from segment.entries(segment.holding(from_sequence))
        finally:
            segment.close()


class Folder:
    """The journal's folder; made when missing, mode 0700."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock: int | None = None

    def lead(self) -> None:
        """Takes the exclusive lock; AlreadyLed when another process has it.

        JournalError where a restore did not come to its end: what it copied may be a whole log that
        lacks its last segments.
        """
        if (self.path / UNFINISHED_NAME).exists():
            raise JournalError(
                f"A restore into {self.path.parent} did not come to its end, so that parts are "
                "missing there. Empty the folder and restore the backup again."
            )
        handle = os.open(self.path / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            os.close(handle)
            if problem.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
            raise AlreadyLed(
                f"Another process leads the exchange in {self.path.parent}. Stop it first, "
                "or set FULLRESERVE_DATA to another folder."
            ) from None
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        self._lock = handle

    def release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def parts(self) -> list[Part]:
        """All segments, oldest first; JournalError when the folder holds something else."""
        found: dict[int, Part] = {}
        kept_from = self.start().sequence + 1
        for path in sorted(self.path.glob(f"*{POINTER_SUFFIX}")):
            pointer = read_pointer(path)
            found[pointer.first] = Part(pointer.first, path, pointer)
        # A segment that is still here beside its pointer was archived but not yet removed.
        for path in sorted(self.path.glob(f"*{SUFFIX}")):
            if not path.stem.isdigit():
                raise JournalError(f"{path} is no segment of the journal; move it away.")
            found[int(path.stem)] = Part(int(path.stem), path, None)
        # A crash while pruning leaves segments behind that the marker has given up already.
        return [found[first] for first in sorted(found) if first >= kept_from]

    def pruned(self) -> Pruned | None:
        """What was given up at the front of the log, None for a whole log."""
        path = self.path / PRUNED_NAME
        if not path.exists():
            return None
        try:
            return msgspec.json.decode(path.read_bytes(), type=Pruned)
        except msgspec.DecodeError as problem:
            raise JournalError(f"{path} is damaged: {problem}") from problem

    def start(self) -> Head:
        """The head before the oldest row that is kept."""
        pruned = self.pruned()
        return pruned.before if pruned else EMPTY

    def prune(self, snapshot: int) -> tuple[int, int] | None:
        """Gives up whole segments that end at or before a snapshot's sequence.

        Returns the first and last sequence that went, None when no segment could.
        """
        parts = self.parts()
        gone = []
        for part, following in pairwise(parts):
            if following.first - 1 > snapshot:
                break
            gone.append(part)
        if not gone:
            return None
        keep = parts[len(gone)]
        before, quarantined = self.opening(keep)
        marker = Pruned(before, snapshot, quarantined)
        replace_file(self.path / PRUNED_NAME, msgspec.json.encode(marker))
        for part in gone:
            if part.pointer is None:
                remove_segment(part.path)
            else:
                Path(part.pointer.file).unlink(missing_ok=True)
                part.path.unlink()
        return gone[0].first, before.sequence

    @staticmethod
    def opening(part: Part) -> tuple[Head, list[tuple[int, int]]]:
        """The head before a segment, and what was quarantined up to its end."""
        if part.pointer is not None:
            return part.pointer.before, part.pointer.quarantined
        segment = Segment(part.path, read_only=True)
        try:
            return segment.before(), segment.quarantined()
        finally:
            segment.close()
