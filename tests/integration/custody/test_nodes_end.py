"""Goal: no node outlives who started it, not even one that takes no notice of being ended.

Method: real processes that ignore SIGTERM, or are stopped; who started them ends them or is killed.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys

import pytest

from fullreserve.custody.nodes import NodeProcess

DEAF = ["sh", "-c", "trap '' TERM; echo; while :; do sleep 1; done"]
WAIT_S = 60
STARTS = """
import sys
from fullreserve.custody.nodes import NodeProcess
node = NodeProcess(sys.argv[2:], "http://127.0.0.1:1", "", float(sys.argv[1]))
print(node.pid, node._guard.pid, flush=True)
sys.stdin.read()
"""


def has_ended(pid: int) -> bool:
    """Whether a process ends by itself now, or has."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], WAIT_S)[0])
    finally:
        os.close(process)


def end(*pids: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


@pytest.mark.parametrize("command", [DEAF, ["sleep", "600"]], ids=["deaf", "stopped"])
def test_a_node_ends_though_its_parent_was_killed(command: list[str]) -> None:
    """Criterion: CHAINS-NODES-5."""
    asked = [sys.executable, "-c", STARTS, "0.1", *command]
    with subprocess.Popen(asked, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        node, guard = map(int, parent.stdout.readline().split())
        try:
            if command is not DEAF:
                os.kill(node, signal.SIGSTOP)
            for spared in (signal.SIGTERM, signal.SIGINT):
                os.kill(guard, spared)
            parent.kill()
            assert has_ended(node)
            assert has_ended(guard)
        finally:
            end(parent.pid, node, guard)


def test_a_node_that_does_not_end_is_killed() -> None:
    """And nothing is left of who guards it. Criterion: CHAINS-NODES-5."""
    node = NodeProcess(DEAF, "http://127.0.0.1:1", "", grace_s=0.1)
    try:
        node.stop()
        assert not node.pid
        assert node._guard.poll() == 0
    finally:
        node.kill()
