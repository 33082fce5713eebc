"""How far the records lie behind a running exchange at 5,000 orders/s, and how fast they catch up.

The orders of `flow` come through the exchange's socket at a steady pace, with the changes of those
that rest. The lag is the age of the oldest durable command that the records do not have, looked at
50 times a second. Then the follower's process is stopped for a while and goes on beside the same
stream: what it commits a second until it is level is its rate of catching up.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil

from benchmarks.figure import Figure, number
from benchmarks.flow import Flow, traders
from benchmarks.processes import Served, exchange
from fullreserve.app.running import FOLLOWER
from fullreserve.clock import SystemClock
from fullreserve.door.protocol import Health, Refused, Result
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.exchange.wire import commands as c
from fullreserve.records.reached import PROJECTION

ORDERS_PER_S = 5_000
CHANGES = 3 / 8  # of the commands: each order that rests is changed or canceled
SHARE_MS = 5
LOOK_MS = 20
STEADY_S = 8.0
STOPPED_S = 6.0
LEVEL_S = 0.25  # about two commits
GIVE_UP_S = 60.0
GATEWAY = 901


class _Lag:
    """Looks at how far log and records are."""

    def __init__(self) -> None:
        self._durable: deque[tuple[float, int]] = deque()
        self.recorded = 0
        self.worst_s = 0.0
        self.now_s = 0.0

    def look(self, health: Health) -> None:
        now = time.perf_counter()
        self.recorded = health.projections[PROJECTION]
        self._durable.append((now, health.durable))
        while self._durable and self._durable[0][1] <= self.recorded:
            self._durable.popleft()
        self.now_s = now - self._durable[0][0] if self._durable else 0.0
        self.worst_s = max(self.worst_s, self.now_s)


class _Arrivals:
    """Orders at a steady pace until it is stopped; a refusal ends the measurement."""

    def __init__(self, door: SocketDoor) -> None:
        self._door = door
        self._flow = Flow(door.gateway, lambda: door.numbers(1), CHANGES)
        self.commands = 0
        self.problem: Refused | None = None

    async def run(self) -> None:
        due = time.perf_counter()
        while self.problem is None:
            made: list[bytes] = []
            orders = 0
            while orders < ORDERS_PER_S * SHARE_MS // 1000:
                command = self._flow.command()
                orders += isinstance(command, c.PlaceOrder)
                made.append(c.encode(command))
            self._door.submit(made, self._told)
            self.commands += len(made)
            due += SHARE_MS / 1000
            await asyncio.sleep(max(0.0, due - time.perf_counter()))

    def _told(self, result: Result) -> None:
        if isinstance(result, Refused):
            self.problem = result


class Measured(NamedTuple):
    """`catching_up` and `arriving` are commands a second while the records caught up."""

    worst_s: float
    steady: float
    behind: int
    drained_s: float
    catching_up: float
    arriving: float


async def _open_accounts(door: SocketDoor) -> None:
    done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
    door.submit([c.encode(command) for command in traders()], done.set_result)
    await done
    # The follower has to be there first: its start is not what is measured.
    async with asyncio.timeout(GIVE_UP_S):
        while not _is_level(await door.health()):  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(LOOK_MS / 1000)


def _is_level(health: Health) -> bool:
    return health.projections.get(PROJECTION, 0) >= health.durable


async def _watch(door: SocketDoor, lag: _Lag, until_s: float, level_s: float = -1.0) -> float:
    """Looks until a moment or until the lag is small; seconds since the call."""
    start = time.perf_counter()
    while time.perf_counter() < until_s:
        lag.look(await door.health())
        if lag.now_s <= level_s:
            break
        await asyncio.sleep(LOOK_MS / 1000)
    return time.perf_counter() - start


async def _measured(served: Served) -> Measured:
    follower = next(
        child for child in served.process.children() if FOLLOWER in " ".join(child.cmdline())
    )
    door = await SocketDoor.open(served.data / SOCKET_NAME, GATEWAY, SystemClock())
    await _open_accounts(door)
    arrivals, lag = _Arrivals(door), _Lag()
    running = asyncio.create_task(arrivals.run())
    took = await _watch(door, lag, time.perf_counter() + STEADY_S)
    worst, steady = lag.worst_s, arrivals.commands / took
    follower.suspend()
    await _watch(door, lag, time.perf_counter() + STOPPED_S)
    health = await door.health()
    behind, recorded, arrived = health.durable - lag.recorded, lag.recorded, arrivals.commands
    follower.resume()
    drained = await _watch(door, lag, time.perf_counter() + GIVE_UP_S, LEVEL_S)
    rate, arriving = (lag.recorded - recorded) / drained, (arrivals.commands - arrived) / drained
    running.cancel()
    if arrivals.problem is not None:
        raise RuntimeError(f"refused during the measurement: {arrivals.problem}")
    await door.close()
    return Measured(worst, steady, behind, drained, rate, arriving)


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(dir=".") as name, exchange(Path(name).absolute()) as served:
        _await_follower(served.process)
        found = asyncio.run(_measured(served))
    yield Figure(
        "records: longest lag behind 5,000 orders/s",
        found.worst_s * 1000,
        "ms",
        reach="< 1,000 ms",
        note=f"{number(found.steady)} commands/s with the changes of orders",
    )
    yield Figure(
        "records: commands a second while catching up beside the same arrivals",
        found.catching_up,
        "commands/s",
        f"arriving {number(found.arriving)}/s",
        found.catching_up / found.arriving,
        "≥ 3×",
        note=f"{found.behind:,} commands behind, level after {found.drained_s:.1f} s",
    )


def _await_follower(process: psutil.Process) -> None:
    end = time.monotonic() + GIVE_UP_S
    while time.monotonic() < end:
        if any(FOLLOWER in " ".join(child.cmdline()) for child in process.children()):
            return
        time.sleep(0.05)  # it starts after the ready line and prints none of its own
    raise TimeoutError("the follower does not start")
