"""Goal: who asks for real time has it for the order's own two threads, or is told why not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from fullreserve.config import SettingError, Settings
from tests.server import LiveServer

REFUSED = (
    "import os; from fullreserve.real_time import take_real_time as take; "
    "import resource; resource.setrlimit(resource.RLIMIT_RTPRIO, (0, 0)); "
    "os.getuid() or os.setuid(65534)\n"
    "try: take()\n"
    "except OSError as problem: print(problem)"
)
TAKEN = os.SCHED_RR | os.SCHED_RESET_ON_FORK


def _may() -> bool:
    command = [sys.executable, "-c", "from fullreserve.real_time import *; take_real_time()"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture
def urgent(tmp_path: Path) -> Iterator[LiveServer]:
    if not _may():
        pytest.skip("this user may not run in real time")
    live = LiveServer(tmp_path / "data", {"FULLRESERVE_REALTIME": "on"}).start()
    yield live
    assert live.stop() == 0


def _policies(pid: int) -> list[int]:
    return [os.sched_getscheduler(int(one.name)) for one in Path(f"/proc/{pid}/task").iterdir()]


def test_the_loop_and_the_logs_writer_alone_are_in_real_time(urgent: LiveServer) -> None:
    """Criterion: HOUSE-REALTIME-1. Not who hashes passwords, not the processes beside."""
    assert os.sched_getscheduler(urgent.pid) == TAKEN
    assert _policies(urgent.pid).count(TAKEN) == 2
    urgent.await_records()  # by a child, which begins behind the ready line
    children = psutil.Process(urgent.pid).children()
    assert children
    assert all(TAKEN not in _policies(child.pid) for child in children)


def test_a_machine_that_does_not_give_it_is_told_what_is_allowed() -> None:
    """Criterion: HOUSE-REALTIME-2"""
    done = subprocess.run([sys.executable, "-c", REFUSED], capture_output=True, check=True)
    said = done.stdout.decode()
    assert said.startswith("FULLRESERVE_REALTIME = on cannot be had: Operation not permitted;")
    assert "CAP_SYS_NICE" in said


def test_it_is_on_or_off_and_off_unless_told() -> None:
    """Criterion: HOUSE-REALTIME-1"""
    assert not Settings.load({}).realtime
    with pytest.raises(SettingError, match="FULLRESERVE_REALTIME"):
        Settings.load({"FULLRESERVE_REALTIME": "sometimes"})
