"""Goal: who sent an order is answered, whatever becomes of the answer's making.

Method: a real exchange behind the door; the clock that stamps acknowledgements fails.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from fullreserve.gateway.errors import Problem
from fullreserve.gateway.limits import OrderLimits
from fullreserve.gateway.order_entry import OrderEntry, PlaceParams
from fullreserve.gateway.order_rates import OrderRates
from fullreserve.gateway.submission import Answer, Done, Submission
from fullreserve.identity.caller import Caller
from tests.bed import ALICE, Bed
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
    answer: asyncio.Future[Answer | Problem] = asyncio.get_running_loop().create_future()
    send(submission, partial(asyncio.Future.set_result, answer))
    problem = await asyncio.wait_for(answer, 5)
    assert isinstance(problem, Problem)
    assert (problem.code, problem.http) == (50026, 500)
    await bed.close()
