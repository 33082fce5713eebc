"""The channel `x-reserves`: the newest statement of reserves at once, then each when it is made."""

from __future__ import annotations

from pathlib import Path

from fullreserve.gateway.published import LATEST, Published
from fullreserve.gateway.ws.topics import Arg, Beating, Listener


class Statements(Beating):
    """Looks whether the file of the newest statement has changed."""

    def __init__(self, arg: Arg, data: Path | None) -> None:
        super().__init__(arg)
        self._published = Published(data)
        self._seen_ns = 0
        self._frame = b""

    def join(self, listener: Listener, time_ms: int) -> None:
        super().join(listener, time_ms)
        self._look()
        if self._frame:
            listener.write(self._frame)

    def beat(self, time_ms: int) -> None:  # noqa: ARG002 - a statement has its own time
        if self._published.changed_ns() != self._seen_ns and self._look():
            self.write(self._frame)

    def _look(self) -> bool:
        """Whether there is another statement than before."""
        self._seen_ns = self._published.changed_ns()
        content = self._published.file(LATEST)
        if content is None:
            return False
        frame = self.message(f'"data":[{content.decode()}]')
        if frame == self._frame:
            return False
        self._frame = frame
        return True
