"""What became of a tier's transaction on its chain: found by what it spends, not by its own name.

So what overtakes it is found as well, and no node's index of transactions is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from fullreserve.custody.chains.evm_blocks import ACCOUNT
from fullreserve.custody.chains.evm_held import TRANSFER_EVENT
from fullreserve.custody.chains.evm_transaction import WORD, is_transfer
from fullreserve.custody.chains.raw_block import (
    Output,
    Transaction,
    read_transactions,
)
from fullreserve.custody.chains.rpc import Node, NodeRefuses, field, hexed, listed, quantity
from fullreserve.custody.keccak import keccak256
from fullreserve.custody.keys.tier_signer import Proposal
from fullreserve.custody.tiers.safe import SafeTransaction, SafeView
from fullreserve.custody.tiers.spending import Spend
from fullreserve.custody.units import Scale

EARLIER_MS = 4 * 3_600_000  # than a block's own time it may have been made

_HASH = 32
_EXECUTED = "0x" + keccak256(b"ExecutionSuccess(bytes32,uint256)").hex()
_FAILED = "0x" + keccak256(b"ExecutionFailure(bytes32,uint256)").hex()


class Taken(NamedTuple):
    """The transaction that took the inputs, or the nonce, and the block that holds it."""

    txid: bytes
    height: int
    depth: int  # blocks with it, its own included; 0: not proven to be in any
    is_ours: bool
    fee: int = 0  # what the wallet paid for it, where it is ours
    came: int = -1  # of a token what its target got by the token's word; -1: all

    def arrived(self, amount: int, scale: Scale) -> tuple[int, int]:
        """Of an amount of the ledger what came, and what the token's contract took of it."""
        came = amount if self.came < 0 else min(amount, scale.to_ledger(self.came)[0])
        return came, amount - came


def height_of(node: Node, proposal: Proposal) -> int:
    """The newest block's; NodeProblem."""
    if proposal.spend is not None:
        return int(node.call("getblockcount"))
    return quantity(node.call("eth_blockNumber"))


def standing(node: Node, proposal: Proposal, since: int, final: int = 1) -> Taken | None:
    """What took the proposal's inputs or nonce in block `since` or later; NodeProblem.

    Of a script wallet ours is what makes the proposal's payments from its inputs, whatever its fee
    was raised to; a Safe's transaction is known by its digest. Neither by who sent it. That a nonce
    went to another one is looked for `final` blocks deep.
    """
    tip = height_of(node, proposal)
    if proposal.transaction is not None:
        return _of_safe(node, proposal.transaction, since, tip, final)
    spend = proposal.spend
    assert spend is not None
    inputs = {one.outpoint(): None for one in spend.inputs}
    for height in range(max(0, since), tip + 1):
        hash_ = hexed(node.call("getblockhash", height), _HASH)
        for one in read_transactions(hexed(node.call("getblock", hash_.hex(), 0)), hash_):
            if any(spent in inputs for spent in one.spends):
                return _by_script(one, spend, height, tip)
    return None


def _by_script(one: Transaction, spend: Spend, height: int, tip: int) -> Taken:
    inputs = [coin.outpoint() for coin in spend.inputs]
    is_ours = one.carries_out(inputs, [Output(paid.amount, paid.script) for paid in spend.pays])
    fee = one.fee(sum(coin.amount for coin in spend.inputs)) if is_ours else 0
    return Taken(one.txid, height, tip - height + 1, is_ours, fee)


def named(node: Node, proposal: Proposal, name: bytes) -> Taken | None:
    """The transaction of a name, and whether it carried the proposal out; NodeProblem.

    None where no block holds it. A script wallet's node needs its index of transactions for that.
    """
    if proposal.transaction is not None:
        return _by_safe(node, proposal.transaction, name, height_of(node, proposal))
    assert proposal.spend is not None
    found = in_block(node, name)
    return None if found is None else _by_script(found[0], proposal.spend, *found[1:])


def in_block(node: Node, name: bytes) -> tuple[Transaction, int, int] | None:
    """A script wallet's transaction, by its block's bytes, that block's height, and the newest's.

    None where no block of the chain holds it; NodeProblem.
    """
    tip = int(node.call("getblockcount"))
    told = node.call("getrawtransaction", name.hex(), 1).get("blockhash")
    if not told:
        return None
    hash_ = hexed(told, _HASH)
    height = int(field(node.call("getblockheader", hash_.hex(), True), "height"))
    if hexed(node.call("getblockhash", height), _HASH) != hash_:
        return None
    for one in read_transactions(hexed(node.call("getblock", hash_.hex(), 0)), hash_):
        if one.txid == name:
            return one, height, tip
    return None


def _by_safe(node: Node, wanted: SafeTransaction, name: bytes, tip: int) -> Taken | None:
    told = node.call("eth_getTransactionReceipt", "0x" + name.hex())
    if told is None:
        return None
    height = quantity(field(told, "blockNumber"))
    said = ("0x" + wanted.safe.hex(), [_EXECUTED, "0x" + wanted.digest().hex()])
    is_ours = any(
        (field(one, "address").lower(), [topic.lower() for topic in field(one, "topics")]) == said
        for one in field(told, "logs")
    )
    return Taken(name, height, tip - height + 1, is_ours, came=_came(wanted, field(told, "logs")))


def _came(wanted: SafeTransaction, logs: Any) -> int:
    """A token may take a fee of each transfer; -1 for what is none."""
    if not is_transfer(wanted.data):
        return -1
    place = wanted.data[4 : 4 + WORD]
    ends = [TRANSFER_EVENT, wanted.safe.rjust(WORD, b"\0"), place]
    return sum(
        int.from_bytes(hexed(field(one, "data"), WORD), "big")
        for one in listed(logs)
        if hexed(field(one, "address"), ACCOUNT) == wanted.to
        and [hexed(topic, WORD) for topic in listed(field(one, "topics"))] == ends
    )


def begun(node: Node, proposal: Proposal, time_ms: int) -> int:
    """A height below which nothing that was decided at a time can be; NodeProblem.

    By the blocks' own times, which may be some hours off on chains of the Bitcoin family.
    """
    tip = height_of(node, proposal)
    if proposal.transaction is not None:
        return first_of(node, tip, time_ms)
    return _first(tip, time_ms, lambda height: _script_time_ms(node, height))


def first_of(node: Node, tip: int, time_ms: int) -> int:
    """The same of a chain of accounts, up to a height; NodeProblem."""
    return _first(tip, time_ms, lambda height: _time_ms(node, height))


def _first(tip: int, time_ms: int, told: Callable[[int], int]) -> int:
    low, high = 0, tip
    while low < high:
        middle = (low + high) // 2
        if told(middle) < time_ms - EARLIER_MS:
            low = middle + 1
        else:
            high = middle
    return low


def _time_ms(node: Node, height: int) -> int:
    block = node.call("eth_getBlockByNumber", hex(height), False)
    return quantity(field(block, "timestamp")) * 1_000


def _script_time_ms(node: Node, height: int) -> int:
    hash_ = node.call("getblockhash", height)
    return int(field(node.call("getblockheader", hash_, True), "time")) * 1_000


def executed(
    node: Node,
    chain_id: int,
    safe: bytes,
    calls: Sequence[tuple[bytes, int, bytes]],
    since: int,
    tip: int,
) -> list[Taken]:
    """The transactions of blocks `since` to `tip` in which a Safe made one of the calls.

    The oldest first; NodeProblem. Each is known by the digest that the Safe's owners have signed:
    what else its transaction does is none of it.
    """
    asked = {
        "address": "0x" + safe.hex(),
        "fromBlock": hex(since),
        "toBlock": hex(tip),
        # Both use a nonce.
        "topics": [[_EXECUTED, _FAILED]],
    }
    logs = listed(node.call("eth_getLogs", asked))
    if not logs:
        return []
    nonce = SafeView(node, safe).nonce(hex(tip))
    wanted = {
        one.digest(): one
        for used in range(max(0, nonce - len(logs)), nonce)
        for one in (SafeTransaction(chain_id, safe, used, *call) for call in calls)
    }
    found = []
    for log in logs:
        topics = [hexed(topic, _HASH) for topic in listed(field(log, "topics"))]
        one = wanted.get(topics[1]) if len(topics) > 1 else None
        if one is not None:
            name = hexed(field(log, "transactionHash"), _HASH)
            taken = _by_safe(node, one, name, tip)
            if taken is not None and taken.is_ours:
                found.append(taken)
    return found


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
        found = _by_safe(node, wanted, name, tip)
        return found or Taken(name, height, tip - height + 1, is_ours=True)
    view = SafeView(node, wanted.safe)
    if view.nonce() > wanted.nonce:
        # Which transaction it was does not matter: this one can never be executed any more.
        depth = final if _was_used(view, wanted.nonce, tip - final + 1) else 0
        return Taken(wanted.digest(), tip, depth, is_ours=False)
    return None


def _was_used(view: SafeView, nonce: int, height: int) -> bool:
    """Whether a nonce was used by a block; not known of a node that has forgotten its state."""
    try:
        return height >= 0 and view.nonce(hex(height)) > nonce
    except NodeRefuses:
        return False
