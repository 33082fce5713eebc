"""Goal: the demo's chain holds what the ledger says; its absence is said. Method: anvil itself."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from fullreserve.clock import SystemClock
from fullreserve.custody import (
    ceremony,
    contracts,
    demo,
    demo_chain,
    demo_people,
    demo_safes,
    holders,
    keyfile,
    networks,
    nodes,
    signing,
)
from fullreserve.custody.ceremony import LANES
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.demo import DemoChains, NoChain
from fullreserve.custody.demo_accounts import ERC20
from fullreserve.custody.demo_marks import MARKED
from fullreserve.custody.demo_people import COLD, WARM
from fullreserve.custody.demo_terms import NETWORK
from fullreserve.custody.house import WATCHER_GATEWAY, House
from fullreserve.custody.keys.record import Record
from fullreserve.custody.tiers.safe import SafeView
from fullreserve.door.local import LocalDoor
from fullreserve.exchange import chart
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.deposit_state import ListNetworks
from fullreserve.exchange.products.deposits import Deposits
from fullreserve.exchange.products.registry import products
from fullreserve.exchange.products.tier_moves_wire import TIER_MOVES, ListMarks
from fullreserve.exchange.products.withdrawals import Withdrawals
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.exchange.wire.queries import ListAssets, ListBalances
from tests.bed import Bed

pytestmark = pytest.mark.usefixtures("cheap_passphrases")

ALONE = b"\x63" * 20
LISTED = 99


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


async def people_hold_what_the_ledger_says(data: Path, door: LocalDoor) -> None:
    """A warm and a cold Safe, of as many as it takes, with the coins that the ledger has there."""
    (network,) = networks.load(data)
    wallets, chain = Record.of(data).state.wallets, network.chains()[0]
    for people, kind in ((WARM, chart.CHAIN_WARM), (COLD, chart.CHAIN_COLD)):
        tier = wallets[network.network, people.tier]
        place = bytes.fromhex(tier.safe)
        view = SafeView(Node(network.nodes[0]), place)
        assert (view.threshold(), len(view.owners())) == (people.threshold, len(people.holders))
        held = chain.balances([place], chain.tip())
        is_old = bool(network.cold)
        begun = [one.held(people.tier, is_old=is_old) for one in ERC20]
        found = [
            amount // 10 ** network.decimals[asset] for (_, asset), amount in held.items() if amount
        ]
        assert sorted(found) == sorted(filter(None, begun))
        alone = sum(one.cold for one in ERC20) if people is COLD and is_old else 0
        ledger = sum((await hot(door, kind)).values())
        assert ledger == sum(begun) + alone
    assert network.warm == network.addresses().text(
        bytes.fromhex(wallets[network.network, "warm"].safe)
    )
    marks = await House(door).ask(TIER_MOVES, ListMarks())
    assert len(marks) == len(MARKED[NETWORK])


def no_signer_has_cold(data: Path) -> None:
    """Nothing that lies cold is under a key of who is online to pay."""
    (network,) = networks.load(data)
    assert not network.cold
    for name in ceremony.SIGNERS:
        secrets = keyfile.unseal(ceremony.keys_file(data, name), ceremony.passphrase(data, name))
        assert signing.COLD not in secrets


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
            await people_hold_what_the_ledger_says(tmp_path, door)
            assert chain.has_people
            no_signer_has_cold(tmp_path)
        finally:
            chain.close()
    await bed.close()


async def test_a_folder_from_before_is_given_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its warm Safe a fourth owner, its cold a Safe. Criterion: CHAINS-DEMO-5."""
    bed = await Bed.open(tmp_path, folds=products())
    door = await LocalDoor.open(bed.sequencer, WATCHER_GATEWAY)
    old = (WARM._replace(holders=WARM.holders[:3]),)
    with monkeypatch.context() as earlier:
        for module in (demo_people, demo_safes):
            earlier.setattr(module, "TIERS", old)
        chain = await DemoChains.open(tmp_path, door, SystemClock())
        (before,) = Record.of(tmp_path).state.wallets.values()
        chain.close()
    assert len(before.owners) == 3
    for _ in range(2):
        chain = await DemoChains.open(tmp_path, door, SystemClock())
        try:
            await people_hold_what_the_ledger_says(tmp_path, door)
        finally:
            chain.close()
        after = Record.of(tmp_path).state.wallets[NETWORK, "warm"]
        assert (after.safe, len(after.owners)) == (before.safe, 4)
    await bed.close()


async def test_a_cold_account_of_before_stays_and_nothing_is_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its key is a signer's. What lies there is counted; people's Safe gets what it got then.

    Criterion: CHAINS-DEMO-7
    """
    bed = await Bed.open(tmp_path, folds=products())
    door = await LocalDoor.open(bed.sequencer, WATCHER_GATEWAY)
    with monkeypatch.context() as earlier:
        for module in (demo_people, demo_safes):
            earlier.setattr(module, "TIERS", (WARM,))
        chain = await DemoChains.open(tmp_path, door, SystemClock())
    (network,) = networks.load(tmp_path)
    node = Node(network.nodes[0])
    numbers = {one.symbol: one.asset for one in await door.query(ListAssets())}
    for one in ERC20:
        contract = bytes.fromhex(network.tokens.get(numbers[one.symbol], ""))
        demo_chain.give(node, one, contract, ALONE.hex(), one.cold)
    chain.close()
    networks.keep(tmp_path, [msgspec.structs.replace(network, cold=ALONE.hex())])
    for _ in range(2):
        chain = await DemoChains.open(tmp_path, door, SystemClock())
        try:
            (network,) = networks.load(tmp_path)
            assert network.cold == ALONE.hex()
            await people_hold_what_the_ledger_says(tmp_path, door)
            of = network.chains()[0]
            held = of.balances([ALONE], of.tip())
            whole = [held[ALONE, asset] // 10**n for asset, n in network.decimals.items()]
            assert sorted(whole) == sorted(one.cold for one in ERC20)
        finally:
            chain.close()
    await bed.close()


@pytest.mark.parametrize(("which", "gone"), [("anvil", "two"), ("litecoin", "three")])
async def test_a_signer_whose_file_is_gone_changes_no_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str, gone: str
) -> None:
    """Criterion: CHAINS-DEMO-8. The next start says who is missing; the others are started."""
    monkeypatch.setitem(demo.CHAINS, "litecoin", (demo.LTC,))
    bed = await Bed.open(tmp_path, folds=products())
    door = await LocalDoor.open(bed.sequencer, WATCHER_GATEWAY)
    chain = await DemoChains.open(tmp_path, door, SystemClock(), which)
    (before,), told, count = networks.load(tmp_path), holders.load(tmp_path), len(chain.signers)
    chain.close()
    ceremony.keys_file(tmp_path, gone).rename(tmp_path / "elsewhere")
    chain = await DemoChains.open(tmp_path, door, SystemClock(), which)
    try:
        (after,) = networks.load(tmp_path)
        assert after == msgspec.structs.replace(before, nodes=after.nodes)
        assert holders.load(tmp_path) == told
        assert not ceremony.keys_file(tmp_path, gone).exists()
        assert len(chain.signers) == count - 1
        assert any(f"Signer {gone} is missing" in one for one in chain.said)
    finally:
        chain.close()
        await bed.close()


async def test_what_an_operator_has_written_stays(tmp_path: Path) -> None:
    """Criterion: CHAINS-DEMO-8. Other signers, as `rotate-hot` names them, and their keys; lanes
    that were left, also where the key of one is gone; budgets.
    """
    bed = await Bed.open(tmp_path, folds=products())
    door = await LocalDoor.open(bed.sequencer, WATCHER_GATEWAY)
    (await DemoChains.open(tmp_path, door, SystemClock())).close()
    (network,), (hot, *others) = networks.load(tmp_path), holders.load(tmp_path)
    first, second = hot.holders
    dan = msgspec.structs.replace(second, signer="signer-dan.sock", key=first.key)
    (gone, *lanes), signers = network.lanes, (network.signers[0], dan.signer)
    named = msgspec.structs.replace(
        network, signers=signers, lanes=(*lanes, "ab" * 20), left=(gone,),
        fee_budget=5, payment_budget=7, sweep_worth=11,
    )  # fmt: skip
    networks.keep(tmp_path, [named])
    for name in ceremony.SIGNERS[:2]:
        path, phrase = ceremony.keys_file(tmp_path, name), ceremony.passphrase(tmp_path, name)
        secrets = keyfile.unseal(path, phrase)
        path.unlink()
        keyfile.seal(path, {one: key for one, key in secrets.items() if one != "lane-0"}, phrase)
    wanted = [msgspec.structs.replace(hot, holders=(first, dan)), *others]
    holders.keep(tmp_path, wanted)
    chain = await DemoChains.open(tmp_path, door, SystemClock())
    try:
        (after,) = networks.load(tmp_path)
        assert msgspec.structs.replace(after, nodes=named.nodes) == named
        assert holders.load(tmp_path) == wanted
    finally:
        chain.close()
        await bed.close()


async def test_what_an_operator_has_listed_stays(tmp_path: Path) -> None:
    """Criterion: CHAINS-DEMO-10. In file and log; and a network of the operator's own."""
    bed = await Bed.open(tmp_path, folds=products())
    door = await LocalDoor.open(bed.sequencer, WATCHER_GATEWAY)
    (await DemoChains.open(tmp_path, door, SystemClock())).close()
    house, (network,) = House(door), networks.load(tmp_path)
    fees = network.fees | {LISTED: networks.FeeBounds(1, 20)}
    named = msgspec.structs.replace(
        network, decimals=network.decimals | {LISTED: 12},
        tokens=network.tokens | {LISTED: "ab" * 20}, fees=fees,
    )  # fmt: skip
    own = msgspec.structs.replace(network, network=7, code="OWN", nodes=("http://127.0.0.1:1",))
    networks.keep(tmp_path, [named, own])
    terms = await terms_of(house)
    line = msgspec.structs.replace(terms.assets[-1], asset=LISTED, decimals=12)
    listed = msgspec.structs.replace(terms, credit_after=3, assets=(line, *terms.assets))
    assert await house.report(wire.DEPOSITS, listed) == [0]
    chain = await DemoChains.open(tmp_path, door, SystemClock())
    try:
        after, other = networks.load(tmp_path)
        assert msgspec.structs.replace(after, nodes=named.nodes) == named
        assert other == own
        kept = await terms_of(house)
        assert kept == msgspec.structs.replace(terms, assets=(*terms.assets, line))
    finally:
        chain.close()
        await bed.close()


async def terms_of(house: House) -> wire.DefineNetwork:
    """What the log knows of the demo's chain."""
    (found,) = await house.ask(wire.DEPOSITS, ListNetworks())
    terms: wire.DefineNetwork = found.terms
    return terms


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
