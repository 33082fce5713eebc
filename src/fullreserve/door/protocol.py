"""What a gateway or a projection may ask of the exchange.

Nothing passes the door before it is durable: replies, rows and answers to queries wait for the
sequence that they show.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from fullreserve.clock import NS_PER_MS
from fullreserve.exchange.wire.events import AnyEvent, Reply, decode_events, decode_shown
from fullreserve.exchange.wire.queries import AnyQuestion

# Of a limit that costs more than its bucket holds: no bucket was ever full that long ago.
_NEVER_NS = -(1 << 63)


class Row:
    """One durable batch of the log.

    `sequence` is that of its first command; `commands` is a MessagePack array of `count` commands;
    `events` is the core's answer, None where the row is older than the ring of recent rows; `hash`
    chains the row to the one before it.
    """

    __slots__ = (
        "_decoded",
        "_shown",
        "commands",
        "count",
        "epoch",
        "events",
        "hash",
        "sequence",
        "time_ms",
        "wire_version",
    )

    def __init__(
        self,
        sequence: int,
        count: int,
        time_ms: int,
        epoch: int,
        wire_version: int,
        commands: bytes,
        events: bytes | None,
        hash: bytes = b"",  # noqa: A002 - the log's own word
    ) -> None:
        self.sequence = sequence
        self.count = count
        self.time_ms = time_ms
        self.epoch = epoch
        self.wire_version = wire_version
        self.commands = commands
        self.events = events
        self.hash = hash
        self._decoded: list[AnyEvent] | None = None
        self._shown: list[AnyEvent] | None = None

    @property
    def last(self) -> int:
        """Sequence of the row's last command."""
        return self.sequence + self.count - 1

    def decoded(self) -> list[AnyEvent]:
        """The events, decoded once for all readers; ValueError on a row without events."""
        if self._decoded is None:
            self._decoded = decode_events(self._events())
        return self._decoded

    def shown(self) -> list[AnyEvent]:
        """At least the replies and the public events, as `decoded` and for less."""
        if self._decoded is not None:
            return self._decoded
        if self._shown is None:
            self._shown = decode_shown(self._events())
        return self._shown

    def _events(self) -> bytes:
        if self.events is None:
            raise ValueError(f"row {self.sequence} is too old to carry its events")
        return self.events

    def forget_decoded(self) -> None:
        """Lets the decoded events go; who asks again pays for decoding again."""
        self._decoded = self._shown = None


class Limit:
    """A token bucket that the exchange keeps for all gateways together, and what a call costs."""

    __slots__ = ("burst", "code", "cost", "key", "slack_ns", "step_ns", "window_ms")

    def __init__(
        self,
        key: tuple[str | int, ...],
        burst: int,
        window_ms: int,
        cost: int = 1,
        code: int = 50011,
    ) -> None:
        """`code` is that of the refusal when it is empty."""
        self.key = key
        self.burst = burst
        self.window_ms = window_ms
        self.cost = cost
        self.code = code
        # Each order asks for these: how much later the bucket is full after a call, and the most
        # that it may lack before one.
        window_ns = window_ms * NS_PER_MS
        self.step_ns = window_ns * cost // burst
        self.slack_ns = window_ns - self.step_ns if self.step_ns <= window_ns else _NEVER_NS

    @property
    def fields(self) -> tuple[list[str | int], int, int, int, int]:
        """What makes it, in the order of its arguments."""
        return list(self.key), self.burst, self.window_ms, self.cost, self.code


class Refused(NamedTuple):
    """A submission without replies.

    With `known` nothing was logged (50011 rate limit, 50013 busy, 50001 read-only); without it the
    outcome is unknown (50004): repeat it with the same numbers to learn it.
    """

    code: int
    message: str
    known: bool


Result = Sequence[Reply] | Refused


class Health(msgspec.Struct, array_like=True, frozen=True):
    """State of the exchange at this moment.

    `state` is `running`, or why intake is stopped: `stalled` (the disk takes nothing), `halted` (an
    invariant broke at `halted_at`), `time_jump`, `lagging` (a projection is too far behind),
    `closing`, `failed`. Queries and streams go on in all but the last two.
    """

    state: str
    sequence: int  # last applied
    durable: int  # last durable
    time_ms: int
    epoch: int
    queued: int  # commands that wait for the disk or for their turn
    rows: int  # in flight to the disk
    halted_at: int
    time_jump_ms: int
    open_orders: int
    finished_total: int
    refused: int  # submissions refused by the exchange's side since the start
    projections: dict[str, int]  # name: sequence committed
    time_behind_ms: int = 0  # a clock that was set back is so far behind exchange time


class Gone(Exception):
    """A stream was asked for rows that are not kept any more; `oldest` is still there."""

    def __init__(self, oldest: int) -> None:
        super().__init__(f"what is before sequence {oldest} is no longer kept; query the state")
        self.oldest = oldest


class Unavailable(Exception):
    """The exchange cannot answer: it is not connected, failed, or shutting down."""


class Unreadable(Unavailable):
    """The log cannot be read there; asked again it would say the same."""


class Door(Protocol):
    """Both implementations behave the same; one event loop, not thread-safe."""

    @property
    def gateway(self) -> int:
        """This gateway's id, the first field of its commands."""

    def numbers(self, count: int) -> int:
        """Takes `count` consecutive submission numbers and returns the first."""

    def submit(
        self,
        commands: Sequence[bytes],
        done: Callable[[Result], None],
        limits: Sequence[Limit] = (),
    ) -> None:
        """Submits encoded commands as one contiguous run; `done` is called once, when durable.

        Without commands it counts against the limits alone, for a request that was refused before.
        """

    async def query(self, query: AnyQuestion) -> Any:
        """The decoded answer (types in `wire.queries.ANSWERS`), once it may be seen.

        ValueError on a malformed query, Unavailable.
        """

    def follow(self, rows: Callable[[Row], None]) -> Callable[[], None]:
        """Calls `rows` for each row with events from now on; returns the function that stops it."""

    def stream(self, from_sequence: int, events: bool = True) -> AsyncIterator[Row]:
        """Rows from the one that holds `from_sequence`, then live.

        With events=True raises Gone when that is older than the ring; with events=False any age,
        and Gone when it was pruned.
        """

    async def health(self) -> Health:
        """How the exchange is; Unavailable."""

    async def report(self, projection: str, sequence: int, finished_total: int) -> None:
        """Says how far a projection has committed; what it still needs is not lost meanwhile.

        `finished_total` is the core's count of finished orders at that sequence.
        """

    async def moved(self, after: int) -> int:
        """The sequence of the folds' newest change, once it is durable and behind `after`.

        0 asks for the newest as it is. A fold that takes note of events may change without it: only
        product commands count. Unavailable.
        """

    async def skips(self) -> list[int]:
        """Quarantined sequences that a replica passes over."""

    async def confirm_time(self) -> int:
        """An operator's leave for a forward jump of the clock; returns the jump in ms, 0: none."""
