"""What a tier paid for a transaction to itself, by what every node of its network shows of it.

It is a fee alone where all that was spent was the tier's and all the rest came back to it. Anything
else is a move or a loss, and is told of in another way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from fullreserve.custody.chains.adapter import Block, Chain
from fullreserve.custody.chains.raw_block import Transaction, told_transaction
from fullreserve.custody.chains.rpc import Node, NodeGarbage, NodeRefuses, field, hexed, quantity
from fullreserve.custody.holdings import places
from fullreserve.custody.keys.move_standing import in_block
from fullreserve.custody.keys.moves import BadMove
from fullreserve.custody.networks import FILE, Network
from fullreserve.custody.tier_places import TierPlaces
from fullreserve.exchange.products.custody_wire import HOUSE_INDEX, Tier

_OUTPUT = 4  # bytes of an output's number
_ACCOUNT, _HASH = 20, 32


class Shown(NamedTuple):
    """The fee in the coin's own units, and how many blocks hold the transaction or follow it."""

    fee: int
    depth: int


def own_fee(network: Network, data: Path, tier: Tier, name: bytes) -> int:
    """In the coin's own units, of a final transaction; BadMove, NodeProblem, BadRecord.

    `data` is the folder with the record of the tiers' wallets, `name` the transaction's id.
    """
    if not network.nodes:
        raise BadMove(f"network {network.network} has no node in {FILE}: nothing can be shown")
    mine = _places(network, data, tier)
    if not mine:
        raise BadMove(f"neither {FILE} nor the record says where the {_called(tier)}'s coins lie")
    fees = set()
    for node, chain in zip(map(Node, network.nodes), network.chains(), strict=True):
        shown = _shown(network, node, chain, tier, mine, name)
        if shown.depth < network.unlock_after:
            raise BadMove(
                f"it has {shown.depth} of {network.unlock_after} confirmations, by {node.name}"
            )
        fees.add(shown.fee)
    if len(fees) > 1:
        raise BadMove(f"the nodes differ about its fee: {', '.join(map(str, sorted(fees)))}")
    (fee,) = fees
    return fee


def _places(network: Network, data: Path, tier: Tier) -> frozenset[bytes]:
    """Scripts or accounts, also of wallets that were rotated: a rotation spends from those."""
    known = TierPlaces(network, data)
    told = [*places(network, HOUSE_INDEX), *known.accounts()]
    scripts = (script for script, of in known.scripts().items() if of == tier)
    return frozenset([*(one.place for one in told if one.tier == tier), *scripts])


def _shown(
    network: Network, node: Node, chain: Chain, tier: Tier, mine: Collection[bytes], name: bytes
) -> Shown:
    try:
        if network.is_script:
            return _of_script(node, tier, mine, name)
        return _of_account(network, node, chain, tier, mine, name)
    except NodeRefuses as refusal:
        raise BadMove(f"{node.name} does not show that transaction: {refusal}") from None


def _of_script(node: Node, tier: Tier, mine: Collection[bytes], name: bytes) -> Shown:
    found = in_block(node, name)
    if found is None:
        raise BadMove(f"no block holds that transaction, by {node.name}")
    made, height, tip = found
    spent = 0
    for number, spend in enumerate(made.spends):
        amount, script = _spent(node, spend)
        if script not in mine:
            raise BadMove(f"its input {number}, of {amount}, is none of the {_called(tier)}'s")
        spent += amount
    _all_comes_back(made, tier, mine)
    return Shown(made.fee(spent), tip - height + 1)


def _spent(node: Node, spend: bytes) -> tuple[int, bytes]:
    """Amount and script of a coin: by the transaction that made it, which its name is a hash of."""
    name, number = spend[:-_OUTPUT][::-1], int.from_bytes(spend[-_OUTPUT:], "little")
    made, _ = told_transaction(node, name)
    if number >= len(made.outputs):
        raise NodeGarbage(f"{name.hex()} has no output {number}, by {node.name}")
    return made.outputs[number]


def _all_comes_back(made: Transaction, tier: Tier, mine: Collection[bytes]) -> None:
    for number, (amount, script) in enumerate(made.outputs):
        if amount and script not in mine:
            raise BadMove(
                f"its output {number} pays {amount} elsewhere than to the {_called(tier)}: "
                "that is no fee"
            )


def _of_account(
    network: Network,
    node: Node,
    chain: Chain,
    tier: Tier,
    mine: Collection[bytes],
    name: bytes,
) -> Shown:
    """What accounts hold before and after its block tells whether more than the fee has left.

    Beside what came to them in that block: anybody may send them coins in it.
    """
    receipt = node.call("eth_getTransactionReceipt", "0x" + name.hex())
    if receipt is None:
        raise BadMove(f"no block holds that transaction, by {node.name}")
    sender = hexed(field(receipt, "from"), _ACCOUNT)
    if sender not in mine:
        raise BadMove(
            f"0x{sender.hex()} sent it and paid for it, which is no account of the {_called(tier)}"
        )
    height = quantity(field(receipt, "blockNumber"))
    block, before = chain.block(height), chain.block(height - 1)
    if block is None or before is None or block.hash != hexed(field(receipt, "blockHash"), _HASH):
        raise BadMove(f"the chain of {node.name} is just being reorganised")
    fee = quantity(field(receipt, "gasUsed")) * quantity(field(receipt, "effectiveGasPrice"))
    every = sorted(mine)
    had, has = chain.balances(every, before), chain.balances(every, block)
    came = _came(chain, block, dict.fromkeys(every, tier))
    for asset in sorted({asset for _, asset in had}):
        left = sum(had[place, asset] - has[place, asset] for place in every) + came[asset]
        if left != (fee if asset == network.coin else 0):
            raise BadMove(
                f"{left} of asset {asset} left the {_called(tier)} in its block, and its fee is "
                f"{fee} of asset {network.coin}: that is more, or less, than a fee"
            )
    return Shown(fee, chain.tip().height - height + 1)


def _came(chain: Chain, block: Block, tiers: Mapping[bytes, int]) -> Counter[int]:
    """What a block brought to the places from others, by asset, also by contracts' calls."""
    sums: Counter[int] = Counter()
    for one in (*chain.incoming(block, tiers), *(chain.incoming_internal(block, tiers) or ())):
        sums[one.asset] += one.amount
    return sums


def _called(tier: Tier) -> str:
    return f"{tier.name.lower()} tier"
