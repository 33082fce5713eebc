"""Goal: a payer whose store is put back from an older copy pays and refunds nobody twice.

Method: on real nodes a payment goes on after the copy was made, with a higher fee, with fewer
payments or not at all; then a payer goes on with the copy, and is killed at each of its effects.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from copy import copy
from pathlib import Path

import msgspec
import pytest

from fullreserve.custody import outcomes
from fullreserve.custody.chains import evm_transaction, utxo_transaction
from fullreserve.custody.chains.adapter import Attempt, Chain, Payment, Plan
from fullreserve.custody.payer import Payer
from fullreserve.custody.store import Kept, Store
from fullreserve.exchange.products.withdrawal_state import OVERTAKEN
from tests.integration.custody.conftest import made_bed
from tests.integration.custody.outsiders import TERMS, Approved, Bed, EvmBed, UtxoBed
from tests.integration.custody.test_payer import (
    PAY_TERMS,
    SALT,
    Agreement,
    Killed,
    Mortal,
    payer_of,
    until_done,
)

KEPT, BOUND, SIGNED = 2, 4, 6  # effects of a payer, before which its store is copied
PLENTY = 40  # effects: more than a payer has to do


@pytest.fixture(autouse=True)
def _blocks_before_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who took a plan's coins is looked for in each round, and never far back here."""
    monkeypatch.setattr(outcomes, "LOOKED_BACK", 12)


@pytest.fixture(scope="module", params=["erc20", "litecoin"])
def bed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    made = made_bed(request.param, tmp_path_factory.mktemp(request.param))
    yield made
    made.close()


@pytest.fixture(scope="module")
def litecoin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UtxoBed]:
    made = made_bed("litecoin", tmp_path_factory.mktemp("coins"))
    assert isinstance(made, UtxoBed)
    yield made
    made.close()


class Lives(Agreement):
    """A payer's store, a copy of it, and what the exchange knew when that was made."""

    def __init__(self, bed: Bed, folder: Path, count: int = 1) -> None:
        super().__init__(bed, *(bed.fresh() for _ in range(count)))
        folder.mkdir(exist_ok=True)
        self._store, self._copy = folder / "store", folder / "copy"

    async def copied(self, effect: int | None = None) -> Lives:
        """The payer takes its first steps, and its store is copied; the exchange as of then."""
        store = Store(self._store)
        with suppress(Killed):
            await payer_of(self.bed, store, self, Mortal(effect)).round()
        store.close()
        shutil.copy(self._store, self._copy)
        older = copy(self)
        older.bound, older.names = dict(self.bound), {n: [*of] for n, of in self.names.items()}
        older.paid, older.failed = {}, {}
        older._store = self._copy
        return older

    async def given(self) -> Kept:
        """The plan, once a node has what was signed for it."""
        store = Store(self._store)
        await payer_of(self.bed, store, self).round()
        (kept,) = store.open_plans(self.bed.chain.network)
        store.close()
        return kept

    async def raised(self) -> Attempt:
        """The same with a higher fee, which a node has and the copy does not know."""
        plan = self.bed.chain.bumped((await self.given()).plan)
        attempt = self.bed.sign(plan, self.approved())
        self.bed.chain.broadcast(attempt)
        return attempt

    def approved(self) -> Approved:
        return Approved(*(self.bed.payment(n, n, of) for n, of in self.waiting.items()))

    async def goes_on(
        self, mortal: Mortal | None = None, rounds: int = 12, second: Chain | None = None
    ) -> None:
        """A payer with this store, until all is over or it dies."""
        store = Store(self._store)
        payer = payer_of(self.bed, store, self, mortal)
        if second is not None:
            approved, bed = self.approved(), self.bed
            payer = Payer(
                bed.chain, store, self, lambda plan: bed.sign(plan, approved), PAY_TERMS, SALT,
                second,
            )  # fmt: skip
        try:
            await until_done(self.bed, payer, self, rounds)
            # What the exchange heard before the payer died is to end here as well.
            for _ in range(2):
                await payer.round()
                self.bed.mine()
        finally:
            self.left = store.open_plans(self.bed.chain.network)
            store.close()

    async def looks(self) -> None:
        """A payer with this store, while no block comes."""
        store = Store(self._store)
        payer = payer_of(self.bed, store, self)
        for _ in range(3):
            await payer.round()
        store.close()


def elsewhere(bed: Bed, plan: Plan) -> Attempt:
    """What takes a plan's inputs or nonce for another payment, with a fee that replaces it."""
    other = bed.fresh()
    payment = bed.payment(other, other, 2 * bed.unit)
    raised = msgspec.structs.replace(bed.chain.bumped(plan), withdrawals=(other,))
    if isinstance(bed, EvmBed):
        call = evm_transaction.call_of(payment, bed.token)
        to, value, data = call
        body = evm_transaction.read_body(raised.body)
        other_body = msgspec.json.encode(
            msgspec.structs.replace(body, to=to, value=value, data=data)
        )
    else:
        coins = utxo_transaction.read_body(raised.body)
        pays = (utxo_transaction.Pays(payment.place, payment.amount),)
        change = coins.change + sum(one.amount for one in coins.pays) - payment.amount
        other_body = msgspec.msgpack.encode(
            msgspec.structs.replace(coins, pays=pays, change=change)
        )
    return bed.sign(msgspec.structs.replace(raised, body=other_body), Approved(payment))


async def test_a_payment_with_a_higher_fee_is_the_payment(bed: Bed, tmp_path: Path) -> None:
    """Killed before and after each effect. Criterion: CHAINS-PAYER-17."""
    for effect in range(1, PLENTY):
        mortal = Mortal(effect, after=bool(effect % 2))
        lives = Lives(bed, tmp_path / str(effect))
        held = bed.balance(*lives.waiting)
        older = await lives.copied()
        await lives.raised()
        bed.mine(TERMS.unlock_after)
        with suppress(Killed):
            await older.goes_on(mortal)
        await older.goes_on()
        assert (list(older.paid), older.failed) == (list(older.waiting), {})
        assert older.left == []
        assert bed.balance(*lives.waiting) - held == bed.unit
        if mortal.count < effect:
            break
    assert effect >= 4


@pytest.mark.parametrize("effect", [KEPT, BOUND, SIGNED])
async def test_a_copy_from_before_anything_was_given_ends_as_well(
    bed: Bed, tmp_path: Path, effect: int
) -> None:
    """Criterion: CHAINS-PAYER-17."""
    lives = Lives(bed, tmp_path / "lives")
    held = bed.balance(*lives.waiting)
    older = await lives.copied(effect)
    await lives.raised()
    bed.mine(TERMS.unlock_after)
    await older.goes_on()
    assert (list(older.paid), older.failed) == (list(older.waiting), {})
    assert bed.balance(*lives.waiting) - held == bed.unit


async def test_what_pays_others_with_the_same_inputs_or_nonce_is_no_payment(
    bed: Bed, tmp_path: Path
) -> None:
    """Refunded when it is final, and not before another block. Criterion: CHAINS-PAYER-18."""
    lives = Lives(bed, tmp_path / "lives")
    older = await lives.copied()
    bed.chain.broadcast(elsewhere(bed, (await lives.given()).plan))
    bed.mine(TERMS.unlock_after)
    await older.looks()
    assert older.failed == {}
    await older.goes_on()
    assert (older.paid, older.failed) == ({}, dict.fromkeys(older.waiting, OVERTAKEN))
    assert older.left == []
    assert bed.balance(*lives.waiting) == 0


async def test_a_refund_of_taken_coins_waits_for_the_other_node(
    litecoin: UtxoBed, tmp_path: Path
) -> None:
    """Criterion: CHAINS-PAYER-18. It has not read the blocks yet, or cannot be reached."""
    bed = litecoin
    lives, other = Lives(bed, tmp_path / "lives"), bed.over(bed.other_url)
    older = await lives.copied()
    bed.agree()
    bed.chain.broadcast(elsewhere(bed, (await lives.given()).plan))
    bed.mine(2 * TERMS.unlock_after)
    await older.goes_on(rounds=3, second=other)
    await older.goes_on(rounds=3, second=bed.over("http://127.0.0.1:1"))
    assert older.failed == {}
    bed.agree()
    await older.goes_on(second=other)
    assert older.failed == dict.fromkeys(older.waiting, OVERTAKEN)


async def test_of_a_batch_each_ends_by_what_was_paid(litecoin: UtxoBed, tmp_path: Path) -> None:
    """One was refused when its plan was bound, which an older copy does not know.

    Killed at each effect. Criterion: CHAINS-PAYER-19.
    """
    bed = litecoin
    for effect in range(1, PLENTY):
        mortal = Mortal(effect, after=bool(effect % 2))
        lives = Lives(bed, tmp_path / str(effect), count=3)
        gone = [*lives.waiting][1]
        older = await lives.copied(KEPT)
        lives.cancelled.add(gone)
        lives.cancelled = older.cancelled = {gone}
        await lives.raised()
        older.cancelled = set()
        bed.mine(TERMS.unlock_after)
        with suppress(Killed):
            await older.goes_on(mortal)
        await older.goes_on()
        assert older.paid.keys() == {*older.waiting} - {gone}
        assert older.failed == {gone: OVERTAKEN}
        assert older.left == []
        assert [bed.balance(one) for one in older.waiting] == [bed.unit, 0, bed.unit]
        if mortal.count < effect:
            break
    assert effect >= 4


async def test_what_took_the_coins_counts_by_the_chain_that_holds(
    litecoin: UtxoBed, tmp_path: Path
) -> None:
    """A reorganisation puts one that pays others in its place. Criterion: CHAINS-PAYER-18."""
    bed, lives = litecoin, Lives(litecoin, tmp_path / "lives")
    older = await lives.copied()
    bed.agree()
    plan = (await lives.given()).plan
    await lives.raised()
    bed.mine()
    await older.looks()
    bed.reorganise(1, elsewhere(bed, bed.chain.bumped(plan)).raw)
    await older.goes_on()
    assert (older.paid, older.failed) == ({}, dict.fromkeys(older.waiting, OVERTAKEN))
    assert bed.balance(*older.waiting) == 0


async def test_a_payment_gives_way_to_none_for_ever(bed: Bed, tmp_path: Path) -> None:
    """One with a higher fee waits that the copy does not know. Criterion: CHAINS-PAYER-20."""
    lives = Lives(bed, tmp_path / "lives")
    older = await lives.copied()
    stuck = await lives.raised()
    if isinstance(bed, EvmBed):
        bed.node.call("anvil_setNextBlockBaseFeePerGas", hex(10**11))
        bed.mine()
    elif isinstance(bed, UtxoBed):
        bed.node.call("prioritisetransaction", stuck.txid.hex(), 0, -(10**8))
    await older.goes_on()
    assert list(older.paid) == [*older.waiting]
    assert bed.balance(*older.waiting) == bed.unit


@pytest.fixture(scope="module")
def memos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EvmBed]:
    made = made_bed("memo", tmp_path_factory.mktemp("memo"))
    assert isinstance(made, EvmBed)
    yield made
    made.close()


@pytest.mark.parametrize("memo", ["7", "8"])
def test_a_payment_with_another_memo_pays_somebody_else(memos: EvmBed, memo: str) -> None:
    """Criterion: CHAINS-PAYER-18. To the same place, as much, with the same nonce."""
    bed, place = memos, b"\x7b" * 20
    wanted, other = (Payment(1, bed.asset, bed.unit, place, one) for one in ("7", memo))
    plan = bed.chain.plan([wanted], [])
    first = bed.sign(plan, Approved(wanted))
    raised = bed.chain.bumped(plan)
    body = evm_transaction.read_body(raised.body)
    to, value, data = evm_transaction.call_of(other, None)
    called = msgspec.structs.replace(body, to=to, value=value, data=data)
    raised = msgspec.structs.replace(raised, body=msgspec.json.encode(called))
    taker = bed.sign(raised, Approved(other))
    bed.chain.broadcast(taker)
    bed.mine(TERMS.unlock_after)
    found = bed.chain.standing(plan, [first.txid])
    if memo == wanted.memo:
        assert (found.txid, found.paid, found.taken_by) == (taker.txid, True, b"")
    else:
        assert (found.taken_by, found.txid, found.paid) == (taker.txid, b"", True)
