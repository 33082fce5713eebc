"""Coins that nobody asked for: strangers may send some to any place of ours at any time.

The watcher reads them from the blocks that it follows; a second node has to tell the same, as of
deposits. Until the ledger has them, by `fund-tier`, ledger and chain may differ by exactly those.
What a contract sends them of a chain's own coin by an internal call is in no transaction, and is
told by balances, as a user's deposit is (`chains/evm_internal`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import structlog

from fullreserve.custody.chains import following
from fullreserve.custody.chains.adapter import Block, Chain, Incoming
from fullreserve.custody.house import House
from fullreserve.custody.keys.record import BadRecord
from fullreserve.custody.networks import Network
from fullreserve.custody.store import Gift, Store
from fullreserve.custody.tier_places import TierPlaces
from fullreserve.custody.transfers import transfer
from fullreserve.exchange.products.custody_wire import DEPOSITS, Tier
from fullreserve.exchange.products.deposit_state import ListMoved
from fullreserve.exchange.worker_files import UNASKED_SHOWN, Unasked

ASKED_AT_ONCE = 500

log = structlog.get_logger(__name__)


class Came(NamedTuple):
    """What a block brought."""

    block: Block
    found: list[Incoming]


class Gifts:
    """Of one network; `data` is the folder of the record."""

    def __init__(
        self, network: Network, store: Store, house: House, salt: bytes, data: Path
    ) -> None:
        self._network = network
        self._store = store
        self._house = house
        self._salt = salt
        self._tiers = TierPlaces(network, data)
        self._recorded: dict[bytes, Tier] = {}
        self._since = 0

    def begins_behind(self, height: int) -> None:
        """What blocks up to a height brought is not told any more: the store was lost."""
        self._since = height + 1

    def read(
        self, reports: Iterable[following.Report], chain: Chain, second: Chain | None
    ) -> list[Came]:
        """What blocks that were reached brought; NodeProblem, NodesDiffer."""
        tiers = self._places()
        blocks = [one.block for one in reports if isinstance(one, following.Reached)]
        return [
            Came(one, _told(one, tiers, chain, None if chain.proves_scan else second))
            for one in blocks
            if one.height >= self._since
        ]

    def _places(self) -> dict[bytes, int]:
        with contextlib.suppress(BadRecord):  # who compares says so; what was known stays known
            self._recorded = self._tiers.recorded()
        return tiers_of(self._recorded | self._tiers.named())

    def keep(self, reports: Iterable[following.Report], came: Iterable[Came]) -> None:
        """As the chain is now: what left it is forgotten."""
        number = self._network.network
        for one in reports:
            if isinstance(one, following.Left):
                self._store.lose_gifts(number, one.height)
        for block, found in came:
            for each in found:
                name = transfer(self._salt, number, each.txid, each.number)
                gift = Gift(name, block.height, each.txid, each.tier, each.asset, each.amount)
                if self._store.keep_gift(number, gift):
                    self._say(gift)

    def _say(self, gift: Gift) -> None:
        amount, _ = self._network.scales[gift.asset].to_ledger(gift.amount)
        log.warning(
            "coins that nobody asked for: book them with fund-tier --unasked",
            network=self._network.network,
            tier=Tier(gift.tier).name.lower(),
            asset=gift.asset,
            amount=amount,
            transaction=gift.txid.hex(),
        )

    async def open(self) -> list[Gift]:
        """Those that the ledger has not, the oldest first; Unavailable."""
        kept = self._store.gifts(self._network.network)
        booked: dict[bytes, None] = {}
        for start in range(0, len(kept), ASKED_AT_ONCE):
            names = tuple(one.name for one in kept[start : start + ASKED_AT_ONCE])
            booked |= dict.fromkeys(await self._house.ask(DEPOSITS, ListMoved(names)))
        for one in kept:
            if one.name in booked:
                self._store.name(one.name, self._network.network, one.txid)
                self._store.lose_gift(one.name)
        return [one for one in kept if one.name not in booked]

    def sums(self, gifts: Iterable[Gift]) -> Mapping[tuple[int, int], int]:
        """At the ledger's scale, by tier and asset."""
        found: dict[tuple[int, int], int] = {}
        for one in gifts:
            key = (one.tier, one.asset)
            found[key] = found.get(key, 0) + one.amount
        scales = self._network.scales
        return {key: scales[key[1]].to_ledger(amount)[0] for key, amount in found.items()}

    def shown(self, gifts: list[Gift]) -> tuple[Unasked, ...]:
        """For operators."""
        scales, prefix = self._network.scales, "" if self._network.kind == "utxo" else "0x"
        return tuple(
            Unasked(
                *(one.tier, one.asset, scales[one.asset].to_ledger(one.amount)[0], one.height),
                prefix + one.txid.hex(),
            )
            for one in gifts[:UNASKED_SHOWN]
        )


def tiers_of(places: Mapping[bytes, Tier]) -> dict[bytes, int]:
    """Those of hot, warm and cold: what comes to the others is a deposit."""
    return {place: tier for place, tier in places.items() if tier != Tier.DEPOSIT}


def _told(
    block: Block, tiers: Mapping[bytes, int], chain: Chain, second: Chain | None
) -> list[Incoming]:
    found = chain.incoming(block, tiers)
    if second is not None and second.incoming(block, tiers) != found:
        raise following.NodesDiffer(f"two nodes tell other payments in block {block.height}")
    unnamed = following.internal(
        chain, second, block, lambda one: one.incoming_internal(block, tiers)
    )
    return [*found, *unnamed]
