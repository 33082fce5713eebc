"""Payments that too few signers sign, as their budget is used up or they are not there: shown.

Its file stands in the data folder for as long as some wait. What is signed meanwhile is paid.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import structlog

from fullreserve.clock import Clock
from fullreserve.custody.left import leave
from fullreserve.exchange.worker_files import Unsigned, UnsignedPayment, unsigned_name

TOLD_MAX = 100  # payments that are named

log = structlog.get_logger(__name__)


class UnsignedPayments:
    """One network's; what an earlier run left is found anew."""

    def __init__(self, data: Path, network: int, clock: Clock) -> None:
        self._place = data / unsigned_name(network)
        self._network = network
        self._clock = clock
        self._told: Unsigned | None = None
        self._place.unlink(missing_ok=True)

    def tell(self, waiting: Sequence[UnsignedPayment]) -> None:
        """Each that waits, the oldest first; none: all go on."""
        if not waiting:
            if self._told is not None:
                log.info("signers sign all payments again", network=self._network)
                self._told = None
                self._place.unlink(missing_ok=True)
            return
        before = self._told
        since_ms = before.since_ms if before is not None else self._clock.wall_ms()
        problem, oldest = waiting[0].problem, tuple(waiting[:TOLD_MAX])
        found = Unsigned(self._network, len(waiting), problem, since_ms, oldest)
        if found == before:
            return
        if before is None:
            log.error("signers do not sign payments", network=self._network, problem=problem)
        self._told = found
        leave(self._place, found, "operators are not told of unsigned payments")
