"""The demo without its bots and with faster blocks: its accounts, its chains and their workers."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from fullreserve.app import supervision
from fullreserve.app.command import run
from fullreserve.app.running import Running
from fullreserve.app.supervision import Program
from fullreserve.clock import Clock
from fullreserve.config import Settings
from fullreserve.custody import demo_accounts
from fullreserve.simulation.app import BOTS, Market


class ChainDemo(Market):
    """Nobody trades."""

    def prepare(self, settings: Settings, clock: Clock) -> None:
        """No candles from before."""

    def children(self) -> Sequence[str | Program]:
        return [one for one in super().children() if one != BOTS]

    async def settle(self, running: Running) -> None:
        """No market to wait for."""


if __name__ == "__main__":
    demo_accounts.BLOCK_S = 1
    # Tests kill workers faster than they fail; each killing would double the pause before the next.
    supervision.PAUSE_LONGEST_MS = supervision.PAUSE_FIRST_MS
    market = ChainDemo(*sys.argv[1:])
    try:
        sys.exit(run(Settings.load(), market))
    finally:
        market.close()
