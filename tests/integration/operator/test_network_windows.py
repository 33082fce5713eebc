"""Several windows of maintenance: of one network together, and of several each by itself."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.folds import REFUSED
from fullreserve.exchange.products.calendar_wire import CALENDAR, ListPlans, Reached, Stage
from fullreserve.exchange.products.custody_wire import DEPOSITS, WITHDRAWALS, AssignAddress, Hold
from fullreserve.exchange.products.deposit_state import DepositState, ListNetworks
from fullreserve.exchange.products.withdrawal_state import WithdrawalState
from fullreserve.exchange.wire.events import Reply
from fullreserve.gateway import calendar_keeper
from fullreserve.gateway.calendar_keeper import CalendarKeeper
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask, say
from tests.bed import ALICE
from tests.integration.operator.bed import Console
from tests.integration.operator.test_calendar import (
    MINUTE_MS,
    agreed,
    credited,
    state_of_deposit,
    state_of_newest,
    withdrawal,
)
from tests.integration.rest.test_custody import NETWORK, terms

OTHER = 2
WAITS = str(int(DepositState.SUSPENDED))


async def planned(desk: Console, *minutes: tuple[int, int]) -> int:
    """Windows of Bitcoin, planned in this order; the time that their minutes are after."""
    now = desk.town.rest.context.clock.exchange_ms()
    for begin, end in minutes:
        times = {"beginTs": now + begin * MINUTE_MS, "endTs": now + end * MINUTE_MS}
        await agreed(desk, "network-maintenance", **times, chain="Bitcoin")
    return now


async def held(desk: Console) -> list[tuple[Hold, ...]]:
    """What deposits and withdrawals of the network are stopped by."""
    found = []
    for fold in (DEPOSITS, WITHDRAWALS):
        networks = await ask(desk.town.rest.context, fold, ListNetworks())
        found.append(next(one.holds for one in networks if one.terms.network == NETWORK))
    return found


async def stages(desk: Console) -> dict[int, int]:
    plans = await ask(desk.town.rest.context, CALENDAR, ListPlans())
    return {one.terms.network: one.stage for one in plans.networks}


@pytest.mark.parametrize("minutes", [((1, 2), (2, 3)), ((2, 3), (1, 2))])
async def test_windows_that_touch_keep_a_network_closed_without_a_gap(
    desk: Console, minutes: tuple[tuple[int, int], ...]
) -> None:
    """Criterion: CAL-NET-3, CAL-NET-4. Whichever was planned first; nobody gets in between."""
    town, context = desk.town, desk.town.rest.context
    context.pays = lambda: True
    keeper = CalendarKeeper(context)
    assert (await say(context, DEPOSITS, AssignAddress(NETWORK), ALICE)).code == 0
    end = await planned(desk, *minutes) + 3 * MINUTE_MS
    closed = [(Hold(NETWORK, 0, True, until_ms=end),)] * 2
    town.clock.advance(MINUTE_MS)
    await keeper.round()
    assert await held(desk) == closed
    assert await credited(desk, bytes([10]), 10) == WAITS
    assert await withdrawal(desk) == WithdrawalState.QUEUED
    town.clock.advance(MINUTE_MS)
    for _ in range(2):
        await keeper.round()
        assert await held(desk) == closed
        assert await state_of_deposit(desk, bytes([10])) == WAITS
        assert await state_of_newest(desk) == WithdrawalState.QUEUED
    town.clock.advance(MINUTE_MS)
    await keeper.round()
    assert await held(desk) == [(), ()]
    assert await state_of_deposit(desk, bytes([10])) != WAITS
    assert await state_of_newest(desk) == WithdrawalState.WAITING


@pytest.mark.parametrize("minutes", [((1, 2), (3, 5)), ((3, 5), (1, 2))])
async def test_of_windows_that_are_due_at_once_the_one_that_goes_on_counts(
    desk: Console, minutes: tuple[tuple[int, int], ...]
) -> None:
    """Criterion: CAL-NET-4. The keeper comes back in the second, after the first."""
    town, keeper = desk.town, CalendarKeeper(desk.town.rest.context)
    end = await planned(desk, *minutes) + 5 * MINUTE_MS
    town.clock.advance(4 * MINUTE_MS)
    await keeper.round()
    assert await held(desk) == [(Hold(NETWORK, 0, True, until_ms=end),)] * 2
    town.clock.advance(MINUTE_MS)
    await keeper.round()
    assert await held(desk) == [(), ()]


async def test_a_window_that_is_prolonged_while_it_goes_on_ends_with_the_second(
    desk: Console,
) -> None:
    """Criterion: CAL-NET-3"""
    town, keeper = desk.town, CalendarKeeper(desk.town.rest.context)
    await planned(desk, (1, 3))
    town.clock.advance(MINUTE_MS)
    await keeper.round()
    end = await planned(desk, (2, 4)) + 4 * MINUTE_MS
    town.clock.advance(2 * MINUTE_MS)
    await keeper.round()
    assert await held(desk) == [(Hold(NETWORK, 0, True, until_ms=end),)] * 2


async def test_a_network_that_refuses_does_not_hold_up_another(
    desk: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: CAL-NET-4. It is tried again; what is done already is not said again."""
    town, context = desk.town, desk.town.rest.context
    for fold in (DEPOSITS, WITHDRAWALS):
        assert (await say(context, fold, terms(OTHER, "Other"))).code == 0
    now = context.clock.exchange_ms()
    times = {"beginTs": now + MINUTE_MS, "endTs": now + 2 * MINUTE_MS}
    for chain in ("Bitcoin", "Other"):
        await agreed(desk, "network-maintenance", **times, chain=chain)
    keeper, is_refusing, said = CalendarKeeper(context), True, []

    async def some_refused(
        context: Context, fold: int, word: Any, owner: int = chart.HOUSE
    ) -> Reply:
        said.append(word)
        if is_refusing and isinstance(word, Hold) and word.network == NETWORK:
            return Reply(1, 1, 1, REFUSED.code, 0, 0)
        return await say(context, fold, word, owner)

    monkeypatch.setattr(calendar_keeper, "say", some_refused)
    town.clock.advance(MINUTE_MS)
    await keeper.round()
    assert await stages(desk) == {NETWORK: Stage.PLANNED, OTHER: Stage.CLOSED}
    assert await held(desk) == [(), ()]
    is_refusing = False
    said.clear()
    await keeper.round()
    assert await stages(desk) == {NETWORK: Stage.CLOSED, OTHER: Stage.CLOSED}
    assert {word.network for word in said if isinstance(word, Hold)} == {NETWORK}
    said.clear()
    town.clock.advance(MINUTE_MS)
    await keeper.round()
    kinds = [type(word) for word in said]
    assert kinds == [Hold, Hold, Hold, Hold, Reached, Reached]


async def test_slow_settling_delays_no_window(
    desk: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long what waits takes; nothing is said again meanwhile. Criterion: CAL-NET-5."""
    town, context = desk.town, desk.town.rest.context
    keeper, may_end, said = CalendarKeeper(context), asyncio.Event(), []

    async def slow(_context: Context) -> None:
        await may_end.wait()

    async def heard(context: Context, fold: int, word: Any, owner: int = chart.HOUSE) -> Reply:
        said.append(word)
        return await say(context, fold, word, owner)

    monkeypatch.setattr(calendar_keeper, "settle", slow)
    monkeypatch.setattr(calendar_keeper, "say", heard)
    await planned(desk, (1, 3))
    now = context.clock.exchange_ms()
    times = {"beginTs": now + 2 * MINUTE_MS, "endTs": now + 4 * MINUTE_MS}
    await agreed(desk, "maintenance", **times, instIds="BTC-USDT")
    town.clock.advance(MINUTE_MS)
    await keeper.look()
    settling = asyncio.create_task(keeper.settle())
    await keeper.look()
    assert [type(word) for word in said] == [Hold, Hold]
    town.clock.advance(MINUTE_MS)
    await keeper.look()
    plans = await ask(context, CALENDAR, ListPlans())
    assert [one.stage for one in plans.windows] == [Stage.CLOSED]
    assert [one.stage for one in plans.networks] == [Stage.PLANNED]
    may_end.set()
    await settling
    assert await stages(desk) == {NETWORK: Stage.CLOSED}
    town.clock.advance(MINUTE_MS)
    may_end.clear()
    await keeper.look()
    assert await held(desk) == [(), ()]
    may_end.set()
    await keeper.settle()
    assert await stages(desk) == {NETWORK: Stage.OVER}
