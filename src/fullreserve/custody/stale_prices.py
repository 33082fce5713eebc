"""Suspends an asset whose price, by which limits are counted, is older than is set.

Limits count at the last price against USD. The core keeps no time of a last trade: this worker
writes down since when it has seen the newest one, so that a start of it goes on with that age. What
was traded while it was away counts from its return, and the price of a pair that was closed, or
whose trading was stopped for everybody, from when it may be traded again.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import structlog

from fullreserve.clock import Clock
from fullreserve.custody.house import House
from fullreserve.custody.left import leave
from fullreserve.custody.tripping import trip
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.deposit_state import ListNetworks, NetworkState
from fullreserve.exchange.products.suspension_wire import Level, Scope, Trigger

HOUR_MS = 3_600_000


FILE = "custody-prices.json"

log = structlog.get_logger(__name__)


class Price(msgspec.Struct, array_like=True, frozen=True):
    """The trade that made an asset's price, and since when (exchange's ms) it is the newest."""

    trade: int
    since_ms: int


class StalePrices:
    """Of every asset that is on a network. `hours`: how old a price may become; 0: any age.

    `data` is the folder where the ages are kept.
    """

    def __init__(self, data: Path, house: House, clock: Clock, hours: int) -> None:
        self._place = data / FILE
        self._house = house
        self._clock = clock
        self._most_ms = hours * HOUR_MS
        self._known = _read(self._place)
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
        if self._known != before:
            self._keep()

    def _keep(self) -> None:
        # The ages are right as long as this process lives.
        leave(self._place, self._known, "ages of prices are not kept")


def _read(place: Path) -> dict[int, Price]:
    """What was kept; nothing where that cannot be read."""
    try:
        return msgspec.json.decode(place.read_bytes(), type=dict[int, Price])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as problem:
        log.warning("ages of prices begin anew", problem=str(problem))
        return {}
