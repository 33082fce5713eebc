"""Asking the records: in a thread, and with words of its own when they do not answer.

Trading does not need the records; while they are gone, history says so and nothing else fails.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import structlog

from fullreserve.exchange.wire.queries import GetStatus, Status
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem

if TYPE_CHECKING:  # a gateway opens its doors before the database is loaded
    from fullreserve.records.history import History

T = TypeVar("T")

NOT_AVAILABLE = 50046
CATCH_UP_STEP_MS = 10
# What the core shows too is not waited for long; what the records alone have is.
SHORT_WAIT_MS = 300
LONG_WAIT_MS = 3_000

log = structlog.get_logger(__name__)


async def recorded(context: Context, question: Callable[[History], T]) -> T:
    """The records' answer; Problem 50046 when their database cannot give one."""
    try:
        return await asyncio.to_thread(lambda: question(context.history()))
    except Exception as problem:
        from sqlalchemy.exc import SQLAlchemyError

        if not isinstance(problem, SQLAlchemyError):
            raise
        log.warning("the records do not answer", problem=str(problem))
        raise Problem(NOT_AVAILABLE, name="History") from None


async def ledger_caught_up(context: Context) -> None:
    """Waits for the records to have all bills of what the core shows by now."""
    status: Status = await context.door.query(GetStatus())
    await caught_up(context, status.sequence, LONG_WAIT_MS)


async def caught_up(context: Context, sequence: int, wait_ms: int = SHORT_WAIT_MS) -> int:
    """Waits a little for the records to have what the core already showed; how far they are."""
    reached = 0
    for _ in range(wait_ms // CATCH_UP_STEP_MS):
        reached = (await recorded(context, lambda history: history.progress())).sequence
        if reached >= sequence:
            break
        await context.clock.wait_ms(CATCH_UP_STEP_MS)
    return reached
