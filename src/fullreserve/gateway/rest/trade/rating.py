"""Keeping the order limits by fill ratio: computed from the records, each day at 08:00 UTC."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from fullreserve.door.protocol import Unavailable
from fullreserve.gateway import fill_ratio
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.fill_ratio import DAY_MS, Rating
from fullreserve.gateway.levels import VIP5_TIER
from fullreserve.gateway.repeated_task import RepeatedTask
from fullreserve.gateway.rest.past import ledger_caught_up, recorded

if TYPE_CHECKING:  # a gateway opens its doors before the database is loaded
    from fullreserve.records.history import History

RETRY_MS = 5_000

log = structlog.get_logger(__name__)


async def bring_up_to_date(context: Context) -> None:
    """Puts today's figures in force unless they are; Problem 50046 without the records."""
    midnight_ms = fill_ratio.midnight(context.clock.exchange_ms())
    if context.rates.midnight_ms == midnight_ms:
        return
    await ledger_caught_up(context)
    ratings = await recorded(context, lambda history: _ratings(history, midnight_ms))
    if context.rates.midnight_ms < midnight_ms:
        context.rates.put(midnight_ms, ratings)


def _ratings(history: History, midnight_ms: int) -> dict[int, Rating]:
    before = history.week(midnight_ms - DAY_MS, VIP5_TIER)
    now = history.week(midnight_ms, VIP5_TIER)
    return fill_ratio.ratings(fill_ratio.standings(before), fill_ratio.standings(now))


def keeper(context: Context) -> RepeatedTask:
    """Does it at every 08:00 UTC of exchange time."""
    clock = context.clock

    async def turn() -> None:
        await bring_up_to_date(context)

    async def rest(problem: Exception | None) -> None:
        if problem is None:
            await clock.wait_until(fill_ratio.next_at(clock.exchange_ms()))
        else:
            log.debug("order limits by fill ratio wait for the records", why=str(problem))
            await clock.wait_ms(RETRY_MS)

    return RepeatedTask(turn, rest, (Problem, Unavailable))
