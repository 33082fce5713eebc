"""The description of the API, and the page that shows it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from fullreserve.gateway.rest.operations import PAGES
from tests.integration.rest.bed import API, RestBed

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rest(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RestBed]:
    """One exchange for all of them: nothing here changes it."""
    opened = await RestBed.open(tmp_path_factory.mktemp("exchange"))
    yield opened
    await opened.close()


async def described(rest: RestBed) -> Any:
    return (await rest.call("GET", "/openapi.json")).json


async def test_it_is_made_of_what_reads_the_requests(rest: RestBed) -> None:
    """Criterion: REST-DOC-1"""
    document = await described(rest)
    assert document["openapi"].startswith("3.1")
    paths = document["paths"]
    candles = {row["name"]: row for row in paths[API + "market/candles"]["get"]["parameters"]}
    assert candles["instId"]["required"]
    assert "6Hutc" in candles["bar"]["schema"]["enum"]
    for name, row in candles.items():
        assert row["description"], name
    order = document["components"]["schemas"]["PlaceParams"]
    assert {"instId", "side", "sz"} <= set(order["required"]) <= set(order["properties"])
    assert order["properties"]["side"]["enum"] == ["buy", "sell"]
    batch = paths[API + "trade/batch-orders"]["post"]["requestBody"]["content"]
    assert batch["application/json"]["schema"]["type"] == "array"
    state = paths[API + "trade/orders-history"]["get"]["parameters"]
    words = next(row["schema"] for row in state if row["name"] == "state")
    assert words["enum"] == ["canceled", "filled", "mmp_canceled"]


async def test_references_lead_somewhere_and_names_are_given_once(rest: RestBed) -> None:
    """Criterion: REST-DOC-1"""
    document = await described(rest)

    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [found for part in node.values() for found in references(part)]
        if isinstance(node, list):
            return [found for part in node for found in references(part)]
        return []

    for reference in set(references(document)):
        node = document
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]
    names = [
        operation["operationId"]
        for operations in document["paths"].values()
        for operation in operations.values()
    ]
    assert len(names) == len(set(names)) > 500


async def test_required_parameters_are_asked_for(rest: RestBed) -> None:
    """Criterion: REST-DOC-1"""
    document = await described(rest)
    asked = 0
    for path, operations in document["paths"].items():
        operation = operations.get("get")
        if "/x/operator/" in path:
            continue  # operators come with a session
        if operation and any(row["required"] for row in operation.get("parameters", [])):
            asked += 1
            headers = rest.signed(rest.alice, "GET", path) if "security" in operation else {}
            answer = await rest.call("GET", path, headers=headers)
            first = next(row["name"] for row in operation["parameters"] if row["required"])
            assert (answer.code, first in answer.json["msg"]) == ("50014", True), path
    assert asked > 30


async def test_the_page_needs_no_other_host(rest: RestBed) -> None:
    """Criterion: REST-DOC-3"""
    names = {file.name for file in PAGES.iterdir()}
    assert names == {"page.html", "page.js", "page.css"}
    for path, kind in (
        ("/docs", "html"),
        ("/docs/page.js", "javascript"),
        ("/docs/page.css", "css"),
    ):
        status, headers, content = await rest.raw("GET", path)
        assert status == 200
        assert kind in dict(headers)["content-type"]
        assert not re.search(rb"//[a-z0-9-]+\.[a-z]", content)
    html = (PAGES / "page.html").read_text()
    assert "default-src 'self'" in html
    # What the script looks for is on the page.
    script = (PAGES / "page.js").read_text()
    for name in re.findall(r'byId\("([a-z]+)"\)', script):
        assert f'id="{name}"' in html
    for name in re.findall(r'part\("\.([a-z]+)"\)', script):
        assert f'class="{name}"' in html or f'class="{name}" hidden' in html
    assert (await rest.call("GET", "/docs/openapi.json")).json == await described(rest)
    assert (await rest.call("POST", "/docs")).code == "50115"
