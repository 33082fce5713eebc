"""`users/subaccount/*apikey`: the keys of a master's sub-accounts."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.once import Once
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, reading, trading
from fullreserve.gateway.rest.users.master import (
    Family,
    OfSubAccount,
    master,
    sure_master,
    taking,
)
from fullreserve.identity.api_key import Permission, permission_text
from fullreserve.identity.keys import addresses_of, permissions_of
from fullreserve.identity.vault import KeyRow

READ_ONLY = "read_only"

Perm = Annotated[str, Meta(description="read_only, trade, or both by comma")]
Ip = Annotated[str, Meta(description="At most 20 addresses or networks, by comma")]
Label = Annotated[str, Meta(description="A name, at most 50 characters")]


class ListKeysParams(OfSubAccount):
    """Keys of a sub-account, or one of them."""

    api_key: Annotated[str, Meta(description="Only this one")] = ""


class NewKeyParams(OfSubAccount):
    """A new key of a sub-account."""

    label: Label
    passphrase: Annotated[str, Meta(description="8 to 32 printable ASCII characters")]
    perm: Perm = READ_ONLY
    ip: Ip = ""


class KeyParams(OfSubAccount):
    """One key of a sub-account."""

    api_key: Annotated[str, Meta(description="The key's name")]


class ChangeKeyParams(KeyParams):
    """What changes of a key; an `ip` of "" empties the list."""

    label: Label = ""
    perm: Perm = ""
    ip: Ip = ""


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    keys = _Keys(context)
    return {
        ("GET", "users/subaccount/apikey"): reading(taking(ListKeysParams, keys.listed), 20),
        ("POST", "users/subaccount/apikey"): trading(taking(NewKeyParams, keys.create), 1, 1000),
        ("POST", "users/subaccount/modify-apikey"): trading(
            taking(ChangeKeyParams, keys.modify), 1, 1000
        ),
        ("POST", "users/subaccount/delete-apikey"): trading(
            taking(KeyParams, keys.delete), 1, 1000
        ),
    }


class _Keys:
    def __init__(self, context: Context) -> None:
        self._desk = context.desk
        self._family = Family(context)
        self._once = Once(context.began_ms)

    async def listed(self, request: Request, params: ListKeysParams) -> bytes:
        """Keys of a sub-account, without their secrets."""
        sub = await self._family.named(master(request), params.sub_acct)
        rows = await self._desk.act(self._desk.rooms.vault.keys_of, sub.uid)
        return wire.envelope([_row(row) for row in rows if params.api_key in ("", row.key)])

    async def create(self, request: Request, params: NewKeyParams) -> bytes:
        """Make a key of a sub-account; its secret can be read in this answer alone."""
        sub = await self._family.named(sure_master(request), params.sub_acct)
        # Whoever repeats it would be told another secret.
        self._once.take(request)
        made, kept = await self._desk.act(
            self._desk.rooms.keys.create,
            sub.uid,
            params.label,
            params.passphrase,
            _permissions(params.perm),
            addresses_of(params.ip),
        )
        secret = {"secretKey": made.secret, "passphrase": made.passphrase}
        return wire.envelope([{"subAcct": sub.name, **_row(kept), **secret}])

    async def modify(self, request: Request, params: ChangeKeyParams) -> bytes:
        """Change a key; what is left out stays."""
        sub = await self._family.named(sure_master(request), params.sub_acct)
        kept = await self._desk.act(
            self._desk.rooms.keys.edit,
            sub.uid,
            params.api_key,
            params.label or None,
            _permissions(params.perm) if params.perm else None,
            addresses_of(params.ip) if "ip" in request.fields() else None,
        )
        return wire.envelope([{"subAcct": sub.name, **_row(kept)}])

    async def delete(self, request: Request, params: KeyParams) -> bytes:
        """Take a key out of force at once."""
        sub = await self._family.named(master(request), params.sub_acct)
        await self._desk.act(self._desk.rooms.keys.delete, sub.uid, params.api_key)
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
