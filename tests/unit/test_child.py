"""Goal: a child that ends of a fault says why, and nothing of what it worked on.

Method: the program that runs children, with a module that raises.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SECRET = "a-memo-of-somebody"
FAILS = f"""
def inner():
    raise ValueError("{SECRET}")

try:
    inner()
except ValueError as problem:
    raise ExceptionGroup("several", [problem, ExceptionGroup("deeper", [KeyError("{SECRET}")])])
"""


def ended(folder: Path, source: str) -> tuple[int, str]:
    """Its code and what it said."""
    (folder / "failing.py").write_text(source)
    done = subprocess.run(
        [sys.executable, "-m", "fullreserve.app.child", str(os.getpid()), "failing"],
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_child_that_ends_of_a_fault_says_which_and_where(tmp_path: Path) -> None:
    """Criterion: CHAINS-PAYER-15. Each of a group, and no message."""
    code, said = ended(tmp_path, FAILS)
    assert code == 1
    assert "child fails" in said
    assert "ValueError in inner" in said
    assert "KeyError" in said
    assert "failing.py:3 inner" in said
    assert SECRET not in said
    assert "Traceback" not in said


def test_a_child_that_ends_by_itself_keeps_its_code(tmp_path: Path) -> None:
    """Criterion: CHAINS-PAYER-15."""
    assert ended(tmp_path, "import sys\nsys.exit(65)") == (65, "")
