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


def _shown(*, session: bool) -> list[str]:
    command = [sys.executable, "-c", SHOW]
    done = subprocess.run(command, capture_output=True, check=True, start_new_session=session)
    return done.stdout.decode().split()


def test_a_process_of_its_own_session_takes_its_group_back_too() -> None:
    """Criterion: SHARED-5. Nice values alone count within a session only."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    nice, policy, group = _shown(session=True)
    assert int(nice) == min(19, before + WORKERS)
    assert int(policy) == os.SCHED_BATCH
    assert group == (str(WORKERS) if GROUPS.exists() else "-")


@pytest.mark.skipif(not GROUPS.exists(), reason="this kernel makes no groups of sessions")
def test_somebody_elses_session_keeps_its_group() -> None:
    """Criterion: SHARED-5. A shell from which a worker is started stays as quick as it was."""
    before = GROUPS.read_text().split()[-1]
    *_, group = _shown(session=False)
    assert group == before
    assert GROUPS.read_text().split()[-1] == before
