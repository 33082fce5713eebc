"""How a child process works: until its parent asks it to end."""

from __future__ import annotations

import asyncio
import signal
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any


async def until_terminated(work: Coroutine[Any, Any, object]) -> None:
    """Returns when the work has ended or, at SIGTERM, was cancelled; raises what it raises.

    From then on SIGTERM does nothing: a parent's death says the same once more, and a loop that is
    being closed has nowhere left to write that it came.
    """
    running = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    try:
        with suppress(asyncio.CancelledError):
            await running
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


def until_ended(
    serve: Callable[[StreamReader, StreamWriter], Awaitable[None]],
) -> Callable[[StreamReader, StreamWriter], Coroutine[Any, Any, None]]:
    """Serves a connection and closes it; it ends with its process without a word.

    Streams of asyncio (3.11) ask a connection's task for its exception, and log the cancellation
    that ends it as an error with a traceback.
    """

    async def connection(reader: StreamReader, writer: StreamWriter) -> None:
        try:
            with suppress(asyncio.CancelledError):
                await serve(reader, writer)
        finally:
            writer.close()

    return connection
