"""Processes beside the exchange come after trading where the processors do not suffice for all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_AUTOGROUP = Path("/proc/self/autogroup")

# Less is more: records are what clients read, statements and custody can wait, checks need not end.
RECORDS, WORKERS, CHECKS = 5, 10, 15


def after_trading(niceness: int) -> None:
    """Gives way to the order process, in share and at each waking of this one.

    A nice value alone lets a process that wakes interrupt an order on its way; a batch process does
    not (sched(7)). Where the kernel groups processes by session, nice values count within a session
    alone, and that of the group among groups.
    """
    os.nice(niceness)
    if os.getsid(0) == os.getpid():  # this one's own: nobody's shell is in it
        with suppress(OSError):  # where there are no such groups
            _AUTOGROUP.write_text(str(niceness))
    if hasattr(os, "SCHED_BATCH"):
        with suppress(OSError):  # where the machine's owner does not let a process choose
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
