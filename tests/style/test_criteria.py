"""Goal: criteria and tests belong together. Method: read both and compare the ids."""

import re

from scripts.criteria import cited, shown_by_command, stated
from scripts.source import ROOT, lines, with_suffix

NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def test_each_criterion_is_stated_once() -> None:
    """Criterion: HOUSE-CRITERIA-1."""
    assert not {one: places for one, places in stated().items() if len(places) > 1}


def test_tests_cite_only_criteria_that_exist() -> None:
    """Criterion: HOUSE-CRITERIA-2."""
    criteria = stated()
    assert not {one: places for one, places in cited().items() if one not in criteria}


def test_each_criterion_is_cited_by_a_test_or_shown_by_a_command() -> None:
    """Criterion: HOUSE-CRITERIA-3."""
    tests = {
        one
        for one, places in cited().items()
        if any(not place.startswith("benchmarks/") for place in places)
    }
    assert not sorted(stated().keys() - tests - shown_by_command())


def test_each_test_that_criteria_name_exists() -> None:
    """Criterion: CUST-GONE-13."""
    named = [
        found.groups()
        for path in with_suffix(".md", under="docs/criteria")
        for line in lines(path)
        for found in NAMED.finditer(line)
    ]
    assert named
    defined = {path: (ROOT / path).read_text(encoding="utf-8") for path, _ in named}
    assert not [one for one in named if f"def {one[1]}(" not in defined[one[0]]]
