"""The demo without its bots: play money, printed messages, and a machine at rest for browsers."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from fullreserve.app.command import run
from fullreserve.app.running import Running
from fullreserve.clock import Clock
from fullreserve.config import Settings
from fullreserve.simulation.app import Market


class QuietDemo(Market):
    """The demo's money and messages, and nobody who trades."""

    def prepare(self, settings: Settings, clock: Clock) -> None:
        """No candles from before."""

    async def open(self, running: Running) -> None:
        """No accounts."""

    def children(self) -> Sequence[str]:
        return ()

    async def settle(self, running: Running) -> None:
        """No market to wait for."""

    def announce(self, running: Running) -> None:
        """No accounts to tell of."""


if __name__ == "__main__":
    sys.exit(run(Settings.load(), QuietDemo()))
