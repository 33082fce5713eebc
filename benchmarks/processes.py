"""Starting what is measured, and reading the CPU time and memory that it took."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import psutil

ROOT = Path(__file__).resolve().parent.parent
LOADGEN = ROOT / "benchmarks" / "loadgen"
START_S = 120.0
MAKER = 2  # place of `maker1` in demo-keys.json


class Served(NamedTuple):
    """A running server: its main process, addresses and data folder."""

    process: psutil.Process
    http: str
    ws: str
    data: Path

    @property
    def keys(self) -> str:
        return str(self.data / "demo-keys.json")

    def cpu_s(self) -> float:
        """CPU seconds of the main process so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def rss_mb(self) -> float:
        """Resident memory of the main process and its children."""
        return self._summed_mb(lambda one: one.memory_info().rss)

    def pss_mb(self) -> float:
        """The same, with each shared page divided among the processes that have it."""
        return self._summed_mb(lambda one: one.memory_full_info().pss)

    def _summed_mb(self, of: Callable[[psutil.Process], int]) -> float:
        total = 0
        for one in self._family():
            with suppress(psutil.NoSuchProcess):  # a child may end between two looks
                total += of(one)
        return total / 1e6

    def _family(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


def copied(left: Path, data: Path) -> None:
    """Copies the data folder of an exchange that does not run."""
    shutil.copytree(left, data, ignore=shutil.ignore_patterns("*.sock"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def exchange(data: Path, **settings: str) -> Iterator[Served]:
    """The exchange on free ports over a data folder; stopped cleanly at the end."""
    with exchange_of(ROOT, data, **settings) as served:
        yield served


@contextmanager
def exchange_of(root: Path, data: Path, **settings: str) -> Iterator[Served]:
    """That of another checkout."""
    http, ws = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    environment = {
        **os.environ,
        "FULLRESERVE_HTTP": http,
        "FULLRESERVE_WS": ws,
        "FULLRESERVE_DATA": str(data),
        "FULLRESERVE_GATEWAY_LIMITS": "off",
        "FULLRESERVE_LOG_LEVEL": "warning",
        **settings,
    }
    python = sys.executable if root == ROOT else str(root / ".venv" / "bin" / "python")
    command = [python, "-m", "benchmarks.server"]
    process = subprocess.Popen(
        command, cwd=root, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        wait_for_line(process, "ready")
        yield Served(psutil.Process(process.pid), http, ws, data)
    finally:
        process.terminate()
        process.wait(60)


@contextmanager
def baseline(
    module: str, before: Sequence[str] = (), **settings: str
) -> Iterator[tuple[psutil.Process, str]]:
    """A baseline server on a free port, behind what goes `before` it; its process and address."""
    port = free_port()
    command = [*before, sys.executable, "-m", f"benchmarks.baseline.{module}", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **settings})
    try:
        wait_for_port(port)
        yield psutil.Process(process.pid), f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


def wait_for_line(process: subprocess.Popen[str], word: str) -> None:
    """Returns when the process has printed a line with the word; it is killed when it is late."""
    assert process.stdout is not None
    late = threading.Timer(START_S, process.kill)
    late.start()
    try:
        for line in process.stdout:
            if word in line:
                return
    finally:
        late.cancel()
    raise RuntimeError(f"{process.args!r} ended with {process.wait()}")


def wait_for_port(port: int) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)  # a baseline prints no ready line to wait for
    raise TimeoutError(f"nothing listens on port {port}")


def loadgen(*arguments: str, before: Sequence[str] = ()) -> Any:
    """Runs the load generator, behind what goes `before` its command; its JSON."""
    binary = LOADGEN / "target" / "release" / "loadgen"
    done = subprocess.run(
        [*before, str(binary), *arguments], check=True, capture_output=True, text=True, cwd=ROOT
    )
    return json.loads(done.stdout)


def build_loadgen() -> None:
    command = ["cargo", "build", "--release", "--quiet", "--locked"]
    subprocess.run([*command, "--manifest-path", str(LOADGEN / "Cargo.toml")], check=True)


def cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
