"""`x/session`, `x/sessions`, `x/step-up`, `x/ws-token`: who is signed in, and where."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from fullreserve.gateway import wire
from fullreserve.gateway.auth import cookie
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.params import Params
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.browser import Cookies, in_session, place_of, signed_in
from fullreserve.gateway.rest.x.parameters import Code, CredentialParams, IdParams, Password
from fullreserve.identity.api_key import permission_text
from fullreserve.identity.desk import Rooms
from fullreserve.identity.session import Session, csrf_token
from fullreserve.identity.sessions import SessionRow
from fullreserve.identity.sign_in import SignIn
from fullreserve.identity.tickets import Purpose


class AllParams(Params):
    """Which sessions."""

    current: Annotated[bool, Meta(description="This one too")] = False


class StepUpParams(Params):
    """Who one is, once more."""

    password: Password
    code: Code = ""


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    sessions = _Sessions(context)
    return {
        ("GET", "x/session"): in_session(Params, sessions.current, 20),
        ("GET", "x/sessions"): in_session(Params, sessions.listed),
        ("POST", "x/sessions/revoke"): in_session(IdParams, sessions.revoke),
        ("POST", "x/sessions/revoke-all"): in_session(AllParams, sessions.revoke_all),
        ("POST", "x/step-up"): in_session(StepUpParams, sessions.step_up, 4),
        ("POST", "x/step-up/passkey-options"): in_session(Params, sessions.step_up_options),
        ("POST", "x/step-up/passkey"): in_session(CredentialParams, sessions.step_up_passkey, 4),
        ("POST", "x/ws-token"): in_session(Params, sessions.ws_token),
    }


class _Sessions:
    def __init__(self, context: Context) -> None:
        self._desk = context.desk
        self._vault = context.vault
        self._rules = context.desk.rules
        self._cookies = Cookies(context.desk.rules)
        self._sign_in = SignIn(context.desk, context.door)

    async def current(self, request: Request, _params: Params) -> bytes:
        """Who is signed in, and the CSRF token."""
        session = signed_in(request)
        token = cookie(request.headers, self._rules.session_cookie)
        user = await self._desk.act(_user, self._desk.rooms, session)
        row = {
            "uid": str(session.uid),
            "sessionId": session.id,
            "csrfToken": csrf_token(token).decode(),
            "endsTs": str(session.times.ends_ms),
            "provenUntilTs": str(session.times.proven_ms + self._rules.step_up_ms),
            "perm": permission_text(session.permissions),
        }
        return wire.envelope([row | user])

    async def listed(self, request: Request, _params: Params) -> bytes:
        """All sessions of the user, newest first."""
        session = signed_in(request)
        # Last uses wait in memory; the list is to show the newest.
        await self._desk.act(self._desk.rooms.vault.store_uses, self._vault.take_uses())
        rows = await self._desk.act(self._desk.rooms.sessions.of, session.uid)
        return wire.envelope([_row(one, session) for one in rows])

    async def revoke(self, request: Request, params: IdParams) -> bytes:
        """End one session."""
        session = signed_in(request)
        identifier = params.id
        if not await self._desk.act(self._desk.rooms.sessions.end, session.uid, identifier):
            raise Problem(51000, "id", "the id of a session of yours")
        if identifier == session.id:
            self._cookies.leave(request)
        return wire.envelope([{"id": identifier}])

    async def revoke_all(self, request: Request, params: AllParams) -> bytes:
        """All sessions but this one; with `current` true this one too."""
        session = signed_in(request)
        this_too = params.current
        but = "" if this_too else session.id
        ended = await self._desk.act(self._desk.rooms.sessions.end_all, session.uid, but)
        if this_too:
            self._cookies.leave(request)
        return wire.envelope([{"ended": str(ended)}])

    async def step_up(self, request: Request, params: StepUpParams) -> bytes:
        """Prove oneself again; the session gets a new token."""
        session = signed_in(request)
        password, code = params.password, params.code
        fresh = await self._sign_in.step_up(session, password, code, place_of(request))
        return self._cookies.session(request, fresh)

    async def step_up_options(self, request: Request, _params: Params) -> bytes:
        """A challenge for a passkey of this user."""
        ticket, options = await self._sign_in.step_up_options(signed_in(request))
        return wire.envelope([{"ticket": ticket, "publicKey": options}])

    async def step_up_passkey(self, request: Request, params: CredentialParams) -> bytes:
        """Prove oneself again by passkey."""
        session = signed_in(request)
        ticket, credential = params.ticket, params.credential
        fresh = await self._sign_in.step_up_passkey(session, ticket, credential)
        return self._cookies.session(request, fresh)

    async def ws_token(self, request: Request, _params: Params) -> bytes:
        """A token for one WebSocket log-in within 30 seconds."""
        session = signed_in(request)
        issue, lasts = self._desk.rooms.tickets.issue, self._rules.ws_token_ms
        token = await self._desk.act(issue, Purpose.WEBSOCKET, session.uid, session.mark, lasts)
        return wire.envelope([{"token": token, "expiresTs": str(request.in_us // 1000 + lasts)}])


def _user(rooms: Rooms, session: Session) -> dict[str, Any]:
    uid = session.uid
    user = rooms.vault.user(uid)
    return {
        "email": rooms.vault.personal(uid).email,
        "roles": sorted(rooms.roles.of(uid)),
        "totp": rooms.factors.has_totp(uid),
        "recoveryCodesLeft": str(rooms.factors.recovery_left(uid)),
        "passkeys": str(len(rooms.passkeys.of(uid))),
        **_approves(rooms, uid),
        "keysOff": bool(user and user.keys_off_ms),
    }


def _approves(rooms: Rooms, uid: int) -> dict[str, str]:
    """By what an operator approves now, and from when on by what comes next."""
    wait = rooms.approval_wait
    if not rooms.roles.of(uid):
        by, at_ms = "", 0
    elif wait.approving(uid):
        by, at_ms = "passkey", 0
    elif wait.stopped_until_ms(uid):
        by, at_ms = "nothing", wait.stopped_until_ms(uid)
    else:
        by, at_ms = "proof", wait.first_ms(uid)
    return {"approvesBy": by, "approvesTs": str(at_ms) if at_ms else ""}


def _row(one: SessionRow, session: Session) -> dict[str, Any]:
    return {
        "id": one.id,
        "current": one.id == session.id,
        "ip": one.device.address,
        "agent": one.device.agent,
        "createdTs": str(one.times.created_ms),
        "usedTs": str(one.times.used_ms),
        "endsTs": str(one.times.ends_ms),
    }
