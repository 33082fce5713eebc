"""The demo's chains of Bitcoin's family: a node on its own that mines to the house, then to all.

The first blocks pay the hot wallet and those that people hold; what follows pays the wallet
outside, which everybody may use. Folders of an earlier version have cold coins at the last index of
the hot keys, which stay counted. Blocks come by a clock, as nobody else mines.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from fullreserve.clock import Clock
from fullreserve.custody import nodes
from fullreserve.custody.addresses import UtxoAddresses
from fullreserve.custody.ceremony import Made
from fullreserve.custody.chains.following import Terms
from fullreserve.custody.chains.rpc import Node, NodeProblem
from fullreserve.custody.demo_people import COLD, TIERS, People
from fullreserve.custody.demo_terms import Listed, bounds, funded, kept, terms
from fullreserve.custody.hd import Private
from fullreserve.custody.holdings import COLD_INDEX
from fullreserve.custody.kept_blocks import KeptBlocks
from fullreserve.custody.keys.key_file import FileDevice
from fullreserve.custody.keys.record import UTXO, Entry, Record, TierWallet
from fullreserve.custody.networks import Network
from fullreserve.custody.tiers.wallet import Key, Wallet, WalletAddresses
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.custody_wire import HOUSE_INDEX

HOT_BLOCKS, COLD_BLOCKS, PEOPLE_BLOCKS = 40, 60, 30
OUTSIDE_BLOCKS = 105  # they make those before them spendable

# Everybody's: whoever reads this has the coins of the demo's outside wallet.
OUTSIDE = Private.of_seed(b"the demo's wallet outside, for all")


class Scripts(NamedTuple):
    """One such chain."""

    number: int
    code: str  # OKX's name of the network
    asset: Listed
    node: str  # whose program it is
    hrp: str
    after: Terms
    block_ms: int


class RunningScripts:
    """A chain whose node runs."""

    def __init__(
        self, chain: Scripts, folder: Path, process: nodes.NodeProcess, clock: Clock
    ) -> None:
        self.number = chain.number
        self._chain = chain
        self._folder = folder
        self._clock = clock
        self._process = process
        self._blocks = KeptBlocks(folder / "blocks")
        self._given = {wire.Tier.HOT: 0, wire.Tier.COLD: 0}
        self.said = f"{chain.code}: regression-test mode, a block every {chain.block_ms // 1000} s"

    @classmethod
    async def start(cls, chain: Scripts, data: Path, clock: Clock) -> RunningScripts:
        """Its node; nodes.NodeMissing."""
        folder = data / f"{chain.node}-node"
        process = _start(chain, folder, outside(chain.hrp))
        await process.ready(clock)
        made = cls(chain, folder, process, clock)
        if chain.node == "btcd":
            await asyncio.to_thread(made._blocks.give, Node(process.url))
        return made

    def close(self) -> None:
        """Ends it; it remembers its blocks."""
        self._process.stop()

    async def mine(self) -> None:
        """Blocks by the clock, for ever."""
        chain, node = self._chain, Node(self._process.url)
        while True:
            await self._clock.wait_ms(chain.block_ms)
            try:
                await asyncio.to_thread(self._mine, node, outside(chain.hrp), 1)
            except NodeProblem:
                continue  # the workers say so

    def terms(self, numbers: Mapping[str, int]) -> wire.DefineNetwork:
        """What the log has to know of it."""
        chain = self._chain
        return terms(chain.number, chain.code, (chain.asset,), numbers, chain.after)

    def funded(
        self, _network: Network, numbers: Mapping[str, int], salt: bytes
    ) -> Iterator[wire.Funded]:
        """What the house has there, before people's wallets."""
        asset = numbers[self._chain.asset.symbol]
        for tier, amount in self._given.items():
            name = b"the first blocks"
            if amount:
                yield funded(self.number, salt, name, tier, asset, tier, amount)

    async def deployed(
        self, made: Made, numbers: Mapping[str, int], before: Network | None
    ) -> Network:
        """The network, with coins mined where an earlier start did not."""
        chain, node = self._chain, Node(self._process.url)
        network = Network(
            network=chain.number,
            code=chain.code,
            kind="utxo",
            nodes=(self._process.url,),
            # Those that it goes by, also where a signer's file is gone since.
            branches=before.branches if before is not None else made.scripts[chain.number],
            decimals={numbers[chain.asset.symbol]: 8},
            coin=numbers[chain.asset.symbol],
            credit_after=chain.after.credit_after,
            unlock_after=chain.after.unlock_after,
            hrp=chain.hrp,
            fees=bounds((chain.asset,), numbers),
            genesis=await asyncio.to_thread(node.call, "getblockhash", 0),
            later=before.later if before is not None else (),
        )
        network = kept(network, before)
        of = network.addresses()
        assert isinstance(of, UtxoAddresses)
        if before is None:
            await self._mine_to(of.address(HOUSE_INDEX), HOT_BLOCKS)
        self._given = await asyncio.to_thread(_given, network, of)
        return network

    async def peopled(
        self, network: Network, record: Record, keys: FileDevice, _numbers: Mapping[str, int]
    ) -> None:
        """Mines to people's wallets where there are none, and notes them; NodeProblem."""
        chain, node, made = self._chain, Node(self._process.url), []
        for people in TIERS:
            if (chain.number, people.tier) in record.state.wallets:
                continue
            wallet = _wallet(people, keys)
            born = await asyncio.to_thread(node.call, "getblockcount") + 1
            address = WalletAddresses(wallet, network.hrp).address(0)
            await self._mine_to(address, self._blocks_of(people))
            made.append(
                TierWallet(
                    chain.number, people.tier, UTXO, people.threshold, people.holders, wallet,
                    network.hrp, born,
                )
            )  # fmt: skip
        if made:
            await self._mine_to(outside(chain.hrp), OUTSIDE_BLOCKS)
            record.append(Entry(0, 0, "ceremony", "", wallets=tuple(made)))

    def given(
        self, _network: Network, record: Record, numbers: Mapping[str, int], salt: bytes
    ) -> Iterator[wire.Funded]:
        """What people's wallets began with, as the chain has it."""
        from fullreserve.custody.tiers import wallet_coins

        node, asset = Node(self._process.url), numbers[self._chain.asset.symbol]
        for people in TIERS:
            known = record.first(self.number, people.tier)
            assert known.wallet is not None
            last = known.born + self._blocks_of(people) - 1
            coins = wallet_coins.found(node, known.wallet, 1, known.born, last)
            amount = sum(one.coin.amount for one in coins)
            tier = wire.Tier[people.tier.upper()]
            yield funded(self.number, salt, b"people's first blocks", tier, asset, tier, amount)

    def _blocks_of(self, people: People) -> int:
        is_old = self._given[wire.Tier.COLD] > 0
        return PEOPLE_BLOCKS + (COLD_BLOCKS if people is COLD and not is_old else 0)

    async def _mine_to(self, address: str, blocks: int) -> None:
        chain, node = self._chain, Node(self._process.url)
        if chain.node != "btcd" or address == outside(chain.hrp):
            await asyncio.to_thread(self._mine, node, address, blocks)
            return
        # It pays the address that it was started with alone.
        other = nodes.start_btcd(self._folder / "miner", address)
        await other.ready(self._clock)
        await asyncio.to_thread(self._mined_by, Node(other.url), node, blocks)
        other.stop()

    def _mined_by(self, other: Node, node: Node, blocks: int) -> None:
        self._blocks.give(other)
        for block in self._blocks.mine(other, blocks):
            node.call("submitblock", block)

    def _mine(self, node: Node, address: str, blocks: int) -> None:
        if self._chain.node == "btcd":
            self._blocks.mine(node, blocks)
        else:
            node.call("generatetoaddress", blocks, address)


def _wallet(people: People, keys: FileDevice) -> Wallet:
    branches = {name: keys.branch(name) for name in people.holders}
    made = (Key(name, one.key.hex(), one.code.hex()) for name, one in branches.items())
    return Wallet(people.threshold, tuple(made))


def outside(hrp: str) -> str:
    """The address of everybody's wallet."""
    return UtxoAddresses([OUTSIDE.public()], 1, hrp).address(0)


def _start(chain: Scripts, folder: Path, mining: str) -> nodes.NodeProcess:
    if chain.node == "btcd":
        return nodes.start_btcd(folder, mining)
    return nodes.start_litecoind(folder)


def _given(network: Network, of: UtxoAddresses) -> dict[wire.Tier, int]:
    """What the first blocks paid the house, as the chain has it."""
    chain = network.chains()[0]
    tiers = {of.place(0): wire.Tier.HOT, of.place(COLD_INDEX): wire.Tier.COLD}
    found = {wire.Tier.HOT: 0, wire.Tier.COLD: 0}
    from fullreserve.custody.chains.utxo import UtxoChain

    assert isinstance(chain, UtxoChain)
    chain.know(1)
    chain.know_also(COLD_INDEX)
    for height in range(1, HOT_BLOCKS + COLD_BLOCKS + 1):
        block = chain.block(height)
        if block is None:
            break
        for one in chain.scan(block, {}).deposits:
            found[tiers[of.place(one.index)]] += one.amount
    return found
