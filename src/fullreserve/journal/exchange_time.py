"""The time that commands are stamped with: never back, no unnoticed leap forward."""

from __future__ import annotations

from fullreserve.clock import Clock

# How long an exchange may have been down before its clock is doubted at the start. A machine that
# comes up in another year would push the log's time there for ever.
DOWNTIME_MAX_MS = 90 * 86_400_000


class ExchangeTime:
    """Stamps batches.

    A forward jump is what wall time gained on monotonic time since the clock last followed it: an
    idle night is none, a clock that was set is one, and so is a machine that was suspended. The
    clock itself does not follow it, whoever reads it. A jump above `jump_max_ms` stops the stamps
    until `confirm`, or until the clock is right again; a smaller one is accepted here.
    """

    def __init__(self, clock: Clock, last_ms: int, jump_max_ms: int) -> None:
        self._clock = clock
        self._jump_max_ms = jump_max_ms
        self.last_ms = last_ms
        down_ms = clock.exchange_ms() - last_ms if last_ms else 0
        self.jump_ms = down_ms if down_ms > DOWNTIME_MAX_MS else 0
        self._at_start = self.jump_ms > 0

    @property
    def doubted(self) -> bool:
        """Whether a stamp would be refused now."""
        return self._at_start or self._clock.jump_ms() > self._jump_max_ms

    def stamp(self) -> int | None:
        """Exchange time in ms, at least the last stamp; None while a jump waits for `confirm`."""
        jump_ms = self._clock.jump_ms()
        if jump_ms > self._jump_max_ms:
            self.jump_ms = jump_ms
            return None
        if self._at_start:
            return None
        self.jump_ms = 0
        if jump_ms:
            self._clock.accept_jump()
        self.last_ms = max(self.last_ms, self._clock.exchange_ms())
        return self.last_ms

    def confirm(self) -> int:
        """An operator says that the clock is right; returns the jump, 0 when there is none."""
        self.stamp()
        jump_ms, self.jump_ms = self.jump_ms, 0
        self._at_start = False
        self._clock.accept_jump()
        return jump_ms
