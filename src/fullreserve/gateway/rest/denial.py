"""What the identity room refuses, as clients are told."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from fullreserve.gateway.errors import Problem
from fullreserve.identity.account_opening import NotOpened
from fullreserve.identity.denied import Denied
from fullreserve.identity.store import UnknownUser

T = TypeVar("T")


async def denied_as_problem(work: Awaitable[T]) -> T:
    """What some work gives; what it was denied as a Problem."""
    try:
        return await work
    except Denied as denied:
        raise Problem(int(denied.reason), name=denied.name, allowed=denied.allowed) from None
    except NotOpened as problem:
        raise Problem(50001, allowed=str(problem)) from None
    except UnknownUser:
        raise Problem(50008) from None
