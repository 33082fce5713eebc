"""Coins on chains, as the watcher measured them, and what an operator may add to that.

A currency counts when each of its networks where the ledger has coins of it was measured since the
restart was planned, and a short while ago. An operator may add coins that the ledger has in tiers
which nobody measures, and no more than it has there: a figure that is typed makes none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.folds import View
from fullreserve.exchange.products.custody_ledger import TIERS
from fullreserve.exchange.products.suspension_gates import lines
from fullreserve.exchange.products.suspension_state import MEASURED_MS, Measured, Suspension
from fullreserve.exchange.products.suspension_wire import Figure
from fullreserve.exchange.wire.commands import amount_bytes, amount_int
from fullreserve.exchange.wire.queries import AccountState, ListBalances

_TIER_OF = {kind: tier for tier, kind in TIERS.items()}


class Counted(msgspec.Struct):
    """Of the assets in a scope: what was measured by network, and what was added by asset."""

    measured: dict[int, Measured]
    coins: dict[int, int]
    added: dict[int, int]

    def figures(self) -> list[Figure]:
        """Coins by asset."""
        return [
            Figure(0, asset, amount_bytes(amount + self.added.get(asset, 0)))
            for asset, amount in self.coins.items()
        ]

    def record(self) -> dict[str, object]:
        """As a gate's record has it."""
        return {
            "measured": [
                {
                    "network": network,
                    "height": one.height,
                    "block": one.block.hex(),
                    "timeMs": one.time_ms,
                    "sequence": one.sequence,
                    "coins": [
                        [each.tier, each.asset, str(amount_int(each.amount))]
                        for each in one.coins
                        if each.asset in self.coins
                    ],
                }
                for network, one in sorted(self.measured.items())
            ],
            "added": [[asset, str(amount)] for asset, amount in sorted(self.added.items())],
        }


def counted(
    measured: Mapping[int, Measured],
    one: Suspension,
    shown: Iterable[Figure],
    now_ms: int,
    view: View,
) -> Counted | None:
    """What there is of the assets in a suspension's scope; None: not everything was measured."""
    fresh = {
        network: found
        for network, found in measured.items()
        if found.time_ms >= one.planned_ms and now_ms - found.time_ms <= MEASURED_MS
    }
    coins = dict.fromkeys((asset for _, asset in lines(one.terms.scope, view)), 0)
    known: dict[tuple[int, int, int], None] = {}  # network, tier, asset
    for network, found in fresh.items():
        for each in found.coins:
            known[network, each.tier, each.asset] = None
            if each.asset in coins:
                coins[each.asset] += amount_int(each.amount)
    by_asset = {(network, asset): None for network, _, asset in known}
    unmeasured = dict.fromkeys(coins, 0)
    for (network, tier, asset), amount in _booked(view).items():
        if asset not in coins or (network, tier, asset) in known:
            continue
        if (network, asset) not in by_asset:
            return None
        unmeasured[asset] += amount
    added: dict[int, int] = {}
    for figure in shown:
        if figure.asset in unmeasured and amount_int(figure.have) > 0:
            room = unmeasured[figure.asset] - added.get(figure.asset, 0)
            more = min(amount_int(figure.have), max(0, room))
            added[figure.asset] = added.get(figure.asset, 0) + more
    return Counted(fresh, coins, {asset: amount for asset, amount in added.items() if amount})


def _booked(view: View) -> dict[tuple[int, int, int], int]:
    """Coins that the ledger has, by network, tier and asset."""
    held: list[AccountState] = view.query(ListBalances(owner=chart.HOUSE))
    return {
        (one.instance, _TIER_OF[one.kind], one.asset): -amount_int(one.balance)
        for one in held
        if one.kind in _TIER_OF and amount_int(one.balance)
    }
