"""What finished jobs of the record of ceremonies have cost a tier, until the ledger has it.

A job of a script wallet moves the tier's coins to its next wallet and pays a fee, which
`charge-tier` posts once it is final. Nothing is allowed for: it explains its own fee, which its
block shows, and what is posted explains nothing any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from fullreserve.custody.chains.following import NodesDiffer
from fullreserve.custody.chains.rpc import Node, hexed
from fullreserve.custody.house import House
from fullreserve.custody.networks import Network
from fullreserve.custody.tier_places import OwnFee
from fullreserve.custody.transfers import salt_of, transfer
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.deposit_state import FindMoved

_HASH = 32


class JobFees:
    """One network's; `data` is the folder whose salt names transactions."""

    def __init__(self, network: Network, house: House, data: Path) -> None:
        self._network = network
        self._house = house
        self._data = data
        self._nodes = [Node(one) for one in network.nodes[:2]]
        self._posted: dict[bytes, None] = {}

    async def open(self, paid: Sequence[OwnFee]) -> list[OwnFee]:
        """Those that the ledger has not; NodeProblem, NodesDiffer, Unavailable."""
        found = [one for one in paid if not await self._has(one.txid)]
        for one in found:
            await asyncio.to_thread(self._agree, one)
        return found

    async def _has(self, txid: bytes) -> bool:
        if txid not in self._posted:
            name = transfer(salt_of(self._data), self._network.network, txid)
            if await self._house.ask(wire.DEPOSITS, FindMoved(name)) > 0:
                self._posted[txid] = None
        return txid in self._posted

    def _agree(self, one: OwnFee) -> None:
        """Two nodes have its block, whose hash proves what it holds: one could feign a chain."""
        for node in self._nodes:
            if hexed(node.call("getblockhash", one.height), _HASH) != one.hash:
                raise NodesDiffer(f"{node.name} has another block {one.height} than was read")
