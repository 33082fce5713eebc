"""How a child process works: until its parent asks it to end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any


async def until_terminated(work: Coroutine[Any, Any, object]) -> None:
    """Returns when the work has ended or, at SIGTERM, was cancelled; raises what it raises."""
    running = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    with suppress(asyncio.CancelledError):
        await running
