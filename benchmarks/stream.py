"""A seeded log for benchmarks: one funded account on what is there, then orders and cancels."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from fullreserve.clock import SystemClock
from fullreserve.exchange import chart, genesis
from fullreserve.exchange.wire import commands as c
from fullreserve.journal.entry import seal
from fullreserve.journal.replay import recover
from fullreserve.journal.snapshots import FOLDER_NAME as SNAPSHOTS
from fullreserve.journal.snapshots import write_snapshot
from fullreserve.journal.sqlite import FOLDER_NAME as JOURNAL
from fullreserve.journal.sqlite import SqliteJournal

OWNER = 900  # one of the exchange's own numbers: no demo account has it
FIRST_ORDER = 10**18
INSTRUMENT = 1  # BTC-USDT: prices in 0.1, sizes in 0.00001
BATCH = 256
MIDDLE = 400_000
SPAN = 20_000  # prices on each side


def opening() -> list[c.AnyCommand]:
    """Genesis, and the account that `orders` needs."""
    return [*genesis.spot(), *account()]


def account() -> list[c.AnyCommand]:
    """An account of the house (no cap on pending orders) with everything it needs."""
    treasury = c.AccountKey(chart.HOUSE, chart.TREASURY, 0)
    target = c.AccountKey(OWNER, chart.TRADE, 0)
    commands: list[c.AnyCommand] = [c.OpenOwner(0, 0, OWNER, OWNER, 0, 0, c.OwnerFlag.HOUSE)]
    for asset, units in ((1, 1_000_000), (6, 50_000_000_000)):
        amount = c.amount_bytes(units * 10**8)
        commands.append(c.Transfer(0, 0, chart.HOUSE, treasury, target, asset, amount))
    return commands


def orders(count: int, cancels: float) -> Iterator[c.AnyCommand]:
    """Resting limit orders on both sides of a gap; a share of the commands cancels one of them."""
    draws = random.Random(7)
    placed = 0
    live: list[int] = []
    for _ in range(count):
        if live and draws.random() < cancels:
            place = draws.randrange(len(live))
            live[place], live[-1] = live[-1], live[place]
            yield c.CancelOrder(0, 0, OWNER, INSTRUMENT, live.pop())
            continue
        side = draws.randrange(2)
        away = 1 + draws.randrange(SPAN)
        price = MIDDLE - away if side == c.Side.BUY else MIDDLE + away
        size = 10 + draws.randrange(90)
        yield c.PlaceOrder(0, 0, OWNER, INSTRUMENT, side, c.OrderType.LIMIT, price, size)
        live.append(FIRST_ORDER + placed)
        placed += 1


def batches(begin: Sequence[c.AnyCommand], count: int, cancels: float) -> Iterator[list[bytes]]:
    """`begin` as one batch, then the orders in batches of `BATCH`."""
    yield [c.encode(command) for command in begin]
    batch: list[bytes] = []
    for command in orders(count, cancels):
        batch.append(c.encode(command))
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def lengthen(data: Path, count: int, cancels: float, snapshot_at: float | None = None) -> None:
    """Puts `count` orders behind the log that an exchange has left in a data folder.

    Its snapshots go; there is one at a share of the orders, if that is wanted.
    """
    shutil.rmtree(data / SNAPSHOTS, ignore_errors=True)
    journal = SqliteJournal(data / JOURNAL, segment_rows=10**8)
    replica, clock = recover(journal).replica, SystemClock()
    written = 0
    try:
        for batch in batches(account(), count, cancels):
            time_ms = max(clock.wall_ms(), replica.head.time_ms)
            executed = replica.machine.execute(time_ms, batch)
            entry = seal(
                replica.head,
                executed.length,
                time_ms,
                journal.epoch,
                c.WIRE_VERSION,
                executed.commands,
            )
            journal.commit([entry])
            replica.head = journal.head
            before, written = written, written + len(batch)
            if snapshot_at is not None and before < count * snapshot_at <= written:
                write_snapshot(replica, data / SNAPSHOTS)
    finally:
        journal.close()
