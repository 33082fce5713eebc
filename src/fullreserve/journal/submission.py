"""A submission on its way through the exchange, and the refusals that it may meet there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import structlog

from fullreserve.door.protocol import Refused, Result

Done = Callable[[Result], None]

log = structlog.get_logger(__name__)


class Submission(NamedTuple):
    """A contiguous run of commands of one submitter."""

    commands: Sequence[bytes]
    done: Done

    def tell(self, result: Result) -> None:
        """Says the outcome; one listener's mistake may not keep the others from hearing."""
        try:
            self.done(result)
        except Exception:
            log.exception("listener failed", result=str(result)[:200])


def _read_only(why: str) -> Refused:
    return Refused(50001, f"Service temporarily unavailable: {why}", known=True)


RATE_LIMITED = Refused(50011, "Too many requests", known=True)
BUSY = Refused(50013, "Systems are busy. Please try again later.", known=True)
MALFORMED = Refused(51000, "Parameter error", known=True)
FAULTY = Refused(50026, "Internal error; it was recorded", known=True)
UNKNOWN = Refused(50004, "The outcome is unknown; repeat with the same numbers", known=False)

CLOSING = _read_only("the exchange is shutting down")
FAILED = _read_only("the exchange has stopped")
HALTED = _read_only("read-only")
STALLED = _read_only("read-only until the log can be written")
TIME_JUMP = _read_only("the clock is being checked")
