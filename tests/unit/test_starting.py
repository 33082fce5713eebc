"""Goal: a start that fails or is told to stop leaves nobody waiting."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from fullreserve.app.command import _started
from fullreserve.app.opening import HistoryClosed, OpeningHistory
from fullreserve.config import Settings


def test_who_waits_for_a_history_that_never_opens_is_let_go(tmp_path: Path) -> None:
    """Criterion: LOG-13.8

    A thread that waits for ever keeps the process from ending.
    """
    history = OpeningHistory(Settings(data=tmp_path))
    caught: list[BaseException] = []

    def wait() -> None:
        with pytest.raises(HistoryClosed) as raised:
            history.wait()
        caught.append(raised.value)

    waiter = threading.Thread(target=wait, daemon=True)
    waiter.start()
    history.close()
    waiter.join(10)
    assert caught


def test_a_history_that_opens_after_the_close_is_closed(tmp_path: Path) -> None:
    """Criterion: LOG-13.9"""
    history = OpeningHistory(Settings(data=tmp_path))
    history.close()
    history.open()
    with pytest.raises(HistoryClosed):
        history.wait()


async def test_a_start_under_way_is_stopped() -> None:
    """Criterion: LOG-13.9"""
    stopped: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    closed = []

    async def start() -> None:
        stopped.set_result(None)
        try:
            await asyncio.Event().wait()
        finally:
            closed.append(True)

    assert not await _started(start(), stopped)
    assert closed


async def test_a_start_that_fails_says_why() -> None:
    """Criterion: LOG-13.3"""
    stopped: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def start() -> None:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        await _started(start(), stopped)
