"""Suspends an asset whose price, by which limits are counted, is older than is set.

Limits count at the last price against USD. The core keeps no time of a last trade: a price is as
old as it has been the newest before this worker's eyes, so that a start begins anew, and so does
the price of a pair whose trading was closed.
"""

from __future__ import annotations

from typing import NamedTuple

from fullreserve.clock import Clock
from fullreserve.custody.house import House
from fullreserve.custody.tripping import trip
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.deposit_state import ListNetworks, NetworkState
from fullreserve.exchange.products.suspension_wire import Level, Scope, Trigger

HOUR_MS = 3_600_000


class Price(NamedTuple):
    """The trade that made an asset's price, and since when it has been the newest."""

    trade: int
    since_ms: int


class StalePrices:
    """Of every asset that is on a network. `hours`: how old a price may become; 0: any age."""

    def __init__(self, house: House, clock: Clock, hours: int) -> None:
        self._house = house
        self._clock = clock
        self._most_ms = hours * HOUR_MS
        self._known: dict[int, Price] = {}
        self._told: dict[int, int] = {}  # the trade by which an asset was suspended

    async def round(self) -> None:
        """Looks at each price; Unavailable. Who has none is left to people anyway."""
        if not self._most_ms:
            return
        states: list[NetworkState] = await self._house.ask(wire.DEPOSITS, ListNetworks())
        assets = sorted({each.asset for one in states for each in one.terms.assets})
        now_ms = await self._house.now_ms(self._clock.wall_ms())
        before, self._known = self._known, {}
        for asset, trade in (await self._house.priced_by(assets)).items():
            known = before.get(asset)
            if known is None or known.trade != trade:
                known = Price(trade, now_ms)
            self._known[asset] = known
            age_ms = now_ms - known.since_ms
            if age_ms > self._most_ms and self._told.get(asset) != trade:
                evidence = {"trade": trade, "ageMs": age_ms}
                place = Scope(Level.ASSET, asset=asset)
                if await trip(self._house, Trigger.STALE_PRICE, place, evidence):
                    self._told[asset] = trade
