"""Goal: a payment is never stuck for want of change, and hot's small coins become one cheaply.

Method: real nodes; one takes no replacement, blocks without its transactions keep those waiting.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import msgspec
import pytest

from fullreserve.custody import nodes
from fullreserve.custody.chains import utxo, utxo_reading
from fullreserve.custody.chains import utxo_transaction as tx
from fullreserve.custody.chains.adapter import Attempt, Block, Payment, Plan, Unpayable
from fullreserve.custody.chains.raw_block import read_transaction
from fullreserve.custody.payer_desk import BUMP_AFTER
from fullreserve.custody.store import Kept, Store
from fullreserve.custody.transfers import transfer
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.custody_wire import Tier
from fullreserve.exchange.wire.commands import amount_int
from tests.integration.custody.conftest import BLOCKS, made_bed
from tests.integration.custody.outsiders import TERMS, Approved, UtxoBed
from tests.integration.custody.test_payer import SALT, Agreement, payer_of, until_done


@pytest.fixture(scope="module", params=["litecoin", "bitcoin"])
def bed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[UtxoBed]:
    try:
        made = made_bed(request.param, tmp_path_factory.mktemp(request.param))
    except nodes.NodeMissing as missing:
        pytest.skip(str(missing))
    assert isinstance(made, UtxoBed)
    yield made
    made.close()


def unspent(bed: UtxoBed) -> list[tx.Coin]:
    """What hot holds, of what the adapter knows."""
    hot = [one for one in bed.chain.coins.values() if one.index == 0]
    return [one for one in hot if bed.chain._is_unspent(one, spendable=True)]


def without_change(bed: UtxoBed) -> tuple[Payment, Plan]:
    """A payment that takes a coin of hot whole."""
    index = bed.fresh()
    rate = bed.terms.rate_default
    largest = max(one.amount for one in unspent(bed))
    size = tx.size(1, [len(bed.chain.hot)], 3, 2)
    payment = bed.payment(index, index, largest - rate * size)
    plan = bed.chain.plan([payment], [])
    body = tx.read_body(plan.body)
    assert (len(body.inputs), body.change) == (1, 0)
    return payment, plan


def test_a_payment_without_change_is_raised_by_a_coin_of_hot(bed: UtxoBed) -> None:
    """Both conflict: one of them is paid. Criterion: CHAINS-PAY-10."""
    payment, first = without_change(bed)
    other = bed.chain.plan([bed.payment(1, bed.fresh(), bed.unit)], [first])
    second = bed.chain.bumped(first, [other])
    body = tx.read_body(second.body)
    assert (second.binding, len(body.added)) == (first.binding, 1)
    assert body.pays == tx.read_body(first.body).pays
    assert not set(body.coins) & set(tx.read_body(other.body).coins)
    third = bed.chain.bumped(second, [other])
    assert third.fee > second.fee > first.fee
    before = bed.balance(payment.withdrawal)
    attempts = [bed.sign(one, Approved(payment)) for one in (first, second, third)]
    spent = [set(read_transaction(one.raw).spends) for one in attempts]
    assert spent[0] < spent[1]
    assert spent[1] <= spent[2]
    since = bed.chain.tip().height
    for attempt in attempts:
        bed.chain.broadcast(attempt)
    bed.mine(TERMS.unlock_after)
    standing = bed.chain.standing(third, [one.txid for one in attempts])
    assert (standing.txid, standing.fee) == (attempts[2].txid, third.fee)
    assert bed.balance(payment.withdrawal) - before == payment.amount
    # A copy from before it was raised knows it by its first inputs and its payment.
    found = bed.chain.spender(first, since)
    assert found is not None
    assert (found.txid, found.paid, found.is_ours) == (
        attempts[2].txid, (payment.withdrawal,), True)  # fmt: skip
    assert found.fee == third.fee
    (left,) = bed.chain.departed(_block(bed, standing.height))
    assert first.binding in left.others


def test_another_payment_whose_coin_was_added_is_not_paid_by_that(bed: UtxoBed) -> None:
    """To the same place, as much: it is known by what it is bound to. Criterion: CHAINS-PAY-10."""
    payment, first = without_change(bed)
    raised = bed.chain.bumped(first)
    (added,) = tx.read_body(raised.body).added
    lost = tx.Body((added,), tx.read_body(raised.body).pays, 0)
    twin = Plan(3, (payment.withdrawal + 1,), tx.binding((added,)), msgspec.msgpack.encode(lost), 1)
    since = bed.chain.tip().height
    bed.chain.broadcast(bed.sign(raised, Approved(payment)))
    bed.mine(TERMS.unlock_after)
    found = bed.chain.spender(twin, since)
    assert found is not None
    assert (found.paid, found.is_ours) == ((), False)


def test_a_payment_that_hot_has_nothing_beside_is_not_raised(bed: UtxoBed) -> None:
    """Criterion: CHAINS-PAY-10."""
    _, first = without_change(bed)
    (own,) = tx.read_body(first.body).inputs
    alone = bed.over(bed.url)
    alone.coins = {own.outpoint(): own}
    with pytest.raises(Unpayable, match="no coin of hot"):
        alone.bumped(first)


def test_small_coins_of_hot_become_one_while_fees_are_low(bed: UtxoBed) -> None:
    """Not many at once, one such move at a time. Criterion: CHAINS-CONSOLIDATE-1."""
    chain = bed.over(bed.url)
    chain.coins = bed.chain.coins
    assert chain.consolidation([]) == []  # a node without an estimate: not known to be low
    low = bed.terms.rate_default
    chain.terms = bed.terms._replace(rate_low=low, coins_kept=20)
    (plan,) = chain.consolidation([])
    body = tx.read_body(plan.body)
    free = unspent(bed)
    total = sum(one.amount for one in free)
    assert utxo.GATHERED_LEAST <= len(body.inputs) <= len(free) - 20
    assert 4 * sum(one.amount for one in body.inputs) <= total
    assert max(one.amount for one in body.inputs) <= min(
        one.amount for one in free if one not in body.inputs
    )
    assert plan.move is not None
    assert (plan.move.source, plan.move.target, plan.move.amount) == (Tier.HOT, Tier.HOT, 0)
    assert chain.consolidation([plan]) == []
    attempt = bed.sign(plan, Approved())
    chain.broadcast(attempt)
    bed.mine(TERMS.unlock_after)
    standing = chain.standing(plan, [attempt.txid])
    assert (standing.fee, chain.moved(plan, standing.fee)) == (plan.fee, 0)
    for number in (20, len(free)):
        chain.terms = bed.terms._replace(rate_low=low - (number == 20), coins_kept=number)
        assert chain.consolidation([]) == []


# A node that takes no replacement


@pytest.fixture(scope="module")
def stubborn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UtxoBed]:
    start = partial(nodes.start_litecoind, replaces=False)
    made = UtxoBed(lambda folder, _: start(folder), tmp_path_factory.mktemp("l"), "rltc", BLOCKS)
    yield made
    made.close()


class Moving(Agreement):
    """Hears of moves, too."""

    moves: Sequence[wire.Moved] = ()

    async def moved(self, *payloads: wire.Moved) -> Sequence[int]:
        self.moves = (*self.moves, *payloads)
        return [0] * len(payloads)


class Stuck:
    """A payment that blocks pass by, until its change was spent to pay for it."""

    def __init__(self, bed: UtxoBed, folder: Path) -> None:
        self.bed, self.index = bed, bed.fresh()
        self.book, self.store = Moving(bed, self.index), Store(folder / "store")
        self.payer = payer_of(bed, self.store, self.book)

    async def passed_by(self, blocks: int) -> None:
        for _ in range(blocks):
            self.bed.node.call("generateblock", self.bed._pays_to, [])
            await self.payer.round()

    async def paid_for(self) -> Kept:
        """The move of its change, which the node has."""
        await self.payer.round()
        await self.passed_by(2 * BUMP_AFTER + 1)
        (child,) = (one for one in self.open() if one.plan.move is not None)
        await self.payer.round()
        return child

    def open(self) -> list[Kept]:
        return self.store.open_plans(self.bed.chain.network)

    def attempts(self, kept: Kept) -> list[Attempt]:
        return [one for one, _ in self.store.attempts(kept)]


@pytest.fixture
def stuck(stubborn: UtxoBed, tmp_path: Path) -> Iterator[Stuck]:
    stubborn.agree()
    made = Stuck(stubborn, tmp_path)
    yield made
    made.store.close()


async def test_what_is_not_replaced_is_paid_for_by_its_change(stuck: Stuck) -> None:
    """Criterion: CHAINS-PAY-11. The node counts both together, and the ledger the fee."""
    child = await stuck.paid_for()
    payment = stuck.open()[0]
    first, *refused = stuck.attempts(payment)
    assert refused
    own, *_ = stuck.attempts(child)
    entry = stuck.bed.node.call("getmempoolentry", own.txid.hex())
    assert entry["depends"] == [first.txid.hex()]
    fee = round(entry["fees"]["base"] * utxo_reading.SATS)
    rate = entry["fees"]["ancestor"] * utxo_reading.SATS / entry["ancestorsize"]
    assert rate >= stuck.bed.terms.rate_default + stuck.bed.terms.bump
    # It is not paid for twice.
    await stuck.passed_by(2 * BUMP_AFTER)
    assert len([one for one in stuck.open() if one.plan.move is not None]) == 1
    await until_done(stuck.bed, stuck.payer, stuck.book)
    for _ in range(TERMS.unlock_after):
        stuck.bed.mine()
        await stuck.payer.round()
    assert (stuck.open(), stuck.bed.balance(stuck.index)) == ([], stuck.bed.unit)
    (moved,) = stuck.book.moves
    assert (moved.source, moved.target) == (Tier.HOT, Tier.HOT)
    assert (amount_int(moved.amount), amount_int(moved.network_fee)) == (0, fee)


async def test_a_move_of_change_that_never_came_ends_with_its_payment(stuck: Stuck) -> None:
    """A miner had the replacement that the node refused. Criterion: CHAINS-PAY-11."""
    child = await stuck.paid_for()
    payment = stuck.open()[0]
    replacement = stuck.attempts(payment)[-1]
    stuck.bed.reorganise(1, replacement.raw)
    assert stuck.attempts(child)
    await until_done(stuck.bed, stuck.payer, stuck.book)
    for _ in range(TERMS.unlock_after):
        stuck.bed.mine()
        await stuck.payer.round()
    name = transfer(SALT, stuck.bed.chain.network, replacement.txid)
    assert (stuck.book.paid, stuck.book.failed) == ({stuck.index: name}, {})
    assert (stuck.open(), stuck.book.moves) == ([], ())


def _block(bed: UtxoBed, height: int) -> Block:
    found = bed.chain.block(height)
    assert found is not None
    return found
