"""Goal: Rust code is formatted and clean of warnings. Method: the tools themselves."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def complaints(*command: str) -> str:
    """Run a tool and return what it said if it failed."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def test_rustfmt_would_format_nothing() -> None:
    """Criterion: HOUSE-STYLE-3."""
    assert not complaints("cargo", "fmt", "--all", "--check")


def test_clippy_finds_nothing() -> None:
    """Criterion: HOUSE-STYLE-3."""
    lint = ("clippy", "--workspace", "--all-targets", "--locked", "--quiet")
    assert not complaints("cargo", *lint, "--", "-D", "warnings")
