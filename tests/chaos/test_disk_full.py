"""Goal: a full disk costs nothing that was acknowledged, and trading resumes when space returns.

Method: a real small file system where it can be mounted, and a limit on the size of the files of
the exchange's process elsewhere; both are filled up under load and given space again.
"""

from __future__ import annotations

import asyncio
import resource
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from fullreserve.clock import SystemClock
from fullreserve.door.protocol import Refused
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.exchange.wire.commands import Side
from fullreserve.exchange.wire.events import Reply
from fullreserve.exchange.wire.queries import GetDepth, ListOpenOrders
from fullreserve.journal.reader import JournalReader
from fullreserve.journal.replay import recover
from tests.bed import ALICE, BOB, order, submit
from tests.chaos.oracle import ExchangeProcess

FILE_SYSTEM_BYTES = 3 << 20
ATTEMPTS = 20_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of three megabytes; skipped where mounting is not allowed."""
    folder = tmp_path / "disk"
    folder.mkdir()
    options = f"size={FILE_SYSTEM_BYTES}"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip("a file system cannot be mounted here; the file limit's test remains")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def fill(door: SocketDoor) -> tuple[list[Reply], list[Refused]]:
    """Orders until two in a row are refused, several in flight."""
    replies: list[Reply] = []
    refused: list[Refused] = []
    for _ in range(ATTEMPTS):
        commands = [order(door, ALICE, Side.BUY, 100 + n, 1, tag="filler") for n in range(100)]
        for result in await asyncio.gather(*(submit(door, [command]) for command in commands)):
            if isinstance(result, Refused):
                refused.append(result)
            else:
                replies += result
        if len({one.code for one in refused}) == 2:
            break
    return replies, refused


async def trade_through_a_full_disk(
    folder: Path, process: ExchangeProcess, give_space: object
) -> None:
    door = await SocketDoor.open(folder / SOCKET_NAME, 1, SystemClock())
    replies, refused = await fill(door)
    accepted = [reply for reply in replies if reply.code == 0]
    assert accepted
    assert {(one.code, one.known) for one in refused} == {(50004, False), (50001, True)}
    assert (await door.health()).state == "stalled"
    # Queries go on, and show nothing that is not on disk.
    shown = await door.query(ListOpenOrders(owner=ALICE, limit=1_000_000))
    assert {one.order for one in shown} >= {reply.order for reply in accepted}
    assert await door.query(GetDepth(1, 5)) is not None
    assert callable(give_space)
    give_space()
    async with asyncio.timeout(20):
        while (await door.health()).state != "running":  # noqa: ASYNC110 - another process
            await asyncio.sleep(0)
    again = await submit(door, [order(door, BOB, Side.BUY, 50, 1)])
    assert not isinstance(again, Refused)
    assert again[0].code == 0
    await door.close()
    process.kill()
    machine = recover(JournalReader(folder / "journal")).replica.machine
    held = [
        one.order
        for owner in (ALICE, BOB)
        for one in machine.query(ListOpenOrders(owner=owner, limit=1_000_000))
    ]
    assert {*held} >= {reply.order for reply in (*accepted, *again)}


async def test_a_full_file_system(small_disk: Path) -> None:
    """Criterion: LOG-12.3"""
    process = ExchangeProcess(small_disk)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(FILE_SYSTEM_BYTES // 2))
    try:
        await trade_through_a_full_disk(small_disk, process, ballast.unlink)
    finally:
        process.kill()


@pytest.fixture
async def limited(tmp_path: Path) -> AsyncIterator[ExchangeProcess]:
    process = ExchangeProcess(tmp_path)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
    yield process
    process.kill()


async def test_files_that_may_not_grow(tmp_path: Path, limited: ExchangeProcess) -> None:
    """Criterion: LOG-12.3"""

    def give_space() -> None:
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(limited.pid, resource.RLIMIT_FSIZE, unlimited)

    await trade_through_a_full_disk(tmp_path, limited, give_space)
