"""Whatever is sent, the web API answers with its envelope and never with a fault of its own."""

from __future__ import annotations

from typing import Any

import pytest

from fullreserve.gateway.rest.app import routes
from fullreserve.gateway.rest.route import API
from tests.integration.identity.bed import ANY_BODY, SESSION, Browser, Town

STRANGE: tuple[Any, ...] = (
    "x" * 5000,
    "\0",
    "💥",
    "%s{}[]'\";--",
    "-1",
    10**400,
    -0.5,
    True,
    None,
    [],
    {},
    [1, [2]],
    {"id": {"id": 1}},
    "00000000-0000-0000-0000-000000000000",
)


@pytest.mark.parametrize("value", STRANGE, ids=lambda value: repr(value)[:20])
async def test_strange_values_are_refused_in_words(town: Town, value: Any) -> None:
    """Criterion: ID-FAULT-3"""
    home: Browser = await town.user("first@example.com")
    paths = [path for method, path in routes(town.rest.context) if method == "POST"]
    for number, path in enumerate(paths):
        name = path.removeprefix(API)
        if not name.startswith("x/") and "subaccount" not in name:
            continue
        if SESSION not in home.cookies or (await home.get("x/session")).code != "0":
            home = await town.user(f"u{number}@example.com")
        for body in (dict.fromkeys(ANY_BODY, value), ANY_BODY | {"ticket": value}):
            answer = await home.post(name, **body)
            assert answer.status < 500, (name, answer.json)
            assert set(answer.json) >= {"code", "msg", "data"}
