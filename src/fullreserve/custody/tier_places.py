"""What warm and cold wallets hold, by the record of ceremonies, to be compared with the ledger.

A Safe is an account. A script wallet's coins are found by reading blocks, each once, also over a
start; wallets that were rotated stay looked at, as coins may still be on their way to what followed
them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

import msgspec

from fullreserve.custody.bech32 import BadAddress
from fullreserve.custody.chains.adapter import Block
from fullreserve.custody.chains.raw_block import (
    Transaction,
    binding_of,
    outpoint,
    read_transactions,
)
from fullreserve.custody.chains.rpc import Node, hexed
from fullreserve.custody.holdings import Place, places
from fullreserve.custody.keys.job import GATHERING
from fullreserve.custody.keys.record import FILE, SAFE, Entry, Proof, Record, TierWallet
from fullreserve.custody.networks import Network
from fullreserve.exchange.products.custody_wire import HOUSE_INDEX, Tier

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
        self._entries: list[Entry] = []
        self._coins: TierCoins | None = None
        self._told: tuple[list[TierWallet], dict[bytes, Tier]] | None = None

    def accounts(self) -> list[Place]:
        """Safes, and what the file of networks names as warm; BadRecord."""
        if self._network.is_script:
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

    def named(self) -> dict[bytes, Tier]:
        """What the file of networks names: lanes, cold, warm, and what the branches' ends are."""
        found = {one.place: one.tier for one in places(self._network, HOUSE_INDEX)}
        if self._network.warm:
            with contextlib.suppress(BadAddress):
                found.setdefault(self._network.addresses().read(self._network.warm), Tier.WARM)
        return found

    def recorded(self) -> dict[bytes, Tier]:
        """Safes and scripts of the record, also of wallets that were rotated; BadRecord."""
        wallets = self._known()
        if self._told is None or self._told[0] != wallets:
            safes = {one.place: one.tier for one in self.accounts()}
            self._told = (wallets, safes | self.scripts())
        return self._told[1]

    def coins(self, node: Node, block: Block) -> dict[Tier, int] | None:
        """What script wallets hold after a block, by tier; None until all blocks are read.

        NodeProblem, BadRecord.
        """
        coins = self._followed()
        return coins.read(node, block) if coins.wallets else {}

    def spent(self) -> list[SpentCoin]:
        """Coins of script wallets that are gone, whoever spent them; BadRecord."""
        return self._followed().spent

    def job_fees(self) -> list[OwnFee]:
        """What jobs of the record have cost, of those in blocks that were read; BadRecord.

        A job's transaction spends the very coins that its holders signed for, all to the wallet
        that its entry says: so of a replacement of it, or of what somebody else sent, none is.
        """
        known = self._known()
        ends = {place for one in known for place in _ends(one)}
        done = {
            (one.proof.spend.binding, one.proof.spend.rest, one.proof.spend.fee)
            for one in self._entries
            if isinstance(one.proof, Proof) and one.proof.spend is not None
            and one.proof.spend.rest in
            (ends if one.kind == GATHERING else {at for each in one.wallets for at in _ends(each)})
        }  # fmt: skip
        return [one for one in self._followed().paid if (one.binding, one.rest, one.fee) in done]

    def behind(self, block: Block) -> int:
        """How many blocks are to be read for it; BadRecord."""
        coins = self._followed()
        return max(0, block.height - coins.height) if coins.wallets else 0

    def scripts(self) -> dict[bytes, Tier]:
        """Addresses of script wallets, also of those that were rotated; BadRecord."""
        return dict(_scripts(self.script_wallets()))

    def script_wallets(self) -> list[TierWallet]:
        """Wallets whose coins are followed, also those that were rotated; BadRecord."""
        return [one for one in self._known() if one.wallet is not None and one.tier in TIERS]

    def guarded(self) -> list[TierWallet]:
        """Safes under a guard, the newest entry of each; BadRecord."""
        known = {one.safe: one for one in self._known() if one.kind == SAFE}
        return [one for one in known.values() if one.guard]

    def _followed(self) -> TierCoins:
        wallets = self.script_wallets()
        if self._coins is None or self._coins.wallets != wallets:
            place = self._file.with_name(f"custody-tier-coins-{self._network.network}.msgpack")
            self._coins = TierCoins(wallets, place)
        return self._coins

    def _known(self) -> list[TierWallet]:
        """All there ever were, since what was rotated away may still hold something."""
        try:
            told = self._file.stat()
        except FileNotFoundError:
            return []
        stamp = (told.st_mtime_ns, told.st_size)
        if stamp != self._read:
            self._entries = Record(self._file).entries
            all_ = [one for entry in self._entries for one in entry.wallets]
            self._wallets = [one for one in all_ if one.network == self._network.network]
            self._read = stamp
        return self._wallets


class SpentCoin(msgspec.Struct, array_like=True, frozen=True):
    """A coin that is gone; `binding` names the set of inputs that it was spent in."""

    outpoint: bytes
    tier: int
    binding: bytes


class OwnFee(msgspec.Struct, array_like=True, frozen=True):
    """What a tier paid for a transaction of its own coins to one place of its own, and where.

    `fee` is in the coin's own units, `rest` the script of that place; see `SpentCoin`.
    """

    txid: bytes
    tier: int
    binding: bytes
    rest: bytes
    fee: int
    height: int
    hash: bytes


class KeptCoins(msgspec.Struct, array_like=True, frozen=True):
    """What was found up to a block; `of` tells of which wallets."""

    of: bytes
    height: int
    hash: bytes
    held: dict[bytes, tuple[Tier, int]]  # by outpoint
    spent: list[SpentCoin] = []
    paid: list[OwnFee] = []


class TierCoins:
    """Coins of script wallets, followed block by block; a reorganisation is read anew.

    `place` is where they are kept, so that no start reads all blocks again. `also` are other places
    of ours that are read with them, from the same block on.
    """

    def __init__(
        self, wallets: list[TierWallet], place: Path, also: Mapping[bytes, Tier] | None = None
    ) -> None:
        self.wallets = wallets
        self._place = place
        self._born = min((one.born for one in wallets), default=0)
        self._scripts = {**(also or {}), **dict(_scripts(wallets))}
        named = sorted((script, tier) for script, tier in self._scripts.items())
        self._of = sha256(msgspec.msgpack.encode((self._born, named))).digest()
        self._begin()
        self._restore()

    @property
    def height(self) -> int:
        """Of the block that was read last."""
        return self._last[0]

    def outpoints(self) -> list[bytes]:
        """Coins that are unspent after the block that was read last."""
        return list(self._held)

    def _begin(self) -> None:
        self._held: dict[bytes, tuple[Tier, int]] = {}
        self.spent: list[SpentCoin] = []
        self.paid: list[OwnFee] = []
        self._last: tuple[int, bytes] = (self._born - 1, b"")

    def _restore(self) -> None:
        try:
            kept = msgspec.msgpack.decode(self._place.read_bytes(), type=KeptCoins)
        except (OSError, msgspec.DecodeError):
            return  # read anew
        if kept.of == self._of:
            self._held, self._last = kept.held, (kept.height, kept.hash)
            self.spent, self.paid = kept.spent, kept.paid

    def _keep(self) -> None:
        """What a full disk loses is read again."""
        fresh = self._place.with_suffix(".new")
        with contextlib.suppress(OSError):
            kept = KeptCoins(self._of, *self._last, self._held, self.spent, self.paid)
            fresh.write_bytes(msgspec.msgpack.encode(kept))
            fresh.replace(self._place)

    def read(self, node: Node, block: Block) -> dict[Tier, int] | None:
        """By tier, after a block; None while blocks before it are not read. NodeProblem."""
        height, hash_ = self._last
        # A chain that became shorter has no such height: a node would refuse to tell of it.
        if height > block.height or (height >= self._born and _hash_of(node, height) != hash_):
            self._begin()
        first = self._last[0] + 1
        for each in range(first, min(block.height, first + BLOCKS_AT_ONCE - 1) + 1):
            self._take(node, each)
        if self.height >= first:
            self._keep()
        if self._last != (block.height, block.hash):
            return None
        sums = dict.fromkeys(self._scripts.values(), 0)
        for tier, amount in self._held.values():
            sums[tier] += amount
        return sums

    def _take(self, node: Node, height: int) -> None:
        hash_ = _hash_of(node, height)
        for one in read_transactions(hexed(node.call("getblock", hash_.hex(), 0)), hash_):
            gone: list[tuple[Tier, int]] = []
            for spend in one.spends:
                was = self._held.pop(spend, None)
                if was is not None:
                    self.spent.append(SpentCoin(spend, was[0], binding_of(one.spends)))
                    gone.append(was)
            self._to_itself(one, gone, (height, hash_))
            for number, (amount, script) in enumerate(one.outputs):
                if script in self._scripts:
                    self._held[outpoint(one.txid, number)] = (self._scripts[script], amount)
        self._last = (height, hash_)

    def _to_itself(
        self, one: Transaction, gone: list[tuple[Tier, int]], block: tuple[int, bytes]
    ) -> None:
        """A fee alone: all that it spends was one tier's, and all else is that tier's again."""
        if not gone or len(gone) != len(one.spends) or len(one.outputs) != 1:
            return
        (rest,) = one.outputs
        tier = self._scripts.get(rest.script)
        if tier is None or tier not in TIERS.values() or any(of != tier for of, _ in gone):
            return
        fee = one.fee(sum(amount for _, amount in gone))
        made = OwnFee(one.txid, tier, binding_of(one.spends), rest.script, fee, *block)
        self.paid.append(made)


def _hash_of(node: Node, height: int) -> bytes:
    return hexed(node.call("getblockhash", height), 32)


def _scripts(wallets: list[TierWallet]) -> Iterator[tuple[bytes, Tier]]:
    for one in wallets:
        for index in range(ADDRESSES) if one.wallet is not None else ():
            assert one.wallet is not None
            yield one.wallet.place(index), TIERS[one.tier]


def _ends(one: TierWallet) -> list[bytes]:
    """Where all goes that a job brings to a wallet."""
    return [] if one.wallet is None else [one.wallet.place(0), one.wallet.place(1)]
