"""`x/sign-up`, `x/sign-in`, `x/sign-out`, `x/password`: how people come in."""

from __future__ import annotations

import structlog

from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import stop_after_change
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.account.faucet import welcome
from fullreserve.gateway.rest.params import Params
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.browser import (
    Cookies,
    in_session,
    open_to_all,
    place_of,
    proven,
    signed_in,
)
from fullreserve.gateway.rest.x.parameters import CodeParams, CredentialParams, Email, Password
from fullreserve.identity.password_reset import Passwords
from fullreserve.identity.sign_in import SignIn
from fullreserve.identity.sign_up import SignUp
from fullreserve.identity.visit import Pending

log = structlog.get_logger(__name__)


class CredentialsParams(Params):
    """An address and the password to it."""

    email: Email
    password: Password


class EmailParams(Params):
    """An address."""

    email: Email


class ResetParams(CodeParams):
    """The answer to a ticket, and the new password."""

    password: Password


class PasswordParams(Params):
    """The new password."""

    password: Password


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    entry = _Entry(context)
    return {
        ("POST", "x/sign-up"): open_to_all(CredentialsParams, entry.sign_up),
        ("POST", "x/sign-up/confirm"): open_to_all(CodeParams, entry.confirm),
        ("POST", "x/sign-in"): open_to_all(CredentialsParams, entry.sign_in, 20),
        ("POST", "x/sign-in/code"): open_to_all(CodeParams, entry.code, 20),
        ("POST", "x/sign-in/passkey-options"): open_to_all(Params, entry.passkey_options, 20),
        ("POST", "x/sign-in/passkey"): open_to_all(CredentialParams, entry.passkey, 20),
        ("POST", "x/sign-out"): in_session(Params, entry.sign_out),
        ("POST", "x/password/forgotten"): open_to_all(EmailParams, entry.forgotten),
        ("POST", "x/password/reset"): open_to_all(ResetParams, entry.reset),
        ("POST", "x/password/change"): in_session(PasswordParams, entry.change, 2),
    }


class _Entry:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._desk = context.desk
        self._cookies = Cookies(context.desk.rules)
        self._sign_in = SignIn(context.desk, context.door)
        self._sign_up = SignUp(context.desk, self._sign_in)
        self._passwords = Passwords(context.desk)

    async def sign_up(self, _request: Request, params: CredentialsParams) -> bytes:
        """Ask for an account; a code goes to the address."""
        ticket = await self._sign_up.begin(params.email, params.password)
        return wire.envelope([{"ticket": ticket}])

    async def confirm(self, request: Request, params: CodeParams) -> bytes:
        """Become a user, and sign in."""
        visit = self._cookies.visit(request)
        entered = await self._sign_up.confirm(params.ticket, params.code, visit)
        if self._context.demo:
            await self._welcome(entered.session.uid)
        return self._cookies.enter(request, entered)

    async def _welcome(self, uid: int) -> None:
        try:
            await welcome(self._context, uid)
        except Problem as problem:
            # The person is in; the faucet can be asked again.
            log.warning("no first money", uid=uid, problem=str(problem))

    async def sign_in(self, request: Request, params: CredentialsParams) -> bytes:
        """Sign in, or learn which second step is needed."""
        visit = self._cookies.visit(request)
        answer = await self._sign_in.password(params.email, params.password, visit)
        if isinstance(answer, Pending):
            row = {"next": "second-factor", "ticket": answer.ticket, "ways": answer.ways}
            return wire.envelope([row])
        return self._cookies.enter(request, answer)

    async def code(self, request: Request, params: CodeParams) -> bytes:
        """Take the second step of a sign-in."""
        visit = self._cookies.visit(request)
        entered = await self._sign_in.second(params.ticket, params.code, visit)
        return self._cookies.enter(request, entered)

    async def passkey_options(self, _request: Request, _params: Params) -> bytes:
        """A challenge for any passkey."""
        ticket, options = await self._sign_in.passkey_options()
        return wire.envelope([{"ticket": ticket, "publicKey": options}])

    async def passkey(self, request: Request, params: CredentialParams) -> bytes:
        """Sign in with a passkey."""
        visit = self._cookies.visit(request)
        entered = await self._sign_in.passkey(params.ticket, params.credential, visit)
        return self._cookies.enter(request, entered)

    async def sign_out(self, request: Request, _params: Params) -> bytes:
        """End this session."""
        session = signed_in(request)
        await self._desk.act(self._desk.rooms.sessions.end, session.uid, session.id)
        self._cookies.leave(request)
        return wire.envelope([])

    async def forgotten(self, _request: Request, params: EmailParams) -> bytes:
        """Ask for a new password; a code goes to the address."""
        return wire.envelope([{"ticket": await self._passwords.ask(params.email)}])

    async def reset(self, request: Request, params: ResetParams) -> bytes:
        """Set a new password by code; all sessions end."""
        ticket, code, password = params.ticket, params.code, params.password
        done = await self._passwords.reset(ticket, code, password, place_of(request))
        await stop_after_change(self._context, done.uid)
        self._cookies.know(request, done.known)
        return wire.envelope([])

    async def change(self, request: Request, params: PasswordParams) -> bytes:
        """Set a new password; all other sessions end."""
        session = proven(request)
        fresh = await self._passwords.change(session, params.password, place_of(request))
        await stop_after_change(self._context, session.uid)
        return self._cookies.session(request, fresh)
