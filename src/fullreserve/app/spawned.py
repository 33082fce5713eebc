"""Programs beside this process, started without copying its memory.

A loop's own way forks, which copies the page tables of all that an exchange holds, while orders
wait, and makes each page that it writes then a fault.
`subprocess` borrows the memory until the other program has begun (vfork(2)).
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress

LINE_MAX_BYTES = 1 << 16


class Spawned:
    """A running program in a session of its own, on a loop."""

    def __init__(self, process: subprocess.Popen[bytes], loop: asyncio.AbstractEventLoop) -> None:
        self._process = process
        self._loop = loop
        self._ended: asyncio.Future[int] = loop.create_future()
        self._descriptor = os.pidfd_open(process.pid)
        self._pipe: asyncio.ReadTransport | None = None
        loop.add_reader(self._descriptor, self._reap)

    def _reap(self) -> None:
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)
        self._ended.set_result(self._process.wait())

    @property
    def pid(self) -> int:
        """While it runs it is nobody else's."""
        return self._process.pid

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
            lambda: asyncio.StreamReaderProtocol(reader), self._process.stdout
        )
        return reader

    def terminate(self) -> None:
        """Asks it to end."""
        self._process.terminate()

    def kill(self) -> None:
        """Ends it."""
        self._process.kill()

    async def end(self) -> None:
        """Ends it if it still runs, and what it said that nobody has read."""
        if self.returncode is None:
            self.kill()
        await self.wait()
        if self._pipe is not None:
            self._pipe.close()


def spawn(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    secret: bytes = b"",
    *,
    is_read: bool = False,
) -> Spawned:
    """Starts a program; `secret` is its standard input, for what nobody may see. OSError.

    Called on the loop's own thread: what ends with its parent ends with that thread.
    """
    process = subprocess.Popen(  # noqa: S603 - our own programs
        command,
        env=environment,
        stdin=subprocess.PIPE if secret else None,
        stdout=subprocess.PIPE if is_read else None,
        # Ctrl-C reaches the parent alone, which stops its children in order.
        start_new_session=True,
    )
    if process.stdin is not None:
        with suppress(BrokenPipeError), process.stdin as its_input:  # it may have ended at once
            its_input.write(secret)
    return Spawned(process, asyncio.get_running_loop())
