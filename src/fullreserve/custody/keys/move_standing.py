"""What became of a tier's transaction on its chain: found by what it spends, not by its own name.

So what overtakes it is found as well, and no node's index of transactions is needed.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from fullreserve.custody.chains.raw_block import read_transactions
from fullreserve.custody.chains.rpc import Node, NodeRefuses, field, hexed, quantity
from fullreserve.custody.keccak import keccak256
from fullreserve.custody.keys.tier_signer import Proposal
from fullreserve.custody.tiers.safe import SafeTransaction, SafeView

_HASH = 32
_EXECUTED = "0x" + keccak256(b"ExecutionSuccess(bytes32,uint256)").hex()


class Taken(NamedTuple):
    """The transaction that took the inputs, or the nonce, and the block that holds it."""

    txid: bytes
    height: int
    depth: int  # blocks with it, its own included
    is_ours: bool


def height_of(node: Node, proposal: Proposal) -> int:
    """The newest block's; NodeProblem."""
    if proposal.spend is not None:
        return int(node.call("getblockcount"))
    return quantity(node.call("eth_blockNumber"))


def standing(
    node: Node, proposal: Proposal, since: int, txids: Collection[bytes] = (), final: int = 1
) -> Taken | None:
    """What took the proposal's inputs or nonce in block `since` or later; NodeProblem.

    `txids` are what was signed for a script wallet; a Safe's transaction is known by its digest,
    whoever sent it. That its nonce went to another one is looked for `final` blocks deep.
    """
    tip = height_of(node, proposal)
    if proposal.transaction is not None:
        return _of_safe(node, proposal.transaction, since, tip, final)
    assert proposal.spend is not None
    inputs = {one.outpoint(): None for one in proposal.spend.inputs}
    for height in range(max(0, since), tip + 1):
        hash_ = hexed(node.call("getblockhash", height), _HASH)
        for one in read_transactions(hexed(node.call("getblock", hash_.hex(), 0)), hash_):
            if any(spent in inputs for spent in one.spends):
                return Taken(one.txid, height, tip - height + 1, one.txid in txids)
    return None


def _of_safe(node: Node, wanted: SafeTransaction, since: int, tip: int, final: int) -> Taken | None:
    asked = {
        "address": "0x" + wanted.safe.hex(),
        "fromBlock": hex(max(0, since)),
        "toBlock": hex(tip),
        "topics": [_EXECUTED, "0x" + wanted.digest().hex()],
    }
    logs: list[Any] = node.call("eth_getLogs", asked)
    for one in logs:
        height = quantity(field(one, "blockNumber"))
        name = hexed(field(one, "transactionHash"), _HASH)
        return Taken(name, height, tip - height + 1, is_ours=True)
    view = SafeView(node, wanted.safe)
    if view.nonce() > wanted.nonce:
        # Which transaction it was does not matter: this one can never be executed any more.
        depth = final if _was_used(view, wanted.nonce, tip - final + 1) else 1
        return Taken(wanted.digest(), tip, depth, is_ours=False)
    return None


def _was_used(view: SafeView, nonce: int, height: int) -> bool:
    """Whether a nonce was used by a block; not known of a node that has forgotten its state."""
    try:
        return height >= 0 and view.nonce(hex(height)) > nonce
    except NodeRefuses:
        return False
