"""The core's and the book's figures: runs the Rust examples and reads their JSON."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.figure import Figure

ROOT = Path(__file__).resolve().parent.parent


def run_example(name: str) -> list[dict[str, Any]]:
    """The JSON lines that an example of the core prints with `--json`."""
    command = ["cargo", "run", "--release", "--quiet", "-p", "fullreserve-core"]
    done = subprocess.run(
        [*command, "--example", name, "--", "--json"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def measure() -> Iterator[Figure]:
    for name in ("bench_core", "bench_book"):
        for row in run_example(name):
            yield Figure(**row)
