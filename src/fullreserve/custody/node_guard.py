"""Ends a chain's node when who started it is gone, however that ended: a process of its own.

`python -I -S node_guard.py PID GRACE_S`, with a pipe from who starts it as its input: a word on it
says that the node has ended in order, its end that nobody is there who could say so. A node that
does not end on SIGTERM within its grace is killed: it would hold its folder for ever.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from contextlib import suppress

IN_ORDER = b"."


def guard(pid: int, grace_s: float) -> None:
    """Returns when the node has ended, or was ended by this."""
    try:
        node = os.pidfd_open(pid)  # which no later process of the same number has
    except ProcessLookupError:
        return
    ready, _, _ = select.select([sys.stdin, node], [], [])
    if node in ready or os.read(sys.stdin.fileno(), 1):
        return
    _send(node, signal.SIGTERM)
    if not select.select([node], [], [], grace_s)[0]:
        _send(node, signal.SIGKILL)


def _send(node: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(node, number)


if __name__ == "__main__":
    guard(int(sys.argv[1]), float(sys.argv[2]))
