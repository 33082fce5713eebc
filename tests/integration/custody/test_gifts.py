"""Goal: coins of strangers suspend nothing, hide nothing, and are no work that they choose.

Method: anvil, a real exchange, and a watcher that compares; what Bitcoin's family does is shown in
`test_moves_by_hand`, what contracts send in `test_internal_gifts`.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest

from fullreserve.custody import contracts
from fullreserve.custody.chains.adapter import Block, Incoming
from fullreserve.custody.chains.rpc import NodeGarbage
from fullreserve.custody.gifts import Gifts
from fullreserve.custody.kept_gifts import Gift
from fullreserve.custody.reconciling import LASTS_MS, Reconciler
from fullreserve.custody.store import Name, read_name
from fullreserve.custody.transfers import transfer
from fullreserve.custody.watcher import Watcher
from fullreserve.exchange import chart
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.deposit_state import (
    Deposit,
    ListBooked,
    ListDeposits,
    ListMoved,
)
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.worker_files import UNASKED_SHOWN, UnaskedSum
from fullreserve.gateway.reconciled import newest
from tests.bed import ALICE, USDT
from tests.integration.custody.outsiders import COIN
from tests.integration.custody.test_reconciling import (
    COLD,
    NETWORK,
    PAID,
    SALT,
    UNIT,
    Books,
    books,
    chain,
    shown,
    unknown_spend,
    with_safes,
)

__all__ = ["books", "chain"]


def given(books: Books, place: bytes, value: int = 0) -> None:
    """A stranger sends tokens to a place, or coins."""
    if value:
        raw = books.chain._signed(books.chain._next(), place, value, b"")
        books.chain.again(raw)
    else:
        books.chain.send(place, PAID)
    books.chain.mine()


async def test_a_strangers_coins_are_no_break_and_hide_none(
    books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: CHAINS-GIFT-1, CHAINS-GIFT-2. Tokens and coins, to lanes and to a Safe."""
    await with_safes(books)
    await books.watcher.round()
    assert await books.found() == []
    capsys.readouterr()
    lanes = books.chain.terms.lanes
    given(books, lanes[0])
    given(books, lanes[1], 10**16)
    given(books, COLD)
    await books.watcher.round()
    assert await books.found() == []
    assert not any(one.difference for one in books.reconciler.lines)
    assert not await books.stopped()
    assert capsys.readouterr().out.count("coins that nobody asked for") == 3
    shown = newest(books.folder, NETWORK).unasked
    hot, cold, units = wire.Tier.HOT, wire.Tier.COLD, PAID * UNIT
    assert [(one.tier, one.asset, one.amount) for one in shown] == [
        *((hot, COIN, 10**6), (hot, USDT, units), (cold, USDT, units))
    ]
    # As much as was given is missing: each of both is what it is.
    await unknown_spend(books)
    await books.watcher.round()
    (line,) = [one for one in await books.found() if one.asset == USDT]
    assert (line.tier, abs(line.difference + units) <= 1_000) == (hot, True)
    assert [one.terms.scope.asset for one in await books.suspended()] == [USDT]


async def test_what_is_sent_between_tiers_is_no_gift(books: Books) -> None:
    """Criterion: CHAINS-GIFT-1. A move that the ledger has not is a break at both its tiers."""
    await with_safes(books)
    await books.watcher.round()
    assert await books.found() == []
    lanes = books.chain.terms.lanes
    sender = "0x" + COLD.hex()
    books.chain.node.call("anvil_setBalance", sender, hex(4 * 10**14))
    books.chain.node.call("anvil_impersonateAccount", sender)
    data = "0x" + contracts.call("transfer(address,uint256)", lanes[0], PAID).hex()
    call = {"from": sender, "to": "0x" + books.chain.token.hex(), "data": data}
    books.chain.node.call("eth_sendTransaction", call | {"gas": hex(100_000)})
    books.chain.mine()
    await books.watcher.round()
    assert books.store.gifts.all(NETWORK) == []
    assert {one.tier for one in await books.found()} == {wire.Tier.HOT, wire.Tier.COLD}


async def test_a_reorganisation_takes_a_gift_back(books: Books) -> None:
    """Criterion: CHAINS-GIFT-3. And another brings it again."""
    lane = books.chain.terms.lanes[0]
    raw = books.chain.send(lane, PAID)
    books.chain.mine(2)
    await books.watcher.round()
    (gift,) = books.store.gifts.all(NETWORK)
    books.chain.reorganise(2)
    books.chain.mine(2)
    await books.watcher.round()
    assert books.store.gifts.all(NETWORK) == []
    assert await books.found() == []
    books.chain.again(raw)
    books.chain.mine()
    await books.watcher.round()
    (again,) = books.store.gifts.all(NETWORK)
    assert (again.name, again.height > gift.height) == (gift.name, True)
    assert await books.found() == []


async def test_a_gift_that_the_ledger_has_explains_nothing_more(books: Books) -> None:
    """Criterion: CHAINS-GIFT-4, CUST-ALLOT-1. Also where its block is read again."""
    given(books, books.chain.terms.lanes[0])
    before = books.store.cursor(NETWORK)
    await books.watcher.round()
    (gift,) = books.store.gifts.all(NETWORK)
    units = amount_bytes(PAID * UNIT)
    told = wire.CameUnasked(NETWORK, gift.name, USDT, gift.tier, units)
    assert await books.house.report(wire.DEPOSITS, told) == [0]
    assert await books.found() == []
    assert newest(books.folder, NETWORK).unasked == ()
    assert before is not None
    books.store.keep_cursor(NETWORK, before)
    await books.watcher.round()
    assert await books.found() == []
    assert books.store.gifts.all(NETWORK) == []
    assert read_name(books.folder / "watcher.sqlite", gift.name) == Name(NETWORK, gift.txid)
    held = {(one.kind, one.instance, one.asset): one.balance for one in await books.house.ledger()}
    assert held[chart.UNALLOCATED, NETWORK, USDT] == units


async def test_a_gift_of_which_one_node_alone_tells_is_none(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: CHAINS-GIFT-1. Its block waits, and what is compared hangs on what it brought."""
    both = msgspec.structs.replace(books.network, nodes=(books.chain.url, books.chain.url))
    watcher = Watcher(
        both, books.store, books.house, SALT, books.reconciler, books.clock, gifts=books.gifts
    )
    await watcher.round()
    second = watcher._second
    assert second is not None
    monkeypatch.setattr(second, "incoming", lambda _block, _tiers: [])
    given(books, books.chain.terms.lanes[0])
    for _ in range(2):
        await watcher.round()
        books.clock.advance(LASTS_MS)
    assert (books.store.gifts.all(NETWORK), await books.suspended()) == ([], [])
    unknown, _ = shown(books)
    assert unknown is not None
    assert "two nodes tell other payments" in unknown.problem
    monkeypatch.undo()
    await watcher.round()
    assert (len(books.store.gifts.all(NETWORK)), shown(books)[0]) == (1, None)


async def test_what_cannot_be_read_of_tiers_holds_up_no_deposit(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: CHAINS-GIFT-5. Nor is anything read twice."""
    watcher = Watcher(
        books.network, books.store, books.house, SALT, books.reconciler, books.clock,
        gifts=books.gifts,
    )  # fmt: skip

    def fails(_block: Block, _tiers: Mapping[bytes, int]) -> list[Incoming]:
        raise NodeGarbage("it has forgotten what made these coins")

    monkeypatch.setattr(watcher._chain, "incoming", fails)
    books.chain.pay(await books.address(), PAID)
    given(books, books.chain.terms.lanes[0])
    await watcher.round()
    found: list[Deposit] = await books.house.ask(wire.DEPOSITS, ListDeposits(ALICE, 0, 10))
    assert [one.value for one in found] == [PAID * UNIT]
    unknown, _ = shown(books)
    assert unknown is not None
    assert "forgotten what made these coins" in unknown.problem
    monkeypatch.undo()
    await watcher.round()
    assert [one.amount for one in books.store.gifts.all(NETWORK)] == [PAID]
    read = []

    def once(block: Block, _tiers: Mapping[bytes, int]) -> list[Incoming]:
        read.append(block)
        return []

    monkeypatch.setattr(watcher._chain, "incoming", once)
    books.chain.mine()
    await watcher.round()
    assert read == [books.chain.chain.tip()]


async def test_a_flood_of_gifts_is_no_more_work_for_a_comparison(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked of once, and summed; the largest are shown. Criterion: CHAINS-GIFT-5."""
    assert await books.found() == []
    lane, count = books.chain.terms.lanes[0], 3_000
    hot, kept = wire.Tier.HOT, books.store.gifts
    with books.store.together():
        for number in range(1, count + 1):
            name = transfer(SALT, NETWORK, number.to_bytes(32, "big"))
            kept.keep(NETWORK, Gift(name, number, name, hot, USDT, number))
    total = sum(range(1, count + 1))
    paid = contracts.call("mint(address,uint256)", lane, total)
    books.chain.command(books.chain.token, paid)
    books.gifts = Gifts(books.network, books.store, books.house, SALT, books.folder)
    fixed = (books.network, books.house, books.folder / "payer", books.clock, books.gifts)
    books.reconciler = Reconciler(*fixed)
    asked: list[object] = []
    ask = books.house.ask

    async def counted(fold: int, question: msgspec.Struct) -> object:
        if isinstance(question, ListMoved | ListBooked):
            asked.append(question)
        return await ask(fold, question)

    monkeypatch.setattr(books.house, "ask", counted)
    assert await books.found() == []
    told = newest(books.folder, NETWORK)
    assert told.unasked_sums == (UnaskedSum(hot, USDT, total * UNIT, count),)
    most = [(count - each) * UNIT for each in range(UNASKED_SHOWN)]
    assert [one.amount for one in told.unasked] == most
    asked.clear()
    assert await books.found() == []
    assert len(asked) == 2  # one for each comparison
    assert all(isinstance(one, ListBooked) for one in asked)
    # Of a thousand that are booked at once it is asked twice.
    names = [one.name for one in kept.all(NETWORK)]
    words = [wire.CameUnasked(NETWORK, one, USDT, hot, amount_bytes(UNIT * number))
             for number, one in enumerate(names, 1)]  # fmt: skip
    assert await books.house.report(wire.DEPOSITS, *words[:999]) == [0] * 999
    asked.clear()
    assert await books.found() == []
    assert len(asked) == 2
    assert kept.sums(NETWORK)[0].number == count - 999
    assert await books.house.report(wire.DEPOSITS, *words[999:2_500]) == [0] * 1_501
    assert await books.found() == []
    assert kept.sums(NETWORK)[0].number == count - 2_500
