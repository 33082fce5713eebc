"""The oracle: trades on an exchange in another process, remembers what it was told, and after a
crash holds the log to it.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from fullreserve.clock import SystemClock
from fullreserve.door.protocol import Refused, Result, Row
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.exchange.machine import Machine
from fullreserve.exchange.wire.commands import (
    CancelAll,
    OrderType,
    PlaceOrder,
    Side,
    amount_int,
    decode_batch,
    encode,
)
from fullreserve.exchange.wire.events import Order, OrderCause, Reply, decode_events
from fullreserve.exchange.wire.queries import ListSupplies, Supply
from fullreserve.journal.reader import JournalReader
from fullreserve.journal.replay import recover
from fullreserve.journal.replica import Replica
from tests.bed import ALICE, BOB, BTC_USDT

ROOT = Path(__file__).resolve().parent.parent.parent
IN_FLIGHT = 32
RUN = 3  # commands of a submission: all of them are in the log, or none


class Lost(AssertionError):
    """Something that was acknowledged is not in the log, or is there otherwise."""


class ExchangeProcess:
    """The exchange that will be killed."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.exchange_process", str(folder), *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline() != "ready\n":
            self.kill()
            raise RuntimeError("the exchange did not start")

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


class Oracle:
    """Places, crosses and cancels orders as fast as the exchange takes them."""

    def __init__(self, seed: int) -> None:
        self._draws = random.Random(seed)
        self.replies: dict[int, tuple[int, int, int]] = {}  # number: sequence, code, order
        self.fills: dict[tuple[int, int], Order] = {}  # (order, trade): the event
        self.runs: list[int] = []  # first numbers of the submissions

    async def load(self, folder: Path, kill: ExchangeProcess, after: int) -> None:
        """Keeps orders in flight until `after` commands are acknowledged, then kills."""
        door = await SocketDoor.open(folder / SOCKET_NAME, 1, SystemClock())
        enough = asyncio.Event()
        acknowledged = 0

        def done(result: Result) -> None:
            nonlocal acknowledged
            if isinstance(result, Refused):
                return
            for reply in result:
                self.replies[reply.number] = (reply.sequence, reply.code, reply.order)
            acknowledged += len(result)
            if acknowledged >= after:
                enough.set()
            elif not enough.is_set():
                self._submit(door, done)

        door.follow(self._remember)
        for _ in range(IN_FLIGHT):
            self._submit(door, done)
        async with asyncio.timeout(30):
            await enough.wait()
        # The next ones are on their way when it dies.
        for _ in range(IN_FLIGHT):
            self._submit(door, done)
        await asyncio.sleep(0)
        kill.kill()
        await door.close()

    def _submit(self, door: SocketDoor, done: object) -> None:
        first = door.numbers(RUN)
        self.runs.append(first)
        commands = [encode(self._command(first + at)) for at in range(RUN)]
        door.submit(commands, done)  # type: ignore[arg-type]

    def _command(self, number: int) -> PlaceOrder | CancelAll:
        draws = self._draws
        owner = draws.choice((ALICE, BOB))
        if draws.random() < 0.02:
            return CancelAll(1, number, owner)
        side = draws.choice((Side.BUY, Side.SELL))
        price = 400_000 + 10 * draws.randrange(-20, 20)
        return PlaceOrder(
            1, number, owner, BTC_USDT, side, OrderType.LIMIT, price, draws.randrange(1, 100)
        )

    def _remember(self, row: Row) -> None:
        for event in row.decoded():
            if isinstance(event, Order) and event.cause == OrderCause.FILLED:
                self.fills[event.order, event.trade] = event

    def check(self, folder: Path) -> None:
        """Replays what is on disk; Lost when it is not what was said."""
        reader = JournalReader(folder / "journal")
        replies: dict[int, tuple[int, int, int]] = {}
        fills: dict[tuple[int, int], Order] = {}
        logged: dict[int, int] = {}  # number: row
        replica = Replica(Machine())
        for entry in reader.read():
            for command in decode_batch(entry.commands):
                if command.gateway == 1:
                    logged[command.number] = entry.sequence
            for event in decode_events(replica.apply(entry, events=True)):
                if isinstance(event, Reply) and event.gateway == 1 and not event.duplicate_of:
                    replies[event.number] = (event.sequence, event.code, event.order)
                elif isinstance(event, Order) and event.cause == OrderCause.FILLED:
                    fills[event.order, event.trade] = event
        lost = [n for n, told in self.replies.items() if replies.get(n) != told]
        if lost:
            raise Lost(f"{len(lost)} of {len(self.replies)} acknowledged commands, first {lost[0]}")
        missing = [key for key, fill in self.fills.items() if fills.get(key) != fill]
        if missing:
            raise Lost(f"{len(missing)} of {len(self.fills)} fills, first {missing[0]}")
        for first in self.runs:
            rows = {logged.get(first + at) for at in range(RUN)}
            if len(rows) != 1:
                raise Lost(f"submission {first} is there in part: {rows}")
        self._check_state(replica, reader)

    @staticmethod
    def _check_state(replica: Replica, reader: JournalReader) -> None:
        straight = recover(reader).replica.machine
        if straight.core.state_hash() != replica.machine.core.state_hash():
            raise Lost("two replays differ")
        supplies: list[Supply] = replica.machine.query(ListSupplies())
        for supply in supplies:
            if amount_int(supply.supply) != amount_int(supply.total):
                raise Lost(f"asset {supply.asset} is not conserved")
