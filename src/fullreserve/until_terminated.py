"""How a child process works: until its parent asks it to end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
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
