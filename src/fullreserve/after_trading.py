"""Processes beside the exchange come after trading where the processors do not suffice for all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

# Less is more: records are what clients read, statements and custody can wait, checks need not end.
RECORDS, WORKERS, CHECKS = 5, 10, 15

# A kernel takes one such word in 100 ms from all who are not root; a dozen may start together.
TRIES, PAUSE_S = 50, 0.13


def after_trading(niceness: int) -> None:
    """Gives way to the order process, in share and at each waking of this one.

    Where the kernel groups processes by session, nice values count within a session alone, and that
    of the group among groups.
    """
    give_way(niceness)
    if os.getsid(0) == os.getpid():  # this one's own: nobody's shell is in it
        group_after_trading(os.getpid(), niceness)


def give_way(niceness: int) -> None:
    """This process alone, within its session.

    A nice value alone lets a process that wakes interrupt an order on its way; a batch process does
    not (sched(7)).
    """
    os.nice(niceness)
    if hasattr(os, "SCHED_BATCH"):
        with suppress(OSError):  # where the machine's owner does not let a process choose
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def group_after_trading(pid: int, niceness: int) -> None:
    """The group of a session's first process; what is refused for now is said again beside."""
    if not _said(pid, niceness):
        Thread(target=_again, args=(pid, niceness), name="autogroup", daemon=True).start()


def _again(pid: int, niceness: int) -> None:
    pause = Event()  # which nobody sets
    for _ in range(TRIES):
        pause.wait(PAUSE_S)
        if _said(pid, niceness):
            return


def _said(pid: int, niceness: int) -> bool:
    """False while others have just said theirs; true where there are no such groups, too."""
    try:
        Path(f"/proc/{pid}/autogroup").write_text(str(niceness))
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True
