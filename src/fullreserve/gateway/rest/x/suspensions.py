"""`x/suspensions`, `x/suspension`, `x/drain`, `x/withdrawal-queue`: what is stopped."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from fullreserve.exchange.products.calendar_rules import is_over
from fullreserve.exchange.products.calendar_wire import CALENDAR, ListPlans, Plans
from fullreserve.exchange.products.suspension_rules import covers
from fullreserve.exchange.products.suspension_state import Suspension, SuspensionState
from fullreserve.exchange.products.suspension_wire import Ruling
from fullreserve.exchange.products.withdrawal_state import (
    WithdrawalState,
)
from fullreserve.gateway import ids, suspension_desk, wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask, lines
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.queue_places import QueuePlaces
from fullreserve.gateway.rest.asset.withdrawals import WdId, withdrawal_of
from fullreserve.gateway.rest.params import Params
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, public, reading
from fullreserve.gateway.rest.x import suspension_rows as rows
from fullreserve.gateway.rest.x.kept_artefacts import Artefacts
from fullreserve.gateway.rest.x.suspension_words import STATES, works

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
        broken = await suspension_desk.broken(self._context, one.number)
        found = rows.detail(one, names, now, waiting, drained, broken)
        return wire.envelope([found | {"kept": rows.kept_rows(kept, is_public=True)}])

    async def drain(self, _request: Request, params: OneParams) -> bytes:
        """A finished drain, whole, for anyone to work its order out again."""
        one = await self._named(params.suspension)
        if one.state < SuspensionState.LIFTED or not one.seed:
            state = STATES[SuspensionState(one.state)]
            raise Problem(NOT_YET, allowed=f"it is {state}; a drain is shown once it was lifted")
        return await self._artefacts.of(one, await places(self._context))

    async def place(self, request: Request, params: QueueParams) -> bytes:
        """The place of one's own withdrawal: lane, how many and how much ahead, and when."""
        one = await withdrawal_of(self._context, request.owner, ids.number(params.wd_id))
        return wire.envelope(
            [await QueuePlaces(self._context).whole(one)]
            if one.state == WithdrawalState.QUEUED
            else []
        )
