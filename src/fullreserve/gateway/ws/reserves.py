"""`x-reserves`: the newest statement of reserves at once, then each when it is made.

`x-reserves-proof` does the same with a user's own bundle, so that whoever keeps the newest has a
proof also while nobody answers. `x-reserves-receipt` pushes a user's own signed balances when they
changed, once a second at most.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from fullreserve.gateway import proof_desk
from fullreserve.gateway.proof_desk import NoProof
from fullreserve.gateway.published import LATEST, Published
from fullreserve.gateway.ws.topics import Arg, Beating, Listener

BEATS = 10  # between two questions for a proof that is not there; a beat is 100 ms


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


class _Statement(msgspec.Struct, frozen=True):
    epoch: int


class _Row(msgspec.Struct, frozen=True):
    """What of a bundle, or of a published statement, says which it is."""

    statement: _Statement


_row = msgspec.json.Decoder(_Row).decode


class _Asking(Beating):
    """Of one owner: asks the process of statements, one question at a time."""

    def __init__(self, arg: Arg, uid: int, data: Path | None) -> None:
        super().__init__(arg)
        self._uid = uid
        self._data = data
        self._beats = BEATS
        self._frame = b""
        self._task: asyncio.Task[None] | None = None

    def join(self, listener: Listener, time_ms: int) -> None:
        super().join(listener, time_ms)
        if self._frame:
            listener.write(self._frame)

    def close(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _tell(self, content: bytes) -> None:
        self._frame = self.message(f'"data":[{content.decode()}]')
        self.write(self._frame)


class Proofs(_Asking):
    """A proof is asked for once its statement is published."""

    def __init__(self, arg: Arg, uid: int, data: Path | None) -> None:
        super().__init__(arg, uid, data)
        self._published = Published(data)
        self._seen_ns = 0
        self._epoch = 0

    def beat(self, time_ms: int) -> None:  # noqa: ARG002 - a statement has its own time
        self._beats += 1
        changed_ns = self._published.changed_ns()
        if changed_ns != self._seen_ns and self._beats >= BEATS and self._task is None:
            self._beats = 0
            self._task = asyncio.create_task(self._learn(changed_ns))

    async def _learn(self, changed_ns: int) -> None:
        try:
            content = await proof_desk.bundle(self._data, self._uid)
        except NoProof:
            return  # nothing is owed yet, or its maker is away: a later beat asks again
        finally:
            self._task = None
        epoch, newest = _row(content).statement.epoch, self._published.file(LATEST)
        if newest is not None and _row(newest).statement.epoch <= epoch:
            self._seen_ns = changed_ns
        if epoch != self._epoch:
            self._epoch = epoch
            self._tell(content)


class _Since(msgspec.Struct, frozen=True):
    time: int
    since: int


class _Receipt(msgspec.Struct, frozen=True):
    """What of a receipt says when the account last changed."""

    receipt: _Since


_receipt = msgspec.json.Decoder(_Receipt).decode


class Receipts(_Asking):
    """A receipt is asked for once a second, and pushed where something changed."""

    def __init__(self, arg: Arg, uid: int, data: Path | None) -> None:
        super().__init__(arg, uid, data)
        self._since_ms = -1
        self._content = b""

    def beat(self, time_ms: int) -> None:  # noqa: ARG002 - who signs says when
        self._beats += 1
        if self._beats >= BEATS and self._task is None:
            self._beats = 0
            self._task = asyncio.create_task(self._learn())

    async def _learn(self) -> None:
        try:
            content = await proof_desk.receipt(self._data, self._uid, self._since_ms)
        except NoProof:
            return
        finally:
            self._task = None
        if content == b"null":
            return
        # More may have changed in the same millisecond: what is told is compared, not counted.
        made = _receipt(content).receipt
        self._since_ms = made.since if made.time > made.since else made.since - 1
        if content != self._content:
            self._content = content
            self._tell(content)
