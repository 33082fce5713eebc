"""What places hold on an Ethereum-like chain, with everything that proves it offline.

State proofs (EIP-1186, `eth_getProof`) lead from the state root in a block's header to a balance;
whoever trusts the header's hash needs no node.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from fullreserve.custody.chains.evm_blocks import read_header
from fullreserve.custody.chains.rpc import Node, NodeGarbage, NodeProblem, quantity
from fullreserve.custody.contracts import call
from fullreserve.custody.keccak import keccak256
from fullreserve.reserves.places import Place

# Where contracts keep their mapping of balances is not said by anybody; it is looked for.
SLOTS_MAX = 32
AT_ONCE = 200


class Token(NamedTuple):
    symbol: str
    contract: bytes
    decimals: int


class Coins(NamedTuple):
    """The chain's own coin and its tokens that count."""

    symbol: str
    decimals: int
    tokens: Sequence[Token]


class Pinned(NamedTuple):
    """A block; its time is what its header says, in ms since 1970."""

    height: int
    hash: str
    header: str
    time_ms: int


class Coin(NamedTuple):
    """An unspent output: its outpoint, what it is worth, in how many blocks it is."""

    name: str
    units: int
    confirmations: int


class Found(NamedTuple):
    """What places hold after a block, in the chain's units, and what shows it."""

    pinned: Pinned
    amounts: dict[str, dict[str, int]]  # by address, by asset
    slots: dict[str, int]  # by contract
    nodes: Sequence[str]  # of the state tree
    coins: Mapping[str, Sequence[Coin]] = {}  # by address
    is_whole: bool = True  # not while blocks are read for the first time


def pinned(node: Node, below_tip: int) -> Pinned:
    """The block so far below the newest; NodeProblem."""
    tip = int(node.call("eth_blockNumber"), 16)
    block = node.call("eth_getBlockByNumber", hex(max(0, tip - below_tip)), False)
    header = read_header(block)
    time_ms = quantity(block["timestamp"]) * 1000
    return Pinned(quantity(block["number"]), keccak256(header).hex(), header.hex(), time_ms)


def agree(node: Node, block: Pinned) -> None:
    """NodeProblem where a second node has another block at this height."""
    found = node.call("eth_getBlockByNumber", hex(block.height), False)
    if not isinstance(found, dict) or str(found.get("hash", "")).removeprefix("0x") != block.hash:
        raise NodeProblem(f"two nodes do not agree on block {block.height}")


def found(node: Node, coins: Coins, places: Sequence[Place], block: Pinned) -> Found:
    """Reads all places; NodeProblem."""
    reading = _Reading(node, block)
    try:
        reading.read_coins(coins.symbol, places)
        for token in coins.tokens:
            reading.read_token(token, places)
    except (KeyError, TypeError, ValueError, IndexError) as problem:
        raise NodeGarbage("a proof has another shape") from problem
    return Found(block, reading.amounts, reading.slots, sorted(reading.nodes))


class _Reading:
    def __init__(self, node: Node, block: Pinned) -> None:
        self._node = node
        self._at = hex(block.height)
        self.amounts: dict[str, dict[str, int]] = {}
        self.slots: dict[str, int] = {}
        self.nodes: set[str] = set()

    def read_coins(self, symbol: str, places: Sequence[Place]) -> None:
        for some in _pieces(places):
            asked = [("eth_getProof", (_hex(one.account), list[str](), self._at)) for one in some]
            for place, proof in zip(some, self._node.calls(asked), strict=True):
                self._take(place, symbol, int(proof["balance"], 16), proof["accountProof"])

    def read_token(self, token: Token, places: Sequence[Place]) -> None:
        held = dict(self._held(token, places))
        rich = next((one for one in places if held[one.address]), None)
        if rich is None:
            return
        slot = self._slot(token, rich.account, held[rich.address])
        self.slots[token.contract.hex()] = slot
        for some in _pieces([one for one in places if held[one.address]]):
            wanted = [_hex(key_of(one.account, slot)) for one in some]
            proof = self._node.call("eth_getProof", _hex(token.contract), wanted, self._at)
            self.nodes.update(one[2:] for one in proof["accountProof"])
            for place, entry in zip(some, proof["storageProof"], strict=True):
                self._take(place, token.symbol, int(entry["value"], 16), entry["proof"])

    def _held(self, token: Token, places: Sequence[Place]) -> Iterator[tuple[str, int]]:
        for some in _pieces(places):
            asked: list[tuple[str, Sequence[Any]]] = []
            for one in some:
                data = call("balanceOf(address)", one.account)
                to = {"to": _hex(token.contract), "data": _hex(data)}
                asked.append(("eth_call", (to, self._at)))
            for place, answer in zip(some, self._node.calls(asked), strict=True):
                yield place.address, int(answer, 16)

    def _slot(self, token: Token, account: bytes, balance: int) -> int:
        """The place of the contract's mapping of balances."""
        for slot in range(SLOTS_MAX):
            where = _hex(key_of(account, slot))
            word = self._node.call("eth_getStorageAt", _hex(token.contract), where, self._at)
            if int(word, 16) == balance:
                return slot
        raise NodeProblem(f"{token.symbol}: its balances are not in a mapping of the usual form")

    def _take(self, place: Place, symbol: str, amount: int, proof: Sequence[str]) -> None:
        if amount:
            self.amounts.setdefault(place.address, {})[symbol] = amount
            self.nodes.update(one[2:] for one in proof)


def key_of(account: bytes, slot: int) -> bytes:
    """Where a mapping from addresses has an entry (Solidity's layout of storage)."""
    return keccak256(account.rjust(32, b"\0") + slot.to_bytes(32, "big"))


def _pieces(places: Sequence[Place]) -> Iterator[Sequence[Place]]:
    for start in range(0, len(places), AT_ONCE):
        yield places[start : start + AT_ONCE]


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
