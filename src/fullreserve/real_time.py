"""The order process before all other programs of a machine, where its operator asks for it."""

from __future__ import annotations

import os

# The least: whatever else an operator runs in real time comes before the exchange.
PRIORITY = 1


class RefusedRealTime(OSError):
    """This user may not; the message names the setting and what is allowed."""


def take_real_time() -> None:
    """This thread runs when it wakes, whatever else wants a processor (SCHED_RR of sched(7)).

    Children and later threads do not inherit it. Raises RefusedRealTime.
    """
    try:
        policy = os.SCHED_RR | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(0, policy, os.sched_param(PRIORITY))
    except OSError as problem:
        raise RefusedRealTime(
            f"FULLRESERVE_REALTIME = on cannot be had: {problem.strerror}; allowed are root, a "
            "user with CAP_SYS_NICE, one with a limit of real time (ulimit -r) of at least "
            f"{PRIORITY}, or off"
        ) from problem


def is_real_time() -> bool:
    """Whether this thread has taken it."""
    return os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK == os.SCHED_RR
