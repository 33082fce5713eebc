"""A real exchange for tests: journal on disk, core, sequencer; two traders with money.

Market 1 is BTC-USDT: prices in 0.1, sizes in 0.00001.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fullreserve.clock import Clock, ManualClock
from fullreserve.door.local import LocalDoor
from fullreserve.door.protocol import Door, Limit, Refused, Result
from fullreserve.exchange import chart, genesis
from fullreserve.exchange.folds import Fold
from fullreserve.exchange.wire.commands import (
    AccountKey,
    AnyCommand,
    OpenOwner,
    OrderType,
    PlaceOrder,
    Side,
    Transfer,
    amount_bytes,
    encode,
)
from fullreserve.exchange.wire.events import Reply
from fullreserve.journal.replay import recover
from fullreserve.journal.sequencer import Limits, Sequencer
from fullreserve.journal.sqlite import SqliteJournal

START_MS = 1_700_000_000_000
WAIT_S = 60  # a machine may be busy; a test that passes does not wait
ALICE = 10_000_001
BOB = 10_000_002
BTC_USDT = 1
BTC, USDT = 1, 6


def opening() -> list[AnyCommand]:
    """Genesis, and two traders with a million USDT and a hundred BTC each."""
    treasury = AccountKey(chart.HOUSE, chart.TREASURY, 0)
    commands: list[AnyCommand] = genesis.spot()
    for owner in (ALICE, BOB):
        commands.append(OpenOwner(0, 0, owner, owner, 0, 1))
        for asset, units in ((BTC, 100), (USDT, 1_000_000)):
            target = AccountKey(owner, chart.TRADE, 0)
            amount = amount_bytes(units * 10**8)
            commands.append(Transfer(0, 0, chart.HOUSE, treasury, target, asset, amount))
    return commands


class Bed:
    """An exchange that can be closed and opened again over the same folder."""

    def __init__(
        self,
        folder: Path,
        clock: Clock | None = None,
        folds: Sequence[Fold[Any]] = (),
        limits: Limits = Limits(),
        **journal: Any,
    ) -> None:
        self.folder = folder
        self.clock = clock or ManualClock(START_MS)
        self.journal = SqliteJournal(folder / "journal", **({"durable": False} | journal))
        folds = tuple(folds)
        self.recovered = recover(self.journal, folder / "snapshots", lambda: folds)
        self.sequencer = Sequencer(
            self.journal,
            self.recovered.replica.machine,
            self.clock,
            limits=limits,
            view=lambda durable: recover(self.journal, durable=durable).replica.machine,
            halted=self.recovered.halted,
        )
        self.folds = folds

    @classmethod
    async def open(cls, folder: Path, **settings: Any) -> Bed:
        """A bed whose log has its opening."""
        bed = cls(folder, **settings)
        if not bed.journal.head.sequence:
            replies = await submit(bed.sequencer, opening())
            assert not isinstance(replies, Refused)
            assert [reply.code for reply in replies] == [0] * len(replies)
        return bed

    async def door(self, gateway: int = 1) -> LocalDoor:
        return await LocalDoor.open(self.sequencer, gateway)

    @property
    def hash(self) -> bytes:
        return self.sequencer.machine.core.state_hash()

    async def close(self) -> None:
        await self.sequencer.close()
        self.journal.close()


async def submit(
    door: Door | Sequencer, commands: Sequence[AnyCommand], limits: Sequence[Limit] = ()
) -> Sequence[Reply] | Refused:
    """What became of a run of commands."""
    done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
    door.submit([encode(command) for command in commands], done.set_result, limits)
    return await asyncio.wait_for(done, WAIT_S)


def order(door: Door, owner: int, side: Side, price: int, size: int, **more: Any) -> PlaceOrder:
    """A limit order on BTC-USDT with the door's next number."""
    return PlaceOrder(
        door.gateway,
        door.numbers(1),
        owner,
        BTC_USDT,
        side,
        OrderType.LIMIT,
        price,
        size,
        **more,
    )


async def place(door: Door, owner: int, side: Side, price: int, size: int, **more: Any) -> Reply:
    """Places a limit order; its reply."""
    replies = await submit(door, [order(door, owner, side, price, size, **more)])
    assert not isinstance(replies, Refused), replies
    return replies[0]


async def until(condition: Callable[[], object]) -> None:
    """Lets the loop turn until something is so; bounded."""
    async with asyncio.timeout(WAIT_S):
        while not condition():  # noqa: ASYNC110 - threads and sockets move, not tasks
            await asyncio.sleep(0)


async def turn(times: int = 5) -> None:
    """Lets the loop turn a few times: what could happen by now has happened."""
    for _ in range(times):
        await asyncio.sleep(0)
