"""Goal: who sent an order is answered, whatever becomes of the answer's making; requests count.

Method: a real exchange behind the door, whose time stands still; for the first, the clock that
stamps acknowledgements fails.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
import pytest

from fullreserve.gateway.errors import Problem
from fullreserve.gateway.fill_ratio import Rating
from fullreserve.gateway.limits import SINGLE, OrderLimits
from fullreserve.gateway.order_entry import CancelParams, OrderEntry, PlaceParams
from fullreserve.gateway.order_rates import OrderRates
from fullreserve.gateway.submission import Answer, Done, Submission
from fullreserve.identity.caller import Caller
from tests.bed import ALICE, WAIT_S, Bed
from tests.unit.gateway import catalog

CALLER = Caller("alice", ALICE, ALICE, 7)
PARAMS = PlaceParams(
    inst_id="BTC-USDT", td_mode="cash", side="buy", ord_type="limit", px="40000", sz="1"
)
BODY = b'{"instId":"BTC-USDT","tdMode":"cash","side":"buy","ordType":"limit","px":"40000","sz":"1"}'


def plainly(submission: Submission, done: Done) -> None:
    assert submission.place_plain(CALLER, BODY, 0, done)


def singly(submission: Submission, done: Done) -> None:
    submission.place_one(CALLER, PARAMS, 0, done)


def together(submission: Submission, done: Done) -> None:
    submission.place(CALLER, [PARAMS, PARAMS], 0, done)


def wrongly(submission: Submission, done: Done) -> None:
    submission.place_one(CALLER, msgspec.structs.replace(PARAMS, side="x"), 0, done)


def of_nobody(submission: Submission, done: Done) -> None:
    submission.cancel(CALLER, [CancelParams(inst_id="BTC-USDT", ord_id="1")], done)


async def answered(
    submission: Submission, send: Callable[[Submission, Done], None]
) -> Answer | Problem:
    answer: asyncio.Future[Answer | Problem] = asyncio.get_running_loop().create_future()
    send(submission, partial(asyncio.Future.set_result, answer))
    return await asyncio.wait_for(answer, WAIT_S)


@pytest.mark.parametrize("send", [plainly, singly, together])
async def test_an_acknowledgement_that_cannot_be_made_is_answered_as_an_error(
    tmp_path: Path, send: Callable[[Submission, Done], None]
) -> None:
    """Criterion: REST-1. The order is in the log; its client hears 50026, and does not wait."""
    bed = await Bed.open(tmp_path)
    door = await bed.door()

    def broken() -> int:
        raise OverflowError("no time of this world")

    entry = OrderEntry(catalog.make(), door.gateway)
    submission = Submission(door, entry, OrderLimits(OrderRates(), enabled=False), broken)
    problem = await answered(submission, send)
    assert isinstance(problem, Problem)
    assert (problem.code, problem.http) == (50026, 500)
    await bed.close()


async def limited(bed: Bed, most: int) -> Submission:
    """With limits, and one of new and amended orders for ALICE."""
    door, rates = await bed.door(), OrderRates()
    CALLER.limits.clear()
    rates.put(1, {ALICE: Rating(most, most, None)})
    entry = OrderEntry(catalog.make(), door.gateway)
    return Submission(door, entry, OrderLimits(rates, enabled=True), bed.clock.exchange_ms)


@pytest.mark.parametrize(("send", "each"), [(plainly, 1), (singly, 1), (together, 2)])
async def test_over_an_accounts_limit_each_order_has_its_row(
    tmp_path: Path, send: Callable[[Submission, Done], None], each: int
) -> None:
    """Criterion: REST-LIM-2. Its status is 200, behind which clients look for a row."""
    bed = await Bed.open(tmp_path)
    submission = await limited(bed, each)
    within = await answered(submission, send)
    assert isinstance(within, Answer)
    assert b"50061" not in b"".join(within.rows)
    answer = await answered(submission, send)
    assert isinstance(answer, Answer)
    rows = [msgspec.json.decode(row) for row in answer.rows]
    assert (answer.failed, [row["sCode"] for row in rows]) == (each, ["50061"] * each)
    assert all(f"allowed are {each} in 2 s" in row["sMsg"] for row in rows)
    await bed.close()


@pytest.mark.parametrize(("send", "code"), [(wrongly, "51000"), (of_nobody, "51400")])
async def test_what_is_refused_before_the_log_counts_too(
    tmp_path: Path, send: Callable[[Submission, Done], None], code: str
) -> None:
    """Criterion: REST-LIM-1"""
    bed = await Bed.open(tmp_path)
    submission = await limited(bed, 1_000)
    for _ in range(SINGLE):
        answer = await answered(submission, send)
        assert isinstance(answer, Answer)
        assert msgspec.json.decode(answer.rows[0])["sCode"] == code
    problem = await answered(submission, send)
    assert isinstance(problem, Problem)
    assert (problem.code, problem.http) == (50011, 429)
    await bed.close()
