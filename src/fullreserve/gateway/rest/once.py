"""A signed request that moves money is taken once.

OKX takes the same signed bytes again within their 30 seconds, by whoever can repeat them: a
client's HTTP library after a lost reply, or somebody on the way. An id of the client's is no
protection for an order: the same `clOrdId` is free again once the order is filled or canceled.

What was used is forgotten with the process. What was signed before it began is therefore not taken
at all: the process before may have taken it. A client whose clock is ahead by more than the time
that the exchange was away is not protected by that.

There is one gateway, in the exchange's own process. Several in front of one exchange would each
take a signature once: what was used has to be kept behind the door then, as limits are.

A transfer or withdrawal with a `clientId` is no matter for this: its repetition gets the answer of
the first. Nor is what cancels, reads or sets: done again it doubles nothing.
"""

from __future__ import annotations

from fullreserve.gateway.auth import WINDOW_MS, timestamp_ms
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.request import Request

TOGETHER_MS = 1_000
USED = "this signature was used already; sign each request anew, with milliseconds in its timestamp"
EARLY = "it was signed before the exchange started, and may have been taken then; sign it anew"


class Once:
    """Signatures that were used, for as long as they would be taken again.

    None is taken that was made before `began_ms` of wall time.
    """

    def __init__(self, began_ms: int) -> None:
        self._began_ms = began_ms
        # When a signature was used first, in ms.
        self._used: dict[int, int] = {}
        self._before: dict[int, int] = {}
        self._turned_ms = 0

    def take(self, request: Request, together_ms: int = 0) -> None:
        """Problem 50113 on what was signed early, or is repeated; see `was_used`."""
        sign = request.headers.get(b"ok-access-sign")
        stamp = request.headers.get(b"ok-access-timestamp")
        if sign is None or stamp is None:
            return
        if timestamp_ms(stamp) < self._began_ms:
            raise Problem(50113, allowed=EARLY)
        if self.was_used(sign, request.in_us // 1000, together_ms):
            raise Problem(50113, allowed=USED)

    def was_used(self, sign: bytes, now_ms: int, together_ms: int = 0) -> bool:
        """Notes a signature; whether it is one of before.

        Orders that are meant may be signed in the same millisecond, and a busy exchange reads the
        one later than the other: for them the same signature is taken for `together_ms` more.
        """
        self._turn(now_ms)
        mark = hash(sign)  # keyed anew in each process
        first_ms = self._before.get(mark) or self._used.get(mark)
        if first_ms is None:
            self._used[mark] = now_ms
            return False
        return not together_ms or now_ms - first_ms > together_ms

    def _turn(self, now_ms: int) -> None:
        """Forgets what is older than twice the window: a stamp may lie that far ahead."""
        if now_ms - self._turned_ms > 2 * WINDOW_MS:
            self._before, self._used = self._used, {}
            self._turned_ms = now_ms
