"""The reference says what there is: every endpoint of the operator's API, its codes and proofs."""

from __future__ import annotations

import re
from pathlib import Path

from fullreserve.gateway.errors import TABLE
from fullreserve.gateway.rest.app import routes
from fullreserve.gateway.rest.route import API
from tests.integration.operator.bed import Console, X

REFERENCE = Path(__file__).parents[3] / "docs/reference/operator.md"
CUSTODY_CODES = 92_010  # what follows is of withdrawals
ANY_BODY = {
    "note": "because", "uid": "10000001", "proposal": "1", "instId": "BTC-USDT", "tradeId": "1",
    "account": "trading", "ccy": "BTC", "amount": "1", "house": "treasury", "reason": "error",
    "state": "suspend", "tier": "1", "maker": "0", "taker": "0", "parameter": "walk_max",
    "value": "7", "suspension": "1", "actions": "none", "level": "global", "threshold": "1",
    "tickSz": "1", "lotSz": "1", "minSz": "1", "maxLmtSz": "1", "maxMktSz": "1",
    "maxMktAmt": "1", "maxPx": "1", "sequence": "1",
}  # fmt: skip


async def test_the_reference_names_each_endpoint_and_code(console: Console) -> None:
    """Criterion: OP-DOC-1"""
    text = REFERENCE.read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `(GET|POST) (x/[a-z/-]+)`", text, re.MULTILINE))
    served = {
        (method, path.removeprefix(API))
        for method, path in routes(console.town.rest.context)
        if path.startswith(API + X)
    }
    assert named == served
    rows = re.findall(r"^\| (9\d{4}) \| (\d{3}) ", text, re.MULTILINE)
    assert {int(code): int(http) for code, http in rows} == {
        code: row.http
        for code, row in TABLE.items()
        if 91_000 <= code < CUSTODY_CODES or code > 93_000
    }


async def test_the_reference_marks_what_wants_a_proof(console: Console) -> None:
    """Criterion: OP-DOC-1"""
    text = REFERENCE.read_text(encoding="utf-8")
    marked = set(re.findall(r"^\| `POST (x/[a-z/-]+)` \*proof\*", text, re.MULTILINE))
    town = console.town
    town.clock.advance(town.rest.vault.rules.step_up_ms)
    wanting = set()
    for method, path in routes(town.rest.context):
        name = path.removeprefix(API)
        if method == "POST" and name.startswith(X):
            answer = await console.ada.browser.post(name, **ANY_BODY)
            if answer.code == "90006":
                wanting.add(name)
    assert wanting == marked
