"""Canceling all orders, at once or when a client falls silent.

The dead man's switch lives in the core: its deadline is in the log and holds over restarts, also
over those during which it runs out.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from fullreserve.door.protocol import Limit
from fullreserve.exchange.products.custody_ledger import is_in_table
from fullreserve.exchange.wire.commands import CancelAll, CancelAllAfter, Suspended
from fullreserve.exchange.wire.events import DeadMan, OwnerChanged, Reply, SuspensionSet
from fullreserve.exchange.wire.queries import GetOwner, ListDeadMen, ListSuspensions
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.refusals import SUSPENDED
from fullreserve.gateway.rest.params import InstId, Params, label
from fullreserve.gateway.rest.public.instruments import spot
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, trading
from fullreserve.gateway.rest.submitted import submitted

TIMEOUT_MIN_S = 10
TIMEOUT_MAX_S = 120
TAGS_MAX = 20


class CancelAllParams(Params):
    """Orders of one instrument, or all."""

    inst_id: InstId = ""


class CancelAllAfterParams(Params):
    """When to cancel, and the tag of the orders meant; without one it is all orders."""

    time_out: Annotated[
        int, Meta(ge=0, le=TIMEOUT_MAX_S, description="Seconds: 0 for off, or 10 to 120")
    ]
    tag: Annotated[
        str, Meta(description="1 to 16 letters and digits", extra={"read": label(16)})
    ] = ""


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    sweeps = _Sweeps(context)
    return {
        ("POST", "trade/cancel-all-after"): trading(Taking(CancelAllAfterParams, sweeps.after)),
        ("POST", "x/cancel-all"): trading(Taking(CancelAllParams, sweeps.now)),
    }


class _Sweeps:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._door = context.door

    async def now(self, request: Request, params: CancelAllParams) -> bytes:
        """An extension: cancels all orders, of one instrument if `instId` is given."""
        instrument = spot(self._context.catalog, params.inst_id).id if params.inst_id else 0
        if await self._is_stopped(request.owner):
            raise Problem(SUSPENDED)
        number = self._door.numbers(1)
        command = CancelAll(self._door.gateway, number, request.owner, instrument)
        await self._submit(command, Limit(("cancel-all", request.owner), 5, 2000))
        return wire.envelope([{"result": True, "ts": self._ts()}])

    async def _is_stopped(self, uid: int) -> bool:
        """Whether no order of the owner's may be cancelled: the core leaves out those alone."""
        owner: OwnerChanged | None = await self._door.query(GetOwner(uid))
        table: list[SuspensionSet] = await self._door.query(ListSuspensions())
        stops = [one for one in table if one.actions & Suspended.TRADE_ALL]
        return owner is not None and is_in_table(stops, 0, owner)

    async def after(self, request: Request, params: CancelAllAfterParams) -> bytes:
        """Cancel all orders unless this is called again in time."""
        timeout, tag, owner = params.time_out, params.tag, request.owner
        if timeout and timeout < TIMEOUT_MIN_S:
            raise Problem(51000, "timeOut", f"0, or {TIMEOUT_MIN_S} to {TIMEOUT_MAX_S}")
        number = self._door.numbers(1)
        command = CancelAllAfter(self._door.gateway, number, owner, timeout * 1000, tag)
        await self._submit(command, Limit(("cancel-all-after", owner, tag), 1, 1000))
        armed: list[DeadMan] = await self._door.query(ListDeadMen(owner))
        due = next((each.trigger_ms for each in armed if each.tag == tag), 0)
        return wire.envelope([{"triggerTime": str(due), "tag": tag, "ts": self._ts()}])

    def _ts(self) -> str:
        return str(self._context.clock.exchange_ms())

    async def _submit(self, command: CancelAll | CancelAllAfter, limit: Limit) -> Reply:
        limits = (limit,) if self._context.limits else ()
        reply = await submitted(self._context, command, limits)
        if reply.code:
            raise Problem(reply.code, allowed=str(reply.allowed or TAGS_MAX))
        return reply
