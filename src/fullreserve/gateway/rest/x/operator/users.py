"""`x/operator/users`, `user`: who has an account, and what it holds."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from fullreserve.exchange.wire.events import Order, OwnerChanged
from fullreserve.exchange.wire.queries import (
    AccountState,
    GetOwner,
    ListBalances,
    ListOpenOrders,
)
from fullreserve.gateway import ids, wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.orders_json import SIDES, TYPES
from fullreserve.gateway.rest.params import Hundred, Params
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.operator.accounts_json import account_rows
from fullreserve.gateway.rest.x.operator.guard import Guard, Operator
from fullreserve.gateway.rest.x.operator.parameters import OfUser, flag_words
from fullreserve.identity import directory
from fullreserve.identity.api_key import permission_text
from fullreserve.identity.directory import Known, Listed

ORDERS_MAX = 100


class SearchParams(Params):
    """Which users."""

    query: Annotated[str, Meta(description="uid, e-mail address, or part of a label")] = ""
    after: Annotated[int, Meta(ge=0, description="Only uids above this one")] = 0
    limit: Hundred = 100


def routes(context: Context, guard: Guard) -> Routes:
    """Endpoints by method and path."""
    users = _Users(context)
    return dict(
        (
            guard.reads("users", SearchParams, users.found, is_noted=True),
            guard.reads("user", OfUser, users.detail, is_noted=True),
        )
    )


class _Users:
    def __init__(self, context: Context) -> None:
        self._door = context.door
        self._desk = context.desk
        self._catalog = context.catalog

    async def found(self, _who: Operator, params: SearchParams) -> bytes:
        """Users by uid, e-mail address or label."""
        rows = await self._desk.act(
            directory.find, self._desk.rooms, params.query, params.after, params.limit
        )
        return wire.envelope([await self._row(one) for one in rows])

    async def detail(self, _who: Operator, params: OfUser) -> bytes:
        """One user, with all that the exchange holds of the account."""
        known = await self._desk.act(directory.known, self._desk.rooms, params.uid)
        if known is None:
            raise Problem(91023, name=f"user: {params.uid}")
        owner: OwnerChanged | None = await self._door.query(GetOwner(params.uid))
        balances: list[AccountState] = await self._door.query(ListBalances(params.uid))
        orders: list[Order] = await self._door.query(ListOpenOrders(params.uid, limit=ORDERS_MAX))
        row = await self._row(known.listed) | {
            "tier": str(owner.tier) if owner else "",
            "kyc": str(owner.kyc) if owner else "",
            "segment": str(owner.segment) if owner else "",
            "totp": known.totp,
            "keysOff": bool(known.listed.user.keys_off_ms),
            "subs": [await self._row(one) for one in known.subs],
            "keys": _keys(known),
            "sessions": _sessions(known),
            "balances": account_rows(self._catalog, balances),
            "openOrders": [self._order(one) for one in orders],
        }
        return wire.envelope([row])

    async def _row(self, one: Listed) -> dict[str, Any]:
        owner: OwnerChanged | None = await self._door.query(GetOwner(one.user.uid))
        return {
            "uid": str(one.user.uid),
            "mainUid": str(one.user.main_uid),
            "email": one.email,
            "label": one.label,
            "createdTs": str(one.user.created_ms),
            "closed": bool(one.user.erased_ms),
            "flags": flag_words(owner.flags) if owner else [],
            "roles": sorted(one.roles),
            "subAccounts": str(one.subs),
        }

    def _order(self, order: Order) -> dict[str, Any]:
        instrument = self._catalog.instruments[order.instrument]
        return {
            "instId": instrument.symbol,
            "ordId": ids.text(order.order),
            "clOrdId": order.client_order_id,
            "side": SIDES[order.side],
            "ordType": TYPES[order.type],
            "px": instrument.price_text(order.price),
            "sz": instrument.size_text(order.size),
            "accFillSz": instrument.size_text(order.filled),
            "createdTs": str(order.created_ms),
        }


def _keys(known: Known) -> list[dict[str, Any]]:
    return [
        {
            "apiKey": one.key,
            "label": one.label,
            "perm": permission_text(one.permissions),
            "ip": ",".join(one.networks),
            "createdTs": str(one.created_ms),
            "usedTs": str(one.used_ms) if one.used_ms else "",
            "endsTs": str(one.expires_ms) if one.expires_ms else "",
        }
        for one in known.keys
    ]


def _sessions(known: Known) -> list[dict[str, Any]]:
    return [
        {
            "id": one.id,
            "ip": one.device.address,
            "agent": one.device.agent,
            "createdTs": str(one.times.created_ms),
            "usedTs": str(one.times.used_ms),
            "endsTs": str(one.times.ends_ms),
        }
        for one in known.sessions
    ]
