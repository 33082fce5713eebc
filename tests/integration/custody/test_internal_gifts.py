"""Goal: what contracts send to places of the house's stops nobody's withdrawals, and hides nothing.

Method: anvil, a contract that sends on what it is sent, a Safe under its guard, a real exchange.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from fullreserve.custody.addresses import checksummed
from fullreserve.custody.announcements import EVERY
from fullreserve.custody.chains.adapter import Incoming
from fullreserve.custody.keys.came import Wanted, came, shown_by_all
from fullreserve.custody.keys.moves import BadMove
from fullreserve.custody.keys.record import SAFE, Entry, Record, TierWallet
from fullreserve.custody.tiers import guard, safe
from fullreserve.custody.transfers import transfer
from fullreserve.custody.watcher import Watcher
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.gateway.announced import known
from fullreserve.gateway.reconciled import newest
from tests.bed import USDT
from tests.integration.custody import safes
from tests.integration.custody.holders import people
from tests.integration.custody.outsiders import COIN, EvmBed
from tests.integration.custody.test_internal_calls import FEE_MOST, Forgetful
from tests.integration.custody.test_reconciling import LARGE, NETWORK, NOTHING, SALT, Books
from tests.integration.custody.withdrawing import Withdrawing

GIVEN, UNITS = 10**17, 10**7  # in wei, and in the ledger's units
OWNERS = people(4)


@pytest.fixture(scope="module")
def chain() -> Iterator[EvmBed]:
    made = EvmBed(safes.CHAIN, USDT)
    yield made
    made.close()


class House(Books):
    """With a contract of a stranger's."""

    async def begin(self) -> None:
        self.contract = self.chain.forwarder()
        self.lanes = self.chain.terms.lanes
        await super().begin()
        assert await self.found() == []

    def give(self, place: bytes, value: int = GIVEN) -> bytes:
        return self.chain.forward(self.contract, place, value)

    def steal(self, lane: bytes, value: int) -> None:
        """Whoever has the lane's key sends something out of it."""
        sender = "0x" + lane.hex()
        self.chain.node.call("anvil_impersonateAccount", sender)
        call = {"from": sender, "to": "0x" + "99" * 20, "value": hex(value), "gas": hex(21_000)}
        self.chain.node.call("eth_sendTransaction", call)

    async def read(self, blocks: int = 1) -> None:
        self.chain.mine(blocks)
        await self.watcher.round()

    def gifts_kept(self) -> list[tuple[int, int, int]]:
        return [(one.tier, one.asset, one.amount) for one in self.store.gifts.all(NETWORK)]


@asynccontextmanager
async def opened(chain: EvmBed, folder: Path) -> AsyncIterator[House]:
    """An exchange with a chain's coin and token, its watcher at the newest block."""
    assets = (
        wire.NetworkAsset(USDT, 6, NOTHING, NOTHING, NOTHING, LARGE, 6),
        wire.NetworkAsset(COIN, 18, NOTHING, NOTHING, NOTHING, LARGE, 8),
    )
    terms = wire.DefineNetwork(NETWORK, "ERC20", 2, 3, False, COIN, assets)
    made = House(chain, await Withdrawing.open(folder, terms), folder)
    await made.begin()
    yield made
    made.store.close()
    await made.exchange.close()


@pytest.fixture
async def books(chain: EvmBed, tmp_path: Path) -> AsyncIterator[House]:
    async with opened(chain, tmp_path) as made:
        yield made


class OnBed(safes.Chain):
    """Safe's contracts on the bed's node."""

    def __init__(self, bed: EvmBed) -> None:
        self.node, self.sender, self.token = bed.node, bed.rich, bed.token
        self.singleton = self.created(safe.creation_code("Safe"))
        self.factory = self.created(safe.creation_code("SafeProxyFactory"))
        self.handler = self.created(safe.creation_code("CompatibilityFallbackHandler"))
        self.salts = itertools.count(1)


@pytest.fixture
async def warm(books: House) -> safes.Tier:
    """A Safe that the record names; the ledger has what it holds."""
    try:
        made = safes.Tier(OnBed(books.chain), OWNERS, 2, (safes.HOT, books.lanes[0]))
    except safe.SafeMissing as missing:
        pytest.skip(str(missing))
    await books.watcher.round()
    wallet = TierWallet(NETWORK, "warm", SAFE, 2, (), safe=made.account.hex(),
                        guard=made.gate.hex())  # fmt: skip
    Record.of(books.folder).append(Entry(0, 1, "ceremony", "", wallets=(wallet,)))
    held = books.chain.chain.balances([made.account], books.chain.chain.tip())
    for asset, digits in books.network.decimals.items():
        amount = amount_bytes(held[made.account, asset] * 10**8 // 10**digits)
        name = (asset + 100).to_bytes(32, "big")
        told = wire.Funded(NETWORK, name, asset, wire.Tier.WARM, amount)
        assert await books.house.report(wire.DEPOSITS, told) == [0]
    assert await books.found() == []
    return made


async def test_what_contracts_send_to_lanes_is_no_break_and_hides_none(
    books: House, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: CHAINS-INTERNAL-6. A theft of as much in the same block is one."""
    books.give(books.lanes[0])
    books.give(books.lanes[1], 2 * GIVEN)
    await books.read()
    assert await books.found() == []
    assert not any(one.difference for one in books.reconciler.lines)
    (shown,) = newest(books.folder, NETWORK).unasked
    name = "0x" + books.chain.chain.tip().hash.hex()
    assert (shown.tier, shown.asset, shown.amount) == (wire.Tier.HOT, COIN, 3 * UNITS)
    assert shown.transaction == name
    assert capsys.readouterr().out.count("coins that nobody asked for") == 1
    books.give(books.lanes[2])
    books.steal(books.lanes[2], GIVEN)
    await books.read()
    assert books.gifts_kept() == [(wire.Tier.HOT, COIN, 3 * GIVEN), (wire.Tier.HOT, COIN, GIVEN)]
    (line,) = await books.found()
    assert (line.tier, line.asset) == (wire.Tier.HOT, COIN)
    assert 0 <= -UNITS - (line.chain - line.ledger - 4 * UNITS) <= FEE_MOST
    assert [one.terms.scope.asset for one in await books.suspended()] == [COIN]


async def test_what_a_safe_pays_is_no_gift_to_who_gets_it(books: House, warm: safes.Tier) -> None:
    """Beside what a stranger gave both, in one block. Criterion: CHAINS-INTERNAL-6."""
    lane = books.lanes[0]
    books.give(lane)
    books.give(warm.account, 3 * GIVEN)
    warm.do(OWNERS[:2], lane, 2 * GIVEN)
    await books.watcher.round()
    given = [(wire.Tier.HOT, COIN, GIVEN), (wire.Tier.WARM, COIN, 3 * GIVEN)]
    assert sorted(books.gifts_kept()) == given
    words = (COIN, wire.Tier.WARM, wire.Tier.HOT, amount_bytes(2 * UNITS), NOTHING)
    assert await books.house.report(wire.DEPOSITS, wire.Moved(NETWORK, b"4" * 32, *words)) == [0]
    assert await books.found() == []
    assert not any(one.difference for one in books.reconciler.lines)


async def test_a_theft_from_a_safe_as_large_as_a_gift_is_a_break(
    books: House, warm: safes.Tier
) -> None:
    """In one block, where its balance does not change. Criterion: CHAINS-INTERNAL-6."""
    books.give(warm.account)
    warm.do(OWNERS[:2], safes.HOT, GIVEN)
    await books.watcher.round()
    assert books.gifts_kept() == [(wire.Tier.WARM, COIN, GIVEN)]
    (line,) = await books.found()
    assert (line.tier, line.asset, line.chain - line.ledger) == (wire.Tier.WARM, COIN, 0)
    assert [one.terms.scope.asset for one in await books.suspended()] == [COIN]


async def test_it_is_booked_by_the_name_of_its_block(books: House, warm: safes.Tier) -> None:
    """Once, and each tier by itself. Criterion: CHAINS-INTERNAL-6."""
    books.give(books.lanes[0])
    books.give(warm.account, 3 * GIVEN)
    await books.read()
    block = books.chain.chain.tip()
    wanted = Wanted(wire.Tier.HOT, COIN, block.hash)
    with pytest.raises(BadMove, match="it has 1 of 3 confirmations"):
        came(books.network, books.folder, wanted, 0)
    await books.read(2)
    found = came(books.network, books.folder, wanted, 0)
    assert found == Incoming(block.hash, wire.Tier.HOT, wire.Tier.HOT, COIN, GIVEN)
    kept = books.store.gifts.all(NETWORK)
    assert shown_by_all(books.network, books.folder, kept, SALT, 0) == kept
    name = transfer(SALT, NETWORK, found.txid, found.number)
    told = wire.CameUnasked(NETWORK, name, COIN, found.tier, amount_bytes(UNITS))
    assert await books.house.report(wire.DEPOSITS, told) == [0]
    assert [one.tier for one in await books.gifts.open()] == [wire.Tier.WARM]
    assert await books.found() == []
    with pytest.raises(BadMove, match="brought nothing of asset"):
        came(books.network, books.folder, Wanted(wire.Tier.COLD, COIN, block.hash), 0)
    books.chain.reorganise(3)
    with pytest.raises(BadMove, match="no block holds that"):
        came(books.network, books.folder, wanted, 0)


async def test_a_reorganisation_takes_it_back_and_another_block_brings_it(books: House) -> None:
    """Criterion: CHAINS-INTERNAL-6."""
    raw = books.give(books.lanes[0])
    await books.read(2)
    (first,) = books.store.gifts.all(NETWORK)
    books.chain.reorganise(2)
    await books.read()
    assert books.gifts_kept() == []
    assert await books.found() == []
    books.chain.again(raw)
    await books.read()
    (again,) = books.store.gifts.all(NETWORK)
    assert (again.amount, again.name == first.name) == (GIVEN, False)
    assert await books.found() == []


async def test_what_one_node_alone_tells_waits(
    books: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: CHAINS-INTERNAL-6. As any other gift."""
    both = msgspec.structs.replace(books.network, nodes=(books.chain.url, books.chain.url))
    watcher = Watcher(both, books.store, books.house, SALT, gifts=books.gifts)
    second = watcher._calls._second
    assert second is not None
    monkeypatch.setattr(second, "incoming_internal", lambda _block, _tiers: [])
    books.give(books.lanes[0])
    books.chain.mine()
    await watcher.round()
    assert (books.gifts_kept(), books.store.calls.count(NETWORK).waiting) == ([], 1)
    monkeypatch.undo()
    await watcher.round()
    assert books.gifts_kept() == [(wire.Tier.HOT, COIN, GIVEN)]


async def test_a_node_without_old_states_holds_up_no_other_gift(books: House) -> None:
    """What it cannot tell of stays a difference. Criterion: CHAINS-INTERNAL-5."""
    books.give(books.lanes[0])
    books.chain.send(books.lanes[0], 5)
    books.chain.mine(4)
    with Forgetful(books.chain.url) as node:
        network = msgspec.structs.replace(books.network, nodes=(node.url,))
        await Watcher(network, books.store, books.house, SALT, gifts=books.gifts).round()
    assert books.gifts_kept() == [(wire.Tier.HOT, USDT, 5)]
    (line,) = await books.found()
    assert (line.tier, line.asset) == (wire.Tier.HOT, COIN)


async def test_the_watcher_tells_what_owners_of_a_safe_announce(
    books: House, warm: safes.Tier
) -> None:
    """Criterion: CUST-GUARD-5, CUST-GUARD-6."""
    watcher = Watcher(books.network, books.store, books.house, SALT, data=books.folder)
    await watcher.round()
    assert known(books.folder) == []
    warm.do(OWNERS[:2], warm.gate, data=guard.announces(safes.STRANGER))
    for _ in range(EVERY):
        await watcher.round()
    assert [one.account for one in known(books.folder)] == [checksummed(safes.STRANGER)]
