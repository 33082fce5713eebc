"""Puts withdrawals before the policy and makes its decisions heeded.

The fold of the policy decides; what it cannot know is found here: the kind and the age of the
destination, which the identity vault has. Whatever is said twice, or lost on the way, changes
nothing: what is undecided is asked for again.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import structlog

from fullreserve.clock import Clock
from fullreserve.custody.bech32 import BadAddress
from fullreserve.custody.destinations import Destinations
from fullreserve.custody.house import House
from fullreserve.custody.screening import Screen
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.policy_rules import Category, DecisionState
from fullreserve.exchange.products.policy_wire import POLICY, Judge, ListStates
from fullreserve.exchange.products.withdrawal_state import ListUndecided, Undecided

LOOKED_AT = 500
# Words in one submission: orders go in between, so that none waits for a queue of withdrawals.
AT_ONCE = 10

log = structlog.get_logger(__name__)


class Deciding:
    """Of all networks."""

    def __init__(
        self, house: House, destinations: Destinations, screen: Screen, clock: Clock
    ) -> None:
        self._house = house
        self._destinations = destinations
        self._screen = screen
        self._clock = clock

    async def round(self) -> None:
        """Everything undecided is decided as far as it can be; Unavailable."""
        found: list[Undecided] = await self._house.ask(wire.WITHDRAWALS, ListUndecided(LOOKED_AT))
        for start in range(0, len(found), AT_ONCE):
            part = found[start : start + AT_ONCE]
            fresh = [one for one in part if not one.is_asked]
            await self._say(POLICY, [self._judge(one) for one in fresh])
            words = [wire.Heed(one.withdrawal) for one in (*fresh, *await self._moved(part))]
            await self._say(wire.WITHDRAWALS, words)

    async def _moved(self, part: Sequence[Undecided]) -> list[Undecided]:
        """Those left to people on whom these have decided, or had their time."""
        asked = [one for one in part if one.is_asked]
        if not asked:
            return []
        numbers = tuple(one.withdrawal for one in asked)
        now_ms = await self._house.now_ms(self._clock.wall_ms())
        states: list[int] = await self._house.ask(POLICY, ListStates(numbers, now_ms))
        moved = zip(asked, states, strict=True)
        return [one for one, state in moved if state != DecisionState.WAITING]

    def _judge(self, one: Undecided) -> Judge:
        try:
            entry = self._destinations.entry(one.owner, one.network, one.destination)
        except BadAddress:
            return Judge(one.withdrawal, Category.ONE_TIME, 0)
        is_bad = self._screen.holds(entry.text.partition(":")[0])
        category = Category.SANCTIONED if is_bad else Category.BOOK
        return Judge(one.withdrawal, category, max(0, self._clock.wall_ms() - entry.added_ms))

    async def _say(self, fold: int, words: Sequence[msgspec.Struct]) -> None:
        codes = await self._house.report(fold, *words)
        for word, code in zip(words, codes, strict=True):
            if code:
                log.error("word refused", kind=type(word).__name__, code=code, fold=fold)
