"""Goal: whatever makes ledger and chain differ suspends the asset and is named by its size.

Method: anvil, a real exchange, and each fault made in turn: a credit that is missing, one that was
made twice, coins spent by nobody here, a fee that was posted wrongly.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from errno import ENOSPC
from pathlib import Path

import msgspec
import pytest

from fullreserve.clock import ManualClock
from fullreserve.custody import contracts
from fullreserve.custody.chains import following
from fullreserve.custody.chains.adapter import Block, Chain, Payment
from fullreserve.custody.chains.evm_transaction import read_body
from fullreserve.custody.chains.health import Health, health
from fullreserve.custody.chains.rpc import NodeGarbage
from fullreserve.custody.gifts import Gifts
from fullreserve.custody.holdings import places
from fullreserve.custody.keys.record import SAFE, Entry, Record, TierWallet
from fullreserve.custody.measuring import AGAIN_MS as MEASURED_AGAIN_MS
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.reconciling import BEHIND_MS, LASTS_MS, UNKNOWN_MS, Reconciler, patience
from fullreserve.custody.spends import Spend, Spends
from fullreserve.custody.store import Store
from fullreserve.custody.transfers import transfer
from fullreserve.custody.watcher import Watcher, keep
from fullreserve.door.protocol import Unavailable
from fullreserve.exchange import chart
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products import suspension_wire as suspensions
from fullreserve.exchange.products.suspension_state import (
    EDITION,
    Measured,
    Suspension,
    SuspensionState,
)
from fullreserve.exchange.wire.commands import Product, amount_bytes
from fullreserve.exchange.wire.queries import AskFold
from fullreserve.exchange.worker_files import (
    COIN_TOLERANCE,
    UNKNOWN_BLOCKS,
    Blind,
    Line,
    Unknown,
)
from fullreserve.gateway.reconciled import newest
from tests.bed import ALICE, USDT, submit
from tests.integration.custody.liar import Liar
from tests.integration.custody.outsiders import COIN, EvmBed
from tests.integration.custody.withdrawing import GATEWAY, START_MS, Withdrawing

SALT, NETWORK = b"s" * 32, 1
PAID = 5_000_000  # of 6 decimals
UNIT = 100  # ledger units of the token's own unit
NOTHING, LARGE = amount_bytes(0), amount_bytes(10**15)


@pytest.fixture
def chain() -> Iterator[EvmBed]:
    made = EvmBed(31_342, USDT)
    yield made
    made.close()


class Books:
    """An exchange whose ledger says what the chain holds."""

    def __init__(self, chain: EvmBed, exchange: Withdrawing, folder: Path) -> None:
        self.chain = chain
        self.exchange = exchange
        self.house = exchange.house
        self.clock, self.folder = ManualClock(START_MS), folder
        branch = chain._root
        self.network = Network(
            network=NETWORK, kind="evm", nodes=(chain.url,),
            branches=(Branch(branch.key.hex(), branch.code.hex()),),
            decimals={COIN: 18, USDT: 6}, coin=COIN, credit_after=2, unlock_after=3,
            chain_id=chain.terms.chain_id, tokens={USDT: chain.token.hex()},
            lanes=tuple(lane.hex() for lane in chain.terms.lanes),
        )  # fmt: skip
        self.store = Store(folder / "watcher.sqlite")
        self.gifts = Gifts(self.network, self.store, self.house, SALT, folder)
        self.watcher = Watcher(self.network, self.store, self.house, SALT, gifts=self.gifts)
        fixed = (self.network, self.house, folder / "payer", self.clock, self.gifts)
        self.reconciler = Reconciler(*fixed)

    async def begin(self) -> None:
        lanes = [bytes.fromhex(one) for one in self.network.lanes]
        held = self.chain.chain.balances(lanes, self.chain.chain.tip())
        for asset, digits in self.network.decimals.items():
            amount = sum(held[lane, asset] for lane in lanes) * 10**8 // 10**digits
            name = asset.to_bytes(32, "big")
            told = wire.Funded(NETWORK, name, asset, wire.Tier.HOT, amount_bytes(amount))
            assert await self.house.report(wire.DEPOSITS, told) == [0]
        await self.watcher.round()

    async def address(self) -> int:
        """ALICE's index."""
        asked = wire.encode_payload(wire.AssignAddress(NETWORK))
        number = self.exchange.door.numbers(1)
        await submit(self.exchange.door, [Product(GATEWAY, number, wire.DEPOSITS, ALICE, asked)])
        return await self.house.newest_index(NETWORK)

    async def deposited(self) -> None:
        self.chain.pay(await self.address(), PAID)
        self.chain.mine(3)
        await self.watcher.round()

    async def found(self) -> list[Line]:
        """What differs, and still does some seconds later."""
        tip = self.chain.chain.tip()
        assert await self.reconciler.check(tip) == []
        self.clock.advance(LASTS_MS)
        return await self.reconciler.check(tip)

    async def suspended(self) -> list[Suspension]:
        """By whatever."""
        asked = AskFold(suspensions.SUSPENSIONS, msgspec.msgpack.encode(suspensions.ListAll()))
        answer = await self.exchange.door.query(asked)
        found: list[Suspension] = msgspec.msgpack.decode(answer, type=list[Suspension])
        return found

    async def stopped(self) -> list[suspensions.Scope]:
        """What is suspended because ledger and chain differ."""
        reason = suspensions.Reason.RECONCILIATION_BREAK
        return [one.terms.scope for one in await self.suspended() if one.terms.reason == reason]


@pytest.fixture
async def books(chain: EvmBed, tmp_path: Path) -> AsyncIterator[Books]:
    assets = (
        wire.NetworkAsset(USDT, 6, NOTHING, NOTHING, NOTHING, LARGE, 6),
        wire.NetworkAsset(COIN, 18, NOTHING, NOTHING, NOTHING, LARGE, 8),
    )
    terms = wire.DefineNetwork(NETWORK, "ERC20", 2, 3, False, COIN, assets)
    made = Books(chain, await Withdrawing.open(tmp_path, terms), tmp_path)
    await made.begin()
    yield made
    made.store.close()
    await made.exchange.close()


async def missing_credit(books: Books) -> int:
    """A deposit that the watcher never says."""
    books.chain.pay(await books.address(), PAID)
    books.chain.mine()
    return PAID * UNIT


async def double_credit(books: Books) -> int:
    """The same deposit by two names."""
    await books.deposited()
    block = books.chain.chain.tip()
    amount = amount_bytes(PAID * UNIT)
    seen = wire.Seen(NETWORK, b"2" * 32, USDT, 1, 0, amount, 0, block.height - 2, block.hash)
    told = (seen, wire.Confirmed(NETWORK, b"2" * 32, 2))
    assert await books.house.report(wire.DEPOSITS, *told) == [0, 0]
    return -PAID * UNIT


async def unknown_spend(books: Books) -> int:
    """A hot wallet's key in somebody else's hands."""
    spend(books, books.chain.terms.lanes[0])
    return -PAID * UNIT


def spend(books: Books, account: bytes) -> None:
    """Tokens leave an account, by whoever has its key."""
    sender = "0x" + account.hex()
    books.chain.node.call("anvil_impersonateAccount", sender)
    data = "0x" + contracts.call("transfer(address,uint256)", b"\x99" * 20, PAID).hex()
    call = {"from": sender, "to": "0x" + books.chain.token.hex(), "data": data}
    books.chain.node.call("eth_sendTransaction", call | {"gas": hex(100_000)})
    books.chain.mine()


async def wrong_fee(books: Books) -> int:
    """A network fee of 0.01 that no chain has taken."""
    fee = 1_000_000
    told = wire.Moved(NETWORK, b"3" * 32, USDT, 1, 0, NOTHING, amount_bytes(fee))
    assert await books.house.report(wire.DEPOSITS, told) == [0]
    return fee


Fault = Callable[[Books], Awaitable[int]]


async def test_what_agrees_is_left_alone(books: Books) -> None:
    """Deposits that wait for confirmations are no difference. Criterion: CHAINS-RECONCILE-1."""
    await books.deposited()
    books.chain.pay(1, PAID)
    books.chain.mine()
    await books.watcher.round()
    assert await books.found() == []
    assert all(not one.difference for one in books.reconciler.lines)
    assert not await books.stopped()


@pytest.mark.parametrize("fault", [missing_credit, double_credit, unknown_spend, wrong_fee])
async def test_a_fault_suspends_the_asset_and_is_named(books: Books, fault: Fault) -> None:
    """E9.4, within 60 s. Criterion: CHAINS-RECONCILE-2."""
    difference = await fault(books)
    found = await books.found()
    tokens = [one for one in found if abs(one.difference) > 200_000]
    assert len(tokens) == 1
    assert abs(abs(tokens[0].difference) - abs(difference)) <= 50_000
    assert (tokens[0].difference > 0) == (difference > 0)
    assert LASTS_MS < 60_000
    level = suspensions.Level.ASSET_CHAIN
    assert await books.stopped() == [suspensions.Scope(level, NETWORK, tokens[0].asset)]


async def test_a_deposit_in_a_newer_block_is_no_difference(books: Books) -> None:
    """The log hears of it while an older block is compared; that it is missing there is one.

    Criterion: CHAINS-RECONCILE-10.
    """
    await books.deposited()
    older = books.chain.chain.tip()
    index = await books.house.newest_index(NETWORK)
    books.chain.pay(index, PAID)
    books.chain.mine()
    await books.watcher.round()
    await books.reconciler.check(older)
    assert [line.difference for line in books.reconciler.lines] == [0] * len(books.reconciler.lines)
    newer = books.chain.chain.tip()
    await books.reconciler.check(newer)
    assert [line.difference for line in books.reconciler.lines] == [0] * len(books.reconciler.lines)
    name = transfer(SALT, NETWORK, b"\x07" * 32)
    fixed = (NETWORK, name, USDT, index, 0, amount_bytes(PAID * UNIT), 0)
    said = wire.Seen(*fixed, newer.height, newer.hash)
    assert await books.house.report(wire.DEPOSITS, said) == [0]
    await books.reconciler.check(newer)
    assert sum(line.difference for line in books.reconciler.lines) < -PAID * UNIT // 2


async def test_a_spend_that_the_payer_does_not_know_has_a_reason_of_its_own(books: Books) -> None:
    """Once, by whichever watcher; a spend of before is explained. Criterion: CHAINS-TRIGGER-3."""
    hot = books.chain.terms.lanes
    assert await books.found() == []
    await unknown_spend(books)
    await books.found()
    books.reconciler = Reconciler(books.network, books.house, books.folder / "payer", books.clock)
    await books.found()
    place = suspensions.Scope(suspensions.Level.ASSET_CHAIN, NETWORK, USDT)
    (one,) = await books.suspended()
    assert (one.trigger, one.terms.scope) == (suspensions.Trigger.UNKNOWN_SPEND, place)
    assert one.terms.reason == suspensions.Reason.SECURITY_INCIDENT
    assert one.terms.actions == suspensions.Action.WITHDRAW
    at, tip = list(places(books.network, 0)), books.chain.chain.tip()
    spends = Spends(books.chain.chain, books.folder / "payer")
    assert spends.unknown(at, tip) == []  # never agreed
    spends.explain(at, tip)
    spend(books, hot[1])
    assert spends.unknown(at, books.chain.chain.tip()) == [Spend(hot[1], 0)]


async def test_what_was_spent_is_explained_at_a_start_and_behind_a_break(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not at each block, nor for what differs for a moment. Criterion: CHAINS-TRIGGER-3."""
    count = []
    monkeypatch.setattr(Spends, "explain", lambda *_: count.append(1))
    for _ in range(3):
        assert await books.found() == []
    assert len(count) == 1
    name = bytes(range(32))
    told = [
        wire.Funded(NETWORK, bytes([at]) + name[1:], USDT, wire.Tier.HOT, amount_bytes(PAID * UNIT))
        for at in (1, 2)
    ]
    assert await books.house.report(wire.DEPOSITS, told[0]) == [0]
    assert await books.reconciler.check(books.chain.chain.tip()) == []
    books.chain.command(
        books.chain.token,
        contracts.call("mint(address,uint256)", books.chain.terms.lanes[0], PAID),
    )
    assert await books.found() == []
    assert len(count) == 1
    assert await books.house.report(wire.DEPOSITS, told[1]) == [0]
    assert len(await books.found()) == 1
    books.chain.command(
        books.chain.token,
        contracts.call("mint(address,uint256)", books.chain.terms.lanes[0], PAID),
    )
    assert await books.found() == []
    assert len(count) == 2


async def test_what_the_payer_has_planned_is_no_unknown_spend(books: Books) -> None:
    """Final or not; what is missing else is books that differ. Criterion: CHAINS-TRIGGER-3."""
    assert await books.found() == []
    payment = Payment(1, USDT, PAID, b"\x99" * 20)
    kept = Store(books.folder / "payer")
    plan = books.chain.chain.plan([payment], [])
    kept.keep_plan(plan)
    kept.close()
    spend(books, read_body(plan.body).lane)
    (line,) = await books.found()
    assert line.difference < 0
    (one,) = await books.suspended()
    assert one.trigger == suspensions.Trigger.LEDGER_MISMATCH


async def measured(books: Books) -> Measured | None:
    asked = suspensions.GetMeasured(NETWORK)
    found = await books.house.ask(suspensions.SUSPENSIONS, asked)
    assert found is None or isinstance(found, Measured)
    return found


async def test_coins_are_measured_for_a_gate_and_no_gate_else(books: Books) -> None:
    """At each block, once a minute else; of what agrees. Criterion: CHAINS-RECONCILE-7."""
    await books.exchange.say(suspensions.Adopt(EDITION), chart.HOUSE, suspensions.SUSPENSIONS)
    assert await books.found() == []
    await books.reconciler.measure()
    assert await measured(books) is None
    terms = suspensions.Terms(
        suspensions.Action.WITHDRAW, suspensions.Scope(suspensions.Level.GLOBAL),
        suspensions.Mode.QUEUE, suspensions.Reason.SECURITY_INCIDENT,
    )  # fmt: skip
    clock = books.exchange.bed.clock
    assert isinstance(clock, ManualClock)
    planned = Suspension(
        *(1, terms, SuspensionState.GATE_CHECK, 5, 1, 1, 1), planned_ms=clock.exchange_ms()
    )
    folds = books.exchange.bed.folds
    state = next(one.state for one in folds if one.number == suspensions.SUSPENSIONS)
    state.suspensions[1] = planned
    await books.reconciler.measure()
    first = await measured(books)
    tip = books.chain.chain.tip()
    assert first is not None
    assert (first.height, first.block) == (tip.height, tip.hash)
    lines = {(one.tier, one.asset): one.chain for one in books.reconciler.lines}
    assert {(one.tier, one.asset): int.from_bytes(one.amount) for one in first.coins} == lines
    assert lines[wire.Tier.HOT, USDT] > 0
    await books.reconciler.measure()
    assert await measured(books) == first
    for watch in (books.clock, clock):
        watch.advance(MEASURED_AGAIN_MS)
    await books.reconciler.measure()
    again = await measured(books)
    assert again is not None
    assert again.sequence > first.sequence
    await unknown_spend(books)
    for watch in (books.clock, clock):
        watch.advance(MEASURED_AGAIN_MS)
    await books.reconciler.check(books.chain.chain.tip())
    await books.reconciler.measure()
    apart = await measured(books)
    assert apart is not None
    assert {one.asset for one in apart.coins} == {COIN}
    books.reconciler.not_compared(Blind.DOWN, "the node is gone")
    for watch in (books.clock, clock):
        watch.advance(MEASURED_AGAIN_MS)
    await books.reconciler.measure()
    assert await measured(books) == apart


WARM, COLD = b"\x77" * 20, b"\x78" * 20


async def with_safes(books: Books) -> None:
    """Warm and cold have three tokens each, on Safes that the ceremony's record names."""
    for place, tier in ((WARM, wire.Tier.WARM), (COLD, wire.Tier.COLD)):
        given = contracts.call("mint(address,uint256)", place, 3 * PAID)
        receipt = books.chain.command(books.chain.token, given)
        name = transfer(SALT, NETWORK, bytes.fromhex(receipt["transactionHash"][2:]))
        told = wire.Funded(NETWORK, name, USDT, tier, amount_bytes(3 * PAID * UNIT))
        assert await books.house.report(wire.DEPOSITS, told) == [0]
        wallet = TierWallet(NETWORK, tier.name.lower(), SAFE, 3, (), safe=place.hex())
        Record.of(books.folder).append(Entry(0, 1, "ceremony", "", wallets=(wallet,)))
    books.chain.mine()


async def spent_by_strangers(books: Books, place: bytes) -> int:
    """Owners' keys in others' hands."""
    # Less than the tolerance of the coin.
    books.chain.node.call("anvil_setBalance", "0x" + place.hex(), hex(4 * 10**14))
    spend(books, place)
    return -PAID * UNIT


async def never_came(books: Books, tier: wire.Tier) -> int:
    """The ledger has a refill of which no chain knows."""
    words = (tier, wire.Tier.HOT, amount_bytes(PAID * UNIT), NOTHING)
    told = wire.Moved(NETWORK, b"4" * 32, USDT, *words)
    assert await books.house.report(wire.DEPOSITS, told) == [0]
    return PAID * UNIT


@pytest.mark.parametrize("tier", [wire.Tier.WARM, wire.Tier.COLD])
async def test_warm_and_cold_are_compared_too(books: Books, tier: wire.Tier) -> None:
    """Each fault is named by its tier and suspends the asset. Criterion: CHAINS-RECONCILE-4."""
    await with_safes(books)
    assert await books.found() == []
    lines = {(one.tier, one.asset): one for one in books.reconciler.lines}
    assert lines[tier, USDT].chain == lines[tier, USDT].ledger == 3 * PAID * UNIT
    missing = await spent_by_strangers(books, WARM if tier == wire.Tier.WARM else COLD)
    (found,) = await books.found()
    assert (found.tier, found.asset) == (tier, USDT)
    assert abs(found.difference - missing) <= 50_000
    place = suspensions.Scope(suspensions.Level.ASSET_CHAIN, NETWORK, USDT)
    (one,) = await books.suspended()
    assert (one.trigger, one.terms.scope) == (suspensions.Trigger.UNKNOWN_SPEND, place)
    # What the ledger alone knows of brings warm back to what the chain has, and breaks hot.
    await never_came(books, tier)
    (found,) = await books.found()
    assert found.tier == wire.Tier.HOT


async def test_a_damaged_record_leaves_the_other_tiers_compared(books: Books) -> None:
    """Criterion: CHAINS-RECONCILE-4"""
    await with_safes(books)
    (books.folder / "custody-keys.jsonl").write_bytes(b"{}\n")
    await unknown_spend(books)
    (found,) = [one for one in await books.found() if one.asset == USDT]
    assert found.tier == wire.Tier.HOT
    assert wire.Tier.WARM not in {one.tier for one in books.reconciler.lines}


async def test_a_difference_that_ended_counts_nothing_for_the_next(books: Books) -> None:
    """Criterion: CHAINS-RECONCILE-3."""
    check, tip = books.reconciler.check, books.chain.chain.tip
    await missing_credit(books)
    assert await check(tip()) == []
    assert any(one.difference for one in books.reconciler.lines)
    await books.watcher.round()
    assert await check(tip()) == []
    assert not any(one.difference for one in books.reconciler.lines)
    books.clock.advance(10 * LASTS_MS)
    await missing_credit(books)
    assert await check(tip()) == []
    assert any(one.difference for one in books.reconciler.lines)


class Dumb:
    """A node's adapter that tells no balance while it is asked not to."""

    def __init__(self, chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_dumb = False
        told = chain.balances

        def balances(places: Sequence[bytes], block: Block) -> Mapping[tuple[bytes, int], int]:
            if self.is_dumb:
                raise NodeGarbage("it forgot its state")
            return told(places, block)

        monkeypatch.setattr(chain, "balances", balances)


async def test_balances_that_cannot_be_told_are_not_known_and_alarm(
    books: Books, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: CHAINS-RECONCILE-5. By blocks, or by time; then all is as it was."""
    node = Dumb(books.reconciler._chain, monkeypatch)
    watcher = Watcher(books.network, books.store, books.house, SALT, books.reconciler)
    await watcher.round()
    assert shown(books) == (None, books.chain.chain.tip().height)
    node.is_dumb, known = True, books.chain.chain.tip().height
    alarms = []
    for blocks in range(1, UNKNOWN_BLOCKS + 1):
        books.chain.mine()
        for _ in range(2):
            await watcher.round()
        unknown, height = shown(books)
        assert unknown is not None
        assert (unknown.problem, unknown.blocks, height) == ("it forgot its state", blocks, known)
        alarms.append(unknown.is_alarm)
        assert not await books.stopped()
    assert alarms == [False] * (UNKNOWN_BLOCKS - 1) + [True]
    assert capsys.readouterr().out.count("ledger and chain are not compared") == 1
    node.is_dumb = False
    # No block has to come for it to be looked at again.
    await watcher.round()
    assert shown(books) == (None, books.chain.chain.tip().height)
    node.is_dumb = True
    books.chain.mine()
    await watcher.round()
    books.clock.advance(UNKNOWN_MS)
    await watcher.round()
    unknown, _ = shown(books)
    assert unknown is not None
    assert unknown.is_alarm


async def test_a_node_that_is_down_leaves_nothing_known(books: Books) -> None:
    """Criterion: CHAINS-RECONCILE-5"""
    network = msgspec.structs.replace(books.network, nodes=("http://127.0.0.1:1",))
    watcher = Watcher(network, books.store, books.house, SALT, books.reconciler)
    await watcher.round()
    unknown, _ = shown(books)
    assert unknown is not None
    assert unknown.problem


async def test_a_full_disk_stops_no_comparison(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: CHAINS-RECONCILE-5"""

    def full(_path: Path, _content: bytes) -> int:
        raise OSError(ENOSPC, "No space left on device")

    await unknown_spend(books)
    monkeypatch.setattr(Path, "write_bytes", full)
    assert {one.asset for one in await books.found()} == {USDT}
    assert await books.stopped()


class Slow(Watcher):
    """Of a network whose node does not answer."""

    async def round(self) -> None:
        await asyncio.Event().wait()


async def test_a_node_that_answers_late_holds_up_no_other_network(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: CHAINS-RECONCILE-6. A loss on the other is found in its own time."""
    slow = Slow(books.network, books.store, books.house, SALT)
    good = Watcher(books.network, books.store, books.house, SALT, books.reconciler)
    await unknown_spend(books)
    looks = iter(range(9))

    async def wait_ms(_ms: int) -> None:
        """Time goes by between two looks; the exchange is gone once the loss is found."""
        books.clock.advance(LASTS_MS)
        if await books.stopped() or next(looks) == 8:
            raise Unavailable("the exchange is gone")

    monkeypatch.setattr(books.clock, "wait_ms", wait_ms)
    with pytest.raises(ExceptionGroup):
        await keep([slow, good], books.clock)
    assert [one.asset for one in await books.stopped()] == [USDT]


async def test_networks_that_have_no_node_yet_are_waited_for() -> None:
    """Criterion: CHAINS-RECONCILE-6. Nobody to watch is no fault."""
    await keep([], ManualClock(START_MS))


async def test_many_silent_nodes_hold_up_no_other_network(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: CHAINS-RECONCILE-6. They are more than a loop of two processors has threads."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(6))
    good = Watcher(books.network, books.store, books.house, SALT, books.reconciler)
    await unknown_spend(books)
    looks = iter(range(99))

    async def wait_ms(_ms: int) -> None:
        books.clock.advance(LASTS_MS)
        if await books.stopped() or next(looks) == 98:
            raise Unavailable("the exchange is gone")

    monkeypatch.setattr(books.clock, "wait_ms", wait_ms)
    # Whoever calls is connected, and never answered.
    with socket.create_server(("127.0.0.1", 0), backlog=99) as nobody:
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        silent = [
            Watcher(
                msgspec.structs.replace(books.network, network=number, nodes=(url,)),
                *(books.store, books.house, SALT),
            )
            for number in range(101, 109)
        ]
        with pytest.raises(ExceptionGroup):
            await keep([*silent, good], books.clock)
        # None of them has been given up: their threads wait still.
        assert {one._state for one in silent} == {""}
    assert [one.asset for one in await books.stopped()] == [USDT]


async def test_a_block_that_comes_while_blocks_are_read_is_compared(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not taken for one that was not read. Criterion: CHAINS-RECONCILE-5."""

    def late(*chains: Chain | None) -> Health:
        found = health(*chains)  # type: ignore[arg-type]
        books.chain.mine()
        return found

    monkeypatch.setattr("fullreserve.custody.watcher.health", late)
    watcher = Watcher(books.network, books.store, books.house, SALT, books.reconciler, books.clock)
    await watcher.round()
    assert shown(books) == (None, books.chain.chain.tip().height)


class Hiding(Liar):
    """A node that goes on telling the balances which it was asked for before."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.is_hiding = False
        self._before: dict[str, object] = {}

    def answer(self, asked: bytes, login: str | None) -> bytes:
        question, told = json.loads(asked), json.loads(super().answer(asked, login))
        one_by_one = isinstance(question, dict)
        replies = {one["id"]: one for one in ([told] if one_by_one else told)}
        for one in [question] if one_by_one else question:
            if one["method"] in ("eth_call", "eth_getBalance"):
                key, reply = json.dumps(one["params"][0]), replies[one["id"]]
                if self.is_hiding:
                    reply["result"] = self._before[key]
                self._before[key] = reply["result"]
        return json.dumps(told).encode()


@pytest.mark.parametrize("liar", [0, 1])
async def test_balances_count_by_both_nodes(books: Books, liar: int) -> None:
    """Whichever of them hides that coins left. Criterion: CHAINS-RECONCILE-8."""
    with Hiding(books.chain.url) as hiding:
        nodes = [books.chain.url, books.chain.url]
        nodes[liar] = hiding.url
        network = msgspec.structs.replace(books.network, nodes=tuple(nodes))
        books.reconciler = Reconciler(network, books.house, books.folder / "payer", books.clock)
        assert await books.found() == []
        assert shown(books)[0] is None
        compared = shown(books)[1]
        hiding.is_hiding = True
        missing = await unknown_spend(books)
        assert await books.found() == []
        unknown, height = shown(books)
        assert unknown is not None
        assert unknown.problem.startswith("two nodes tell other balances")
        assert height == compared
        hiding.is_hiding = False
        assert [one.chain - one.ledger for one in await books.found()] == [missing]
        assert shown(books)[0] is None


def shown(books: Books) -> tuple[Unknown | None, int]:
    """Why it is not known now, and the height of the last comparison, for operators."""
    found = newest(books.folder, NETWORK)
    return found.unknown, found.height


def test_a_difference_lasts_longer_while_the_payer_has_not_read_the_block(tmp_path: Path) -> None:
    """Change that it has not seen looks as if it were gone. Criterion: CHAINS-RECONCILE-3."""
    network = Network(
        network=3, kind="utxo", nodes=(), branches=(), decimals={4: 8}, coin=4,
        credit_after=1, unlock_after=2,
    )  # fmt: skip
    other = msgspec.structs.replace(network, kind="evm")
    place, block = tmp_path / "payer.sqlite", Block(7, b"7" * 32, b"6" * 32)
    assert patience(network, place, block) == BEHIND_MS
    store = Store(place)
    for blocks, wanted in (([(6, b"6" * 32)], BEHIND_MS), ([(7, b"7" * 32)], LASTS_MS)):
        store.keep_cursor(3, following.store(following.Cursor(blocks)))
        assert patience(network, place, block) == wanted
    store.close()
    assert patience(other, place, block) == LASTS_MS
    assert LASTS_MS < BEHIND_MS < 60_000


def test_e9_4_a_thousandth_of_a_coin_in_a_thousand_is_a_break() -> None:
    """Ledger 1,000.0000, chain 999.9990, tolerance 0.0005. Criterion: CHAINS-RECONCILE-2."""
    ledger, tolerance = 1000 * 10**8, COIN_TOLERANCE
    assert tolerance == 5 * 10**4

    def line(chain: int) -> Line:
        return Line(wire.Tier.HOT, COIN, ledger, ledger - tolerance, ledger + tolerance, chain)

    assert line(99_999_900_000).difference == -50_000
    assert line(ledger - tolerance).difference == line(ledger + tolerance).difference == 0
    assert LASTS_MS + BEHIND_MS < 60_000
