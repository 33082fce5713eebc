"""Print medians of file and function lengths, and the criteria with the tests that cite them.

A report, not a gate: it exits with 0.
"""

import argparse
import sys
from collections.abc import Iterable
from statistics import median

from scripts.criteria import cited, shown_by_command, stated
from scripts.lengths import functions
from scripts.source import lines, name, with_suffix

AREAS = {
    "Python": ("src", ".py"),
    "Python tests": ("tests", ".py"),
    "Rust": ("crates", ".rs"),
}
LONGEST = 5


def middle(values: Iterable[int]) -> str:
    """Return median and maximum in words."""
    held = list(values)
    return f"median {median(held):.0f}, longest {max(held)}" if held else "none"


def print_lengths() -> None:
    """Print each area's lengths and the longest functions of all."""
    longest: list[tuple[int, str]] = []
    for area, (folder, suffix) in AREAS.items():
        paths = with_suffix(suffix, under=folder)
        found = [(path, function) for path in paths for function in functions(path)]
        longest += [(f.length, f"{name(path)}:{f.line} {f.name}") for path, f in found]
        print(f"{area}: {len(paths)} files ({middle(len(lines(path)) for path in paths)} lines), ")
        print(f"  {len(found)} functions ({middle(f.length for _, f in found)} lines)")
    print("Longest functions:")
    for length, place in sorted(longest, reverse=True)[:LONGEST]:
        print(f"  {length:3} {place}")


def print_criteria(*, every: bool) -> None:
    """Print how many criteria are shown, and those that are not (or all of them)."""
    citations, commands = cited(), shown_by_command()
    criteria = stated()
    bare = [one for one in criteria if one not in citations and one not in commands]
    print(f"Criteria: {len(criteria)}, shown by a test or command: {len(criteria) - len(bare)}")
    for one in criteria if every else bare:
        places = citations.get(one, []) + (["a command"] if one in commands else [])
        print(f"  {one}: {', '.join(places) or 'NOT SHOWN'} ({criteria[one][0]})")


def main() -> int:
    """Print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="list every criterion and its tests")
    arguments = parser.parse_args()
    print_lengths()
    print_criteria(every=arguments.all)
    return 0


if __name__ == "__main__":
    sys.exit(main())
