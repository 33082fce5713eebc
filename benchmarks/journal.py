"""Durable commands a second at several batch sizes, beside bare SQLite and a bare append."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.figure import Figure, number
from fullreserve.exchange.wire import commands as c
from fullreserve.journal.entry import seal
from fullreserve.journal.sqlite import SqliteJournal

SIZES = (1, 16, 256, 4096)
SECONDS = 1.0


def _batch(size: int) -> bytes:
    orders = [c.PlaceOrder(1, n, 10_000_001, 1, 0, 0, 420_000 + n, 100) for n in range(size)]
    return c.batch([c.encode(order) for order in orders])


def _rate(size: int, commit: Callable[[], None]) -> float:
    commit()
    start = time.perf_counter()
    rounds = 0
    while time.perf_counter() - start < SECONDS:
        commit()
        rounds += 1
    return rounds * size / (time.perf_counter() - start)


def _journal(folder: Path, size: int, blob: bytes) -> float:
    journal = SqliteJournal(folder / f"journal-{size}")
    head = journal.head

    def commit() -> None:
        nonlocal head
        entry = seal(head, size, 1_700_000_000_000, journal.epoch, c.WIRE_VERSION, blob)
        journal.commit([entry])
        head = journal.head

    try:
        return _rate(size, commit)
    finally:
        journal.close()


def _bare_sqlite(folder: Path, size: int, blob: bytes) -> float:
    connection = sqlite3.connect(folder / f"bare-{size}.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE rows (sequence INTEGER PRIMARY KEY, commands BLOB)")
    try:
        return _rate(
            size, lambda: void(connection.execute("INSERT INTO rows VALUES (NULL, ?)", (blob,)))
        )
    finally:
        connection.close()


def void(_value: object) -> None:
    """Drops a value, where a function that returns nothing is wanted."""


def _bare_append(folder: Path, size: int, blob: bytes) -> float:
    descriptor = os.open(folder / f"bare-{size}", os.O_CREAT | os.O_WRONLY | os.O_APPEND)

    def commit() -> None:
        os.write(descriptor, blob)
        os.fdatasync(descriptor)

    try:
        return _rate(size, commit)
    finally:
        os.close(descriptor)


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name)
        for size in SIZES:
            blob = _batch(size)
            ours = _journal(folder, size, blob)
            sqlite = _bare_sqlite(folder, size, blob)
            append = _bare_append(folder, size, blob)
            beside = f"bare SQLite {number(sqlite)}, bare append + fdatasync {number(append)}"
            yield Figure(
                f"journal, durable, batches of {size}",
                ours,
                "commands/s",
                beside,
                ours / sqlite,
                "1 M/s" if size == SIZES[-1] else "",
            )
