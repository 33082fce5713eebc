"""Goal: the runner never calls a failure a success. Method: run it over real small suites."""

import sys
from pathlib import Path

import pytest

from scripts.source import ROOT
from scripts.test import (
    PYTHON_PARTS,
    folders,
    may_be_tried_again,
    part_of,
    plan,
    run_piece,
    whole_part,
    with_second_tries,
)

PASSES = "def test_one(): pass\n"
FAILS = "def test_two(): assert False\n"
BREAKS = "import nothing_of_this_name\n"
SLOW = "import pytest\n@pytest.mark.slow\ndef test_three(): pass\n"
CRASHES = "import os\ndef test_four(): os._exit(3)\n"
ONCE = """from pathlib import Path
def test_six():
    seen = Path(__file__).with_name('seen')
    if not seen.exists():
        seen.touch()
        assert False
"""
SKIPS = "import pytest\ndef test_five(): pytest.skip('no disk')\n"


# Its failures may be tried again.
PROBE = "clients"


def command_of(folder: Path, *suites: str) -> list[str]:
    """Lay a suite of files down and return the command that runs it."""
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    slow: long\n")
    for number, suite in enumerate(suites):
        (folder / f"test_suite_{number}.py").write_text(suite)
    quiet = ["-q", "-ra", "-m", "not slow", "--rootdir", str(folder)]
    return [sys.executable, "-m", "pytest", *quiet, str(folder)]


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
    outcome = run_piece(PROBE, command_of(tmp_path, *suites))
    assert (outcome.passed, outcome.failed, outcome.skipped) == (passed, failed, skipped)


def test_a_command_that_fails_without_counting_is_a_failure() -> None:
    """Criterion: HOUSE-RUN-3."""
    outcome = run_piece(PROBE, [sys.executable, "-c", "print('error: no such crate'); exit(101)"])
    assert (outcome.passed, outcome.failed) == (0, 1)
    assert "no such crate" in outcome.output


@pytest.mark.parametrize(
    ("suites", "failed"),
    [([PASSES, ONCE], 0), ([PASSES, FAILS], 1), ([ONCE, FAILS], 2)],
    ids=["once", "always", "one of two"],
)
def test_a_second_try_takes_back_only_what_then_passes(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    suites: list[str],
    failed: int,
) -> None:
    """Criterion: HOUSE-RUN-5."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    command = command_of(tmp_path, *suites)
    first = run_piece(PROBE, command)
    assert may_be_tried_again([first])
    (second,) = with_second_tries([first], {PROBE: command})
    assert (second.passed + second.failed, second.failed) == (2, failed)
    assert ("UNSTEADY" in capsys.readouterr().out) is (failed == 0)


@pytest.mark.parametrize(
    "suites", [[PASSES, BREAKS], [CRASHES], [FAILS] * 4], ids=["breaks", "crashes", "many"]
)
def test_a_crash_and_many_failures_have_no_second_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suites: list[str]
) -> None:
    """Criterion: HOUSE-RUN-5."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    crashed = run_piece(PROBE, command_of(tmp_path, *suites))
    assert not may_be_tried_again([crashed])
    assert with_second_tries([crashed], {}) == [crashed]


def test_failures_of_all_pieces_of_a_part_count_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: HOUSE-RUN-5."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pieces = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        command = command_of(tmp_path / name, PASSES, FAILS, FAILS)
        pieces.append(run_piece(f"clients/{name}", command))
    assert all(may_be_tried_again([piece]) for piece in pieces)
    assert not may_be_tried_again(pieces)
    both = whole_part("clients", pieces)
    assert (both.passed, both.failed, both.skipped) == (2, 4, 0)


def test_each_test_is_in_one_piece() -> None:
    """Criterion: HOUSE-RUN-6."""
    pieces = folders()
    assert {"rust", "web", *pieces} == set(plan(long=True))
    assert {part_of(name) for name in pieces} == set(PYTHON_PARTS)
    for path in (ROOT / "tests").rglob("test_*.py"):
        within = [
            name
            for name, (folder, left) in pieces.items()
            if path.is_relative_to(ROOT / folder)
            and not any(path.is_relative_to(ROOT / other) for other in left)
        ]
        assert len(within) == 1, path
