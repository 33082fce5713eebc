"""The table of endpoints in the documentation is the table of routes."""

from __future__ import annotations

from collections import Counter

from fullreserve.gateway.rest.absent import lines
from scripts import endpoints


def test_the_table_is_up_to_date() -> None:
    """Criterion: REST-TABLE-1. `python -m scripts.endpoints` writes it."""
    assert endpoints.FILE.read_text(encoding="utf-8") == endpoints.text()


def test_every_served_endpoint_has_a_test_and_says_what_it_does() -> None:
    """Criterion: REST-TABLE-1"""
    served = endpoints.text().partition("## Of products")[0]
    rows = [line.split(" | ") for line in served.splitlines() if line.startswith(("| GET", "| P"))]
    assert len(rows) >= 78
    assert not [row[0] for row in rows if row[-1].strip(" |") == "" or not row[3].strip()]


def test_no_endpoint_stands_twice() -> None:
    """Criterion: REST-TABLE-1"""
    counts = Counter((line.method, line.path) for line in lines())
    assert not [name for name, count in counts.items() if count > 1]
