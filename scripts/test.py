"""Run the tests by part and say how long each took; the last line is `N passed, N failed`.

Two parts run side by side, the longest begin first. What a part says is shown when it ends: its
counts when it passed, all of it when it failed. A few failures of tests that drive real clients
and browsers are tried once more when nothing else runs, and named whatever comes of it (decision
0018).
"""

import argparse
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The order in which parts begin. Style is last: its clippy would wait for cargo's lock.
PYTHON_PARTS = ("chaos", "integration", "browser", "clients", "unit", "style")
SIDE_BY_SIDE = 2
PYTEST_TESTS_FAILED = 1
PYTEST_NOTHING_RAN = 5
# Parts whose tests wait for other programs on a busy machine. Not chaos: what was lost once is
# lost, however often it is not.
TRIED_AGAIN = ("integration", "browser", "clients")
MOST_TRIED_AGAIN = 3

VITEST = ("env", "NO_COLOR=1", "npm", "run", "--silent", "--prefix", "web", "test")

PASSED = re.compile(r"(\d+) passed")
FAILED = re.compile(r"(\d+) (?:failed|errors?)\b")
SKIPPED = re.compile(r"(\d+) skipped")


@dataclass(frozen=True)
class Outcome:
    """What one part came to."""

    part: str
    passed: int
    failed: int
    skipped: int
    seconds: float
    output: str
    code: int


def summary_lines(output: str) -> list[str]:
    """Return the lines in which cargo, pytest or vitest counts."""
    pytest_line = re.compile(r"\b(passed|failed|error|errors|skipped)\b.* in [\d.]+s")
    return [
        line
        for line in output.splitlines()
        if line.startswith("test result:")
        or line.lstrip().startswith("Tests  ")
        or pytest_line.search(line)
    ]


def run_part(part: str, command: list[str]) -> Outcome:
    """Run one part to its end; a crash without a count is a failure."""
    started = time.monotonic()
    done = subprocess.run(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    counted = "\n".join(summary_lines(done.stdout))
    passed, failed, skipped = (
        sum(map(int, pattern.findall(counted))) for pattern in (PASSED, FAILED, SKIPPED)
    )
    ended_well = done.returncode == 0 or (
        done.returncode == PYTEST_NOTHING_RAN and "pytest" in command and not counted
    )
    if not ended_well and failed == 0:
        failed = 1
    took = time.monotonic() - started
    return Outcome(part, passed, failed, skipped, took, done.stdout, done.returncode)


def report(outcome: Outcome) -> None:
    """Print a part's line, and everything it said when it failed."""
    if outcome.failed:
        print(outcome.output, flush=True)
    counts = f"{outcome.passed} passed, {outcome.failed} failed, {outcome.skipped} skipped"
    print(f"[{outcome.part:<11}] {counts} ({outcome.seconds:.1f} s)", flush=True)


def plan(*, long: bool) -> dict[str, list[str]]:
    """Return the command of each part that has tests, in the order in which they begin."""
    pytest = [sys.executable, "-m", "pytest", "-q", "--durations=5"]
    if not long:
        pytest += ["-m", "not slow"]

    def keeping_failures(part: str) -> list[str]:
        return ["-o", f"cache_dir=.pytest_cache/{part}"]

    rust = ["cargo", "test", "--workspace", "--locked", "--quiet"]
    return {"rust": rust, "web": list(VITEST)} | {
        part: [*pytest, *keeping_failures(part), f"tests/{part}"]
        for part in PYTHON_PARTS
        if any((ROOT / "tests" / part).rglob("test_*.py"))
    }


def run_and_report(part: str, command: list[str]) -> Outcome:
    """Run one part and print what it came to."""
    outcome = run_part(part, command)
    report(outcome)
    return outcome


def failures(outcome: Outcome) -> list[str]:
    """Return pytest's lines that name what failed."""
    return [line for line in outcome.output.splitlines() if line.startswith(("FAILED ", "ERROR "))]


def may_be_tried_again(outcome: Outcome) -> bool:
    """Tell whether a part failed by a few named tests, not by a crash or by many."""
    return (
        outcome.code == PYTEST_TESTS_FAILED
        and outcome.failed == len(failures(outcome))
        and outcome.failed <= MOST_TRIED_AGAIN
    )


def try_again(outcome: Outcome, command: list[str]) -> Outcome:
    """Run a part's failed tests alone; a success is counted and stays named as unsteady."""
    only_failed = ["--last-failed", "--last-failed-no-failures=none"]
    again = run_part(outcome.part, [*command, *only_failed])
    if again.failed or again.passed != outcome.failed:
        print(f"[{outcome.part:<11}] failed again:\n{again.output}", flush=True)
        return outcome
    for line in failures(outcome):
        print(f"[{outcome.part:<11}] UNSTEADY, passed when run again alone: {line}", flush=True)
    return replace(outcome, passed=outcome.passed + again.passed, failed=0)


def main() -> int:
    """Return 0 when something ran and nothing failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help="only these parts, for example: style unit")
    parser.add_argument("--long", action="store_true", help="the tests marked slow too")
    arguments = parser.parse_args()
    cargo_home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    os.environ["PATH"] += f"{os.pathsep}{cargo_home / 'bin'}"

    parts = plan(long=arguments.long)
    if unknown := [part for part in arguments.parts if part not in parts]:
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join(parts)}")
    chosen = {part: parts[part] for part in arguments.parts} or parts
    started = time.monotonic()
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        outcomes = list(pool.map(run_and_report, chosen.keys(), chosen.values()))
    outcomes = [
        try_again(outcome, chosen[outcome.part])
        if outcome.part in TRIED_AGAIN and may_be_tried_again(outcome)
        else outcome
        for outcome in outcomes
    ]
    passed, failed = (sum(getattr(o, name) for o in outcomes) for name in ("passed", "failed"))
    print(f"All parts in {time.monotonic() - started:.1f} s.")
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
