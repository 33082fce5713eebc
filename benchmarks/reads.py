"""CPU a read over REST with 64 connections, beside an empty handler on the same server."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

from benchmarks.figure import Figure, number
from benchmarks.processes import MAKER, baseline, build_loadgen, cpu_s, exchange, loadgen

ROUNDS = 3
LOAD = ("rest", "--connections", "64", "--symbol", "BTC-USDT")
READS = {
    "ticker": "/api/v5/market/ticker?instId=BTC-USDT",
    "books, 20 levels": "/api/v5/market/books?instId=BTC-USDT&sz=20",
    "balance": "/api/v5/account/balance",
    "orders-pending, 5 orders": "/api/v5/trade/orders-pending?instId=BTC-USDT&limit=5",
}


def _cost(process: psutil.Process, *load: str) -> float:
    before = cpu_s(process)
    done = loadgen(*LOAD, "--seconds", "3", "--reads", *load)
    if set(done["codes"]) != {"0"}:
        raise RuntimeError(f"refusals during the measurement: {done['codes']}")
    return (cpu_s(process) - before) / float(done["requests"]) * 1e6


def measure() -> Iterator[Figure]:
    build_loadgen()
    with (
        tempfile.TemporaryDirectory(dir=".") as name,
        exchange(Path(name).absolute()) as served,
        baseline("empty_asgi") as (empty, address),
    ):
        signed = ("--keys", served.keys, "--account", str(MAKER), "--address", served.http)
        loadgen(*LOAD, "--seconds", "1", "--price-from", "10000", "--prices", "200", *signed)
        for title, target in READS.items():
            ours, bare = [], []
            for _ in range(ROUNDS):
                ours.append(_cost(served.process, "--target", target, *signed))
                bare.append(_cost(empty, "--address", address))
            mine, other = min(ours), min(bare)
            yield Figure(
                f"REST read of {title}, signed, 64 connections: CPU a request",
                mine,
                "µs",
                f"empty ASGI handler {number(other)} µs",
                mine / other,
                "≤ 1.5×",
            )
