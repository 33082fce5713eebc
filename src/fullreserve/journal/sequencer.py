"""The sequencer: puts commands in order, applies them, logs them, and speaks when it is durable.

All that arrived in a turn of the loop is one batch. It is applied to the core at once and appended
at the same time; replies, rows and answers leave when the row is on disk. A batch that was applied
is never dropped: when the disk does not take it, intake stops and the same bytes are tried again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import islice
from typing import NamedTuple

import msgspec
import structlog

from fullreserve.clock import NS_PER_MS, Clock
from fullreserve.door.limits import Buckets
from fullreserve.door.protocol import Gone, Health, Limit, Refused, Result, Row, Unavailable
from fullreserve.exchange.machine import Executed, Halted, Machine
from fullreserve.exchange.wire.commands import (
    WIRE_VERSION,
    ConfirmTime,
    Parameter,
    Product,
    Tick,
    batch,
    encode,
)
from fullreserve.exchange.wire.events import ParameterSet, Reply
from fullreserve.exchange.wire.queries import ListParameters
from fullreserve.journal.agenda import Alarm
from fullreserve.journal.durable_view import DurableView
from fullreserve.journal.entry import Entry, head_of, seal
from fullreserve.journal.errors import JournalError, PrunedAway, Unwritable
from fullreserve.journal.exchange_time import ExchangeTime
from fullreserve.journal.group_commit import GroupCommit
from fullreserve.journal.headroom import Kept, finishes_at_most
from fullreserve.journal.interface import Journal
from fullreserve.journal.projections import Projections
from fullreserve.journal.ring import Ring

# A larger batch gains nothing and makes the first command of it wait for the last.
BATCH_COMMANDS = 4096
# One that the disk is busy with and one that it takes next: what comes meanwhile makes larger rows.
ROWS_IN_FLIGHT = 2
# A batch is closed when a turn of the loop has brought nothing new, or with so many submissions.
# What a row costs besides its commands is the writer's, the followers' and the sockets' work.
GATHERED_MAX = 128

# How long clients wait for a disk that neither takes a row nor says no.
APPEND_WAIT_MS = 5_000

READ_ROWS = 256

# Under load a stream is woken for several rows at a time: waking its reader costs more than a row.
STREAM_PACE_MS = 2

RATE_LIMITED = Refused(50011, "Too many requests", known=True)
BUSY = Refused(50013, "Systems are busy. Please try again later.", known=True)
MALFORMED = Refused(51000, "Parameter error", known=True)
UNKNOWN = Refused(50004, "The outcome is unknown; repeat with the same numbers", known=False)

Done = Callable[[Result], None]

log = structlog.get_logger(__name__)


def _read_only(why: str) -> Refused:
    return Refused(50001, f"Service temporarily unavailable: {why}", known=True)


CLOSING = _read_only("the exchange is shutting down")
FAILED = _read_only("the exchange has stopped")
HALTED = _read_only("read-only")
STALLED = _read_only("read-only until the log can be written")
TIME_JUMP = _read_only("the clock is being checked")


class Submission(NamedTuple):
    """A contiguous run of commands of one submitter."""

    commands: Sequence[bytes]
    done: Done


class Pending(NamedTuple):
    """A row on its way to the disk."""

    row: Row
    groups: Sequence[int]
    submissions: list[Submission]
    since_ns: int


class Limits(NamedTuple):
    """Bounds of the intake."""

    pending_max: int = 20_000  # commands that may wait for their turn or for the disk
    forward_jump_max_ms: int = 60_000
    append_wait_ms: int = APPEND_WAIT_MS


def _ignore(_result: Result) -> None:
    """The exchange's own commands have nobody who waits."""


_TICK = Submission((encode(Tick(0, 0)),), _ignore)


class Sequencer:
    """The exchange's side of the door. One event loop; not thread-safe.

    `machine` stands at the journal's head. With `early` results leave before the disk has them: the
    control of the crash tests.
    """

    def __init__(
        self,
        journal: Journal,
        machine: Machine,
        clock: Clock,
        *,
        limits: Limits = Limits(),
        view: Callable[[], Machine] | None = None,
        halted: Halted | None = None,
        early: bool = False,
    ) -> None:
        self.machine = machine
        self.failed: asyncio.Future[JournalError] = asyncio.get_running_loop().create_future()
        self._loop = asyncio.get_running_loop()
        self._journal = journal
        self._clock = clock
        self._limits = limits
        self._buckets = Buckets()
        self._time = ExchangeTime(clock, journal.head.time_ms, limits.forward_jump_max_ms)
        self._head = journal.head
        self._durable = journal.head.sequence
        self._writer = GroupCommit(journal, self._loop, self._landed, self._trouble, early=early)
        self._view = DurableView(view)
        self._alarm = Alarm(clock, self._tick)
        self._ring = Ring()
        self._waiting: deque[Submission] = deque()
        self._queued = 0
        self._scheduled = False
        self._gathered = 0
        self._in_flight: deque[Pending] = deque()
        self._watch: asyncio.TimerHandle | None = None
        self._followers: list[Callable[[Row], None]] = []
        self._advance: list[asyncio.Future[None]] = []
        self._readers: list[asyncio.Future[None]] = []
        self._readers_woken_ns = 0
        self._pace: asyncio.TimerHandle | None = None
        self._projections = Projections()
        self._kept = self._retention()
        self._asked: dict[tuple[int, int, int], None] = {}
        self._refused = 0
        # Why intake is stopped, by what stopped it; None while it is open.
        self._halted: Halted | None = None
        # Whether the machine has applied part of what halted it; recovery stops before that.
        self._torn = False
        self._stalled = False
        self._closing = False
        self._refusal: Refused | None = None
        if halted is not None:
            self._halt(halted)
        self._after_batch()

    def _retention(self) -> Kept:
        listed: list[ParameterSet] = self.machine.query(ListParameters())
        values = {one.parameter: one.value for one in listed}
        return Kept(
            values[Parameter.FINISHED_MAX],
            values[Parameter.FINISHED_MS],
            values[Parameter.PENDING_PER_OWNER],
            values[Parameter.WALK_MAX],
        )

    # Intake

    def submit(self, commands: Sequence[bytes], done: Done, limits: Sequence[Limit] = ()) -> None:
        """See `door.protocol.Door.submit`; a refusal is given at once."""
        refusal = self._refusal
        if refusal is None:
            if self._queued + len(commands) > self._limits.pending_max:
                refusal = BUSY
            elif limits and not self._buckets.take(limits, self._clock.monotonic_ns()):
                refusal = self._limited(limits)
            elif not 0 < len(commands) <= BATCH_COMMANDS:
                refusal = MALFORMED
            else:
                self._enqueue(Submission(commands, done))
                return
        self._refused += 1
        done(refusal)

    def _limited(self, limits: Sequence[Limit]) -> Refused:
        short = self._buckets.lacking(limits, self._clock.monotonic_ns())
        if short is None:
            return RATE_LIMITED
        window = f"{short.window_ms / 1000:g} s"
        return Refused(short.code, f"allowed are {short.burst} in {window}", known=True)

    def _enqueue(self, submission: Submission) -> None:
        self._waiting.append(submission)
        self._queued += len(submission.commands)
        self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._gathered = 0
            self._loop.call_soon(self._gather)

    def _gather(self) -> None:
        """Waits another turn while turns bring more; the sockets are read in between."""
        waiting = len(self._waiting)
        if self._gathered < waiting < GATHERED_MAX:
            self._gathered = waiting
            self._loop.call_soon(self._gather)
        else:
            self._scheduled = False
            self.flush()

    def flush(self) -> None:
        """Makes batches of what waits, as far as the rows in flight allow."""
        while self._waiting and len(self._in_flight) < ROWS_IN_FLIGHT:
            if self._refusal is not None and not self._closing:
                self._refuse_waiting(self._refusal)
                return
            time_ms = self._time.stamp()
            if time_ms is None:
                log.error("clock jumped forward", jump_ms=self._time.jump_ms)
                self._refuse_waiting(TIME_JUMP)
                return
            # The stamp alone may be what would make the core forget too early.
            if self._lagging():
                self._reassess()
                self._refuse_waiting(BUSY)
                return
            taken = self._take()
            if taken:
                self._execute(time_ms, taken)

    def _take(self) -> list[Submission]:
        """The next batch; a submission is never split.

        Empty when the next one could finish more orders than the projections leave room for: it is
        refused as busy.
        """
        waiting, room = self._waiting, self._room()
        if self._queued <= BATCH_COMMANDS and room is None:
            taken = list(waiting)
            waiting.clear()
            return taken
        taken, count, finishing = [], 0, 0
        while waiting and count + len(waiting[0].commands) <= BATCH_COMMANDS:
            if room is not None:
                finishing += sum(finishes_at_most(one, self._kept) for one in waiting[0].commands)
                if finishing > room and (taken or room < self._kept.finished_max):
                    break
            count += len(waiting[0].commands)
            taken.append(waiting.popleft())
        if waiting and not taken:
            self._refuse(waiting.popleft(), BUSY)
        return taken

    def _room(self) -> int | None:
        """How many orders the next batch may finish; None when it cannot finish too many."""
        core = self.machine.core
        room = self._projections.room(core.finished_total, self._kept.finished_max)
        return None if room is None or core.open_orders + self._queued <= room else room

    def _refuse_waiting(self, refusal: Refused) -> None:
        waiting, self._waiting = self._waiting, deque()
        for submission in waiting:
            self._refuse(submission, refusal)

    def _refuse(self, submission: Submission, refusal: Refused) -> None:
        self._queued -= len(submission.commands)
        self._refused += 1
        self._tell(submission, refusal)

    @staticmethod
    def _tell(submission: Submission, result: Result) -> None:
        # One listener's mistake may not keep the others from hearing.
        try:
            submission.done(result)
        except Exception:
            log.exception("listener failed", result=str(result)[:200])

    # Execution

    def _execute(self, time_ms: int, taken: list[Submission]) -> None:
        commands = [command for submission in taken for command in submission.commands]
        try:
            executed = self.machine.execute(time_ms, commands)
        except ValueError:
            self._execute_apart(time_ms, taken)
        except Halted as halted:
            self._log_halted(time_ms, taken, halted)
        else:
            self._append(time_ms, taken, executed)
        self._after_batch()

    def _execute_apart(self, time_ms: int, taken: list[Submission]) -> None:
        """Nothing was applied, because one submission is malformed: finds out which."""
        if len(taken) == 1:
            self._refuse(taken[0], MALFORMED)
            return
        for submission in taken:
            if self._halted is None:
                self._execute(time_ms, [submission])
            else:
                self._refuse(submission, HALTED)

    def _append(self, time_ms: int, taken: list[Submission], executed: Executed) -> None:
        entry = seal(
            self._head,
            executed.length,
            time_ms,
            self._journal.epoch,
            WIRE_VERSION,
            executed.commands,
        )
        self._send(entry, executed.events, executed.groups, taken)

    def _send(
        self, entry: Entry, events: bytes | None, groups: Sequence[int], taken: list[Submission]
    ) -> None:
        row = Row(
            entry.sequence,
            entry.count,
            entry.time_ms,
            entry.epoch,
            entry.wire_version,
            entry.commands,
            events,
            entry.hash,
        )
        self._head = head_of(entry)
        self._in_flight.append(Pending(row, groups, taken, self._clock.monotonic_ns()))
        self._writer.append(entry)
        if self._watch is None:
            self._watch_disk(self._limits.append_wait_ms)

    def _log_halted(self, time_ms: int, taken: list[Submission], halted: Halted) -> None:
        """What was tried goes into the log, so that a replay stops at the same place."""
        commands = halted.commands
        entry = seal(
            self._head, len(commands), time_ms, self._journal.epoch, WIRE_VERSION, batch(commands)
        )
        for submission in taken:
            self._refuse(submission, UNKNOWN)
        self._torn = True
        self._send(entry, None, (), [])
        self._halt(halted)

    def _halt(self, halted: Halted) -> None:
        log.error("exchange halted, read-only", sequence=halted.sequence, reason=halted.reason)
        self._halted = halted
        self._reassess()

    def _after_batch(self) -> None:
        if self._halted is not None:
            return
        due_ms = self.machine.core.next_due_ms
        if due_ms:
            self._alarm.set(max(due_ms, self._time.last_ms + 1))
        if self.machine.folds:
            self._ask_follow_ups()

    def _tick(self) -> None:
        """The agenda needs time to pass. Whatever else arrives in this turn does it too."""
        due_ms = self.machine.core.next_due_ms
        if not due_ms or self._refusal is not None:
            return
        if max(due_ms, self._time.last_ms + 1) <= self._clock.exchange_ms():
            self._enqueue(_TICK)
        else:
            self._after_batch()

    def _ask_follow_ups(self) -> None:
        """Submits the product commands that events caused, each once at a time."""
        waiting = self.machine.follow_ups()
        keys = {(fold, asked.cause, asked.index): asked for fold, asked in waiting}
        self._asked = {key: None for key in self._asked if key in keys}
        for (fold, cause, index), asked in keys.items():
            if (fold, cause, index) not in self._asked and self._refusal is None:
                self._asked[fold, cause, index] = None
                command = Product(0, 0, fold, asked.owner, asked.payload, cause, index)
                self._enqueue(Submission((encode(command),), self._forget_asked))

    def _forget_asked(self, result: Result) -> None:
        if isinstance(result, Refused):
            # They are in the outbox still and are asked again when intake opens.
            self._asked.clear()

    # Durability

    def _landed(self, sequence: int) -> None:
        """Everything up to a sequence is durable: it may be spoken of."""
        in_flight = self._in_flight
        self._durable = sequence
        self._projections.landed(sequence, self._time.last_ms)
        while in_flight and in_flight[0].row.last <= sequence:
            pending = in_flight.popleft()
            if pending.row.events is not None:
                self._speak(pending)
        self._wake()
        if self._stalled:
            log.warning("log is being written again", sequence=sequence)
            self._stalled = False
            self._view.drop()
        self._reassess()
        if self._waiting:
            self._schedule()

    def _speak(self, pending: Pending) -> None:
        row = pending.row
        self._ring.add(row)
        replies = [event for event in row.shown() if type(event) is Reply]
        if pending.groups:
            replies = _without_groups(replies, pending.groups)
        start = 0
        for submission in pending.submissions:
            end = start + len(submission.commands)
            self._queued -= end - start
            self._tell(submission, replies[start:end])
            start = end
        for follower in self._followers:
            try:
                follower(row)
            except Exception:
                log.exception("follower failed", sequence=row.sequence)

    def _wake(self) -> None:
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

    def _trouble(self, problem: JournalError) -> None:
        if isinstance(problem, Unwritable):
            self._stall(str(problem))
        elif not self.failed.done():
            log.error("journal failed", problem=str(problem))
            self._give_up_waiting()
            self._alarm.stop()
            self.failed.set_result(problem)
            self._reassess()
            self._wake()

    def _stall(self, why: str) -> None:
        if not self._stalled:
            log.error("log cannot be written, read-only", problem=why)
            self._stalled = True
            self._reassess()
            self._give_up_waiting()
            self._wake()

    def _give_up_waiting(self) -> None:
        """Who waits for rows in flight learns that their outcome is unknown."""
        for position, pending in enumerate(self._in_flight):
            self._in_flight[position] = pending._replace(submissions=[])
            for submission in pending.submissions:
                self._refuse(submission, UNKNOWN)
        self._refuse_waiting(STALLED)

    def _watch_disk(self, wait_ms: int) -> None:
        self._watch = self._loop.call_later(wait_ms / 1000, self._look_at_disk)

    def _look_at_disk(self) -> None:
        self._watch = None
        if not self._in_flight:
            return
        waited_ms = (self._clock.monotonic_ns() - self._in_flight[0].since_ns) // NS_PER_MS
        if waited_ms >= self._limits.append_wait_ms:
            self._stall(f"the disk took nothing for {waited_ms} ms")
        self._watch_disk(max(1, self._limits.append_wait_ms - waited_ms))

    # What stops intake

    def _reassess(self) -> None:
        """Works out whether intake is open, and opens it for what waited outside."""
        before = self._refusal
        self._refusal = self._why_refused()
        if before is not None and self._refusal is None:
            self._asked.clear()
            self._after_batch()

    def _why_refused(self) -> Refused | None:
        if self.failed.done():
            return FAILED
        if self._halted is not None:
            return HALTED
        if self._closing:
            return CLOSING
        if self._stalled:
            return STALLED
        return BUSY if self._lagging() else None

    def _lagging(self) -> bool:
        """Whether a projection could lose finished orders that the core forgets."""
        kept, finished_total = self._kept, self.machine.core.finished_total
        return self._projections.lag(
            finished_total, kept.finished_max, self._time.last_ms, kept.finished_ms
        )

    # Reading

    async def query(self, query: bytes) -> bytes:
        """The core's answer, once everything that it shows is durable."""
        while True:
            if self.failed.done():
                raise Unavailable(FAILED.message)
            if self._torn and self._in_flight and not self._stalled:
                await self._next_advance()
                continue
            if self._torn or (self._stalled and self._durable < self.machine.sequence):
                try:
                    machine = await self._view.machine()
                except JournalError as problem:
                    raise Unavailable(str(problem)) from problem
                if machine is not None:
                    return machine.core.query(query)
                if self._torn:
                    raise Unavailable(HALTED.message)
                await self._next_advance()
                continue
            answer = self.machine.core.query(query)
            sequence = self.machine.sequence
            while self._durable < sequence and not self.failed.done() and not self._stalled:
                await self._next_advance()
            if self._durable >= sequence:
                return answer

    def _next_advance(self) -> asyncio.Future[None]:
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._advance.append(waiter)
        return waiter

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
            row = self._ring.holding(position)
            if row is not None:
                yield row
                position = row.last + 1
            elif position > self._durable or (events and self._halted_before(position)):
                await self._next_rows()
            elif events:
                raise Gone(self._ring.oldest or self._durable + 1)
            else:
                try:
                    entries = await asyncio.to_thread(self._read, position)
                except PrunedAway as pruned:
                    raise Gone(pruned.oldest) from pruned
                for entry in entries:
                    yield _row(entry)
                    position = entry.last + 1
        raise Unavailable(FAILED.message)

    def _halted_before(self, position: int) -> bool:
        """The row of a halt has no events; nothing follows it."""
        return self._halted is not None and len(self._ring) > 0 and position > self._ring.last

    def _read(self, position: int) -> list[Entry]:
        entries = self._journal.read(position)
        try:
            return list(islice(entries, READ_ROWS))
        finally:
            entries.close()

    # Operation

    async def health(self) -> Health:
        """See `door.protocol.Door.health`."""
        return self.status()

    def status(self) -> Health:
        """How the exchange is at this moment."""
        core = self.machine.core
        return Health(
            state=self._state(),
            sequence=core.sequence,
            durable=self._durable,
            time_ms=self._time.last_ms,
            epoch=self._journal.epoch,
            queued=self._queued,
            rows=len(self._in_flight),
            halted_at=self._halted.sequence if self._halted else 0,
            time_jump_ms=self._time.jump_ms,
            open_orders=core.open_orders,
            finished_total=core.finished_total,
            refused=self._refused,
            projections=self._projections.reached,
        )

    def _state(self) -> str:
        if self._refusal is None:
            return "time_jump" if self._time.jump_ms else "running"
        names = {
            FAILED: "failed",
            HALTED: "halted",
            CLOSING: "closing",
            STALLED: "stalled",
            BUSY: "lagging",
        }
        return names[self._refusal]

    def register(self, projection: str, sequence: int, finished_total: int) -> None:
        """Bounds intake by a projection from now on, with what it has committed so far.

        Without this nothing would be bounded before its process has come up and reported.
        """
        if sequence > self._durable:  # of another log, as its process will say
            sequence = finished_total = 0
        self._kept = self._retention()
        lacks = self._first_behind(sequence) if sequence < self._durable else None
        self._projections.register(projection, sequence, finished_total, lacks)
        self._reassess()

    def _first_behind(self, sequence: int) -> tuple[int, int]:
        """Last sequence and time of the row behind a sequence, or of the log's oldest row."""
        try:
            entries = self._journal.read(sequence + 1)
        except PrunedAway as pruned:
            entries = self._journal.read(pruned.oldest)
        entry = next(entries)
        entries.close()
        return entry.last, entry.time_ms

    async def report(self, projection: str, sequence: int, finished_total: int) -> None:
        """See `door.protocol.Door.report`."""
        self._kept = self._retention()
        self._projections.report(projection, sequence, finished_total)
        self._reassess()
        self._wake()

    async def skips(self) -> list[int]:
        """See `door.protocol.Door.skips`."""
        return self._journal.quarantined()

    async def confirm_time(self) -> int:
        """See `door.protocol.Door.confirm_time`."""
        jump_ms = self._time.confirm()
        if jump_ms and self._refusal is None:
            command = encode(ConfirmTime(0, 0, jump_ms))
            self._enqueue(Submission((command,), _ignore))
        return jump_ms

    async def drain(self) -> None:
        """Stops intake and waits until everything accepted is durable and said.

        Returns at once when the disk is stalled: there is nothing to wait for.
        """
        self.flush()
        self._closing = True
        self._reassess()
        self._alarm.stop()
        while (self._in_flight or self._waiting) and not (self._stalled or self.failed.done()):
            await self._next_advance()

    async def projected(self) -> None:
        """Returns once every projection has committed what is durable."""
        while not self.failed.done():
            reached = self._projections.reached.values()
            if all(sequence >= self._durable for sequence in reached):
                return
            await self._next_advance()

    async def close(self) -> None:
        """Drains, then ends the writer; streams and queries end."""
        await self.drain()
        if self._watch is not None:
            self._watch.cancel()
        abandon = self._stalled or self.failed.done()
        await asyncio.to_thread(self._writer.close, abandon=abandon)
        self._give_up_waiting()
        if not self.failed.done():
            self.failed.set_result(JournalError("The exchange has shut down."))
        self._reassess()
        self._wake()


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


def _row(entry: Entry) -> Row:
    return Row(
        entry.sequence,
        entry.count,
        entry.time_ms,
        entry.epoch,
        entry.wire_version,
        entry.commands,
        None,
        entry.hash,
    )
