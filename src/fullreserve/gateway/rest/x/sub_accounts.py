"""`x/sub-accounts`: a master stops a sub-account and lets it act again."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from fullreserve.door.protocol import Refused
from fullreserve.exchange.wire.commands import CancelAll, OwnerFlag
from fullreserve.exchange.wire.events import OwnerChanged
from fullreserve.exchange.wire.queries import GetOwner
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.params import Params
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.submitted import submitted
from fullreserve.gateway.rest.users.master import Family, OfSubAccount
from fullreserve.gateway.rest.x.browser import in_session, proven, signed_in
from fullreserve.gateway.submission import refused
from fullreserve.identity.owner_flags import change_flags

BY = {"master": OwnerFlag.MASTER_FROZEN, "exchange": OwnerFlag.FROZEN}


class FreezeParams(OfSubAccount):
    """A sub-account to stop."""

    cancel_orders: Annotated[bool, Meta(description="Take open orders out of the books")] = False


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    subs = _SubAccounts(context)
    return {
        ("GET", "x/sub-accounts"): in_session(Params, subs.listed),
        ("POST", "x/sub-accounts/freeze"): in_session(FreezeParams, subs.freeze),
        ("POST", "x/sub-accounts/unfreeze"): in_session(OfSubAccount, subs.unfreeze),
    }


class _SubAccounts:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._door = context.door
        self._family = Family(context)

    async def listed(self, request: Request, _params: Params) -> bytes:
        """Who froze which sub-account, newest first."""
        rows: list[dict[str, object]] = []
        for sub in await self._family.all(signed_in(request).uid):
            owner: OwnerChanged | None = await self._door.query(GetOwner(sub.uid))
            flags = owner.flags if owner else 0
            by = [word for word, flag in BY.items() if flags & flag]
            rows.append({"subAcct": sub.name, "uid": str(sub.uid), "frozenBy": by})
        return wire.envelope(rows)

    async def freeze(self, request: Request, params: FreezeParams) -> bytes:
        """Stop a sub-account: no orders, and it sends nothing itself."""
        uid = (await self._family.named(proven(request).uid, params.sub_acct)).uid
        await self._change(uid, add=OwnerFlag.MASTER_FROZEN, drop=0)
        if params.cancel_orders:
            command = CancelAll(self._door.gateway, self._door.numbers(1), uid)
            reply = await submitted(self._context, command)
            if reply.code:
                raise Problem(reply.code)
        return wire.envelope([{"subAcct": params.sub_acct}])

    async def unfreeze(self, request: Request, params: OfSubAccount) -> bytes:
        """Let a sub-account act again; a freeze by the exchange stays."""
        uid = (await self._family.named(proven(request).uid, params.sub_acct)).uid
        await self._change(uid, add=0, drop=OwnerFlag.MASTER_FROZEN)
        return wire.envelope([{"subAcct": params.sub_acct}])

    async def _change(self, uid: int, add: int, drop: int) -> None:
        _before, result = await change_flags(self._context.desk, self._door, uid, add, drop)
        if isinstance(result, Refused):
            raise refused(result)
        if result and result.code:
            raise Problem(result.code)
