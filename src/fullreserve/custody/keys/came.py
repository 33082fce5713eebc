"""What a transaction from outside brought to a tier, by what every node of its network shows.

What contracts sent by internal calls is in none: their block stands for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from fullreserve.custody.chains.adapter import Chain, Incoming
from fullreserve.custody.chains.rpc import Node, NodeRefuses, field, hexed, quantity
from fullreserve.custody.gifts import tiers_of
from fullreserve.custody.kept_gifts import Gift
from fullreserve.custody.keys.move_standing import in_block
from fullreserve.custody.keys.moves import BadMove
from fullreserve.custody.networks import FILE, Network
from fullreserve.custody.tier_places import TierPlaces
from fullreserve.custody.transfers import transfer

_HASH = 32


class Wanted(NamedTuple):
    """Of one transaction, or of a block's internal calls, to one tier, in one asset."""

    tier: int
    asset: int
    name: bytes


def came(network: Network, data: Path, wanted: Wanted, addresses: int) -> Incoming:
    """What it is, of a final transaction; BadMove, NodeProblem, BadRecord.

    `data` is the folder with the record of the tiers' wallets; users have so many `addresses`.
    """
    tiers, chains = _looking(network, data, addresses)
    found: dict[Incoming, None] = {}
    for node, chain in zip(map(Node, network.nodes), chains, strict=True):
        try:
            found[_shown(network, node, chain, tiers, wanted)] = None
        except NodeRefuses as refusal:
            raise BadMove(f"{node.name} does not show that transaction: {refusal}") from None
    if len(found) > 1:
        told = ", ".join(str(one.amount) for one in found)
        raise BadMove(f"the nodes differ about what it brought: {told}")
    return next(iter(found))


def shown_by_all(
    network: Network, data: Path, gifts: Iterable[Gift], salt: bytes, addresses: int
) -> list[Gift]:
    """Those of gifts, which stand by block, that are final and that every node shows as kept.

    BadMove, NodeProblem, BadRecord. Each block is asked for once, whatever it brought.
    """
    tiers, chains = _looking(network, data, addresses)
    found = list(gifts)
    for chain in chains:
        found = list(_confirmed(network, salt, chain, tiers, found))
    return found


def _confirmed(
    network: Network, salt: bytes, chain: Chain, tiers: Mapping[bytes, int], gifts: list[Gift]
) -> Iterator[Gift]:
    last = chain.tip().height - network.unlock_after + 1
    for height, here in groupby(gifts, key=lambda one: one.height):
        block = chain.block(height) if height <= last else None
        if block is None:
            continue
        came_here = [
            *chain.incoming(block, tiers),
            *(chain.incoming_internal(block, tiers) or ()),
        ]
        shown = {
            transfer(salt, network.network, one.txid, one.number): (one.tier, one.asset, one.amount)
            for one in came_here
        }
        yield from (one for one in here if shown.get(one.name) == one[3:])


def _looking(
    network: Network, data: Path, addresses: int
) -> tuple[Mapping[bytes, int], tuple[Chain, ...]]:
    """The places of its tiers, and each node as one that knows users' addresses; BadMove."""
    if not network.nodes:
        raise BadMove(f"network {network.network} has no node in {FILE}: nothing can be shown")
    known, chains = TierPlaces(network, data), network.chains()
    for one in chains:
        one.know(1 if network.needs_memo else addresses + 1)
    return tiers_of(known.recorded() | known.named()), tuple(chains)


def _shown(
    network: Network, node: Node, chain: Chain, tiers: Mapping[bytes, int], wanted: Wanted
) -> Incoming:
    height = _height(network, node, wanted.name)
    block = chain.block(height) if height is not None else None
    if block is None:
        raise BadMove(f"no block holds that transaction, by {node.name}")
    if wanted.name == block.hash:
        here = chain.incoming_internal(block, tiers) or []
    else:
        here = [one for one in chain.incoming(block, tiers) if one.txid == wanted.name]
    depth = chain.tip().height - block.height + 1
    if depth < network.unlock_after:
        raise BadMove(f"it has {depth} of {network.unlock_after} confirmations, by {node.name}")
    for one in here:
        if (one.tier, one.asset) == (wanted.tier, wanted.asset):
            return one
    raise BadMove(
        f"it brought nothing of asset {wanted.asset} from outside to that tier, by {node.name}"
    )


def _height(network: Network, node: Node, name: bytes) -> int | None:
    if network.is_script:
        held = in_block(node, name)
        return None if held is None else held[1]
    hash_, receipt = name, node.call("eth_getTransactionReceipt", "0x" + name.hex())
    if receipt is not None:
        hash_ = hexed(field(receipt, "blockHash"), _HASH)
    block = node.call("eth_getBlockByHash", "0x" + hash_.hex(), False)
    if block is None:
        return None
    height = quantity(field(block, "number"))
    told = node.call("eth_getBlockByNumber", hex(height), False)
    is_there = told is not None and hexed(field(told, "hash"), _HASH) == hash_
    return height if is_there else None
