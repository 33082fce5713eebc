"""A signed request that moves money and names itself by no id of the client's is taken once.

OKX takes the same signed bytes again within their 30 seconds. An order with a `clOrdId` is not
doubled by that; one without would be, by whoever can repeat the bytes: a client's HTTP library
after a lost reply, or somebody on the way.
"""

from __future__ import annotations

import re

from fullreserve.gateway.auth import WINDOW_MS
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.request import Request

TOGETHER_MS = 1_000
USED = (
    "this signature was used already; sign each request anew, with milliseconds in its timestamp, "
    "or name what it does"
)


class Once:
    """Signatures that were used, for as long as they would be taken again.

    Orders that are meant may be signed in the same millisecond: the same signature is taken for a
    second more, since a busy exchange reads the one later than the other. What comes later is a
    repetition.

    `name` is the parameter by which the same request is known otherwise, and taken once for it.
    """

    def __init__(self, name: str) -> None:
        self._names = re.compile(rb'"%b"\s*:\s*"[^"]' % name.encode()).findall
        # When a signature was used first, in ms.
        self._used: dict[int, int] = {}
        self._before: dict[int, int] = {}
        self._turned_ms = 0

    def take(self, request: Request, count: int = 1) -> None:
        """Problem 50113 on a repeated request, unless all its `count` parts are named."""
        headers = request.headers
        sign = headers.get(b"ok-access-sign")
        if sign is None or len(self._names(request.body)) >= count:
            return
        if self.was_used(sign, request.in_us // 1000):
            raise Problem(50113, allowed=USED)

    def was_used(self, sign: bytes, now_ms: int) -> bool:
        """Notes a signature; whether it is one of before."""
        self._turn(now_ms)
        mark = hash(sign)  # keyed anew in each process
        first_ms = self._before.get(mark) or self._used.setdefault(mark, now_ms)
        return now_ms - first_ms > TOGETHER_MS

    def _turn(self, now_ms: int) -> None:
        """Forgets what is older than twice the window: a stamp may lie that far ahead."""
        if now_ms - self._turned_ms > 2 * WINDOW_MS:
            self._before, self._used = self._used, {}
            self._turned_ms = now_ms
