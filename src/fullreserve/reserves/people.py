"""Wallets that people hold, warm and cold, by the record of ceremonies; and their proof.

Holders who answer by machine are asked (`custody-holders.json`); the others sign a file, once a
month (`fullreserve reserves ask-holders`). A wallet that another has followed counts no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import structlog

from fullreserve.custody import holders
from fullreserve.custody.addresses import account_of
from fullreserve.custody.chains.rpc import Node, NodeProblem
from fullreserve.custody.holders import BadHolders
from fullreserve.custody.keys.record import BadRecord, Record
from fullreserve.custody.networks import Network
from fullreserve.custody.ownership import BadMessage
from fullreserve.custody.signer_wire import SignerGone, SignMessage, ask_named
from fullreserve.custody.signing import WillNotSign
from fullreserve.custody.tiers import proving
from fullreserve.custody.tiers.proving import Held, NoProof
from fullreserve.custody.tiers.safe import SafeView
from fullreserve.reserves.places import NotProven, Ownership, read_message

TIERS = ("warm", "cold")

log = structlog.get_logger(__name__)


def held_by(record: Record, network: int) -> Iterator[Held]:
    """Each address of the wallets that hold now."""
    for one in record.state.wallets.values():
        if one.network == network and one.tier in TIERS:
            yield from proving.addresses(one)


def wallets_of(data: Path, network: Network) -> list[Held]:
    """The same of a data folder; none, and a word in the log, where its record is damaged."""
    try:
        return list(held_by(Record.of(data), network.network))
    except BadRecord as problem:
        log.warning("no wallet that people hold counts", problem=str(problem))
        return []


def by_its_chain(network: Network, held: Held, message: str) -> Held:
    """A Safe with those of its owners who are so after the message's block, and its threshold.

    A swap of owners is on its chain before the record has it, which signs as before meanwhile.
    """
    if held.tier.wallet is not None or not network.nodes:
        return held
    node = Node(network.nodes[0])
    try:
        view, block = SafeView(node, held.place), hex(read_message(message).height)
        owners, needed = view.owners(block), view.threshold(block)
    except (NodeProblem, ValueError):
        return held
    finally:
        node.close()
    there = {name: one for name, one in held.tier.owners.items() if bytes.fromhex(one) in owners}
    return held._replace(tier=msgspec.structs.replace(held.tier, owners=there, threshold=needed))


def prove(data: Path, held: Held, message: str) -> Ownership:
    """By as many holders' signers as it takes; NotProven."""
    parts: dict[str, bytes] = {}
    said: list[str] = []
    question = SignMessage(held.tier.network, held.address, message)
    try:
        for holder, signer in _signers(data, held).items():
            try:
                part = ask_named(data, signer, question)
            except (WillNotSign, SignerGone) as problem:
                said.append(f"{holder}: {problem}")
                continue
            if held.is_by(holder, message, part):
                parts[holder] = part
            else:
                said.append(f"{holder}: it is signed by another key")
            if len(parts) == held.tier.threshold:
                break
        made = held.completed(message, parts)
    except (NoProof, BadMessage, BadHolders) as problem:
        raise NotProven("; ".join((str(problem), *said))) from None
    return Ownership(message=message, signatures=made.signatures, form=made.form)


def _signers(data: Path, held: Held) -> Mapping[str, str]:
    """Where each holder answers who does so by machine; BadHolders."""
    online = {
        bytes.fromhex(one.key): one.signer
        for quorum in holders.load(data)
        for one in quorum.holders
    }
    wallet = held.tier.wallet
    if wallet is not None:
        known = {one.holder: bytes.fromhex(one.key) for one in wallet.keys}
        return {name: online[key] for name, key in known.items() if key in online}
    signers = {account_of(key): signer for key, signer in online.items()}
    return {name: signers[account] for name, account in held.keys().items() if account in signers}
