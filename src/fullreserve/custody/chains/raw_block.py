"""Blocks of the Bitcoin family, from their bytes: nothing in them is taken on a node's word.

https://developer.bitcoin.org/reference/block_chain.html and, for the witness,
https://github.com/bitcoin/bips/blob/master/bip-0144.mediawiki.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple

from fullreserve.custody.chains.adapter import Block
from fullreserve.custody.chains.rpc import Node, NodeGarbage, hexed

HEADER = 80
OUTPOINT = 36

_WITNESS, _MWEB = 1, 8


class Output(NamedTuple):
    amount: int
    script: bytes


class Transaction(NamedTuple):
    """`spends` are outpoints as they are serialised: transaction id, then the output's number."""

    txid: bytes  # in the order in which people write it
    spends: list[bytes]
    outputs: list[Output]
    plain: bytes  # without its witness: what its id is the hash of

    def carries_out(self, inputs: Collection[bytes], pays: Collection[Output]) -> bool:
        """Whether it spends these outpoints alone and makes these payments, at whatever fee.

        So each replacement of a transaction is known as one, whoever kept what was signed of it.
        """
        return self.takes(inputs) and bool(pays) and Counter(pays) <= Counter(self.outputs)

    def takes(self, inputs: Collection[bytes]) -> bool:
        """Whether it spends these outpoints, all of them and no others."""
        return sorted(self.spends) == sorted(inputs)

    def begins_with(self, inputs: Sequence[bytes]) -> bool:
        """Whether it spends these outpoints before any other, in this order."""
        return self.spends[: len(inputs)] == list(inputs)

    def fee(self, spent: int) -> int:
        """What it costs when its inputs hold as much."""
        return spent - sum(one.amount for one in self.outputs)


def double_sha256(data: bytes) -> bytes:
    """As it comes, not turned round."""
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def outpoint(txid: bytes, output: int) -> bytes:
    """36 bytes that name an output."""
    return txid[::-1] + output.to_bytes(4, "little")


def binding_of(spends: Collection[bytes]) -> bytes:
    """32 bytes for a set of inputs, by their outpoints, whatever their order."""
    return hashlib.blake2b(b"".join(sorted(spends)), digest_size=32).digest()


def read_header(data: bytes, height: int, hash_: bytes) -> Block:
    """A header that has the hash that was asked for; NodeGarbage."""
    if len(data) != HEADER or double_sha256(data)[::-1] != hash_:
        raise NodeGarbage(f"block {height} is not what its hash says")
    return Block(height, hash_, data[4:36][::-1])


def read_transactions(data: bytes, hash_: bytes) -> list[Transaction]:
    """All of a block's transactions; NodeGarbage when they are not those that its hash covers."""
    read_header(data[:HEADER], 0, hash_)
    try:
        reader = _Reader(data, HEADER)
        found = [reader.transaction() for _ in range(reader.count())]
    except IndexError:
        raise NodeGarbage(f"block {hash_.hex()} ends too soon") from None
    if not found or merkle_root([one.txid[::-1] for one in found]) != data[36:68]:
        raise NodeGarbage(f"block {hash_.hex()} holds other transactions than it says")
    # The root counts a last one twice where their number is odd: CVE-2012-2459.
    if len({one.txid for one in found}) != len(found):
        raise NodeGarbage(f"block {hash_.hex()} holds a transaction twice")
    return found


def read_transaction(data: bytes) -> Transaction:
    """A transaction by itself; NodeGarbage when it is not whole, or more."""
    reader = _Reader(data, 0)
    try:
        found = reader.transaction()
    except IndexError:
        raise NodeGarbage("a transaction ends too soon") from None
    if not reader.is_at_end():
        raise NodeGarbage("a transaction is followed by more")
    return found


def told_transaction(node: Node, txid: bytes) -> tuple[Transaction, bytes]:
    """A node's transaction of this id, and its bytes as they would be sent; NodeProblem."""
    raw = hexed(node.call("getrawtransaction", txid.hex(), 0))
    return _named(node, txid, raw), raw


def told_transactions(node: Node, txids: Sequence[bytes]) -> list[Transaction]:
    """A node's transactions of these ids, asked for in one exchange; NodeProblem."""
    told = node.calls([("getrawtransaction", [one.hex(), 0]) for one in txids])
    return [_named(node, txid, hexed(raw)) for txid, raw in zip(txids, told, strict=True)]


def _named(node: Node, txid: bytes, raw: bytes) -> Transaction:
    found = read_transaction(raw)
    if found.txid != txid:
        raise NodeGarbage(f"{node.name} has another transaction under {txid.hex()}")
    return found


def merkle_root(hashes: list[bytes]) -> bytes:
    """Of transaction ids as they are serialised."""
    while len(hashes) > 1:
        if len(hashes) % 2:
            hashes = [*hashes, hashes[-1]]
        pairs = zip(hashes[::2], hashes[1::2], strict=True)
        hashes = [double_sha256(left + right) for left, right in pairs]
    return hashes[0]


class _Reader:
    """Reads forward; IndexError at the end."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self._at = at

    def take(self, size: int) -> bytes:
        start, self._at = self._at, self._at + size
        if self._at > len(self._data):
            raise IndexError(size)
        return self._data[start : self._at]

    def is_at_end(self) -> bool:
        return self._at == len(self._data)

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def count(self) -> int:
        first = self._data[self._at]
        self._at += 1
        return first if first < 0xFD else self.number(2 << (first - 0xFD))

    def pass_over(self) -> None:
        """Passes over a counted string."""
        size = self.count()
        self._at += size

    def transaction(self) -> Transaction:
        start = self._at
        self._at += 4
        flags = 0
        body = self._at
        if self._data[body] == 0:
            flags, body = self._data[body + 1], body + 2
            self._at = body
        spends = []
        for _ in range(self.count()):
            spends.append(self.take(OUTPOINT))
            self.pass_over()
            self._at += 4
        outputs = [Output(self.number(8), self.take(self.count())) for _ in range(self.count())]
        end = self._at
        self._pass_witness(flags, len(spends))
        lock = self.take(4)
        plain = self._data[start : start + 4] + self._data[body:end] + lock
        return Transaction(double_sha256(plain)[::-1], spends, outputs, plain)

    def _pass_witness(self, flags: int, inputs: int) -> None:
        if flags & ~(_WITNESS | _MWEB):
            raise NodeGarbage(f"a transaction of an unknown kind ({flags})")
        if flags & _WITNESS:
            for _ in range(inputs):
                for _ in range(self.count()):
                    self.pass_over()
        # Litecoin's integrating transaction is followed by an empty extension.
        if flags & _MWEB and self.take(1) != b"\0":
            raise NodeGarbage("an extension block's transaction outside of it")
