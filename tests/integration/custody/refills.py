"""A warm wallet on a real chain, an exchange with its marks, and holders who sign by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from fullreserve.custody.exchange_view import LocalView
from fullreserve.custody.hd import Private
from fullreserve.custody.house import House
from fullreserve.custody.keys.decided_moves import DecidedMoves
from fullreserve.custody.keys.intent import Rule, TierPolicy
from fullreserve.custody.keys.pushing import Gas
from fullreserve.custody.keys.record import SAFE, UTXO, Entry, Record, TierWallet
from fullreserve.custody.keys.refill_commands import listening
from fullreserve.custody.keys.refilling import Refilling, Terms
from fullreserve.custody.keys.tier_signer import TierMemory, TierSigner
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.tiers.wallet import Wallet
from fullreserve.exchange import chart
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.tier_moves_wire import (
    TIER_MOVES,
    ListMoves,
    Marks,
    Move,
    SetMarks,
)
from fullreserve.exchange.wire.commands import amount_bytes, amount_int
from tests.integration.custody.holders import Holder, people
from tests.integration.custody.outsiders import UtxoBed
from tests.integration.custody.safes import CHAIN, ETHER, HOT, Tier
from tests.integration.custody.withdrawing import NOTHING, Withdrawing

NETWORK, FINAL, COIN = 3, 2, 2
UNIT = 1_000_000
APPROVERS = people(4, 71)


class Warm(NamedTuple):
    """A warm wallet on a chain. Amounts of its marks are in `unit`, at the ledger's scale."""

    network: Network
    asset: int
    rule: Rule
    wallet: TierWallet
    unit: int


def scripts(bed: UtxoBed, wallet: Wallet, holders: Sequence[Holder]) -> Warm:
    """Of the bed's chain; coins that come from now on are its own."""
    branches = [root.public() for root in bed.roots]
    network = Network(
        network=NETWORK, kind="utxo", nodes=(bed.url,), decimals={bed.asset: 8},
        branches=tuple(Branch(one.key.hex(), one.code.hex()) for one in branches),
        coin=bed.asset, credit_after=1, unlock_after=FINAL, hrp=bed._hrp,
        genesis=bed.terms.genesis.hex(),
    )  # fmt: skip
    place = bed.chain.addresses.place(0)
    rule = Rule(NETWORK, "warm", "hot", bed.asset, place, 5 * UNIT, 9 * UNIT, 50_000,
                standing=True)  # fmt: skip
    names = tuple(one.name for one in holders)
    born = bed.node.call("getblockcount")
    tier = TierWallet(NETWORK, "warm", UTXO, wallet.threshold, names, wallet, bed._hrp, born)
    return Warm(network, bed.asset, rule, tier, UNIT)


def accounts(safe: Tier, holders: Sequence[Holder]) -> Warm:
    """A Safe, which pays the coin to a hot lane."""
    root = Private.of_seed(b"users' addresses, of a test alone").public()
    network = Network(
        network=NETWORK, kind="evm", nodes=(safe.chain.process.url,), decimals={COIN: 18},
        branches=(Branch(root.key.hex(), root.code.hex()),), coin=COIN, credit_after=1,
        unlock_after=FINAL, chain_id=CHAIN, lanes=(HOT.hex(),),
    )  # fmt: skip
    rule = Rule(NETWORK, "warm", "hot", COIN, HOT, 4 * ETHER, 9 * ETHER, 0, standing=True)
    owners = {one.name: one.account.hex() for one in holders}
    tier = TierWallet(NETWORK, "warm", SAFE, 3, tuple(owners), chain_id=CHAIN,
                      safe=safe.account.hex(), owners=owners)  # fmt: skip
    return Warm(network, COIN, rule, tier, 10**8)


class Refills:
    """An exchange that may refill hot from warm; `holders` have a socket each in its folder."""

    def __init__(
        self, folder: Path, exchange: Withdrawing, warm: Warm, holders: Sequence[Holder]
    ) -> None:
        self.folder, self.exchange, self.holders = folder, exchange, holders
        self.warm, self.network, self.born = warm, warm.network, warm.wallet.born
        self.servers: dict[str, asyncio.Server] = {}
        self.memories: list[TierMemory] = []
        keys = {one.name: one.device.public(one.name).hex() for one in APPROVERS}
        self.policy = TierPolicy(1, 2, keys, (warm.rule,))
        self.record = Record.of(folder)
        self.record.append(Entry(0, 1, "ceremony", "", wallets=(warm.wallet,)))

    @classmethod
    async def open(cls, folder: Path, warm: Warm, holders: Sequence[Holder]) -> Refills:
        """Nine units in warm by the ledger; three of them are due to hot."""
        decimals = warm.network.decimals[warm.asset]
        limits = (amount_bytes(1), amount_bytes(10**15), 8)
        line = wire.NetworkAsset(warm.asset, decimals, NOTHING, NOTHING, *limits)
        terms = wire.DefineNetwork(NETWORK, "Coin", 1, FINAL, False, warm.asset, (line,))
        exchange = await Withdrawing.open(folder, terms)
        made = cls(folder, exchange, warm, holders)
        held = amount_bytes(9 * warm.unit)
        funded = wire.Funded(NETWORK, bytes(32), warm.asset, wire.Tier.WARM, held)
        low, target, cap, most, day_most = (amount_bytes(n * warm.unit) for n in (1, 3, 6, 4, 8))
        marks = Marks(NETWORK, warm.asset, low, target, cap, amount_bytes(1_000), most, day_most)
        assert await exchange.house.report(wire.DEPOSITS, funded) == [0]
        assert await exchange.house.report(TIER_MOVES, SetMarks(marks)) == [0]
        return made

    async def serve(self, *holders: Holder) -> None:
        """They answer from now on."""
        decided = DecidedMoves(LocalView(House(self.exchange.door)), [self.network])
        for one in holders:
            memory = TierMemory(self.folder / f"{one.name}.sqlite")
            self.memories.append(memory)
            wallets = self.record.state.wallets
            signer = TierSigner(one.name, one.device, wallets, self.policy, memory,
                                self.exchange.bed.clock, decided)  # fmt: skip

            async def answered(question: bytes, of: TierSigner = signer) -> bytes:
                return await of.answer("", question)

            self.servers[one.name] = await listening(self.folder / f"{one.name}.sock", answered)

    def worker(self, gas: Gas | None = None) -> Refilling:
        """A fresh one, as after a start; it asks the holders' sockets."""
        signers = tuple(f"{one.name}.sock" for one in self.holders)
        terms = Terms(self.network, self.policy, signers, gas)
        return Refilling(self.folder, self.exchange.house, self.exchange.bed.clock, terms)

    async def moves(self) -> list[Move]:
        found: list[Move] = await self.exchange.house.ask(
            TIER_MOVES, ListMoves(is_open=False, limit=9)
        )
        return found

    async def ledger(self, kind: int) -> int:
        """What the house has of the coin on the network, by kind of account."""
        return -sum(
            amount_int(one.balance)
            for one in await self.exchange.house.ledger()
            if (one.kind, one.instance, one.asset) == (kind, NETWORK, self.warm.asset)
        )

    async def hot_and_warm(self) -> tuple[int, int]:
        return await self.ledger(chart.CHAIN_HOT), await self.ledger(chart.CHAIN_WARM)

    async def close(self) -> None:
        for server in self.servers.values():
            server.close()
        for memory in self.memories:
            memory.close()
        await self.exchange.close()
