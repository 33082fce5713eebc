"""What the table of routes holds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Generic, NamedTuple, TypeVar

from fullreserve.gateway.errors import Problem
from fullreserve.gateway.limits import Allowance
from fullreserve.gateway.rest.params import Params, needs_something, reader
from fullreserve.gateway.rest.request import Request
from fullreserve.identity.api_key import Permission

P = TypeVar("P", bound=Params)

# Parameters of queries that were read before, for each endpoint.
ASKED_KEPT = 512
ASKED_BYTES_MAX = 512

Handler = Callable[[Request], Awaitable[bytes]]


class Taking(Generic[P]):
    """A handler that gets its parameters as a struct, read from the query or from the body.

    It must not change them: the same query gets the same object.
    """

    def __init__(self, shape: type[P], handler: Callable[[Request, P], Awaitable[bytes]]) -> None:
        self.shape = shape
        self.about = (handler.__doc__ or shape.__doc__ or "").strip()
        self._handler = handler
        self._read = reader(shape)
        # By the query as it was sent: clients ask the same again and again.
        self._asked: dict[bytes, P] = {}

    async def __call__(self, request: Request) -> bytes:
        if request.body or request.is_post:
            return await self._handler(request, self._from_body(request))
        query = request.query
        params = self._asked.get(query)
        if params is None:
            params = self._read(request.fields())
            if len(self._asked) >= ASKED_KEPT:
                self._asked.clear()
            if len(query) <= ASKED_BYTES_MAX:
                self._asked[query] = params
        return await self._handler(request, params)

    def _from_body(self, request: Request) -> P:
        fields = request.fields()
        is_empty = request.is_post and not (fields or request.body)
        if is_empty and needs_something(self.shape):
            raise Problem(50000)
        return self._read(fields)


class Route(NamedTuple):
    """An endpoint; without a permission it is public and counted by the caller's address.

    Order entry has no allowance of its own here: it is counted behind the door. `shape` is what
    the endpoint takes, a list of it where it takes many.
    """

    handler: Handler
    permission: int = 0  # the bit of it that a key needs
    allowance: Allowance | None = None
    shape: Any = None
    about: str = ""


Routes = dict[tuple[str, str], Route]
API = "/api/v5/"
# Every key may read.
ANY = int(Permission.READ_ONLY | Permission.TRADE | Permission.WITHDRAW)


def public(handler: Handler, calls: int, window_ms: int = 2000, by: str = "") -> Route:
    """An endpoint without a key, so many calls in a window for each address.

    `by` names a parameter whose values are counted apart, where they are known ones.
    """
    return _route(handler, 0, Allowance(calls, window_ms, by))


def reading(handler: Handler, calls: int, window_ms: int = 2000, by: str = "") -> Route:
    """An endpoint for every key, so many calls in a window for each user."""
    return _route(handler, ANY, Allowance(calls, window_ms, by))


def trading(handler: Handler, calls: int = 0, window_ms: int = 2000, by: str = "") -> Route:
    """An endpoint for keys that may trade; without `calls` it is counted behind the door."""
    allowance = Allowance(calls, window_ms, by) if calls else None
    return _route(handler, int(Permission.TRADE), allowance)


def withdrawing(handler: Handler, calls: int, window_ms: int = 2000) -> Route:
    """An endpoint for keys that may withdraw."""
    return _route(handler, int(Permission.WITHDRAW), Allowance(calls, window_ms))


def _route(handler: Handler, permission: int, allowance: Allowance | None) -> Route:
    shape = getattr(handler, "shape", None)
    about = getattr(handler, "about", None) or handler.__doc__ or ""
    return Route(handler, permission, allowance, shape, about)
