"""Goal: coins that a contract sends are credited as any others, and stop nobody's withdrawals.

Method: anvil, a contract that sends on what it is sent by an internal call, a real exchange.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest

from fullreserve.custody.chains.adapter import Senders
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.watcher import Watcher
from fullreserve.exchange import chart
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.deposit_state import Deposit, ListDeposits
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.exchange.wire.queries import ListBalances
from tests.bed import ALICE, USDT
from tests.integration.custody.liar import Liar
from tests.integration.custody.outsiders import COIN, EvmBed
from tests.integration.custody.test_reconciling import LARGE, NETWORK, NOTHING, SALT, Books
from tests.integration.custody.withdrawing import Withdrawing

GIVEN, UNITS = 10**17, 10**7  # in wei, and in the ledger's units
FEE_MOST = 10**4
MANY = 1_003  # addresses: more than balances are asked for at once


@pytest.fixture(scope="module")
def chain() -> Iterator[EvmBed]:
    made = EvmBed(31_342, USDT)
    yield made
    made.close()


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


class Wallet:
    """A smart-contract wallet outside, and the address of ALICE."""

    def __init__(self, books: Books, index: int) -> None:
        self.books, self.index = books, index
        self.place = books.chain.chain.addresses.place(index)
        self.contract = books.chain.forwarder()

    @classmethod
    async def of(cls, books: Books) -> Wallet:
        made = cls(books, await books.address())
        # What earlier tests left there is no part of this one's ledger.
        books.chain.node.call("anvil_setBalance", "0x" + made.place.hex(), "0x0")
        books.chain.mine()
        await books.watcher.round()
        assert await books.found() == []
        return made

    def pay(self, value: int = GIVEN) -> bytes:
        return self.books.chain.forward(self.contract, self.place, value)

    def steal(self, value: int) -> None:
        """Whoever has the address's key sends something out of it."""
        self.books.chain.spend(self.index, value)

    async def deposits(self) -> list[tuple[int, int]]:
        """States and amounts of ALICE's, the newest change first."""
        found: list[Deposit] = await self.books.house.ask(wire.DEPOSITS, ListDeposits(ALICE, 0, 10))
        return [(one.state, one.value) for one in found]

    async def has(self) -> int:
        states = await self.books.house._door.query(ListBalances(ALICE))
        held = [one for one in states if (one.kind, one.asset) == (chart.FUND, COIN)]
        return sum(amount_int(one.balance) for one in held)


async def test_what_a_contract_sends_is_a_deposit_and_no_break(books: Books) -> None:
    """Through its confirmations. Criterion: CHAINS-INTERNAL-1."""
    wallet = await Wallet.of(books)
    wallet.pay()
    books.chain.mine()
    for state, credited in ((0, 0), (1, UNITS), (2, UNITS)):
        await books.watcher.round()
        assert await books.found() == []
        assert (await wallet.deposits(), await wallet.has()) == ([(state, UNITS)], credited)
        books.chain.mine()
    assert not any(one.difference for one in books.reconciler.lines)
    assert not await books.suspended()


async def test_what_transactions_explain_is_no_part_of_it(books: Books) -> None:
    """Payments in and out in the same block, tokens too. Criterion: CHAINS-INTERNAL-1."""
    wallet = await Wallet.of(books)
    wallet.pay()
    books.chain.mine(3)
    await books.watcher.round()
    raw = books.chain._signed(books.chain._next(), wallet.place, 3 * GIVEN, b"")
    books.chain.again(raw)
    books.chain.send(wallet.place, 5)
    wallet.pay()
    wallet.pay(GIVEN // 2)
    wallet.steal(GIVEN // 4)
    books.chain.mine(3)
    await books.watcher.round()
    amounts = sorted(value for _, value in await wallet.deposits())
    assert amounts == sorted([UNITS, 3 * UNITS, UNITS * 3 // 2, 500])
    # The theft beside it is the break that it is.
    (line,) = await books.found()
    assert (line.tier, line.asset) == (wire.Tier.DEPOSIT, COIN)
    assert 0 <= -UNITS // 4 - (line.chain - line.ledger) <= FEE_MOST
    assert [one.terms.scope.asset for one in await books.suspended()] == [COIN]


async def test_a_theft_as_large_as_what_a_contract_sends_is_a_break(books: Books) -> None:
    """Nothing of the balance changes but the fee. Criterion: CHAINS-INTERNAL-2."""
    wallet = await Wallet.of(books)
    wallet.pay(2 * GIVEN)
    books.chain.mine(3)
    await books.watcher.round()
    wallet.pay()
    wallet.steal(GIVEN)
    books.chain.mine(3)
    await books.watcher.round()
    assert await wallet.has() == 3 * UNITS
    (line,) = await books.found()
    assert 0 <= -UNITS - (line.chain - line.ledger) <= FEE_MOST


async def test_it_is_credited_once_though_its_block_is_read_again(books: Books) -> None:
    """As after a kill, or with a store that was lost. Criterion: CHAINS-INTERNAL-3."""
    wallet = await Wallet.of(books)
    before = books.store.cursor(NETWORK)
    assert before is not None
    wallet.pay()
    books.chain.mine(3)
    for _ in range(2):
        again = Watcher(books.network, books.store, books.house, SALT)
        await again.round()
        books.store.keep_cursor(NETWORK, before)
    assert (await wallet.deposits(), await wallet.has()) == ([(2, UNITS)], UNITS)
    assert await books.found() == []


async def test_a_reorganisation_takes_it_back_and_another_block_brings_it(books: Books) -> None:
    """At whatever height. Criterion: CHAINS-INTERNAL-4."""
    wallet = await Wallet.of(books)
    raw = wallet.pay()
    books.chain.mine(2)
    await books.watcher.round()
    assert await wallet.has() == UNITS
    books.chain.reorganise(2)
    await books.watcher.round()
    assert await wallet.has() == 0
    assert await books.found() == []
    books.chain.again(raw)
    books.chain.mine(4)
    await books.watcher.round()
    assert await wallet.has() == UNITS
    assert max(await wallet.deposits()) == (2, UNITS)
    assert await books.found() == []
    # Nothing is waited for that cannot come any more.
    cursor = books.watcher._restored(books.store.cursor(NETWORK))
    assert cursor is not None
    assert [one.height > 0 for one in cursor.open] == [True]


async def test_what_one_node_alone_tells_waits(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: CHAINS-INTERNAL-1. As any other deposit."""
    wallet = await Wallet.of(books)
    both = msgspec.structs.replace(books.network, nodes=(books.chain.url, books.chain.url))
    watcher = Watcher(both, books.store, books.house, SALT)
    await watcher.round()
    second = watcher._calls._second
    assert second is not None
    monkeypatch.setattr(second, "internal", lambda _block: [])
    wallet.pay()
    books.chain.mine()
    await watcher.round()
    assert await wallet.deposits() == []
    monkeypatch.undo()
    await watcher.round()
    assert await wallet.deposits() == [(0, UNITS)]


class Forgetful(Liar):
    """A node that has not kept what accounts held, but what they hold now."""

    def answer(self, asked: bytes, login: str | None) -> bytes:
        question, told = json.loads(asked), json.loads(super().answer(asked, login))
        if isinstance(question, list):
            for one, reply in zip(question, told, strict=True):
                if one["method"] == "eth_getBalance" and one["params"][1] != "latest":
                    del reply["result"]
                    reply["error"] = {"code": -32000, "message": "missing trie node"}
        return json.dumps(told).encode()


async def test_a_node_without_old_states_holds_up_no_deposit(books: Books) -> None:
    """What it cannot tell of stays a difference. Criterion: CHAINS-INTERNAL-5."""
    wallet = await Wallet.of(books)
    wallet.pay()
    books.chain.send(wallet.place, 5)
    books.chain.mine(4)
    with Forgetful(books.chain.url) as node:
        network = msgspec.structs.replace(books.network, nodes=(node.url,))
        await Watcher(network, books.store, books.house, SALT).round()
    assert [value for _, value in await wallet.deposits()] == [500]
    (line,) = await books.found()
    assert (line.tier, line.asset) == (wire.Tier.DEPOSIT, COIN)


class Busy(Liar):
    """A node that refuses so many questions for a balance."""

    def __init__(self, url: str, refusals: int, code: int) -> None:
        super().__init__(url)
        self._refusals, self._code = refusals, code

    def answer(self, asked: bytes, login: str | None) -> bytes:
        question, told = json.loads(asked), json.loads(super().answer(asked, login))
        for one, reply in zip(question, told, strict=True) if isinstance(question, list) else ():
            if one["method"] == "eth_getBalance" and self._refusals:
                self._refusals -= 1
                del reply["result"]
                reply["error"] = {"code": self._code, "message": "try again in a second"}
        return json.dumps(told).encode()


@pytest.mark.parametrize(("refusals", "code"), [(1, -32000), (1, -32005), (5_000, -32005)])
async def test_a_busy_node_loses_no_deposit(books: Books, refusals: int, code: int) -> None:
    """What it refused is asked again until it tells. Criterion: CHAINS-INTERNAL-5."""
    wallet = await Wallet.of(books)
    wallet.pay()
    books.chain.mine(4)
    with Busy(books.chain.url, refusals, code) as node:
        network = msgspec.structs.replace(books.network, nodes=(node.url,))
        watcher = Watcher(network, books.store, books.house, SALT)
        await watcher.round()
        assert await wallet.deposits() == []
        node._refusals = 0
        await watcher.round()
    assert (await wallet.deposits(), await wallet.has()) == ([(2, UNITS)], UNITS)


class Delegated(Liar):
    """A node by which each account has used one nonce more after the newest block."""

    def answer(self, asked: bytes, login: str | None) -> bytes:
        question, told = json.loads(asked), json.loads(super().answer(asked, login))
        if isinstance(question, list):
            newest = Node(self._target.geturl()).call("eth_getBlockByNumber", "latest", False)[
                "hash"
            ]
            for one, reply in zip(question, told, strict=True):
                is_count = one["method"] == "eth_getTransactionCount"
                if is_count and one["params"][1]["blockHash"] == newest:
                    reply["result"] = hex(int(reply["result"], 16) + 1)
        return json.dumps(told).encode()


def test_nobody_is_named_as_the_sender_of_what_a_contract_sent(chain: EvmBed) -> None:
    """So that people look where deposits are screened. Criterion: CHAINS-WATCH-4."""
    one = chain.over(chain.url, MANY)
    chain.forward(chain.forwarder(), one.addresses.place(MANY - 1), GIVEN)
    chain.mine()
    (found,) = one.internal(one.tip()) or []
    assert one.senders(found.txid) == Senders((), is_whole=False)


def test_an_address_that_used_a_nonce_of_no_transaction_is_left_out(chain: EvmBed) -> None:
    """Code of its own may have sent something away. Criterion: CHAINS-INTERNAL-2."""
    one = chain.over(chain.url, MANY)
    chain.forward(chain.forwarder(), one.addresses.place(MANY - 2), GIVEN)
    chain.mine()
    block = one.tip()
    (found,) = one.internal(block) or []
    assert (found.txid, found.index, found.amount) == (block.hash, MANY - 2, GIVEN)
    with Delegated(chain.url) as node:
        assert chain.over(node.url, MANY).internal(block) == []


def test_what_comes_to_the_one_address_of_a_chain_with_memos_is_nobodys() -> None:
    """Until somebody claims it. Criterion: CHAINS-INTERNAL-1."""
    bed = EvmBed(31_347, USDT, memo=True)
    try:
        bed.forward(bed.forwarder(), bed.chain.addresses.place(0), GIVEN)
        bed.mine()
        (found,) = bed.chain.internal(bed.chain.tip()) or []
        assert (found.memo, found.amount) == (0, GIVEN)
    finally:
        bed.close()
