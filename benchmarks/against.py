"""This checkout against another one, set up beside it: orders in pairs of runs on one machine.

`BENCHMARK_AGAINST=../other python -m benchmarks against`: what a machine gives changes from hour
to hour, so an earlier figure says little; the earlier program, run in turn with this one, does. A
figure is the mean of the pairs' ratios, this to the other, with its 95 % interval. Everything that
is on by default is on here, limits included; the other runs as its own benchmarks did.
"""

from __future__ import annotations

import math
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.figure import Figure, number
from benchmarks.orders import ORDERS, checked
from benchmarks.processes import MAKER, Served, build_loadgen, exchange_of, loadgen

SECONDS = "3"
PAIRS, ROUNDS = 8, 3
# Student's t for 95 % and 7 degrees of freedom.
T_95 = 2.365
MEASURED = (("orders a second", "/s"), ("CPU an order", "µs"), ("p50", "µs"), ("p99", "µs"))


class Run(NamedTuple):
    """The best of a start's rounds: what else a machine does only ever adds."""

    per_second: float
    cpu_us: float
    p50_us: float
    p99_us: float


def measure() -> Iterator[Figure]:
    """Ratios over WebSocket and REST; ValueError without the other checkout."""
    other = os.environ.get("BENCHMARK_AGAINST", "")
    if not (Path(other) / ".venv").is_dir():
        raise ValueError("BENCHMARK_AGAINST names no checkout that `make setup` has set up")
    build_loadgen()
    roots = (Path(__file__).resolve().parent.parent, Path(other).resolve())
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name).absolute()
        for kind, load in (("WebSocket", _websocket), ("REST", _rest)):
            pairs = [_pair(folder / f"{kind}{turn}", roots, turn, load) for turn in range(PAIRS)]
            yield from _figures(kind, pairs)


def _pair(
    folder: Path, roots: tuple[Path, Path], turn: int, load: Callable[[Served], Any]
) -> tuple[Run, Run]:
    runs: dict[Path, Run] = {}
    folder.mkdir()
    for root in roots if turn % 2 else reversed(roots):
        rounds = []
        with exchange_of(root, folder / str(roots.index(root)), **_settings(root, roots)) as served:
            for _ in range(ROUNDS):
                before = served.cpu_s()
                answered = load(served)
                cost = (served.cpu_s() - before) / answered["requests"] * 1e6
                times = (answered["p50_us"], answered["p99_us"])
                rounds.append((answered["per_second"], cost, *times))
        rates, *times_and_costs = zip(*rounds, strict=True)
        runs[root] = Run(max(rates), *map(min, times_and_costs))
    return runs[roots[0]], runs[roots[1]]


def _settings(root: Path, roots: tuple[Path, Path]) -> dict[str, str]:
    if root != roots[0]:
        return {}
    return {"FULLRESERVE_GATEWAY_LIMITS": "on", "BENCHMARK_LIMITS": "counted"}


def _websocket(served: Served) -> Any:
    url = f"ws://{served.ws}/ws/v5/private"
    load = ("ws", "--seconds", SECONDS, "--connections", "16", "--in-flight", "4", *ORDERS)
    keys = ("--keys", served.keys, "--account", str(MAKER))
    return checked(loadgen(*load, "--url", url, *keys))


def _rest(served: Served) -> Any:
    load = ("rest", "--seconds", SECONDS, "--connections", "64", *ORDERS)
    keys = ("--keys", served.keys, "--account", str(MAKER))
    return checked(loadgen(*load, "--address", served.http, *keys))


def _figures(kind: str, pairs: list[tuple[Run, Run]]) -> Iterator[Figure]:
    for place, (what, unit) in enumerate(MEASURED):
        logs = [math.log(ours[place] / theirs[place]) for ours, theirs in pairs]
        mean, half = statistics.fmean(logs), T_95 * statistics.stdev(logs) / math.sqrt(len(logs))
        low, high = math.exp(mean - half), math.exp(mean + half)
        mine = statistics.median(ours[place] for ours, _ in pairs)
        other = statistics.median(theirs[place] for _, theirs in pairs)
        yield Figure(
            f"{kind}: {what}, this checkout to the other",
            math.exp(mean),
            "x",
            f"medians {number(mine)} and {number(other)} {unit}",
            note=f"95 % interval {low:.2f} to {high:.2f} of {len(pairs)} pairs",
        )
