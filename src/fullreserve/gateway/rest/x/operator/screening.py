"""Gate 5: how many were screened, of the queue as it was at a named point of the log.

Requests go on coming while operators screen them. So a survey is named by the sequence at which it
began (`upTo`): what it found is what was screened, and who asked from there on is behind it.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from fullreserve.exchange.products.suspension_state import (
    FRESH_MS,
    READ_ANEW,
    SURVEY_KEPT_MS,
    Reading,
    Refused,
    SuspensionState,
)
from fullreserve.exchange.products.suspension_wire import Gate, Said, Show
from fullreserve.gateway import suspension_desk
from fullreserve.gateway.context import Context

# Before its drain, which pays who waits.
SCREENED_IN = (
    SuspensionState.REOPEN_PLANNED,
    SuspensionState.GATE_CHECK,
    SuspensionState.CANARY,
)
MINUTES = SURVEY_KEPT_MS // 60_000


def row(one: Reading) -> dict[str, Any]:
    """What was found, of how many stopped owners' requests, and until when it may be named."""
    return {
        "count": str(one.waiting),
        "stopped": str(one.unfit),
        "upTo": str(one.began),
        "ts": str(one.ended_ms),
        "untilTs": str(one.ended_ms + SURVEY_KEPT_MS),
    }


async def named(context: Context, word: Show) -> Show:
    """A word for gate 5 that names no reading is of the queue as it is now."""
    if word.gate != Gate.QUEUE_HYGIENE or word.up_to or not word.passed:
        return word
    if await suspension_desk.edition(context) < READ_ANEW:
        return word
    reading = await _anew(context, word.suspension)
    return word if reading is None else replace(word, up_to=reading.began)


async def found(context: Context, suspension: int) -> str:
    """What waits, read anew where nobody has just read it, and what passes gate 5."""
    reading = await suspension_desk.reading(context, suspension)
    now_ms = context.clock.exchange_ms()
    if reading is None or now_ms - reading.ended_ms > FRESH_MS:
        reading = await _anew(context, suspension)
    if reading is None:
        return "have the queue read by suspending/survey"
    count = reading.waiting
    return (
        f"{count} wait who asked before {reading.began}; show gate 5 with count {count} and upTo "
        f"{reading.began} within {MINUTES} minutes, who asks later is behind them"
    )


def is_refused(word: Said, code: int) -> bool:
    """Whether a word was of other requests than a reading that may be named found."""
    is_screened = isinstance(word, Show) and word.gate == Gate.QUEUE_HYGIENE
    return is_screened and code in (Refused.SCREENED, Refused.SURVEY)


async def _anew(context: Context, suspension: int) -> Reading | None:
    if await suspension_desk.survey(context, suspension):
        return None
    return await suspension_desk.reading(context, suspension)
