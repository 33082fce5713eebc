"""Rows on their way to the disk, and what becomes of them: replies, followers' rows, streams.

Nothing is said of a row before it is durable. When the disk does not take it, the writer tries the
same bytes again; who waits for it is told that the outcome is unknown.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import islice, takewhile
from typing import NamedTuple

import msgspec
import structlog

from fullreserve.clock import NS_PER_MS, Clock
from fullreserve.door.protocol import Gone, Row, Unavailable
from fullreserve.exchange.machine import Executed
from fullreserve.exchange.wire.events import Reply
from fullreserve.journal.disk_log import DiskLog
from fullreserve.journal.entry import Entry
from fullreserve.journal.errors import JournalError, PrunedAway, Unwritable
from fullreserve.journal.group_commit import GroupCommit
from fullreserve.journal.interface import Journal
from fullreserve.journal.ring import Ring
from fullreserve.journal.submission import FAILED, Submission

READ_ROWS = 256

# Under load a stream is woken for several rows at a time: waking its reader costs more than a row.
STREAM_PACE_MS = 2

log = structlog.get_logger(__name__)


class Pending(NamedTuple):
    """A row on its way to the disk, and who waits for it."""

    row: Row
    groups: Sequence[int]
    submissions: Sequence[Submission]
    commands: int
    since_ns: int


class DurableRows:
    """The rows behind the machine. One event loop; not thread-safe.

    `landed(sequence)` is called when everything up to a sequence is durable and has been said,
    `changed()` when `stalled` or `failed` has changed. The disk counts as stalled, too, when it
    says nothing for `append_wait_ms`.
    """

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        landed: Callable[[int], None],
        changed: Callable[[], None],
        *,
        append_wait_ms: int,
        early: bool = False,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._journal = journal
        self._clock = clock
        self._on_landed = landed
        self._on_changed = changed
        self._append_wait_ms = append_wait_ms
        self.durable = journal.head.sequence
        self.failed: asyncio.Future[JournalError] = self._loop.create_future()
        self.stalled = False
        self._disk_log = DiskLog(clock, self._loop.call_later)
        self.in_flight: deque[Pending] = deque()
        self.commands = 0  # submitted ones, in the rows in flight
        self.ring = Ring()
        self._followers: list[Callable[[Row], None]] = []
        self._advance: list[asyncio.Future[None]] = []
        self._readers: list[asyncio.Future[None]] = []
        self._readers_woken_ns = 0
        self._pace: asyncio.TimerHandle | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._writer = GroupCommit(journal, self._loop, self._landed, self._trouble, early=early)

    # The way to the disk

    def append(
        self, entry: Entry, executed: Executed | None, submissions: Sequence[Submission]
    ) -> None:
        """Sends a row to the disk; without `executed` it has no events and nobody waits for it."""
        events: bytes | None = None
        groups: Sequence[int] = ()
        commands = 0
        if executed is not None:
            events, groups = executed.events, executed.groups
            commands = executed.length - len(groups)
        self.in_flight.append(
            Pending(_row(entry, events), groups, submissions, commands, self._clock.monotonic_ns())
        )
        self.commands += commands
        self._writer.append(entry)
        if self._watch is None:
            self._watch_disk(self._append_wait_ms)

    def give_up(self) -> list[Submission]:
        """Who waits for rows in flight, and will not be told by them any more."""
        given_up: list[Submission] = []
        for position, pending in enumerate(self.in_flight):
            given_up += pending.submissions
            self.in_flight[position] = pending._replace(submissions=(), commands=0)
        self.commands = 0
        return given_up

    async def close(self) -> None:
        """Ends the writer, which gives up what the disk does not take; streams end."""
        if self._watch is not None:
            self._watch.cancel()
        self._disk_log.close()
        abandon = self.stalled or self.failed.done()
        await asyncio.to_thread(self._writer.close, abandon=abandon)
        if not self.failed.done():
            self.failed.set_result(JournalError("The exchange has shut down."))
            self._on_changed()
        self.wake()

    def _landed(self, sequence: int) -> None:
        """Everything up to a sequence is durable: it may be spoken of."""
        in_flight = self.in_flight
        self.durable = sequence
        while in_flight and in_flight[0].row.last <= sequence:
            pending = in_flight.popleft()
            self.commands -= pending.commands
            if pending.row.events is not None:
                self._speak(pending)
        self.wake()
        if self.stalled:
            self._disk_log.takes_again(sequence)
            self.stalled = False
            self._on_changed()
        self._on_landed(sequence)

    def _speak(self, pending: Pending) -> None:
        row = pending.row
        self.ring.add(row)
        replies = [event for event in row.shown() if type(event) is Reply]
        if pending.groups:
            replies = _without_groups(replies, pending.groups)
        start = 0
        for submission in pending.submissions:
            end = start + len(submission.commands)
            submission.tell(replies[start:end])
            start = end
        for follower in self._followers:
            try:
                follower(row)
            except Exception:  # the row is durable: whoever cannot follow holds nobody else up
                log.exception("follower failed", sequence=row.sequence)

    def _trouble(self, problem: JournalError) -> None:
        if isinstance(problem, Unwritable):
            self._stall(str(problem))
        elif not self.failed.done():
            log.error("journal failed", problem=str(problem))
            self.failed.set_result(problem)
            self._on_changed()
            self.wake()

    def _stall(self, why: str) -> None:
        if not self.stalled:
            self._disk_log.takes_nothing(why)
            self.stalled = True
            self._on_changed()
            self.wake()

    def _watch_disk(self, wait_ms: int) -> None:
        self._watch = self._loop.call_later(wait_ms / 1000, self._look_at_disk)

    def _look_at_disk(self) -> None:
        self._watch = None
        if not self.in_flight:
            return
        waited_ms = (self._clock.monotonic_ns() - self.in_flight[0].since_ns) // NS_PER_MS
        if waited_ms >= self._append_wait_ms:
            self._stall(f"the disk took nothing for {waited_ms} ms")
        self._watch_disk(max(1, self._append_wait_ms - waited_ms))

    # Reading

    def next_advance(self) -> asyncio.Future[None]:
        """Resolved when more has become durable, or something else has changed."""
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._advance.append(waiter)
        return waiter

    def wake(self) -> None:
        """Lets all that wait look again."""
        advance, self._advance = self._advance, []
        _resolve(advance)
        if self._readers and self._pace is None:
            since_ms = (self._clock.monotonic_ns() - self._readers_woken_ns) // NS_PER_MS
            wait_ms = max(0, STREAM_PACE_MS - since_ms)
            self._pace = self._loop.call_later(wait_ms / 1000, self._wake_readers)

    def _wake_readers(self) -> None:
        self._pace = None
        self._readers_woken_ns = self._clock.monotonic_ns()
        readers, self._readers = self._readers, []
        _resolve(readers)

    def _next_rows(self) -> asyncio.Future[None]:
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._readers.append(waiter)
        return waiter

    def follow(self, rows: Callable[[Row], None]) -> Callable[[], None]:
        """See `door.protocol.Door.follow`."""
        self._followers = [*self._followers, rows]

        def stop() -> None:
            self._followers = [follower for follower in self._followers if follower is not rows]

        return stop

    async def stream(self, from_sequence: int, events: bool = True) -> AsyncIterator[Row]:
        """See `door.protocol.Door.stream`. Reads at the reader's pace: nothing is buffered."""
        position = max(1, from_sequence)
        while not self.failed.done():
            row = self.ring.holding(position)
            if row is not None:
                yield row
                position = row.last + 1
            elif position > self.durable or (events and self._halted_before(position)):
                await self._next_rows()
            elif events:
                raise Gone(self.ring.oldest or self.durable + 1)
            else:
                try:
                    entries = await asyncio.to_thread(self._read, position, self.durable)
                except PrunedAway as pruned:
                    raise Gone(pruned.oldest) from pruned
                for entry in entries:
                    yield _row(entry, None)
                    position = entry.last + 1
        raise Unavailable(FAILED.message)

    def _halted_before(self, position: int) -> bool:
        """The row of a halt has no events, so it is not kept here; nothing follows it."""
        return 0 < self.ring.last < position

    def _read(self, position: int, durable: int) -> list[Entry]:
        """Rows up to `durable`: a commit that failed can be read, and may never be kept."""
        entries = self._journal.read(position)
        try:
            kept = takewhile(lambda entry: entry.last <= durable, entries)
            return list(islice(kept, READ_ROWS))
        finally:
            entries.close()


def _resolve(waiters: list[asyncio.Future[None]]) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)


def _without_groups(replies: list[Reply], groups: Sequence[int]) -> list[Reply]:
    """The submitters' replies: a group's refusal is that of the product command before it."""
    merged = list(replies)
    for position in groups:
        product, group = replies[position - 1], replies[position]
        if group.code:
            merged[position - 1] = msgspec.structs.replace(
                product, code=group.code, allowed=group.allowed
            )
    dropped = dict.fromkeys(groups)
    return [reply for position, reply in enumerate(merged) if position not in dropped]


def _row(entry: Entry, events: bytes | None) -> Row:
    return Row(
        entry.sequence,
        entry.count,
        entry.time_ms,
        entry.epoch,
        entry.wire_version,
        entry.commands,
        events,
        entry.hash,
    )
