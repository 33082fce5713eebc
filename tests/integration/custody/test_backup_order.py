"""Goal: a backup that is taken while everything moves lacks nothing that a restore needs.

Method: the stores of watcher, payer and a signer beside a real log. Before each file is copied a
payment goes its whole way in them, in the order in which the workers write: asked for, planned,
bound, signed, in a block; and a deposit of the same block is reported.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from fullreserve import backup
from fullreserve.backup import Manifest, read_backup, write_backup
from fullreserve.custody.chains import following
from fullreserve.custody.chains.adapter import Attempt, Plan
from fullreserve.custody.intents import Memory
from fullreserve.custody.reconciling import PAYER_STORE
from fullreserve.custody.restore_mark import read_mark
from fullreserve.custody.signing import WillNotSign
from fullreserve.custody.store import Store, read_plans
from fullreserve.custody.watcher import STORE as WATCHER_STORE
from fullreserve.exchange.wire.commands import Side
from tests.bed import ALICE, Bed, place
from tests.memory_folder import memory_folder

CHAIN = 1
SIGNER = "custody-signer-one.sqlite"


class World:
    """Payment and block n are one; what the log had is told by the row after which it had it."""

    def __init__(self, data: Path, bed: Bed, door: Any) -> None:
        self._bed, self._door = bed, door
        self._watcher = Store(data / WATCHER_STORE)
        self._payer = Store(data / PAYER_STORE)
        self._signer = Memory(data / SIGNER)
        self.bound_at: dict[int, int] = {}
        self.reported_at: dict[int, int] = {}

    async def _said(self) -> int:
        """The row of one more command."""
        await place(self._door, ALICE, Side.BUY, 400_000, 10)
        return self._bed.journal.head.sequence

    async def moves(self) -> None:
        number = len(self.bound_at) + 1
        plan = planned(number)
        kept = self._payer.keep_plan(plan)
        self.bound_at[number] = await self._said()
        self._signer.note(plan)
        self._payer.change(kept, Attempt(plan.binding, b"signed"))
        self.reported_at[number] = await self._said()
        block = following.Cursor([(number, plan.binding)])
        self._watcher.keep_cursor(CHAIN, following.store(block))

    def close(self) -> None:
        for one in (self._watcher, self._payer, self._signer):
            one.close()


def planned(number: int) -> Plan:
    return Plan(CHAIN, (number,), number.to_bytes(32, "big"), b"", 1)


async def taken(world: World, data: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> Manifest:
    """A backup, before each file of which the world moves on."""
    loop = asyncio.get_running_loop()

    def moving(copies: Any) -> Any:
        def copy(*files: Path) -> None:
            asyncio.run_coroutine_threadsafe(world.moves(), loop).result()
            copies(*files)

        return copy

    for name in ("_copy", "_copy_journal"):
        monkeypatch.setattr(backup, name, moving(getattr(backup, name)))
    return await asyncio.to_thread(write_backup, data, place)


async def test_a_backup_taken_while_all_moves_lacks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: CHAINS-RESTORED-5"""
    with memory_folder() as folder:
        data, restored = folder / "data", folder / "restored"
        bed = await Bed.open(data)
        world = World(data, bed, await bed.door())
        await world.moves()
        manifest = await taken(world, data, tmp_path / "backup", monkeypatch)
        world.close()
        await bed.close()
        read_backup(tmp_path / "backup", restored)
        plans = {plan.withdrawals[0]: plan for plan in read_plans(restored / PAYER_STORE, CHAIN)}
        bound = [one for one, at in world.bound_at.items() if at <= manifest.sequence]
        assert set(bound) <= plans.keys(), "the log binds what the payer does not know"
        mark = read_mark(restored)
        assert mark is not None
        height = mark.heights[CHAIN]
        assert 1 <= height < len(world.bound_at)
        assert world.reported_at[height] <= manifest.sequence, "a deposit is never said again"
        assert set(range(1, height + 1)) <= plans.keys(), "a payment is in a block not looked at"
        signer = Memory(restored / SIGNER)
        for plan in plans.values():
            other = Plan(CHAIN, plan.withdrawals, bytes(32), b"", 1)
            with pytest.raises(WillNotSign, match="other inputs or another nonce"):
                signer.note(other)
        signer.close()
