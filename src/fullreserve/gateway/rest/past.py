"""Asking the records: in a thread, and with words of its own when they do not answer.

Trading does not need the records; while they are gone, history says so and nothing else fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import structlog

from fullreserve.clock import NS_PER_MS
from fullreserve.exchange.products.deposit_state import HasForgotten
from fullreserve.exchange.wire.queries import GetStatus, Status
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.readers import TooSlow

if TYPE_CHECKING:  # a gateway opens its doors before the database is loaded
    from fullreserve.records.history import History

T = TypeVar("T")

NOT_AVAILABLE = 50046
CATCH_UP_STEP_MS = 10
# What the core shows too is not waited for long; what the records alone have is.
SHORT_WAIT_MS = 300
# Commands for which the folds of custody keep at least what is done.
CUSTODY_KEPT = 10_000
LONG_WAIT_MS = 3_000
_LATER = "trading goes on, try again in a moment"

log = structlog.get_logger(__name__)


async def recorded(context: Context, question: Callable[[History], T]) -> T:
    """The records' answer; Problem 50046 when their database cannot give one in time."""
    try:
        return await context.readers.ask(lambda: question(context.history()))
    except TooSlow:
        log.warning("the records answer too slowly")
        raise Problem(NOT_AVAILABLE, "History", f"its database is slow; {_LATER}") from None
    except Exception as problem:
        from sqlalchemy.exc import SQLAlchemyError

        if not isinstance(problem, SQLAlchemyError):
            raise
        log.warning("the records do not answer", problem=str(problem))
        sentence = f"its database does not answer; {_LATER}"
        raise Problem(NOT_AVAILABLE, "History", sentence) from None


async def whole(context: Context, question: Callable[[History], T]) -> T:
    """The records' answer where the core was asked before; Problem 50046 if something lacks.

    What the core forgets from then on is in its answer; what it had forgotten by then has to be in
    the records.
    """
    status: Status = await context.door.query(GetStatus())
    forgotten = status.finished_total - status.finished_orders

    def is_whole(history: History) -> bool:
        return history.progress().finished_total >= forgotten

    return await _from_whole(context, is_whole, question)


async def kept(
    context: Context,
    fold: int,
    asked: Callable[[History], list[T]],
    *,
    is_found: bool,
    is_cut: bool,
) -> list[T]:
    """What the records have beyond the answer of a fold of custody; Problem 50046.

    Nothing, and nobody waits for them, where that answer has the one that `is_found`, or where it
    is not `is_cut` short and the fold has forgotten nothing yet. It forgets only what so many
    commands lie behind; records that are nearer than that have it.
    """
    if is_found or not (is_cut or await ask(context, fold, HasForgotten())):
        return []
    status: Status = await context.door.query(GetStatus())

    def is_whole(history: History) -> bool:
        return history.progress().sequence >= status.sequence - CUSTODY_KEPT

    return await _from_whole(context, is_whole, asked)


async def reaching(
    context: Context, sequence: int, time_ms: int, question: Callable[[History], T]
) -> T:
    """The records' answer once they have a command, or all before a time (0: the command alone).

    Problem 50046 when they do not have it in a moment, as while they are rebuilt.
    """

    def is_whole(history: History) -> bool:
        progress = history.progress()
        return progress.sequence >= sequence or 0 < time_ms <= progress.time_ms

    try:
        return await recorded(context, _if_whole(is_whole, question))
    except _Behind:
        await caught_up(context, sequence)
    return await _from_whole(context, is_whole, question)


async def _from_whole(
    context: Context, is_whole: Callable[[History], bool], question: Callable[[History], T]
) -> T:
    """The answer of records that have all that is asked for; Problem 50046 of others."""
    try:
        return await recorded(context, _if_whole(is_whole, question))
    except _Behind:
        raise Problem(NOT_AVAILABLE, "History", f"it is behind the exchange; {_LATER}") from None


def _if_whole(
    is_whole: Callable[[History], bool], question: Callable[[History], T]
) -> Callable[[History], T]:
    def ask(history: History) -> T:
        if not is_whole(history):
            raise _Behind
        return question(history)

    return ask


class _Behind(Exception):
    """The records do not have yet what is asked of them."""


async def ledger_caught_up(context: Context) -> None:
    """Waits for the records to have all bills of what the core shows by now.

    Problem 50046 when that takes too long.
    """
    status: Status = await context.door.query(GetStatus())
    await recorded_up_to(context, status.sequence)


async def recorded_up_to(context: Context, sequence: int) -> None:
    """Waits for the records to have a command; Problem 50046 when that takes too long."""
    if sequence and await caught_up(context, sequence, LONG_WAIT_MS) < sequence:
        raise Problem(NOT_AVAILABLE, "History", f"it is behind the exchange; {_LATER}")


async def caught_up(context: Context, sequence: int, wait_ms: int = SHORT_WAIT_MS) -> int:
    """Waits a little for the records to have what the core already showed; how far they are."""
    reached, clock = 0, context.clock
    # Their answers take time of their own: much, where their database is locked.
    end_ns = clock.monotonic_ns() + wait_ms * NS_PER_MS
    for _ in range(wait_ms // CATCH_UP_STEP_MS):
        reached = (await recorded(context, lambda history: history.progress())).sequence
        if reached >= sequence or clock.monotonic_ns() >= end_ns:
            break
        await clock.wait_ms(CATCH_UP_STEP_MS)
    return reached
