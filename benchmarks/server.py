"""The exchange that is measured: funded accounts, no bots, no limits.

`python -m benchmarks.server` reads the settings as `fullreserve up` does.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from fullreserve.app.command import run
from fullreserve.app.running import Running
from fullreserve.clock import Clock
from fullreserve.config import Settings
from fullreserve.simulation.app import Market


class Measured(Market):
    """The demo's accounts without its market. `maker1` has no cap on pending orders."""

    def prepare(self, settings: Settings, clock: Clock) -> None:
        """No candles from before."""

    def children(self) -> Sequence[str]:
        return ()

    async def settle(self, running: Running) -> None:
        """No market to wait for."""

    def announce(self, running: Running) -> None:
        """The ready line is enough."""


if __name__ == "__main__":
    sys.exit(run(Settings.load(), Measured()))
