"""What would be said at every question is said once a minute: else it hides all other lines."""

from __future__ import annotations

from fullreserve.clock import NS_PER_MS, Clock

AGAIN_MS = 60_000
KEPT = 1_000  # whoever asks chooses what is refused: the oldest are forgotten, and said again


class Repeats:
    """Remembers what was said, and when."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said: dict[str, int] = {}

    def is_due(self, text: str) -> bool:
        """Whether it was not said in the last minute; it counts as said then."""
        now_ms = self._clock.monotonic_ns() // NS_PER_MS
        said_ms = self._said.get(text)
        if said_ms is not None and now_ms < said_ms + AGAIN_MS:
            return False
        self._said.pop(text, None)
        self._said[text] = now_ms
        while len(self._said) > KEPT:
            del self._said[next(iter(self._said))]
        return True
