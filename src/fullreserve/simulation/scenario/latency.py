"""How long an order takes, while everything else goes on: placed and cancelled, again and again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import NamedTuple

from fullreserve.exchange.wire import commands as c
from fullreserve.exchange.wire.queries import GetReference, Reference
from fullreserve.simulation.scenario.exchange import Broken, Exchange

PAUSE_MS = 10
MARKET = 1
NS_PER_US = 1000
ROUNDS = 400  # of drawing seconds again


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

    def between(self, begin_ms: int, end_ms: int) -> list[Sample]:
        """The orders of a time."""
        return [one for one in self.samples if begin_ms <= one.at_ms < end_ms]


def share_of(took_us: Sequence[int], hundredths: int) -> int:
    """The time within which so many hundredths of orders were done; 0 for none."""
    if not took_us:
        return 0
    return sorted(took_us)[min(len(took_us) - 1, len(took_us) * hundredths // 100)]


class Ratio(NamedTuple):
    """Of two 99th percentiles, with its 95 % interval."""

    value: float
    low: float
    high: float


def ratio_of(during: Sequence[Sample], before: Sequence[Sample]) -> Ratio:
    """How the 99th percentile of one time is to another's.

    Orders of one second are no independent measurements: whole seconds are drawn again (a block
    bootstrap: Kuensch, Annals of Statistics 17, 1989).
    """
    draws = random.Random(ROUNDS)
    ratios = sorted(_drawn(during, draws) / max(1, _drawn(before, draws)) for _ in range(ROUNDS))
    value = _p99(during) / max(1, _p99(before))
    return Ratio(value, ratios[ROUNDS // 40], ratios[-1 - ROUNDS // 40])


def _p99(samples: Sequence[Sample]) -> int:
    return share_of([one.us for one in samples], 99)


def _drawn(samples: Sequence[Sample], draws: random.Random) -> int:
    seconds: dict[int, list[int]] = {}
    for one in samples:
        seconds.setdefault(one.at_ms // 1000, []).append(one.us)
    if not seconds:
        return 0
    blocks = draws.choices(list(seconds.values()), k=len(seconds))
    return share_of([us for block in blocks for us in block], 99)
