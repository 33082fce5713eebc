"""`x/operator/maintenance`: planning a stop of the exchange."""

from __future__ import annotations

import asyncio
from typing import Annotated

from msgspec import Meta

from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.maintenance import Plan
from fullreserve.gateway.rest.params import Params
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.operator.guard import Guard, Operator
from fullreserve.gateway.rest.x.operator.parameters import NotedParams
from fullreserve.identity.roles import Role

NOTHING_CHANGES = 91012


class PlanParams(NotedParams):
    """When it stops, and when it will be back."""

    begin_ts: Annotated[int, Meta(ge=1, description="In ms, after now")]
    end_ts: Annotated[int, Meta(ge=0, description="In ms, after the begin; 0: not known")] = 0


def routes(context: Context, guard: Guard) -> Routes:
    """Endpoints by method and path."""

    async def planned(_who: Operator, _params: Params) -> bytes:
        """The planned stop; empty without one."""
        plan = context.maintenance.plan
        return wire.envelope([_row(plan)] if plan and not plan.is_canceled else [])

    async def plan(_who: Operator, params: PlanParams) -> bytes:
        """Plan a stop: in `system/status` at once, told to connections before it, then done."""
        if params.begin_ts <= context.clock.wall_ms():
            raise Problem(51000, "beginTs", "a time in ms after now")
        if params.end_ts and params.end_ts <= params.begin_ts:
            raise Problem(51000, "endTs", "a time in ms after beginTs, or 0")
        made = context.maintenance.put(params.begin_ts, params.end_ts)
        await asyncio.to_thread(context.maintenance.keep)
        return wire.envelope([_row(made)])

    async def cancel(_who: Operator, _params: NotedParams) -> bytes:
        """Give the planned stop up."""
        if not context.maintenance.cancel():
            raise Problem(NOTHING_CHANGES)
        await asyncio.to_thread(context.maintenance.keep)
        return wire.envelope([])

    trading = Role.TRADING
    return dict(
        (
            guard.reads("maintenance", Params, planned),
            guard.acts("maintenance/plan", PlanParams, plan, trading, wants_proof=True),
            guard.acts("maintenance/cancel", NotedParams, cancel, trading),
        )
    )


def _row(plan: Plan) -> dict[str, str]:
    return {
        "beginTs": str(plan.begin_ms),
        "endTs": str(plan.end_ms) if plan.end_ms else "",
        "plannedTs": str(plan.planned_ms),
    }
