"""A warm wallet on a real chain, an exchange with its marks, and holders who sign by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from fullreserve.custody.house import House
from fullreserve.custody.keys.decided_moves import DecidedMoves
from fullreserve.custody.keys.intent import Rule, TierPolicy
from fullreserve.custody.keys.record import UTXO, Entry, Record, TierWallet
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
from tests.integration.custody.withdrawing import NOTHING, Withdrawing

NETWORK, FINAL = 3, 2
APPROVERS = people(4, 71)


class Refills:
    """Warm coins of the bed's chain; `holders` have its keys, and a socket each in the folder."""

    def __init__(
        self,
        folder: Path,
        bed: UtxoBed,
        exchange: Withdrawing,
        wallet: Wallet,
        holders: list[Holder],
    ) -> None:
        self.folder, self.bed, self.exchange = folder, bed, exchange
        self.holders, self.servers = holders, dict[str, asyncio.Server]()
        branches = [root.public() for root in bed.roots]
        self.network = Network(
            network=NETWORK, kind="utxo", nodes=(bed.url,), decimals={bed.asset: 8},
            branches=tuple(Branch(one.key.hex(), one.code.hex()) for one in branches),
            coin=bed.asset, credit_after=1, unlock_after=FINAL, hrp=bed._hrp,
            genesis=bed.terms.genesis.hex(),
        )  # fmt: skip
        keys = {one.name: one.device.public(one.name).hex() for one in APPROVERS}
        place = bed.chain.addresses.place(0)
        rule = Rule(NETWORK, "warm", "hot", bed.asset, place, 5_000_000, 9_000_000, 50_000,
                    standing=True)  # fmt: skip
        self.born = bed.node.call("getblockcount")
        self.memories: list[TierMemory] = []
        self.policy = TierPolicy(1, 2, keys, (rule,))
        warm = TierWallet(NETWORK, "warm", UTXO, wallet.threshold,
                          tuple(one.name for one in holders), wallet, bed._hrp,
                          born=self.born)  # fmt: skip
        self.record = Record.of(folder)
        self.record.append(Entry(0, 1, "ceremony", "", wallets=(warm,)))

    @classmethod
    async def open(
        cls, folder: Path, bed: UtxoBed, wallet: Wallet, holders: list[Holder]
    ) -> Refills:
        line = wire.NetworkAsset(
            bed.asset, 8, NOTHING, NOTHING, amount_bytes(1), amount_bytes(10**15), 8
        )
        terms = wire.DefineNetwork(NETWORK, "Coin", 1, FINAL, False, bed.asset, (line,))
        exchange = await Withdrawing.open(folder, terms)
        made = cls(folder, bed, exchange, wallet, holders)
        warm = wire.Funded(NETWORK, bytes(32), bed.asset, wire.Tier.WARM, amount_bytes(9 * 10**6))
        low, target, cap, least, most, day_most = map(
            amount_bytes, (10**6, 3 * 10**6, 6 * 10**6, 1_000, 4 * 10**6, 8 * 10**6)
        )
        marks = Marks(NETWORK, bed.asset, low, target, cap, least, most, day_most)
        assert await exchange.house.report(wire.DEPOSITS, warm) == [0]
        assert await exchange.house.report(TIER_MOVES, SetMarks(marks)) == [0]
        return made

    async def serve(self, *holders: Holder) -> None:
        """They answer from now on."""
        decided = DecidedMoves(House(self.exchange.door), [self.network])
        for one in holders:
            memory = TierMemory(self.folder / f"{one.name}.sqlite")
            self.memories.append(memory)
            wallets = self.record.state.wallets
            signer = TierSigner(one.name, one.device, wallets, self.policy, memory,
                                self.exchange.bed.clock, decided)  # fmt: skip

            async def answered(question: bytes, of: TierSigner = signer) -> bytes:
                return await of.answer("", question)

            self.servers[one.name] = await listening(self.folder / f"{one.name}.sock", answered)

    def worker(self, names: Sequence[str] = ()) -> Refilling:
        """A fresh one, as after a start; it asks the holders' sockets, or those that are named."""
        signers = names or tuple(f"{one.name}.sock" for one in self.holders)
        terms = Terms(self.network, self.policy, signers)
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
            if (one.kind, one.instance, one.asset) == (kind, NETWORK, self.bed.asset)
        )

    async def hot_and_warm(self) -> tuple[int, int]:
        return await self.ledger(chart.CHAIN_HOT), await self.ledger(chart.CHAIN_WARM)

    async def close(self) -> None:
        for server in self.servers.values():
            server.close()
        for memory in self.memories:
            memory.close()
        await self.exchange.close()
