"""`x/totp`, `x/passkeys`: second factors and passkeys of the user who is signed in."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import stop_after_change
from fullreserve.gateway.rest.params import Params
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.browser import in_session, proven, signed_in
from fullreserve.gateway.rest.x.parameters import CodeParams, Credential, IdParams, Ticket
from fullreserve.identity import totp
from fullreserve.identity.desk import Rooms
from fullreserve.identity.outbox import Kind
from fullreserve.identity.passkeys import Passkey
from fullreserve.identity.second_factor import ISSUER
from fullreserve.identity.sign_in import tell

PasskeyName = Annotated[str, Meta(description="What its owner calls it")]


class NewPasskeyParams(Params):
    """What the browser made."""

    ticket: Ticket
    credential: Credential
    name: PasskeyName = ""


class RenameParams(IdParams):
    """A passkey and its new name."""

    name: PasskeyName


def routes(context: Context) -> Routes:
    """Endpoints by method and path; all that changes something wants a proven session."""
    factors = _Factors(context)
    return {
        ("POST", "x/totp/begin"): in_session(Params, factors.begin),
        ("POST", "x/totp/confirm"): in_session(CodeParams, factors.confirm),
        ("POST", "x/totp/remove"): in_session(Params, factors.remove),
        ("POST", "x/totp/recovery-codes"): in_session(Params, factors.recovery_codes),
        ("GET", "x/passkeys"): in_session(Params, factors.passkeys),
        ("POST", "x/passkeys/begin"): in_session(Params, factors.begin_passkey),
        ("POST", "x/passkeys/finish"): in_session(NewPasskeyParams, factors.finish_passkey),
        ("POST", "x/passkeys/rename"): in_session(RenameParams, factors.rename_passkey),
        ("POST", "x/passkeys/remove"): in_session(IdParams, factors.remove_passkey),
    }


class _Factors:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._desk = context.desk

    async def begin(self, request: Request, _params: Params) -> bytes:
        """A secret for an authenticator."""
        session = proven(request)
        rooms = self._desk.rooms
        ticket, secret = await self._desk.act(rooms.factors.begin, session.uid)
        email = (await self._desk.act(rooms.vault.personal, session.uid)).email
        name = email or str(session.uid)
        row = {
            "ticket": ticket,
            "secret": totp.text(secret),
            "uri": totp.uri(secret, name, ISSUER),
        }
        return wire.envelope([row])

    async def confirm(self, request: Request, params: CodeParams) -> bytes:
        """Turn the second factor on; recovery codes."""
        session = proven(request)
        ticket, code = params.ticket, params.code
        codes = await self._desk.act(_confirm, self._desk.rooms, session.uid, ticket, code)
        return wire.envelope([{"recoveryCodes": codes}])

    async def remove(self, request: Request, _params: Params) -> bytes:
        """Turn the second factor off."""
        session = proven(request)
        await self._desk.act(_remove, self._desk.rooms, session.uid)
        await stop_after_change(self._context, session.uid)
        return wire.envelope([])

    async def recovery_codes(self, request: Request, _params: Params) -> bytes:
        """New recovery codes in place of the old."""
        session = proven(request)
        act = self._desk.rooms.factors.new_recovery_codes
        return wire.envelope([{"recoveryCodes": await self._desk.act(act, session.uid)}])

    async def passkeys(self, request: Request, _params: Params) -> bytes:
        """Passkeys of the user, oldest first."""
        session = signed_in(request)
        found = await self._desk.act(self._desk.rooms.passkeys.of, session.uid)
        return wire.envelope([_row(one) for one in found])

    async def begin_passkey(self, request: Request, _params: Params) -> bytes:
        """What the browser needs to make a passkey."""
        session = proven(request)
        rooms = self._desk.rooms
        email = (await self._desk.act(rooms.vault.personal, session.uid)).email
        name = email or str(session.uid)
        ticket, options = await self._desk.act(rooms.passkeys.begin, session.uid, name)
        return wire.envelope([{"ticket": ticket, "publicKey": options}])

    async def finish_passkey(self, request: Request, params: NewPasskeyParams) -> bytes:
        """Keep a passkey that the browser made."""
        session = proven(request)
        ticket, credential = params.ticket, params.credential
        name = params.name
        rooms = self._desk.rooms
        made = await self._desk.act(_finish, rooms, session.uid, ticket, credential, name)
        await stop_after_change(self._context, session.uid)
        return wire.envelope([_row(made)])

    async def rename_passkey(self, request: Request, params: RenameParams) -> bytes:
        """Call a passkey by another name."""
        session = proven(request)
        act = self._desk.rooms.passkeys.rename
        return wire.envelope([_row(await self._desk.act(act, session.uid, params.id, params.name))])

    async def remove_passkey(self, request: Request, params: IdParams) -> bytes:
        """Forget a passkey."""
        session = proven(request)
        await self._desk.act(_remove_passkey, self._desk.rooms, session.uid, params.id)
        await stop_after_change(self._context, session.uid)
        return wire.envelope([])


def _confirm(rooms: Rooms, uid: int, ticket: str, code: str) -> list[str]:
    codes = rooms.factors.confirm(uid, ticket, code)
    tell(rooms, uid, Kind.SECOND_FACTOR_ON)
    return codes


def _remove(rooms: Rooms, uid: int) -> None:
    rooms.factors.remove(uid)
    tell(rooms, uid, Kind.SECOND_FACTOR_OFF)


def _finish(rooms: Rooms, uid: int, ticket: str, credential: str, name: str) -> Passkey:
    made = rooms.passkeys.finish(uid, ticket, credential, name)
    tell(rooms, uid, Kind.PASSKEY_ADDED, name=made.name)
    return made


def _remove_passkey(rooms: Rooms, uid: int, identifier: str) -> None:
    rooms.passkeys.remove(uid, identifier)
    tell(rooms, uid, Kind.PASSKEY_REMOVED)


def _row(one: Passkey) -> dict[str, str]:
    return {
        "id": one.id,
        "name": one.name,
        "createdTs": str(one.created_ms),
        "usedTs": str(one.used_ms) if one.used_ms else "",
    }
