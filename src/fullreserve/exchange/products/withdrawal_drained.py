"""Which requests a drain may pay."""

from __future__ import annotations

from collections.abc import Mapping

from fullreserve.exchange.folds import View
from fullreserve.exchange.products.custody_ledger import core_table, is_in_table, known_owner
from fullreserve.exchange.products.suspension_asking import Stops, is_scoped
from fullreserve.exchange.products.suspension_wire import Mode
from fullreserve.exchange.products.withdrawal_rulings import leaving
from fullreserve.exchange.products.withdrawal_state import Withdrawal
from fullreserve.exchange.wire.commands import OwnerFlag, Suspended
from fullreserve.exchange.wire.events import OwnerChanged


class Drained:
    """What a drain may pay of an asset on a network, asked for once for all that wait there.

    `is_held`: withdrawals are held there, as by a maintenance. Before edition 1 of the rules of
    suspensions a drain paid whatever no other suspension stopped, whosever it was. `released`: who
    was let go, by which drains; None before edition 7, when one drain let go for all others.
    """

    def __init__(
        self,
        drain: int,
        place: tuple[int, int],
        view: View,
        *,
        is_held: bool,
        released: Mapping[int, tuple[int, ...]] | None = None,
    ) -> None:
        self._view = view
        self._stops = Stops(leaving(by_api=True), *place, view)
        self._is_scoped = is_scoped(view)
        self._is_held = is_held
        self._asset = place[1]
        self._table = core_table(Suspended.WITHDRAW, view)
        self._drain = drain
        self._released = released
        # When the drain opened, by which it lets go; 0 where it lets go for all.
        self.began = self._stops.began(drain) if released is not None else 0
        # Between two payments; before edition 7 a drain paid whenever it was told to.
        self.interval_ms = self._stops.interval_ms(drain) if self.began else 0
        self._is_of_drain = self._stops.drained_by(0 if self.began else drain)
        self._known: dict[tuple[int, int], bool] = {}

    def has(self, one: Withdrawal) -> bool:
        """Whether a request is the drain's, and nothing but drains holds it back."""
        action = leaving(by_api=one.by_api)
        if self._is_scoped and not self._is_due(action, one.owner):
            return False
        place = (one.network, one.asset, one.number)
        if self.began and not self._is_to_let_go(action, one.owner, place):
            return False
        found = self._stops.ruled(action, one.owner, place)
        return found.mode not in (Mode.QUEUE, Mode.REJECT)

    def _is_to_let_go(self, action: int, owner: int, place: tuple[int, int, int]) -> bool:
        before = self._released.get(place[2], ()) if self._released is not None else ()
        return self.began not in before and self._stops.is_held_by(
            *(self._drain, action, owner, place)
        )

    def _is_due(self, action: int, number: int) -> bool:
        found = self._known.get((action, number))
        if found is None:
            owner = known_owner(number, self._view)
            found = (
                owner is not None
                and not self._is_stopped(owner)
                and self._is_of_drain(action, owner)
            )
            self._known[action, number] = found
        return found

    def _is_stopped(self, owner: OwnerChanged) -> bool:
        return (
            self._is_held
            or bool(owner.flags & (OwnerFlag.FROZEN | OwnerFlag.NO_WITHDRAW))
            or is_in_table(self._table, self._asset, owner)
        )
