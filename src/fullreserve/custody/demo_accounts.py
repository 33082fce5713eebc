"""The demo's chains of accounts: anvil with assets on it, and the house's wallets funded there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from fullreserve.clock import Clock
from fullreserve.custody import contracts, demo_chain, nodes
from fullreserve.custody.ceremony import LANES, Made
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.demo_safes import Safes
from fullreserve.custody.demo_terms import Listed, bounds, funded, kept, terms
from fullreserve.custody.keys.key_file import FileDevice
from fullreserve.custody.keys.record import Record
from fullreserve.custody.networks import Network
from fullreserve.exchange.products import custody_wire as wire

BLOCK_S = 2
CREDIT_AFTER, UNLOCK_AFTER = 2, 6

# New ones go to the end: the first funding of each is known by its place here.
ERC20 = (
    Listed("ETH", "", 18, 3_000, 200_000, "0.001", "0.0005", "0.002", 50_000, 20_000),
    Listed(
        "USDT", "DemoUSDT", 6, 5_000_000, 1_000_000_000, "1", "1", "2", 100_000_000, 100_000_000
    ),
    Listed("USDC", "DemoToken", 6, 5_000_000, 500_000_000, "1", "1", "2", 50_000_000, 50_000_000),
    Listed("XRP", "DemoToken", 18, 5_000_000, 500_000_000, "1", "0.2", "2"),
    Listed("SOL", "DemoToken", 18, 50_000, 3_000_000, "0.01", "0.01", "0.02"),
    Listed("FRT", "DemoToken", 18, 1_000_000, 300_000_000, "1", "1", "2"),
    Listed("BTC", "DemoToken", 8, 100, 10_000, "0.00001", "0.00005", "0.0001"),
    Listed("LTC", "DemoToken", 8, 50_000, 3_000_000, "0.001", "0.001", "0.002"),
)
MEMO = (Listed("XRP", "", 18, 5_000_000, 50_000_000, "1", "0.2", "2", 20_000_000, 20_000_000),)


class Accounts(NamedTuple):
    """One such chain; the first asset is its own coin."""

    number: int
    code: str  # OKX's name of the network
    chain_id: int
    assets: tuple[Listed, ...]
    state: str  # the file in which it remembers its blocks
    needs_memo: bool = False


class RunningAccounts:
    """A chain whose node runs."""

    def __init__(self, chain: Accounts, process: nodes.NodeProcess) -> None:
        self.number = chain.number
        self._chain = chain
        self._process = process
        self._fresh: list[Listed] = []
        self.said = f"{chain.code}: {process.url} (chain id {chain.chain_id})"

    @classmethod
    async def start(cls, chain: Accounts, data: Path, clock: Clock) -> RunningAccounts:
        """Its node; nodes.NodeMissing."""
        state = (data / chain.state).absolute()
        process = nodes.start_anvil(chain.chain_id, block_s=BLOCK_S, state=state)
        await process.ready(clock)
        return cls(chain, process)

    def close(self) -> None:
        """Ends it; it remembers its blocks."""
        self._process.stop()

    async def mine(self) -> None:
        """It does so by itself."""

    def terms(self, numbers: Mapping[str, int]) -> wire.DefineNetwork:
        """What the log has to know of it."""
        chain = self._chain
        after = (CREDIT_AFTER, UNLOCK_AFTER)
        return terms(chain.number, chain.code, chain.assets, numbers, after, chain.needs_memo)

    def funded(
        self, network: Network, numbers: Mapping[str, int], salt: bytes
    ) -> Iterator[wire.Funded]:
        """What the house has there, before people's wallets."""
        for place, one in enumerate(self._chain.assets):
            asset = numbers[one.symbol]
            hot = (b"the first funding", wire.Tier.HOT, LANES * one.each)
            cold = (b"the cold wallet", wire.Tier.COLD, one.cold)
            for name, tier, units in (hot, cold) if network.cold else (hot,):
                yield funded(self.number, salt, name, place, asset, tier, units * 10**8)

    async def deployed(
        self, made: Made, numbers: Mapping[str, int], before: Network | None
    ) -> Network:
        """The network, with contracts and wallets made where an earlier start did not."""
        return await asyncio.to_thread(self._deploy, made, numbers, before)

    async def peopled(
        self, network: Network, record: Record, keys: FileDevice, numbers: Mapping[str, int]
    ) -> None:
        """Puts people's Safes on it where there are none; SafeMissing, NodeProblem."""
        safes = Safes(network, numbers, self._chain.assets, self._fresh)
        await asyncio.to_thread(safes.deployed, record, keys)

    def given(
        self, network: Network, record: Record, numbers: Mapping[str, int], salt: bytes
    ) -> Iterator[wire.Funded]:
        """What people's Safes began with."""
        safes = Safes(network, numbers, self._chain.assets)
        for people, place, one, units in safes.given(record):
            name, tier = f"the {people.tier} Safe".encode(), wire.Tier[people.tier.upper()]
            amount = units * 10**8
            yield funded(self.number, salt, name, place, numbers[one.symbol], tier, amount)

    def _deploy(self, made: Made, numbers: Mapping[str, int], before: Network | None) -> Network:
        node, chain = Node(self._process.url), self._chain
        tokens = dict(before.tokens) if before is not None else {}
        # Folders of an earlier version have an account whose key signers hold: it stays counted.
        cold = before.cold if before is not None else ""
        lanes = before.lanes if before is not None else made.lanes
        for one in chain.assets:
            asset = numbers[one.symbol]
            fresh = before is None or asset not in before.decimals
            if fresh and one.contract:
                tokens[asset] = _create(node, one).hex()
            contract = bytes.fromhex(tokens.get(asset, ""))
            for lane in lanes if fresh else ():
                demo_chain.give(node, one, contract, lane, one.each)
            if fresh and cold:
                demo_chain.give(node, one, contract, cold, one.cold)
            if fresh and before is not None:
                self._fresh.append(one)
        network = Network(
            network=chain.number,
            code=chain.code,
            kind="memo" if chain.needs_memo else "evm",
            nodes=(self._process.url,),
            # Those that it goes by, also where a signer's file is gone since.
            branches=before.branches if before is not None else made.accounts,
            later=before.later if before is not None else (),
            decimals={numbers[one.symbol]: one.decimals for one in chain.assets},
            coin=numbers[chain.assets[0].symbol],
            credit_after=CREDIT_AFTER,
            unlock_after=UNLOCK_AFTER,
            chain_id=chain.chain_id,
            tokens=tokens,
            lanes=lanes,
            cold=cold,
            fees=bounds(chain.assets, numbers),
        )
        return kept(network, before)


def _create(node: Node, one: Listed) -> bytes:
    arguments: tuple[str | int, ...] = ()
    if one.contract == "DemoToken":
        arguments = (f"Demo {one.symbol}", one.symbol, one.decimals)
    data = contracts.creation(one.contract, *arguments)
    return bytes.fromhex(demo_chain.send(node, data="0x" + data.hex())["contractAddress"][2:])
