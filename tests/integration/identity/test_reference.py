"""The reference says what there is: every endpoint of the web API, and every code of its own."""

from __future__ import annotations

import re
from pathlib import Path

from fullreserve.gateway.errors import TABLE
from fullreserve.gateway.rest.app import routes
from fullreserve.gateway.rest.route import API
from tests.integration.identity.bed import ANY_BODY, Town

REFERENCE = Path(__file__).parents[3] / "docs/reference/identity.md"
CHECKING = REFERENCE.with_name("checking.md")  # what everybody may check
ELSEWHERE = {("POST", "x/cancel-all")}  # order entry's own
OPERATOR = "x/operator/"  # has a reference of its own


async def test_the_reference_names_each_endpoint_and_code(town: Town) -> None:
    """Criterion: ID-DOC-1"""
    text = REFERENCE.read_text(encoding="utf-8")
    both = text + CHECKING.read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `(GET|POST) (x/[a-z/-]+)`", both, re.MULTILINE))
    served = {
        (method, path.removeprefix(API))
        for method, path in routes(town.rest.context)
        if path.startswith(API + "x/") and not path.startswith(API + OPERATOR)
    }
    assert named == served - ELSEWHERE
    rows = re.findall(r"^\| (9\d{4}) \| (\d{3})\b", text, re.MULTILINE)
    assert {int(code): int(http) for code, http in rows} == {
        code: row.http for code, row in TABLE.items() if 90_000 <= code < 91_000
    }


async def test_the_reference_marks_what_wants_a_proof(town: Town) -> None:
    """Criterion: ID-DOC-1"""
    text = REFERENCE.read_text(encoding="utf-8")
    marked = set(re.findall(r"^\| `POST (x/[a-z/-]+)` \*proof\*", text, re.MULTILINE))
    home = await town.user()
    town.clock.advance(town.rest.vault.rules.step_up_ms)
    wanting = set()
    for method, path in routes(town.rest.context):
        name = path.removeprefix(API)
        if name.startswith(OPERATOR):
            continue
        if method == "POST" and name.startswith("x/") and name != "x/sign-out":
            answer = await home.post(name, **ANY_BODY)
            if answer.code == "90006":
                wanting.add(name)
    assert wanting == marked
