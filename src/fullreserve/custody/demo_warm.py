"""The demo's warm tier: a Safe of three owners on its chain of accounts, of which two sign.

Play money, and one sealed file with everybody's keys: right for a demo alone. Hot begins with too
little of one asset and too much of another by the marks, so that a refill and a sweep are seen.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from fullreserve.custody import ceremony, demo_accounts, keyfile
from fullreserve.custody.addresses import account_of
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.demo_accounts import Accounts
from fullreserve.custody.demo_terms import funded
from fullreserve.custody.hd import Private
from fullreserve.custody.house import House
from fullreserve.custody.keys.gas import PAYER
from fullreserve.custody.keys.intent import Rule, TierPolicy
from fullreserve.custody.keys.key_file import FileDevice
from fullreserve.custody.keys.record import SAFE, Entry, Record, TierWallet
from fullreserve.custody.networks import Network
from fullreserve.custody.tiers import safe
from fullreserve.exchange.products.custody_wire import DEPOSITS, Tier
from fullreserve.exchange.products.tier_moves_wire import TIER_MOVES, ListMarks, Marks, SetMarks
from fullreserve.exchange.wire.commands import amount_bytes

OWNERS, THRESHOLD = ("ann", "bob", "cyd"), 2
SIGNER = "warm"
UNIT = 10**8
GAS = 10**21  # of who sends the Safe's transactions, in wei
GAS_LIMIT = 6_500_000  # of what puts a contract on the chain
LARGE = 10**30  # in a chain's units: the log's marks bound what moves


class Marked(NamedTuple):
    """Whole units; `warm` is what the Safe begins with."""

    low: int
    target: int
    cap: int
    most: int
    day_most: int
    warm: int


# Hot begins with 9,000 ETH, and with 15,000,000 of each dollar: see `demo_accounts`.
MARKED = {
    "ETH": Marked(9_500, 10_500, 20_000, 2_000, 10_000, 50_000),
    "USDC": Marked(3_000_000, 11_000_000, 14_000_000, 4_000_000, 20_000_000, 50_000_000),
    "USDT": Marked(3_000_000, 8_000_000, 30_000_000, 4_000_000, 20_000_000, 100_000_000),
}


def keys_file(data: Path) -> Path:
    """Where the owners' keys are, and that of who pays the gas."""
    return data / f"custody-{SIGNER}.keys"


def device(data: Path) -> FileDevice:
    """All of them; made when there are none."""
    path, word = keys_file(data), ceremony.passphrase(data, SIGNER)
    if not path.exists():
        keyfile.seal(path, {name: _fresh() for name in (*OWNERS, PAYER)}, word)
    kept = keyfile.unseal(path, word)
    return FileDevice(path, {name: Private(one[:32], one[32:]) for name, one in kept.items()})


def _fresh() -> bytes:
    made = Private.of_seed(os.urandom(32))
    return made.secret + made.code


def deployed(data: Path, network: Network, numbers: Mapping[str, int], chain: Accounts) -> Network:
    """The network with its warm Safe, put on the chain where an earlier start did not.

    safe.SafeMissing, NodeProblem.
    """
    if network.warm:
        return network
    record, key = Record.of(data), (network.network, "warm")
    if key not in record.state.wallets:
        # Noted last: what was not funded to the end is nobody's, and another one takes its place.
        made = _put(data, network, numbers, chain)
        record.append(Entry(0, 0, "ceremony", "", wallets=(made,)))
    place = bytes.fromhex(record.state.wallets[key].safe)
    return msgspec.structs.replace(network, warm=network.addresses().text(place))


def _put(data: Path, network: Network, numbers: Mapping[str, int], chain: Accounts) -> TierWallet:
    node, keys = Node(network.nodes[0]), device(data)
    owners = [account_of(keys.public(name)) for name in OWNERS]
    names = ("Safe", "SafeProxyFactory", safe.HANDLER)
    singleton, factory, handler = (_created(node, safe.creation_code(one)) for one in names)
    first, salt = safe.set_up(owners, THRESHOLD, handler), int.from_bytes(os.urandom(8), "big")
    call = safe.proxy(singleton, first, salt)
    demo_accounts.send(node, to="0x" + factory.hex(), data="0x" + call.hex(), gas=hex(GAS_LIMIT))
    made = safe.address(factory, singleton, first, salt)
    gas = "0x" + account_of(keys.public(PAYER)).hex()
    node.call("anvil_setBalance", gas, hex(GAS))
    for one in chain.assets:
        if one.symbol in MARKED:
            contract = bytes.fromhex(network.tokens.get(numbers[one.symbol], ""))
            demo_accounts.give(node, one, contract, made.hex(), MARKED[one.symbol].warm)
    return TierWallet(
        network.network, "warm", SAFE, THRESHOLD, OWNERS, chain_id=network.chain_id,
        safe=made.hex(), owners=dict(zip(OWNERS, (one.hex() for one in owners), strict=True)),
    )  # fmt: skip


def _created(node: Node, code: bytes) -> bytes:
    receipt = demo_accounts.send(node, data="0x" + code.hex(), gas=hex(GAS_LIMIT))
    return bytes.fromhex(receipt["contractAddress"][2:])


async def told(house: House, network: Network, numbers: Mapping[str, int], salt: bytes) -> None:
    """What the log has to know of it: coins, and marks where an asset has none."""
    known: list[Marks] = await house.ask(TIER_MOVES, ListMarks())
    marked = {one.asset for one in known if one.network == network.network}
    for place, (symbol, one) in enumerate(MARKED.items()):
        asset, of = numbers[symbol], network.network
        tier, held = Tier.WARM, one.warm * UNIT
        await house.report(DEPOSITS, funded(of, salt, b"the warm Safe", place, asset, tier, held))
        if asset not in marked:
            await house.report(TIER_MOVES, SetMarks(_marks(of, asset, one)))


def _marks(network: int, asset: int, one: Marked) -> Marks:
    low, target, cap, most, day_most = (amount_bytes(units * UNIT) for units in one[:5])
    return Marks(network, asset, low, target, cap, amount_bytes(UNIT), most, day_most)


def policy_of(network: Network, owners: Mapping[str, str], assets: Sequence[int]) -> TierPolicy:
    """What each owner's signer goes by: the Safe pays hot's lanes, as the log has decided."""
    rules = tuple(
        Rule(
            network.network, "warm", "hot", asset, bytes.fromhex(lane), LARGE, LARGE, 0,
            bytes.fromhex(network.tokens.get(asset, "")), standing=True,
        )
        for asset in assets
        for lane in network.lanes
    )  # fmt: skip
    return TierPolicy(1, 2, dict(owners), rules)
