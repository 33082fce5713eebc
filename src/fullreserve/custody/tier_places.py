"""What warm and cold wallets hold, by the record of ceremonies, to be compared with the ledger.

A Safe is an account. A script wallet's coins are found by reading blocks, each once; wallets that
were rotated stay looked at, as coins may still be on their way to what followed them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fullreserve.custody.bech32 import BadAddress
from fullreserve.custody.chains.adapter import Block
from fullreserve.custody.chains.raw_block import outpoint, read_transactions
from fullreserve.custody.chains.rpc import Node, hexed
from fullreserve.custody.holdings import Place
from fullreserve.custody.keys.record import FILE, SAFE, Record, TierWallet
from fullreserve.custody.networks import Network
from fullreserve.exchange.products.custody_wire import Tier

BLOCKS_AT_ONCE = 500  # of a chain that is read for the first time
ADDRESSES = 20  # of a wallet that are looked at, as by who spends from it
TIERS = {"warm": Tier.WARM, "cold": Tier.COLD}


class TierPlaces:
    """Of one network; `data` is the folder of the record."""

    def __init__(self, network: Network, data: Path) -> None:
        self._network = network
        self._file = data / FILE
        self._read: tuple[int, int] = (0, 0)
        self._wallets: list[TierWallet] = []
        self._coins: TierCoins | None = None

    def accounts(self) -> list[Place]:
        """Safes, and what the file of networks names as warm; BadRecord."""
        if self._network.kind == "utxo":
            return []
        of, number = self._network.addresses(), self._network.network
        found = {
            bytes.fromhex(one.safe): TIERS[one.tier]
            for one in self._known()
            if one.kind == SAFE and one.tier in TIERS
        }
        try:
            if self._network.warm:
                found.setdefault(of.read(self._network.warm), Tier.WARM)
        except BadAddress:
            pass  # the payer says so: no sweep goes there
        return [Place(number, tier, of.text(place), "", place) for place, tier in found.items()]

    def coins(self, node: Node, block: Block) -> dict[Tier, int] | None:
        """What script wallets hold after a block, by tier; None until all blocks are read.

        NodeProblem, BadRecord.
        """
        wallets = [one for one in self._known() if one.wallet is not None and one.tier in TIERS]
        if self._coins is None or self._coins.wallets != wallets:
            self._coins = TierCoins(wallets)
        return self._coins.read(node, block) if wallets else {}

    def _known(self) -> list[TierWallet]:
        """All there ever were, since what was rotated away may still hold something."""
        try:
            told = self._file.stat()
        except FileNotFoundError:
            return []
        stamp = (told.st_mtime_ns, told.st_size)
        if stamp != self._read:
            entries = Record(self._file).entries
            all_ = [one for entry in entries for one in entry.wallets]
            self._wallets = [one for one in all_ if one.network == self._network.network]
            self._read = stamp
        return self._wallets


class TierCoins:
    """Coins of script wallets, followed block by block; a reorganisation is read anew."""

    def __init__(self, wallets: list[TierWallet]) -> None:
        self.wallets = wallets
        self._born = min((one.born for one in wallets), default=0)
        self._scripts = dict(_scripts(wallets))
        self._begin()

    def _begin(self) -> None:
        self._held: dict[bytes, tuple[Tier, int]] = {}
        self._last: tuple[int, bytes] = (self._born - 1, b"")

    def read(self, node: Node, block: Block) -> dict[Tier, int] | None:
        """By tier, after a block; None while blocks before it are not read. NodeProblem."""
        height, hash_ = self._last
        # A chain that became shorter has no such height: a node would refuse to tell of it.
        if height > block.height or (height >= self._born and _hash_of(node, height) != hash_):
            self._begin()
        first = self._last[0] + 1
        for each in range(first, min(block.height, first + BLOCKS_AT_ONCE - 1) + 1):
            self._take(node, each)
        if self._last != (block.height, block.hash):
            return None
        sums = dict.fromkeys(self._scripts.values(), 0)
        for tier, amount in self._held.values():
            sums[tier] += amount
        return sums

    def _take(self, node: Node, height: int) -> None:
        hash_ = _hash_of(node, height)
        for one in read_transactions(hexed(node.call("getblock", hash_.hex(), 0)), hash_):
            for spend in one.spends:
                self._held.pop(spend, None)
            for number, (amount, script) in enumerate(one.outputs):
                if script in self._scripts:
                    self._held[outpoint(one.txid, number)] = (self._scripts[script], amount)
        self._last = (height, hash_)


def _hash_of(node: Node, height: int) -> bytes:
    return hexed(node.call("getblockhash", height), 32)


def _scripts(wallets: list[TierWallet]) -> Iterator[tuple[bytes, Tier]]:
    for one in wallets:
        for index in range(ADDRESSES) if one.wallet is not None else ():
            assert one.wallet is not None
            yield one.wallet.place(index), TIERS[one.tier]
