"""Write docs/reference/errors.md: every code, its HTTP status and message, and what shows it.

`python -m scripts.errors` writes the file; a test fails when it is not up to date.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator

from fullreserve.gateway.errors import TABLE
from fullreserve.gateway.rest.absent import Line
from fullreserve.gateway.rest.absent import lines as absent_lines
from scripts.source import ROOT
from tests.integration.codes.cases import REST, WEBSOCKET
from tests.integration.codes.elsewhere import NEVER, SHOWN

FILE = ROOT / "docs" / "reference" / "errors.md"
TESTS = ROOT / "tests"
# From here on codes are ours: OKX has none for its own web site and its operators.
OURS = 90_000
PRODUCED = "integration/codes/test_codes.py"

HEAD = """# Error codes

Written by `python -m scripts.errors` from the table of refusals; do not edit. *HTTP* is the status
of a refused request; in the rows of order entry every code travels with 200, and on WebSocket with
none. Where a message has a limit, a list or a time to name, it is added behind it. *Shown by* is
the test that produces the code: `test_codes.py` sends the request for each of its codes to an
exchange that runs, and fails when one is missing.
"""
COLUMNS = "| code | HTTP | message | shown by |\n|---|---|---|---|"


def absent_code(line: Line) -> int:
    """The code that a line of the table of absent endpoints answers with; 0 for an empty list."""
    parts = line.answer.removeprefix("row:").split(":")
    return int(parts[0]) if parts[0].isdigit() else 0


def of_absent() -> dict[int, Line]:
    """The first absent endpoint that answers with each code."""
    found: dict[int, Line] = {}
    for line in absent_lines():
        found.setdefault(absent_code(line), line)
    found.pop(0)
    return found


@functools.cache
def naming_tests() -> dict[int, str]:
    """Each five-digit code that stands in a test's own body, and the first such test."""
    found: dict[int, str] = {}
    for file in sorted((TESTS / "integration").rglob("test_*.py")) + sorted(
        (TESTS / "unit").rglob("test_*.py")
    ):
        for name, code in codes_in(file.read_text(encoding="utf-8")):
            found.setdefault(code, f"{file.relative_to(TESTS)}::{name}")
    return found


def codes_in(text: str) -> Iterator[tuple[str, int]]:
    """Test and code, for each code that is a constant in a test or in its decorators."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for part in ast.walk(node):
                value = str(part.value) if isinstance(part, ast.Constant) else ""
                if len(value) == len("50000") and value.isdecimal():
                    yield node.name, int(value)


def shown_by(code: int) -> str:
    """What shows a code; empty where nothing does."""
    if code in REST or code in WEBSOCKET:
        return PRODUCED
    if code in of_absent():
        return f"{PRODUCED} (`{of_absent()[code].path}`)"
    if code in NEVER:
        return f"cannot occur: {NEVER[code]}"
    return SHOWN.get(code, "") or (naming_tests().get(code, "") if code >= OURS else "")


def text() -> str:
    """The whole file."""
    rows = {
        code: f"| {code} | {row.http if code < 60_000 or code >= OURS else ''} "
        f"| {_message(row.message)} | {shown_by(code)} |"
        for code, row in sorted(TABLE.items())
    }
    okx = [row for code, row in rows.items() if code < OURS]
    ours = [row for code, row in rows.items() if code >= OURS]
    parts = (
        HEAD,
        "\n".join([COLUMNS, *okx]) + "\n",
        "## Ours\n",
        "\n".join([COLUMNS, *ours]) + "\n",
    )
    return "\n".join(parts)


def _message(message: str) -> str:
    return message.replace("{name}", "*name*").replace("{allowed}", "*allowed*")


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
