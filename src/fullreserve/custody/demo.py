"""The demo's chain: anvil with the demo's assets on it, and the house's wallets funded there.

What it mines is play money; the keys are `ceremony`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from fullreserve.clock import Clock
from fullreserve.custody import ceremony, contracts, networks, nodes
from fullreserve.custody.ceremony import LANES, SIGNERS, Made
from fullreserve.custody.chains.rpc import Node, NodeProblem
from fullreserve.custody.house import House
from fullreserve.custody.networks import Network
from fullreserve.custody.signer_wire import Spec
from fullreserve.custody.transfers import salt_of, transfer
from fullreserve.door.protocol import Door
from fullreserve.exchange.catalog import Catalog
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.wire.queries import ListAssets

CHAIN_ID = 31_337
NETWORK = 1
CODE = "ERC20"
BLOCK_S = 2
CREDIT_AFTER, UNLOCK_AFTER = 2, 6
LEDGER = 8
HOT_SIGNERS = SIGNERS[:2]

# Networks of the demo by number, and the coin types of those of Bitcoin's family (SLIP 44).
BITCOIN, LITECOIN, MEMO = 2, 3, 4
SCRIPTS = {BITCOIN: 1, LITECOIN: 2}
ACCOUNTS = (NETWORK, MEMO)

STATE = "anvil-state.json"


class Listed(NamedTuple):
    """An asset on the demo's chain. Whole units: `each` lane is given, and the cold wallet."""

    symbol: str
    contract: str  # empty: the chain's own coin
    decimals: int
    each: int
    cold: int
    minimum_deposit: str
    fee: str
    minimum: str


# New ones go to the end: the first funding of each is known by its place here.
ASSETS = (
    Listed("ETH", "", 18, 3_000, 200_000, "0.001", "0.0005", "0.002"),
    Listed("USDT", "DemoUSDT", 6, 5_000_000, 1_000_000_000, "1", "1", "2"),
    Listed("USDC", "DemoToken", 6, 5_000_000, 500_000_000, "1", "1", "2"),
    Listed("XRP", "DemoToken", 18, 5_000_000, 500_000_000, "1", "0.2", "2"),
    Listed("SOL", "DemoToken", 18, 50_000, 3_000_000, "0.01", "0.01", "0.02"),
    Listed("FRT", "DemoToken", 18, 1_000_000, 300_000_000, "1", "1", "2"),
    Listed("BTC", "DemoToken", 8, 100, 10_000, "0.00001", "0.00005", "0.0001"),
    Listed("LTC", "DemoToken", 8, 50_000, 3_000_000, "0.001", "0.001", "0.002"),
)


class NoChain(RuntimeError):
    """The demo's chain cannot be had; the message says why."""


class DemoChain:
    """The running chain; `said` is a line for who starts the demo."""

    def __init__(self, process: nodes.NodeProcess) -> None:
        self._process = process
        self.signers: list[tuple[tuple[str, ...], bytes]] = []
        self.said = f"Chain of the demo: {process.url} (chain id {CHAIN_ID}, test money)"

    @classmethod
    async def open(cls, data: Path, door: Door, clock: Clock) -> DemoChain:
        """Starts it, deploys and funds at the first start, and tells the exchange; NoChain."""
        try:
            state = (data / STATE).absolute()
            process = nodes.start_anvil(CHAIN_ID, block_s=BLOCK_S, state=state)
            await process.ready(clock)
        except nodes.NodeMissing as missing:
            raise NoChain(str(missing)) from None
        chain = cls(process)
        try:
            await chain._prepare(data, House(door), await numbers(door))
        except NodeProblem as problem:
            chain.close()
            raise NoChain(str(problem)) from problem
        return chain

    def close(self) -> None:
        """Ends it; it remembers its blocks."""
        self._process.stop()

    async def _prepare(self, data: Path, house: House, known: dict[str, int]) -> None:
        made = await asyncio.to_thread(ceremony.hold, data, ACCOUNTS, SCRIPTS)
        others = networks.load(data)
        before = next((one for one in others if one.network == NETWORK), None)
        network = await asyncio.to_thread(self._deploy, made, known, before)
        networks.keep(data, [network, *(one for one in others if one.network != NETWORK)])
        terms = _terms(known)
        for fold in (wire.DEPOSITS, wire.WITHDRAWALS):
            await house.report(fold, terms)
        await house.report(wire.DEPOSITS, *_funded(known, salt_of(data)))
        if before is None:
            # Where the watcher is to begin, however late it comes.
            tip = network.chains()[0].tip()
            await house.report(wire.DEPOSITS, wire.Tip(NETWORK, tip.height, tip.hash, healthy=True))
        self.signers = [(_spec(data, one), ceremony.passphrase(data, one)) for one in HOT_SIGNERS]

    def _deploy(self, made: Made, known: dict[str, int], before: Network | None) -> Network:
        """What an earlier start did stays."""
        node = Node(self._process.url)
        tokens = dict(before.tokens) if before is not None else {}
        for one in ASSETS:
            asset = known[one.symbol]
            fresh = before is None or asset not in before.decimals
            if fresh and one.contract:
                tokens[asset] = _create(node, one).hex()
            contract = bytes.fromhex(tokens.get(asset, ""))
            for lane in made.lanes if fresh else ():
                _give(node, one, contract, lane, one.each)
            if before is None or not before.cold or fresh:
                _give(node, one, contract, made.cold, one.cold)
        return Network(
            network=NETWORK,
            kind="evm",
            nodes=(self._process.url,),
            branches=(made.accounts,),
            decimals={known[one.symbol]: one.decimals for one in ASSETS},
            coin=known["ETH"],
            credit_after=CREDIT_AFTER,
            unlock_after=UNLOCK_AFTER,
            chain_id=CHAIN_ID,
            tokens=tokens,
            lanes=made.lanes,
            cold=made.cold,
            signers=tuple(ceremony.socket_name(one) for one in HOT_SIGNERS),
        )


def _spec(data: Path, signer: str) -> tuple[str, ...]:
    """The arguments of a signer's process."""
    data = data.absolute()
    place = str(data / ceremony.socket_name(signer))
    spec = Spec(signer, str(ceremony.keys_file(data, signer)), place, str(data))
    return (msgspec.json.encode(spec).decode(),)


def _send(node: Node, **call: str) -> dict[str, str]:
    """From anvil's own rich account, which it signs for; the receipt."""
    sender = node.call("eth_accounts")[0]
    sent = node.call("eth_sendTransaction", {"from": sender, "gas": hex(3_000_000), **call})
    node.call("anvil_mine", "0x1")
    receipt: dict[str, str] = node.call("eth_getTransactionReceipt", sent)
    return receipt


def _create(node: Node, one: Listed) -> bytes:
    arguments: tuple[str | int, ...] = ()
    if one.contract == "DemoToken":
        arguments = (f"Demo {one.symbol}", one.symbol, one.decimals)
    data = contracts.creation(one.contract, *arguments)
    return bytes.fromhex(_send(node, data="0x" + data.hex())["contractAddress"][2:])


def _give(node: Node, one: Listed, contract: bytes, account: str, units: int) -> None:
    amount = units * 10**one.decimals
    if not contract:
        node.call("anvil_setBalance", "0x" + account, hex(amount))
        return
    data = contracts.call("mint(address,uint256)", bytes.fromhex(account), amount)
    _send(node, to="0x" + contract.hex(), data="0x" + data.hex())


def ledger(text: str) -> bytes:
    """A decimal text at the ledger's scale."""
    whole, _, part = text.partition(".")
    return amount_bytes(int(whole + part.ljust(LEDGER, "0")))


def _terms(known: dict[str, int]) -> wire.DefineNetwork:
    assets = tuple(
        wire.NetworkAsset(
            known[one.symbol],
            one.decimals,
            ledger(one.minimum_deposit),
            ledger(one.fee),
            ledger(one.minimum),
            ledger(str(one.each)),
            min(one.decimals, LEDGER),
        )
        for one in ASSETS
    )
    gas = known["ETH"]
    return wire.DefineNetwork(NETWORK, CODE, CREDIT_AFTER, UNLOCK_AFTER, False, gas, assets)


def _funded(known: dict[str, int], salt: bytes) -> Iterator[wire.Funded]:
    """Two for each asset, by names of their own, so that saying it again changes nothing."""
    for number, one in enumerate(ASSETS):
        places = ((b"the first funding", wire.Tier.HOT, LANES * one.each),
                  (b"the cold wallet", wire.Tier.COLD, one.cold))  # fmt: skip
        for text, tier, units in places:
            name = transfer(salt, NETWORK, text, number)
            yield wire.Funded(NETWORK, name, known[one.symbol], tier, ledger(str(units)))


async def numbers(door: Door) -> dict[str, int]:
    """Each symbol's asset number."""
    catalog = Catalog()
    catalog.apply(await door.query(ListAssets()))
    return {symbol: asset.id for symbol, asset in catalog.asset_named.items()}
