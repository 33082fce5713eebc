"""Goal: a signer goes on with the next exchange, however long there was none.

Method: the exchange's socket is closed, and opened again over the same folder.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from fullreserve.clock import ManualClock
from fullreserve.custody.signer import exchange_of
from fullreserve.custody.signer_wire import Spec
from fullreserve.door.protocol import Unavailable
from fullreserve.door.socket_client import OUTAGE_MAX_MS, RECONNECT_LONGEST_MS
from fullreserve.door.socket_server import SOCKET_NAME, SocketServer
from tests.bed import WAIT_S, turn
from tests.integration.custody.withdrawing import START_MS, Withdrawing


async def told(is_payer: Callable[[int], Awaitable[bool]]) -> bool:
    async with asyncio.timeout(WAIT_S):
        while True:
            with suppress(Unavailable):
                return await is_payer(os.getpid())
            await turn(1)


async def test_a_signer_goes_on_with_the_next_exchange(tmp_path: Path) -> None:
    """Though it began while there was none. Criterion: CHAINS-SIGNER-14."""
    exchange, clock = await Withdrawing.open(tmp_path), ManualClock(START_MS)
    await exchange.socket.close()
    spec = Spec(name="ann", keys="", socket=str(tmp_path / "ann.sock"), data=str(tmp_path))
    async with exchange_of(spec, b"", clock) as (_, is_payer):
        for _ in range(2):
            with pytest.raises(Unavailable):
                await is_payer(os.getpid())
            server = await SocketServer.start(exchange.bed.sequencer, tmp_path / SOCKET_NAME)
            server.payers = lambda: (os.getpid(),)
            clock.advance(RECONNECT_LONGEST_MS)
            assert await told(is_payer)
            await server.close()
            for _ in range(2 * OUTAGE_MAX_MS // RECONNECT_LONGEST_MS):
                clock.advance(RECONNECT_LONGEST_MS)
                await turn(20)
    exchange.socket = await SocketServer.start(exchange.bed.sequencer, tmp_path / SOCKET_NAME)
    await exchange.close()
