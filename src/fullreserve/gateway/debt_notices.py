"""Messages to users who owe what a chain took back after they had spent it.

What was told is noted with the messages, by the moment since when the newest debt is owed, so that
a crash neither loses one nor writes it twice.
"""

from __future__ import annotations

import structlog

from fullreserve.door.protocol import Unavailable
from fullreserve.exchange.products.custody_wire import DEPOSITS
from fullreserve.exchange.products.deposit_state import Debt, ListDebts
from fullreserve.exchange.wire.events import OwnerChanged
from fullreserve.exchange.wire.queries import GetOwner
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.repeated_task import RepeatedTask
from fullreserve.gateway.rest.x.standing import debt_row
from fullreserve.identity.denied import Denied
from fullreserve.identity.desk import Rooms
from fullreserve.identity.notices import tell
from fullreserve.identity.outbox import Kind
from fullreserve.identity.store import UnknownUser

LOOK_MS = 1_000
DEBTS_MAX = 10_000
WHAT = "debts"

Notice = tuple[int, dict[str, str]]  # to whom, and the values of its words

log = structlog.get_logger(__name__)


class DebtNotices:
    """`task` looks every second; `round` once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._told: int | None = None
        self.task = RepeatedTask(self.round, self._rest, (Problem, Denied, Unavailable))

    async def _rest(self, problem: Exception | None) -> None:
        if problem is not None:
            log.warning("notices of debts wait", why=str(problem))
        await self._context.clock.wait_ms(LOOK_MS)

    async def round(self) -> None:
        """Puts a message for each debt since the last one into the outbox."""
        desk = self._context.desk
        if self._told is None:
            self._told = await desk.act(_told, desk.rooms)
        found: list[Debt] = await ask(self._context, DEPOSITS, ListDebts(DEBTS_MAX))
        # Not of this very moment: of that there may still be others.
        last_ms = self._context.clock.exchange_ms()
        fresh = [one for one in found if self._told < one.since_ms < last_ms]
        if fresh:
            newest = max(one.since_ms for one in fresh)
            notices = [await self._notice(one) for one in fresh]
            await desk.act(_write, desk.rooms, newest, notices)
            self._told = newest

    async def _notice(self, one: Debt) -> Notice:
        owner, context = one.deposit.owner, self._context
        known: OwnerChanged | None = await context.door.query(GetOwner(owner))
        amt = context.catalog.assets[one.deposit.asset].text(one.deposit.value)
        values = debt_row(context, one) | {"amt": amt}
        return (owner if known is None else known.master), values


def _told(rooms: Rooms) -> int:
    return rooms.outbox.told(WHAT)


def _write(rooms: Rooms, number: int, notices: list[Notice]) -> None:
    with rooms.store.change():
        for uid, values in notices:
            try:
                tell(rooms, uid, Kind.DEPOSIT_OWED, **values)
            except UnknownUser:
                continue  # closed since, or none of people's
        rooms.outbox.tell_up_to(WHAT, number)
