"""Goal: a start that cannot be is refused in one sentence that says what is wrong and where.

Method: the command as an operator calls it, on what an operator may have done to it.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fullreserve.clock import ManualClock
from fullreserve.config import Settings
from fullreserve.identity.demo import FILE_NAME, read
from fullreserve.identity.vault import Vault
from fullreserve.simulation.app import Market
from fullreserve.simulation.market import MARKET_FILE
from tests.bed import START_MS, Bed
from tests.memory_folder import memory_folder

WAIT_S = 60
FREE = "127.0.0.1:0"
GARBAGE = b"\xf0nonsense" * 1024


@pytest.fixture
def data() -> Iterator[Path]:
    with memory_folder() as folder:
        yield folder / "data"


def refusal(data: Path, command: str = "up", **settings: str) -> str:
    """The sentence with which the start is refused."""
    environment = {
        "FULLRESERVE_DATA": str(data),
        "FULLRESERVE_HTTP": FREE,
        "FULLRESERVE_WS": FREE,
        "FULLRESERVE_LOG_LEVEL": "error",
    }
    ended = subprocess.run(
        [sys.executable, "-m", "fullreserve.cli", command],
        env=os.environ | environment | settings,
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    assert ended.returncode == 1, ended.stderr
    assert not ended.stdout
    lines = ended.stderr.splitlines()
    assert len(lines) == 1, ended.stderr
    return lines[0].removeprefix("fullreserve: ")


async def begin(data: Path) -> None:
    """A log and an identity store, as a start leaves them behind."""
    bed = await Bed.open(data)
    await bed.close()
    Vault(data, lambda: START_MS).close()


@pytest.mark.parametrize("command", ["up", "demo"])
@pytest.mark.parametrize("setting", ["FULLRESERVE_HTTP", "FULLRESERVE_WS"])
def test_a_taken_port_is_named(data: Path, command: str, setting: str) -> None:
    """Criterion: LOG-13.8, LOG-13.3. Nothing is made for it."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        said = refusal(data, command, **{setting: address})
    assert said == f"{setting} = {address} cannot be listened on: Address already in use"
    assert not data.exists()


def test_an_address_of_another_machine_is_named(data: Path) -> None:
    """Criterion: LOG-13.8"""
    # Kept for documents by RFC 5737: no machine has it.
    said = refusal(data, FULLRESERVE_WS="192.0.2.1:8081")
    assert said.startswith("FULLRESERVE_WS = 192.0.2.1:8081 cannot be listened on: ")


def test_a_data_folder_that_is_none_is_named(data: Path) -> None:
    """Criterion: LOG-13.10"""
    data.write_text("a file")
    assert refusal(data) == f"FULLRESERVE_DATA = {data} cannot be used: it is not a folder"
    said = refusal(data / "deeper")
    assert said.startswith(f"FULLRESERVE_DATA = {data / 'deeper'} cannot be used: it cannot be")


@pytest.mark.parametrize("lost", [["identity.db"], ["identity.db", "identity.key"]])
async def test_a_lost_identity_store_is_not_replaced(data: Path, lost: list[str]) -> None:
    """Criterion: ID-11"""
    await begin(data)
    for name in lost:
        (data / name).unlink()
    said = refusal(data)
    assert said.startswith(f"{data / 'identity.db'} is missing, and with it all users and keys; ")
    assert "put it back from your backup" in said
    assert not (data / "identity.db").exists()


@pytest.mark.parametrize("name", ["identity.key", "identity.db", "transfers.sqlite"])
async def test_a_damaged_store_is_named(data: Path, name: str) -> None:
    """Criterion: LOG-13.11"""
    await begin(data)
    (data / name).write_bytes(GARBAGE)
    said = refusal(data)
    assert said.startswith(f"{data / name} ")
    assert (data / name).read_bytes() == GARBAGE


async def test_a_missing_master_key_is_named(data: Path) -> None:
    """Criterion: LOG-13.11, ID-1"""
    await begin(data)
    vault = Vault(data, lambda: START_MS)
    vault.create_user()
    vault.close()
    (data / "identity.key").unlink()
    assert refusal(data).startswith(f"{data / 'identity.key'} is missing")


@pytest.mark.parametrize("content", [b"{}", b"[", GARBAGE])
@pytest.mark.parametrize("name", [FILE_NAME, MARKET_FILE])
def test_a_damaged_file_of_the_demo_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    """Criterion: DEMO-10"""
    path = tmp_path / name
    path.write_bytes(content)
    settings, clock = Settings(data=tmp_path), ManualClock(START_MS)
    opens: dict[str, Callable[[], object]] = {
        MARKET_FILE: lambda: Market().prepare(settings, clock),
        FILE_NAME: lambda: read(tmp_path),
    }
    with pytest.raises(ValueError, match="is damaged") as refused:
        opens[name]()
    assert str(refused.value).startswith(f"{path} is damaged: ")
    assert path.read_bytes() == content
