"""What the core refused, as a Problem: its code, what was wrong, what is allowed."""

from __future__ import annotations

from fullreserve.exchange.catalog import Instrument
from fullreserve.exchange.refusals import OFF_TICK, allowed_text
from fullreserve.exchange.wire.commands import PlaceOrder
from fullreserve.gateway.errors import Problem


def problem(code: int, allowed: int, instrument: Instrument, command: object = None) -> Problem:
    """A refusal by the core as a Problem; `allowed` as `allowed_text` takes it."""
    said = allowed_text(code, allowed, instrument, command)
    if code != OFF_TICK:
        return Problem(code, allowed=said)
    if not allowed:
        return Problem(code, "of the order", "described in the documentation")
    return Problem(code, "px" if isinstance(command, PlaceOrder) else "newPx", said)
