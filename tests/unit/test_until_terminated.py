"""Goal: a child that is asked to end twice ends as one that is asked once."""

from __future__ import annotations

import subprocess
import sys

# The second word comes while the loop closes, where it has closed what its handler writes to.
ENDING = """
import asyncio, os, signal
from fullreserve.until_terminated import until_terminated

class Loop(asyncio.SelectorEventLoop):
    def _close_self_pipe(self):
        super()._close_self_pipe()
        os.kill(os.getpid(), signal.SIGTERM)

async def work():
    asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGTERM)
    await asyncio.Event().wait()

with asyncio.Runner(loop_factory=Loop) as runner:
    runner.run(until_terminated(work()))
"""


def test_a_second_word_to_end_is_passed_over() -> None:
    """Criterion: HOUSE-CHILD-4"""
    done = subprocess.run([sys.executable, "-c", ENDING], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
