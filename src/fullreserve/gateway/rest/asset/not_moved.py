"""A transfer that the core refused, as a Problem.

The core has one code for whoever may not send; OKX has one of its own (58119) for a sub-account
that its master keeps from sending.
"""

from __future__ import annotations

from fullreserve.exchange.catalog import Asset
from fullreserve.exchange.wire.commands import OwnerFlag
from fullreserve.exchange.wire.events import OwnerChanged, Reply
from fullreserve.exchange.wire.queries import GetOwner
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem

MAY_NOT_SEND, SUB_MAY_NOT_SEND = 58004, 58119
FROZEN = OwnerFlag.FROZEN | OwnerFlag.MASTER_FROZEN


async def not_moved(context: Context, reply: Reply, asset: Asset, sender: int) -> Problem:
    """Why a sender's transfer was refused, with what is available of the asset."""
    if reply.code == MAY_NOT_SEND:
        owner: OwnerChanged | None = await context.door.query(GetOwner(sender))
        if owner is not None and owner.owner != owner.master and not owner.flags & FROZEN:
            return Problem(SUB_MAY_NOT_SEND)
    allowed = f"{asset.text(reply.allowed)} {asset.symbol}"
    return Problem(reply.code, name=asset.symbol, allowed=allowed)
