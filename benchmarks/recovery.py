"""From process start to serving over a log of 1 M commands, without and with a snapshot.

What is started is an exchange that was killed: its data folder is what an earlier run left, with
its people, keys and records, and 1 M orders more in its log. No demo chain runs; the demo's start
with them is measured in `demo`. Each start is one of `ROUNDS` over copies of the same folder, taken
in turn with the others; the median counts.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.figure import Figure
from benchmarks.processes import copied, exchange
from benchmarks.stream import lengthen

COMMANDS = 1_000_000
SNAPSHOT_AT = 0.9
ROUNDS = 5
EMPTY, WITHOUT, WITH = "empty", "without a snapshot", "with a snapshot 100,000 commands behind"


class Start(NamedTuple):
    """How long one took, and what its own process computed: the rest is waiting for a core."""

    took_s: float
    cpu_s: float


def _start(left: Path, data: Path) -> Start:
    """A start over a copy of a data folder, whose pages are in memory."""
    copied(left, data)
    start = time.perf_counter()
    try:
        with exchange(data, BENCHMARK_CHAINS="off") as served:
            return Start(time.perf_counter() - start, served.cpu_s())
    finally:
        shutil.rmtree(data)


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name).absolute()
        with exchange(folder / EMPTY, BENCHMARK_CHAINS="off"):
            pass  # it makes the people and their keys, which no later start does
        for title, share in ((WITHOUT, None), (WITH, SNAPSHOT_AT)):
            copied(folder / EMPTY, folder / title)
            lengthen(folder / title, COMMANDS, cancels=0.5, snapshot_at=share)
        starts: dict[str, list[Start]] = {EMPTY: [], WITHOUT: [], WITH: []}
        for title in (EMPTY, WITHOUT, WITH) * ROUNDS:
            starts[title].append(_start(folder / title, folder / "copy"))
    bare = [start.took_s for start in starts[EMPTY]]
    for title, reach, aim in ((WITHOUT, "< 2.5 s", "< 1 s"), (WITH, "< 1 s", "< 0.5 s")):
        took = [start.took_s for start in starts[title]]
        cpu_s = min(start.cpu_s for start in starts[title])
        yield Figure(
            f"recovery of 1 M commands, process start to serving, {title}",
            median(took),
            "s",
            f"start over an empty log {median(bare):.2f} s, fastest {min(bare):.2f} s",
            None,
            reach,
            aim,
            note=f"median of {ROUNDS}, fastest {min(took):.2f} s, of CPU {cpu_s:.2f} s",
        )
