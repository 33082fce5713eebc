"""`fullreserve wallet`: the wallet outside the demo, to pay in and to see what came out."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fullreserve.clock import SystemClock
from fullreserve.config import Settings
from fullreserve.custody import contracts, networks
from fullreserve.custody.bech32 import BadAddress
from fullreserve.custody.chains.adapter import HotShort, Payment, Plan
from fullreserve.custody.chains.rpc import Node, NodeGarbage, NodeProblem
from fullreserve.custody.demo_scripts import OUTSIDE
from fullreserve.custody.house import House
from fullreserve.custody.networks import Network
from fullreserve.door.protocol import Unavailable
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.exchange.catalog import Catalog
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.deposit_state import ListNetworks, NetworkState
from fullreserve.exchange.wire.queries import ListAssets
from fullreserve.simulation.outside import WALLET, address_on

if TYPE_CHECKING:  # read where it is needed alone, as it takes a while
    from fullreserve.custody.chains.utxo import UtxoChain

DONE, FAILED = 0, 1
GAS = hex(300_000)
READS_ONLY = 0


class CannotPay(ValueError):
    """What was asked for cannot be done; the message says why."""


class Coin(NamedTuple):
    """A currency on a chain of the demo."""

    name: str  # "USDT-ERC20"
    network: Network
    asset: int
    decimals: int


def send(settings: Settings, chain: str, amount: str, address: str) -> int:
    """Pay from the wallet to an address on a chain of the demo."""
    try:
        coin = _coin(settings.data, chain)
        sys.stdout.write(_paid(coin, _units(coin, amount), address) + "\n")
    except (CannotPay, BadAddress, NodeProblem, Unavailable, OSError) as problem:
        sys.stderr.write(f"fullreserve: {problem}\n")
        return FAILED
    return DONE


def show(settings: Settings) -> int:
    """Print the wallet's addresses and what it holds."""
    try:
        for coin in asyncio.run(_coins(settings.data)):
            held = Decimal(_held(coin)).scaleb(-coin.decimals)
            line = f"{coin.name:<14} {address_on(coin.network):<66} {held.normalize():f}"
            sys.stdout.write(line + "\n")
    except (NodeProblem, Unavailable, OSError) as problem:
        sys.stderr.write(f"fullreserve: {problem}\n")
        return FAILED
    return DONE


def _coin(data: Path, chain: str) -> Coin:
    found = asyncio.run(_coins(data))
    for one in found:
        if one.name == chain:
            return one
    raise CannotPay(f"{chain} is none of {', '.join(one.name for one in found)}")


async def _coins(data: Path) -> list[Coin]:
    door = await SocketDoor.open(data / SOCKET_NAME, READS_ONLY, SystemClock())
    try:
        catalog = Catalog()
        catalog.apply(await door.query(ListAssets()))
        states: list[NetworkState] = await House(door).ask(wire.DEPOSITS, ListNetworks())
    finally:
        await door.close()
    served = {one.network: one for one in networks.served(data)}
    return list(_named(states, served, catalog))


def _named(
    states: list[NetworkState], served: dict[int, Network], catalog: Catalog
) -> Iterator[Coin]:
    for state in states:
        network = served.get(state.terms.network)
        for one in state.terms.assets if network is not None else ():
            assert network is not None
            name = f"{catalog.assets[one.asset].symbol}-{state.terms.code}"
            yield Coin(name, network, one.asset, one.decimals)


def _units(coin: Coin, amount: str) -> int:
    try:
        units = Decimal(amount).scaleb(coin.decimals)
    except InvalidOperation:
        raise CannotPay(f"{amount!r} is no amount") from None
    if not units.is_finite() or units <= 0 or units != int(units):
        raise CannotPay(f"an amount is above 0 and has at most {coin.decimals} decimals")
    return int(units)


def _paid(coin: Coin, units: int, address: str) -> str:
    text, _, memo = address.partition(":")
    try:
        place = coin.network.addresses().read(text)
    except BadAddress as problem:
        raise CannotPay(f"{text!r} is no address of {coin.name}: {problem}") from None
    if coin.network.is_script:
        return _paid_in_outputs(coin, units, place)
    node, to = Node(coin.network.nodes[0]), "0x" + place.hex()
    rich, wallet = node.call("eth_accounts")[:2]
    if coin.asset == coin.network.coin:
        data = "0x" + memo.encode("ascii").hex()
        return _sent(node, {"from": wallet, "to": to, "value": hex(units), "data": data})
    token = "0x" + coin.network.tokens[coin.asset]
    mint = contracts.call("mint(address,uint256)", bytes.fromhex(wallet[2:]), units)
    _sent(node, {"from": rich, "to": token, "data": "0x" + mint.hex()})
    node.call("anvil_mine", "0x1")
    data = "0x" + contracts.call("transfer(address,uint256)", place, units).hex()
    return _sent(node, {"from": wallet, "to": token, "data": data})


def _sent(node: Node, call: dict[str, str]) -> str:
    return str(node.call("eth_sendTransaction", {"gas": GAS, **call}))


def _paid_in_outputs(coin: Coin, units: int, place: bytes) -> str:
    from fullreserve.custody.chains.utxo_transaction import completed
    from fullreserve.custody.signing import UtxoPolicy

    chain = _wallet(coin.network)
    payment = Payment(0, coin.asset, units, place)
    try:
        plan: Plan = chain.plan([payment], [])
    except HotShort:
        why = "the wallet holds less than that and the fee; `fullreserve wallet show` says how much"
        raise CannotPay(why) from None
    policy = UtxoPolicy(chain.addresses, chain.terms.rate_cap, 1, 1, OUTSIDE)
    attempt = completed([policy.sign(plan, [payment], chain.previous(plan))])
    chain.broadcast(attempt)
    return attempt.txid.hex()


def _wallet(network: Network) -> UtxoChain:
    """The wallet's own view of a chain, with its coins."""
    from fullreserve.custody.addresses import UtxoAddresses
    from fullreserve.custody.chains import utxo, utxo_reading
    from fullreserve.custody.coins import Coins
    from fullreserve.custody.store import Store

    of = UtxoAddresses([OUTSIDE.public()], 1, network.hrp)
    genesis = bytes.fromhex(network.genesis)
    terms = utxo_reading.Terms(network.network, network.coin, genesis, keys=1, threshold=1)
    chain = utxo.UtxoChain(Node(network.nodes[0]), of, terms)
    chain.know(1)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "coins")
        asyncio.run(Coins(chain, store, network.terms).follow())
        store.close()
    return chain


def _held_in_outputs(coin: Coin) -> int:
    while True:
        chain = _wallet(coin.network)
        place = chain.addresses.place(0)
        try:
            return int(chain.balances([place], chain.tip())[place, coin.asset])
        except NodeGarbage:
            continue  # a block came meanwhile


def _held(coin: Coin) -> int:
    network = coin.network
    if network.is_script:
        return _held_in_outputs(coin)
    node = Node(network.nodes[0])
    if coin.asset == network.coin:
        return int(node.call("eth_getBalance", WALLET, "latest"), 16)
    data = contracts.call("balanceOf(address)", bytes.fromhex(WALLET[2:]))
    call = {"to": "0x" + network.tokens[coin.asset], "data": "0x" + data.hex()}
    return int(node.call("eth_call", call, "latest"), 16)
