"""Topics: a channel with its arguments, and who listens.

What a topic pushes is encoded and framed once; every listener gets the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from fullreserve.gateway.wire import encode
from fullreserve.gateway.ws.frames import text_frame

Arg = Mapping[str, str]


class Listener(Protocol):
    """A connection, as topics see it."""

    def write(self, frame: bytes) -> None:
        """Writes a whole frame."""


class Topic:
    """One channel with its arguments; `head` opens each of its messages."""

    def __init__(self, arg: Arg) -> None:
        self.head = b'{"arg":%b,' % encode(arg)
        self.listeners: dict[Listener, None] = {}

    def join(self, listener: Listener, time_ms: int) -> None:  # noqa: ARG002 - for others
        """Takes a listener in, behind the acknowledgement, and sends it what it starts from.

        Exchange time is `time_ms`.
        """
        self.listeners[listener] = None

    def leave(self, listener: Listener) -> None:
        self.listeners.pop(listener, None)

    def close(self) -> None:
        """Nobody listens any more."""

    def message(self, body: str) -> bytes:
        """The frame of a message with this content behind `arg`."""
        return text_frame(self.head + body.encode() + b"}")

    def push(self, body: str) -> None:
        """Sends a message to all listeners."""
        self.write(self.message(body))

    def write(self, frame: bytes) -> None:
        # A listener that cannot keep up is taken out while it is written to.
        for listener in list(self.listeners):
            listener.write(frame)


class Beating(Topic):
    """A topic that is asked at intervals whether it has something to say.

    Of those that beat together the one with the lowest `rank` speaks first.
    """

    rank = 0

    def beat(self, time_ms: int) -> None:
        """Pushes what changed since the last beat; exchange time is `time_ms`."""
        raise NotImplementedError


class Silent(Topic):
    """A topic on which nothing ever happens here; clients still want it acknowledged."""
