"""`fullreserve confirm-time`: an operator speaks to a running exchange through its socket."""

from __future__ import annotations

import asyncio
import sys

from fullreserve.clock import SystemClock
from fullreserve.config import Settings
from fullreserve.door.protocol import Unavailable
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME

DONE = 0
FAILED = 1


def confirm_time(settings: Settings) -> int:
    """Confirm a forward jump of the clock; 1 when no exchange runs or nothing waits for it."""
    try:
        jump_ms = asyncio.run(_confirm(settings))
    except Unavailable as problem:
        sys.stderr.write(f"fullreserve: {problem}\n")
        return FAILED
    if not jump_ms:
        sys.stdout.write("The clock made no jump that waits for a confirmation.\n")
        return FAILED
    sys.stdout.write(f"A forward jump of {jump_ms} ms is confirmed; orders are taken again.\n")
    return DONE


async def _confirm(settings: Settings) -> int:
    door = await SocketDoor.open(settings.data / SOCKET_NAME, 0, SystemClock())
    try:
        return await door.confirm_time()
    finally:
        await door.close()
