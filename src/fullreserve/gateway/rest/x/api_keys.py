"""`x/api-keys`, `x/account/close`: what a user keeps or gives up."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.params import Params
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.browser import Cookies, in_session, proven, signed_in
from fullreserve.gateway.withdrawal_lock import key_gains, require_unlocked
from fullreserve.identity.api_key import Permission, permission_text
from fullreserve.identity.closure import Closure
from fullreserve.identity.desk import Rooms
from fullreserve.identity.keys import addresses_of, permissions_of
from fullreserve.identity.notices import tell
from fullreserve.identity.outbox import Kind
from fullreserve.identity.vault import KeyRow, NewKey

Label = Annotated[str, Meta(description="A name, at most 50 characters")]
Perm = Annotated[str, Meta(description="read_only, trade, withdraw, by comma")]
KeyName = Annotated[str, Meta(description="The key's name")]


class NewKeyParams(Params):
    """A new key."""

    label: Label
    passphrase: Annotated[str, Meta(description="8 to 32 printable ASCII characters")]
    perm: Perm = "read_only"
    ip: Annotated[str, Meta(description="At most 20 addresses or networks, by comma")] = ""


class KeyParams(Params):
    """One key."""

    api_key: KeyName


class ChangeKeyParams(KeyParams):
    """What changes of a key."""

    label: Label = ""
    perm: Perm = ""
    ip: Annotated[str, Meta(description="As for a new key; * empties the list")] = ""


def routes(context: Context) -> Routes:
    """Endpoints by method and path; switching off and deleting want no proof: they only protect."""
    keys = _Keys(context)
    return {
        ("GET", "x/api-keys"): in_session(Params, keys.listed),
        ("POST", "x/api-keys/create"): in_session(NewKeyParams, keys.create, 2),
        ("POST", "x/api-keys/edit"): in_session(ChangeKeyParams, keys.edit),
        ("POST", "x/api-keys/delete"): in_session(KeyParams, keys.delete),
        ("POST", "x/api-keys/switch-off"): in_session(Params, keys.switch_off),
        ("POST", "x/api-keys/switch-on"): in_session(Params, keys.switch_on),
        ("POST", "x/account/close"): in_session(Params, keys.close_account, 1),
    }


class _Keys:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._desk = context.desk
        self._vault = context.vault
        self._cookies = Cookies(context.desk.rules)
        self._closure = Closure(context.desk, context.door)

    async def listed(self, request: Request, _params: Params) -> bytes:
        """Keys of the user, without their secrets."""
        session = signed_in(request)
        # Last uses wait in memory; the list is to show the newest.
        await self._desk.act(self._desk.rooms.vault.store_uses, self._vault.take_uses())
        rows = await self._desk.act(self._desk.rooms.vault.keys_of, session.uid)
        return wire.envelope([self._row(one) for one in rows])

    async def create(self, request: Request, params: NewKeyParams) -> bytes:
        """Make a key; its secret is in this answer alone."""
        session = proven(request)
        permissions = permissions_of(params.perm)
        if permissions & Permission.WITHDRAW:
            await require_unlocked(self._context, session.uid)
        made, kept = await self._desk.act(
            _create,
            self._desk.rooms,
            session.uid,
            params.label,
            params.passphrase,
            permissions,
            addresses_of(params.ip),
        )
        secret = {"secretKey": made.secret, "passphrase": made.passphrase}
        return wire.envelope([self._row(kept) | secret])

    async def edit(self, request: Request, params: ChangeKeyParams) -> bytes:
        """Change a key; what is left out stays."""
        session = proven(request)
        perm = permissions_of(params.perm) if params.perm else None
        ip = addresses_of("" if params.ip == ANYWHERE else params.ip) if params.ip else None
        keys, uid, key = self._desk.rooms.keys, session.uid, params.api_key
        before = await self._desk.act(keys.require, uid, key)
        if key_gains(before, perm, ip):
            await require_unlocked(self._context, uid)
        kept = await self._desk.act(keys.edit, uid, key, params.label or None, perm, ip)
        return wire.envelope([self._row(kept)])

    async def delete(self, request: Request, params: KeyParams) -> bytes:
        """Take a key out of force at once."""
        session = signed_in(request)
        key = params.api_key
        await self._desk.act(self._desk.rooms.keys.delete, session.uid, key)
        return wire.envelope([{"apiKey": key}])

    async def switch_off(self, request: Request, _params: Params) -> bytes:
        """Freeze all keys of the user and of sub-accounts."""
        session = signed_in(request)
        await self._desk.act(_switch_off, self._desk.rooms, session.uid)
        return wire.envelope([{"keysOff": True}])

    async def switch_on(self, request: Request, _params: Params) -> bytes:
        """Let the keys act again."""
        session = proven(request)
        known = await self._desk.act(self._desk.rooms.vault.keys_of, session.uid)
        if any(one.permissions & Permission.WITHDRAW for one in known):
            way_out = "take withdraw from your keys first, by x/api-keys/edit"
            await require_unlocked(self._context, session.uid, way_out)
        await self._desk.act(self._desk.rooms.vault.switch_keys, session.uid, off=False)
        return wire.envelope([{"keysOff": False}])

    async def close_account(self, request: Request, _params: Params) -> bytes:
        """Close the account and forget the person."""
        session = proven(request)
        await self._closure.close(session.uid)
        self._cookies.leave(request)
        return wire.envelope([])

    def _row(self, one: KeyRow) -> dict[str, Any]:
        idle = self._desk.rules.key_idle_ms
        ends = one.expires_ms
        if not one.networks and one.permissions & (Permission.TRADE | Permission.WITHDRAW):
            ends = min(ends or 2**63, max(one.used_ms, one.created_ms) + idle)
        return {
            "apiKey": one.key,
            "label": one.label,
            "perm": permission_text(one.permissions),
            "ip": ",".join(one.networks),
            "createdTs": str(one.created_ms),
            "usedTs": str(one.used_ms) if one.used_ms else "",
            "endsTs": str(ends) if ends else "",
        }


ANYWHERE = "*"


def _create(
    rooms: Rooms,
    uid: int,
    label: str,
    passphrase: str,
    permissions: Permission,
    addresses: list[str],
) -> tuple[NewKey, KeyRow]:
    made = rooms.keys.create(uid, label, passphrase, permissions, addresses)
    tell(rooms, uid, Kind.KEY_CREATED, label=label, perm=permission_text(permissions))
    return made


def _switch_off(rooms: Rooms, uid: int) -> None:
    rooms.vault.switch_keys(uid, off=True)
    tell(rooms, uid, Kind.KEYS_OFF)
