"""Placing orders over REST and WebSocket: CPU a request, latency, rate, and the records' lag."""

from __future__ import annotations

import json
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.figure import Figure, number
from benchmarks.processes import (
    MAKER,
    Served,
    baseline,
    build_loadgen,
    cpu_s,
    exchange,
    loadgen,
)

SECONDS = "3"
# The best of each side counts: what else a machine does only ever adds.
ROUNDS = 4
ORDERS = ("--symbol", "BTC-USDT", "--price-from", "10000", "--prices", "2000")


def checked(result: Any) -> Any:
    """All answers accepted, or the figure is worth nothing."""
    if set(result["codes"]) != {"0"}:
        raise RuntimeError(f"refusals during the measurement: {result['codes']}")
    return result


def _health(served: Served) -> Any:
    try:
        with urllib.request.urlopen(f"http://{served.http}/healthz", timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as not_running:  # while it lags it says so with 503
        return json.load(not_running)


def drain_s(served: Served) -> tuple[int, float]:
    """How many commands the records are behind now, and the seconds until they are not."""
    start = time.perf_counter()
    behind = max(_health(served)["lag"].values())
    while max(_health(served)["lag"].values()) > 0:
        time.sleep(0.02)  # asking oftener would be a load of its own
    return behind, time.perf_counter() - start


def _rest_cpu(folder: Path) -> Iterator[Figure]:
    with exchange(folder / "rest") as served, baseline("empty_asgi") as (empty, address):
        load = ("rest", "--seconds", SECONDS, "--connections", "64", *ORDERS)
        costs: dict[str, list[float]] = {"ours": [], "empty": []}
        rate = 0.0
        for _ in range(ROUNDS):
            before = served.cpu_s()
            ours = checked(
                loadgen(
                    *load, "--address", served.http, "--keys", served.keys, "--account", str(MAKER)
                )
            )
            costs["ours"].append((served.cpu_s() - before) / ours["requests"] * 1e6)
            rate = max(rate, ours["per_second"])
            before = cpu_s(empty)
            bare = checked(loadgen(*load, "--address", address))
            costs["empty"].append((cpu_s(empty) - before) / bare["requests"] * 1e6)
        behind, drained = drain_s(served)
        mine, other = min(costs["ours"]), min(costs["empty"])
        yield Figure(
            "REST place order, durable, signed, 64 connections: CPU a request",
            mine,
            "µs",
            f"empty ASGI handler {number(other)} µs",
            mine / other,
            "≤ 2×",
            "≤ 1.4×",
            f"{number(rate)} orders/s; records {number(behind)} commands behind, "
            f"drained in {drained:.1f} s",
        )


def _rest_latency(folder: Path) -> Iterator[Figure]:
    file = str(folder / "append")
    with (
        exchange(folder / "one") as served,
        baseline("empty_asgi", BASELINE_APPEND=file) as (_, address),
    ):
        load = ("rest", "--seconds", SECONDS, "--connections", "1", *ORDERS)
        ours: list[float] = []
        bare: list[float] = []
        for _ in range(ROUNDS):
            keys = ("--keys", served.keys, "--account", str(MAKER))
            ours.append(checked(loadgen(*load, "--address", served.http, *keys))["p50_us"])
            bare.append(checked(loadgen(*load, "--address", address))["p50_us"])
        mine, other = min(ours) / 1000, min(bare) / 1000
        yield Figure(
            "REST place order, durable, signed, 1 connection: p50",
            mine,
            "ms",
            f"empty handler + append + fdatasync {number(other)} ms",
            mine / other,
            "+ 0.3 ms",
            "+ 0.1 ms",
            f"{mine - other:+.2f} ms",
        )


def _websocket(folder: Path) -> Iterator[Figure]:
    with exchange(folder / "ws") as served, baseline("echo_ws") as (_, address):
        load = ("ws", "--seconds", SECONDS, "--connections", "16", "--in-flight", "4", *ORDERS)
        best, echo, p99 = 0.0, 0.0, 0.0
        for _ in range(ROUNDS):
            url = f"ws://{served.ws}/ws/v5/private"
            keys = ("--keys", served.keys, "--account", str(MAKER))
            ours = checked(loadgen(*load, "--url", url, *keys))
            if ours["per_second"] > best:
                best, p99 = ours["per_second"], ours["p99_us"] / 1000
            echo = max(echo, loadgen(*load, "--url", f"ws://{address}/")["per_second"])
        behind, drained = drain_s(served)
        yield Figure(
            "WebSocket place order, durable, 16 connections × 4 in flight",
            best,
            "orders/s",
            f"picows echo {number(echo)}/s",
            best / echo,
            "20,000/s",
            "30,000/s",
            f"p99 {p99:.1f} ms; records {number(behind)} commands behind, "
            f"drained in {drained:.1f} s",
        )


def measure() -> Iterator[Figure]:
    build_loadgen()
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name).absolute()
        yield from _rest_cpu(folder)
        yield from _rest_latency(folder)
        yield from _websocket(folder)
