"""The table of refusals holds what can happen."""

from __future__ import annotations

import re

from fullreserve.gateway.errors import TABLE, Problem
from scripts.source import ROOT


def test_every_code_that_is_raised_is_in_the_table() -> None:
    """Criterion: REST-CODES-1. A code beside the table would be sent without a word."""
    raised: dict[int, str] = {}
    for file in sorted((ROOT / "src").rglob("*.py")):
        for code in re.findall(r"Problem\(\s*(\d+)\b", file.read_text(encoding="utf-8")):
            raised.setdefault(int(code), file.name)
    assert raised
    assert not {code: name for code, name in raised.items() if code not in TABLE}


def test_messages_are_sentences_with_their_values() -> None:
    """Criterion: REST-3"""
    for code, row in TABLE.items():
        message = Problem(code, "X", "Y").message
        assert message
        assert "{" not in message
        assert row.http in (200, 400, 401, 403, 404, 405, 409, 410, 429, 500, 503)
        assert ("{name}" in row.message) <= ("X" in message)
