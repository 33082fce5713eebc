"""Goal: criteria and tests belong together. Method: read both and compare the ids."""

from scripts.criteria import cited, shown_by_command, stated


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
