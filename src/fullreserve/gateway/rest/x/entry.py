"""`x/sign-up`, `x/sign-in`, `x/sign-out`, `x/password`: how people come in."""

from __future__ import annotations

import structlog

from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.account.faucet import welcome
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.browser import (
    Cookies,
    email_of,
    in_session,
    open_to_all,
    proven,
    signed_in,
)
from fullreserve.identity.password_reset import Passwords
from fullreserve.identity.sign_in import SignIn
from fullreserve.identity.sign_up import SignUp
from fullreserve.identity.visit import Pending

log = structlog.get_logger(__name__)


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    entry = _Entry(context)
    return {
        ("POST", "x/sign-up"): open_to_all("POST", entry.sign_up),
        ("POST", "x/sign-up/confirm"): open_to_all("POST", entry.confirm),
        ("POST", "x/sign-in"): open_to_all("POST", entry.sign_in, 20),
        ("POST", "x/sign-in/code"): open_to_all("POST", entry.code, 20),
        ("POST", "x/sign-in/passkey-options"): open_to_all("POST", entry.passkey_options, 20),
        ("POST", "x/sign-in/passkey"): open_to_all("POST", entry.passkey, 20),
        ("POST", "x/sign-out"): in_session("POST", entry.sign_out),
        ("POST", "x/password/forgotten"): open_to_all("POST", entry.forgotten),
        ("POST", "x/password/reset"): open_to_all("POST", entry.reset),
        ("POST", "x/password/change"): in_session("POST", entry.change, 2),
    }


class _Entry:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._desk = context.desk
        self._cookies = Cookies(context.desk.rules)
        self._sign_in = SignIn(context.desk, context.door)
        self._sign_up = SignUp(context.desk, self._sign_in)
        self._passwords = Passwords(context.desk)

    async def sign_up(self, request: Request) -> bytes:
        email = email_of(request)
        ticket = await self._sign_up.begin(email, request.required("password"))
        return wire.envelope([{"ticket": ticket}])

    async def confirm(self, request: Request) -> bytes:
        ticket, code = request.required("ticket"), request.required("code")
        entered = await self._sign_up.confirm(ticket, code, self._cookies.visit(request))
        if self._context.demo:
            await self._welcome(entered.session.uid)
        return self._cookies.enter(request, entered)

    async def _welcome(self, uid: int) -> None:
        try:
            await welcome(self._context, uid)
        except Problem as problem:
            # The person is in; the faucet can be asked again.
            log.warning("no first money", uid=uid, problem=str(problem))

    async def sign_in(self, request: Request) -> bytes:
        email, password = email_of(request), request.required("password")
        answer = await self._sign_in.password(email, password, self._cookies.visit(request))
        if isinstance(answer, Pending):
            row = {"next": "second-factor", "ticket": answer.ticket, "ways": answer.ways}
            return wire.envelope([row])
        return self._cookies.enter(request, answer)

    async def code(self, request: Request) -> bytes:
        ticket, code = request.required("ticket"), request.required("code")
        entered = await self._sign_in.second(ticket, code, self._cookies.visit(request))
        return self._cookies.enter(request, entered)

    async def passkey_options(self, _request: Request) -> bytes:
        ticket, options = await self._sign_in.passkey_options()
        return wire.envelope([{"ticket": ticket, "publicKey": options}])

    async def passkey(self, request: Request) -> bytes:
        ticket, credential = request.required("ticket"), request.required("credential")
        entered = await self._sign_in.passkey(ticket, credential, self._cookies.visit(request))
        return self._cookies.enter(request, entered)

    async def sign_out(self, request: Request) -> bytes:
        session = signed_in(request)
        await self._desk.act(self._desk.rooms.sessions.end, session.uid, session.id)
        self._cookies.leave(request)
        return wire.envelope([])

    async def forgotten(self, request: Request) -> bytes:
        return wire.envelope([{"ticket": await self._passwords.ask(email_of(request))}])

    async def reset(self, request: Request) -> bytes:
        ticket, code = request.required("ticket"), request.required("code")
        known = await self._passwords.reset(ticket, code, request.required("password"))
        self._cookies.know(request, known)
        return wire.envelope([])

    async def change(self, request: Request) -> bytes:
        session = proven(request)
        fresh = await self._passwords.change(session, request.required("password"))
        return self._cookies.session(request, fresh)
