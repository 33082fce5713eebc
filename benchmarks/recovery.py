"""From process start to serving over a log of 1 M commands, without and with a snapshot."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.processes import exchange
from benchmarks.stream import write_log

COMMANDS = 1_000_000
SNAPSHOT_AT = 0.9


def _start_s(data: Path) -> float:
    start = time.perf_counter()
    with exchange(data):
        return time.perf_counter() - start


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name).absolute()
        empty = folder / "empty"
        _start_s(empty)
        bare = _start_s(empty)
        cases = (
            ("without a snapshot", None, "< 2.5 s", "< 1 s"),
            ("with a snapshot 100,000 commands behind", SNAPSHOT_AT, "< 1 s", "< 0.5 s"),
        )
        for title, share, reach, aim in cases:
            data = folder / title.replace(" ", "-")
            data.mkdir()
            write_log(data, COMMANDS, cancels=0.5, snapshot_at=share)
            yield Figure(
                f"recovery of 1 M commands, process start to serving, {title}",
                _start_s(data),
                "s",
                f"start over an empty log {bare:.2f} s",
                None,
                reach,
                aim,
            )
