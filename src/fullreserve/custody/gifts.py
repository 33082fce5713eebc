"""Coins that nobody asked for: strangers may send some to any place of ours at any time.

The watcher reads them from the blocks that it follows, once their deposits are reported; a second
node has to tell the same. Until the ledger has them, by `fund-tier`, ledger and chain may differ by
exactly those.
What a contract sends them of a chain's own coin by an internal call is in no transaction: that is
read later (`contract_calls`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import structlog

from fullreserve.custody.chains import following
from fullreserve.custody.chains.adapter import Block, Chain, Incoming
from fullreserve.custody.house import House
from fullreserve.custody.kept_gifts import Gift, GiftSum
from fullreserve.custody.keys.record import BadRecord
from fullreserve.custody.networks import Network
from fullreserve.custody.store import Store
from fullreserve.custody.tier_places import TierPlaces
from fullreserve.custody.transfers import transfer
from fullreserve.exchange.products.custody_wire import DEPOSITS, Tier
from fullreserve.exchange.products.deposit_state import Booked, ListBooked, ListMoved
from fullreserve.exchange.worker_files import UNASKED_SHOWN, Unasked, UnaskedSum

ASKED_AT_ONCE = 500
BOOKED_AT_ONCE = 1_000
BLOCKS_AT_ONCE = 100

log = structlog.get_logger(__name__)


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
        self._told: int | None = None  # the sequence up to which the ledger's bookings are known
        self._fresh: list[bytes] = []  # what may have been booked before it was kept

    def begins_behind(self, height: int) -> None:
        """What blocks up to a height brought is not told any more: the store was lost."""
        self._since = height + 1

    def counts(self, block: Block) -> bool:
        """Whether what a block brought to tiers is told."""
        return block.height >= self._since

    def follows(self, reports: Iterable[following.Report]) -> None:
        """As the chain is now: what left it is forgotten, what came is read later."""
        kept, number = self._store.gifts, self._network.network
        for one in reports:
            if isinstance(one, following.Left):
                kept.lose_since(number, one.height)
            elif isinstance(one, following.Reached) and self.counts(one.block):
                kept.wait_for(number, one.block)

    async def read(self, chain: Chain, second: Chain | None) -> None:
        """What the blocks brought that were reached; NodeProblem, NodesDiffer.

        Each is kept as soon as it is read, so that who is interrupted goes on there.
        """
        while blocks := self._store.gifts.waiting(self._network.network, BLOCKS_AT_ONCE):
            tiers = self.places()
            other = None if chain.proves_scan else second
            for block in blocks:
                found = await asyncio.to_thread(_told, block, tiers, chain, other)
                self._keep(block, found)

    def places(self) -> dict[bytes, int]:
        """Those of hot, warm and cold, as they are known now."""
        with contextlib.suppress(BadRecord):  # who compares says so; what was known stays known
            self._recorded = self._tiers.recorded()
        return tiers_of(self._recorded | self._tiers.named())

    def _keep(self, block: Block, found: Iterable[Incoming]) -> None:
        number = self._network.network
        with self._store.together():
            if self._store.gifts.has_read(number, block):
                self.keep(block, found)

    def keep(self, block: Block, found: Iterable[Incoming]) -> None:
        """What a block of the chain brought, within `Store.together`."""
        number = self._network.network
        for each in found:
            name = transfer(self._salt, number, each.txid, each.number)
            gift = Gift(name, block.height, each.txid, each.tier, each.asset, each.amount)
            if self._store.gifts.keep(number, gift):
                self._fresh.append(name)
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

    async def open(self) -> list[GiftSum]:
        """What the ledger has not, by tier and asset; Unavailable.

        The exchange is asked of what it booked since, and of what came since, not of all there is.
        """
        kept = self._store.gifts
        if self._told is not None:
            booked = await self._booked(self._told, BOOKED_AT_ONCE)
            self._lose(one.transfer for one in booked)
            self._told = max((one.sequence for one in booked), default=self._told)
            if len(booked) == BOOKED_AT_ONCE:
                self._told = None  # there may be more
        if self._told is None:
            newest = await self._booked(0, 1)
            self._fresh = [one.name for one in kept.all(self._network.network)]
            self._told = newest[0].sequence if newest else 0
        self._lose(await are_booked(self._house, self._fresh))
        self._fresh.clear()
        return kept.sums(self._network.network)

    def _lose(self, booked: Iterable[bytes]) -> None:
        """What the ledger has; of which transaction it was is kept, for whoever is to have it."""
        with self._store.together():
            for one in self._store.gifts.lose(booked):
                self._store.name(one.name, self._network.network, one.txid)

    async def _booked(self, after: int, limit: int) -> list[Booked]:
        found: list[Booked] = await self._house.ask(DEPOSITS, ListBooked(after, limit))
        return found

    def sums(self, sums: Iterable[GiftSum]) -> Mapping[tuple[int, int], int]:
        """At the ledger's scale, by tier and asset."""
        scales = self._network.scales
        return {(one.tier, one.asset): scales[one.asset].to_ledger(one.amount)[0] for one in sums}

    def shown(self, sums: Sequence[GiftSum]) -> tuple[tuple[Unasked, ...], tuple[UnaskedSum, ...]]:
        """For operators: the largest of each tier and asset, and all of them as sums."""
        scales, prefix = self._network.scales, self._network.family.id_prefix
        largest = (
            Unasked(one.tier, one.asset, amount, one.height, prefix + one.txid.hex())
            for each in sums
            for one in self._store.gifts.largest(self._network.network, each, UNASKED_SHOWN)
            if (amount := scales[one.asset].to_ledger(one.amount)[0])
        )
        amounts = self.sums(sums)
        return tuple(largest), tuple(
            UnaskedSum(one.tier, one.asset, amounts[one.tier, one.asset], one.number)
            for one in sums
        )


async def are_booked(house: House, names: Sequence[bytes]) -> dict[bytes, None]:
    """Those of the journal's names that the ledger has; Unavailable."""
    found: dict[bytes, None] = {}
    for start in range(0, len(names), ASKED_AT_ONCE):
        asked = ListMoved(tuple(names[start : start + ASKED_AT_ONCE]))
        found |= dict.fromkeys(await house.ask(DEPOSITS, asked))
    return found


def tiers_of(places: Mapping[bytes, Tier]) -> dict[bytes, int]:
    """Those of hot, warm and cold: what comes to the others is a deposit."""
    return {place: tier for place, tier in places.items() if tier != Tier.DEPOSIT}


def _told(
    block: Block, tiers: Mapping[bytes, int], chain: Chain, second: Chain | None
) -> list[Incoming]:
    found = chain.incoming(block, tiers)
    if second is not None and second.incoming(block, tiers) != found:
        raise following.NodesDiffer(f"two nodes tell other payments in block {block.height}")
    return found
