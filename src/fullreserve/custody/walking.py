"""What waits is looked at slowly, a few at a time and for ever.

Whoever lets something go on has those that wait looked at; what is left, where a process was killed
in between or the core itself was told, is found here. The fold is asked first whether a word would
change anything: what changes nothing does not come into the log.
"""

from __future__ import annotations

from fullreserve.clock import Clock
from fullreserve.custody.house import House
from fullreserve.exchange.products import deposit_state, withdrawal_state
from fullreserve.exchange.products.custody_wire import WITHDRAWALS, Settle
from fullreserve.exchange.products.deposit_state import Due
from fullreserve.exchange.products.settling import AT_ONCE

EVERY_MS = 10_000


class Walk:
    """Of one fold; `question` asks it for the last that a `Settle` of so many behind one reads."""

    def __init__(
        self,
        house: House,
        fold: int,
        question: type[deposit_state.NextDue | withdrawal_state.NextDue],
        clock: Clock,
    ) -> None:
        self._house = house
        self._fold = fold
        self._question = question
        self._clock = clock
        self._after = 0

    async def run(self) -> None:
        """Rounds for ever; Unavailable when the exchange is not there."""
        while True:
            await self.round()
            await self._clock.wait_ms(EVERY_MS)

    async def round(self) -> None:
        """The next few, from the first again behind the last; Unavailable."""
        now_ms = await self._house.now_ms(self._clock.wall_ms())
        left = await self._house.uncompared() if self._fold == WITHDRAWALS else ()
        more = (left,) if left else ()  # the fold of deposits is asked of all
        question = self._question(self._after, AT_ONCE, now_ms, *more)
        found: Due = await self._house.ask(self._fold, question)
        if found.is_due:
            await self._house.report(self._fold, Settle(self._after, AT_ONCE, left))
        self._after = found.last
