"""The writer thread: makes entries durable in order, all that wait in one transaction."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

from fullreserve.journal.entry import Entry
from fullreserve.journal.errors import JournalError, Unwritable
from fullreserve.journal.interface import Journal
from fullreserve.real_time import is_real_time, take_real_time

# A transaction of a few megabytes keeps the disk busy; a larger one makes the first row wait.
GROUP_ROWS = 256
GROUP_BYTES = 4 << 20

RETRY_FIRST_S = 0.05
RETRY_LONGEST_S = 1.0

# Rows that a journal without durability holds back: what a crash is to lose in the control test.
HELD_BACK_ROWS = 256


class GroupCommit:
    """Takes entries from the loop and tells it when they are durable.

    `landed(sequence)`: everything up to this sequence is durable.
    `trouble(problem)`: Unwritable: the same entries are tried until they are taken, `landed` says
    when; any other JournalError: this journal takes nothing more.
    Both are called on the loop. With `early` they are called before anything is written: for the
    control of the crash tests alone.
    """

    def __init__(
        self,
        journal: Journal,
        loop: asyncio.AbstractEventLoop,
        landed: Callable[[int], None],
        trouble: Callable[[JournalError], None],
        *,
        early: bool = False,
    ) -> None:
        self._journal = journal
        self._loop = loop
        self._landed = landed
        self._trouble = trouble
        self._early = early
        # The loop waits for this thread: it is as urgent.
        self._is_real_time = is_real_time()
        self._queue: SimpleQueue[Entry | None] = SimpleQueue()
        self._abandoned = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._thread.start()

    def append(self, entry: Entry) -> None:
        """Queues an entry; the caller bounds how many wait."""
        self._queue.put(entry)
        if self._early:
            self._loop.call_soon(self._landed, entry.last)

    def close(self, *, abandon: bool = False) -> None:
        """Returns when all that was appended is durable; with `abandon` what stalls is given up."""
        if abandon:
            self._abandoned.set()
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        if self._is_real_time:
            take_real_time()
        ending = False
        while not ending:
            group, ending = self._take()
            if group and not self._write(group):
                return
            if group and not self._early:
                self._loop.call_soon_threadsafe(self._landed, group[-1].last)

    def _take(self) -> tuple[list[Entry], bool]:
        """What waits, bounded; True when it is the end."""
        first = self._queue.get()
        if first is None:
            return [], True
        group = [first]
        size = len(first.commands)
        while self._early or (len(group) < GROUP_ROWS and size < GROUP_BYTES):
            try:
                entry = self._queue.get(block=self._early and len(group) < HELD_BACK_ROWS)
            except Empty:
                break
            if entry is None:
                return group, True
            group.append(entry)
            size += len(entry.commands)
        return group, False

    def _write(self, group: list[Entry]) -> bool:
        wait_s = RETRY_FIRST_S
        while True:
            try:
                self._journal.commit(group)
            except Unwritable as problem:
                self._loop.call_soon_threadsafe(self._trouble, problem)
            except JournalError as problem:
                self._loop.call_soon_threadsafe(self._trouble, problem)
                return False
            except BaseException as problem:
                # Nothing may be lost in a thread that nobody watches.
                stopped = JournalError(f"The journal's writer failed: {problem!r}")
                self._loop.call_soon_threadsafe(self._trouble, stopped)
                raise
            else:
                return True
            if self._abandoned.wait(wait_s):
                return False
            wait_s = min(wait_s * 2, RETRY_LONGEST_S)
