"""What holds withdrawals back beside suspensions: maintenance, the core's own table, frozen owners.

From edition 3 of the rules on a request that any of them holds does not wait for a suspension
alone, so that the suspension ends without it. It is paid once what holds it ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import msgspec

from fullreserve.exchange.folds import View
from fullreserve.exchange.products.custody_ledger import core_table, is_in_table
from fullreserve.exchange.products.suspension_gates import Waiting, is_stopped, networks
from fullreserve.exchange.wire.commands import Suspended, SuspensionLevel
from fullreserve.exchange.wire.events import SuspensionSet

_encode = msgspec.msgpack.Encoder().encode


class Elsewhere(msgspec.Struct, frozen=True):
    """As it is now: holds by network and asset (0: all of it), and rows of the core's table."""

    holds: Sequence[tuple[int, int]] = ()
    table: Sequence[SuspensionSet] = ()

    @classmethod
    def of(cls, view: View) -> Elsewhere:
        """Asked for once, for all that wait."""
        holds = [(one.terms.network, hold.asset) for one in networks(view) for hold in one.holds]
        return cls(sorted(holds), core_table(Suspended.WITHDRAW, view))

    @property
    def digest(self) -> bytes:
        """By which a survey knows that nothing of it has changed since."""
        return sha256(_encode((self.holds, self.table))).digest()

    def holds_all(self, network: int, asset: int) -> bool:
        """Whether nobody's withdrawals of an asset on a network are paid."""
        return (
            (network, 0) in self.holds
            or (network, asset) in self.holds
            or any(
                one.level == SuspensionLevel.GLOBAL
                or (one.level == SuspensionLevel.ASSET and one.key == asset)
                for one in self.table
            )
        )

    def holds_one(self, each: Waiting) -> bool:
        """Whether a request is held: its place, or its owner."""
        owner, one = each.owner, each.queued
        return (
            owner is None
            or is_stopped(owner)
            or self.holds_all(one.network, one.asset)
            or is_in_table(self.table, one.asset, owner)
        )
