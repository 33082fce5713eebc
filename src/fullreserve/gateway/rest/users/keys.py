"""`users/subaccount/*apikey`: the keys of a master's sub-accounts."""

from __future__ import annotations

from typing import Any

from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, reading, trading
from fullreserve.gateway.rest.users.master import Family, guarded, master, sure_master
from fullreserve.identity.api_key import Permission, permission_text
from fullreserve.identity.keys import addresses_of, permissions_of
from fullreserve.identity.vault import KeyRow

READ_ONLY = "read_only"


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    keys = _Keys(context)
    return {
        ("GET", "users/subaccount/apikey"): reading(guarded(keys.listed), 20),
        ("POST", "users/subaccount/apikey"): trading(guarded(keys.create), 1, 1000),
        ("POST", "users/subaccount/modify-apikey"): trading(guarded(keys.modify), 1, 1000),
        ("POST", "users/subaccount/delete-apikey"): trading(guarded(keys.delete), 1, 1000),
    }


class _Keys:
    def __init__(self, context: Context) -> None:
        self._desk = context.desk
        self._family = Family(context)

    async def listed(self, request: Request) -> bytes:
        sub = await self._family.named(master(request), request.required("subAcct"))
        rows = await self._desk.act(self._desk.rooms.vault.keys_of, sub.uid)
        wanted = request.text("apiKey")
        return wire.envelope([_row(row) for row in rows if wanted in ("", row.key)])

    async def create(self, request: Request) -> bytes:
        """The answer is the only place where the secret can be read."""
        sub = await self._family.named(sure_master(request), request.required("subAcct"))
        made, kept = await self._desk.act(
            self._desk.rooms.keys.create,
            sub.uid,
            request.required("label"),
            request.required("passphrase"),
            _permissions(request.text("perm") or READ_ONLY),
            addresses_of(request.text("ip")),
        )
        secret = {"secretKey": made.secret, "passphrase": made.passphrase}
        return wire.envelope([{"subAcct": sub.name, **_row(kept), **secret}])

    async def modify(self, request: Request) -> bytes:
        """Changes what is given; `ip` as "" empties the list, as on OKX."""
        sub = await self._family.named(sure_master(request), request.required("subAcct"))
        perm = request.text("perm")
        kept = await self._desk.act(
            self._desk.rooms.keys.edit,
            sub.uid,
            request.required("apiKey"),
            request.text("label") or None,
            _permissions(perm) if perm else None,
            addresses_of(request.text("ip")) if "ip" in request.fields() else None,
        )
        return wire.envelope([{"subAcct": sub.name, **_row(kept)}])

    async def delete(self, request: Request) -> bytes:
        """Takes the key out of force at once."""
        sub = await self._family.named(master(request), request.required("subAcct"))
        key = request.required("apiKey")
        await self._desk.act(self._desk.rooms.keys.delete, sub.uid, key)
        return wire.envelope([{"subAcct": sub.name}])


def _permissions(text: str) -> Permission:
    found = permissions_of(text)
    if found & Permission.WITHDRAW:
        raise Problem(59504)
    return found


def _row(one: KeyRow) -> dict[str, Any]:
    return {
        "label": one.label,
        "apiKey": one.key,
        "perm": permission_text(one.permissions),
        "ip": ",".join(one.networks),
        "ts": str(one.created_ms),
    }
