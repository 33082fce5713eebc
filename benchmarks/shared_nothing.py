"""Custody running against custody stopped: the 99th percentile of an order's time, in pairs.

Sixteen connections trade over WebSocket, four orders in flight on each, on a whole exchange on a
real chain: withdrawals on their way in the one half of each pair, every process of custody stopped
in its tracks (SIGSTOP) in the other; which half comes first alternates.
The figure is the mean of the pairs' ratios, running to stopped, with its 95 % interval: custody
shares nothing with trading when the interval's lower end is not above 1.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import signal
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil

from benchmarks.figure import Figure
from benchmarks.orders import ORDERS, checked
from benchmarks.processes import MAKER, build_loadgen, loadgen
from fullreserve.clock import SystemClock
from fullreserve.custody import networks
from fullreserve.door.outcome import outcome
from fullreserve.door.protocol import Door, Refused
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_wire import (
    WITHDRAWALS,
    Destination,
    Request,
    encode_payload,
)
from fullreserve.exchange.wire import commands as c
from fullreserve.exchange.wire.events import Reply
from fullreserve.identity.address_book import AddressBook
from fullreserve.identity.vault import Vault
from fullreserve.simulation.outside import address_on
from tests.bed import USDT
from tests.integration.custody.live import Live
from tests.memory_folder import memory_folder

PAIRS, WITHDRAWN = 10, 8
SECONDS = "3"
# Student's t for 95 % and 9 degrees of freedom.
T_95 = 2.262
GATEWAY = 940
CUSTODY = ("watcher", "paying", "duty", "signer")
COIN = 10**8


class Trader(NamedTuple):
    """Who trades and withdraws, and where to."""

    uid: int
    network: int
    fee: bytes
    entry: int


def measure() -> Iterator[Figure]:
    """The ratio; nodes.NodeMissing without anvil."""
    build_loadgen()
    with memory_folder() as folder:
        live = Live(folder / "data").start()
        try:
            ratios = asyncio.run(_ratios(live))
        finally:
            live.stop()
    logs = [math.log(one) for one in ratios]
    mean, half = statistics.fmean(logs), T_95 * statistics.stdev(logs) / math.sqrt(len(logs))
    low, high = math.exp(mean - half), math.exp(mean + half)
    yield Figure(
        "order p99 with custody running to stopped",
        math.exp(mean),
        "x",
        beside=f"95 % interval {low:.3f} to {high:.3f} of {len(ratios)} pairs",
        reach="lower end not above 1",
        aim="lower end not above 1",
        note="holds" if low <= 1 else "does not hold",
    )


async def _ratios(live: Live) -> list[float]:
    trader = await asyncio.to_thread(_trader, live.folder)
    door = await SocketDoor.open(live.folder / SOCKET_NAME, GATEWAY, SystemClock())
    try:
        await _fund(door, trader)
        await _p99(live)  # warm
        return [await _pair(door, trader, live, first=bool(turn % 2)) for turn in range(PAIRS)]
    finally:
        await door.close()


async def _pair(door: Door, trader: Trader, live: Live, *, first: bool) -> float:
    halves: dict[bool, float] = {}
    for running in (first, not first):
        if running:
            await _withdraw(door, trader)
            halves[running] = await _p99(live)
        else:
            with _stopped(live):
                halves[running] = await _p99(live)
    return halves[True] / halves[False]


@contextmanager
def _stopped(live: Live) -> Iterator[None]:
    modules = tuple(f"fullreserve.custody.{name}" for name in CUSTODY)
    found = [one for name in modules if (one := live.child(name)) is not None]
    every: list[psutil.Process] = []
    for one in found:
        parent = one.parent()
        siblings = parent.children() if parent is not None else [one]
        every += [each for each in siblings if any(name in each.cmdline() for name in modules)]
    pids = sorted({one.pid for one in every})
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


async def _p99(live: Live) -> float:
    """In µs."""
    load = ("ws", "--seconds", SECONDS, "--connections", "16", "--in-flight", "4", *ORDERS)
    keys = ("--keys", str(live.folder / "demo-keys.json"), "--account", str(MAKER))
    url = f"ws://{live.ws}/ws/v5/private"
    result = await asyncio.to_thread(loadgen, *load, "--url", url, *keys)
    return float(checked(result)["p99_us"])


async def _withdraw(door: Door, trader: Trader) -> None:
    amount = c.amount_bytes(10 * COIN)
    asked = Request(
        *(trader.network, USDT, amount, trader.fee, Destination.ADDRESS_BOOK, trader.entry)
    )
    word = encode_payload(asked)
    for _ in range(WITHDRAWN):
        await _one(door, c.Product(door.gateway, door.numbers(1), WITHDRAWALS, trader.uid, word))


async def _fund(door: Door, trader: Trader) -> None:
    treasury = c.AccountKey(chart.HOUSE, chart.TREASURY, 0)
    for kind in (chart.FUND, chart.TRADE):
        target = c.AccountKey(trader.uid, kind, 0)
        amount = c.amount_bytes(20_000 * COIN)
        number = door.numbers(1)
        moved = c.Transfer(door.gateway, number, chart.HOUSE, treasury, target, USDT, amount)
        await _one(door, moved)


async def _one(door: Door, command: c.AnyCommand) -> Reply:
    reply = await outcome(door, command)
    if isinstance(reply, Refused) or reply.code:
        raise RuntimeError(f"{type(command).__name__}: {reply}")
    return reply


def _trader(data: Path) -> Trader:
    kept = json.loads((data / "demo-keys.json").read_text())
    uid = int(next(one["uid"] for one in kept if one["name"] == "trader"))
    vault = Vault(data, SystemClock().wall_ms)
    try:
        (network,) = networks.served(data)
        entry = AddressBook(vault).find(uid, network.network, address_on(network))
    finally:
        vault.close()
    assert entry is not None
    return Trader(uid, network.network, c.amount_bytes(COIN), entry.number)
