"""The bots' process: it ends when it is told to, whatever else happens to it at the time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from fullreserve.clock import SystemClock
from fullreserve.config import Settings
from fullreserve.simulation.market import MARKET_FILE, Bots, Opening, trade


async def test_bots_end_though_their_sockets_fail_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: DEMO-11. An exchange that is killed takes their sockets with it."""
    begun = asyncio.Event()

    async def lose_the_socket() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise OSError("the exchange is gone") from None

    async def run(_bots: Bots) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(lose_the_socket())

    (tmp_path / MARKET_FILE).write_bytes(msgspec.json.encode(Opening(0, 1, "1")))
    monkeypatch.setenv("FULLRESERVE_DATA", str(tmp_path))
    monkeypatch.setattr(Bots, "run", run)
    task = asyncio.create_task(trade(Settings.load(), SystemClock()))
    await begun.wait()
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=10)
    assert done
    assert task.cancelled()
