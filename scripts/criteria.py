"""Numbered criteria in `docs/criteria/` and the tests that cite them.

A criterion is a list item `- **ID**: statement`. A test cites it with `Criterion: ID` or
`Criteria: ID, ID` in its docstring or a comment. A criterion that a command shows rather than a
test names it in its statement: `(command: make bench)`.
"""

import re
from collections import defaultdict

from scripts.source import lines, name, with_suffix

IDENTIFIER = r"[A-Z][A-Z0-9]*(?:[-.][A-Z0-9]+)*"
CRITERION = re.compile(rf"^- \*\*({IDENTIFIER})\*\*: ")
CITATION = re.compile(rf"Criteri(?:on|a): ({IDENTIFIER}(?:,\s*{IDENTIFIER})*)")
COMMAND = re.compile(r"\(command: [^)]+\)")


def stated() -> dict[str, list[str]]:
    """Return each criterion's id with the places that state it; more than one is a mistake."""
    places: dict[str, list[str]] = defaultdict(list)
    for path in with_suffix(".md", under="docs/criteria"):
        for number, line in enumerate(lines(path), 1):
            if found := CRITERION.match(line):
                places[found[1]].append(f"{name(path)}:{number}")
    return places


def shown_by_command() -> set[str]:
    """Return the ids of the criteria that name a command."""
    shown = set()
    for path in with_suffix(".md", under="docs/criteria"):
        for item in re.split(r"^(?=- )", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
            if (found := CRITERION.match(item)) and COMMAND.search(" ".join(item.split())):
                shown.add(found[1])
    return shown


def cited() -> dict[str, list[str]]:
    """Return each cited id with the places that cite it."""
    places: dict[str, list[str]] = defaultdict(list)
    for folder in ("tests", "crates", "benchmarks", "web/src"):
        for path in with_suffix(".py", ".rs", ".ts", ".tsx", under=folder):
            for number, line in enumerate(lines(path), 1):
                for found in CITATION.finditer(line):
                    for identifier in re.split(r",\s*", found[1]):
                        places[identifier].append(f"{name(path)}:{number}")
    return places
