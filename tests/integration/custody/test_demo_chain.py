"""Goal: the demo's chain holds what the ledger says; its absence is said. Method: anvil itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from fullreserve.clock import SystemClock
from fullreserve.custody import contracts, networks, nodes
from fullreserve.custody.ceremony import LANES
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.demo import DemoChains, NoChain
from fullreserve.custody.demo_accounts import ERC20
from fullreserve.custody.house import WATCHER_GATEWAY
from fullreserve.door.local import LocalDoor
from fullreserve.exchange import chart
from fullreserve.exchange.products.deposits import Deposits
from fullreserve.exchange.products.withdrawals import Withdrawals
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.exchange.wire.queries import ListBalances
from tests.bed import Bed


async def hot(door: LocalDoor) -> dict[int, int]:
    """What the ledger says lies in hot wallets, in whole units; assets are debits."""
    states = await door.query(ListBalances(chart.HOUSE))
    return {
        one.asset: abs(amount_int(one.balance)) // 10**8
        for one in states
        if one.kind == chart.CHAIN_HOT
    }


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


async def test_the_hot_wallets_hold_what_the_ledger_says_also_after_a_restart(
    tmp_path: Path,
) -> None:
    """Criterion: CHAINS-DEMO-1."""
    bed = await Bed.open(tmp_path, folds=(Deposits(), Withdrawals()))
    door = await LocalDoor.open(bed.sequencer, WATCHER_GATEWAY)
    for _ in range(2):
        chain = await DemoChains.open(tmp_path, door, SystemClock())
        try:
            assert on_chain(tmp_path) == await hot(door)
            assert sorted(on_chain(tmp_path).values()) == sorted(LANES * one.each for one in ERC20)
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
