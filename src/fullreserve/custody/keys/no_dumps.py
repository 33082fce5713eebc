"""Keeps a process that holds keys from leaving its memory behind in a file."""

from __future__ import annotations

import ctypes
import os
import resource

# https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html
_PR_GET_DUMPABLE, _PR_SET_DUMPABLE = 3, 4


def forbid_dumps() -> None:
    """No core dump, and nobody of the same user reads its memory through /proc or ptrace.

    OSError where the system forbids neither. The limit alone would not do: a kernel that pipes core
    dumps to a program does not heed it.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if _prctl(_PR_SET_DUMPABLE, 0) or _prctl(_PR_GET_DUMPABLE, 0):
        raise OSError("a process with keys could leave its memory behind: it stays dumpable")


def _prctl(option: int, value: int) -> int:
    """The system's answer; OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    answer = int(libc.prctl(option, *map(ctypes.c_ulong, (value, 0, 0, 0))))
    if answer < 0:
        problem = ctypes.get_errno()
        raise OSError(problem, os.strerror(problem))
    return answer
