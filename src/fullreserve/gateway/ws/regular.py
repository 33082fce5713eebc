"""What some channels say again at an interval, also while nothing happens: `account`, `positions`.

Turns are spread over the beats of their interval, so that thousands of idle listeners are a few
messages a beat, and an order waits for no more than those.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import msgspec
import structlog

from fullreserve.gateway.errors import Problem
from fullreserve.gateway.ws.topics import Listener

log = structlog.get_logger(__name__)

# Intervals that a subscriber may choose, in ms; 0 for events alone.
CHOSEN_MS = (0, 2_000, 3_000, 4_000)
USUAL_MS = 5_000
# A first turn comes after an interval, or up to this part of it earlier.
EARLY = 4


class _Extra(msgspec.Struct, rename="camel"):
    """The argument `extraParams`, a text that holds JSON."""

    update_interval: int | str | None = None


_read = msgspec.json.Decoder(_Extra, strict=False).decode


def interval_ms(extra: str) -> int:
    """How often a subscriber with these `extraParams` is told again, in ms; 0 for never.

    A number that cannot be chosen counts as none, as on OKX. Problem 60013 for what is no number.
    """
    try:
        chosen = _read(extra).update_interval if extra else None
        number = USUAL_MS if chosen in (None, "") else int(str(chosen))
    except (ValueError, RecursionError):
        choices = ", ".join(map(str, CHOSEN_MS))
        allowed = f'extraParams as {{"updateInterval":"0"}}, with one of {choices}'
        raise Problem(60013, allowed=allowed) from None
    return number if number in CHOSEN_MS else USUAL_MS


@runtime_checkable
class Regular(Protocol):
    """A topic that can say again how things are."""

    def again(self) -> bytes | None:
        """The frame; None while there is nothing to say yet."""


class _Turn:
    """One topic's turn, and who listens to it."""

    def __init__(self, topic: Regular, beat: dict[_Turn, None]) -> None:
        self.topic = topic
        self.beat = beat
        self.listeners: dict[Listener, None] = {}

    def tell(self) -> None:
        frame = self.topic.again()
        if frame is not None:
            # A listener that cannot keep up is taken out while it is written to.
            for listener in list(self.listeners):
                listener.write(frame)


class Turns:
    """Who is told again, and in which beat."""

    def __init__(self, beat_ms: int) -> None:
        self._wheels: dict[int, list[dict[_Turn, None]]] = {
            every_ms: [{} for _ in range(every_ms // beat_ms)]
            for every_ms in (*CHOSEN_MS[1:], USUAL_MS)
        }
        self._number = 0
        self._turns: dict[tuple[Regular, int], _Turn] = {}
        self._held: dict[tuple[Regular, Listener], tuple[Regular, int]] = {}

    def join(self, topic: Regular, listener: Listener, every_ms: int) -> None:
        """Takes a listener in, or changes how often it is told; 0 for never."""
        self.leave(topic, listener)
        if not every_ms:
            return
        key = (topic, every_ms)
        turn = self._turns.get(key)
        if turn is None:
            turn = self._turns[key] = _Turn(topic, self._emptiest(every_ms))
            turn.beat[turn] = None
        turn.listeners[listener] = None
        self._held[(topic, listener)] = key

    def _emptiest(self, every_ms: int) -> dict[_Turn, None]:
        """Of the beats towards an interval's end the one with the fewest turns, the last first."""
        wheel = self._wheels[every_ms]
        length = len(wheel)
        late = range(self._number, self._number - length // EARLY, -1)
        return min((wheel[number % length] for number in late), key=len)

    def leave(self, topic: Regular, listener: Listener) -> None:
        """Takes a listener off; nothing for one that was never told again."""
        key = self._held.pop((topic, listener), None)
        if key is None:
            return
        turn = self._turns[key]
        del turn.listeners[listener]
        if not turn.listeners:
            del self._turns[key]
            del turn.beat[turn]

    def beat(self, number: int) -> None:
        """Tells those whose turn it is."""
        self._number = number
        for wheel in self._wheels.values():
            for turn in list(wheel[number % len(wheel)]):
                try:
                    turn.tell()
                except Exception:  # one topic's fault must not silence the others
                    log.exception("a topic cannot say again how things are")
