"""Goal: what was paid since a backup is found, whenever that was made, and is lost at no step.

Method: an exchange that asks its policy, a round of its judge at a time; a chain made of blocks
that come, fail and give way; real nodes of coins, with a payer killed at each of its effects.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from fullreserve.custody.addresses import UtxoAddresses
from fullreserve.custody.chains import following, utxo_transaction
from fullreserve.custody.chains.adapter import Attempt, Block, Departed, Out, Payment, Plan
from fullreserve.custody.chains.rpc import NodeGarbage
from fullreserve.custody.coins import Coins
from fullreserve.custody.destinations import Destinations
from fullreserve.custody.hd import Private
from fullreserve.custody.house_places import HousePlaces
from fullreserve.custody.payer import Payer
from fullreserve.custody.payer_desk import Terms
from fullreserve.custody.paying import PayersExchange
from fullreserve.custody.reconciling import PAYER_STORE
from fullreserve.custody.restore_mark import MARK, Mark, is_compared, mark_of, read_mark
from fullreserve.custody.restored import NotYet, SinceBackup
from fullreserve.custody.store import Store
from fullreserve.custody.transfers import transfer
from fullreserve.custody.units import Scale
from fullreserve.custody.watcher import STORE as WATCHER_STORE
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.policy_wire import APPROVE_MS
from fullreserve.exchange.products.suspension_wire import (
    SUSPENSIONS,
    Level,
    ListAll,
    Scope,
    Trigger,
    Trip,
)
from fullreserve.exchange.products.withdrawal_state import WithdrawalState
from fullreserve.gateway.reconciled import adopted
from tests.bed import BTC
from tests.integration.custody.conftest import made_bed
from tests.integration.custody.outsiders import TERMS, Approved, UtxoBed
from tests.integration.custody.test_deciding import CHAIN, Judged
from tests.integration.custody.test_payer import Agreement, Killed, Mortal, payer_of
from tests.integration.custody.withdrawing import COIN

NEWEST = 10**12  # what the stores had seen: no block is above it
LOOKS = 40
PLENTY = 40  # effects: more than there are
CHANGES = ("keep_read", "keep_adopted", "keep_plan", "change", "told", "compared_since")
HIRED = UtxoAddresses([Private.of_seed(b"1" * 32).public()], 1, "bc")


class Adopting:
    """A payer that keeps what it was told that left the hot wallet."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.told: list[list[bytes]] = []

    async def adopt(self, found: list[Departed], _loose: object, restored_ms: int) -> object:
        self.told.append([one.attempt.raw for one in found])
        self._store.keep_adopted(CHAIN, restored_ms, [])
        return {}

    async def take_up(self) -> None:
        pass

    async def hurry(self) -> bool:
        return False


class Made:
    """A chain of which every block pays somebody; it tells which of them were read."""

    network = CHAIN
    proves_taken = False

    def __init__(self, height: int) -> None:
        self.hashes = [b"%d" % one for one in range(height + 1)]
        self.read: Counter[bytes] = Counter()
        self.after: Callable[[int], None] = lambda _: None  # told how many were read

    def tip(self) -> Block:
        newest = self.block(len(self.hashes) - 1)
        assert newest is not None
        return newest

    def block(self, height: int) -> Block | None:
        if height >= len(self.hashes):
            return None
        return Block(height, self.hashes[height], self.hashes[height - 1] if height else b"")

    def departed(self, block: Block) -> list[Departed]:
        self.read[block.hash] += 1
        self.after(self.read.total())
        out = Out(Payment(0, 1, 5, b"somewhere"), is_ours=False)
        return [Departed(Attempt(b"t", block.hash), block.hash, b"", 1, (out,))]

    def is_leaving(self, _known: Sequence[Plan]) -> bool:
        return False

    def grow(self, count: int = 1) -> None:
        self.hashes += [b"%d" % len(self.hashes) for _ in range(count)]

    def fork(self, depth: int, fork: bytes) -> None:
        """The newest blocks give way to as many and one more."""
        kept = len(self.hashes) - depth
        self.hashes[kept:] = [b"%d%s" % (kept + one, fork) for one in range(depth + 1)]


class Folder:
    """A data folder that came out of a backup made at block 100."""

    def __init__(self, place: Path, chain: Any, blocks: int = 3) -> None:
        self.place, self.chain = place, chain
        known = [(height, chain.hashes[height]) for height in range(101 - blocks, 101)]
        mark = Mark(7, {CHAIN: 100}, {CHAIN: known})
        (place / MARK).write_bytes(msgspec.json.encode(mark))
        self.store = Store(place / PAYER_STORE)
        self.payer: Any = Adopting(self.store)

    async def look(self) -> bool:
        """Of a process that has just begun; whether it came to its end."""
        undecided: Any = SimpleNamespace(ask=_nobody)
        since = SinceBackup(self.place, self.chain, self.store, undecided, self.payer, _nothing)
        try:
            await since.look()
        except (NotYet, NodeGarbage):
            return False
        return True

    async def looks(self) -> int:
        """How many it takes."""
        for number in range(1, LOOKS):
            if await self.look():
                return number
        raise AssertionError(f"not done after {LOOKS} looks")


async def _nobody(*_: object) -> list[Any]:
    return []


async def _nothing() -> None:
    pass


async def test_blocks_that_come_while_others_are_read_begin_nothing_anew(tmp_path: Path) -> None:
    """Criterion: CHAINS-RESTORED-3. A block for each 12 that are read, and each look is cut off."""
    chain = Made(300)

    def after(count: int) -> None:
        if count % 12 == 0:
            chain.grow()
        if count % 31 == 0:
            raise NodeGarbage("the node is gone")

    chain.after = after
    folder = Folder(tmp_path, chain)
    await folder.looks()
    assert folder.payer.told == [chain.hashes[101:]]
    assert chain.read.total() - len(chain.hashes[101:]) == chain.read.total() // 31
    folder.store.close()


async def test_each_look_says_how_far_it_has_come(tmp_path: Path) -> None:
    """Criterion: CHAINS-RESTORED-3."""
    chain = Made(600)
    folder = Folder(tmp_path, chain)
    assert [await folder.look() for _ in range(3)] == [False, False, True]
    assert set(chain.read.values()) == {1}
    folder.store.close()


@pytest.mark.parametrize("depth", [1, 9, 12])
async def test_blocks_that_gave_way_are_read_as_they_are_now(tmp_path: Path, depth: int) -> None:
    """Criterion: CHAINS-RESTORED-3. 12: deeper than the backup, whose newest two gave way, too."""
    chain = Made(110)
    folder = Folder(tmp_path, chain)
    chain.is_leaving = lambda _known: True  # type: ignore[method-assign]
    assert not await folder.look()
    chain.fork(depth, b"'")
    del chain.is_leaving
    await folder.looks()
    first = min(101, 111 - depth)
    assert folder.payer.told == [chain.hashes[first:]]
    assert chain.read[b"101"] == 1, "what did not give way was read again"
    folder.store.close()


async def test_what_gives_way_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    """Criterion: CHAINS-RESTORED-3."""
    chain = Made(120)
    chain.after = lambda count: chain.fork(18, b"'") if count == 10 else None
    folder = Folder(tmp_path, chain)
    await folder.looks()
    assert folder.payer.told == [chain.hashes[101:]]
    folder.store.close()


def test_a_backup_of_what_was_not_compared_yet_is_compared_from_there_on(tmp_path: Path) -> None:
    """Criterion: CHAINS-RESTORED-3."""
    before = Mark(7, {1: 100, 2: 100, 3: 100}, {1: [(99, b"99"), (100, b"100")]})
    (tmp_path / MARK).write_bytes(msgspec.json.encode(before))
    payer, watcher = Store(tmp_path / PAYER_STORE), Store(tmp_path / WATCHER_STORE)
    for network in (1, 2):
        cursor = following.Cursor([(150, b"150")])
        watcher.keep_cursor(network, following.store(cursor))
    payer.compared_since(2, 7)
    payer.compared_since(3, 6)
    payer.close()
    watcher.close()
    (tmp_path / MARK).write_bytes(mark_of(tmp_path, 8))
    assert read_mark(tmp_path) == Mark(
        8, {1: 100, 2: 150, 3: 100}, {1: before.blocks[1], 2: [(150, b"150")], 3: []}
    )


@pytest.fixture(scope="module")
def coins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UtxoBed]:
    made = made_bed("litecoin", tmp_path_factory.mktemp("coins"))
    assert isinstance(made, UtxoBed)
    yield made
    made.close()


class Stops:
    """The exchange's suspensions: nothing of `book` is bound any more once one was asked for."""

    def __init__(self, book: Agreement) -> None:
        self._book = book
        self.asked: list[Scope] = []

    async def ask(self, *_: object) -> list[Any]:
        return []

    async def report(self, _fold: int, trip: Trip) -> list[int]:
        assert trip.trigger == Trigger.UNKNOWN_SPEND
        self.asked.append(trip.scope)
        self._book.cancelled |= self._book.waiting.keys() - self._book.bound.keys()
        return [0]

    async def settle(self) -> None:
        pass


class Life:
    """A payer that was put back from a backup, made before one transaction paid two."""

    def __init__(self, bed: UtxoBed, place: Path) -> None:
        place.mkdir()
        self.bed, self.place = bed, place
        self.book = Agreement(bed, bed.fresh())
        self.stops = Stops(self.book)
        store = Store(place / PAYER_STORE)
        for key, coin in bed.chain.coins.items():
            store.keep_coin(bed.chain.network, key, msgspec.msgpack.encode(coin))
        tip = bed.chain.tip()
        known = following.Cursor([(tip.height, tip.hash)])
        store.keep_cursor(bed.chain.network, following.store(known))
        store.close()
        mark = Mark(7, {bed.chain.network: tip.height})
        (place / MARK).write_bytes(msgspec.json.encode(mark))

    def pay(self, *payments: Payment) -> None:
        """By the hot wallet, in one transaction, in a block."""
        bed = self.bed
        plan = bed.chain.plan(payments, [])
        attempt = bed.sign(plan, Approved(*payments))
        bed.chain.broadcast(attempt)
        bed.mine()
        bed.chain.departed(bed.chain.tip())  # the change is known, too

    def to_withdrawal(self) -> Payment:
        (withdrawal,) = self.book.waiting
        return self.bed.payment(withdrawal, withdrawal, self.bed.unit)

    def to_stranger(self) -> Payment:
        number, place = self.bed.fresh(), self.bed.outsider.addresses.place(1)
        return Payment(number, self.bed.asset, self.bed.unit, place)

    async def live(self, mortal: Mortal, changes: Sequence[str] = CHANGES) -> None:
        """A process that knows what is on disk alone, until it is done or dies."""
        store = Store(self.place / PAYER_STORE)
        kept: Any = mortal.around(store, *changes)
        chain = self.bed.over(self.bed.url)
        coins = Coins(chain, store, TERMS)
        alike: Any = SimpleNamespace(chain=chain, payment=self.bed.payment, sign=self.bed.sign)
        payer = payer_of(alike, kept, self.book, mortal)
        house: Any = mortal.around(self.stops, "report")
        since = SinceBackup(self.place, chain, kept, house, payer, coins.follow)
        try:
            await since.look()
        finally:
            self.plans = [one.plan for one in store.open_plans(chain.network)]
            store.close()


async def test_a_spend_that_also_pays_a_stranger_stops_its_line(
    coins: UtxoBed, tmp_path: Path
) -> None:
    """Killed before each effect in turn. Criterion: CHAINS-RESTORED-4."""
    line = Scope(Level.ASSET_CHAIN, coins.chain.network, coins.asset)
    for effect in range(1, PLENTY):
        life = Life(coins, tmp_path / str(effect))
        life.pay(life.to_withdrawal(), life.to_stranger())
        mortal = Mortal(effect)
        with suppress(Killed):
            await life.live(mortal)
        await life.live(Mortal())
        assert set(life.stops.asked) == {line}
        assert life.book.bound.keys() == life.book.names.keys() == life.book.waiting.keys()
        assert [one.withdrawals for one in life.plans] == [tuple(life.book.waiting)]
        if mortal.count < effect:
            break
    assert effect >= 8


async def test_what_was_refunded_before_it_was_bound_stops_its_chain(
    coins: UtxoBed, tmp_path: Path
) -> None:
    """Criterion: CHAINS-RESTORED-6. Nobody is paid for it again, and people see it."""
    life = Life(coins, tmp_path / "life")
    life.pay(life.to_withdrawal())
    with suppress(Killed):
        await life.live(Mortal(3), changes=())  # it is kept as a plan, and not bound
    life.book.cancelled = set(life.book.waiting)
    await life.live(Mortal())
    assert life.stops.asked == [Scope(Level.CHAIN, coins.chain.network)]
    assert life.book.bound == {}


class Hired(Made):
    """A chain of which block 101 pays somebody a whole coin."""

    addresses = HIRED

    def departed(self, block: Block) -> list[Departed]:
        paid = Payment(0, BTC, COIN, HIRED.place(5))
        body = utxo_transaction.Body((), (utxo_transaction.Pays(paid.place, COIN),), 0)
        left = Departed(Attempt(b"t" * 32, b"raw"), b"b" * 32, msgspec.msgpack.encode(body), 1,
                        (Out(paid, is_ours=False),))  # fmt: skip
        return [left] if block.height == 101 else []

    def know(self, count: int) -> None:
        pass

    def broadcast_all(self, attempts: Sequence[Attempt]) -> list[None]:
        return [None for _ in attempts]


@pytest.mark.parametrize("was_judged", [True, False])
async def test_what_waited_at_the_backup_is_found_paid(tmp_path: Path, was_judged: bool) -> None:
    """For people, or for the policy's word: nobody pays or ends it, also where its time is over.

    Criteria: CHAINS-RESTORED-1, CHAINS-RESTORED-6, CHAINS-RESTORED-10.
    """
    judged = await Judged.open(tmp_path)
    number = await judged.exchange.ask(CHAIN, BTC, COIN, HIRED.address(5))
    beside = await judged.exchange.ask(CHAIN, BTC, COIN, HIRED.address(6))
    if was_judged:
        await judged.worker.round()
        assert await judged.state(number) == await judged.state(beside) == WithdrawalState.REVIEW
    before = await judged.state(number)
    chain: Any = Hired(110)
    folder = Folder(tmp_path, chain)
    judged.start(partial(is_compared, tmp_path))
    judged.clock.advance(APPROVE_MS + 3_600_000)
    for _ in range(3):
        await judged.worker.round()
    assert await judged.state(number) == await judged.state(beside) == before
    await _compared(tmp_path, judged, folder)
    told = adopted(tmp_path, CHAIN)
    assert told is not None
    assert told.restored_ms == 7
    assert [(b"t" * 32).hex(), (number,)] in [
        [one.transaction, one.withdrawals] for one in told.payments
    ]
    found = await judged.exchange.found(number)
    assert (found.state, found.is_approved) == (WithdrawalState.BROADCASTING, False)
    assert found.transfer == transfer(b"s" * 32, CHAIN, b"t" * 32)
    house = judged.exchange.house
    assert await house.ask(SUSPENSIONS, ListAll()) == []
    refused = await house.report(wire.WITHDRAWALS, wire.Decide(number, WithdrawalState.FAILED))
    assert refused != [0]
    await judged.worker.round()
    wanted = WithdrawalState.FAILED if was_judged else WithdrawalState.REVIEW
    assert await judged.state(beside) == wanted  # the chain has not paid it
    assert await judged.state(number) == WithdrawalState.BROADCASTING
    folder.store.close()
    await judged.exchange.close()


async def _compared(data: Path, judged: Judged, folder: Folder) -> None:
    """What the payer does first in a folder that came out of a backup."""
    house, network = judged.exchange.house, SimpleNamespace(
        network=CHAIN, needs_memo=True, addresses=lambda: HIRED
    )  # fmt: skip
    exchange = PayersExchange(
        house, Destinations(judged.exchange.vault), cast("Any", network), HousePlaces(data, ())
    )
    terms = Terms({BTC: Scale(8)}, BTC)
    payer = Payer(folder.chain, folder.store, exchange, _signs_nothing, terms, b"s" * 32)
    await SinceBackup(data, folder.chain, folder.store, house, payer, _nothing).look()


def _signs_nothing(_plan: Plan) -> Attempt:
    raise AssertionError("it was signed")


async def test_change_of_what_was_read_before_a_kill_is_known(
    coins: UtxoBed, tmp_path: Path
) -> None:
    """Criterion: CHAINS-RESTORED-3. What is paid with it in a later block has left hot as well."""
    for coin in list(coins.chain.coins)[1:]:
        del coins.chain.coins[coin]
    life = Life(coins, tmp_path / "life")
    life.pay(life.to_stranger())
    life.pay(life.to_withdrawal())
    with suppress(Killed):
        await life.live(Mortal(1, after=True))
    await life.live(Mortal())
    assert life.book.bound.keys() == life.book.waiting.keys()
