"""A network that nothing is paid on, for planning fails there or a backup was put back: shown.

Its file stands in the data folder for as long as that lasts. The other networks are paid.
"""

from __future__ import annotations

from pathlib import Path

import structlog

from fullreserve.clock import Clock
from fullreserve.custody.left import leave
from fullreserve.custody.setbacks import named
from fullreserve.exchange.worker_files import Unpaid, unpaid_name
from fullreserve.faults import frames_of

log = structlog.get_logger(__name__)


class UnpaidNetwork:
    """One network's; what an earlier run left is found anew."""

    def __init__(self, data: Path, network: int, clock: Clock) -> None:
        self._place = data / unpaid_name(network)
        self._network = network
        self._clock = clock
        self._told = ""
        self._since_ms = 0
        self._place.unlink(missing_ok=True)

    def fails(self, problem: Exception) -> None:
        """A round ended by it."""
        text = named(problem)
        if text == self._told:
            return
        log.error(
            "nothing is paid on this network; the others are",
            network=self._network,
            problem=text,
            frames=frames_of(problem),
        )
        self._tell(text)

    def waits(self, text: str) -> None:
        """For what is not known yet since a backup was put back."""
        self._tell(text, is_restored=True)

    def _tell(self, text: str, *, is_restored: bool = False) -> None:
        if not self._told:
            self._since_ms = self._clock.wall_ms()
        if text != self._told:
            found = Unpaid(self._network, text, self._since_ms, is_restored)
            leave(self._place, found, "operators are not told of a network")
            self._told = text

    def goes(self) -> None:
        """A round came to its end."""
        if self._told:
            log.info("the network is paid on again", network=self._network)
            self._told = ""
            self._place.unlink(missing_ok=True)
