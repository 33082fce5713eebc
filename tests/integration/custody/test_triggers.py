"""Goal: what the watcher sees that is dangerous stops withdrawals by itself, no wider than it is.

Method: nodes of a real chain that reorganises or splits, and a real exchange; time is the test's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from copy import copy
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from fullreserve.clock import ManualClock
from fullreserve.custody.chains.adapter import Block, Scan
from fullreserve.custody.chains.evm import EvmChain
from fullreserve.custody.chains.health import Health, State, health
from fullreserve.custody.chains.rpc import NodeGarbage
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.splits import SPLIT_MS, Split
from fullreserve.custody.store import Store
from fullreserve.custody.unwell_spells import UnwellSpells
from fullreserve.custody.watcher import SILENT_MS, Watcher
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products import suspensions
from fullreserve.exchange.products.deposit_state import Deposit, ListDeposits, ListNetworks
from fullreserve.exchange.products.suspension_state import Suspension
from fullreserve.exchange.products.suspension_wire import (
    SUSPENSIONS,
    Action,
    Level,
    ListAll,
    Mode,
    Reason,
    Scope,
    Trigger,
)
from fullreserve.exchange.wire.commands import Product, amount_bytes
from fullreserve.exchange.wire.queries import AskFold, GetStatus, Status
from fullreserve.gateway.unwell import read
from tests.bed import ALICE, USDT, submit
from tests.integration.custody.outsiders import COIN, EvmBed
from tests.integration.custody.withdrawing import GATEWAY, START_MS, Withdrawing

SALT, NETWORK = b"s" * 32, 1
CREDIT, UNLOCK = 2, 3
PAID = 5_000_000  # of 6 decimals
NOTHING, LARGE = amount_bytes(0), amount_bytes(10**15)
ON_CHAIN = Action.WITHDRAW | Action.DEPOSIT_CREDIT


@pytest.fixture
def chain() -> Iterator[EvmBed]:
    made = EvmBed(31_343, USDT)
    yield made
    made.close()


class Watched:
    """An exchange with one network, and the watcher of it."""

    def __init__(self, chain: EvmBed, exchange: Withdrawing, folder: Path) -> None:
        self.chain, self.exchange, self.folder = chain, exchange, folder
        self.clock = ManualClock(START_MS)
        branch = chain._root
        self.network = Network(
            network=NETWORK, kind="evm", nodes=(chain.url,),
            branches=(Branch(branch.key.hex(), branch.code.hex()),),
            decimals={COIN: 18, USDT: 6}, coin=COIN, credit_after=CREDIT, unlock_after=UNLOCK,
            chain_id=31_343, tokens={USDT: chain.token.hex()},
        )  # fmt: skip
        self.store = Store(folder / "watcher.sqlite")
        self.watcher = self.made()

    def made(self, *more: str) -> Watcher:
        """A new watcher; `more` are nodes beside the one that is followed."""
        network = msgspec.structs.replace(self.network, nodes=(self.chain.url, *more))
        spells = UnwellSpells(self.folder, NETWORK)
        return Watcher(
            network, self.store, self.exchange.house, SALT, clock=self.clock, spells=spells
        )

    async def address(self) -> int:
        """ALICE's index."""
        asked = wire.encode_payload(wire.AssignAddress(NETWORK))
        number = self.exchange.door.numbers(1)
        await submit(self.exchange.door, [Product(GATEWAY, number, wire.DEPOSITS, ALICE, asked)])
        return await self.exchange.house.newest_index(NETWORK)

    async def states(self) -> list[int]:
        """Of ALICE's deposits, as OKX numbers them."""
        asked = ListDeposits(ALICE, 0, 10)
        found: list[Deposit] = await self.exchange.house.ask(wire.DEPOSITS, asked)
        return [one.state for one in found]

    async def sequence(self) -> int:
        """Of the newest command."""
        status: Status = await self.exchange.door.query(GetStatus())
        return status.sequence

    async def is_well(self) -> bool:
        """Whether the exchange shows that the nodes answer."""
        (state,) = await self.exchange.house.ask(wire.DEPOSITS, ListNetworks())
        assert state.tip is not None
        return bool(state.tip.healthy)

    async def stopped(self) -> list[tuple[Trigger, Scope]]:
        """What is suspended, by which trigger; always waiting in a queue."""
        asked = AskFold(SUSPENSIONS, msgspec.msgpack.encode(ListAll()))
        answer = await self.exchange.door.query(asked)
        found = msgspec.msgpack.decode(answer, type=list[Suspension])
        self.found = [one for one in found if one.is_in_force]
        assert {one.terms.mode for one in self.found} <= {Mode.QUEUE}
        return [(Trigger(one.trigger), one.terms.scope) for one in self.found]


@pytest.fixture
async def watched(chain: EvmBed, tmp_path: Path) -> AsyncIterator[Watched]:
    assets = (
        wire.NetworkAsset(USDT, 6, NOTHING, NOTHING, NOTHING, LARGE, 6),
        wire.NetworkAsset(COIN, 18, NOTHING, NOTHING, NOTHING, LARGE, 8),
    )
    terms = wire.DefineNetwork(NETWORK, "ERC20", CREDIT, UNLOCK, False, COIN, assets)
    made = Watched(chain, await Withdrawing.open(tmp_path, terms), tmp_path)
    await made.watcher.round()
    yield made
    made.store.close()
    await made.exchange.close()


async def test_a_reorganisation_of_what_was_final_stops_the_network(watched: Watched) -> None:
    """Credits of it as well, those of the new blocks too. Criterion: CHAINS-TRIGGER-1."""
    chain, watcher = watched.chain, watched.watcher
    index = await watched.address()
    chain.mine(UNLOCK + 1)
    await watcher.round()
    chain.reorganise(UNLOCK - 1)
    chain.mine()
    await watcher.round()
    assert await watched.stopped() == []
    chain.reorganise(UNLOCK)
    chain.pay(index, PAID)
    chain.mine(UNLOCK)
    await watcher.round()
    place = Scope(Level.CHAIN, NETWORK)
    assert await watched.stopped() == [(Trigger.DEEP_REORG, place)]
    (one,) = watched.found
    assert (one.terms.actions, one.terms.reason) == (ON_CHAIN, Reason.CHAIN_REORG)
    assert len(one.seen) == 32
    assert await watched.states() == [8]
    # The same is not said again, by the next watcher neither.
    await watched.made().round()
    chain.mine()
    await watcher.round()
    assert await watched.stopped() == [(Trigger.DEEP_REORG, place)]


async def test_a_chain_that_left_all_that_is_known_of_it_is_stopped(watched: Watched) -> None:
    """Criterion: CHAINS-TRIGGER-1."""
    watched.chain.reorganise(1)
    await watched.watcher.round()
    await watched.watcher.round()
    assert await watched.stopped() == [(Trigger.DEEP_REORG, Scope(Level.CHAIN, NETWORK))]
    assert watched.found[0].version == watched.found[0].number


async def test_a_stop_that_was_refused_is_asked_for_again(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything of the new blocks is credited. Criterion: CHAINS-TRIGGER-1."""
    chain, watcher = watched.chain, watched.watcher
    index = await watched.address()
    chain.mine(UNLOCK + 1)
    await watcher.round()
    stop = [(Trigger.DEEP_REORG, Scope(Level.CHAIN, NETWORK))]
    with monkeypatch.context() as full:
        full.setattr(suspensions, "OPEN_MAX", 0)
        chain.reorganise(UNLOCK)
        chain.pay(index, PAID)
        chain.mine(UNLOCK)
        await watcher.round()
        assert await watched.states() == []
    await watcher.round()
    assert await watched.stopped() == stop
    assert await watched.states() == [8]


async def test_a_stop_of_a_chain_that_left_all_is_asked_for_again(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: CHAINS-TRIGGER-1."""
    watched.chain.reorganise(1)
    with monkeypatch.context() as full:
        full.setattr(suspensions, "OPEN_MAX", 0)
        await watched.watcher.round()
        assert await watched.stopped() == []
    await watched.watcher.round()
    assert len(await watched.stopped()) == 1


@pytest.fixture
async def other(watched: Watched) -> AsyncIterator[EvmBed]:
    """A node of another chain, from the newest block of ours on at the latest."""
    made = await asyncio.to_thread(EvmBed, 31_343, USDT)
    made.pay(1, PAID)
    for one in (watched.chain, made):
        one.mine()
    yield made
    made.close()


async def test_nodes_that_stay_apart_stop_the_network(watched: Watched, other: EvmBed) -> None:
    """Criterion: CHAINS-TRIGGER-2."""
    watcher = watched.made(other.url)
    await watcher.round()
    watched.clock.advance(SPLIT_MS - 1)
    watched.chain.mine()
    other.mine()
    await watcher.round()
    assert await watched.stopped() == []
    watched.clock.advance(1)
    await watcher.round()
    place = Scope(Level.CHAIN, NETWORK)
    assert await watched.stopped() == [(Trigger.NODE_SPLIT, place)]
    (one,) = watched.found
    assert (one.terms.actions, one.terms.reason) == (ON_CHAIN, Reason.CHAIN_FORK)
    assert len(one.seen) == 32
    watched.clock.advance(SPLIT_MS)
    await watcher.round()
    assert await watched.stopped() == [(Trigger.NODE_SPLIT, place)]
    assert watched.found[0].version == one.version


async def test_nodes_that_agreed_meanwhile_stop_nothing(watched: Watched, other: EvmBed) -> None:
    """Nor does one that is down meanwhile. Criterion: CHAINS-TRIGGER-2."""
    first, second = watched.chain.chain, other.chain
    split = Split(first, second, watched.clock)
    apart, tip = health(first, second), first.tip()
    assert apart.state is State.SPLIT
    assert split.lasting(apart) is None
    watched.clock.advance(SPLIT_MS)
    assert split.lasting(Health(State.DOWN, tip)) is None
    assert split.lasting(Health(State.OK, tip)) is None
    assert split.lasting(apart) is None
    watched.clock.advance(SPLIT_MS)
    told = split.lasting(apart)
    assert told is not None
    assert told["height"] == apart.height


async def test_a_silent_node_is_shown_and_well_again_by_itself(watched: Watched) -> None:
    """Also where no block came meanwhile. Criterion: CHAINS-WATCHER-6."""
    await watched.watcher.round()
    assert await watched.is_well()
    watcher = watched.watcher
    watcher._chain = watched.chain.over("http://127.0.0.1:9")  # where nobody listens
    await watcher.round()
    watched.clock.advance(SILENT_MS - 1)
    await watcher.round()
    assert await watched.is_well()
    watched.clock.advance(1)
    await watcher.round()
    assert not await watched.is_well()
    (spell,) = read(watched.folder)
    assert (spell.state, spell.until_ms) == ("down", 0)
    watcher._chain = watched.chain.chain
    await watcher.round()
    assert await watched.is_well()
    assert await watched.stopped() == []
    (spell,) = read(watched.folder)
    assert spell.until_ms >= spell.since_ms > 0


def blockless(chain: EvmChain) -> EvmChain:
    """Its node says where the chain is, and gives nothing that is in a block."""

    class Blockless(type(chain)):  # type: ignore[misc]
        def scan(self, block: Block, spends: Mapping[bytes, bytes]) -> Scan:
            raise NodeGarbage("no logs of so many blocks")

    made = copy(chain)
    made.__class__ = Blockless
    return made


async def test_a_node_that_gives_no_blocks_is_shown_too(watched: Watched) -> None:
    """And nothing is told again and again meanwhile. Criterion: CHAINS-WATCHER-6."""
    chain, watcher = watched.chain, watched.watcher
    chain.pay(await watched.address(), PAID)
    chain.mine()
    await watcher.round()
    assert len(await watched.states()) == 1
    chain.mine()
    before = await watched.sequence()
    for _ in range(3):
        watcher._chain = blockless(chain.chain)
        await watcher.round()
    assert await watched.sequence() == before
    watched.clock.advance(SILENT_MS)
    await watcher.round()
    assert not await watched.is_well()
    watcher._chain = chain.chain
    await watcher.round()
    assert await watched.is_well()


def senseless(chain: EvmChain) -> EvmChain:
    """Its node says what leads to an error that nobody expects."""

    class Senseless(type(chain)):  # type: ignore[misc]
        def tip(self) -> Block:
            raise TypeError("what a node said")

    made = copy(chain)
    made.__class__ = Senseless
    return made


async def test_a_node_that_leads_to_an_error_ends_no_watcher(watched: Watched) -> None:
    """The first or the second: it is said once, the network is shown unwell. CHAINS-NODES-4."""
    chain, watcher = watched.chain, watched.watcher
    await watcher.round()
    chain.pay(await watched.address(), PAID)
    chain.mine()
    watcher._second = senseless(chain.chain)
    with capture_logs() as said:
        for _ in range(3):
            await watcher.round()
    faults = [one for one in said if one["event"] == "network not followed"]
    assert [one["problem"] for one in faults] == ["TypeError"]
    assert await watched.states() == []
    watched.clock.advance(SILENT_MS)
    await watcher.round()
    assert not await watched.is_well()
    watcher._second = None
    await watcher.round()
    assert await watched.is_well()
    assert len(await watched.states()) == 1
