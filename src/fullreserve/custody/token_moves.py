"""What has come of announced moves of a token whose contract takes a part, as the chain shows it.

It is asked for each move, and nothing is allowed for: room for whatever a contract may take would
be a thief's. What counts is that a Safe has executed the announced transfer itself, known by its
digest, in a transaction that the ledger has not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from fullreserve.custody.chains.following import NodesDiffer
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.holdings import Place
from fullreserve.custody.house import House
from fullreserve.custody.keys.move_standing import Taken, executed, first_of
from fullreserve.custody.networks import Network
from fullreserve.custody.tiers.safe import transfer_call
from fullreserve.custody.transfers import salt_of, transfer
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.announced_moves import Announced
from fullreserve.exchange.products.deposit_state import FindMoved
from fullreserve.exchange.wire.commands import amount_int


class TokenMoves:
    """One network's; `data` is the folder whose salt names transactions."""

    def __init__(self, network: Network, house: House, data: Path) -> None:
        self._network = network
        self._house = house
        self._data = data
        self._nodes = [Node(one) for one in network.nodes[:2]]
        self._since: dict[int, int] = {}  # by number: no block before this height has it

    async def came(
        self, announced: Sequence[Announced], places: Sequence[Place], height: int
    ) -> dict[int, int]:
        """What its target got by a block, by a move's number, at the ledger's scale.

        None of one that the chain does not show. NodeProblem, NodesDiffer, Unavailable.
        """
        found: dict[int, int] = {}
        used: dict[bytes, None] = {}
        for one in announced:
            if one.asset not in self._network.tokens or self._network.adapter is not None:
                continue
            for seen in await asyncio.to_thread(self._agreed, one, places, height):
                if seen.txid not in used and not await self._has(seen.txid):
                    amount, scale = amount_int(one.amount), self._network.scales[one.asset]
                    found[one.number], _ = seen.arrived(amount, scale)
                    used[seen.txid] = None
                    break
        self._since = {number: since for number, since in self._since.items()
                       if any(one.number == number for one in announced)}  # fmt: skip
        return found

    async def _has(self, txid: bytes) -> bool:
        """What is posted explains nothing any more; Unavailable."""
        name = transfer(salt_of(self._data), self._network.network, txid)
        sequence: int = await self._house.ask(wire.DEPOSITS, FindMoved(name))
        return sequence > 0

    def _agreed(self, one: Announced, places: Sequence[Place], height: int) -> list[Taken]:
        """By each of two nodes: one alone could feign what a contract took."""
        first, *others = [self._carried_out(node, one, places, height) for node in self._nodes]
        if any(other != first for other in others):
            raise NodesDiffer(f"two nodes tell otherwise of announced move {one.number}")
        return first

    def _carried_out(
        self, node: Node, one: Announced, places: Sequence[Place], height: int
    ) -> list[Taken]:
        token = bytes.fromhex(self._network.tokens[one.asset])
        try:
            amount = self._network.scales[one.asset].to_chain(amount_int(one.amount))
        except ValueError:
            return []  # the chain cannot pay it
        if one.number not in self._since:
            self._since[one.number] = first_of(node, height, one.announced_ms)
        calls = [
            transfer_call(token, place.place, amount)
            for place in places
            if place.tier == one.target
        ]
        safes = [place.place for place in places if place.tier == one.source and not place.key]
        fixed = (calls, self._since[one.number], height)
        return [
            seen for safe in safes for seen in executed(node, self._network.chain_id, safe, *fixed)
        ]
