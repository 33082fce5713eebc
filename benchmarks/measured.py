"""The exchange that is measured: funded accounts, no bots, and no limits but where they count.

With BENCHMARK_LIMITS=counted each order takes from its buckets as ever, which are so large that one
account can be the load of many. The demo's chains and their workers run too, but with
BENCHMARK_CHAINS=off: then it is what `fullreserve up` starts where no network is named.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from fullreserve.app.command import run
from fullreserve.app.running import Running
from fullreserve.clock import Clock
from fullreserve.config import Settings
from fullreserve.gateway import limits, order_rates
from fullreserve.simulation.app import Market


class Measured(Market):
    """The demo's accounts without its market. `maker1` has no cap on pending orders."""

    def prepare(self, settings: Settings, clock: Clock) -> None:
        """No candles from before."""

    def children(self) -> Sequence[str]:
        return ()

    async def open_chains(self, running: Running) -> None:
        if os.environ.get("BENCHMARK_CHAINS") != "off":
            await super().open_chains(running)

    async def settle(self, running: Running) -> None:
        """No market to wait for."""

    def announce(self, running: Running) -> None:
        """The ready line is enough."""


LARGE = 10**6


def serve(settings: Settings) -> int:
    """Serves until SIGINT or SIGTERM; 0 after a clean stop."""
    if os.environ.get("BENCHMARK_LIMITS") == "counted":
        limits.SINGLE = limits.BATCH = LARGE
        vars(order_rates)["LOWEST"] = LARGE
    return run(settings, Measured())
