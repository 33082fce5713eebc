"""The sequencer: takes commands in, puts them in order, applies them and sends them to the disk.

All that arrived in a turn of the loop is one batch. It is applied to the core at once and appended
at the same time; what is said of it waits for the disk (`durable_rows`, `answers`). A batch that
was applied is never dropped: when the disk does not take it, intake stops and the same bytes are
tried again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any, NamedTuple

import structlog

from fullreserve.clock import Clock
from fullreserve.door.limits import Buckets
from fullreserve.door.protocol import Health, Limit, Refused, Result, Row
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
from fullreserve.exchange.wire.events import ParameterSet
from fullreserve.exchange.wire.queries import GetStatus, ListParameters, Status
from fullreserve.journal.agenda import Alarm
from fullreserve.journal.answers import Answers
from fullreserve.journal.bell import Bell
from fullreserve.journal.durable_rows import DurableRows
from fullreserve.journal.durable_view import DurableView
from fullreserve.journal.entry import head_of, seal
from fullreserve.journal.errors import PrunedAway
from fullreserve.journal.exchange_time import ExchangeTime
from fullreserve.journal.headroom import Kept, finishes_at_most
from fullreserve.journal.interface import Journal
from fullreserve.journal.projections import Projections
from fullreserve.journal.submission import (
    BUSY,
    CLOSING,
    FAILED,
    FAULTY,
    HALTED,
    MALFORMED,
    RATE_LIMITED,
    STALLED,
    TIME_JUMP,
    UNKNOWN,
    Done,
    Submission,
)

# A larger batch gains nothing and makes the first command of it wait for the last.
BATCH_COMMANDS = 4096
# One that the disk is busy with and one that it takes next: what comes meanwhile makes larger rows.
ROWS_IN_FLIGHT = 2
# A batch is closed when a turn of the loop has brought nothing new, or with so many submissions.
# What a row costs besides its commands is the writer's, the followers' and the sockets' work.
GATHERED_MAX = 128

# How long clients wait for a disk that neither takes a row nor says no.
APPEND_WAIT_MS = 5_000

# How often an exchange whose clock has jumped looks whether it is right again.
JUMP_LOOK_MS = 1_000

log = structlog.get_logger(__name__)


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
        view: Callable[[int], Machine] | None = None,
        halted: Halted | None = None,
        early: bool = False,
    ) -> None:
        self.machine = machine
        self._loop = asyncio.get_running_loop()
        self._journal = journal
        self._clock = clock
        self._limits = limits
        self._buckets = Buckets()
        self._time = ExchangeTime(clock, journal.head.time_ms, limits.forward_jump_max_ms)
        self._jump_told = False
        self._head = journal.head
        self._rows = DurableRows(
            journal,
            clock,
            self._landed,
            self._disk_changed,
            append_wait_ms=limits.append_wait_ms,
            early=early,
        )
        self.failed = self._rows.failed
        self._answers = Answers(machine, self._rows, DurableView(view))
        self._alarm = Alarm(clock, self._tick)
        self._bell = Bell(max(1, journal.head.sequence))
        self._waiting: deque[Submission] = deque()
        self._arrived = 0  # submissions that ever waited
        self._queued = 0  # commands that wait for their turn
        self._scheduled = False
        self._gathered = 0
        self._projections = Projections()
        self._kept = self._retention()
        self._asked: dict[tuple[int, int, int], None] = {}
        self._refused = 0
        self._confirmed: list[int] = []  # jumps that are not in the log yet
        # Why intake is stopped, by what stopped it; None while it is open.
        self._halted: Halted | None = None
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
            pending = self._queued + self._rows.commands
            if pending + len(commands) > self._limits.pending_max:
                refusal = BUSY
            elif limits and not self._buckets.take(limits, self._clock.monotonic_ns()):
                refusal = self._limited(limits)
            elif len(commands) > BATCH_COMMANDS:
                refusal = MALFORMED
            elif not commands:
                done(())
                return
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
        self._arrived += 1
        self._queued += len(submission.commands)
        if not self._scheduled:
            self._schedule()

    def _schedule(self) -> None:
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
        while self._waiting and len(self._rows.in_flight) < ROWS_IN_FLIGHT:
            if self._refusal is not None and not self._closing:
                self._refuse_waiting(self._refusal)
                return
            time_ms = self._time.stamp()
            if time_ms is None:
                self._tell_jump()
                self._refuse_waiting(TIME_JUMP)
                self._look_again()
                return
            self._jump_told = False
            # The stamp alone may be what would make the core forget too early.
            if self._lagging():
                self._reassess()
                self._refuse_waiting(BUSY)
                return
            taken = self._take()
            if taken:
                self._execute(time_ms, taken)

    def _tell_jump(self) -> None:
        """Logs a jump once, however many commands it refuses."""
        if not self._jump_told:
            self._jump_told = True
            log.error("clock jumped forward", jump_ms=self._time.jump_ms)

    async def taken(self) -> None:
        """Returns once what was submitted by now is applied or refused."""
        last = self._arrived
        self.flush()
        while self._arrived - len(self._waiting) < last:
            await self._rows.next_advance()
            self.flush()

    def _take(self) -> list[Submission]:
        """The next batch; a submission is never split.

        Empty when the next one could finish more orders than the projections leave room for: it is
        refused as busy.
        """
        waiting, room = self._waiting, self._room()
        if self._queued <= BATCH_COMMANDS and room is None:
            taken = list(waiting)
            waiting.clear()
            self._queued = 0
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
            refused = waiting.popleft()
            count = len(refused.commands)
            self._refuse(refused, BUSY)
        self._queued -= count
        return taken

    def _room(self) -> int | None:
        """How many orders the next batch may finish; None when it cannot finish too many."""
        core = self.machine.core
        room = self._projections.room(core.finished_total, self._kept.finished_max)
        return None if room is None or core.open_orders + self._queued <= room else room

    def _refuse_waiting(self, refusal: Refused) -> None:
        waiting, self._waiting = self._waiting, deque()
        self._queued = 0
        for submission in waiting:
            self._refuse(submission, refusal)

    def _refuse(self, submission: Submission, refusal: Refused) -> None:
        self._refused += 1
        submission.tell(refusal)

    # Execution

    def _execute(self, time_ms: int, taken: list[Submission]) -> None:
        commands = [command for submission in taken for command in submission.commands]
        try:
            executed = self.machine.execute(time_ms, commands)
        except ValueError:
            self._execute_apart(time_ms, taken, MALFORMED)
        except Halted as halted:
            self._log_halted(time_ms, taken, halted)
        except Exception:
            log.exception("batch failed, nothing of it was applied")
            self._execute_apart(time_ms, taken, FAULTY)
        else:
            self._append(time_ms, taken, executed)
        self._after_batch()

    def _execute_apart(self, time_ms: int, taken: list[Submission], refusal: Refused) -> None:
        """Nothing was applied, because of one submission: finds out which, and refuses it."""
        if len(taken) == 1:
            self._refuse(taken[0], refusal)
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
        self._head = head_of(entry)
        self._rows.append(entry, executed, taken)
        if executed.groups:
            self._bell.note(entry.last)

    def _log_halted(self, time_ms: int, taken: list[Submission], halted: Halted) -> None:
        """What was tried goes into the log, so that a replay stops at the same place."""
        commands = halted.commands
        entry = seal(
            self._head, len(commands), time_ms, self._journal.epoch, WIRE_VERSION, batch(commands)
        )
        for submission in taken:
            self._refuse(submission, UNKNOWN)
        self._answers.torn = True
        self._head = head_of(entry)
        self._rows.append(entry, None, ())
        self._halt(halted)

    def halt(self, sequence: int, reason: str) -> None:
        """Makes the exchange read-only for what was found outside; the first halt stays."""
        if self._halted is None:
            self._halt(Halted(sequence, reason))

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
        if self._confirmed:
            confirmed, self._confirmed = self._confirmed, []
            for jump_ms in confirmed:
                self._log_confirmed(jump_ms)

    def _look_again(self) -> None:
        """What was due and refused for a clock that jumped is due once the clock is right."""
        if not self._closing:
            self._alarm.set(self._clock.exchange_ms() + JUMP_LOOK_MS)

    def _tick(self) -> None:
        """The agenda needs time to pass. Whatever else arrives in this turn does it too."""
        if self._refusal is not None:
            return
        if self._jump_told and self._time.doubted:
            self._look_again()
            return
        self._jump_told = False
        due_ms = self.machine.core.next_due_ms
        if due_ms and max(due_ms, self._time.last_ms + 1) <= self._clock.exchange_ms():
            self._enqueue(_TICK)
        else:
            self._after_batch()

    def _ask_follow_ups(self) -> None:
        """Submits the product commands that events caused, each once at a time."""
        waiting = self.machine.follow_ups()
        if not waiting and not self._asked:
            return
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

    # What stops intake

    def _landed(self, sequence: int) -> None:
        self._projections.landed(sequence, self._time.last_ms)
        self._bell.landed(sequence)
        self._reassess()
        if self._waiting and not self._scheduled:
            self._schedule()

    def _disk_changed(self) -> None:
        """The disk has stopped taking rows, or takes them again, or the log is lost to us."""
        self._reassess()
        if self.failed.done():
            self._bell.end(FAILED.message)
            self._alarm.stop()
        elif not self._rows.stalled:
            self._answers.view.drop()
            return
        for submission in self._rows.give_up():
            self._refuse(submission, UNKNOWN)
        self._refuse_waiting(STALLED)

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
        if self._rows.stalled:
            return STALLED
        return BUSY if self._lagging() else None

    def _lagging(self) -> bool:
        """Whether a projection could lose finished orders that the core forgets."""
        kept, finished_total = self._kept, self.machine.core.finished_total
        return self._projections.lag(
            finished_total, kept.finished_max, self._time.last_ms, kept.finished_ms
        )

    # What is durable

    def query(self, query: bytes) -> Coroutine[Any, Any, bytes]:
        """The core's answer, once everything that it shows is durable."""
        return self._answers.query(query)

    def follow(self, rows: Callable[[Row], None]) -> Callable[[], None]:
        """See `door.protocol.Door.follow`."""
        return self._rows.follow(rows)

    def stream(self, from_sequence: int, events: bool = True) -> AsyncIterator[Row]:
        """See `door.protocol.Door.stream`."""
        return self._rows.stream(from_sequence, events)

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
            durable=self._rows.durable,
            time_ms=self._time.last_ms,
            epoch=self._journal.epoch,
            queued=self._queued + self._rows.commands,
            rows=len(self._rows.in_flight),
            halted_at=self._halted.sequence if self._halted else 0,
            time_jump_ms=self._time.jump_ms,
            open_orders=core.open_orders,
            finished_total=core.finished_total,
            refused=self._refused,
            projections=self._projections.reached,
            time_behind_ms=self._clock.behind_ms(),
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
        if sequence > self._rows.durable:  # of another log, as its process will say
            sequence = finished_total = 0
        self._kept = self._retention()
        lacks = self._first_behind(sequence) if sequence < self._rows.durable else None
        self._projections.register(projection, sequence, finished_total, lacks)
        self._note_forgotten()
        self._reassess()

    def _note_forgotten(self) -> None:
        status: Status = self.machine.query(GetStatus())
        self._projections.forgotten(status.finished_total - status.finished_orders)

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
        self._note_forgotten()
        self._reassess()
        self._rows.wake()

    async def moved(self, after: int) -> int:
        """See `door.protocol.Door.moved`."""
        return await self._bell.after(after)

    async def skips(self) -> list[int]:
        """See `door.protocol.Door.skips`."""
        return self._journal.quarantined()

    async def confirm_time(self) -> int:
        """See `door.protocol.Door.confirm_time`."""
        jump_ms = self._time.confirm()
        if jump_ms:
            self._log_confirmed(jump_ms)
        return jump_ms

    def _log_confirmed(self, jump_ms: int) -> None:
        """Logs a confirmed jump, when intake is open."""
        if self._refusal is not None:
            self._confirmed.append(jump_ms)
            return

        def told(result: Result) -> None:
            # Where the outcome is unknown, the row is in the log or on its way there.
            if isinstance(result, Refused) and result.known:
                self._confirmed.append(jump_ms)

        self._enqueue(Submission((encode(ConfirmTime(0, 0, jump_ms)),), told))

    async def drain(self) -> None:
        """Stops intake and waits until everything accepted is durable and said.

        Returns at once when the disk is stalled: there is nothing to wait for.
        """
        self.flush()
        self._closing = True
        self._reassess()
        self._alarm.stop()
        rows = self._rows
        while (rows.in_flight or self._waiting) and not (rows.stalled or self.failed.done()):
            await rows.next_advance()

    async def projected(self) -> None:
        """Returns once every projection has committed what is durable."""
        while not self.failed.done():
            reached = self._projections.reached.values()
            if all(sequence >= self._rows.durable for sequence in reached):
                return
            await self._rows.next_advance()

    async def close(self) -> None:
        """Drains, then ends the writer; streams and queries end."""
        await self.drain()
        await self._rows.close()
