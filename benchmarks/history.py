"""`orders-history` and `fills-history` over 10 M rows each, by their endpoints, on both databases.

A client asks one signed question after the other over one connection: pages of 100 rows of an
account with two million orders and of one with 400, newest and deep, by id in both directions, by
time, by instrument, state and type. Run it by name: making the rows takes minutes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from http.client import HTTPConnection
from itertools import product
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from urllib.parse import urlencode

from benchmarks.figure import Figure
from benchmarks.past import ORDERS, STEP_MS, Past, bill_id, fill, start_ms
from benchmarks.processes import MAKER, Served, exchange
from fullreserve.gateway import ids
from fullreserve.marketdata.bars import DAY, HOUR
from fullreserve.records.database import database_url, open_database
from tests.postgresql import postgresql

ROUNDS = 30
WARM = 3
PAIRS = ("BTC-USDT", "ETH-USDT")
WEEK = 7 * DAY // STEP_MS
ORDERS_PATHS = ("orders-history", "orders-history-archive")
FILLS_PATHS = ("fills-history",)
Question = dict[str, object]


class _Client:
    """Asks one question after the other."""

    def __init__(self, served: Served, place: int) -> None:
        self._key: dict[str, str] = json.loads(Path(served.keys).read_text())[place]
        self._connection = HTTPConnection(served.http)

    @property
    def uid(self) -> int:
        return int(self._key["uid"])

    def ask(self, path: str, question: Question) -> tuple[float, int]:
        """Milliseconds until the whole answer was there, and its rows."""
        target = f"/api/v5/trade/{path}?{urlencode({'instType': 'SPOT', **question})}"
        headers = self._signed(target)
        start = time.perf_counter()
        self._connection.request("GET", target, headers=headers)
        content = self._connection.getresponse().read()
        took_ms = (time.perf_counter() - start) * 1000
        answer = json.loads(content)
        if answer["code"] != "0":
            raise RuntimeError(f"{target}: {answer}")
        return took_ms, len(answer["data"])

    def _signed(self, target: str) -> dict[str, str]:
        stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        secret = self._key["secret"].encode()
        mac = hmac.digest(secret, f"{stamp}GET{target}".encode(), hashlib.sha256)
        return {
            "OK-ACCESS-KEY": self._key["apiKey"],
            "OK-ACCESS-SIGN": base64.b64encode(mac).decode(),
            "OK-ACCESS-TIMESTAMP": stamp,
            "OK-ACCESS-PASSPHRASE": self._key["passphrase"],
        }


def _pages(draw: Random, first_ms: int) -> Iterator[Question]:
    """Where a page may lie, of orders: at the end, deep, in a span of time."""
    # Half of them in what `orders-history` shows, the last week.
    oldest = draw.choice((0, ORDERS - WEEK))
    deep, later = sorted(draw.sample(range(oldest, ORDERS), 2))
    then_ms = first_ms + draw.randrange(oldest, ORDERS) * STEP_MS
    yield {}
    yield {"after": deep}
    yield {"before": deep}
    yield {"after": later, "before": deep}
    yield {"begin": then_ms, "end": then_ms + 6 * HOUR}
    yield {"end": then_ms}
    yield {"begin": then_ms, "after": deep}


def _questions(draw: Random, past: Past, filters: tuple[Question, ...]) -> Iterator[Question]:
    for page, narrowed in product(_pages(draw, past.start_ms), filters):
        yield {**page, **narrowed}


ORDER_FILTERS: tuple[Question, ...] = (
    {},
    {"instId": PAIRS[0]},
    {"instId": PAIRS[1], "state": "filled"},
    {"state": "canceled"},
    {"state": "filled"},
)
FILL_FILTERS: tuple[Question, ...] = ({}, {"instId": PAIRS[0]}, {"subType": "1"})


def _as_bills(question: Question) -> Question:
    """The same page of fills: they are paged by bill."""
    ends = ("after", "before")
    return {
        name: bill_id(int(str(value))) if name in ends else value
        for name, value in question.items()
    }


def _as_orders(question: Question) -> Question:
    ends = ("after", "before")
    return {
        name: ids.text(int(str(value))) if name in ends else value
        for name, value in question.items()
    }


class Measured(NamedTuple):
    """Milliseconds of each question, and how many rows came in all; `worst` is the slowest one."""

    times: list[float]
    rows: int
    worst: str


def ask_all(
    clients: tuple[_Client, ...], past: Past, paths: tuple[str, ...], filters: tuple[Question, ...]
) -> Measured:
    """Each kind of question of each account, `ROUNDS` times at other places."""
    draw, shown = Random(4), _as_bills if paths == FILLS_PATHS else _as_orders
    found: list[tuple[float, str]] = []
    total = 0
    for round_ in range(WARM + ROUNDS):
        for question in _questions(draw, past, filters):
            for client, path in product(clients, paths):
                took_ms, rows = client.ask(path, shown(question))
                if round_ >= WARM:
                    found.append((took_ms, f"{client.uid} {path} {question}"))
                    total += rows
    found.sort()
    return Measured([took for took, _ in found], total, f"{found[-1][0]:.0f} ms {found[-1][1]}")


def prepared(folder: Path, **settings: str) -> Past:
    """Starts an exchange once for its accounts and its tables, and puts the rows into these."""
    with exchange(folder, **settings) as served:
        keys: list[Any] = json.loads(Path(served.keys).read_text())
    one, other, heavy = (int(keys[place]["uid"]) for place in (0, 1, MAKER))
    past = Past(heavy, (one, other), start_ms(int(time.time() * 1000)))
    engine = open_database(database_url(settings.get("FULLRESERVE_RECORDS", ""), folder))
    fill(engine, past)
    engine.dispose()
    # What was just written goes to the disk now, not while pages are timed.
    os.sync()
    return past


def measured(folder: Path, past: Past, **settings: str) -> Iterator[tuple[str, Measured]]:
    """The questions of orders and of fills."""
    with exchange(folder, **settings) as served:
        clients = (_Client(served, MAKER), _Client(served, 0))
        yield "orders-history and its archive", ask_all(clients, past, ORDERS_PATHS, ORDER_FILTERS)
        yield "fills-history", ask_all(clients, past, FILLS_PATHS, FILL_FILTERS)


@contextmanager
def _settings(backend: str) -> Iterator[dict[str, str]]:
    server = postgresql() if backend == "PostgreSQL" else nullcontext("")
    with server as url:
        yield {"FULLRESERVE_RECORDS": url} if url else {}


def measure() -> Iterator[Figure]:
    for backend in ("SQLite", "PostgreSQL"):
        with tempfile.TemporaryDirectory(dir=".") as name, _settings(backend) as settings:
            folder = Path(name).absolute()
            past = prepared(folder, **settings)
            for what, found in measured(folder, past, **settings):
                times = found.times
                yield Figure(
                    f"{what}, 10 M rows in {backend}: p99 of a signed page",
                    times[len(times) * 99 // 100],
                    "ms",
                    f"p50 {times[len(times) // 2]:.1f} ms, slowest {times[-1]:.0f} ms",
                    None,
                    "< 30 ms",
                    note=f"{len(times):,} questions, {found.rows:,} rows",
                )
