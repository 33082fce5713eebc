"""Messages to users about what the log decided while they did not look.

What was told is noted with the messages, by a number that its source gives, so that a crash neither
loses one nor writes it twice.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import structlog

from fullreserve.door.protocol import Unavailable
from fullreserve.exchange.wire.events import OwnerChanged
from fullreserve.exchange.wire.queries import GetOwner
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.repeated_task import RepeatedTask
from fullreserve.identity.denied import Denied
from fullreserve.identity.desk import Rooms
from fullreserve.identity.notices import tell
from fullreserve.identity.outbox import Kind
from fullreserve.identity.store import UnknownUser

LOOK_MS = 1_000
AT_ONCE = 100

log = structlog.get_logger(__name__)


class Notice(NamedTuple):
    """To whom, and the values of its words."""

    uid: int
    kind: Kind
    values: dict[str, str]


class Found(NamedTuple):
    """What is new, and the number up to which all is told with it."""

    notices: list[Notice]
    up_to: int


class Source(Protocol):
    """Something of the log that users are told of; `name` is what its number is noted under."""

    @property
    def name(self) -> str: ...

    async def behind(self, told: int) -> Found | None:
        """The next `AT_ONCE` or so behind what was told; None where there is nothing."""
        ...


class Notices:
    """`task` looks every second; `round` once."""

    def __init__(self, context: Context, source: Source) -> None:
        self._context = context
        self._source = source
        self._told: int | None = None
        self.task = RepeatedTask(self.round, self._rest, (Problem, Denied, Unavailable))

    async def _rest(self, problem: Exception | None) -> None:
        if problem is not None:
            log.warning("messages to users wait", about=self._source.name, why=str(problem))
        await self._context.clock.wait_ms(LOOK_MS)

    async def round(self) -> None:
        """Puts a message for each since the last one into the outbox."""
        desk, name = self._context.desk, self._source.name
        if self._told is None:
            self._told = await desk.act(_told, desk.rooms, name)
        found = await self._source.behind(self._told)
        if found is not None:
            await desk.act(_write, desk.rooms, name, found)
            self._told = found.up_to


async def person(context: Context, owner: int) -> int:
    """Who reads the messages of an account: of a sub-account, its master."""
    known: OwnerChanged | None = await context.door.query(GetOwner(owner))
    return owner if known is None else known.master


def _told(rooms: Rooms, name: str) -> int:
    return rooms.outbox.told(name)


def _write(rooms: Rooms, name: str, found: Found) -> None:
    with rooms.store.change():
        for one in found.notices:
            try:
                tell(rooms, one.uid, one.kind, **one.values)
            except UnknownUser:
                continue  # closed since, or none of people's
        rooms.outbox.tell_up_to(name, found.up_to)
