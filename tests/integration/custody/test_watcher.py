"""Goal: what happens on a chain is what the ledger says. Method: a real chain, a real exchange with
the fold of deposits, and the watcher between them, killed at its weakest moment too."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fullreserve.custody import keyfile, networks
from fullreserve.custody.chains.evm import EvmChain
from fullreserve.custody.chains.health import State
from fullreserve.custody.house import WATCHER_GATEWAY, House
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.store import Store
from fullreserve.custody.units import Scale
from fullreserve.custody.watcher import Watcher
from fullreserve.door.local import LocalDoor
from fullreserve.exchange import chart
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.deposit_state import (
    EDITION,
    Deposit,
    GetAddress,
    ListDeposits,
)
from fullreserve.exchange.products.deposits import Deposits
from fullreserve.exchange.wire.commands import (
    AccountKey,
    Product,
    Side,
    Transfer,
    amount_bytes,
    amount_int,
)
from fullreserve.exchange.wire.queries import ListBalances, ListOpenOrders
from tests.bed import ALICE, Bed, place, submit
from tests.integration.custody.outsiders import TOKEN, EvmBed

NETWORK, ETH = 1, 2
CREDIT, UNLOCK = 2, 3
SALT = b"s" * 32
PAID = 1_234_567  # of 6 decimals


@pytest.fixture(scope="module")
def chain() -> Iterator[EvmBed]:
    made = EvmBed(31_341, TOKEN)
    yield made
    made.close()


@pytest.fixture
def network(chain: EvmBed) -> Network:
    branch = chain._root
    return Network(
        network=NETWORK,
        kind="evm",
        nodes=(chain.url,),
        branches=(Branch(branch.key.hex(), branch.code.hex()),),
        decimals={ETH: 18, TOKEN: 6},
        coin=ETH,
        credit_after=CREDIT,
        unlock_after=UNLOCK,
        chain_id=31_341,
        tokens={TOKEN: chain.token.hex()},
    )


class World:
    """An exchange, and what a test asks of it."""

    def __init__(self, bed: Bed, house: House, folder: Path) -> None:
        self.bed = bed
        self.house = house
        self.path = folder / "store.sqlite"

    async def define(self) -> int:
        """Terms of the network; Alice's address index."""
        nothing = amount_bytes(0)
        assets = tuple(
            wire.NetworkAsset(asset, digits, nothing, nothing, nothing, nothing, 6)
            for asset, digits in ((ETH, 18), (TOKEN, 6))
        )
        terms = wire.DefineNetwork(NETWORK, "ERC20", CREDIT, UNLOCK, False, ETH, assets)
        assert await self.house.report(wire.DEPOSITS, terms) == [0]
        asked = wire.encode_payload(wire.AssignAddress(NETWORK))
        door = self.house._door
        number = door.numbers(1)
        command = Product(door.gateway, number, wire.DEPOSITS, ALICE, asked)
        await submit(door, [command])
        index: int = await self.house.ask(wire.DEPOSITS, GetAddress(NETWORK, ALICE))
        return index

    async def deposits(self) -> list[Deposit]:
        found: list[Deposit] = await self.house.ask(wire.DEPOSITS, ListDeposits(ALICE, 0, 10))
        return found

    async def funded(self) -> int:
        states = await self.house._door.query(ListBalances(ALICE))
        held = [one for one in states if (one.kind, one.asset) == (chart.FUND, TOKEN)]
        return sum(amount_int(one.balance) for one in held)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    bed = await Bed.open(tmp_path, folds=(Deposits(),))
    door = await LocalDoor.open(bed.sequencer, WATCHER_GATEWAY)
    yield World(bed, House(door), tmp_path)
    await bed.close()


async def test_a_deposit_comes_into_the_ledger_and_can_be_withdrawn_later(
    chain: EvmBed, network: Network, world: World
) -> None:
    """Criterion: CHAINS-WATCHER-1."""
    index, store = await world.define(), Store(world.path)
    watcher = Watcher(network, store, world.house, SALT)
    await watcher.round()
    chain.pay(index, PAID)
    chain.mine()
    await watcher.round()
    assert [(one.state, one.value) for one in await world.deposits()] == [(0, PAID * 100)]
    assert await world.funded() == 0
    chain.mine()
    await watcher.round()
    assert [one.state for one in await world.deposits()] == [1]
    assert await world.funded() == PAID * 100
    chain.mine()
    await watcher.round()
    assert [one.state for one in await world.deposits()] == [2]
    store.close()


async def test_killed_before_its_cursor_is_kept_it_credits_once(
    chain: EvmBed, network: Network, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: CHAINS-WATCHER-2."""
    index, store = await world.define(), Store(world.path)
    await Watcher(network, store, world.house, SALT).round()
    chain.pay(index, PAID)
    chain.mine(3)

    def dies(network: int, data: bytes) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "keep_cursor", dies)
    with pytest.raises(KeyboardInterrupt):
        await Watcher(network, store, world.house, SALT).round()
    store.close()
    assert await world.funded() == PAID * 100
    again = Store(world.path)
    await Watcher(network, again, world.house, SALT).round()
    assert await world.funded() == PAID * 100
    assert len(await world.deposits()) == 1
    again.close()


async def test_a_watcher_that_lost_its_store_misses_nothing(
    chain: EvmBed, network: Network, world: World
) -> None:
    """Criterion: CHAINS-WATCHER-2."""
    index, store = await world.define(), Store(world.path)
    await Watcher(network, store, world.house, SALT).round()
    chain.pay(index, 3)
    chain.mine()
    await Watcher(network, store, world.house, SALT).round()
    store.close()
    chain.pay(index, 5)
    chain.mine(3)
    empty = Store(world.path.with_name("another.sqlite"))
    await Watcher(network, empty, world.house, SALT).round()
    # The chain has older blocks, of other tests, with deposits to the same address.
    found = [(one.value, one.state) for one in await world.deposits() if one.value < PAID]
    assert sorted(found) == [(300, 2), (500, 2)]
    empty.close()


async def test_a_deposit_that_a_reorganisation_took_is_taken_back(
    chain: EvmBed, network: Network, world: World
) -> None:
    """Criterion: CHAINS-WATCHER-1."""
    index, store = await world.define(), Store(world.path)
    watcher = Watcher(network, store, world.house, SALT)
    await watcher.round()
    chain.pay(index, PAID)
    chain.mine(2)
    await watcher.round()
    assert await world.funded() == PAID * 100
    chain.reorganise(2)
    await watcher.round()
    assert await world.funded() == 0
    store.close()


async def test_a_reorganisation_takes_what_is_in_open_orders(
    chain: EvmBed, network: Network, world: World
) -> None:
    """Criterion: CHAINS-WATCHER-1, CUST-DEP-22. The loss account pays nothing."""
    index, store = await world.define(), Store(world.path)
    door, house = world.house._door, world.house
    assert await house.report(wire.DEPOSITS, wire.AdoptDeposits(EDITION)) == [0]
    watcher = Watcher(network, store, house, SALT)
    await watcher.round()
    chain.pay(index, PAID)
    chain.mine(2)
    await watcher.round()
    fund, trade = (AccountKey(ALICE, kind, 0) for kind in (chart.FUND, chart.TRADE))
    moved, number = amount_bytes(PAID * 100), door.numbers(1)
    await submit(door, [Transfer(door.gateway, number, ALICE, fund, trade, TOKEN, moved)])
    # All that the bed gave her at first, and most of the deposit.
    for size in (100 * 10**5, 12):
        assert (await place(door, ALICE, Side.BUY, 100_000, size)).code == 0
    chain.reorganise(2)
    chain.mine()
    await watcher.round()
    assert await door.query(ListOpenOrders(ALICE)) == []
    held = {one.kind: one for one in await door.query(ListBalances(ALICE)) if one.asset == TOKEN}
    assert amount_int(held[chart.TRADE].balance) == 10**6 * 10**8
    assert [one for one in await house.ledger() if one.kind == chart.REORG] == []
    store.close()


async def test_a_chain_in_doubt_credits_nobody(
    chain: EvmBed, network: Network, world: World
) -> None:
    """Criterion: CHAINS-WATCHER-3."""
    index, store = await world.define(), Store(world.path)
    await Watcher(network, store, world.house, SALT).round()
    chain.pay(index, PAID)
    chain.mine(3)
    other = await asyncio.to_thread(EvmBed, 31_341, TOKEN)
    try:
        split = msgspec.structs.replace(network, nodes=(chain.url, other.url))
        await Watcher(split, store, world.house, SALT).round()
        assert await world.deposits() == []
    finally:
        other.close()
    await Watcher(network, store, world.house, SALT).round()
    assert await world.funded() == PAID * 100
    store.close()


@pytest.mark.parametrize("lies", ["forged", "left out"])
async def test_what_one_node_alone_tells_of_a_block_is_not_credited(
    chain: EvmBed, network: Network, world: World, lies: str
) -> None:
    """Criterion: CHAINS-WATCHER-7. Of one block of one hash; an honest node's word is believed."""
    index, store = await world.define(), Store(world.path)
    two = msgspec.structs.replace(network, nodes=(chain.url, chain.url))
    await Watcher(two, store, world.house, SALT).round()
    chain.pay(index if lies == "left out" else chain.fresh(), PAID)
    chain.mine(3)
    liar = Watcher(two, store, world.house, SALT)
    assert isinstance(liar._chain, EvmChain)
    real, place = liar._chain._node.calls, chain.chain.addresses.place(index)

    def lying(asked: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        told = real(asked)
        for at, (method, _) in enumerate(asked):
            if method == "eth_getLogs" and told[at]:
                forged = copy.deepcopy(told[at][0])
                forged["topics"][2] = "0x" + place.rjust(32, b"\0").hex()
                told[at] = [*told[at], forged] if lies == "forged" else []
        return told

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(liar._chain._node, "calls", lying)
        await liar.round()
    assert liar._state == State.GARBAGE
    assert await world.deposits() == []
    await Watcher(two, store, world.house, SALT).round()
    assert await world.funded() == (PAID * 100 if lies == "left out" else 0)
    store.close()


async def test_a_block_that_the_second_node_does_not_have_yet_waits(
    chain: EvmBed, network: Network, world: World
) -> None:
    """Criterion: CHAINS-WATCHER-7. Nothing is unwell for it."""
    index, store = await world.define(), Store(world.path)
    two = msgspec.structs.replace(network, nodes=(chain.url, chain.url))
    watcher = Watcher(two, store, world.house, SALT)
    await watcher.round()
    late = watcher._second
    assert late is not None
    before, real = late.tip(), late.block
    chain.pay(index, PAID)
    chain.mine()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(late, "tip", lambda: before)
        patch.setattr(
            late, "block", lambda height: real(height) if height <= before.height else None
        )
        await watcher.round()
        assert (watcher._state, await world.deposits()) == (State.OK, [])
    await watcher.round()
    assert len(await world.deposits()) == 1
    store.close()


def test_networks_are_kept_for_their_owner_alone(tmp_path: Path, network: Network) -> None:
    """Criterion: CHAINS-WATCHER-4."""
    assert networks.load(tmp_path) == []
    networks.keep(tmp_path, [network])
    assert networks.load(tmp_path) == [network]
    path = tmp_path / networks.FILE
    assert path.stat().st_mode & 0o077 == 0
    path.write_text("[{}]")
    with pytest.raises(networks.BadNetworks, match="custody.json"):
        networks.load(tmp_path)


def test_keys_are_sealed(tmp_path: Path) -> None:
    """Criterion: CHAINS-SIGNER-4."""
    path, seed = tmp_path / "keys", b"a seed of thirty-two bytes, yes."
    keyfile.seal(path, {"seed": seed}, b"open sesame")
    assert seed not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    assert keyfile.unseal(path, b"open sesame") == {"seed": seed}
    with pytest.raises(keyfile.KeyFileError, match="passphrase"):
        keyfile.unseal(path, b"open says me")
    with pytest.raises(FileExistsError):
        keyfile.seal(path, {}, b"")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(keyfile.KeyFileError):
        keyfile.unseal(path, b"open sesame")


@pytest.mark.parametrize(("decimals", "amount", "ledger"), [
    (18, 10**18 + 5, (10**8, 5)), (6, 7, (700, 0)), (8, 9, (9, 0)), (18, 1, (0, 1)),
])  # fmt: skip
def test_amounts_keep_their_value(decimals: int, amount: int, ledger: tuple[int, int]) -> None:
    """Criterion: CHAINS-WATCHER-5."""
    scale = Scale(decimals)
    assert scale.to_ledger(amount) == ledger
    assert scale.to_chain(ledger[0]) + ledger[1] == amount
    assert scale.cost(amount) == ledger[0] + (ledger[1] > 0)
    with pytest.raises(ValueError, match="finer"):
        Scale(6).to_chain(101)
