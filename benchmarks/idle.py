"""2,000 WebSocket connections that say nothing: their memory, and what they cost an order."""

from __future__ import annotations

import resource
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.processes import MAKER, Served, build_loadgen, exchange, loadgen

CONNECTIONS = 2_000
SECONDS = 4
FILES = 10_000
HANDSHAKE = (
    b"GET /ws/v5/public HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def _connect(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    connection = socket.create_connection((host, int(port)))
    connection.sendall(HANDSHAKE)
    assert connection.recv(1024).startswith(b"HTTP/1.1 101")
    return connection


def _p99_ms(served: Served) -> float:
    load = ("ws", "--seconds", str(SECONDS), "--connections", "1", "--in-flight", "1")
    where = ("--url", f"ws://{served.ws}/ws/v5/private", "--price-from", "10000")
    told = loadgen(*load, *where, "--keys", served.keys, "--account", str(MAKER))
    return float(told["p99_us"]) / 1000


def measure() -> Iterator[Figure]:
    build_loadgen()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES, most), most))
    with (
        tempfile.TemporaryDirectory(dir=".") as name,
        exchange(Path(name).absolute()) as served,
        ExitStack() as stack,
    ):
        alone_ms = _p99_ms(served)
        before = served.process.memory_info().rss
        for _ in range(CONNECTIONS):
            stack.enter_context(_connect(served.ws))
        after = served.process.memory_info().rss
        beside_ms = _p99_ms(served)
    yield Figure(
        f"memory of an idle WebSocket connection, of {CONNECTIONS:,}",
        (after - before) / CONNECTIONS / 1000,
        "kB",
        reach="< 20 kB",
    )
    yield Figure(
        f"p99 of an order over WebSocket beside {CONNECTIONS:,} idle connections",
        beside_ms,
        "ms",
        f"without them {alone_ms:.2f} ms",
        beside_ms / alone_ms,
        "no more",
    )
