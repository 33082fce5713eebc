"""What a suspension stops for a user of a currency on a network, as switches show it."""

from __future__ import annotations

from collections.abc import Sequence

from fullreserve.exchange.products.suspension_rules import verdict
from fullreserve.exchange.products.suspension_state import Suspension
from fullreserve.exchange.products.suspension_wire import Action, Mode, Ruling
from fullreserve.exchange.wire.events import OwnerChanged
from fullreserve.exchange.wire.queries import GetOwner
from fullreserve.gateway import suspension_desk
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import Line

# What a withdrawal meets in another mode is looked at by a person, or has a cap.
STOPS = (Mode.QUEUE, Mode.REJECT)


class Stopped:
    """The suspensions of now, as one user meets them."""

    def __init__(self, known: Sequence[Suspension], owner: OwnerChanged | None) -> None:
        self._known = known
        self._owner = owner

    @classmethod
    async def of(cls, context: Context, uid: int) -> Stopped:
        """Reads them; Unavailable."""
        known = await suspension_desk.suspensions(context)
        return cls(known, await context.door.query(GetOwner(uid)))

    def withdrawals(self, line: Line) -> Suspension | None:
        """What holds withdrawals back."""
        return self._stop(Action.WITHDRAW, line, STOPS)

    def deposits(self, line: Line) -> Suspension | None:
        """What holds deposits back, in whatever mode."""
        return self._stop(Action.DEPOSIT_CREDIT, line, tuple(Mode))

    def _stop(self, action: Action, line: Line, modes: Sequence[int]) -> Suspension | None:
        owner = self._owner
        if owner is None:
            return None
        asked = Ruling(
            *(int(action), owner.owner, owner.master, owner.segment),
            *(line.network.network, line.asset.id),
        )
        found = verdict(self._known, asked)
        if found.mode not in modes:
            return None
        return next((one for one in self._known if one.number == found.suspension), None)
