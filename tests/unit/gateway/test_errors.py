"""The table of refusals holds what can happen, and each of its codes is named by a test."""

from __future__ import annotations

import re

from fullreserve.gateway.errors import TABLE, Problem
from fullreserve.gateway.rest.absent import FILE
from scripts.source import ROOT

# Of the WebSocket: its own room names them.
WEBSOCKET = range(60_000, 65_000)
UNREACHED = {
    51025: "a book with 2^32 levels",
    51506: "orders that cannot be amended never rest",
    58115: "transfers to another owner are asked for by a sub-account's name",
    58124: "a transfer numbered by another gateway, or 65,536 submissions ago",
    58203: "the core's own withdrawal is asked for by nobody",
    59401: "there are no deposits yet",
}


def test_every_code_is_named_by_a_test() -> None:
    """Criterion: REST-CODES-1"""
    files = sorted((ROOT / "tests").rglob("*.py"))
    text = "\n".join(
        file.read_text(encoding="utf-8") for file in files if file.name != "test_errors.py"
    )
    # Those of products that are not offered are tested line by line.
    text += FILE.read_text(encoding="utf-8")
    named = {int(code) for code in re.findall(r"\b\d{5}\b", text)} | {1, 2}
    unnamed = [code for code in TABLE if code not in named and code not in WEBSOCKET]
    assert sorted(unnamed) == sorted(UNREACHED)


def test_messages_are_sentences_with_their_values() -> None:
    """Criterion: REST-3"""
    for code, row in TABLE.items():
        message = Problem(code, "X", "Y").message
        assert message
        assert "{" not in message
        assert row.http in (200, 400, 401, 403, 404, 405, 409, 410, 429, 500, 503)
        assert ("{name}" in row.message) <= ("X" in message)
