"""As many connections as the system gives, and descriptors kept back for the log."""

from __future__ import annotations

import subprocess
import sys

import pytest

ASK = "from fullreserve.app.descriptors import *; print(connections_max()); import resource; "
ASK += "print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])"


@pytest.mark.parametrize(
    ("soft", "hard", "most", "raised"),
    [(256, 1024, 384, 1024), (256, 4096, 1920, 4096), (512, 512, 128, 512)],
)
def test_the_limit_is_raised_and_shared(soft: int, hard: int, most: int, raised: int) -> None:
    """Criterion: REST-IN-6"""
    assert asked(soft, hard).stdout.split() == [str(most), str(raised)]


def test_too_few_for_anything_are_refused_with_what_to_do() -> None:
    """Criterion: REST-IN-6"""
    refused = asked(200, 200)
    assert refused.returncode == 1
    assert "may open 200 files and connections; at least 512 are needed" in refused.stderr


def asked(soft: int, hard: int) -> subprocess.CompletedProcess[str]:
    """What the question says under these limits."""
    limited = f"ulimit -Sn {soft} && ulimit -Hn {hard} && exec {sys.executable} -c '{ASK}'"
    return subprocess.run(["bash", "-c", limited], capture_output=True, text=True, check=False)
