"""The demo market with its bots: trades a second and the share of a core that the bots take."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from websockets.sync.client import connect

from benchmarks.figure import Figure
from benchmarks.processes import ROOT, cpu_s, free_port
from fullreserve.clock import SystemClock
from fullreserve.simulation.app import BOTS
from fullreserve.simulation.client import call

SECONDS = 20
REACH_TRADES, REACH_CORE, REACH_START_MS = 20, 0.5, 5_000


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(dir=".") as name:
        data = Path(name).absolute()
        first_ms, _ = _run(data, seconds=0)
        again_ms, figures = _run(data, seconds=SECONDS)
    yield Figure(
        "demo: start to the ready line, quoted",
        again_ms,
        "ms",
        f"first start {first_ms:,.0f} ms",
        reach=f"< {REACH_START_MS:,} ms",
    )
    yield from figures


def _run(data: Path, seconds: int) -> tuple[float, list[Figure]]:
    """A start in ms, and what was seen while it ran."""
    http, ws = (f"127.0.0.1:{free_port()}" for _ in range(2))
    settings = {
        "FULLRESERVE_HTTP": http,
        "FULLRESERVE_WS": ws,
        "FULLRESERVE_DATA": str(data),
        "FULLRESERVE_LOG_LEVEL": "warning",
    }
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "fullreserve.cli", "demo"],
        cwd=ROOT,
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        _wait_until_ready(process)
        took_ms = (time.monotonic() - began) * 1000
        return took_ms, _watch(psutil.Process(process.pid), http, ws, seconds) if seconds else []
    finally:
        process.terminate()
        process.wait(60)


def _wait_until_ready(process: subprocess.Popen[str]) -> None:
    # The accounts' lines come in the same write, so the pipe is read through and not looked at.
    assert process.stdout is not None
    if not any("ready: REST" in line for line in process.stdout):
        raise RuntimeError(f"the demo ended with {process.wait()}")


def _watch(main: psutil.Process, http: str, ws: str, seconds: int) -> list[Figure]:
    (bots,) = (one for one in main.children(recursive=True) if BOTS in one.cmdline())
    before = cpu_s(main), cpu_s(bots), time.monotonic()
    rate = _trades(http, ws, seconds)
    elapsed = time.monotonic() - before[2]
    exchange = (cpu_s(main) - before[0]) / elapsed
    share = (cpu_s(bots) - before[1]) / elapsed
    return [
        Figure("demo: trades over all pairs", rate, "a second", reach=f">= {REACH_TRADES}"),
        Figure(
            "demo: the bots' share of a core",
            share,
            "cores",
            f"main process {exchange:.2f} cores",
            reach=f"<= {REACH_CORE}",
        ),
    ]


def _trades(http: str, ws: str, seconds: int) -> float:
    """Trades a second by their own times."""
    listed = call(http, None, SystemClock(), "GET", "/api/v5/public/instruments?instType=SPOT")
    arguments = [{"channel": "trades-all", "instId": row["instId"]} for row in listed]
    times: list[int] = []
    with connect(f"ws://{ws}/ws/v5/business") as socket:
        socket.send(json.dumps({"op": "subscribe", "args": arguments}))
        while not times or times[-1] - times[0] < seconds * 1000:
            message = json.loads(socket.recv(seconds))
            times += [int(trade["ts"]) for trade in message.get("data", ())]
    return (len(times) - 1) * 1000 / (times[-1] - times[0])
