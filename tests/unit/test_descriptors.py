"""As many connections as the system gives, and descriptors kept back for the log."""

from __future__ import annotations

import subprocess
import sys

import pytest

ASK = "from fullreserve.app.descriptors import *; print(connections_max()); import resource; "
ASK += "print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])"


@pytest.mark.parametrize(
    ("soft", "hard", "most", "raised"),
    [(256, 1024, 384, 1024), (256, 4096, 1920, 4096), (200, 200, 1, 200)],
)
def test_the_limit_is_raised_and_shared(soft: int, hard: int, most: int, raised: int) -> None:
    """Criterion: REST-IN-6"""
    limited = f"ulimit -Sn {soft} && ulimit -Hn {hard} && exec {sys.executable} -c '{ASK}'"
    done = subprocess.run(["bash", "-c", limited], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(most), str(raised)]
