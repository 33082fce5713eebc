"""What blocks of an EVM chain hold, by a node's words that their hashes prove."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from fullreserve.custody.chains import evm_proof
from fullreserve.custody.chains.adapter import Block
from fullreserve.custody.chains.evm_blocks import ACCOUNT, HASH, Sent, read_block
from fullreserve.custody.chains.rpc import Node, NodeGarbage, field, hexed, listed, quantity
from fullreserve.custody.keccak import keccak256

TRANSFER_EVENT = keccak256(b"Transfer(address,address,uint256)")

ASKED_AT_ONCE = 500
KEPT = 64  # blocks whose transactions are remembered by name


class Held(NamedTuple):
    """A block as the node told it, and its transactions by their names, in its order."""

    told: Any
    by_id: Mapping[bytes, Sent]

    @property
    def sent(self) -> list[Sent]:
        return list(self.by_id.values())


class Token(NamedTuple):
    """A transfer of a token, by its log; amounts in the chain's units."""

    asset: int
    txid: bytes
    source: bytes
    target: bytes
    amount: int


class Explained(NamedTuple):
    """What a block's transactions did to an account."""

    nonces: int  # that they used
    change: int  # wei that they brought, less those that they took


class Blocks:
    """Through one node."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._names: dict[bytes, frozenset[bytes]] = {}

    def read(self, block: Block, told: Any) -> Held:
        """The node's answer to who asked for a block by its hash; NodeGarbage."""
        if told is None or read_block(told) != block:
            raise NodeGarbage(f"the node does not hold block {block.height} that it told of")
        return held(told)

    def of(self, block: Block) -> Held:
        """NodeProblem."""
        told = self._node.call("eth_getBlockByHash", "0x" + block.hash.hex(), True)
        return self.read(block, told)

    def has(self, block: Block, txid: bytes) -> bool:
        """Whether a block has a transaction; NodeProblem."""
        if block.hash not in self._names:
            raw = map(evm_proof.raw, self.of(block).told["transactions"])
            self._names[block.hash] = frozenset(map(keccak256, raw))
            while len(self._names) > KEPT:
                del self._names[next(iter(self._names))]
        return txid in self._names[block.hash]

    def receipts(self, one: Held) -> dict[bytes, Any]:
        """The receipts of a block by transaction; NodeProblem."""
        names = list(one.by_id)
        told = self._calls([("eth_getTransactionReceipt", ["0x" + name.hex()]) for name in names])
        if None in told:
            raise NodeGarbage("the node has no receipt of what one of its blocks holds")
        return evm_proof.receipts(one.told, names, told)

    def logs(self, one: Held) -> list[Any]:
        """All logs of a block by its receipts, each with its block and transaction; NodeProblem."""
        hash_ = field(one.told, "hash")
        return [
            {**log, "blockHash": hash_, "transactionHash": "0x" + txid.hex()}
            for txid, receipt in self.receipts(one).items()
            for log in receipt["logs"]
        ]

    def check_rests(self, block: Block, rests: Mapping[bytes, int]) -> None:
        """Whether accounts have more after a block by just so much than it explains; NodeProblem.

        NodeRefuses of a node that gives no proofs of accounts.
        """
        one = self.of(block)
        before = self._node.call("eth_getBlockByHash", "0x" + block.parent.hex(), False)
        if before is None or read_block(before).hash != block.parent:
            raise NodeGarbage(f"the node does not hold the block before {block.height}")
        places = list(rests)
        old, new = self._accounts(before, places), self._accounts(one.told, places)
        for sent in one.sent:
            if sent.spend[:ACCOUNT] in rests:
                evm_proof.signed(sent.told)
        did = explained(one, self.receipts(one), places)
        for place, rest in rests.items():
            is_it = new[place].nonce - old[place].nonce == did[place].nonces
            if not is_it or new[place].balance - old[place].balance - did[place].change != rest:
                raise NodeGarbage(f"{place.hex()} did not get {rest} wei in block {block.height}")

    def _accounts(self, told: Any, places: Sequence[bytes]) -> dict[bytes, evm_proof.Account]:
        """What a block's state holds for places; NodeProblem."""
        at, none = {"blockHash": field(told, "hash")}, list[str]()
        asked = [("eth_getProof", ["0x" + one.hex(), none, at]) for one in places]
        root = hexed(field(told, "stateRoot"), HASH)
        return {
            place: evm_proof.account(root, place, field(proof, "accountProof"))
            for place, proof in zip(places, self._calls(asked), strict=True)
        }

    def _calls(self, asked: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        told: list[Any] = []
        for start in range(0, len(asked), ASKED_AT_ONCE):
            told += self._node.calls(asked[start : start + ASKED_AT_ONCE])
        return told


def held(told: Any) -> Held:
    """Of a block whose header was read; NodeGarbage where it does not cover its transactions."""
    sent = [Sent.read(one) for one in evm_proof.transactions(told)]
    by_id = {one.txid: one for one in sent}
    if len(by_id) != len(sent):
        raise NodeGarbage("a block that has a transaction twice")
    return Held(told, by_id)


def explained(
    one: Held, receipts: Mapping[bytes, Any], places: Iterable[bytes]
) -> dict[bytes, Explained]:
    """What a block's transactions did to each of some places, by its receipts; NodeGarbage.

    Nothing of it but the senders is by the node's word alone: a receipt's root covers the gas of
    all transactions up to its own, not what it says of the gas of one, nor of its price.
    """
    used, change, before = dict.fromkeys(places, 0), dict.fromkeys(places, 0), 0
    for txid, receipt in receipts.items():
        sent, total = one.by_id[txid], quantity(field(receipt, "cumulativeGasUsed"))
        gas, before, sender = total - before, total, sent.spend[:ACCOUNT]
        value = sent.value if quantity(field(receipt, "status")) == 1 else 0
        if sent.to in change:
            change[sent.to] += value
        if sender in change:
            used[sender] += 1
            change[sender] -= value + gas * evm_proof.gas_price(one.told, sent.told)
    return {place: Explained(used[place], change[place]) for place in used}


def transfers(block: Block, logs: Any, asset_of: Mapping[bytes, int]) -> list[Token]:
    """What logs of a block say that contracts' tokens moved; NodeGarbage for one of another."""
    found = []
    for log in listed(logs):
        if hexed(field(log, "blockHash"), HASH) != block.hash:
            raise NodeGarbage("a log of another block")
        topics = [hexed(topic, HASH) for topic in listed(field(log, "topics"))]
        asset = asset_of.get(hexed(field(log, "address"), ACCOUNT))
        # A token that indexes other fields is none of ERC-20.
        if asset is None or len(topics) != 3 or topics[0] != TRANSFER_EVENT:
            continue
        source, target = (one[-ACCOUNT:] for one in topics[1:])
        amount = int.from_bytes(hexed(field(log, "data"), 32), "big")
        txid = hexed(field(log, "transactionHash"), HASH)
        found.append(Token(asset, txid, source, target, amount))
    return found
