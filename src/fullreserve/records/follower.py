"""Follows the log by sequence, keeps the records, and takes the exchange's snapshots.

It runs beside the exchange, with a replica of the fold that it feeds from the door. What it commits
is whole rows of the log with the sequence that they reach, in one transaction; so it may be killed
at any moment and goes on where the database stands. It restores the newest snapshot at or before
that place and replays what lies between without writing.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from pathlib import Path

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from fullreserve import logs
from fullreserve.after_trading import RECORDS, after_trading
from fullreserve.clock import Clock, SystemClock
from fullreserve.config import Settings
from fullreserve.door.protocol import Door, Gone, Row, Unavailable
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.exchange.catalog import Catalog
from fullreserve.exchange.machine import Halted, Machine
from fullreserve.exchange.products.registry import products
from fullreserve.exchange.wire.events import OwnerChanged, decode_events
from fullreserve.exchange.wire.queries import ListAssets, ListInstruments, ListOwners
from fullreserve.journal.errors import Corrupt, JournalError
from fullreserve.journal.replica import Replica
from fullreserve.journal.snapshots import FOLDER_NAME, Folds, write_snapshot
from fullreserve.records.alone import NotAlone, only_one
from fullreserve.records.custody import changed_deposits, changed_withdrawals
from fullreserve.records.database import (
    Progress,
    WrongDatabase,
    database_url,
    open_database,
    passes,
    prepare,
)
from fullreserve.records.decisions import keep_decisions, taken_decisions
from fullreserve.records.imports import WrongImport, import_rows, kept_candles
from fullreserve.records.projection import Projection, Rows
from fullreserve.records.reached import PROJECTION
from fullreserve.records.starts import oldest_start, starts
from fullreserve.records.writer import Writer
from fullreserve.until_terminated import until_terminated

# A commit costs about a millisecond beside its rows. Waiting longer between two makes fewer of them
# and lets histories lag longer.
COMMIT_MS = 80
# Between two tries of a commit that the database did not take.
RETRY_MS = 200
# Bounds memory and the time of one commit while catching up.
ROWS_MAX = 20_000
# The folds of custody forget what so many commands lie behind: it is written before that.
COMMANDS_MAX = 50_000

# Of one answer of the fold.
OWNERS_MAX = 10_000

# Rows and events come and go by the ten thousand and form no cycles.
GC_THRESHOLD = 100_000


log = structlog.get_logger(__name__)


class OtherLog(RuntimeError):
    """The records are of another log than the exchange's."""


# What ends a follower with a sentence; anything else is a defect and shows where.
ENDS = (
    OtherLog,
    NotAlone,
    WrongDatabase,
    WrongImport,
    OperationalError,
    Unavailable,
    Gone,
    JournalError,
)
# What would end the next one in the same way: log and records have to be put right first.
LASTING = (OtherLog, WrongImport, JournalError)


class Follower:
    """One run of the follower."""

    def __init__(
        self,
        engine: Engine,
        data: Path,
        door: Door,
        clock: Clock,
        snapshot_every: int,
        folds: Folds = products,
    ) -> None:
        self._data = data
        self._door = door
        self._clock = clock
        self._snapshot_every = snapshot_every
        self._folds = folds
        self._writer = Writer(engine, prepare(engine))
        self._replica = Replica(Machine(folds=folds()))
        self._projection = Projection(Catalog(), self._writer)
        self._finished_total = 0  # of the replica, at what is committed
        self._snapshot_at = 0
        self.halted_at = 0  # the command that the fold halted at
        # Taken, but not in the database, which did not answer.
        self._unwritten: tuple[Rows, Progress] | None = None
        self._silent = False
        self._projecting = False  # whether the replica has come to where the records stand
        self._moved = asyncio.Event()
        self._next_commit: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def progress(self) -> Progress:
        """What is committed."""
        return self._writer.progress

    async def run(self) -> None:
        """Follows until it is cancelled; then commits what it has and takes a snapshot.

        Raises OtherLog, writer.NotAlone, door.protocol.Unavailable when the exchange is gone, and
        what `Replica.apply` raises. Each ends the process; a new one starts from what is committed.
        """
        self._import()
        work = (self._follow(), self._commit_regularly(), self._report_commits())
        tasks = [asyncio.ensure_future(part) for part in work]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._finish()

    async def caught_up(self, sequence: int) -> None:
        """Returns once everything up to `sequence` is committed."""
        while self.progress.sequence < sequence:
            await asyncio.shield(self._next_commit)

    def _import(self) -> None:
        """Puts candles from before the exchange began into a new database."""
        if self.progress.sequence == 0:
            rows = Rows()
            rows.candles = import_rows(kept_candles(self._data))
            self._writer.write(rows, self.progress)

    def _finish(self) -> None:
        if self._projecting and self._commit() and self._commit():
            self._snapshot()

    # Following

    async def _follow(self) -> None:
        skip = await self._door.skips()
        target = self.progress
        durable = (await self._door.health()).durable
        if target.sequence > durable:
            raise OtherLog(f"the records reach to {target.sequence}, the log ends at {durable}")
        folder = self._data / FOLDER_NAME
        for replica in starts(folder, self._folds, skip, target):
            try:
                await self._follow_from(replica, target)
            except Corrupt as problem:
                if replica.sequence == 0 or self._projecting:
                    raise
                log.warning("snapshot passed over", sequence=replica.sequence, problem=str(problem))
            except Gone as gone:
                if target.sequence:
                    raise
                log.warning("records begin where the log does", sequence=gone.oldest)
                begin = oldest_start(folder, self._folds, skip, gone)
                await self._follow_from(begin, Progress(begin.sequence, 0, begin.head.hash.hex()))

    async def _follow_from(self, replica: Replica, target: Progress) -> None:
        """Replays up to `target`, then projects."""
        self._replica = replica
        self._snapshot_at = replica.sequence
        if replica.sequence == target.sequence:
            self._begin(target)
        async for row in self._door.stream(replica.sequence + 1, events=False):
            if row.last <= target.sequence:
                replica.apply(row)
                if row.last == target.sequence:
                    self._begin(target)
            elif not self._projecting:
                raise OtherLog(f"no row of the log ends at {target.sequence}, as the records do")
            elif not await self._project(row):
                # The exchange itself is read-only here; whoever repairs it starts all anew.
                await asyncio.Event().wait()

    def _begin(self, target: Progress) -> None:
        """The replica stands where the records do: from here on rows are projected."""
        if target.sequence and self._replica.head.hash.hex() != target.hash:
            raise OtherLog(f"the log's row at {target.sequence} is not the one of the records")
        self._projection = Projection(Catalog(), self._writer)
        machine = self._replica.machine
        keep_decisions(machine)
        listed = [*machine.query(ListAssets()), *machine.query(ListInstruments())]
        if target.sequence and not target.time_ms:  # the log before it is gone
            listed += _owners(machine)
        self._projection.apply(target.sequence, listed)
        self._projecting = True
        self._finished_total = self._replica.finished_total
        self._announce()

    async def _project(self, row: Row) -> bool:
        """Projects a row; False when the fold halts at it, with all before it committed."""
        try:
            data = self._replica.apply(row, events=True)
        except Halted as halted:
            self.halted_at = halted.sequence
            await self._committed()
            log.error("follower halted", sequence=halted.sequence)
            return False
        self._projection.apply(row.sequence, decode_events(data), row.time_ms)
        self._moved.set()
        behind = row.last - self.progress.sequence
        if self._projection.gathered >= ROWS_MAX or behind >= COMMANDS_MAX:
            await self._committed()
        return True

    # Committing

    async def _commit_regularly(self) -> None:
        while True:
            await self._moved.wait()
            await self._clock.wait_ms(COMMIT_MS)
            await self._committed()

    async def _committed(self) -> None:
        """Commits what there is, however often that has to be tried."""
        while not self._commit():
            await self._clock.wait_ms(RETRY_MS)

    def _commit(self) -> bool:
        """Whether the database took what there is; what it did not take is kept."""
        try:
            if self._unwritten is None:
                self._unwritten = self._take()
            if self._unwritten is None:
                return True
            rows, reached = self._unwritten
            self._writer.write(rows, reached)
        except OperationalError as problem:
            if not passes(problem):
                raise
            self._answers(problem.orig)
            return False
        self._answers(None)
        self._unwritten = None
        self._finished_total = reached.finished_total
        self._announce()
        if self._replica.sequence - self._snapshot_at >= self._snapshot_every:
            self._snapshot()
        return True

    def _take(self) -> tuple[Rows, Progress] | None:
        """What is to be written; None when everything is. Asks the database what was before."""
        self._moved.clear()
        head = self._replica.head
        if head.sequence == self.progress.sequence:
            return None
        total = self._replica.finished_total
        reached = Progress(head.sequence, head.time_ms, head.hash.hex(), total)
        rows, machine = self._projection.take(), self._replica.machine
        # What a halt left half done stands behind the head.
        span = (self.progress.sequence, head.sequence)
        rows.deposits = changed_deposits(machine, *span)
        rows.withdrawals = changed_withdrawals(machine, *span)
        rows.decisions = taken_decisions(machine, head.sequence)
        return rows, reached

    def _answers(self, problem: BaseException | None) -> None:
        """Says once that the database does not answer, and once that it does again."""
        if problem is not None and not self._silent:
            log.warning("records wait for their database", problem=str(problem))
        elif problem is None and self._silent:
            log.info("records go on", sequence=self.progress.sequence)
        self._silent = problem is not None

    def _snapshot(self) -> None:
        """Takes a snapshot here, so that the exchange itself never has to pause for one."""
        at = self._replica.sequence
        # A fold that halted stands somewhere inside a row.
        if at > self._snapshot_at and not self.halted_at:
            self._snapshot_at = at
            folder, slowest = self._data / FOLDER_NAME, self.progress.sequence
            try:
                write_snapshot(self._replica, folder, slowest=slowest)
            except OSError as problem:
                # A full disk costs a snapshot, not the records; the next one is tried in its turn.
                log.warning("snapshot not taken", sequence=at, problem=str(problem))
            else:
                log.info("snapshot taken", sequence=at)

    def _announce(self) -> None:
        done, self._next_commit = self._next_commit, self._next_commit.get_loop().create_future()
        done.set_result(None)

    async def _report_commits(self) -> None:
        reported = 0
        while True:
            commit = self._next_commit
            sequence = self.progress.sequence
            if self._projecting and sequence != reported:
                await self._door.report(PROJECTION, sequence, self._finished_total)
                reported = sequence
            else:
                await asyncio.shield(commit)


def _owners(machine: Machine) -> list[OwnerChanged]:
    """All owners that the fold knows."""
    known: list[OwnerChanged] = []
    while True:
        last = known[-1].owner if known else 0
        more: list[OwnerChanged] = machine.query(ListOwners(last, OWNERS_MAX))
        known += more
        if len(more) < OWNERS_MAX:
            return known


async def follow(settings: Settings) -> int:
    """Follows the exchange of these settings until SIGTERM; the exit code."""
    clock = SystemClock()
    engine = open_database(database_url(settings.records, settings.data))
    door = await SocketDoor.open(settings.data / SOCKET_NAME, 0, clock)
    follower = Follower(engine, settings.data, door, clock, settings.journal.snapshot_every)
    try:
        await until_terminated(follower.run())
    finally:
        await door.close()
        engine.dispose()
    return 0


def main() -> int:
    """Run the follower as a process of its own: `python -m fullreserve.records.follower`."""
    settings = Settings.load()
    logs.configure(settings.log)
    gc.set_threshold(GC_THRESHOLD)
    after_trading(RECORDS)
    try:
        with only_one(settings.data):
            return asyncio.run(follow(settings))
    except ENDS as problem:
        kind = type(problem).__name__
        log.error("follower ends", problem=str(problem), kind=kind)
        return os.EX_DATAERR if isinstance(problem, LASTING) else 1


if __name__ == "__main__":
    sys.exit(main())
