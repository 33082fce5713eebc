"""What statements of reserves cost traders, and how old the newest is while they trade.

One exchange; the process of statements is stopped and goes on in turn, so that ten pairs of the
same load stand side by side. The interval of their ratio is a bootstrap's.
"""

from __future__ import annotations

import json
import random
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import psutil

from benchmarks.figure import Figure, number
from benchmarks.orders import ORDERS
from benchmarks.processes import MAKER, Served, build_loadgen, exchange, loadgen
from fullreserve.app.running import STATEMENTS
from fullreserve.gateway.published import FOLDER, LATEST

PAIRS = 10
SECONDS = "3"
EPOCH_S = 5
LOOK_S = 0.05
RESAMPLES = 10_000
GIVE_UP_S = 60.0


class _Age(threading.Thread):
    """Looks how old the newest statement is, for as long as it is let."""

    def __init__(self, newest: Path) -> None:
        super().__init__(daemon=True)
        self._newest = newest
        self._ends = threading.Event()
        self.worst_s = 0.0

    def run(self) -> None:
        while not self._ends.wait(LOOK_S):
            made_ms = json.loads(self._newest.read_bytes())["statement"]["ts"]
            self.worst_s = max(self.worst_s, time.time() - made_ms / 1000)

    def end(self) -> float:
        self._ends.set()
        self.join()
        return self.worst_s


def measure() -> Iterator[Figure]:
    """Pairs of WebSocket orders with and without the process of statements."""
    build_loadgen()
    settings = {
        "FULLRESERVE_RESERVES_STATEMENTS": "on",
        "FULLRESERVE_RESERVES_EPOCH_S": str(EPOCH_S),
    }
    with (
        tempfile.TemporaryDirectory(dir=".") as name,
        exchange(Path(name).absolute() / "statements", **settings) as served,
    ):
        newest = served.data / FOLDER / LATEST
        worker = _worker(served, newest)
        pairs, ages = [], []
        for _ in range(PAIRS):
            worker.suspend()
            without = _p99_ms(served)
            worker.resume()
            _until_fresh(newest)
            age = _Age(newest)
            age.start()
            pairs.append((_p99_ms(served), without))
            ages.append(age.end())
    ratios = [one / other for one, other in pairs]
    low, high = interval(ratios)
    yield Figure(
        "p99 of orders with statements each 5 s",
        mean(one for one, _ in pairs),
        "ms",
        f"without {number(mean(other for _, other in pairs))} ms",
        mean(ratios),
        "95 % interval from ≤ 1.0",
        note=f"{PAIRS} pairs, 95 % interval {low:.2f} to {high:.2f}",
    )
    yield Figure(
        "oldest statement while traders load the exchange", max(ages), "s", reach="≤ 60 s",
        aim="≤ 10 s",
    )  # fmt: skip


def interval(ratios: Sequence[float]) -> tuple[float, float]:
    """Where the mean lies with 95 % of the resamples."""
    draws = random.Random(1)
    means = sorted(mean(draws.choices(ratios, k=len(ratios))) for _ in range(RESAMPLES))
    return means[RESAMPLES * 25 // 1000], means[RESAMPLES * 975 // 1000]


def _worker(served: Served, newest: Path) -> psutil.Process:
    """The process of statements once it has made one."""
    end = time.monotonic() + GIVE_UP_S
    while time.monotonic() < end:
        if newest.exists():
            children = served.process.children()
            return next(one for one in children if STATEMENTS in " ".join(one.cmdline()))
        time.sleep(LOOK_S)  # a file tells nobody that it is there
    raise TimeoutError("no statement is made")


def _until_fresh(newest: Path) -> None:
    """The first after a stop is late by the stop."""
    seen, end = newest.stat().st_mtime_ns, time.monotonic() + GIVE_UP_S
    while newest.stat().st_mtime_ns == seen and time.monotonic() < end:
        time.sleep(LOOK_S)  # as above


def _p99_ms(served: Served) -> float:
    load = ("ws", "--seconds", SECONDS, "--connections", "16", "--in-flight", "4", *ORDERS)
    url = f"ws://{served.ws}/ws/v5/private"
    keys = ("--keys", served.keys, "--account", str(MAKER))
    result: Any = loadgen(*load, "--url", url, *keys)
    if set(result["codes"]) != {"0"}:
        raise RuntimeError(f"refusals during the measurement: {result['codes']}")
    return float(result["p99_us"]) / 1000
