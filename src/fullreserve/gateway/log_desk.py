"""What a gateway may ask of the log beside the door; whoever starts the gateway does it."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import msgspec


class Extent(NamedTuple):
    """What of the log is kept."""

    first: int  # the oldest sequence
    snapshots: tuple[int, ...]  # newest first
    quarantined: tuple[int, ...]


class Compared(msgspec.Struct, frozen=True):
    """A snapshot that a replay passed, and the components in which it differs from it."""

    sequence: int
    differs: tuple[str, ...]


class Replay(msgspec.Struct):
    """How far a replay is; `components` are the state hashes at `reached`, by name."""

    target: int
    state: str = "running"  # done, failed
    start: int = 0
    reached: int = 0
    started_ms: int = 0
    ended_ms: int = 0
    components: dict[str, str] = msgspec.field(default_factory=dict)
    snapshots: list[Compared] = msgspec.field(default_factory=list)
    message: str = ""


class Replayed(msgspec.Struct, frozen=True):
    """A row of the log with its events, made again by a replay."""

    sequence: int
    time_ms: int
    commands: bytes
    events: bytes


class Busy(Exception):
    """A replay is under way."""


class NotKept(Exception):
    """The row cannot be made again; the message says why."""


class LogDesk(Protocol):
    """Reads the log and replays it in processes of its own."""

    async def extent(self) -> Extent:
        """What is kept."""

    def start(self, target: int) -> Replay:
        """Begins a replay of all that is kept, up to a row; Busy."""

    def newest(self) -> Replay | None:
        """The replay that was begun last."""

    async def row(self, sequence: int) -> Replayed:
        """The row that holds a sequence, with its events; NotKept, Busy."""
