"""The gateway's desk for the log: what is kept, and replays in processes of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import msgspec

from fullreserve.app.spawned import spawn
from fullreserve.app.supervision import arguments
from fullreserve.clock import Clock
from fullreserve.gateway.log_desk import Busy, Compared, Extent, NotKept, Replay, Replayed
from fullreserve.journal import replaying
from fullreserve.journal.errors import JournalError
from fullreserve.journal.reader import JournalReader
from fullreserve.journal.snapshots import FOLDER_NAME as SNAPSHOTS
from fullreserve.journal.snapshots import snapshots
from fullreserve.journal.sqlite import FOLDER_NAME as JOURNAL

# A row of the log with its events is one line.
LINE_MAX_BYTES = 64 << 20
ROWS_AT_ONCE = 2

_word = msgspec.json.Decoder(replaying.Word)


class ProcessDesk:
    """`gateway.log_desk.LogDesk` over a data folder."""

    def __init__(self, data: Path, clock: Clock) -> None:
        self._data = data
        self._clock = clock
        self._newest: Replay | None = None
        self._task: asyncio.Task[None] | None = None
        self._rows = 0

    async def extent(self) -> Extent:
        return await asyncio.to_thread(self._extent)

    def _extent(self) -> Extent:
        reader = JournalReader(self._data / JOURNAL)
        kept = tuple(at for at, _ in snapshots(self._data / SNAPSHOTS))
        return Extent(reader.folder.start().sequence + 1, kept, tuple(reader.quarantined()))

    def newest(self) -> Replay | None:
        return self._newest

    def start(self, target: int) -> Replay:
        if self._task is not None and not self._task.done():
            raise Busy
        replay = self._newest = Replay(target, started_ms=self._clock.wall_ms())
        self._task = asyncio.get_running_loop().create_task(self._run(replay))
        return replay

    async def _run(self, replay: Replay) -> None:
        try:
            async with aclosing(self._words("check", replay.target)) as words:
                async for word in words:
                    if isinstance(word, replaying.Begun):
                        replay.start = replay.reached = word.sequence
                    elif isinstance(word, replaying.Reached):
                        replay.reached = word.sequence
                    elif isinstance(word, replaying.Passed):
                        replay.snapshots.append(Compared(word.sequence, tuple(word.differs)))
                    elif isinstance(word, replaying.Ended):
                        replay.reached, replay.components = word.sequence, word.components
                        replay.state = "done"
                    elif isinstance(word, replaying.Failed):
                        replay.message = word.message
        finally:
            if replay.state != "done":
                replay.state = "failed"
                replay.message = replay.message or "The replay ended before it was done."
            replay.ended_ms = self._clock.wall_ms()

    async def row(self, sequence: int) -> Replayed:
        if self._rows >= ROWS_AT_ONCE:
            raise Busy
        self._rows += 1
        try:
            # Closed at once: its process must not live until somebody collects the generator.
            async with aclosing(self._words("row", sequence)) as words:
                async for word in words:
                    if isinstance(word, replaying.Found):
                        return Replayed(word.sequence, word.time_ms, word.commands, word.events)
                    if isinstance(word, replaying.Failed):
                        raise NotKept(word.message)
        except (JournalError, ValueError) as problem:
            raise NotKept(str(problem)) from problem
        finally:
            self._rows -= 1
        raise NotKept("The replay ended before it was done.")

    async def _words(self, what: str, sequence: int) -> AsyncGenerator[replaying.Word, None]:
        """What a replay says; its process ends with whoever listens."""
        command = arguments(replaying.MODULE, what, str(self._data), str(sequence))
        process = await spawn(command, is_read=True)
        try:
            async for line in await process.output(LINE_MAX_BYTES):
                yield _word.decode(line)
        finally:
            await process.end()

    async def close(self) -> None:
        """Ends the replay that is under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
