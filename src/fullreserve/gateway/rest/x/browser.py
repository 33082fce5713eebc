"""What browsers send and get beside the JSON: cookies, and the session they stand for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from fullreserve.gateway import wire
from fullreserve.gateway.auth import cookie
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.limits import Allowance
from fullreserve.gateway.rest.denial import denied_as_problem
from fullreserve.gateway.rest.params import Params
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import ANY, Route, Taking
from fullreserve.identity.rules import MINUTE_MS, SECOND_MS, Rules
from fullreserve.identity.session import Device, Session
from fullreserve.identity.sessions import ADDRESS_MAX, AGENT_MAX, NewSession
from fullreserve.identity.visit import SignedIn, Visit

P = TypeVar("P", bound=Params)
Acting = Callable[[Request, P], Awaitable[bytes]]

JSON = b"application/json"


def open_to_all(shape: type[P], handler: Acting[P], calls: int = 10) -> Route:
    """An endpoint for people without a session: so many calls a minute for each address."""
    return _route(Taking(shape, handler), 0, Allowance(calls, MINUTE_MS))


def in_session(shape: type[P], handler: Acting[P], calls: int = 10) -> Route:
    """An endpoint for people with one: so many calls in two seconds for each user."""
    return _route(Taking(shape, handler), ANY, Allowance(calls, 2 * SECOND_MS))


def _route(handler: Taking[Any], permission: int, allowance: Allowance) -> Route:
    async def guarded(request: Request) -> bytes:
        request.answer_headers.append((b"cache-control", b"no-store"))
        kind = request.headers.get(b"content-type", b"")
        # A form of a foreign page cannot send this type, and a script of one is not let through.
        if request.is_post and kind.partition(b";")[0].strip().lower() != JSON:
            raise Problem(50006)
        return await denied_as_problem(handler(request))

    return Route(guarded, permission, allowance, handler.shape, handler.about)


def signed_in(request: Request) -> Session:
    """The session of a request; Problem 90011 for an API key's."""
    if not isinstance(request.key, Session):
        raise Problem(90011)
    return request.key


def proven(request: Request) -> Session:
    """The session of a request that may do what is sensitive; Problem 90006, 90011."""
    session = signed_in(request)
    if not session.is_proven(request.in_us // 1000):
        raise Problem(90006)
    return session


def place_of(request: Request) -> Device:
    """Where a request comes from, as it is kept."""
    agent = request.headers.get(b"user-agent", b"").decode("latin-1")
    return Device(request.address[:ADDRESS_MAX], agent[:AGENT_MAX])


class Cookies:
    """Sets what browsers keep: out of scripts' reach, and never sent by foreign pages."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._tail = b"; Path=/; HttpOnly; SameSite=Strict"
        if rules.is_secure:
            self._tail += b"; Secure"

    def visit(self, request: Request) -> Visit:
        """Whence a request comes."""
        agent = request.headers.get(b"user-agent", b"").decode("latin-1")
        known, session = (
            cookie(request.headers, name).decode("latin-1")
            for name in (self._rules.device_cookie, self._rules.session_cookie)
        )
        return Visit(request.address, agent, known, session)

    def enter(self, request: Request, signed_in: SignedIn) -> bytes:
        """The answer to a sign-in."""
        self.know(request, signed_in.known)
        return self.session(request, signed_in.session)

    def know(self, request: Request, known: str) -> None:
        """Mark the device as one that signed in before."""
        self._set(request, self._rules.device_cookie, known, self._rules.device_ms // SECOND_MS)

    def session(self, request: Request, session: NewSession) -> bytes:
        """The answer that opens a session, or goes on with one under a new token."""
        lasts_s = max(0, session.ends_ms - request.in_us // 1000) // SECOND_MS
        self._set(request, self._rules.session_cookie, session.token, lasts_s)
        row = {
            "next": "",
            "uid": str(session.uid),
            "sessionId": session.id,
            "csrfToken": session.csrf,
            "endsTs": str(session.ends_ms),
        }
        return wire.envelope([row])

    def leave(self, request: Request) -> None:
        """Take the session's cookie back."""
        self._set(request, self._rules.session_cookie, "", 0)

    def _set(self, request: Request, name: bytes, value: str, lasts_s: int) -> None:
        content = b"%b=%b; Max-Age=%d%b" % (name, value.encode(), lasts_s, self._tail)
        request.answer_headers.append((b"set-cookie", content))
