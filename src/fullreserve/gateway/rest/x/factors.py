"""`x/totp`, `x/passkeys`: second factors and passkeys of the user who is signed in."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from msgspec import Meta

from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import stop_after_change
from fullreserve.gateway.rest.params import Params
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.browser import in_session, place_of, proven, signed_in
from fullreserve.gateway.rest.x.parameters import CodeParams, Credential, IdParams, Ticket
from fullreserve.identity import totp
from fullreserve.identity.approval_wait import moment
from fullreserve.identity.desk import Rooms
from fullreserve.identity.notices import announce_loss, begin_wait, note, tell
from fullreserve.identity.outbox import Kind
from fullreserve.identity.passkeys import Passkey
from fullreserve.identity.second_factor import ISSUER
from fullreserve.identity.session import Device

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
        place = place_of(request)
        codes = await self._desk.act(_confirm, self._desk.rooms, session.uid, ticket, code, place)
        return wire.envelope([{"recoveryCodes": codes}])

    async def remove(self, request: Request, _params: Params) -> bytes:
        """Turn the second factor off."""
        session = proven(request)
        await self._desk.act(_remove, self._desk.rooms, session.uid, place_of(request))
        await stop_after_change(self._context, session.uid)
        return wire.envelope([])

    async def recovery_codes(self, request: Request, _params: Params) -> bytes:
        """New recovery codes in place of the old."""
        session = proven(request)
        rooms, place = self._desk.rooms, place_of(request)
        codes = await self._desk.act(_new_recovery_codes, rooms, session.uid, place)
        return wire.envelope([{"recoveryCodes": codes}])

    async def passkeys(self, request: Request, _params: Params) -> bytes:
        """Passkeys of the user, oldest first."""
        session = signed_in(request)
        return wire.envelope(await self._desk.act(_listed, self._desk.rooms, session.uid))

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
        act = partial(_finish, rooms, session.uid, ticket, credential, name, place_of(request))
        made = await self._desk.act(act)
        await stop_after_change(self._context, session.uid)
        return wire.envelope([made])

    async def rename_passkey(self, request: Request, params: RenameParams) -> bytes:
        """Call a passkey by another name."""
        session = proven(request)
        act = partial(_rename, self._desk.rooms, session.uid, params.id, params.name)
        return wire.envelope([await self._desk.act(act)])

    async def remove_passkey(self, request: Request, params: IdParams) -> bytes:
        """Forget a passkey."""
        session = proven(request)
        act = partial(_remove_passkey, self._desk.rooms, session.uid, params.id, place_of(request))
        await self._desk.act(act)
        await stop_after_change(self._context, session.uid)
        return wire.envelope([])


def _confirm(rooms: Rooms, uid: int, ticket: str, code: str, place: Device) -> list[str]:
    wait = rooms.approval_wait
    is_first = not wait.has_lost(uid)
    if not is_first:
        # Before it: a crash may leave a wait without an authenticator, and not the reverse.
        wait.lose(uid)
    codes = rooms.factors.confirm(uid, ticket, code)
    tell(rooms, uid, Kind.SECOND_FACTOR_ON)
    if not is_first:
        announce_loss(rooms, uid, "authenticator-added", place)
    return codes


def _new_recovery_codes(rooms: Rooms, uid: int, place: Device) -> list[str]:
    with rooms.store.change():
        codes = rooms.factors.new_recovery_codes(uid)
        tell(rooms, uid, Kind.RECOVERY_CODES)
        begin_wait(rooms, uid, "recovery-codes-made", place)
    return codes


def _remove(rooms: Rooms, uid: int, place: Device) -> None:
    with rooms.store.change():
        rooms.factors.remove(uid)
        rooms.approval_wait.lose(uid)
    tell(rooms, uid, Kind.SECOND_FACTOR_OFF)
    announce_loss(rooms, uid, "authenticator-removed", place)


def _finish(
    rooms: Rooms, uid: int, ticket: str, credential: str, name: str, place: Device
) -> dict[str, str]:
    made = rooms.passkeys.finish(uid, ticket, credential, name)
    tell(rooms, uid, Kind.PASSKEY_ADDED, name=made.name)
    if rooms.roles.of(uid):
        since = moment(rooms.approval_wait.ready_ms(made))
        tell(rooms, uid, Kind.OPERATOR_PASSKEY, name=made.name, since=since)
        note(rooms, uid, "passkey-added", place, {"passkey": made.id, "since": since})
    return _row(rooms, uid, made)


def _rename(rooms: Rooms, uid: int, identifier: str, name: str) -> dict[str, str]:
    return _row(rooms, uid, rooms.passkeys.rename(uid, identifier, name))


def _remove_passkey(rooms: Rooms, uid: int, identifier: str, place: Device) -> None:
    rooms.approval_wait.remove(uid, identifier)
    tell(rooms, uid, Kind.PASSKEY_REMOVED)
    announce_loss(rooms, uid, "passkey-removed", place, {"passkey": identifier})


def _listed(rooms: Rooms, uid: int) -> list[dict[str, str]]:
    return [_row(rooms, uid, one) for one in rooms.passkeys.of(uid)]


def _row(rooms: Rooms, uid: int, one: Passkey) -> dict[str, str]:
    is_operators = bool(rooms.roles.of(uid))
    return {
        "id": one.id,
        "name": one.name,
        "createdTs": str(one.created_ms),
        "usedTs": str(one.used_ms) if one.used_ms else "",
        "approvesTs": str(rooms.approval_wait.ready_ms(one)) if is_operators else "",
    }
