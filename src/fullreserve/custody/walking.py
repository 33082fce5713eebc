"""What waits is looked at slowly, a few at a time and for ever.

Whoever lets something go on has those that wait looked at; what is left, where a process was killed
in between or the core itself was told, is found here.
"""

from __future__ import annotations

from fullreserve.clock import Clock
from fullreserve.custody.house import House
from fullreserve.exchange.products.custody_wire import Settle
from fullreserve.exchange.products.deposit_state import NextOpen
from fullreserve.exchange.products.settling import AT_ONCE
from fullreserve.exchange.products.withdrawal_state import NextSettled

EVERY_MS = 10_000


class Walk:
    """Of one fold; `question` asks it for the last that a `Settle` of so many behind one reads."""

    def __init__(self, house: House, fold: int, question: type[NextOpen | NextSettled]) -> None:
        self._house = house
        self._fold = fold
        self._question = question
        self._after = 0

    async def run(self, clock: Clock) -> None:
        """Rounds for ever; Unavailable when the exchange is not there."""
        while True:
            await self.round()
            await clock.wait_ms(EVERY_MS)

    async def round(self) -> None:
        """The next few, from the first again behind the last; Unavailable."""
        last: int = await self._house.ask(self._fold, self._question(self._after, AT_ONCE))
        if last:
            await self._house.report(self._fold, Settle(self._after, AT_ONCE))
        self._after = last
