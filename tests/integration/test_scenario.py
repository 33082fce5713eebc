"""Goal: October 2020 played again loses nobody a coin. Method: the command, with few users."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fullreserve.simulation.scenario.report import Check, Event, Plot, html


@pytest.mark.slow
def test_october_2020_ends_with_everybody_paid(tmp_path: Path) -> None:
    """Criterion: SCENARIO-1, SCENARIO-2."""
    page = tmp_path / "report.html"
    words = ["scenario", "october-2020", "--users", "24", "--report", str(page)]
    command = [sys.executable, "-m", "fullreserve.cli", *words]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=600, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "what is owed to them is 0" in done.stdout
    text = page.read_text(encoding="utf-8")
    assert "24 of 24" in text
    assert "RIGHT" in text
    assert ">NO<" not in text


def test_the_report_loads_nothing_and_shows_what_was_wrong() -> None:
    """Criterion: SCENARIO-2. Plots are drawn in it, text of others is text."""
    plots = (Plot("Waiting", "requests", [(0, 0), (500, 7)], [Event(100, "a <b>")]),)
    checks = (Check("all is well", holds=False), Check("as it was", holds=True))
    page = html("T", "about", [Event(1500, "<script>")], checks, plots)
    assert "<polyline" in page
    assert "&lt;script&gt;" in page
    assert ">NO<" in page
    for loading in ("<script", "http://", "https://", "src=", "@import"):
        assert loading not in page
    assert "Nothing was measured" in html("T", "", [], [], [Plot("none", "µs", [])])
