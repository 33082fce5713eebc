"""Resident memory: idle, with 1 M resting orders, and after a long run; and a snapshot's delay."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

import psutil

from benchmarks.figure import Figure
from benchmarks.orders import drain_s
from benchmarks.processes import (
    MAKER,
    Served,
    baseline,
    build_loadgen,
    copied,
    exchange,
    loadgen,
)
from benchmarks.stream import batches, lengthen, opening
from fullreserve.exchange.machine import Machine

RESTING = 1_000_000
LONG_RUN = 6_000_000
EARLY = 2_000_000
# Commands between snapshots.
NEVER, OFTEN = "1000000000", "500"
ROUNDS = 5
# Memory that grows by less, so many looks on end, has settled.
GROWN_MB, LOOK_S, STEADY_LOOKS = 1.0, 0.5, 6
NO_CHAINS = {"BENCHMARK_CHAINS": "off"}
MEMORY_DISK = Path("/dev/shm")
IN_REAL_TIME = ("chrt", "--rr", "1")  # chrt(1)


def _main_mb(served: Served) -> float:
    return float(served.process.memory_info().rss) / 1e6


class Delays(NamedTuple):
    """Of orders one after another, in ms: the longest, and what 99.9 % stay within."""

    longest: float
    most: float


def _may_run_in_real_time() -> bool:
    return subprocess.run([*IN_REAL_TIME, "true"], capture_output=True, check=False).returncode == 0


def _delays(url: str, *keys: str, before: Sequence[str]) -> Delays:
    """A client's own wait for a processor is not the exchange's: it runs as urgently."""
    load = ("ws", "--seconds", "8", "--connections", "1", "--in-flight", "1")
    found = loadgen(*load, "--url", url, "--price-from", "10000", *keys, before=before)
    return Delays(found["max_us"] / 1000, found["p999_us"] / 1000)


class Way(NamedTuple):
    """How an exchange runs: snapshots every so many commands, in real time or not."""

    every: str
    is_urgent: bool


def _found(data: Path, way: Way) -> Delays:
    settings = {
        "FULLRESERVE_JOURNAL_SNAPSHOT_EVERY": way.every,
        "FULLRESERVE_REALTIME": "on" if way.is_urgent else "off",
    }
    with exchange(data, **NO_CHAINS, **settings) as served:
        _settle(served)  # what starts behind the ready line is not asked about
        keys = ("--keys", served.keys, "--account", str(MAKER))
        before = IN_REAL_TIME if way.is_urgent else ()
        return _delays(f"ws://{served.ws}/ws/v5/private", *keys, before=before)


def _snapshot_delay(full: Path) -> Figure:
    """Over a memory disk: a real one's own pauses are longer than what is asked about.

    The machine's own pauses are as long at times: what an echo meets is shown beside.
    """
    urgent = _may_run_in_real_time()
    before = IN_REAL_TIME if urgent else ()
    asked, without, usual = Way(OFTEN, urgent), Way(NEVER, urgent), Way(OFTEN, is_urgent=False)
    delays: dict[Way, list[Delays]] = {asked: [], without: [], usual: []}
    echo: list[float] = []
    with (
        tempfile.TemporaryDirectory(dir=MEMORY_DISK if MEMORY_DISK.is_dir() else None) as name,
        baseline("echo_ws", before) as (_, address),
    ):
        data = Path(name) / "full"
        copied(full, data)
        for _ in range(ROUNDS):
            for way, found in delays.items():
                found.append(_found(data, way))
            echo.append(_delays(f"ws://{address}/", before=before).longest)
    longest = {way: min(one.longest for one in found) for way, found in delays.items()}
    most = {way: median(one.most for one in found) for way, found in delays.items()}
    return Figure(
        "longest delay of an order while snapshots of 1 M resting orders are taken"
        + (", exchange and client in real time" if urgent else ""),
        longest[asked],
        "ms",
        f"without snapshots {longest[without]:.1f} ms; 99.9 % within {most[asked]:.2f} and "
        f"{most[without]:.2f} ms; not in real time {longest[usual]:.1f} and {most[usual]:.2f} ms",
        longest[asked] / longest[without],
        "< 5 ms",
        note=f"a picows echo meets {min(echo):.1f} to {max(echo):.1f} ms on the same machine",
    )


def _long_run() -> Iterator[Figure]:
    """A stream in which as many orders end as begin: what stays is bounded by retention."""
    machine = Machine()
    process = psutil.Process(os.getpid())
    early = done = 0
    for number, batch in enumerate(batches(opening(), LONG_RUN, cancels=0.5)):
        machine.execute(1_700_000_000_000 + number, batch)
        done += len(batch)
        if not early and done >= EARLY:
            early = process.memory_info().rss
    late = process.memory_info().rss
    yield Figure(
        f"memory of a long run: {LONG_RUN // 10**6} M commands",
        late / 1e6,
        "MB",
        f"after {EARLY // 10**6} M {early / 1e6:.0f} MB",
        late / early,
        "flat",
    )


def _settle(served: Served) -> None:
    """Returns once its processes, which come up behind the ready line, take no more memory."""
    drain_s(served)
    steady, before = 0, 0.0
    while steady < STEADY_LOOKS:
        time.sleep(LOOK_S)  # no process tells that it has come up whole
        now = served.rss_mb()
        steady = steady + 1 if abs(now - before) < GROWN_MB else 0
        before = now


def _idle(folder: Path) -> Generator[Figure, None, float]:
    """Without the demo's chains, then with them; returns the former's own process in MB.

    A page that several processes share counts in each, but in what is called shared out.
    """
    with exchange(folder / "plain", **NO_CHAINS):
        pass  # a first start has memory left of its hashing of passwords
    with exchange(folder / "plain", **NO_CHAINS) as served:
        _settle(served)
        idle = _main_mb(served)
        yield Figure(
            "memory, idle: exchange and records together",
            served.rss_mb(),
            "MB",
            f"the exchange's own process {idle:.0f} MB; shared out {served.pss_mb():.0f} MB",
            None,
            "250 MB",
        )
    with exchange(folder / "chains") as served:
        _settle(served)
        yield Figure(
            "memory, idle, with the demo's chain and its workers",
            served.rss_mb(),
            "MB",
            f"shared out {served.pss_mb():.0f} MB",
        )
    return idle


def measure() -> Iterator[Figure]:
    build_loadgen()
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name).absolute()
        idle = yield from _idle(folder)
        full = folder / "full"
        copied(folder / "plain", full)
        lengthen(full, RESTING, cancels=0.0, snapshot_at=0.5)
        with exchange(full, **NO_CHAINS) as served:
            yield Figure(
                "memory of 1 M resting orders",
                _main_mb(served) - idle,
                "MB",
                "the same process idle",
                None,
                "+ 300 MB",
            )
        yield _snapshot_delay(full)
    yield from _long_run()
