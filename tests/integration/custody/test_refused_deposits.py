"""Goal: a deposit that the exchange refuses is told of again until it is taken, or people know.

Method: a real chain, a real exchange and the watcher between them, which a test lets go on, has
replaced by another one, and whose file for operators it reads.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest

from fullreserve.custody.chains import following
from fullreserve.custody.house import WATCHER_GATEWAY, House
from fullreserve.custody.networks import Network
from fullreserve.custody.refusals import PAUSE_MOST
from fullreserve.custody.store import Store
from fullreserve.custody.transfers import transfer
from fullreserve.custody.watcher import Watcher
from fullreserve.door.local import LocalDoor
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.custody_ledger import Unsound
from fullreserve.exchange.products.deposits import Deposits
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.worker_files import RefusedDeposit, refused_name
from tests.bed import Bed
from tests.integration.custody import test_watcher
from tests.integration.custody.outsiders import TOKEN, EvmBed
from tests.integration.custody.test_watcher import (
    CREDIT,
    ETH,
    NETWORK,
    PAID,
    SALT,
    UNLOCK,
    World,
)

network, world = test_watcher.network, test_watcher.world
WRONG_PARAMETER = 51_000


@pytest.fixture(scope="module")
def chain() -> Iterator[EvmBed]:
    made = EvmBed(31_341, TOKEN)
    yield made
    made.close()


def terms(*assets: int) -> wire.DefineNetwork:
    """The network with some of its assets."""
    nothing = amount_bytes(0)
    digits = {ETH: 18, TOKEN: 6}
    lines = tuple(
        wire.NetworkAsset(each, digits[each], nothing, nothing, nothing, nothing, 6)
        for each in assets
    )
    return wire.DefineNetwork(NETWORK, "ERC20", CREDIT, UNLOCK, False, ETH, lines)


class Followed:
    """A watcher of an exchange, and what operators see of it."""

    def __init__(self, network: Network, world: World, store: Store) -> None:
        self._world = world
        self._place = world.path.parent / refused_name(NETWORK)
        self.watcher = Watcher(network, store, world.house, SALT, data=world.path.parent)

    async def rounds(self, count: int = 1) -> int:
        """Looks so many times; how far its log went on by them."""
        before = self._world.bed.journal.head.sequence
        for _ in range(count):
            await self.watcher.round()
        return self._world.bed.journal.head.sequence - before

    def shown(self) -> list[tuple[int, int, bool]]:
        """Amount, code, and whether it is for good."""
        if not self._place.exists():
            return []
        found = msgspec.json.decode(self._place.read_bytes(), type=list[RefusedDeposit])
        return [(one.amount, one.code, one.is_final) for one in found]


@pytest.fixture
def store(world: World) -> Iterator[Store]:
    made = Store(world.path)
    yield made
    made.close()


@pytest.fixture
async def unlisted(world: World) -> int:
    """ALICE's place on the network, on which the token is not listed yet."""
    index = await world.define()
    assert await world.house.report(wire.DEPOSITS, terms(ETH)) == [0]
    return index


async def listed(world: World) -> None:
    assert await world.house.report(wire.DEPOSITS, terms(ETH, TOKEN)) == [0]


async def test_what_came_before_its_asset_was_listed_is_credited_once_it_is(
    chain: EvmBed, network: Network, world: World, store: Store, unlisted: int
) -> None:
    """Criterion: CHAINS-REFUSED-1, CHAINS-REFUSED-2."""
    followed = Followed(network, world, store)
    await followed.rounds()
    chain.pay(unlisted, PAID)
    chain.pay(unlisted, 7)
    chain.mine(UNLOCK)
    await followed.rounds()
    assert followed.shown() == [
        (PAID * 100, WRONG_PARAMETER, False),
        (700, WRONG_PARAMETER, False),
    ]
    # It asks of one of its kind alone, after 2, 4, 8 … looks: three words of two records each.
    assert 0 < await followed.rounds(300) <= 8 * 3 * 2
    assert await world.deposits() == []
    await listed(world)
    await followed.rounds()
    assert sorted((one.value, one.state) for one in await world.deposits()) == [
        (700, 2),
        (PAID * 100, 2),
    ]
    assert await world.funded() == PAID * 100 + 700
    assert followed.shown() == []
    assert await followed.rounds(PAUSE_MOST + 1) == 0


async def test_another_watcher_goes_on_asking_also_beyond_all_that_may_be_undone(
    chain: EvmBed,
    network: Network,
    world: World,
    store: Store,
    unlisted: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Criterion: CHAINS-REFUSED-1. The block is older than any that the cursor remembers."""
    monkeypatch.setattr(following, "KEPT", UNLOCK + 1)
    await Followed(network, world, store).rounds()
    chain.pay(unlisted, PAID)
    chain.mine()
    await Followed(network, world, store).rounds()
    chain.mine(2 * UNLOCK + 3)
    await Followed(network, world, store).rounds(2)
    await listed(world)
    again = Followed(network, world, store)
    await again.rounds()
    (one,) = await world.deposits()
    block = again.watcher._chain.block(one.height)
    assert block is not None
    assert (one.value, one.state, one.block_hash) == (PAID * 100, 2, block.hash)
    assert again.shown() == []


async def test_what_a_reorganisation_takes_is_not_asked_for_until_it_is_back(
    chain: EvmBed, network: Network, world: World, store: Store, unlisted: int
) -> None:
    """Criterion: CHAINS-REFUSED-1."""
    followed = Followed(network, world, store)
    await followed.rounds()
    chain.pay(unlisted, PAID)
    chain.mine()
    await followed.rounds()
    assert len(followed.shown()) == 1
    chain.reorganise(1)
    await followed.rounds()
    assert followed.shown() == []
    await listed(world)
    await followed.rounds()
    assert await world.deposits() == []


async def test_what_contradicts_the_exchange_is_shown_and_not_asked_again(
    chain: EvmBed, network: Network, world: World, store: Store
) -> None:
    """Criterion: CHAINS-REFUSED-2."""
    index = await world.define()
    followed = Followed(network, world, store)
    await followed.rounds()
    chain.pay(index, PAID)
    chain.mine()
    tip = followed.watcher._chain.tip()
    (deposit,) = followed.watcher._chain.scan(tip, {}).deposits
    name = transfer(SALT, NETWORK, deposit.txid, deposit.output)
    other = wire.Seen(NETWORK, name, TOKEN, index, 0, amount_bytes(1), 0, tip.height, tip.hash)
    assert await world.house.report(wire.DEPOSITS, other) == [0]
    await followed.rounds()
    assert followed.shown() == [(PAID * 100, Unsound.CONTRADICTS, True)]
    assert await followed.rounds(PAUSE_MOST + 1) == 0
    assert len(followed.shown()) == 1


@pytest.fixture
async def restored(tmp_path: Path) -> AsyncIterator[World]:
    """Another exchange, as a backup from before a deposit is one."""
    folder = tmp_path / "restored"
    folder.mkdir()
    bed = await Bed.open(folder, folds=(Deposits(),))
    door = await LocalDoor.open(bed.sequencer, WATCHER_GATEWAY)
    yield World(bed, House(door), folder)
    await bed.close()


async def test_a_deposit_that_a_backup_does_not_know_is_told_of_once_more(
    chain: EvmBed, network: Network, world: World, restored: World, store: Store
) -> None:
    """Criterion: CHAINS-REFUSED-1. It was seen before the backup was put back."""
    index = await world.define()
    before = Followed(network, world, store)
    await before.rounds()
    chain.pay(index, PAID)
    chain.mine()
    await before.rounds()
    assert [one.state for one in await world.deposits()] == [0]
    assert await restored.define() == index
    after = Followed(network, restored, store)
    chain.mine(UNLOCK)
    await after.rounds(2)
    assert [(one.value, one.state) for one in await restored.deposits()] == [(PAID * 100, 2)]
    assert await restored.funded() == PAID * 100
