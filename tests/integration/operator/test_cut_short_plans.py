"""A plan that was entered by a process that ended before it said what came of its proposal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fullreserve.exchange.products.calendar_wire import (
    CALENDAR,
    DAY_MS,
    Delist,
    Maintain,
    MaintainNetwork,
)
from fullreserve.gateway.calendar_keeper import CalendarKeeper
from fullreserve.gateway.custody_desk import say
from fullreserve.gateway.rest.x.operator import carrying
from tests.integration.operator.bed import Console
from tests.integration.operator.test_calendar import MINUTE_MS
from tests.integration.operator.test_custody import given
from tests.integration.rest.test_custody import NETWORK
from tests.unit.exchange.custody_world import ETH

# By kind: what is proposed at a time besides the window's own, and what the fold is told then.
Made = Callable[[int], tuple[dict[str, Any], Any]]


def _network(begin: int) -> tuple[dict[str, Any], Any]:
    end = begin + MINUTE_MS
    word = MaintainNetwork(NETWORK, begin, end, end)
    return {"beginTs": begin, "endTs": end, "chain": "Bitcoin"}, word


def _instrument(begin: int) -> tuple[dict[str, Any], Any]:
    end = begin + MINUTE_MS
    return {"beginTs": begin, "endTs": end, "instIds": "BTC-USDT"}, Maintain(begin, end, end, (1,))


def _asset(begin: int) -> tuple[dict[str, Any], Any]:
    times = (begin, begin + DAY_MS, begin + 90 * DAY_MS)
    terms = dict(zip(("depositsTs", "tradingTs", "withdrawalsTs"), times, strict=True))
    return terms | {"ccy": "ETH"}, Delist(ETH, *times)


KINDS: dict[str, Made] = {
    "network-maintenance": _network,
    "maintenance": _instrument,
    "delisting": _asset,
}


async def entered(desk: Console, kind: str) -> tuple[str, str]:
    """Approved, and entered by a process that is gone then; the proposal and the plan."""
    context = desk.town.rest.context
    terms, word = KINDS[kind](context.clock.exchange_ms() + MINUTE_MS)
    made = await desk.bea.act(f"propose/{kind}", **terms)
    assert made.code == "0", made.json
    await given(desk, made.row["proposal"])
    assert (await say(context, CALENDAR, word)).code == 0
    return str(made.row["proposal"]), str((await desk.cleo.get("calendar")).row["plan"])


async def told(desk: Console, proposal: str) -> tuple[str, list[tuple[str, str]]]:
    """What came of the proposal at the next start, and of plans."""
    await carrying.resume(desk.town.rest.context)
    shown = (await desk.ada.get("proposal", proposal=proposal)).row
    plans = (await desk.cleo.get("calendar")).data
    return str(shown["state"]), [(one["plan"], one["state"]) for one in plans]


@pytest.mark.parametrize("kind", list(KINDS))
async def test_a_plan_that_was_called_off_meanwhile_is_not_entered_again(
    desk: Console, kind: str
) -> None:
    """Criterion: OP-APP-14. The next start says that the proposal was carried out."""
    proposal, plan = await entered(desk, kind)
    assert (await desk.ada.act("calendar/call-off", plan=plan)).code == "0"
    assert await told(desk, proposal) == ("done", [(plan, "called_off")])


@pytest.mark.parametrize("kind", ["network-maintenance", "maintenance"])
async def test_a_window_that_is_over_by_then_was_carried_out(desk: Console, kind: str) -> None:
    """Criterion: OP-APP-14"""
    proposal, plan = await entered(desk, kind)
    desk.town.clock.advance(3 * MINUTE_MS)
    await CalendarKeeper(desk.town.rest.context).round()
    assert await told(desk, proposal) == ("done", [(plan, "over")])


@pytest.mark.parametrize("kind", ["network-maintenance", "maintenance"])
async def test_an_earlier_plan_of_the_same_terms_is_another_s(desk: Console, kind: str) -> None:
    """Criterion: OP-APP-14. It was called off before the proposal was approved."""
    context = desk.town.rest.context
    terms, word = KINDS[kind](context.clock.exchange_ms() + MINUTE_MS)
    assert (await say(context, CALENDAR, word)).code == 0
    first = str((await desk.cleo.get("calendar")).row["plan"])
    assert (await desk.ada.act("calendar/call-off", plan=first)).code == "0"
    made = await desk.bea.act(f"propose/{kind}", **terms)
    await given(desk, made.row["proposal"])
    state, plans = await told(desk, made.row["proposal"])
    assert (state, sorted(one for _, one in plans)) == ("done", ["called_off", "planned"])
