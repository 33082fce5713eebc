"""A node outside that tells of blocks which tests make, of their hours and transactions too."""

from __future__ import annotations

from typing import Any

from fullreserve.custody.chains.raw_block import double_sha256, read_transactions
from fullreserve.custody.chains.rpc import NodeRefuses
from tests.unit.custody.test_tier_places import Chain

HOUR_S = 3_600


class Blocks(Chain):
    """One each hour; `index`: whether it knows transactions by their names."""

    def __init__(self, *, index: bool = True) -> None:
        super().__init__()
        self.index = index

    def hold(self, raw: bytes) -> bytes:
        """A transaction, without its witness, in a block of its own."""
        before = double_sha256(self.raw[-1][:80])
        header = bytes(4) + before + double_sha256(raw) + bytes(12)
        self.raw.append(header + b"\x01" + raw)
        return raw

    def call(self, method: str, *params: Any) -> Any:
        if method == "getblockcount":
            return len(self.raw) - 1
        if method == "getrawtransaction":
            return self._transaction(bytes.fromhex(params[0]))
        if method == "getblock" and params[1:] == (1,):
            return {"tx": ["00" * 32]}
        if method != "getblockheader":
            return super().call(method, *params)
        height = self.hashes().index(params[0])
        if params[1]:
            return {"height": height, "time": height * HOUR_S}
        return self.raw[height][:80].hex()

    def hashes(self) -> list[str]:
        return [double_sha256(one[:80])[::-1].hex() for one in self.raw]

    def _transaction(self, txid: bytes) -> dict[str, Any]:
        for hash_, raw in zip(self.hashes(), self.raw, strict=True):
            (one,) = read_transactions(raw, bytes.fromhex(hash_))
            if self.index and one.txid == txid:
                return {"blockhash": hash_}
        raise NodeRefuses(-5, "no such transaction")
