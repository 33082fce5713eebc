"""Goal: the web app's code compiles, is formatted and clean. Method: the tools themselves.

The linter also holds functions to 70 lines; `test_bounds.py` holds files and columns.
"""

import json
import subprocess

from scripts.source import ROOT

WEB = ROOT / "web"
FUNCTION_LINES_MAX = 70


def complaints(*command: str) -> str:
    """Run a tool of the web app and return what it said if it failed."""
    tool = [str(WEB / "node_modules" / ".bin" / command[0]), *command[1:]]
    done = subprocess.run(tool, cwd=WEB, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def test_the_compiler_finds_nothing() -> None:
    """Criterion: WEB-STYLE-1, WEB-I18N-1"""
    assert not complaints("tsc", "--noEmit")


def test_the_linter_finds_nothing_and_would_format_nothing() -> None:
    """Criterion: WEB-STYLE-1, HOUSE-STYLE-4"""
    assert not complaints("biome", "check", "--error-on-warnings", ".")


def test_the_linter_is_told_the_bounds() -> None:
    """Criterion: HOUSE-STYLE-4"""
    told = json.loads((WEB / "biome.json").read_text(encoding="utf-8"))
    lines = told["linter"]["rules"]["complexity"]["noExcessiveLinesPerFunction"]
    assert lines["options"]["maxLines"] == FUNCTION_LINES_MAX
    assert told["formatter"]["lineWidth"] == 100
