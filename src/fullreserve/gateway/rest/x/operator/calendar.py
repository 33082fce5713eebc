"""`x/operator/calendar`: windows of maintenance and delistings that two have agreed on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta

from fullreserve.exchange.products.calendar_rules import withdrawals_end_ms
from fullreserve.exchange.products.calendar_wire import (
    CALENDAR,
    CallOff,
    Delisting,
    ListPlans,
    NetworkWindow,
    Plans,
    Stage,
    Window,
)
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask, networks_named, say
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.params import Params
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.operator.accounts_json import symbol_of
from fullreserve.gateway.rest.x.operator.guard import Guard, Operator
from fullreserve.gateway.rest.x.operator.parameters import NotedParams
from fullreserve.gateway.rest.x.operator.terms_json import name_of
from fullreserve.identity.roles import Role

NOTHING_CHANGES = 91012


class PlanParams(NotedParams):
    """A plan to call off."""

    plan: Annotated[int, Meta(ge=1, description="Its number")]


def routes(context: Context, guard: Guard) -> Routes:
    """Endpoints by method and path."""

    async def listed(_who: Operator, _params: Params) -> bytes:
        """Windows of maintenance, of pairs and of networks, and delistings, newest first."""
        plans: Plans = await ask(context, CALENDAR, ListPlans())
        rows = [_window(context, one) for one in plans.windows]
        rows += [_delisting(context, one) for one in plans.delistings]
        names = await networks_named(context) if plans.networks else {}
        rows += [_of_network(one, names) for one in plans.networks]
        return wire.envelope(sorted(rows, key=lambda row: -int(row["plan"])))

    async def call_off(_who: Operator, params: PlanParams) -> bytes:
        """Give up a plan that has not begun."""
        reply = await say(context, CALENDAR, CallOff(params.plan))
        if reply.code:
            raise Problem(NOTHING_CHANGES)
        return wire.envelope([])

    return dict(
        (
            guard.reads("calendar", Params, listed),
            guard.acts("calendar/call-off", PlanParams, call_off, Role.TRADING),
        )
    )


def _window(context: Context, one: Window) -> dict[str, Any]:
    terms = one.terms
    return {
        "plan": str(one.number),
        "kind": "maintenance",
        "state": Stage(one.stage).name.lower(),
        "beginTs": str(terms.begin_ms),
        "preopenTs": str(terms.preopen_ms),
        "endTs": str(terms.end_ms),
        "instIds": [name_of(context.catalog, each) for each in terms.instruments],
    }


def _of_network(one: NetworkWindow, names: Mapping[int, str]) -> dict[str, Any]:
    terms = one.terms
    return {
        "plan": str(one.number),
        "kind": "network",
        "state": Stage(one.stage).name.lower(),
        "chain": names.get(terms.network, str(terms.network)),
        "beginTs": str(terms.begin_ms),
        "preopenTs": str(terms.preopen_ms),
        "endTs": str(terms.end_ms),
    }


def _delisting(context: Context, one: Delisting) -> dict[str, Any]:
    terms, end_ms = one.terms, withdrawals_end_ms(one)
    going = one.deposits_stopped or one.cleared or one.notices
    state = "called_off" if one.called_off else "over" if one.is_over else "planned"
    return {
        "plan": str(one.number),
        "kind": "delisting",
        "state": "going" if going and state == "planned" else state,
        "ccy": symbol_of(context.catalog, terms.asset),
        "depositsTs": str(terms.deposits_ms),
        "tradingTs": str(terms.trading_ms),
        "withdrawalsTs": str(end_ms or terms.withdrawals_ms),
        "depositsStopped": one.deposits_stopped,
        "instIds": [name_of(context.catalog, each) for each in one.cleared],
        "notices": [{"days": str(days), "ts": str(at)} for days, at in one.notices.items()],
    }
