"""The core's and the book's figures: runs the Rust examples and reads their JSON."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.figure import Figure
from scripts.setup import release_flags

ROOT = Path(__file__).resolve().parent.parent


def run_example(name: str) -> list[dict[str, Any]]:
    """The JSON lines that an example of the core prints with `--json`."""
    command = ["cargo", "run", "--release", "--quiet", "-p", "fullreserve-core"]
    done = subprocess.run(
        [*command, "--example", name, "--", "--json"],
        cwd=ROOT,
        env=os.environ | {"CARGO_ENCODED_RUSTFLAGS": release_flags()},
        check=True,
        capture_output=True,
        text=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def _core() -> Iterator[Figure]:
    (row,) = run_example("bench_core")
    applied = row["apply_per_s"] / 1e6
    yield Figure(
        "core: journal bytes in, event bytes out, one thread",
        applied,
        "M commands/s",
        f"decode alone {row['decode_per_s'] / 1e6:.0f} M/s, "
        f"without events {row['apply_without_events_per_s'] / 1e6:.2f} M/s",
        None,
        "2.5 M/s",
        "5 M/s",
        f"{row['event_bytes_per_command']:.0f} event bytes a command",
    )
    yield Figure(
        "core: memory of 1 M resting orders",
        row["resting_1m_bytes"] / 1e6,
        "MB",
        f"snapshot {row['snapshot_ms']:.0f} ms, restore {row['restore_ms']:.0f} ms",
        None,
        "+ 300 MB",
    )


def _book() -> Iterator[Figure]:
    rows = [row for row in run_example("bench_book") if "scenario" in row]
    best = max(row["ladder_per_second"] for row in rows)
    for row in rows:
        yield Figure(
            f"bare book, {row['scenario']}",
            row["ladder_per_second"] / 1e6,
            "M commands/s",
            f"naive book {row['naive_per_second'] / 1e6:.1f} M/s",
            row["ratio"],
            "10 M/s" if row["scenario"] == "mixed" else "a third of the best",
            "14 M/s" if row["scenario"] == "mixed" else "",
            f"{row['ladder_per_second'] / best:.2f} of the best, "
            f"{row['bytes_per_order']} bytes an order",
        )


def measure() -> Iterator[Figure]:
    yield from _core()
    yield from _book()
