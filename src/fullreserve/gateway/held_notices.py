"""Messages to users whose withdrawal waits for them, for a time or for people.

What was told is noted with the messages, by the number of the newest decision, so that a crash
neither loses one nor writes it twice. `withdrawal-info` and the page say the same.
"""

from __future__ import annotations

from typing import Any

import structlog

from fullreserve.door.protocol import Unavailable
from fullreserve.exchange.products.custody_wire import WITHDRAWALS
from fullreserve.exchange.products.policy_rules import DecisionState
from fullreserve.exchange.products.policy_wire import Decision, ListHeld
from fullreserve.exchange.products.withdrawal_state import FINAL, GetRequest, Withdrawal
from fullreserve.exchange.wire.events import OwnerChanged
from fullreserve.exchange.wire.queries import GetOwner
from fullreserve.gateway import ids
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.repeated_task import RepeatedTask
from fullreserve.gateway.risk_desk import asked, assessments
from fullreserve.identity.approval_wait import moment
from fullreserve.identity.denied import Denied
from fullreserve.identity.desk import Rooms
from fullreserve.identity.notices import tell
from fullreserve.identity.outbox import Kind
from fullreserve.identity.store import UnknownUser

LOOK_MS = 1_000
AT_ONCE = 100
WHAT = "held withdrawals"
KINDS = {
    DecisionState.CONFIRMING: Kind.WITHDRAWAL_CONFIRM,
    DecisionState.DELAYED: Kind.WITHDRAWAL_DELAY,
    DecisionState.WAITING: Kind.WITHDRAWAL_REVIEW,
}

Notice = tuple[int, Kind, dict[str, str]]  # to whom, and the values of its words

log = structlog.get_logger(__name__)


class HeldNotices:
    """`task` looks every second; `round` once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._told: int | None = None
        self.task = RepeatedTask(self.round, self._rest, (Problem, Denied, Unavailable))

    async def _rest(self, problem: Exception | None) -> None:
        if problem is not None:
            log.warning("notices of withdrawals wait", why=str(problem))
        await self._context.clock.wait_ms(LOOK_MS)

    async def round(self) -> None:
        """Puts a message for each that is held since the last one into the outbox."""
        desk = self._context.desk
        if self._told is None:
            self._told = await desk.act(_told, desk.rooms)
        found: list[Decision] | None = await asked(self._context, ListHeld(self._told, AT_ONCE))
        if found:
            made = [await self._notice(one) for one in found]
            notices = [one for one in made if one is not None]
            await desk.act(_write, desk.rooms, found[-1].number, notices)
            self._told = found[-1].number

    async def _notice(self, one: Decision) -> Notice | None:
        """None for a withdrawal that is over: nothing is to be confirmed or canceled any more."""
        context, request = self._context, one.facts.request
        withdrawal: Withdrawal | None = await ask(context, WITHDRAWALS, GetRequest(request))
        if withdrawal is None or withdrawal.state in FINAL:
            return None
        known: OwnerChanged | None = await context.door.query(GetOwner(one.facts.owner))
        (risk,) = await assessments(context, (request,))
        values: dict[str, Any] = {"id": ids.text(request), "amt": "", "ccy": "", "until": ""}
        asset = context.catalog.assets.get(one.facts.asset)
        if asset is not None:
            values |= {"amt": asset.text(withdrawal.value), "ccy": asset.symbol}
        if risk is not None and risk.until_ms:
            values["until"] = moment(risk.until_ms)
        uid = one.facts.owner if known is None else known.master
        return uid, KINDS[DecisionState(one.state)], values


def _told(rooms: Rooms) -> int:
    return rooms.outbox.told(WHAT)


def _write(rooms: Rooms, number: int, notices: list[Notice]) -> None:
    with rooms.store.change():
        for uid, kind, values in notices:
            try:
                tell(rooms, uid, kind, **values)
            except UnknownUser:
                continue  # closed since, or none of people's
        rooms.outbox.tell_up_to(WHAT, number)
