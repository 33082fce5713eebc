"""Safes: accounts that contracts hold, and what shows after a block that enough owners signed.

The Safe itself is asked (EIP-1271) at the pinned block. So that a stranger needs no node, proofs of
its slots are collected too: what it runs at 0, owners in a mapping at 2, the threshold at 4.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import msgspec

from fullreserve.custody.chains.rpc import Node, NodeGarbage, NodeRefuses, hexed
from fullreserve.custody.keccak import keccak256
from fullreserve.custody.ownership import account_digest
from fullreserve.custody.tiers import abi
from fullreserve.custody.tiers.abi import Dynamic
from fullreserve.reserves.accounts_chain import Pinned
from fullreserve.reserves.checker import verifier
from fullreserve.reserves.places import NotProven, Ownership, Place, read_message

# bytes4(keccak256("isValidSignature(bytes32,bytes)")): https://eips.ethereum.org/EIPS/eip-1271.
YES = bytes.fromhex("1626ba7e")


def shown(node: Node, place: Place, proof: Ownership, chain_id: int, block: Pinned) -> set[str]:
    """Nodes of the state after a block; NotProven, NodeProblem, checker.NoVerifier."""
    judge = verifier()
    signers = _signers(judge, place, proof, chain_id)
    joined = b"".join(signers[owner] for owner in sorted(signers))
    said = account_digest(proof.message)
    asked = abi.call("isValidSignature(bytes32,bytes)", said, Dynamic(joined))
    call = {"to": place.address, "data": "0x" + asked.hex()}
    try:
        answer = hexed(node.call("eth_call", call, hex(block.height)))
    except NodeRefuses as problem:
        raise NotProven(f"the Safe {place.address} does not say yes: {problem}") from None
    if answer[:4] != YES:
        raise NotProven(f"the Safe {place.address} does not say yes")
    slots = [abi.word(0), abi.word(4), *(keccak256(abi.word(one) + abi.word(2)) for one in signers)]
    try:
        held = _proof(node, place.address, slots, block.height)
        runs = abi.word(int(held["storageProof"][0]["value"], 16))[-abi.ACCOUNT :]
        run = _proof(node, "0x" + runs.hex(), [], block.height)
        nodes = [*held["accountProof"], *run["accountProof"]]
        nodes += [one for entry in held["storageProof"] for one in entry["proof"]]
        found = {hexed(one).hex() for one in nodes}
    except (KeyError, TypeError, ValueError, OverflowError) as problem:
        raise NodeGarbage("a proof has another shape") from problem
    _judge(judge, place, proof, chain_id, block, found)
    return found


def _judge(
    judge: ModuleType, place: Place, proof: Ownership, chain_id: int, block: Pinned, nodes: set[str]
) -> None:
    """NotProven where strangers would not believe the Safe, whatever it answers itself.

    They know the code of some Safes only, and take no signature but an owner's.
    """
    said, terms = read_message(proof.message), {"chainId": chain_id}
    tree = {keccak256(bytes.fromhex(one)): bytes.fromhex(one) for one in nodes}
    document = {"address": place.address, **msgspec.structs.asdict(proof)}
    document["signatures"] = list(proof.signatures)
    try:
        root = judge.rlp(bytes.fromhex(block.header))[3]
        public, at_ms = bytes.fromhex(said.exchange), said.at_ms
        of = judge.Chain(terms, said.network, block.height, at_ms, at_ms, public, tree, root)
        judge.check_place(document, of)
    except judge.Refused as refused:
        raise NotProven(str(refused)) from None


def _signers(
    judge: ModuleType, place: Place, proof: Ownership, chain_id: int
) -> dict[bytes, bytes]:
    """Signatures by who made them."""
    digest = judge.safe_digest(proof.message, place.account, {"chainId": chain_id})
    try:
        return {
            judge.account_signer(text, digest, place.address): bytes.fromhex(text)
            for text in proof.signatures
        }
    except judge.Refused as refused:
        raise NotProven(str(refused)) from None


def _proof(node: Node, address: str, slots: list[bytes], height: int) -> dict[str, Any]:
    wanted = ["0x" + one.hex() for one in slots]
    told = node.call("eth_getProof", address, wanted, hex(height))
    if not isinstance(told, dict) or len(told.get("storageProof", ())) != len(slots):
        raise NodeGarbage("a proof has another shape")
    return told
