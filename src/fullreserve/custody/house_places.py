"""Addresses of the exchange's own wallets: nobody's withdrawal is paid to one.

Coins that came there would be nobody's, and the ledger would not know of them. Deposit addresses of
users are told apart elsewhere: what goes to one needs no chain.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

import structlog

from fullreserve.custody.bech32 import BadAddress
from fullreserve.custody.keys.record import BadRecord
from fullreserve.custody.networks import Network
from fullreserve.custody.tier_places import TierPlaces
from fullreserve.exchange.products.custody_wire import HOUSE_INDEX

log = structlog.get_logger(__name__)


class HousePlaces:
    """Of a data folder, also of wallets that were rotated; use it from any thread."""

    def __init__(self, data: Path, served: Iterable[Network]) -> None:
        self._known = {one.network: _Places(one, data) for one in served}

    def is_ours(self, network: int, text: str) -> bool:
        """Whether an address, with or without a memo, is of hot, warm, cold or the house's own."""
        known = self._known.get(network)
        return known is not None and known.has(text)


class _Places:
    """Of one network."""

    def __init__(self, network: Network, data: Path) -> None:
        self._of = network.addresses()
        self._tiers = TierPlaces(network, data)
        self._always = frozenset((*self._tiers.named(), self._of.place(HOUSE_INDEX)))
        self._recorded: Collection[bytes] = frozenset()
        self._is_damaged = False

    def has(self, text: str) -> bool:
        try:
            place = self._of.read(text.partition(":")[0])
        except BadAddress:
            return False
        return place in self._always or place in self._of_record()

    def _of_record(self) -> Collection[bytes]:
        """Those of the last record that could be read: a damaged one holds up no payment."""
        try:
            self._recorded, self._is_damaged = self._tiers.recorded().keys(), False
        except BadRecord as problem:
            if not self._is_damaged:
                log.error("wallets of the record are not told apart", problem=str(problem))
            self._is_damaged = True
        return self._recorded
