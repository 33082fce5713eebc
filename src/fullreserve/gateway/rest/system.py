"""`system/status` and `support/*`: what the operator says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from msgspec import Meta

from fullreserve.exchange.products.calendar_wire import (
    CALENDAR,
    ListPlans,
    NetworkWindow,
    Plans,
    Stage,
    Window,
)
from fullreserve.exchange.worker_files import Spell
from fullreserve.gateway import unwell, wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask, lines
from fullreserve.gateway.rest.params import Number, Params
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, public
from fullreserve.gateway.rest.x.suspension_rows import LATE, Places, expected, status_row
from fullreserve.gateway.rest.x.suspensions import shown

TRADING_SERVICE = "5"
OTHER_SERVICE = "99"
NAMED_MAX = 5
WINDOW_STATES = {
    Stage.PLANNED: "scheduled",
    Stage.CLOSED: "ongoing",
    Stage.PREOPEN: "pre_open",
    Stage.OVER: "completed",
    Stage.CALLED_OFF: "canceled",
}
# As on OKX, what is over is shown to who asks for it.
UNFINISHED = ("scheduled", "ongoing", "pre_open")
ANNOUNCEMENTS = {
    "announcements-new-listings": "New listings",
    "announcements-delistings": "Delistings",
    "announcements-trading-updates": "Trading updates",
    "announcements-deposit-withdrawal-suspension-resumption": "Deposits and withdrawals",
    "announcements-api": "API",
    "announcements-others": "Others",
}


class StatusParams(Params):
    """Maintenance in one state, or in any."""

    state: (
        Annotated[
            Literal["scheduled", "ongoing", "pre_open", "completed", "canceled"],
            Meta(description="State of the maintenance"),
        ]
        | None
    ) = None


class AnnouncementsParams(Params):
    """A page of the announcements of one type, or of all."""

    ann_type: Annotated[str, Meta(description="Of `support/announcement-types`")] = ""
    page: Number = 1


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""

    async def status(_request: Request, params: StatusParams) -> bytes:
        """What is suspended, and a stop that is planned."""
        rows = await status_rows(context)
        wanted = (params.state,) if params.state else UNFINISHED
        return wire.envelope([row for row in rows if row["state"] in wanted])

    return {
        ("GET", "system/status"): public(Taking(StatusParams, status), 1, 5000),
        ("GET", "support/announcements"): public(Taking(AnnouncementsParams, _announcements), 5),
        ("GET", "support/announcement-types"): public(Taking(Params, _types), 1),
        # ccxt's spelling.
        ("GET", "support/announcements-types"): public(Taking(Params, _types), 1),
    }


async def status_rows(context: Context) -> list[dict[str, Any]]:
    """A planned stop, maintenance, unwell networks, then suspensions; newest first."""
    here = await lines(context)
    names = Places(context.catalog, here)
    plans: Plans = await ask(context, CALENDAR, ListPlans())
    spells, now_ms = await unwell.spells(context, here), context.clock.exchange_ms()
    closing = [
        *_windows(context, plans),
        *network_rows(context, plans, names),
        *unwell_rows(context, spells, names),
    ]
    return [*_planned(context), *closing] + [
        {
            key: text
            for key, text in status_row(one, names, now_ms, demo=context.demo).items()
            if key != "ts"
        }
        for one in reversed(await shown(context))
    ]


def _planned(context: Context) -> Iterator[dict[str, Any]]:
    plan = context.maintenance.plan
    if plan is None:
        return
    state = "ongoing" if context.clock.wall_ms() >= plan.begin_ms else "scheduled"
    yield {
        "title": "Planned maintenance of the exchange",
        "state": "canceled" if plan.is_canceled else state,
        "begin": str(plan.begin_ms),
        "end": expected(plan.end_ms or 0, context.clock.wall_ms()),
        "preOpenBegin": "",
        "href": f"/status?plan={plan.number}",
        "serviceType": TRADING_SERVICE,
        "system": "unified",
        "scheDesc": "",
        "maintType": "1",
        "env": "2" if context.demo else "1",
    }


def _windows(context: Context, plans: Plans) -> Iterator[dict[str, Any]]:
    """Windows of maintenance that close instruments, newest first."""
    for one in reversed(plans.windows):
        href = f"/status?window={one.number}"
        title = _title(context, one.terms.instruments)
        yield {"title": title} | _window(context, one, href, TRADING_SERVICE)


def network_rows(context: Context, plans: Plans, names: Places) -> Iterator[dict[str, Any]]:
    """Windows in which deposits and withdrawals on a network wait, newest first."""
    for one in reversed(plans.networks):
        href = f"/status?network={one.number}"
        title = f"Maintenance of {names.network(one.terms.network)}: deposits and withdrawals"
        yield {"title": title} | _window(context, one, href, OTHER_SERVICE)


def unwell_rows(
    context: Context, spells: Sequence[Spell], names: Places
) -> Iterator[dict[str, Any]]:
    """Networks on which deposits and withdrawals wait, since our nodes are not believed."""
    for one in reversed(spells):
        yield {
            "title": unwell.titles(one, names.network(one.network))["en"],
            "state": "completed" if one.until_ms else "ongoing",
            "begin": str(one.since_ms) if one.since_ms else "",
            "end": str(one.until_ms) if one.until_ms else "",
            "preOpenBegin": "",
            "href": f"/status?unwell={one.network}-{one.since_ms}",
            "serviceType": OTHER_SERVICE,
            "system": "unified",
            "scheDesc": "",
            "maintType": "3",
            "env": "2" if context.demo else "1",
        }


def _window(
    context: Context, one: Window | NetworkWindow, href: str, service: str
) -> dict[str, Any]:
    state, end = WINDOW_STATES[Stage(one.stage)], str(one.terms.end_ms)
    if state in ("ongoing", "pre_open"):
        end = expected(one.terms.end_ms, context.clock.exchange_ms())
    return {
        "state": state,
        "begin": str(one.terms.begin_ms),
        "end": end,
        "preOpenBegin": str(one.terms.preopen_ms),
        "href": href,
        "serviceType": service,
        "system": "unified",
        "scheDesc": "" if end else LATE,
        "maintType": "1",
        "env": "2" if context.demo else "1",
    }


def _title(context: Context, instruments: Sequence[int]) -> str:
    known = context.catalog.instruments
    names = ", ".join(known[each].symbol for each in instruments[:NAMED_MAX])
    return f"Maintenance of {names}{' and others' if len(instruments) > NAMED_MAX else ''}"


async def _announcements(_request: Request, _params: AnnouncementsParams) -> bytes:
    """What the operator announced; nothing yet."""
    return wire.envelope([{"details": [], "totalPage": "0"}])


async def _types(_request: Request, _params: Params) -> bytes:
    """The types of announcements."""
    rows = [{"annType": kind, "annTypeDesc": text} for kind, text in ANNOUNCEMENTS.items()]
    return wire.envelope(rows)
