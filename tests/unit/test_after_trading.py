"""Goal: processes beside the exchange give way to it, where sessions are grouped, too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fullreserve.after_trading import WORKERS

GROUPS = Path("/proc/self/autogroup")
SHOW = (
    "import os; from pathlib import Path; from fullreserve.after_trading import *; "
    "after_trading(WORKERS); group = Path('/proc/self/autogroup'); "
    "print(os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0), "
    "group.read_text().split()[-1] if group.exists() else '-')"
)
# A shell's session: its own first process, and a worker that is not.
SHELL = (
    "import subprocess, sys; from pathlib import Path; group = Path('/proc/self/autogroup'); "
    "before = group.read_text(); "
    "subprocess.run([sys.executable, '-c', "
    "'from fullreserve.after_trading import *; after_trading(WORKERS)'], check=True); "
    "assert before, 'a session of its own has a group'; "
    "assert group.read_text() == before, group.read_text()"
)
# Who was root stays the owner of its own files in /proc only by saying so (prctl(2)).
UNPRIVILEGED = (
    "import ctypes, os; from pathlib import Path; from threading import enumerate; "
    "from fullreserve.after_trading import *; "
    "os.getuid() or os.setuid(65534); ctypes.CDLL(None).prctl(4, 1); "
)


def _in_a_session_of_its_own(program: str) -> list[str]:
    """What it prints: the session that runs these tests may be as old as the machine, and no group.

    Such a one shows nothing at all in its place in /proc.
    """
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, start_new_session=True)
    return done.stdout.decode().split()


def test_a_process_of_its_own_session_takes_its_group_back_too() -> None:
    """Criterion: SHARED-5. Nice values alone count within a session only."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    nice, policy, group = _in_a_session_of_its_own(SHOW)
    assert int(nice) == min(19, before + WORKERS)
    assert int(policy) == os.SCHED_BATCH
    assert group == (str(WORKERS) if GROUPS.exists() else "-")


def _together(program: str, count: int) -> list[str]:
    """What each of several sessions says that start at once, none of them root's."""
    begun = [
        subprocess.Popen(
            [sys.executable, "-c", UNPRIVILEGED + program],
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        for _ in range(count)
    ]
    return [one.communicate()[0].decode().split()[-1] for one in begun]


@pytest.mark.skipif(not GROUPS.exists(), reason="this kernel makes no groups of sessions")
def test_those_who_start_together_take_their_groups_back_all_the_same() -> None:
    """Criterion: SHARED-5. The kernel takes one word in 100 ms from all who are not root."""
    told = "after_trading(WORKERS); [one.join() for one in enumerate() if one.daemon]; "
    shown = "print(Path('/proc/self/autogroup').read_text())"
    assert _together(told + shown, 6) == [str(WORKERS)] * 6
    # It waits for nobody: what is refused is said again beside.
    assert "autogroup" in _together(
        "[after_trading(0) for _ in range(2)]; print(*(one.name for one in enumerate()))", 1
    )


@pytest.mark.skipif(not GROUPS.exists(), reason="this kernel makes no groups of sessions")
def test_somebody_elses_session_keeps_its_group() -> None:
    """Criterion: SHARED-5. A shell from which a worker is started stays as quick as it was."""
    _in_a_session_of_its_own(SHELL)
