"""What the core refused, as a Problem: its code, what was wrong, what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from fullreserve.exchange.catalog import Instrument
from fullreserve.exchange.refusals import OFF_TICK, allowed_text
from fullreserve.exchange.wire.commands import PlaceOrder
from fullreserve.gateway.errors import Problem

SUSPENDED = 51022
UNDER_MAINTENANCE = 50001
# The end of the last year that a date can be written of.
LAST_MS = 253_402_300_799_999


def problem(
    code: int,
    allowed: int,
    instrument: Instrument,
    command: object = None,
    closed: Mapping[int, int] | None = None,
) -> Problem:
    """A refusal by the core as a Problem; `allowed` as `allowed_text` takes it.

    `closed` are instruments under maintenance, with when they pre-open (ms).
    """
    if code == SUSPENDED and closed and instrument.id in closed:
        opens = datetime.fromtimestamp(min(closed[instrument.id], LAST_MS) // 1000, UTC)
        words = f"{instrument.symbol} is under maintenance until {opens:%Y-%m-%dT%H:%M:%SZ}"
        return Problem(UNDER_MAINTENANCE, allowed=words)
    said = allowed_text(code, allowed, instrument, command)
    if code != OFF_TICK:
        return Problem(code, allowed=said)
    if not allowed:
        return Problem(code, "of the order", "described in the documentation")
    return Problem(code, "px" if isinstance(command, PlaceOrder) else "newPx", said)
