"""Keeps a process that holds keys from leaving its memory behind in a file."""

from __future__ import annotations

import ctypes
import resource

# https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html
_PR_SET_DUMPABLE = 4


def forbid_dumps() -> None:
    """No core dump, and nobody of the same user reads its memory through /proc or ptrace."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0)
