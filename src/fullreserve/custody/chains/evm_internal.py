"""Coins that contracts send by internal calls, as every smart-contract wallet does.

No transaction of a block names them, but balances tell: what an account has more after a block than
before it, without what the block's transactions paid it or took from it, value and fee.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fullreserve.custody.chains.adapter import Block
from fullreserve.custody.chains.evm_blocks import ACCOUNT, Sent, read_block
from fullreserve.custody.chains.evm_held import Blocks, Explained, explained
from fullreserve.custody.chains.rpc import (
    Node,
    NodeGarbage,
    NodeRefuses,
    OldRefused,
    field,
    listed,
    quantity,
)

INTERNAL = -2  # the output number of what came by internal calls, less the index of its address
NOTHING = Explained(0, 0)
GAS_BARE = 21_000  # of a transaction that runs no contract
ASKED_AT_ONCE = 500
# Blocks that every node holds the state of; behind a balancer one may not have come to it yet.
NEW = 3
# Codes of a node that is asked too much, is at fault itself, or lets nobody in: of no state.
BUSY = frozenset((-32005, -32603, 401, 403, 429))
_NO_METHOD = -32601
# What nodes that have not kept a state say of it.
_LOST = ("trie", "state", "prun", "histor", "archive")


def runs_code(told: Any, sent: Sequence[Sent]) -> bool:
    """Whether a block's contracts, or the chain itself, may have sent coins; NodeGarbage."""
    used = quantity(field(told, "gasUsed"))
    return used > GAS_BARE * len(sent) or bool(told.get("withdrawals"))


def span(block: Block) -> bytes:
    """What a deposit of no transaction takes: the place of its block, which one block has."""
    return block.height.to_bytes(8, "big")


class Balances:
    """Through one node; what was read after a block is what there was before the next."""

    def __init__(self, node: Node, blocks: Blocks) -> None:
        self._node = node
        self._blocks = blocks
        self._hash = b""
        self._held: dict[bytes, int] = {}

    def rests(self, block: Block, places: Sequence[bytes]) -> dict[bytes, int] | None:
        """What a block changed of places beyond its transactions, in wei, by place; NodeProblem.

        Nothing is said of an account that used a nonce by no transaction. None: the node says that
        it has not kept the state of the block, or of the one before. OldRefused: it may be so.
        """
        told = self._node.call("eth_getBlockByHash", "0x" + block.hash.hex(), True)
        if told is None or read_block(told) != block:
            raise NodeGarbage(f"the node does not hold block {block.height} that it told of")
        sent = [Sent.read(one) for one in listed(field(told, "transactions"))]
        if not places or not runs_code(told, sent):
            return {}
        try:
            return self._changed(block, told, places, sent)
        except NodeRefuses:
            newest = quantity(self._node.call("eth_blockNumber"))
            refused = self._refused(block, places[0]) if newest - block.height >= NEW else []
            if not refused:
                raise
            if any(map(is_lost, refused)):
                return None
            raise OldRefused(refused[0].code, refused[0].message) from None

    def _refused(self, block: Block, place: bytes) -> list[NodeRefuses]:
        """How it refuses a state again, where it tells of the newest at the same time.

        A node that is busy, or lets nobody in, has lost nothing: it is asked until it tells.
        """
        account = "0x" + place.hex()
        at = [{"blockHash": "0x" + one.hex()} for one in (block.parent, block.hash)]
        asked = [("eth_getBalance", [account, one]) for one in (*at, "latest")]
        *states, now = self._node.tried(asked)
        if isinstance(now, NodeRefuses):
            return []
        return [one for one in states if isinstance(one, NodeRefuses)]

    def _changed(
        self, block: Block, told: Any, places: Sequence[bytes], sent: Sequence[Sent]
    ) -> dict[bytes, int]:
        known = self._held if self._hash == block.parent else {}
        missing = [one for one in places if one not in known]
        before = {**known, **self._of("eth_getBalance", missing, block.parent)}
        after = self._of("eth_getBalance", places, block.hash)
        self._hash, self._held = block.hash, after
        is_ours = any(one.to in after or one.spend[:ACCOUNT] in after for one in sent)
        did = self._explained(block, told, places) if is_ours else {}
        rests = {
            place: rest
            for place in places
            if (rest := after[place] - before[place] - did.get(place, NOTHING).change)
        }
        return self._by_nonces(block, rests, did)

    def _explained(
        self, block: Block, told: Any, places: Sequence[bytes]
    ) -> dict[bytes, Explained]:
        one = self._blocks.read(block, told)
        return explained(one, self._blocks.receipts(one), places)

    def _by_nonces(
        self, block: Block, rests: Mapping[bytes, int], did: Mapping[bytes, Explained]
    ) -> dict[bytes, int]:
        """Without those whose nonces the block's transactions do not explain, as code of theirs."""
        places = list(rests)
        method = "eth_getTransactionCount"
        before = self._of(method, places, block.parent)
        after = self._of(method, places, block.hash)
        return {
            place: rest
            for place, rest in rests.items()
            if after[place] - before[place] == did.get(place, NOTHING).nonces
        }

    def _of(self, method: str, places: Sequence[bytes], hash_: bytes) -> dict[bytes, int]:
        at = {"blockHash": "0x" + hash_.hex()}
        asked = [(method, ["0x" + one.hex(), at]) for one in places]
        return dict(zip(places, map(quantity, self._calls(asked)), strict=True))

    def _calls(self, asked: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        told: list[Any] = []
        for start in range(0, len(asked), ASKED_AT_ONCE):
            told += self._node.calls(asked[start : start + ASKED_AT_ONCE])
        return told


def is_lost(refusal: NodeRefuses) -> bool:
    """Whether a node says that it has not what it is asked for, or never had such."""
    said = refusal.message.lower()
    return refusal.code == _NO_METHOD or (
        refusal.code not in BUSY and any(word in said for word in _LOST)
    )
