"""Goal: October 2020 played again loses nobody a coin. Method: the command, with few users."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from fullreserve.simulation.scenario.latency import Sample, ratio_of
from fullreserve.simulation.scenario.plots import Event, Line, Plot
from fullreserve.simulation.scenario.report import Check, html


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
    lines = [Line("one <i>", [(0, 0), (500, 7)]), Line("", [(0, 1), (400, 2)])]
    plots = (Plot("Waiting", "requests", lines, [Event(100, "a <b>")], (100, 900)),)
    checks = (Check("all is well", holds=False), Check("as it was", holds=True))
    page = html("T", "about", [Event(1500, "<script>")], checks, plots)
    assert "<polyline" in page
    assert "&lt;script&gt;" in page
    assert "one &lt;i&gt;" in page
    assert page.count("<polyline") == 2
    assert ">NO<" in page
    for loading in ("<script", "http://", "https://", "src=", "@import"):
        assert loading not in page
    assert "Nothing was measured" in html("T", "", [], [], [Plot("none", "µs", [])])


def test_the_ratio_of_two_times_has_an_interval() -> None:
    """Criterion: SCENARIO-3. Equal times are within it; three times as long is above 1 for sure."""
    draws = random.Random(7)
    calm, other = (
        [Sample(at * 10, 100 + int(20 * draws.paretovariate(2))) for at in range(6_000)]
        for _ in range(2)
    )
    same = ratio_of(other, calm)
    assert same.low <= 1.0 <= same.high
    slow = ratio_of([Sample(at, 3 * us) for at, us in calm], calm)
    assert slow.low > 2
    assert slow.low <= slow.value <= slow.high
