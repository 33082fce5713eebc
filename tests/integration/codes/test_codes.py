"""Every code of the table: produced here, shown by a test that makes its state, or impossible."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from fullreserve.gateway.errors import TABLE
from scripts import errors
from scripts.errors import OURS, TESTS, codes_in, of_absent, shown_by
from tests.integration.codes.bed import CodesBed, Told
from tests.integration.codes.cases import REST, WEBSOCKET
from tests.integration.codes.elsewhere import NEVER, SHOWN
from tests.integration.rest.test_absent import call, given

pytestmark = pytest.mark.asyncio(loop_scope="module")

ABSENT = {code: line for code, line in of_absent().items() if code not in REST}
# What stands in a row travels with 200, and is a refused request's own status elsewhere.
STATUSES = {code: {200, row.http} for code, row in TABLE.items()}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def codes(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[CodesBed]:
    """One exchange for all of them."""
    opened = await CodesBed.open(tmp_path_factory.mktemp("exchange"))
    yield opened
    await opened.close()


@pytest.mark.parametrize("code", sorted(REST))
async def test_rest_says_each_code(codes: CodesBed, code: int) -> None:
    """Criterion: REST-CODES-1, REST-3"""
    case = REST[code]
    told = await case.produce(codes)
    assert told.code == str(code), told
    assert told.status in STATUSES[code], told
    assert case.says in told.message, told


@pytest.mark.parametrize("code", sorted(WEBSOCKET))
async def test_websocket_says_each_code(codes: CodesBed, code: int) -> None:
    """Criterion: WS-CODES-1"""
    case = WEBSOCKET[code]
    told = await case.produce(codes)
    assert told.code == str(code), told
    assert case.says in told.message, told


@pytest.mark.parametrize("code", sorted(ABSENT))
async def test_products_that_are_not_offered_say_each_code(codes: CodesBed, code: int) -> None:
    """Criterion: REST-CODES-1, REST-ABSENT-1"""
    line = ABSENT[code]
    answer = await call(codes.rest, line, given(line))
    rows = answer.json["data"] or [{}]
    row = rows[0] if line.answer.startswith("row:") else {}
    told = Told(row.get("sCode", answer.code), row.get("sMsg", answer.json["msg"]), answer.status)
    assert told.code == str(code), told
    assert told.status in STATUSES[code], told
    assert told.message.startswith(TABLE[code].message.partition("{")[0]), told


async def test_no_code_is_left_out() -> None:
    """Criterion: REST-CODES-1, WS-CODES-1"""
    assert not [code for code in TABLE if not shown_by(code)]
    assert not {*REST, *WEBSOCKET, *ABSENT, *SHOWN, *NEVER} - set(TABLE)
    assert not ({*REST, *WEBSOCKET, *ABSENT} & {*SHOWN, *NEVER}) | (set(SHOWN) & set(NEVER))


async def test_tests_that_are_pointed_to_have_the_code() -> None:
    """Criterion: REST-CODES-1, WS-CODES-1"""
    for code, place in SHOWN.items():
        file, _, name = place.partition("::")
        found = set(codes_in((TESTS / file).read_text(encoding="utf-8")))
        assert (name, code) in found, (code, place)


async def test_the_reference_is_up_to_date() -> None:
    """Criterion: REST-CODES-2"""
    committed = errors.FILE.read_text(encoding="utf-8").splitlines()
    written = errors.text().splitlines()

    def of_okx(lines: list[str]) -> list[str]:
        return [line for line in lines if line < f"| {OURS}" or not line.startswith("| 9")]

    assert of_okx(committed) == of_okx(written)
