"""What the table of routes holds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from fullreserve.gateway.limits import Allowance
from fullreserve.gateway.rest.request import Request
from fullreserve.identity.api_key import Permission

Handler = Callable[[Request], Awaitable[bytes]]


class Route(NamedTuple):
    """An endpoint; without a permission it is public and counted by the caller's address.

    Order entry has no allowance of its own here: it is counted behind the door.
    """

    handler: Handler
    permission: int = 0  # the bit of it that a key needs
    allowance: Allowance | None = None


Routes = dict[tuple[str, str], Route]
API = "/api/v5/"
# Every key may read.
ANY = int(Permission.READ_ONLY | Permission.TRADE | Permission.WITHDRAW)


def public(handler: Handler, calls: int, window_ms: int = 2000) -> Route:
    """An endpoint without a key, so many calls in a window for each address."""
    return Route(handler, 0, Allowance(calls, window_ms))


def reading(handler: Handler, calls: int, window_ms: int = 2000) -> Route:
    """An endpoint for every key, so many calls in a window for each user."""
    return Route(handler, ANY, Allowance(calls, window_ms))


def trading(handler: Handler, calls: int = 0, window_ms: int = 2000) -> Route:
    """An endpoint for keys that may trade; without `calls` it is counted behind the door."""
    allowance = Allowance(calls, window_ms) if calls else None
    return Route(handler, int(Permission.TRADE), allowance)
