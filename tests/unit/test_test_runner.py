"""Goal: the runner never calls a failure a success. Method: run it over real small suites."""

import sys
from pathlib import Path

import pytest

from scripts.test import Outcome, run_part

PASSES = "def test_one(): pass\n"
FAILS = "def test_two(): assert False\n"
BREAKS = "import nothing_of_this_name\n"
SLOW = "import pytest\n@pytest.mark.slow\ndef test_three(): pass\n"
CRASHES = "import os\ndef test_four(): os._exit(3)\n"
SKIPS = "import pytest\ndef test_five(): pytest.skip('no disk')\n"


def outcome_of(folder: Path, *suites: str) -> Outcome:
    """Run a suite of files through pytest as the runner does."""
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    slow: long\n")
    for number, suite in enumerate(suites):
        (folder / f"test_suite_{number}.py").write_text(suite)
    quiet = ["-q", "-m", "not slow", "-p", "no:cacheprovider", "--rootdir", str(folder)]
    return run_part("probe", [sys.executable, "-m", "pytest", *quiet, str(folder)])


@pytest.mark.parametrize(
    ("suites", "passed", "failed", "skipped"),
    [
        ([PASSES], 1, 0, 0),
        ([PASSES, FAILS], 1, 1, 0),
        ([PASSES, BREAKS], 0, 1, 0),
        ([PASSES, SKIPS], 1, 0, 1),
        ([CRASHES], 0, 1, 0),
        ([SLOW], 0, 0, 0),
    ],
    ids=["passes", "fails", "breaks", "skips", "crashes", "only slow"],
)
def test_each_end_of_a_part_is_counted(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    suites: list[str],
    passed: int,
    failed: int,
    skipped: int,
) -> None:
    """Criterion: HOUSE-RUN-3."""
    # The small suites need none of the plug-ins, which take most of the time of a start.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    outcome = outcome_of(tmp_path, *suites)
    assert (outcome.passed, outcome.failed, outcome.skipped) == (passed, failed, skipped)


def test_a_command_that_fails_without_counting_is_a_failure() -> None:
    """Criterion: HOUSE-RUN-3."""
    outcome = run_part("probe", [sys.executable, "-c", "print('error: no such crate'); exit(101)"])
    assert (outcome.passed, outcome.failed) == (0, 1)
    assert "no such crate" in outcome.output
