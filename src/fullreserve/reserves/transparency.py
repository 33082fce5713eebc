"""An append-only log of statements: Merkle tree, proofs, signed checkpoints.

Tree and proofs are those of RFC 6962, section 2.1; a checkpoint is a signed note
(https://c2sp.org/tlog-checkpoint), which existing witnesses can follow and cosign.
"""

from __future__ import annotations

import base64
import hashlib
from typing import NamedTuple

from fullreserve.reserves.keys import Signer

ORIGIN = "fullreserve/reserves"
_ED25519 = b"\x01"


class Problem(ValueError):
    """There is no such proof."""


def leaf_hash(entry: bytes) -> bytes:
    """RFC 6962: MTH({d}) = SHA-256(0x00 || d)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Log:
    """Hashes of the entries, and of the full subtrees over them."""

    def __init__(self) -> None:
        # By height; a node is there once its whole subtree is.
        self._levels: list[list[bytes]] = [[]]

    @property
    def size(self) -> int:
        return len(self._levels[0])

    def append(self, leaf: bytes) -> None:
        """One more leaf hash."""
        self._levels[0].append(leaf)
        height = 0
        while len(self._levels[height]) % 2 == 0:
            if len(self._levels) == height + 1:
                self._levels.append([])
            left, right = self._levels[height][-2:]
            self._levels[height + 1].append(node_hash(left, right))
            height += 1

    def leaf(self, index: int) -> bytes:
        return self._levels[0][index]

    def root(self, size: int | None = None) -> bytes:
        """MTH of the first `size` entries; of none, SHA-256 of nothing."""
        size = self.size if size is None else size
        if not 0 <= size <= self.size:
            raise Problem(f"the log has {self.size} entries")
        return self._hash(0, size) if size else hashlib.sha256().digest()

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """PATH(index, D[size])."""
        if not 0 <= index < size <= self.size:
            raise Problem(f"the log has {self.size} entries")
        return self._path(index, 0, size)

    def consistency(self, first: int, second: int) -> list[bytes]:
        """PROOF(first, D[second]); empty where one of them says nothing."""
        if not 0 <= first <= second <= self.size:
            raise Problem(f"the log has {self.size} entries")
        if first in (0, second):
            return []
        return self._subproof(first, 0, second, whole=True)

    def _hash(self, start: int, end: int) -> bytes:
        count = end - start
        height = count.bit_length() - 1
        if count == 1 << height:
            return self._levels[height][start >> height]
        split = start + _split(count)
        return node_hash(self._hash(start, split), self._hash(split, end))

    def _path(self, index: int, start: int, end: int) -> list[bytes]:
        if end - start == 1:
            return []
        split = start + _split(end - start)
        if index < split:
            return [*self._path(index, start, split), self._hash(split, end)]
        return [*self._path(index, split, end), self._hash(start, split)]

    def _subproof(self, first: int, start: int, end: int, *, whole: bool) -> list[bytes]:
        if first == end:
            return [] if whole else [self._hash(start, end)]
        split = start + _split(end - start)
        if first <= split:
            return [*self._subproof(first, start, split, whole=whole), self._hash(split, end)]
        return [*self._subproof(first, split, end, whole=False), self._hash(start, split)]


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)


class Checkpoint(NamedTuple):
    size: int
    root: bytes

    def text(self) -> str:
        """What is signed."""
        return f"{ORIGIN}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def signed(self, signer: Signer) -> str:
        """The note with its signature line."""
        text = self.text()
        signature = key_id(signer.public) + signer.sign(text.encode())
        return f"{text}\n— {ORIGIN} {base64.b64encode(signature).decode()}\n"


def key_id(public: bytes) -> bytes:
    """How a signature line names its key (https://c2sp.org/signed-note)."""
    return hashlib.sha256(ORIGIN.encode() + b"\n" + _ED25519 + public).digest()[:4]
