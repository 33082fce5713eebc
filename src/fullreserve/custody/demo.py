"""The demo's chain: anvil with the demo's assets on it, and the house's hot wallets funded there.

What it mines is play money. Keys are made at the first start, sealed under a passphrase that lies
beside them: whoever can read the data folder can spend them, which is right for a demo alone.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import NamedTuple

import msgspec
from coincurve import PrivateKey

from fullreserve.clock import Clock
from fullreserve.custody import contracts, keyfile, networks, nodes
from fullreserve.custody.addresses import account_of
from fullreserve.custody.chains.rpc import Node, NodeProblem
from fullreserve.custody.hd import HARDENED, Private
from fullreserve.custody.house import House
from fullreserve.custody.networks import Branch, Network
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
LANES = 3
LEDGER = 8

KEYS, PASSPHRASE, STATE = "custody-demo.keys", "custody-demo.passphrase", "anvil-state.json"


class Listed(NamedTuple):
    """An asset on the demo's chain. `each` is what every lane is given, in whole units."""

    symbol: str
    contract: str  # empty: the chain's own coin
    decimals: int
    each: int
    minimum_deposit: str
    fee: str
    minimum: str


ASSETS = (
    Listed("ETH", "", 18, 3_000, "0.001", "0.0005", "0.002"),
    Listed("USDT", "DemoUSDT", 6, 5_000_000, "1", "1", "2"),
    Listed("USDC", "DemoToken", 6, 5_000_000, "1", "1", "2"),
    Listed("XRP", "DemoToken", 18, 5_000_000, "1", "0.2", "2"),
    Listed("SOL", "DemoToken", 18, 50_000, "0.01", "0.01", "0.02"),
    Listed("FRT", "DemoToken", 18, 1_000_000, "1", "1", "2"),
)


class NoChain(RuntimeError):
    """The demo's chain cannot be had; the message says why."""


class DemoChain:
    """The running chain; `said` is a line for who starts the demo."""

    def __init__(self, process: nodes.NodeProcess) -> None:
        self._process = process
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
            await chain._prepare(data, House(door), await _numbers(door))
        except NodeProblem as problem:
            chain.close()
            raise NoChain(str(problem)) from problem
        return chain

    def close(self) -> None:
        """Ends it; it remembers its blocks."""
        self._process.stop()

    async def _prepare(self, data: Path, house: House, numbers: dict[str, int]) -> None:
        known = [one for one in networks.load(data) if one.network == NETWORK]
        root = await asyncio.to_thread(_root, data)
        if known:
            network = msgspec.structs.replace(known[0], nodes=(self._process.url,))
        else:
            network = await asyncio.to_thread(self._deploy, root, numbers)
        others = [one for one in networks.load(data) if one.network != NETWORK]
        networks.keep(data, [network, *others])
        await house.report(wire.DEPOSITS, _terms(numbers))
        await house.report(wire.DEPOSITS, *_funded(network, numbers, salt_of(data)))

    def _deploy(self, root: Private, numbers: dict[str, int]) -> Network:
        node = Node(self._process.url)
        lanes = [account_of(_lane(root, n).public_key.format()) for n in range(LANES)]
        tokens: dict[int, str] = {}
        for one in ASSETS:
            contract = _create(node, one) if one.contract else b""
            if contract:
                tokens[numbers[one.symbol]] = contract.hex()
            for lane in lanes:
                _give(node, one, contract, lane)
        branch = _deposits(root).public()
        return Network(
            network=NETWORK,
            kind="evm",
            nodes=(self._process.url,),
            branches=(Branch(branch.key.hex(), branch.code.hex()),),
            decimals={numbers[one.symbol]: one.decimals for one in ASSETS},
            coin=numbers["ETH"],
            credit_after=CREDIT_AFTER,
            unlock_after=UNLOCK_AFTER,
            chain_id=CHAIN_ID,
            tokens=tokens,
            lanes=tuple(lane.hex() for lane in lanes),
        )


def _deposits(root: Private) -> Private:
    """Users' addresses: m/44'/60'/0'/0 (BIP 44)."""
    return root.at(44 + HARDENED, 60 + HARDENED, HARDENED, 0)


def _lane(root: Private, number: int) -> PrivateKey:
    """Hot wallets are of an account of their own, which deposits' branch says nothing of."""
    return PrivateKey(root.at(44 + HARDENED, 60 + HARDENED, 1 + HARDENED, 0, number).secret)


def _root(data: Path) -> Private:
    """The demo's seed, made and sealed at the first start."""
    keys, word = data / KEYS, data / PASSPHRASE
    if not keys.exists():
        descriptor = os.open(word, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(os.urandom(24).hex().encode())
        keyfile.seal(keys, {"seed": os.urandom(32)}, word.read_bytes())
    return Private.of_seed(keyfile.unseal(keys, word.read_bytes())["seed"])


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


def _give(node: Node, one: Listed, contract: bytes, lane: bytes) -> None:
    amount = one.each * 10**one.decimals
    if not contract:
        node.call("anvil_setBalance", "0x" + lane.hex(), hex(amount))
        return
    data = contracts.call("mint(address,uint256)", lane, amount)
    _send(node, to="0x" + contract.hex(), data="0x" + data.hex())


def _ledger(text: str) -> bytes:
    whole, _, part = text.partition(".")
    return amount_bytes(int(whole + part.ljust(LEDGER, "0")))


def _terms(numbers: dict[str, int]) -> wire.DefineNetwork:
    assets = tuple(
        wire.NetworkAsset(
            numbers[one.symbol],
            one.decimals,
            _ledger(one.minimum_deposit),
            _ledger(one.fee),
            _ledger(one.minimum),
            _ledger(str(one.each)),
            min(one.decimals, LEDGER),
        )
        for one in ASSETS
    )
    gas = numbers["ETH"]
    return wire.DefineNetwork(NETWORK, CODE, CREDIT_AFTER, UNLOCK_AFTER, False, gas, assets)


def _funded(network: Network, numbers: dict[str, int], salt: bytes) -> list[wire.Funded]:
    """One for each asset, by a name of its own, so that saying it again changes nothing."""
    return [
        wire.Funded(
            network.network,
            transfer(salt, network.network, b"the first funding", number),
            numbers[one.symbol],
            wire.Tier.HOT,
            _ledger(str(LANES * one.each)),
        )
        for number, one in enumerate(ASSETS)
    ]


async def _numbers(door: Door) -> dict[str, int]:
    """Each symbol's asset number."""
    catalog = Catalog()
    catalog.apply(await door.query(ListAssets()))
    return {symbol: asset.id for symbol, asset in catalog.asset_named.items()}
