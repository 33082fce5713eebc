"""Goal: the loop goes on while a program beside it begins, and loses none of them.

Method: a lease on a copy of a program, for which execve(2) waits (fcntl(2), F_SETLEASE).
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from structlog.testing import capture_logs

from fullreserve.app.spawned import Spawned, spawn
from fullreserve.app.supervision import PAUSE_FIRST_MS, Child
from tests.bed import WAIT_S, turn, until
from tests.unit.test_supervision import Waits

TURNS = 50  # more than a start takes that waits for nothing
CAT, LS, SLEEP = (shutil.which(name) or name for name in ("cat", "ls", "sleep"))


class Lease:
    """Keeps a program from beginning."""

    def __init__(self, program: Path) -> None:
        self._descriptor = os.open(program, os.O_RDONLY)
        fcntl.fcntl(self._descriptor, fcntl.F_SETSIG, signal.SIGURG)  # the usual one would end us
        fcntl.fcntl(self._descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)

    def is_awaited(self) -> bool:
        """Whether somebody wants to run it."""
        return fcntl.fcntl(self._descriptor, fcntl.F_GETLEASE) != fcntl.F_WRLCK

    def end(self) -> None:
        """Lets it begin."""
        os.close(self._descriptor)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return Path(shutil.copy(SLEEP, tmp_path / "waits"))


@pytest.fixture
def lease(program: Path) -> Iterator[Lease]:
    try:
        yield Lease(program)
    except OSError as problem:
        pytest.skip(f"this file system has no leases: {problem}")


async def output(process: Spawned) -> bytes:
    async with asyncio.timeout(WAIT_S):
        said = await (await process.output()).read()
        await process.wait()
        return said


async def test_the_loop_goes_on_while_a_program_begins(program: Path, lease: Lease) -> None:
    """Criterion: HOUSE-CHILD-1"""
    starting = asyncio.create_task(spawn([str(program), "0"]))
    await until(lease.is_awaited)
    await turn(TURNS)
    assert not starting.done()
    lease.end()
    async with asyncio.timeout(WAIT_S):
        assert await (await starting).wait() == 0


async def test_who_is_cancelled_leaves_no_program_behind(program: Path, lease: Lease) -> None:
    """Criterion: HOUSE-CHILD-2"""
    starting = asyncio.create_task(spawn([str(program), "infinity"]))
    await until(lease.is_awaited)
    starting.cancel()
    await turn(TURNS)
    lease.end()
    async with asyncio.timeout(WAIT_S):
        await asyncio.gather(starting, return_exceptions=True)
    assert starting.cancelled()
    children = psutil.Process().children(recursive=True)
    assert not [child for child in children if child.cmdline()[:1] == [str(program)]]


async def test_a_program_that_is_not_there_is_named() -> None:
    """Criterion: HOUSE-CHILD-1"""
    with pytest.raises(FileNotFoundError, match="No such file or directory: '/no/such'"):
        await spawn(["/no/such"], is_read=True)


async def test_a_program_has_what_it_is_given_and_nothing_else() -> None:
    """Criterion: HOUSE-CHILD-1. A secret as its input; no descriptor that could be inherited."""
    assert await output(await spawn([CAT], secret=b"a secret\n", is_read=True)) == b"a secret\n"
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    listed = await output(await spawn([LS, "/proc/self/fd"], {}, is_read=True))
    os.close(reading)
    os.close(writing)
    assert listed.split() == [b"0", b"1", b"2", b"3"]  # the last is what it lists


async def test_how_a_program_ended_is_told() -> None:
    """Criterion: HOUSE-CHILD-2"""
    exits = await spawn([sys.executable, "-c", "raise SystemExit(65)"])
    sleeps = await spawn([SLEEP, "infinity"])
    assert os.getsid(sleeps.pid) == sleeps.pid
    sleeps.terminate()
    async with asyncio.timeout(WAIT_S):
        assert (await exits.wait(), await sleeps.wait()) == (65, -signal.SIGTERM)
    assert (exits.returncode, sleeps.returncode) == (65, -signal.SIGTERM)
    sleeps.kill()  # it has ended: nobody else gets the signal


async def test_a_child_that_cannot_be_started_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Criterion: HOUSE-CHILD-2. The machine may have no room for another process for a while."""
    clock = Waits()
    child = Child("this", os.environ, clock)
    await child.start()
    await until(clock.waited.is_set)
    with capture_logs() as logs, monkeypatch.context() as lacking:
        lacking.setattr(sys, "executable", str(tmp_path / "none"))
        clock.advance(PAUSE_FIRST_MS)
        await until(lambda: logs)
    assert child.restarts == 0
    clock.advance(2 * PAUSE_FIRST_MS)
    await until(lambda: child.restarts)
    assert child.pid
    await child.stop()
    assert [(one["event"], one["problem"], one["again_in_ms"]) for one in logs] == [
        ("child not started", "No such file or directory", 2 * PAUSE_FIRST_MS)
    ]


KILLED = """
import asyncio, os
from fullreserve.app.supervision import Child
from fullreserve.clock import SystemClock

async def main():
    child = Child("sleeping", os.environ, SystemClock())
    await child.start()
    print(child.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def test_a_child_ends_with_who_started_it_and_was_killed(tmp_path: Path) -> None:
    """Criterion: HOUSE-CHILD-2"""
    (tmp_path / "sleeping.py").write_text("import signal\nsignal.pause()\n")
    parent = subprocess.Popen(
        [sys.executable, "-c", KILLED],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
    )
    with parent:
        assert parent.stdout is not None
        child = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
    ended, _, _ = select.select([child], [], [], WAIT_S)
    os.close(child)
    assert ended
