"""Every place that may hold the house's coins, what is there, and proof that it is ours.

For proofs of reserves: `places` of a network, `balances` of them at a block, and `prove`, which
asks the signers. On chains of Bitcoin's family the house's own addresses are the hot wallets of
each generation; accounts have lanes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from fullreserve.custody.addresses import COLD_INDEX, Addresses, UtxoAddresses
from fullreserve.custody.chains.adapter import Block, Chain
from fullreserve.custody.chains.evm_sweeps import left_key
from fullreserve.custody.networks import Network
from fullreserve.custody.ownership import Ownership, signer_of
from fullreserve.custody.signer_wire import SignerGone, SignMessage, ask_named
from fullreserve.custody.signing import BRANCH, COLD, LANE, WillNotSign
from fullreserve.exchange.products.custody_wire import HOUSE_INDEX, Tier

__all__ = ["COLD_INDEX", "Holding", "NotProven", "Place", "balances", "places", "prove"]


class Place(NamedTuple):
    """An address of ours. `key` names its key, or its keys, to the signers."""

    network: int
    tier: Tier
    address: str
    key: str
    place: bytes  # as the chain itself has it


class Holding(NamedTuple):
    """What a place holds of an asset, in the chain's own units."""

    place: Place
    asset: int
    amount: int


class NotProven(RuntimeError):
    """Too few signers signed; the message says what they said."""


def places(network: Network, newest: int) -> Iterator[Place]:
    """All places of a network on which `newest` is the highest index that was given to a user."""
    of = network.addresses()
    number = network.network
    for lane, account in enumerate(network.lanes):
        place = bytes.fromhex(account)
        yield Place(number, Tier.HOT, of.text(place), f"{LANE}{lane}", place)
    for account in network.left:
        place = bytes.fromhex(account)
        yield Place(number, Tier.HOT, of.text(place), left_key(place), place)
    if network.cold:
        place = bytes.fromhex(network.cold)
        yield Place(number, Tier.COLD, of.text(place), COLD, place)
    if network.needs_memo:
        yield _of_index(number, of, HOUSE_INDEX, Tier.DEPOSIT)
        return
    if network.is_script:
        for index in of.own:
            yield _of_index(number, of, index, Tier.HOT)
        yield _of_index(number, of, COLD_INDEX, Tier.COLD)
    for index in range(HOUSE_INDEX + 1, newest + 1):
        yield _of_index(number, of, index, Tier.DEPOSIT)


def _of_index(number: int, of: Addresses, index: int, tier: Tier) -> Place:
    place = of.place(index)
    return Place(number, tier, of.text(place), f"{BRANCH}{index}", place)


def balances(chain: Chain, found: Sequence[Place], block: Block) -> list[Holding]:
    """What the places held after a block; only what is not nothing. NodeProblem.

    Chains of Bitcoin's family tell it of their newest blocks alone.
    """
    held: Mapping[tuple[bytes, int], int] = chain.balances([one.place for one in found], block)
    by_place = {one.place: one for one in found}
    return [
        Holding(by_place[place], asset, amount)
        for (place, asset), amount in sorted(held.items())
        if amount
    ]


def prove(
    data: Path, network: Network, place: Place, message: str, *, hashed: bool = False
) -> Ownership:
    """Proof by the signers that a place is ours; NotProven, ownership.BadMessage.

    `message` begins with `ownership.PREFIX`; `hashed` is the form of OKX's validators.
    """
    question = SignMessage(network.network, place.key, message, hashed)
    of = network.addresses()
    script, keys = b"", list[bytes]()
    if isinstance(of, UtxoAddresses):
        index = int(place.key.removeprefix(BRANCH))
        script, keys = of.witness_script(index), of.keys(index)
    parts = _signed(data, network, question, network.signatures)
    if script:
        parts.sort(key=lambda part: keys.index(signer_of(part, message, network.hrp)))
    return Ownership(
        address=place.address,
        message=message,
        signatures=tuple(part.hex() for part in parts),
        script=script.hex(),
    )


def _signed(data: Path, network: Network, question: SignMessage, needed: int) -> list[bytes]:
    parts: dict[bytes, None] = {}
    said: list[str] = []
    for name in network.signers:
        try:
            parts[ask_named(data, name, question)] = None
        except (WillNotSign, SignerGone) as problem:
            said.append(str(problem))
        if len(parts) == needed:
            return list(parts)
    raise NotProven(
        f"{len(parts)} of {needed} signers signed: {'; '.join(said) or 'none is named'}"
    )
