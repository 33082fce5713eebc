"""Goal: a node that is busy for questions of balances holds up no deposit but those that need them.

Method: anvil behind a proxy that refuses them, or answers none of them until it may.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import msgspec
import pytest

from fullreserve.custody import contract_calls
from fullreserve.custody.chains import following
from fullreserve.custody.chains.adapter import Block
from fullreserve.custody.chains.evm_proof import EMPTY
from fullreserve.custody.chains.evm_reading import SAFE_NONCE
from fullreserve.custody.contract_calls import PAUSE_MOST, REFUSED_MOST
from fullreserve.custody.reconciling import LASTS_MS
from fullreserve.custody.store import Store
from fullreserve.custody.watcher import Watcher
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.deposit_state import KEPT_BLOCKS
from fullreserve.exchange.worker_files import LostCalls
from fullreserve.gateway.reconciled import newest
from tests.bed import USDT
from tests.integration.custody import safes
from tests.integration.custody.liar import Liar, Lie
from tests.integration.custody.outsiders import COIN, KNOWN, TERMS, EvmBed
from tests.integration.custody.test_internal_calls import GIVEN, UNITS, Wallet
from tests.integration.custody.test_internal_gifts import OWNERS, House, opened
from tests.integration.custody.test_internal_gifts import warm as a_safe
from tests.integration.custody.test_reconciling import NETWORK, SALT
from tests.unit.custody.made_headers import rehashed


@pytest.fixture(scope="module")
def chain() -> Iterator[EvmBed]:
    made = EvmBed(safes.CHAIN, USDT)
    yield made
    made.close()


@pytest.fixture
async def books(chain: EvmBed, tmp_path: Path) -> AsyncIterator[House]:
    async with opened(chain, tmp_path) as made:
        yield made


warm = a_safe  # a fixture


def is_balance(question: dict[str, Any]) -> bool:
    return bool(question["method"] == "eth_getBalance")


def is_old_balance(question: dict[str, Any]) -> bool:
    return is_balance(question) and question["params"][1] != "latest"


def is_proof(question: dict[str, Any]) -> bool:
    return bool(question["method"] == "eth_getProof")


def is_safe_nonce(question: dict[str, Any]) -> bool:
    return bool(question["method"] == "eth_call" and question["params"][0]["data"] == SAFE_NONCE)


class Busy(Liar):
    """Refuses what it is busy for, or answers it when it `may`."""

    def __init__(
        self,
        url: str,
        busy_for: Callable[[dict[str, Any]], bool] = is_balance,
        says: tuple[int, str] | None = (-32005, "try again in a second"),
    ) -> None:
        super().__init__(url)
        self.may, self.asked = Event(), 0
        self._busy_for, self._says = busy_for, says

    def __exit__(self, *problem: object) -> None:
        self.may.set()
        super().__exit__(*problem)

    def answer(self, asked: bytes, login: str | None) -> bytes:
        question = json.loads(asked)
        questions = question if isinstance(question, list) else [question]
        is_busy = any(map(self._busy_for, questions)) and not self.may.is_set()
        self.asked += is_busy
        if is_busy and self._says is None:
            self.may.wait()
        told = json.loads(super().answer(asked, login))
        if not is_busy or self._says is None:
            return json.dumps(told).encode()
        for one, reply in zip(questions, told if isinstance(told, list) else [told], strict=True):
            if self._busy_for(one):
                del reply["result"]
                reply["error"] = dict(zip(("code", "message"), self._says, strict=True))
        return json.dumps(told).encode()


def watching(books: House, node: Liar, store: Store | None = None) -> Watcher:
    """By way of a node; what it finds is compared by way of another that tells all."""
    network = msgspec.structs.replace(books.network, nodes=(node.url,))
    fixed = (network, store or books.store, books.house, SALT, books.reconciler)
    return Watcher(*fixed, gifts=books.gifts)


async def credited(wallet: Wallet, watcher: Watcher) -> None:
    """What waits is asked for again within the longest pause, and credited once."""
    for _ in range(PAUSE_MOST + 1):
        if await wallet.has() == UNITS:
            break
        await watcher.round()
    for _ in range(3):
        await watcher.round()
        wallet.books.clock.advance(LASTS_MS)
    coins = [one for one in await wallet.deposits() if one[1] == UNITS]
    assert (coins, await wallet.has()) == ([(2, UNITS)], UNITS)
    assert not any(one.difference for one in wallet.books.reconciler.lines)
    assert not await wallet.books.suspended()


REFUSES = (-32005, "try again in a second")
UNLISTED = (-32016, "over rate limit")
NONSENSE = (None, None)


@pytest.mark.parametrize("says", [REFUSES, UNLISTED, NONSENSE, None])
async def test_a_busy_node_holds_up_no_plain_deposit(
    books: House, monkeypatch: pytest.MonkeyPatch, says: tuple[int, str] | None
) -> None:
    """Whether it refuses or is slow. Criterion: CHAINS-INTERNAL-7, CHAINS-INTERNAL-8."""
    wallet = await Wallet.of(books)
    monkeypatch.setattr(contract_calls, "WAIT_MS", 1)
    with Busy(books.chain.url, says=says) as node:
        watcher = watching(books, node)
        wallet.pay()
        books.chain.send(wallet.place, 1)
        for state in (0, 1, 2):
            books.chain.mine()
            await watcher.round()
            books.clock.advance(LASTS_MS)
            assert await wallet.deposits() == [(state, 100)]
        unknown = newest(books.folder, NETWORK).unknown
        assert unknown is not None
        assert "what contracts sent in 1 blocks waits" in unknown.problem
        assert not await books.suspended()
        assert node.asked > 0
        monkeypatch.setattr(contract_calls, "WAIT_MS", 600_000)
        node.may.set()
        await credited(wallet, watcher)


async def test_what_waits_survives_a_kill(
    books: House, chain: EvmBed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it is read, and between its report and its end. Criterion: CHAINS-INTERNAL-8."""
    wallet = await Wallet.of(books)
    wallet.pay()
    chain.mine(3)
    with Busy(chain.url) as node:
        await watching(books, node).round()
        assert await wallet.deposits() == []
        store = Store(books.folder / "watcher.sqlite")
        try:
            assert store.calls.count(NETWORK).waiting == 1
            node.may.set()

            def killed(_network: int, _cursor: bytes) -> None:
                raise sqlite3.OperationalError("as a kill")

            with monkeypatch.context() as during:
                during.setattr(store, "keep_cursor", killed)
                with pytest.raises(sqlite3.OperationalError, match="as a kill"):
                    await watching(books, node, store).round()
            assert await wallet.has() == UNITS
            assert store.calls.count(NETWORK).waiting == 1
            await credited(wallet, watching(books, node, store))
            assert store.calls.count(NETWORK).waiting == 0
        finally:
            store.close()


async def test_a_reorganisation_forgets_what_waits(books: House, chain: EvmBed) -> None:
    """And has what the new branch brings read. Criterion: CHAINS-INTERNAL-4, CHAINS-INTERNAL-8."""
    wallet = await Wallet.of(books)
    raw = wallet.pay()
    chain.mine(2)
    with Busy(chain.url) as node:
        watcher = watching(books, node)
        await watcher.round()
        (dead,) = books.store.calls.waiting(NETWORK, 9)
        chain.reorganise(2)
        await watcher.round()
        assert books.store.calls.waiting(NETWORK, 9) == []
        chain.again(raw)
        chain.mine(3)
        await watcher.round()
        (alive,) = books.store.calls.waiting(NETWORK, 9)
        assert alive.block.hash != dead.block.hash
        node.may.set()
        await credited(wallet, watcher)


async def test_what_is_told_of_a_block_that_the_chain_left_counts_for_nothing(
    books: House, chain: EvmBed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was asked for before that. Criterion: CHAINS-INTERNAL-4."""
    wallet = await Wallet.of(books)
    monkeypatch.setattr(contract_calls, "WAIT_MS", 1)
    wallet.pay()
    chain.mine()
    block = chain.chain.tip()
    deposits = chain.chain.internal(block) or []
    assert deposits
    with Busy(chain.url) as node:
        watcher = watching(books, node)
        await watcher.round()
        chain.reorganise(1)
        watcher._calls._told.append(contract_calls.Told(block, deposits, []))
        await watcher.round()
    assert await wallet.deposits() == []
    assert books.store.gifts.all(NETWORK) == []


def instead(block: Block) -> Lie:
    """An empty block stands where one does, as on a branch that the chain then leaves again."""
    place, made = hex(block.height), dict[str, Any]()

    def lie(method: str, asked: list[Any], result: Any) -> Any:
        if method == "eth_getBlockByNumber" and result["number"] == place:
            root = "0x" + EMPTY.hex()
            made.update(result, transactionsRoot=root, receiptsRoot=root, gasUsed="0x0")
            made["transactions"] = []
            rehashed(made)
            return dict(made)
        if method == "eth_getBlockByHash" and asked[0] == made.get("hash"):
            return dict(made)
        return [] if method == "eth_getLogs" else result

    return lie


@pytest.mark.parametrize("tells", [True, False])
def test_a_block_that_comes_back_replaces_nothing_of_its_own(chain: EvmBed, tells: bool) -> None:
    """Until it is read once more, and tells of it no more. Criterion: CHAINS-INTERNAL-4."""
    with Liar(chain.url) as node:
        bed, cursor = chain.over(node.url), chain.cursor()

        def followed() -> list[following.Report]:
            return list(following.advance(bed, cursor, TERMS))

        chain.forward(chain.forwarder(), bed.addresses.place(KNOWN - 1), GIVEN)
        chain.mine()
        reached = followed()[-1]
        assert isinstance(reached, following.Reached)
        assert reached.runs_code
        block = reached.block
        (deposit,) = bed.internal(block) or []
        list(following.read_later(cursor, TERMS, block, [deposit]))
        node.lie = instead(block)
        assert following.Orphaned(deposit, block.height) in followed()
        node.lie = None
        followed()
        chain.mine(TERMS.unlock_after)
        assert following.Replaced(deposit) not in followed()
        told = list(following.read_later(cursor, TERMS, block, [deposit] if tells else []))
    if tells:
        expected = [following.Confirmed(deposit, depth) for depth in sorted(set(TERMS))]
        assert told == [following.Seen(deposit, block), *expected]
    else:
        assert told == [following.Replaced(deposit)]


async def test_a_state_that_was_lost_is_asked_for_from_time_to_time(
    books: House, chain: EvmBed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And credited where it is told after all. Criterion: CHAINS-INTERNAL-5."""
    monkeypatch.setattr(contract_calls, "LOST_EVERY", 3)
    wallet = await Wallet.of(books)
    wallet.pay()
    chain.mine(4)
    with Busy(chain.url, is_old_balance, (-32000, "missing trie node")) as node:
        watcher = watching(books, node)
        await watcher.round()
        height = chain.chain.tip().height - 3
        assert books.store.calls.count(NETWORK) == (0, 1, height, height)
        assert newest(books.folder, NETWORK).lost_calls == LostCalls(1, height, height)
        # What nobody has credited is compared with again, and a difference.
        assert newest(books.folder, NETWORK).unknown is None
        assert any(one.difference for one in books.reconciler.lines)
        await watcher.round()
        asked = node.asked
        for _ in range(3):
            await watcher.round()
        assert node.asked == asked
        node.may.set()
        await watcher.round()
    assert (await wallet.deposits(), await wallet.has()) == ([(2, UNITS)], UNITS)
    assert books.store.calls.count(NETWORK) == (0, 0, 0, 0)
    assert newest(books.folder, NETWORK).lost_calls is None
    assert await books.found() == []


async def test_a_state_that_is_refused_for_long_keeps_nobody_from_comparing(
    books: House, chain: EvmBed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In words that a busy node has as well. Criterion: CHAINS-INTERNAL-8."""
    monkeypatch.setattr(contract_calls, "PAUSE_MOST", 1)
    wallet = await Wallet.of(books)
    wallet.pay()
    chain.mine(4)
    with Busy(chain.url, is_old_balance) as node:
        watcher = watching(books, node)
        for _ in range(REFUSED_MOST - 1):
            await watcher.round()
        assert books.store.calls.count(NETWORK).waiting == 1
        await watcher.round()
        assert books.store.calls.count(NETWORK).lost == 1
        assert newest(books.folder, NETWORK).unknown is None
        node.may.set()
        # As after a start.
        await watching(books, node).round()
    assert (await wallet.deposits(), await wallet.has()) == ([(2, UNITS)], UNITS)


@pytest.mark.parametrize(
    ("says", "is_lost"),
    [(REFUSES, False), (UNLISTED, False), ((-32601, "the method does not exist"), True)],
)
async def test_proofs_that_are_refused_are_asked_for_as_states_are(
    books: House, chain: EvmBed, says: tuple[int, str], is_lost: bool
) -> None:
    """A node may be busy for them, or have none. Criterion: CHAINS-INTERNAL-5, CHAINS-INTERNAL-8"""
    wallet = await Wallet.of(books)
    wallet.pay()
    chain.mine(4)
    with Busy(chain.url, is_proof, says) as node:
        watcher = watching(books, node)
        for _ in range(2):
            await watcher.round()
            kept = books.store.calls.count(NETWORK)
            assert (kept.waiting, kept.lost) == (not is_lost, is_lost)
        node.may.set()
        await credited(wallet, watching(books, node))


class Garbled(Liar):
    """A node that tells nothing of one block by its hash."""

    hash = ""

    def answer(self, asked: bytes, login: str | None) -> bytes:
        question, told = json.loads(asked), json.loads(super().answer(asked, login))
        if not isinstance(question, list) and question["params"][:1] == [self.hash]:
            told["result"] = None
        return json.dumps(told).encode()


async def test_a_block_that_is_not_told_holds_up_no_later_one(books: House, chain: EvmBed) -> None:
    """Criterion: CHAINS-INTERNAL-7, CHAINS-INTERNAL-8."""
    wallet = await Wallet.of(books)
    wallet.pay(2 * GIVEN)
    chain.mine()
    first = chain.chain.tip().hash
    chain.mine()
    wallet.pay()
    chain.mine(3)
    with Garbled(chain.url) as node:
        node.hash = "0x" + first.hex()
        watcher = watching(books, node)
        for _ in range(2):
            await watcher.round()
            assert await wallet.deposits() == [(2, UNITS)]
            unknown = newest(books.folder, NETWORK).unknown
            assert unknown is not None
            assert "1 blocks waits: the node does not hold block" in unknown.problem
        node.hash = ""
        await watcher.round()
    assert sorted(await wallet.deposits()) == [(2, UNITS), (2, 2 * UNITS)]
    assert await books.found() == []


async def test_what_is_told_too_late_stays_shown(books: House, chain: EvmBed) -> None:
    """The exchange takes nothing of so old a block. Criterion: CHAINS-INTERNAL-5."""
    wallet = await Wallet.of(books)
    with Busy(chain.url) as node:
        watcher = watching(books, node)
        wallet.pay()
        chain.mine(4)
        await watcher.round()
        tip = wire.Tip(NETWORK, 1_000 * (KEPT_BLOCKS // 1_000 + 1), b"\x01" * 32, healthy=True)
        assert await books.house.report(wire.DEPOSITS, tip) == [0]
        node.may.set()
        for _ in range(PAUSE_MOST + 1):
            await watcher.round()
    kept = books.store.calls
    assert await wallet.deposits() == []
    count = kept.count(NETWORK)
    assert (count.waiting, count.lost) == (0, 1)
    assert newest(books.folder, NETWORK).lost_calls == LostCalls(1, count.lowest, count.lowest)
    assert (kept.waiting(NETWORK, 9), kept.lost(NETWORK, -1, 9)) == ([], [])


async def test_so_many_balances_are_asked_for_at_once(
    books: House, chain: EvmBed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: CHAINS-INTERNAL-7"""
    wallet = await Wallet.of(books)
    monkeypatch.setattr(contract_calls, "PLACES_AT_ONCE", 2 * books.watcher._calls.places)
    for _ in range(5):
        wallet.pay()
        chain.mine()
    left = []
    for _ in range(3):
        await books.watcher.round()
        left.append(books.store.calls.count(NETWORK).waiting)
    assert left == [3, 1, 0]
    monkeypatch.setattr(contract_calls, "PLACES_AT_ONCE", 1)
    for _ in range(2):
        wallet.pay()
        chain.mine()
    await books.watcher.round()
    assert books.store.calls.count(NETWORK).waiting == 1
    await books.watcher.round()
    assert [value for _, value in await wallet.deposits()] == 7 * [UNITS]


async def test_a_block_is_compared_in_the_look_that_read_it(books: House, chain: EvmBed) -> None:
    """So that a theft is seen as soon as before. Criterion: CHAINS-INTERNAL-8."""
    wallet = await Wallet.of(books)
    with Busy(chain.url) as node:
        node.may.set()
        watcher = watching(books, node)
        wallet.pay(2 * GIVEN)
        chain.mine(3)
        await watcher.round()
        wallet.steal(GIVEN)
        wallet.pay()
        for _ in range(2):
            chain.mine()
            await watcher.round()
            assert newest(books.folder, NETWORK).height == chain.chain.tip().height
            books.clock.advance(LASTS_MS)
    assert [one.terms.scope.asset for one in await books.suspended()] == [COIN]


async def test_a_busy_node_loses_no_gift(books: House, chain: EvmBed) -> None:
    """Nor holds up one that a transaction names. Criterion: CHAINS-INTERNAL-6, 7, 8."""
    books.give(books.lanes[0])
    chain.send(books.lanes[0], 5)
    chain.mine(4)
    with Busy(chain.url) as node:
        watcher = watching(books, node)
        for _ in range(2):
            await watcher.round()
            books.clock.advance(LASTS_MS)
        assert books.gifts_kept() == [(wire.Tier.HOT, USDT, 5)]
        assert not await books.suspended()
        node.may.set()
        for _ in range(2):
            await watcher.round()
    kept = [(wire.Tier.HOT, COIN, GIVEN), (wire.Tier.HOT, USDT, 5)]
    assert sorted(books.gifts_kept()) == kept
    assert await books.found() == []


async def test_a_node_that_is_busy_for_safes_loses_no_gift(
    books: House, chain: EvmBed, warm: safes.Tier
) -> None:
    """Which Safe did something is not known then. Criterion: CHAINS-INTERNAL-6, 8."""
    lane = books.lanes[0]
    books.give(warm.account, 3 * GIVEN)
    warm.do(OWNERS[:2], lane, 2 * GIVEN)
    with Busy(chain.url, is_safe_nonce) as node:
        watcher = watching(books, node)
        await watcher.round()
        assert books.gifts_kept() == []
        assert books.store.calls.count(NETWORK).waiting > 0
        node.may.set()
        await watcher.round()
    assert books.gifts_kept() == [(wire.Tier.WARM, COIN, 3 * GIVEN)]
