"""Goal: `fullreserve up` starts, serves, survives the death of its parts, and stops clean.

Method: the command as an operator calls it, in a process of its own, on ports that are free.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest
from coincurve import PrivateKey

from fullreserve.app.command import THREADS
from fullreserve.clock import SystemClock
from fullreserve.custody import networks
from fullreserve.custody.networks import Branch, Generation, Network
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.exchange import genesis, listing
from fullreserve.exchange.wire.commands import Side
from fullreserve.exchange.wire.queries import ListAssets, ListInstruments
from fullreserve.gateway.readers import THREADS as READERS
from fullreserve.journal.reader import JournalReader
from fullreserve.journal.replay import recover
from fullreserve.journal.snapshots import FOLDER_NAME as SNAPSHOTS
from fullreserve.journal.snapshots import write_snapshot
from fullreserve.records.imports import FILE as IMPORTS
from fullreserve.records.reached import FILE
from tests.bed import ALICE, Bed, place
from tests.memory_folder import memory_folder

WAIT_S = 60


@pytest.fixture
def data() -> Iterator[Path]:
    with memory_folder() as folder:
        yield folder


class Up:
    """A started `fullreserve up`."""

    def __init__(self, data: Path) -> None:
        self.data = data
        environment = {
            **os.environ,
            "FULLRESERVE_DATA": str(data),
            "FULLRESERVE_HTTP": "127.0.0.1:0",
            "FULLRESERVE_WS": "127.0.0.1:0",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fullreserve.cli", "up"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ready(self) -> str:
        """The REST address of the ready line."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            found = re.search(r"is ready: REST (http://\S+)", line)
            if found:
                return found[1]
        raise AssertionError(self.end()[2])

    def end(self) -> tuple[int, str, str]:
        """Exit code and what was said, once it has ended."""
        out, err = self.process.communicate(timeout=WAIT_S)
        return self.process.returncode, out, err

    def children(self) -> list[psutil.Process]:
        """Processes that it started."""
        found: list[psutil.Process] = psutil.Process(self.process.pid).children(recursive=True)
        return found


@pytest.fixture
def start(data: Path) -> Iterator[Callable[[], Up]]:
    started: list[Up] = []

    def start_one() -> Up:
        started.append(Up(data))
        return started[-1]

    yield start_one
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate()


def health(base: str) -> dict[str, Any]:
    try:
        answer = urllib.request.urlopen(f"{base}/healthz", timeout=WAIT_S)
    except urllib.error.HTTPError as unwell:
        answer = unwell
    with answer:
        found: dict[str, Any] = json.load(answer)
        return found


def until_health(base: str, fits: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """Asks until the health is so; each question waits for its answer, and the clock is bounded."""
    clock = SystemClock()
    end_ns = clock.monotonic_ns() + WAIT_S * 10**9
    while not fits(now := health(base)):
        assert clock.monotonic_ns() < end_ns, now
    return now


async def test_it_begins_a_log_serves_stops_and_goes_on(
    data: Path, start: Callable[[], Up]
) -> None:
    """Criterion: LOG-13.1, HOUSE-CHILD-3"""
    first = start()
    base = first.ready()
    # The loop, the log's writer, the identity store's, two that hash passwords, and the pools.
    assert psutil.Process(first.process.pid).num_threads() >= 5 + THREADS + READERS
    now = health(base)
    assert now["state"] == "running"
    # Behind the genesis stand the rules that this version knows: the core's, and a word to the fold
    # of suspensions with its group.
    begun = len(genesis.spot()) + 3
    assert now["durable"] == begun == JournalReader(data / "journal").head.sequence
    door = await SocketDoor.open(data / SOCKET_NAME, 7, SystemClock())
    assert len(await door.query(ListInstruments())) == len(listing.PAIRS) >= 12
    symbols = {asset.symbol for asset in await door.query(ListAssets())}
    assert symbols == {"BTC", "ETH", "XRP", "LTC", "SOL", "USDT", "USDC", "FRT"}
    await door.close()
    until_health(base, lambda now: now["projections"].get("records") == now["durable"])
    first.process.send_signal(signal.SIGTERM)
    code, _, err = first.end()
    assert code == 0, err
    assert not (data / SOCKET_NAME).exists()

    second = start()
    again = health(second.ready())
    assert (again["durable"], again["epoch"]) == (now["durable"], now["epoch"] + 1)
    second.process.send_signal(signal.SIGINT)
    assert second.end()[0] == 0


def test_the_follower_comes_back_and_never_outlives_the_exchange(start: Callable[[], Up]) -> None:
    """Criterion: LOG-13.2"""
    up = start()
    base = up.ready()
    until_health(base, lambda now: now["projections"]["records"] > 0)
    (follower,) = up.children()
    follower.kill()
    until_health(base, lambda now: now["childRestarts"] == 1)
    (successor,) = up.children()
    assert successor.pid != follower.pid
    assert health(base)["state"] == "running"
    up.process.kill()
    up.process.wait()
    psutil.wait_procs([successor], timeout=WAIT_S)
    assert not successor.is_running()


def test_a_second_exchange_on_the_same_folder_is_refused(start: Callable[[], Up]) -> None:
    """Criterion: LOG-13.3, LOG-1.6"""
    up = start()
    base = up.ready()
    code, _, err = start().end()
    assert code == 1
    assert "fullreserve: Another process leads the exchange" in err
    assert "Traceback" not in err
    assert health(base)["state"] == "running"
    # The terminal is closed.
    up.process.send_signal(signal.SIGHUP)
    assert up.end()[0] == 0


def test_a_damaged_log_refuses_the_start(data: Path, start: Callable[[], Up]) -> None:
    """Criterion: LOG-13.3, LOG-3.3"""
    (data / "journal").mkdir()
    (data / "journal" / "00000000000000000001.sqlite").write_bytes(b"nonsense" * 4096)
    code, _, err = start().end()
    assert code == 1
    assert "fullreserve: The journal is damaged at sequence 1" in err
    assert "Traceback" not in err


def test_a_log_shorter_than_its_records_refuses_the_start(
    data: Path, start: Callable[[], Up]
) -> None:
    """Criterion: LOG-13.3, LOG-3.8"""
    up = start()
    now = until_health(up.ready(), lambda now: now["projections"]["records"] == now["durable"])
    up.process.send_signal(signal.SIGTERM)
    assert up.end()[0] == 0
    shutil.rmtree(data / "snapshots")
    with closing(sqlite3.connect(min((data / "journal").glob("*.sqlite")))) as db, db:
        db.execute("DELETE FROM rows")
    code, _, err = start().end()
    assert code == 1
    assert f"the records in {data / FILE} reached sequence {now['durable']}" in err
    assert "Traceback" not in err


def test_a_follower_of_another_log_ends_once_and_the_health_says_so(
    data: Path, start: Callable[[], Up]
) -> None:
    """Criterion: LOG-13.6"""
    up = start()
    until_health(up.ready(), lambda now: now["projections"]["records"] == now["durable"])
    up.process.send_signal(signal.SIGTERM)
    assert up.end()[0] == 0
    with closing(sqlite3.connect(data / FILE)) as db, db:
        db.execute("UPDATE progress SET hash = ?", ("00" * 32,))
    second = start()
    base = second.ready()
    now = until_health(base, lambda now: now["childrenEnded"] or now["childRestarts"])
    assert now["childrenEnded"] == ["fullreserve.records.follower"]
    second.process.send_signal(signal.SIGKILL)
    assert "is not the one of the records" in "".join(second.end()[1:])


def test_a_damaged_file_of_imports_ends_the_follower_once_and_delays_no_stop(
    data: Path, start: Callable[[], Up]
) -> None:
    """Criterion: LOG-13.6"""
    (data / IMPORTS).write_bytes(b"no candles")
    up = start()
    now = until_health(up.ready(), lambda now: now["childrenEnded"] or now["childRestarts"])
    assert now["childrenEnded"] == ["fullreserve.records.follower"]
    up.process.send_signal(signal.SIGINT)
    code, *said = up.end()
    assert (code, "the records lag at the stop" in "".join(said)) == (0, False)
    assert f"{IMPORTS} cannot be read" in "".join(said)


async def test_damage_behind_a_snapshot_stops_the_intake(
    data: Path, start: Callable[[], Up]
) -> None:
    """Criterion: LOG-3.9"""
    bed = await Bed.open(data, segment_rows=16)
    door = await bed.door()
    for _ in range(20):
        await place(door, ALICE, Side.BUY, 400_000, 10)
    victim = list(bed.journal.read())[3].sequence
    write_snapshot(recover(bed.journal).replica, data / SNAPSHOTS)
    await bed.close()
    (data / "identity.db").touch()  # no user yet
    with closing(sqlite3.connect(min((data / "journal").glob("*.sqlite")))) as db, db:
        db.execute("UPDATE rows SET commands = x'90' WHERE sequence = ?", (victim,))
    up = start()
    now = until_health(up.ready(), lambda now: now["halted_at"])
    assert (now["state"], now["halted_at"]) == ("halted", victim)
    up.process.kill()
    assert f"The journal is damaged at sequence {victim}" in "".join(up.end()[1:])
    again = start()
    assert health(again.ready())["halted_at"] == victim, "it looks before it takes orders"


def test_keys_that_wait_begin_with_a_start(data: Path, start: Callable[[], Up]) -> None:
    """Criterion: CUST-GONE-6."""
    first, second = (
        tuple(Branch(PrivateKey(bytes(31) + bytes([n])).public_key.format().hex(), "03" * 32)
              for n in numbers)
        for numbers in ((1, 2, 3), (1, 2, 4))
    )  # fmt: skip
    of = Network(
        network=3, kind="utxo", nodes=("http://127.0.0.1:9",), branches=first, decimals={1: 8},
        coin=1, credit_after=1, unlock_after=2, hrp="rltc", genesis="11" * 32,
        later=(Generation(second),),
    )  # fmt: skip
    networks.keep(data, [of])
    up = start()
    up.ready()
    assert networks.load(data) == [msgspec.structs.replace(of, later=(Generation(second, 1),))]
    up.process.send_signal(signal.SIGTERM)
    assert up.end()[0] == 0
