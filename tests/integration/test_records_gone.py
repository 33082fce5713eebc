"""Goal: a running exchange outlives its records' database and finds back to it by itself.

Method: `fullreserve up` with its follower as operators run them; the database is locked by another
process, deleted, stopped. Clients go on, are told, and see everything once it is back.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from fullreserve.clock import SystemClock
from fullreserve.identity.vault import NewKey
from fullreserve.records.reached import FILE
from tests.memory_folder import memory_folder
from tests.postgresql import Cluster, cluster
from tests.server import LiveServer

HISTORY = "trade/orders-history?instType=SPOT"
LEDGER = "account/bills?limit=5"
WAIT_S = 60


class Trader:
    """Signed requests of one account."""

    def __init__(self, live: LiveServer) -> None:
        self._key: NewKey = live.trader()
        self._address = live.http

    def call(self, method: str, path: str, body: object = None) -> Any:
        target = "/api/v5/" + path
        content = json.dumps(body) if body else ""
        stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        message = f"{stamp}{method}{target}{content}".encode()
        headers = {
            "OK-ACCESS-KEY": self._key.key,
            "OK-ACCESS-SIGN": base64.b64encode(
                hmac.digest(self._key.secret.encode(), message, hashlib.sha256)
            ).decode(),
            "OK-ACCESS-TIMESTAMP": stamp,
            "OK-ACCESS-PASSPHRASE": self._key.passphrase,
            "Content-Type": "application/json",
        }
        with closing(HTTPConnection(self._address)) as connection:
            connection.request(method, target, content or None, headers)
            return json.load(connection.getresponse())

    def place(self, side: str) -> str:
        order = {"instId": "BTC-USDT", "tdMode": "cash", "ordType": "limit", "side": side}
        answer = self.call("POST", "trade/order", {**order, "px": "40000", "sz": "0.01"})
        assert answer["code"] == "0", answer
        return str(answer["data"][0]["ordId"])

    def finished(self) -> list[str]:
        """Orders of the history."""
        answer = self.call("GET", HISTORY)
        assert answer["code"] == "0", answer
        return [row["ordId"] for row in answer["data"]]

    def is_refused(self, path: str) -> bool:
        """Whether history is refused, and if so, as documented."""
        answer = self.call("GET", path)
        if answer["code"] == "0":
            return False
        assert answer["code"] == "50046", answer
        assert "trading goes on, try again" in answer["msg"]
        return True


def until(condition: Callable[[], object]) -> None:
    """Looks until processes have got there, within a bound."""
    clock = SystemClock()
    end_ns = clock.monotonic_ns() + WAIT_S * 10**9
    while not condition():
        assert clock.monotonic_ns() < end_ns


@pytest.fixture(scope="module")
def live() -> Iterator[LiveServer]:
    with memory_folder() as folder:
        started = LiveServer(folder / "data").start()
        started.await_records()
        yield started
        assert started.stop() == 0, started.log


@pytest.fixture
def pair(live: LiveServer) -> tuple[Trader, Trader]:
    return Trader(live), Trader(live)


def trade(pair: tuple[Trader, Trader]) -> str:
    """A fill; the order of the first of the pair."""
    pair[1].place("sell")
    return pair[0].place("buy")


def test_a_locked_database_is_waited_for(live: LiveServer, pair: tuple[Trader, Trader]) -> None:
    """Criterion: REC-43. History shows what the core has, the ledger says that it is behind."""
    first = trade(pair)
    live.await_records()
    with closing(sqlite3.connect(live.folder / FILE, isolation_level=None)) as thief:
        thief.execute("BEGIN EXCLUSIVE")
        second = trade(pair)
        assert pair[0].finished() == [second, first]
        assert pair[0].is_refused(LEDGER)
        until(lambda: "records wait for their database" in live.log)
        third = trade(pair)
        assert pair[0].finished() == [third, second, first]
        thief.execute("ROLLBACK")
    until(lambda: not pair[0].is_refused(LEDGER))
    assert pair[0].finished() == [third, second, first]
    assert "child ended" not in live.log


def test_a_deleted_database_is_told_again(live: LiveServer, pair: tuple[Trader, Trader]) -> None:
    """Criterion: REC-40. The follower notices at its next commit and begins anew."""
    first = trade(pair)
    live.await_records()
    for path in live.folder.glob(FILE + "*"):
        path.unlink()
    assert pair[0].is_refused(HISTORY)
    assert pair[0].is_refused(LEDGER)
    second = trade(pair)
    until(lambda: not (pair[0].is_refused(LEDGER) or pair[0].is_refused(HISTORY)))
    assert pair[0].finished() == [second, first]


@pytest.fixture
def server() -> Iterator[Cluster]:
    with cluster() as running:
        yield running


@pytest.mark.slow
def test_postgresql_may_stop_and_come_back(server: Cluster, tmp_path: Path) -> None:
    """Criterion: REC-44."""
    live = LiveServer(tmp_path / "data", {"FULLRESERVE_RECORDS": server.url}).start()
    pair = Trader(live), Trader(live)
    first = trade(pair)
    live.await_records()
    server.stop()
    assert pair[0].is_refused(HISTORY)
    assert pair[0].is_refused(LEDGER)
    second = trade(pair)
    until(lambda: "records wait for their database" in live.log)
    server.start()
    until(lambda: not pair[0].is_refused(LEDGER))
    assert pair[0].finished() == [second, first]
    assert "child ended" not in live.log
    assert live.stop() == 0, live.log
