"""Programs beside this process, started without a copy of its memory and without a wait.

A loop's own way forks, which copies the page tables of all that an exchange holds, while orders
wait, and makes each page that it writes then a fault. `subprocess` borrows the memory, and holds
the loop until the program has begun, for which that has to get a processor. So a thread starts
them that is none of Python's (`crates/launcher`).
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from errno import EAGAIN
from select import PIPE_BUF
from signal import SIGKILL, SIGTERM, pidfd_send_signal
from typing import BinaryIO

from fullreserve._core import launch

LINE_MAX_BYTES = 1 << 16
_PID_BYTES = 4


class Spawned:
    """A running program in a session of its own, on a loop."""

    def __init__(self, pid: int, stdout: BinaryIO | None, loop: asyncio.AbstractEventLoop) -> None:
        self._pid = pid
        self._stdout = stdout
        self._loop = loop
        self._ended: asyncio.Future[int] = loop.create_future()
        self._descriptor = os.pidfd_open(pid)
        self._pipe: asyncio.ReadTransport | None = None
        loop.add_reader(self._descriptor, self._reap)

    def _reap(self) -> None:
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)
        _, status = os.waitpid(self._pid, 0)
        self._ended.set_result(os.waitstatus_to_exitcode(status))

    @property
    def pid(self) -> int:
        """While it runs it is nobody else's."""
        return self._pid

    @property
    def returncode(self) -> int | None:
        """None while it runs; less than 0 is the signal that ended it."""
        return self._ended.result() if self._ended.done() else None

    async def wait(self) -> int:
        """Returns its code once it has ended."""
        return await asyncio.shield(self._ended)

    async def output(self, limit: int = LINE_MAX_BYTES) -> asyncio.StreamReader:
        """Its standard output, of one that is read; a line is `limit` bytes at most."""
        reader = asyncio.StreamReader(limit=limit)
        self._pipe, _ = await self._loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), self._stdout
        )
        return reader

    def terminate(self) -> None:
        """Asks it to end."""
        self._send(SIGTERM)

    def kill(self) -> None:
        """Ends it."""
        self._send(SIGKILL)

    def _send(self, number: int) -> None:
        if not self._ended.done():
            pidfd_send_signal(self._descriptor, number)

    async def end(self) -> None:
        """Ends it if it still runs, and what it said that nobody has read."""
        self.kill()
        await self.wait()
        held = self._pipe or self._stdout
        if held is not None:
            held.close()


async def spawn(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    secret: bytes = b"",
    *,
    is_read: bool = False,
) -> Spawned:
    """Starts a program; `secret` is its standard input, for what nobody may see. OSError.

    A secret is of PIPE_BUF bytes (4096) at most. Returns once the program has begun; who is
    cancelled meanwhile leaves none behind.
    """
    starting = asyncio.ensure_future(_started(command, environment, secret, is_read=is_read))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        with suppress(OSError):
            await (await starting).end()
        raise


async def _started(
    command: Sequence[str],
    environment: Mapping[str, str] | None,
    secret: bytes,
    *,
    is_read: bool,
) -> Spawned:
    loop = asyncio.get_running_loop()
    words = [os.fsencode(word) for word in command]
    inherited = os.environ if environment is None else environment
    named = [os.fsencode(f"{name}={value}") for name, value in inherited.items()]
    stdin = stdout = output = None
    with ExitStack() as its, ExitStack() as ours:
        if secret:
            stdin = its.enter_context(_holding(secret)).fileno()
        if is_read:
            reading, writing = os.pipe()
            stdout = its.enter_context(os.fdopen(writing, "wb", 0)).fileno()
            output = ours.enter_context(os.fdopen(reading, "rb", 0))
        pid = await _begun(loop, words, named, stdin, stdout)
        ours.pop_all()
        return Spawned(pid, output, loop)


def _holding(secret: bytes) -> BinaryIO:
    """What reads it, once: nothing of it is left where others could look."""
    if len(secret) > PIPE_BUF:
        raise ValueError(f"a secret has {len(secret)} bytes; allowed are {PIPE_BUF}")
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb", 0) as filled:
        filled.write(secret)
    return os.fdopen(reading, "rb", 0)


async def _begun(
    loop: asyncio.AbstractEventLoop,
    command: list[bytes],
    environment: list[bytes],
    stdin: int | None,
    stdout: int | None,
) -> int:
    """Its process id once it has begun; OSError."""
    answer, given = os.pipe()
    told = loop.create_future()
    loop.add_reader(answer, told.set_result, None)
    try:
        launch(command, environment, stdin, stdout, given)
        await told
        said = int.from_bytes(os.read(answer, _PID_BYTES), sys.byteorder, signed=True)
    finally:
        loop.remove_reader(answer)
        os.close(answer)
    if said <= 0:
        number = -said or EAGAIN  # no answer: no thread could be had
        raise OSError(number, os.strerror(number), os.fsdecode(command[0]))
    return said
