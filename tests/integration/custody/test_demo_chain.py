"""Goal: the demo's chain holds what the ledger says; its absence is said. Method: anvil itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from fullreserve.clock import SystemClock
from fullreserve.custody import contracts, demo_warm, networks, nodes
from fullreserve.custody.ceremony import LANES
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.demo import DemoChains, NoChain
from fullreserve.custody.demo_accounts import ERC20
from fullreserve.custody.house import WATCHER_GATEWAY, House
from fullreserve.custody.keys.record import Record
from fullreserve.custody.tiers.safe import SafeView
from fullreserve.door.local import LocalDoor
from fullreserve.exchange import chart
from fullreserve.exchange.products.deposits import Deposits
from fullreserve.exchange.products.registry import products
from fullreserve.exchange.products.tier_moves_wire import TIER_MOVES, ListMarks
from fullreserve.exchange.products.withdrawals import Withdrawals
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.exchange.wire.queries import ListBalances
from tests.bed import Bed


async def hot(door: LocalDoor, kind: int = chart.CHAIN_HOT) -> dict[int, int]:
    """What the ledger says lies in hot wallets, in whole units; assets are debits."""
    states = await door.query(ListBalances(chart.HOUSE))
    return {one.asset: abs(amount_int(one.balance)) // 10**8 for one in states if one.kind == kind}


def on_chain(data: Path) -> dict[int, int]:
    """What the chain says of the lanes together, in whole units."""
    (network,) = networks.load(data)
    node, held = Node(network.nodes[0]), dict.fromkeys(network.decimals, 0)
    for lane in network.lanes:
        held[network.coin] += int(node.call("eth_getBalance", "0x" + lane, "latest"), 16)
        asked = contracts.call("balanceOf(address)", bytes.fromhex(lane))
        for asset, contract in network.tokens.items():
            call = {"to": "0x" + contract, "data": "0x" + asked.hex()}
            held[asset] += int(node.call("eth_call", call, "latest"), 16)
    return {asset: held[asset] // 10**digits for asset, digits in network.decimals.items()}


async def warm_is_what_the_ledger_says(data: Path, door: LocalDoor) -> None:
    """One Safe, of two in three, with the coins that its marks' assets begin with."""
    (network,) = networks.load(data)
    (entry,) = Record.of(data).entries
    (tier,) = entry.wallets
    safe = network.addresses().read(network.warm)
    node = Node(network.nodes[0])
    view = SafeView(node, safe)
    assert (view.threshold(), len(view.owners())) == (demo_warm.THRESHOLD, len(demo_warm.OWNERS))
    assert tier.safe == safe.hex()
    held = network.chains()[0].balances([safe], network.chains()[0].tip())
    begun = {one.warm for one in demo_warm.MARKED.values()}
    chain = {held[safe, asset] // 10 ** network.decimals[asset] for asset in network.decimals}
    assert chain == begun | {0}
    assert set((await hot(door, chart.CHAIN_WARM)).values()) == begun
    marks = await House(door).ask(TIER_MOVES, ListMarks())
    assert len(marks) == len(begun)


async def test_the_hot_wallets_hold_what_the_ledger_says_also_after_a_restart(
    tmp_path: Path,
) -> None:
    """Criterion: CHAINS-DEMO-1. And the warm Safe. Criterion: CHAINS-DEMO-4."""
    bed = await Bed.open(tmp_path, folds=products())
    door = await LocalDoor.open(bed.sequencer, WATCHER_GATEWAY)
    for _ in range(2):
        chain = await DemoChains.open(tmp_path, door, SystemClock())
        try:
            assert on_chain(tmp_path) == await hot(door)
            assert sorted(on_chain(tmp_path).values()) == sorted(LANES * one.each for one in ERC20)
            await warm_is_what_the_ledger_says(tmp_path, door)
            assert chain.has_warm
        finally:
            chain.close()
    await bed.close()


async def test_without_anvil_the_demo_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: CHAINS-DEMO-2."""
    monkeypatch.setattr(nodes, "_REPOSITORY", tmp_path)
    monkeypatch.setenv("PATH", "")
    bed = await Bed.open(tmp_path, folds=(Deposits(), Withdrawals()))
    door = await LocalDoor.open(bed.sequencer, WATCHER_GATEWAY)
    with pytest.raises(NoChain, match="npm ci"):
        await DemoChains.open(tmp_path, door, SystemClock())
    assert networks.load(tmp_path) == []
    await bed.close()
