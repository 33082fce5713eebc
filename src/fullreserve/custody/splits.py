"""Two nodes of one network that go on holding different blocks."""

from __future__ import annotations

from fullreserve.clock import NS_PER_MS, Clock
from fullreserve.custody.chains.adapter import Chain
from fullreserve.custody.chains.health import Health, State, two_blocks

# Nodes that were told of two blocks of one height agree again with the next one.
SPLIT_MS = 10 * 60_000


class Split:
    """Of one network. The height at which its nodes differed first is kept to: chains go on."""

    def __init__(self, first: Chain, second: Chain | None, clock: Clock) -> None:
        self._first = first
        self._second = second
        self._clock = clock
        self._height = self._since_ms = 0

    def lasting(self, found: Health) -> dict[str, object] | None:
        """The blocks of two nodes that have differed for SPLIT_MS, once in that time; NodeProblem.

        To be asked at each look; a node that is down meanwhile proves nothing.
        """
        if found.state in (State.OK, State.BEHIND):
            self._height = 0
        if found.state is not State.SPLIT or self._second is None:
            return None
        blocks = two_blocks(self._first, self._second, self._height or found.height)
        now_ms = self._clock.monotonic_ns() // NS_PER_MS
        if blocks is None or not self._height:
            self._height, self._since_ms = found.height, now_ms
            return None
        if now_ms - self._since_ms < SPLIT_MS:
            return None
        self._since_ms = now_ms
        return {"height": self._height, "blocks": [one.hash.hex() for one in blocks]}
