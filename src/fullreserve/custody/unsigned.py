"""Payments that too few signers sign, as their budget is used up or they are not there: shown.

Its file stands in the data folder for as long as some wait. What is signed meanwhile is paid.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import structlog

from fullreserve.clock import Clock
from fullreserve.custody.left import leave
from fullreserve.exchange.worker_files import Unsigned, unsigned_name

log = structlog.get_logger(__name__)


class UnsignedPayments:
    """One network's; what an earlier run left is found anew."""

    def __init__(self, data: Path, network: int, clock: Clock) -> None:
        self._place = data / unsigned_name(network)
        self._network = network
        self._clock = clock
        self._told: Unsigned | None = None
        self._place.unlink(missing_ok=True)

    def tell(self, reasons: Sequence[str]) -> None:
        """Why each that waits does, the oldest first, in the signers' words; none: all go on."""
        if not reasons:
            if self._told is not None:
                log.info("signers sign all payments again", network=self._network)
                self._told = None
                self._place.unlink(missing_ok=True)
            return
        before = self._told
        since_ms = before.since_ms if before is not None else self._clock.wall_ms()
        found = Unsigned(self._network, len(reasons), reasons[0], since_ms)
        if found == before:
            return
        if before is None:
            log.error("signers do not sign payments", network=self._network, problem=reasons[0])
        self._told = found
        leave(self._place, found, "operators are not told of unsigned payments")
