"""What is said of a child that ended, and in which form a child says it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from fullreserve.app.supervision import Child
from fullreserve.clock import ManualClock
from tests.bed import WAIT_S


class Waits(ManualClock):
    """A clock that tells when somebody waits."""

    def __init__(self) -> None:
        super().__init__()
        self.waited = asyncio.Event()

    async def wait_ms(self, real_ms: int) -> None:
        self.waited.set()
        await super().wait_ms(real_ms)


# `this` prints and ends well; a module that does not exist cannot begin.
@pytest.mark.parametrize(
    ("module", "code", "level"), [("this", 0, "info"), ("no.such", 1, "error")]
)
async def test_a_child_that_ended_well_is_no_error(module: str, code: int, level: str) -> None:
    """Criterion: HOUSE-LOG-1."""
    clock = Waits()
    child = Child(module, os.environ, clock)
    with capture_logs() as logs:
        await child.start()
        await asyncio.wait_for(clock.waited.wait(), WAIT_S)
    told = [(one["event"], one["code"], one["log_level"]) for one in logs]
    assert told == [("child ended", code, level)]
    await child.stop()


async def test_the_bots_say_what_they_do_as_json(tmp_path: Path) -> None:
    """Criterion: HOUSE-LOG-1. Here they find no exchange, and are ended."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "fullreserve.simulation.market"),
        env={**os.environ, "FULLRESERVE_DATA": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    async with asyncio.timeout(WAIT_S):
        first = json.loads(await process.stdout.readline())
        process.terminate()
        *_, last = (await process.stdout.read()).splitlines()
        await process.wait()
    assert (first["event"], json.loads(last)["event"]) == ("bots reconnect", "bots stopped")


FORKS = """
import asyncio, os, uvloop
from fullreserve.app.supervision import output_of
forks = []
os.register_at_fork(before=lambda: forks.append(1))
said = uvloop.run(output_of("this"))
print(len(forks), b"Zen" in said)
"""


def test_a_child_begins_without_a_copy_of_its_parents_memory() -> None:
    """A fork of what holds 1 M orders keeps the next order waiting."""
    done = subprocess.run([sys.executable, "-c", FORKS], capture_output=True, check=True)
    assert done.stdout.split() == [b"0", b"True"]
