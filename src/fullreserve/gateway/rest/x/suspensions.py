"""`x/suspensions`, `x/suspension`, `x/drain`, `x/withdrawal-queue`: what is stopped."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from fullreserve.exchange.products.calendar_rules import is_over
from fullreserve.exchange.products.calendar_wire import CALENDAR, ListPlans, Plans
from fullreserve.exchange.products.custody_wire import WITHDRAWALS
from fullreserve.exchange.products.suspension_rules import covers, verdict
from fullreserve.exchange.products.suspension_state import Suspension, SuspensionState
from fullreserve.exchange.products.suspension_wire import Ruling
from fullreserve.exchange.products.withdrawal_rulings import leaving
from fullreserve.exchange.products.withdrawal_state import (
    SMALL_USD,
    GetPlace,
    Place,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.exchange.wire.events import OwnerChanged
from fullreserve.exchange.wire.queries import GetOwner
from fullreserve.gateway import ids, suspension_desk, wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask, lines
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.asset.withdrawals import WdId, withdrawal_of
from fullreserve.gateway.rest.params import Params
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, public, reading
from fullreserve.gateway.rest.x import suspension_rows as rows
from fullreserve.gateway.rest.x.kept_artefacts import Artefacts
from fullreserve.gateway.rest.x.suspension_words import works

UNKNOWN = 93_003
NOT_YET = 93_004

SuspensionId = Annotated[int, Meta(ge=1, description="A suspension's number")]


class ListParams(Params):
    """Which suspensions."""

    state: Annotated[Literal["open", "closed", "all"], Meta(description="open is in force")] = (
        "open"
    )


class OneParams(Params):
    """One suspension."""

    suspension: SuspensionId


class QueueParams(Params):
    """One's own withdrawal that waits."""

    wd_id: WdId


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    table = _Suspensions(context)
    return {
        ("GET", "x/suspensions"): public(Taking(ListParams, table.listed), 10),
        ("GET", "x/suspension"): public(Taking(OneParams, table.one), 5),
        ("GET", "x/drain"): public(Taking(OneParams, table.drain), 2),
        ("GET", "x/withdrawal-queue"): reading(Taking(QueueParams, table.place), 6, 1000),
    }


async def places(context: Context) -> rows.Places:
    """The names of networks and assets."""
    return rows.Places(context.catalog, await lines(context))


async def shown(context: Context) -> list[Suspension]:
    """What everybody may know of, the newest last."""
    return [one for one in await suspension_desk.suspensions(context) if rows.is_public(one)]


class _Suspensions:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._artefacts = Artefacts(context)

    async def listed(self, _request: Request, params: ListParams) -> bytes:
        """What is suspended, why, since when and until when; and what still works."""
        found = await shown(self._context)
        names, now = await places(self._context), self._context.clock.exchange_ms()
        wanted = [
            rows.row(one, names, now)
            for one in reversed(found)
            if params.state == "all" or one.is_in_force == (params.state == "open")
        ]
        plans: Plans = await ask(self._context, CALENDAR, ListPlans())
        maintenance = [
            rows.maintenance_row(one, names)
            for one in reversed(plans.networks)
            if params.state == "all" or is_over(one) == (params.state == "closed")
        ]
        custody = self._context.custody
        answer = {
            "suspensions": wanted,
            "maintenance": maintenance,
            "works": works(found),
            "hourlyShare": str(custody.hourly_share),
            "priceAgeH": str(custody.price_age_h),
        }
        unwell = [one.network.code for one in await lines(self._context) if not one.is_well]
        return wire.envelope([answer | {"unwell": list(dict.fromkeys(unwell))}])

    async def _named(self, number: int) -> Suspension:
        for one in await shown(self._context):
            if one.number == number:
                return one
        raise Problem(UNKNOWN)

    async def one(self, _request: Request, params: OneParams) -> bytes:
        """One suspension with its gates, its queue and how far its drain is."""
        one = await self._named(params.suspension)
        waiting = [
            each
            for each in await suspension_desk.queues(self._context, one.terms.scope)
            if covers(one.terms.scope, Ruling(0, 0, 0, 0, each.network, each.asset))
        ]
        drained = await suspension_desk.drained(self._context, one.number)
        now = self._context.clock.exchange_ms()
        names = await places(self._context)
        kept = await suspension_desk.kept(self._context, one.number)
        found = rows.detail(one, names, now, waiting, drained)
        return wire.envelope([found | {"kept": rows.kept_rows(kept, is_public=True)}])

    async def drain(self, _request: Request, params: OneParams) -> bytes:
        """A finished drain, whole, for anyone to work its order out again."""
        one = await self._named(params.suspension)
        if one.state < SuspensionState.LIFTED or not one.seed:
            raise Problem(NOT_YET)
        return await self._artefacts.of(one, await places(self._context))

    async def place(self, request: Request, params: QueueParams) -> bytes:
        """The place of one's own withdrawal: lane, how many and how much ahead, and when."""
        one = await withdrawal_of(self._context, request.owner, ids.number(params.wd_id))
        return wire.envelope(
            [await place_row(self._context, one)] if one.state == WithdrawalState.QUEUED else []
        )


async def place_row(context: Context, one: Withdrawal) -> rows.Row:
    """Where a withdrawal that waits stands; times are "" as long as nobody can say."""
    place: Place | None = await ask(context, WITHDRAWALS, GetPlace(one.number))
    is_small = place is not None and place.usd <= SMALL_USD
    stop = await _stop_of(context, one)
    ahead = amount_int(place.ahead) if place is not None else 0
    first, last = _times(stop, one, ahead, place.position if place is not None else 1, context)
    asset = context.catalog.assets[one.asset]
    return {
        "wdId": ids.text(one.number),
        "suspension": str(stop.number) if stop is not None else "",
        "lane": "S" if is_small else "L",
        "position": str(place.position) if place is not None else "",
        "aheadAmt": asset.text(ahead),
        "etaFromTs": str(first) if first else "",
        "etaToTs": str(last) if last else "",
    }


async def _stop_of(context: Context, one: Withdrawal) -> Suspension | None:
    owner: OwnerChanged | None = await context.door.query(GetOwner(one.owner))
    if owner is None:
        return None
    asked = Ruling(
        *(leaving(by_api=one.by_api), owner.owner, owner.master, owner.segment),
        *(one.network, one.asset, one.number),
    )
    known = await suspension_desk.suspensions(context)
    number = verdict(known, asked).suspension
    return next((stop for stop in known if stop.number == number), None)


def _times(
    stop: Suspension | None, one: Withdrawal, ahead: int, position: int, context: Context
) -> tuple[int, int]:
    """When it is paid at the earliest and at the latest, by the plan; zeros without one."""
    if stop is None:
        return 0, 0
    now = context.clock.exchange_ms()
    opens = now if stop.state == SuspensionState.DRAINING else max(now, stop.terms.est_open_ms)
    if opens == now and stop.state != SuspensionState.DRAINING:
        return 0, 0
    for budget in stop.budgets:
        if (budget.network, budget.asset) == (one.network, one.asset):
            by_amount = (ahead + one.value) // max(1, amount_int(budget.amount))
            # A small one may find half of the slots; a large one all that is before it.
            by_slots = (position + 1) // max(1, budget.slots // 2)
            latest = opens + (max(by_amount, by_slots) + 1) * stop.interval_ms
            return opens, latest
    return opens, 0
