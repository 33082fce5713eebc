"""What waits is said when it begins, when its reason changes and now and then: not every round."""

from __future__ import annotations

from typing import NamedTuple

import structlog

from fullreserve.clock import NS_PER_MS, Clock

AGAIN_MS = 60_000
# Steps beside that of giving an attempt to a node, which goes by its txid.
SIGNING, LOOKING = b"signing", b"looking"
UNBINDING, RAISING, TAKEN, BOOKED = b"unbinding", b"raising", b"taken", b"booked"
EMPTY = b"empty"

log = structlog.get_logger(__name__)


class _Wait(NamedTuple):
    why: str
    said_ms: int  # monotonic


class Waits:
    """Payments that wait, by their plan's number and the step that they wait for."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[tuple[int, bytes], _Wait] = {}

    def waits(self, plan: int, step: bytes, why: str) -> None:
        """A payment waits, and why; said again after a minute."""
        known, now_ms = self._known.get((plan, step)), self._clock.monotonic_ns() // NS_PER_MS
        if known is not None and known.why == why and now_ms < known.said_ms + AGAIN_MS:
            return
        self._known[plan, step] = _Wait(why, now_ms)
        log.warning("payment waits", plan=plan, problem=why)

    def goes(self, plan: int, step: bytes) -> None:
        """It does not wait for it any more: said of what was said to wait."""
        if self._known.pop((plan, step), None) is not None:
            log.info("payment goes on", plan=plan)

    def why(self, plan: int, step: bytes) -> str:
        """Why one waits for a step; "" where it does not."""
        known = self._known.get((plan, step))
        return known.why if known is not None else ""

    def forget(self, plan: int) -> None:
        """It is over, and another may get its number."""
        self._known = {key: wait for key, wait in self._known.items() if key[0] != plan}

    def keep(self, plans: set[int]) -> None:
        """Forgets all but these: the others are over."""
        self._known = {key: wait for key, wait in self._known.items() if key[0] in plans}
