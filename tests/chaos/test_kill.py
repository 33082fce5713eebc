"""Goal: kill -9 loses nothing that was acknowledged and leaves nothing half-done.

Method: an exchange in another process on a real disk is killed under load at random moments, again
and again over the same folder. The oracle in this process holds the log to every acknowledgement
and every fill it saw. The same oracle must find the loss when durability is switched off, or it
would prove nothing.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.chaos.oracle import ExchangeProcess, Lost, Oracle

SEED = int.from_bytes(os.urandom(4), "big")


async def kill_again_and_again(folder: Path, times: int, seed: int) -> Oracle:
    draws = random.Random(seed)
    oracle = Oracle(seed)
    for _ in range(times):
        process = ExchangeProcess(folder)
        try:
            await oracle.load(folder, process, after=draws.randrange(20, 800))
        finally:
            process.kill()
        oracle.check(folder)
    return oracle


async def test_kill_9_loses_nothing(tmp_path: Path) -> None:
    """Criterion: LOG-12.1"""
    oracle = await kill_again_and_again(tmp_path, 5, SEED)
    assert len(oracle.replies) >= 100, SEED
    assert oracle.fills, SEED


@pytest.mark.slow
async def test_kill_9_fifty_times_loses_nothing(tmp_path: Path) -> None:
    """Criterion: LOG-12.1"""
    await kill_again_and_again(tmp_path, 50, SEED)


async def test_the_oracle_finds_the_loss_without_durability(tmp_path: Path) -> None:
    """Criterion: LOG-12.2"""
    oracle = Oracle(SEED)
    process = ExchangeProcess(tmp_path, "early")
    try:
        await oracle.load(tmp_path, process, after=200)
    finally:
        process.kill()
    with pytest.raises(Lost, match="acknowledged commands"):
        oracle.check(tmp_path)
