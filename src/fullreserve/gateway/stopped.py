"""What a suspension stops for a user of a currency on a network, as switches show it."""

from __future__ import annotations

from collections.abc import Sequence

from fullreserve.exchange.products.custody_ledger import is_in_table
from fullreserve.exchange.products.suspension_rules import verdict
from fullreserve.exchange.products.suspension_state import Suspension
from fullreserve.exchange.products.suspension_wire import FREE, Action, Mode, Ruling, Verdict
from fullreserve.exchange.wire.commands import Suspended
from fullreserve.exchange.wire.events import OwnerChanged, SuspensionSet
from fullreserve.exchange.wire.queries import GetOwner, ListSuspensions
from fullreserve.gateway import suspension_desk
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import Line

# What a withdrawal meets in another mode is looked at by a person, or has a cap.
STOPS = (Mode.QUEUE, Mode.REJECT)


class Stopped:
    """The suspensions of now, as one user meets them."""

    def __init__(
        self,
        known: Sequence[Suspension],
        owner: OwnerChanged | None,
        table: Sequence[SuspensionSet] = (),
    ) -> None:
        self._known = known
        self._owner = owner
        self._table = table  # the core's own

    @classmethod
    async def of(cls, context: Context, uid: int) -> Stopped:
        """Reads them; Unavailable."""
        known = await suspension_desk.suspensions(context)
        table = await context.door.query(ListSuspensions())
        return cls(known, await context.door.query(GetOwner(uid)), table)

    def withdrawals(self, line: Line) -> Suspension | None:
        """What holds withdrawals back."""
        return self._stop(Action.WITHDRAW, line, STOPS)

    def deposits(self, line: Line) -> Suspension | None:
        """What holds deposits back, in whatever mode."""
        return self._stop(Action.DEPOSIT_CREDIT, line, tuple(Mode))

    def moves_within(self, asset: int) -> bool:
        """Whether an asset may be sent to another user here."""
        owner = self._owner
        if owner is None:
            return True
        table = [one for one in self._table if one.actions & Suspended.SUB_TRANSFER]
        stopped = self._verdict(Action.INTERNAL_TRANSFER, 0, asset).mode
        return not stopped and not is_in_table(table, asset, owner)

    def leaving(self, line: Line) -> Verdict:
        """What becomes of a withdrawal that is asked for."""
        return self._verdict(Action.WITHDRAW, line.network.network, line.asset.id)

    def _verdict(self, action: Action, network: int, asset: int) -> Verdict:
        owner = self._owner
        if owner is None:
            return FREE
        who = (owner.owner, owner.master, owner.segment)
        return verdict(self._known, Ruling(int(action), *who, network, asset))

    def _stop(self, action: Action, line: Line, modes: Sequence[int]) -> Suspension | None:
        found = self._verdict(action, line.network.network, line.asset.id)
        if found.mode not in modes:
            return None
        return next((one for one in self._known if one.number == found.suspension), None)
