"""Folds outside the core: products whose state is plain structs and whose money goes as groups.

A fold sees every event of the log in order. `handle` answers a product command with postings and
core commands that are logged as one `Group` behind it; `on_event` changes the fold's own state
only. Money that an event causes enters as a later product command: the fold puts it in its outbox,
which is part of its state, under the key (cause sequence, index); the command that carries the key
takes it out again, so that it happens once, whatever crashes in between.

No floats, no sets or hash order, no clock: the same log gives the same state everywhere.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from hashlib import blake2b
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar

import msgspec

from fullreserve.exchange.wire.commands import GroupCommand, Posting, Product
from fullreserve.exchange.wire.events import AnyEvent
from fullreserve.exchange.wire.queries import AnyQuestion

# OKX's code for a parameter error: an unknown fold, a payload that is not the fold's, a key that
# is not in the outbox.
REFUSED_PARAMETER = 51000

HASH_BYTES = 32

_encode = msgspec.msgpack.Encoder().encode


class View(Protocol):
    """Core and folds as a fold may read them: the state after everything before the command."""

    def query(self, query: AnyQuestion) -> Any:
        """The decoded answer (types in `wire.queries.ANSWERS`)."""


class Outcome(NamedTuple):
    """What a product command does: all of it or nothing. A `code` other than 0 refuses it."""

    postings: tuple[Posting, ...] = ()
    commands: tuple[GroupCommand, ...] = ()
    code: int = 0


REFUSED = Outcome(code=REFUSED_PARAMETER)


class Moment(NamedTuple):
    """Where in the log a product command stands."""

    sequence: int
    time_ms: int


class FollowUp(msgspec.Struct, array_like=True, frozen=True):
    """A product command that an event causes; (cause, index) is its idempotency key."""

    cause: int  # sequence of the event's command
    index: int  # tells several of one cause apart
    owner: int
    payload: bytes


class State(msgspec.Struct):
    """Base of every fold's state; subclasses add fields with defaults."""

    outbox: list[FollowUp] = msgspec.field(default_factory=list)


S = TypeVar("S", bound=State)


class Fold(ABC, Generic[S]):
    """One product. `number` names it in the log for ever."""

    number: ClassVar[int]
    name: ClassVar[str]
    # Event types that `on_event` wants; others are not delivered. A fold without any costs rows
    # that hold no product commands nothing.
    interests: ClassVar[tuple[type[AnyEvent], ...]] = ()
    # Whether it came to exchanges that were running: snapshots from before do not hold it.
    is_late: ClassVar[bool] = False
    # Fields that came to the state later: they count in its hash once there is something in them,
    # so that a log from before comes to the hash that it came to then.
    added: ClassVar[tuple[str, ...]] = ()

    def __init__(self, state: S) -> None:
        self.state = state

    @abstractmethod
    def handle(self, command: Product, moment: Moment, view: View) -> Outcome:
        """Decides a product command; changes the state only when the group cannot fail for it."""

    def on_event(self, event: AnyEvent) -> None:
        """Takes note of an event; every interesting event of the log comes here once, in order."""

    def settled(self, cause: int, code: int) -> None:
        """Takes note that the group of the command at `cause` was applied; 0, or why it was not."""

    def answer(self, question: bytes) -> bytes:  # noqa: ARG002 - the interface
        """The encoded answer to a question of the fold's own; ValueError when it is none."""
        raise ValueError(f"{self.name} answers no questions")

    def answer_in(self, question: bytes, view: View) -> bytes:  # noqa: ARG002 - the interface
        """The same, of a question that hangs on the core or other folds too."""
        return self.answer(question)

    def encode(self) -> bytes:
        """The whole state, in one encode."""
        return _encode(self.state)

    def restore(self, data: bytes) -> None:
        """Replaces the state; msgspec.DecodeError when `data` is none."""
        self.state = msgspec.msgpack.decode(data, type=type(self.state))

    def state_hash(self) -> bytes:
        """32 bytes over the content of the state, whatever order its maps arose in."""
        plain = msgspec.to_builtins(self.state, builtin_types=(bytes,))
        for name in self.added:
            if not plain[name]:
                del plain[name]
        content = _encode(_canonical(plain))
        return blake2b(content, digest_size=HASH_BYTES).digest()

    def take_follow_up(self, command: Product) -> bool:
        """Takes the command's key out of the outbox; False when it is not there."""
        for position, waiting in enumerate(self.state.outbox):
            if (waiting.cause, waiting.index) == (command.cause, command.index):
                matches = (waiting.owner, waiting.payload) == (command.owner, command.payload)
                if matches:
                    del self.state.outbox[position]
                return matches
        return False


def _canonical(value: Any) -> Any:
    """Plain values with maps as lists of pairs, sorted by key."""
    if isinstance(value, dict):
        return [[key, _canonical(value[key])] for key in sorted(value)]
    if isinstance(value, list | tuple):
        return [_canonical(item) for item in value]
    return value
