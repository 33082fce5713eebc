"""Where withdrawals that wait stand: lane, who is ahead, and when they are paid by the plan."""

from __future__ import annotations

from typing import NamedTuple

from fullreserve.exchange.products.custody_wire import WITHDRAWALS, Hold
from fullreserve.exchange.products.deposit_state import ListNetworks, NetworkState
from fullreserve.exchange.products.drain_log import Queued
from fullreserve.exchange.products.suspension_rules import verdict
from fullreserve.exchange.products.suspension_state import Suspension, SuspensionState
from fullreserve.exchange.products.suspension_wire import Ruling
from fullreserve.exchange.products.withdrawal_rulings import leaving
from fullreserve.exchange.products.withdrawal_state import (
    SMALL_USD,
    GetPlace,
    ListQueue,
    Place,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.exchange.wire.events import OwnerChanged
from fullreserve.exchange.wire.queries import GetOwner
from fullreserve.gateway import ids, suspension_desk
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask, hold_of


class Standing(NamedTuple):
    """Of one that waits; times in ms, 0 as long as nobody can say.

    `suspension`: of those that hold it, one whose end nobody can say, or the one that ends last.
    """

    place: Place | None
    suspension: int
    first_ms: int
    last_ms: int


# What a row has that waits for nothing any more: pages lay what is pushed over what they have.
NOWHERE = {"xSuspId": "", "xQueuePos": "", "xAheadAmt": "", "xEtaFromMs": "", "xEtaMs": ""}


class QueuePlaces:
    """For one answer: suspensions are asked for once, by the first that waits."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._stops: list[Suspension] | None = None
        self._networks: list[NetworkState] | None = None
        self._waits: dict[int, int] = {}  # by suspension, ticks after which a request comes first

    async def of(self, one: Withdrawal) -> Standing:
        """Where a withdrawal stands."""
        place: Place | None = await ask(self._context, WITHDRAWALS, GetPlace(one.number))
        now_ms = self._context.clock.exchange_ms()
        found: list[tuple[int, int, int]] = []
        for stop in await self._stops_of(one):
            if stop.number not in self._waits:
                most = await suspension_desk.max_wait(self._context, stop.number)
                self._waits[stop.number] = most
            times = _times(stop, one, place, self._waits[stop.number], now_ms)
            found.append((stop.number, *times))
        number, first, _ = max(found, key=lambda each: (not each[1], each[1]), default=(0, 0, 0))
        bounds = [last for *_, last in found]
        hold = await self._hold_of(one)
        if hold is not None:
            bounds.append(0)  # by the plan: nothing is paid while the network is maintained
            is_known = hold.until_ms > now_ms and (first or not found)
            first = max(first, hold.until_ms) if is_known else 0
        last = max(bounds) if first and bounds and all(bounds) else 0
        return Standing(place, number, first, last)

    async def row(self, one: Withdrawal) -> dict[str, str]:
        """What the rows of a withdrawal that waits have beside OKX's; of others only that.

        In Unix ms, `xEtaFromMs`: when it is paid at the earliest, `xEtaMs`: at the latest, or where
        nothing bounds that when what holds it is announced to end.
        """
        if one.state != WithdrawalState.QUEUED:
            return {}
        found, asset = await self.of(one), self._context.catalog.assets[one.asset]
        row = {
            "xSuspId": str(found.suspension or ""),
            "xEtaFromMs": str(found.first_ms or ""),
            "xEtaMs": str(found.last_ms or found.first_ms or ""),
        }
        if found.place is not None:
            row["xQueuePos"] = str(found.place.position)
            row["xAheadAmt"] = asset.text(amount_int(found.place.ahead))
        return row

    async def whole(self, one: Withdrawal) -> dict[str, str]:
        """The answer of `x/withdrawal-queue`."""
        found, asset = await self.of(one), self._context.catalog.assets[one.asset]
        place = found.place
        return {
            "wdId": ids.text(one.number),
            "suspension": str(found.suspension or ""),
            "lane": "S" if place is not None and place.usd <= SMALL_USD else "L",
            "position": str(place.position) if place is not None else "",
            "aheadAmt": asset.text(amount_int(place.ahead) if place is not None else 0),
            "etaFromTs": str(found.first_ms or ""),
            "etaToTs": str(found.last_ms or ""),
        }

    async def _hold_of(self, one: Withdrawal) -> Hold | None:
        """The maintenance of its network."""
        if self._networks is None:
            self._networks = await ask(self._context, WITHDRAWALS, ListNetworks())
        here = (each for each in self._networks if each.terms.network == one.network)
        return hold_of(next(here, None), one.asset)

    async def _stops_of(self, one: Withdrawal) -> list[Suspension]:
        """All that hold it, without those whose drain has let it go already."""
        owner: OwnerChanged | None = await self._context.door.query(GetOwner(one.owner))
        if owner is None:
            return []
        here: list[Queued] = await ask(
            self._context, WITHDRAWALS, ListQueue(one.number - 1, 1, one.network, one.asset)
        )
        released = next((each.released for each in here if each.number == one.number), ())
        asked = Ruling(
            *(leaving(by_api=one.by_api), owner.owner, owner.master, owner.segment),
            *(one.network, one.asset, one.number),
            released=released,
        )
        if self._stops is None:
            self._stops = await suspension_desk.in_force(self._context)
        return [stop for stop in self._stops if verdict([stop], asked).mode]


def _times(
    stop: Suspension, one: Withdrawal, place: Place | None, max_wait: int, now_ms: int
) -> tuple[int, int]:
    """When it is paid at the earliest and at the latest, by the plan; 0: nobody can say.

    Lane L is shared with those behind: nothing is the latest but when it has waited so many ticks
    that it comes before both lanes, where half of a tick's budget and slots at least are for those
    ahead of it and for itself.
    """
    is_draining = stop.state == SuspensionState.DRAINING
    opens = now_ms if is_draining else max(now_ms, stop.terms.est_open_ms)
    if opens == now_ms and not is_draining:
        return 0, 0
    ahead = amount_int(place.ahead) if place is not None else 0
    position = place.position if place is not None else 1
    for budget in stop.budgets:
        if (budget.network, budget.asset) == (one.network, one.asset):
            if not max_wait:
                return opens, 0
            by_amount = (ahead + one.value) // max(1, amount_int(budget.amount) // 2)
            by_slots = position // max(1, budget.slots // 2)
            return opens, opens + (max_wait + by_amount + by_slots + 2) * stop.interval_ms
    return opens, 0
