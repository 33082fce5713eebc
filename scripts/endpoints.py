"""Write docs/reference/endpoints.md: every endpoint, how it answers, its limit, and its test.

`python -m scripts.endpoints` writes the file; a test fails when it is not up to date.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.absent import Absent
from fullreserve.gateway.rest.absent import lines as absent_lines
from fullreserve.gateway.rest.app import routes
from fullreserve.gateway.rest.route import ANY, API, Route
from fullreserve.identity.api_key import Permission
from scripts.source import ROOT

FILE = ROOT / "docs" / "reference" / "endpoints.md"
TESTS = [ROOT / "tests" / "integration" / folder for folder in ("rest", "identity")]
# They judge how requests are read and documented, and what is refused, not what is answered.
OF_TRANSPORT = (
    *("test_openapi.py", "test_raw_http.py", "test_records_faults.py", "test_refusals.py"),
    *("test_short_way.py", "test_strange_input.py", "test_over_http.py", "test_privacy.py"),
    *("test_surface.py", "test_sessions.py"),
)
ABSENT_TEST = "test_absent.py: test_every_line_answers_as_it_says"
WHO = {0: "anybody", ANY: "key", Permission.TRADE: "trade", Permission.WITHDRAW: "withdraw"}
# Counted behind the door.
DOOR = {
    "asset/subaccount/transfer": "1 in 1 s",
    "asset/transfer": "2 in 1 s, by ccy",
    "trade/cancel-all-after": "1 in 1 s, by tag",
    "x/cancel-all": "5 in 2 s",
}

HEAD = """# REST endpoints

Written by `python -m scripts.endpoints` from the table of routes; do not edit. Paths are below
`/api/v5/`. *Who* is anybody, any key, or a key with a permission. *Limit* is calls in a window, by
address where anybody may call, by user where a key is needed, and by the named parameter too;
order entry is counted by user and instrument (60 single orders, 300 in batches, each in 2 s). What
parameters an endpoint takes is at `/docs` of a running exchange and in its `/openapi.json`. The
web application's own endpoints below `x/` are not in this table.
"""

ABSENT_HEAD = """An answer `[]` is an empty list; a number is the code of the refusal, with the
parameter that it names; `row:` refuses each row of the body with that code.
"""


class Nobody:
    """Stands for the rooms of a gateway: routes are listed here, not called."""

    folder = None
    gateway = 0

    def numbers(self, count: int) -> int:
        """As a door's."""
        return count

    def highest(self, gateway: int) -> int:
        """As notes of client ids."""
        return gateway

    def __getattr__(self, name: str) -> Any:
        return Nobody()

    def __call__(self, *_arguments: Any) -> Any:
        return Nobody()

    def __sub__(self, _other: Any) -> int:
        return 0

    def __index__(self) -> int:
        return 0


def table() -> dict[tuple[str, str], Route]:
    """The routes, by method and path below the API."""
    found = routes(cast(Context, Nobody()))
    below = {(method, path.removeprefix(API)): route for (method, path), route in found.items()}
    return {name: route for name, route in below.items() if not _is_web(name[1])}


def _is_web(path: str) -> bool:
    """Whether a path is of the web application's own API."""
    return path.startswith("x/") and path != "x/cancel-all"


def served_tests() -> Iterator[tuple[str, Counter[str], bool]]:
    """Yield each REST test, how often it names each path, and whether it reads what is answered."""
    for file in [file for folder in TESTS for file in sorted(folder.glob("test_*.py"))]:
        if file.name in OF_TRANSPORT:
            continue
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("test_"):
                texts = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
                paths = (text.removeprefix(API) for text in texts if isinstance(text, str))
                read = {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
                yield f"{file.name}: {node.name}", Counter(paths), bool(read & {"row", "data"})


def judging() -> dict[str, str]:
    """The test of each path: of those that read answers the one that names the fewest others.

    A test that goes to many endpoints, or to one on its way to another, tells little of it.
    """
    known = {path for _, path in table()}
    best: dict[str, tuple[bool, float, int, str]] = {}
    for test, named, reads in served_tests():
        counts = {path: count for path, count in named.items() if path in known}
        for path, count in counts.items():
            rank = (reads, count / sum(counts.values()), count)
            if path not in best or rank > best[path][:3]:
                best[path] = (*rank, test)
    return {path: test for path, (*_, test) in best.items()}


def limit(path: str, route: Route) -> str:
    """The allowance in words."""
    if route.allowance is None:
        return DOOR.get(path, "by user and instrument")
    calls, window_ms, by = route.allowance
    return f"{calls} in {window_ms / 1000:g} s" + (f", by {by}" if by else "")


def text() -> str:
    """The whole file."""
    tests = judging()
    answers = {(line.method, line.path): line.answer for line in absent_lines()}
    served, absent = [], []
    for (method, path), route in sorted(table().items(), key=lambda item: item[0][::-1]):
        who = WHO[route.permission]
        head = f"| {method} `{path}` | {who} | {limit(path, route)} |"
        if isinstance(route.handler, Absent):
            absent.append(f"{head} {answers[(method, path)]} | {ABSENT_TEST} |")
        else:
            about = " ".join(route.about.split("\n\n")[0].split()) or _named(path)
            served.append(f"{head} {about} | {tests.get(path, '')} |")
    columns = "| endpoint | who | limit | answer | test |\n|---|---|---|---|---|"
    parts = (
        HEAD,
        f"## Served ({len(served)})\n",
        "\n".join([columns, *served]) + "\n",
        f"## Of products that are not offered ({len(absent)})\n",
        ABSENT_HEAD,
        "\n".join([columns, *absent]) + "\n",
    )
    return "\n".join(parts)


def _named(path: str) -> str:
    """What an endpoint is about, by its path."""
    return path.rpartition("/")[2].replace("-", " ").capitalize() + "."


def main(file: Path = FILE) -> None:
    """Write the file."""
    file.parent.mkdir(exist_ok=True)
    file.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
