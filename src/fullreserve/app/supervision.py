"""Child processes: started, started again with growing pauses when they end, stopped in order."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from typing import NamedTuple

import structlog

from fullreserve.app.spawned import Spawned, spawn
from fullreserve.clock import NS_PER_MS, Clock
from fullreserve.config import Settings, declared, environment_name

PAUSE_FIRST_MS = 500
PAUSE_LONGEST_MS = 15_000
# A child that lived this long gets the first pause again.
SOUND_MS = 60_000
STOP_WAIT_S = 15.0
# A child that ends with this code would end so again: what it works on has to be put right first.
# https://man.freebsd.org/cgi/man.cgi?query=sysexits
GIVES_UP = os.EX_DATAERR

log = structlog.get_logger(__name__)


def environment_of(settings: Settings) -> dict[str, str]:
    """This process's environment with the settings in it, so that a child has the same ones."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("FULLRESERVE_")
    }
    for path, _ in declared():
        value: object = settings
        for part in path:
            value = getattr(value, part)
        if isinstance(value, bool):
            value = "on" if value else "off"
        environment[environment_name(path)] = str(value)
    return environment


def arguments(module: str, *more: str) -> list[str]:
    """The command line of a module that ends with this process."""
    return [sys.executable, "-m", "fullreserve.app.child", str(os.getpid()), module, *more]


async def output_of(module: str, *more: str) -> bytes:
    """What a module prints when it is run once; ended with the task that waits for it."""
    process = await spawn(arguments(module, *more), is_read=True)
    try:
        return await (await process.output()).read()
    finally:
        await process.end()


class Program(NamedTuple):
    """What a child runs. `secret` is one line on its standard input, for what nobody may see."""

    module: str
    arguments: tuple[str, ...] = ()
    secret: bytes = b""

    def __repr__(self) -> str:
        return f"Program({self.module})"


class Child:
    """A module that runs as a process of its own for as long as this one does."""

    def __init__(
        self, program: str | Program, environment: Mapping[str, str], clock: Clock
    ) -> None:
        self._program = Program(program) if isinstance(program, str) else program
        self.module = self._program.module
        self._environment = dict(environment)
        self._clock = clock
        self._process: Spawned | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self.restarts = 0
        self.gave_up = False

    @property
    def pid(self) -> int:
        """Of the running process, 0 when there is none."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else 0

    async def start(self) -> None:
        """Returns once the process is started. OSError."""
        await self._begin()
        self._task = asyncio.get_running_loop().create_task(self._keep())

    async def _begin(self) -> None:
        program = self._program
        secret = program.secret + b"\n" if program.secret else b""
        command = arguments(program.module, *program.arguments)
        self._process = await spawn(command, self._environment, secret)

    async def _keep(self) -> None:
        pause_ms = PAUSE_FIRST_MS
        while self._process is not None:
            started_ns = self._clock.monotonic_ns()
            code = await self._process.wait()
            if self._stopping:
                return
            if code == GIVES_UP:
                self.gave_up = True
                log.error("child ended for good", module=self.module, code=code)
                return
            if self._clock.monotonic_ns() - started_ns > SOUND_MS * NS_PER_MS:
                pause_ms = PAUSE_FIRST_MS
            # Who was asked to end by somebody else, or had nothing left to do, did not fail.
            tell = log.error if code else log.info
            tell("child ended", module=self.module, code=code, again_in_ms=pause_ms)
            pause_ms = await self._begin_again(pause_ms)

    async def _begin_again(self, pause_ms: int) -> int:
        """After a pause, and a longer one each time that it cannot be started; the next pause."""
        while True:
            await self._clock.wait_ms(pause_ms)
            pause_ms = min(2 * pause_ms, PAUSE_LONGEST_MS)
            try:
                await self._begin()
            except OSError as problem:  # the machine may have no room for another process now
                told = {"module": self.module, "problem": problem.strerror}
                log.error("child not started", **told, again_in_ms=pause_ms)
            else:
                self.restarts += 1
                return pause_ms

    async def stop(self) -> None:
        """Asks it to end and waits; kills it when it does not."""
        self._stopping = True
        process = self._process
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), STOP_WAIT_S)
            except TimeoutError:
                log.warning("child killed", module=self.module)
                process.kill()
                await process.wait()
        if self._task is not None:
            self._task.cancel()
            # One that begins just now is ended as well.
            await asyncio.gather(self._task, return_exceptions=True)
