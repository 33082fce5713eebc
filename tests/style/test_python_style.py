"""Goal: Python code is formatted, linted and fully typed. Method: the tools themselves."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = [name for name in ("src", "tests", "benchmarks", "scripts") if (ROOT / name).is_dir()]


def complaints(*command: str) -> str:
    """Run a tool from the environment's own `bin` and return what it said if it failed."""
    tool = Path(sys.executable).parent / command[0]
    done = subprocess.run(
        [tool, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr if done.returncode else ""


def test_ruff_finds_nothing() -> None:
    """Criterion: HOUSE-STYLE-1."""
    assert not complaints("ruff", "check", "--no-fix", "--output-format=concise", *FOLDERS)


def test_ruff_would_format_nothing() -> None:
    """Criterion: HOUSE-STYLE-1."""
    assert not complaints("ruff", "format", "--check", *FOLDERS)


def test_mypy_strict_finds_nothing() -> None:
    """Criterion: HOUSE-STYLE-2."""
    assert not complaints("mypy")
