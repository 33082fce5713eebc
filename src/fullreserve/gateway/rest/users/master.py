"""Who may act for a master account, and on which sub-account."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Annotated, TypeVar

from msgspec import Meta

from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.denial import denied_as_problem
from fullreserve.gateway.rest.params import Params
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Handler, Taking
from fullreserve.identity.account_opening import ensure_open
from fullreserve.identity.session import Session
from fullreserve.identity.sub_accounts import SubAccount

P = TypeVar("P", bound=Params)


class OfSubAccount(Params):
    """One sub-account's."""

    sub_acct: Annotated[str, Meta(description="The sub-account's name")]


def taking(shape: type[P], handler: Callable[[Request, P], Awaitable[bytes]]) -> Handler:
    """A handler that gets its parameters as a struct, and whose denials become Problems."""
    return _guarded(Taking(shape, handler))


def _guarded(handler: Handler) -> Handler:

    @wraps(handler)
    async def answer(request: Request) -> bytes:
        return await denied_as_problem(handler(request))

    return answer


def master(request: Request) -> int:
    """The master account that asks; Problem 59500 for a sub-account's key."""
    if request.key.uid != request.key.main_uid:
        raise Problem(59500)
    return request.key.uid


def fresh_master(request: Request) -> int:
    """As `master`, for what changes rights: a session has to be freshly proven. Problem 90006."""
    if isinstance(request.key, Session) and not request.key.is_proven(request.in_us // 1000):
        raise Problem(90006)
    return master(request)


def sure_master(request: Request) -> int:
    """As `fresh_master`, for what makes accounts and keys; an API key is bound to addresses.

    Otherwise a stolen key could make others for itself. Problem 50035.
    """
    main = fresh_master(request)
    if not isinstance(request.key, Session) and not request.key.network_texts:
        raise Problem(50035)
    return main


class Family:
    """Looks sub-accounts up by name."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._desk = context.desk

    async def all(self, main_uid: int) -> list[SubAccount]:
        """A master's sub-accounts, newest first."""
        return await denied_as_problem(self._desk.act(self._desk.rooms.subs.of, main_uid))

    async def named(self, main_uid: int, name: str) -> SubAccount:
        """A master's sub-account of a name, open in the core too; Problem 59510."""
        return await denied_as_problem(self._named(main_uid, name))

    async def _named(self, main_uid: int, name: str) -> SubAccount:
        found = await self._desk.act(self._desk.rooms.subs.require, main_uid, name)
        kyc = self._desk.rules.opening_kyc
        await ensure_open(self._context.door, found.uid, main_uid, kyc)
        return found
