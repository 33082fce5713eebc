"""The core's word on who asks."""

from __future__ import annotations

from fullreserve.exchange.wire.events import OwnerChanged
from fullreserve.exchange.wire.queries import GetOwner
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.request import Request


async def owner_of(context: Context, request: Request) -> OwnerChanged:
    """The owner behind a request; Problem 50008."""
    owner: OwnerChanged | None = await context.door.query(GetOwner(request.owner))
    if owner is None:
        raise Problem(50008)
    return owner
