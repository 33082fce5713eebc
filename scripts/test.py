"""Run the tests by part and say how long each took; the last line is `N passed, N failed`.

Parts are cut into pieces, each a process of its own. A few pieces run side by side, the longest
begin first, and whoever is free takes the next. What a piece says is shown when it ends: its counts
when it passed, all of it when it failed; parts of several pieces are counted at the end. A few
failures of tests that drive real clients and browsers are tried once more when nothing else runs,
and named whatever comes of it (decision 0018).
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
PYTHON_PARTS = ("integration", "browser", "clients", "unit", "style", "chaos")
# Folders that are a piece of their own; what else their part has is one more.
APART = {"integration": ("custody", "rest"), "browser": ("account",)}
# The order in which pieces begin: the longest first, and short ones fill the end. Style is late,
# because its clippy would wait for cargo's lock.
ORDER = (
    *("rust", "browser/others", "integration/custody", "integration/others", "browser/account"),
    *("integration/rest", "clients", "style", "unit", "web", "chaos"),
)
# One more than the cores of a small machine: a third of the time is waiting, for blocks of a chain,
# pages and other processes.
SIDE_BY_SIDE = 3
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
    """What a piece, or a part, came to."""

    name: str
    passed: int
    failed: int
    skipped: int
    seconds: float
    processor_s: float
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


def run_piece(name: str, command: list[str]) -> Outcome:
    """Run one piece to its end; a crash without a count is a failure."""
    started = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as said:
        output = said.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = code = os.waitstatus_to_exitcode(status)
    counted = "\n".join(summary_lines(output))
    passed, failed, skipped = (
        sum(map(int, pattern.findall(counted))) for pattern in (PASSED, FAILED, SKIPPED)
    )
    ended_well = code == 0 or (code == PYTEST_NOTHING_RAN and "pytest" in command and not counted)
    if not ended_well and failed == 0:
        failed = 1
    took, worked = time.monotonic() - started, used.ru_utime + used.ru_stime
    return Outcome(name, passed, failed, skipped, took, worked, output, code)


def line_of(outcome: Outcome) -> str:
    """Return the line of a piece or a part."""
    counts = f"{outcome.passed} passed, {outcome.failed} failed, {outcome.skipped} skipped"
    took = f"{outcome.seconds:.1f} s, {outcome.processor_s:.1f} s of processor"
    return f"[{outcome.name:<19}] {counts} ({took})"


def report(outcome: Outcome) -> None:
    """Print a piece's line, and everything it said when it failed."""
    if outcome.failed:
        print(outcome.output, flush=True)
    print(line_of(outcome), flush=True)


def part_of(name: str) -> str:
    """Return the part that a piece belongs to."""
    return name.partition("/")[0]


def whole_part(part: str, outcomes: list[Outcome]) -> Outcome:
    """Return what the pieces of a part came to together."""
    of_it = [outcome for outcome in outcomes if part_of(outcome.name) == part]
    return Outcome(
        part,
        passed=sum(outcome.passed for outcome in of_it),
        failed=sum(outcome.failed for outcome in of_it),
        skipped=sum(outcome.skipped for outcome in of_it),
        seconds=sum(outcome.seconds for outcome in of_it),
        processor_s=sum(outcome.processor_s for outcome in of_it),
        output="",
        code=max(outcome.code for outcome in of_it),
    )


def folders() -> dict[str, tuple[str, list[str]]]:
    """Return the folder of each piece of the Python parts, and which of its folders it leaves."""
    pieces: dict[str, tuple[str, list[str]]] = {}
    for part in PYTHON_PARTS:
        apart = [f"{part}/{name}" for name in APART.get(part, ())]
        pieces |= {name: (f"tests/{name}", []) for name in apart}
        others = f"{part}/others" if apart else part
        pieces[others] = f"tests/{part}", [f"tests/{name}" for name in apart]
    return pieces


def plan(*, long: bool) -> dict[str, list[str]]:
    """Return the command of each piece that has tests, in the order in which they begin."""
    pytest = [sys.executable, "-m", "pytest", "-q", "--durations=5"]
    if not long:
        pytest += ["-m", "not slow"]
    pieces = {
        # Clippy compiles the examples, too; there are no tests in them.
        "rust": ["cargo", "test", "--workspace", "--locked", "--quiet", "--tests"],
        "web": list(VITEST),
    }
    for name, (folder, left) in folders().items():
        if any((ROOT / folder).rglob("test_*.py")):
            keeping_failures = ["-o", f"cache_dir=.pytest_cache/{name.replace('/', '-')}"]
            without = [f"--ignore={other}" for other in left]
            pieces[name] = [*pytest, *keeping_failures, *without, folder]
    return {name: pieces[name] for name in sorted(pieces, key=ORDER.index)}


def run_and_report(name: str, command: list[str]) -> Outcome:
    """Run one piece and print what it came to."""
    outcome = run_piece(name, command)
    report(outcome)
    return outcome


def failures(outcome: Outcome) -> list[str]:
    """Return pytest's lines that name what failed."""
    return [line for line in outcome.output.splitlines() if line.startswith(("FAILED ", "ERROR "))]


def may_be_tried_again(outcomes: list[Outcome]) -> bool:
    """Tell whether a part failed by a few named tests, not by a crash or by many."""
    failed = [outcome for outcome in outcomes if outcome.failed]
    return (
        all(outcome.code == PYTEST_TESTS_FAILED for outcome in failed)
        and all(outcome.failed == len(failures(outcome)) for outcome in failed)
        and 0 < sum(outcome.failed for outcome in failed) <= MOST_TRIED_AGAIN
    )


def try_again(outcome: Outcome, command: list[str]) -> Outcome:
    """Run a piece's failed tests alone; a success is counted and stays named as unsteady."""
    only_failed = ["--last-failed", "--last-failed-no-failures=none"]
    again = run_piece(outcome.name, [*command, *only_failed])
    if again.failed or again.passed != outcome.failed:
        print(f"[{outcome.name}] failed again:\n{again.output}", flush=True)
        return outcome
    for line in failures(outcome):
        print(f"[{outcome.name}] UNSTEADY, passed when run again alone: {line}", flush=True)
    return replace(outcome, passed=outcome.passed + again.passed, failed=0)


def with_second_tries(outcomes: list[Outcome], pieces: dict[str, list[str]]) -> list[Outcome]:
    """Return the outcomes after the few failures that may be tried again were."""
    parts = {part_of(outcome.name) for outcome in outcomes}
    again = {
        part
        for part in parts & set(TRIED_AGAIN)
        if may_be_tried_again([outcome for outcome in outcomes if part_of(outcome.name) == part])
    }
    return [
        try_again(outcome, pieces[outcome.name])
        if outcome.failed and part_of(outcome.name) in again
        else outcome
        for outcome in outcomes
    ]


def main() -> int:
    """Return 0 when something ran and nothing failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help="only these parts, for example: style unit")
    parser.add_argument("--long", action="store_true", help="the tests marked slow too")
    arguments = parser.parse_args()
    cargo_home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    os.environ["PATH"] += f"{os.pathsep}{cargo_home / 'bin'}"

    pieces = plan(long=arguments.long)
    parts = list(dict.fromkeys(map(part_of, pieces)))
    if unknown := set(arguments.parts) - {*parts, *pieces}:
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join(parts)}")
    wanted = set(arguments.parts or parts)
    chosen = {name: command for name, command in pieces.items() if {name, part_of(name)} & wanted}
    started = time.monotonic()
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        outcomes = list(pool.map(run_and_report, chosen.keys(), chosen.values()))
    outcomes = with_second_tries(outcomes, chosen)
    for part in dict.fromkeys(map(part_of, chosen)):
        if part in APART:
            print(line_of(whole_part(part, outcomes)))
    passed, failed = (sum(getattr(o, name) for o in outcomes) for name in ("passed", "failed"))
    print(f"All parts in {time.monotonic() - started:.1f} s.")
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
