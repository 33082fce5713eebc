"""How long an order takes, while everything else goes on: placed and cancelled, again and again."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from fullreserve.exchange.wire import commands as c
from fullreserve.exchange.wire.queries import GetReference, Reference
from fullreserve.simulation.scenario.exchange import Broken, Exchange

PAUSE_MS = 10
MARKET = 1
NS_PER_US = 1000


class Sample(NamedTuple):
    at_ms: int  # since the scenario began
    us: int


class Latency:
    """A trader who never stops; `samples` are his orders'."""

    def __init__(self, exchange: Exchange, uid: int, began_ns: int) -> None:
        self.samples: list[Sample] = []
        self.refused = 0
        self._exchange = exchange
        self._uid = uid
        self._began_ns = began_ns

    async def run(self) -> None:
        """Until it is cancelled."""
        door, clock = self._exchange.door, self._exchange.clock
        while True:
            reference: Reference | None = await door.query(GetReference(MARKET))
            price = reference.lowest if reference is not None and reference.lowest else 10_000
            started = clock.monotonic_ns()
            order = c.PlaceOrder(
                *(door.gateway, door.numbers(1), self._uid, MARKET, c.Side.BUY),
                *(c.OrderType.POST_ONLY, price, 100),
            )
            try:
                (reply,) = await self._exchange.submit([order], is_patient=False)
            except Broken:
                self.refused += 1
                await clock.wait_ms(100)
                continue
            took = clock.monotonic_ns() - started
            if reply.code:
                self.refused += 1
            else:
                self.samples.append(Sample(self.elapsed_ms(), took // NS_PER_US))
                number = door.numbers(1)
                cancel = c.CancelOrder(door.gateway, number, self._uid, MARKET, reply.order)
                await self._exchange.submit([cancel])
            await asyncio.sleep(PAUSE_MS / 1000)

    def elapsed_ms(self) -> int:
        return (self._exchange.clock.monotonic_ns() - self._began_ns) // 1_000_000

    def between(self, begin_ms: int, end_ms: int) -> tuple[int, int, int]:
        """How many orders, their median and 99th percentile in µs."""
        took = sorted(one.us for one in self.samples if begin_ms <= one.at_ms < end_ms)
        if not took:
            return 0, 0, 0
        return len(took), took[len(took) // 2], took[min(len(took) - 1, len(took) * 99 // 100)]
