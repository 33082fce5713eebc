"""State trees of a few entries, made by hand (https://ethereum.org: Merkle Patricia trees)."""

from __future__ import annotations

from collections.abc import Mapping

from fullreserve.custody import rlp
from fullreserve.custody.keccak import keccak256

EMPTY_ROOT = keccak256(rlp.encode(b""))
_NIBBLES = 16


class StateTree:
    """Root, and all nodes. Values by key; a key is hashed as chains do."""

    def __init__(self, values: Mapping[bytes, bytes]) -> None:
        self.nodes: list[bytes] = []
        entries = {keccak256(key).hex(): value for key, value in values.items()}
        self.root = self._put(entries) if entries else EMPTY_ROOT

    def _put(self, entries: Mapping[str, bytes]) -> bytes:
        """A node over entries by what is left of their way; a branch for each half-byte."""
        if len(entries) == 1:
            ((way, value),) = entries.items()
            # 2 says that the way is even and ends here, 3 that it is odd.
            told = "20" + way if len(way) % 2 == 0 else "3" + way
            return self._keep(rlp.encode([bytes.fromhex(told), value]))
        children: list[rlp.Item] = [b""] * (_NIBBLES + 1)
        for place in range(_NIBBLES):
            under = {way[1:]: one for way, one in entries.items() if int(way[0], 16) == place}
            if under:
                children[place] = self._put(under)
        return self._keep(rlp.encode(children))

    def _keep(self, node: bytes) -> bytes:
        self.nodes.append(node)
        return keccak256(node)


def account(balance: int, storage: bytes = EMPTY_ROOT, code: bytes = keccak256(b"")) -> bytes:
    """Nonce 1, balance, root of the storage, hash of the code."""
    return rlp.encode([1, balance, storage, code])
