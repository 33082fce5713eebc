"""Products that are not offered: each endpoint answers as for an account that has none of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from fullreserve.gateway.rest.absent import Line, lines
from fullreserve.identity.api_key import Permission
from tests.integration.rest.bed import Answer, RestBed

LINES = list(lines())

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rest(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RestBed]:
    """One exchange for all of them: nothing here changes it."""
    opened = await RestBed.open(tmp_path_factory.mktemp("exchange"))
    yield opened
    await opened.close()


async def call(rest: RestBed, line: Line, fields: dict[str, str]) -> Answer:
    key = rest.vault.create_key(rest.alice.uid, "p", Permission(7)) if line.who == "w" else None
    if line.method == "GET":
        return await rest.get(line.path, None if line.who == "-" else rest.alice, **fields)
    if line.who == "-":
        return await rest.call("POST", "/api/v5/" + line.path, body=b"{}")
    return await rest.post(line.path, key or rest.alice, fields)


def given(line: Line) -> dict[str, str]:
    """Something for each parameter that the endpoint needs, or names in its refusal."""
    named = line.answer.split(":")[2:-1] if line.answer.startswith("row:") else ()
    needed = (*(need.partition("|")[0] for need in line.needs), *named)
    return dict.fromkeys(needed, "BTC-USDT-SWAP")


def expected(line: Line) -> tuple[str, Any]:
    if line.answer.startswith("["):
        return "0", {"[]": [], "[[]]": [[]]}[line.answer]
    if line.answer.startswith("row:"):
        return "1", None
    return line.answer.partition(":")[0], []


async def test_every_line_answers_as_it_says(rest: RestBed) -> None:
    """Criterion: REST-ABSENT-1, REST-3"""
    for line in LINES:
        answer = await call(rest, line, given(line))
        code, data = expected(line)
        assert answer.code == code, (line, answer.json)
        if data is not None:
            assert answer.data == data, line
        elif line.answer.startswith("row:"):
            (row,) = answer.data
            assert row["sCode"] == line.answer.split(":")[1]
            assert row["sMsg"]
        if code != "0":
            assert answer.json["msg"], line


async def test_a_refusal_that_would_name_nothing_asks_for_the_name(rest: RestBed) -> None:
    """Criterion: REST-ABSENT-1"""
    answer = await rest.post("sprd/order", rest.alice, {"clOrdId": "mine"})
    (row,) = answer.data
    assert (row["sCode"], row["clOrdId"]) == ("50014", "mine")
    assert "sprdId" in row["sMsg"]


async def test_needed_parameters_are_asked_for(rest: RestBed) -> None:
    """Criterion: REST-ABSENT-1"""
    for line in LINES:
        if line.needs and line.method == "GET":
            answer = await call(rest, line, {})
            first = line.needs[0]
            assert answer.code == ("50015" if "|" in first else "50014"), line
            assert first.partition("|")[0] in answer.json["msg"]


async def test_private_ones_want_a_key(rest: RestBed) -> None:
    """Criterion: REST-ABSENT-1"""
    for line in LINES:
        if line.who != "-":
            assert (await rest.call(line.method, "/api/v5/" + line.path)).code == "50103", line


@pytest.mark.parametrize("body", [b"[]", b"{", b"", b"[1]"])
async def test_bodies_of_rows_are_checked(rest: RestBed, body: bytes) -> None:
    """Criterion: REST-ABSENT-1, REST-IN-2"""
    answer = await rest.post("trade/cancel-algos", rest.alice, body)
    assert answer.status == 400
    assert answer.code in ("50000", "50002", "50014")


async def test_rows_echo_what_they_are_about(rest: RestBed) -> None:
    """Criterion: REST-ABSENT-1"""
    body = [{"algoId": "1", "instId": "BTC-USDT"}, {"algoClOrdId": "b", "instId": "BTC-USDT"}]
    answer = await rest.post("trade/cancel-algos", rest.alice, body)
    assert [(row["algoId"], row["algoClOrdId"]) for row in answer.data] == [("1", ""), ("", "b")]
    everything = await rest.get("public/funding-rate", None, instId="ANY")
    assert (everything.code, everything.data) == ("0", [])
