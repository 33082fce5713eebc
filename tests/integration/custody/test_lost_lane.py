"""Goal: a lane's key is lost with payments bound to it; other lanes pay them, each once.

Method: anvil; the payer of an exchange's strict half, killed before and after each of its effects;
signers over their sockets, one of which is silent, that remember what they signed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fullreserve.custody.chains import evm_transaction as tx
from fullreserve.custody.chains.adapter import Attempt, Plan
from fullreserve.custody.chains.evm import EvmChain
from fullreserve.custody.chains.free_nonces import Nodes
from fullreserve.custody.payer import Payer
from fullreserve.custody.payer_desk import NotSigned
from fullreserve.custody.store import Store
from fullreserve.custody.unbinding import Witnesses
from tests.integration.custody.outsiders import TERMS, Approved, EvmBed
from tests.integration.custody.remembering import Remembering, remembering
from tests.integration.custody.test_payer import (
    PAY_TERMS,
    SALT,
    Agreement,
    Killed,
    Mortal,
    until_done,
)

# Of one payment that is let go and paid, and of one that a signer had signed: counted below.
EFFECTS, SIGNED_EFFECTS = 18, 11


class Lanes:
    """The bed's, of which nobody has the key of the first."""

    def __init__(self, bed: EvmBed, place: Path, signers: Remembering) -> None:
        self.bed, self.place, self.signers = bed, place, signers
        self.lost, *self.others = bed.keys
        self.store = Store(place)
        # As many as there are lanes: one payment by each.
        self.book = Agreement(bed, *(bed.fresh() for _ in bed.keys))

    def restart(self) -> None:
        self.store.close()
        self.store = Store(self.place)

    def payer(self, mortal: Mortal | None = None, *, is_left: bool = True) -> Payer:
        mortal, bed = mortal or Mortal(), self.bed
        wanted = self.book.waiting.items()
        approved = Approved(*(bed.payment(n, n, amount) for n, amount in wanted))

        def sign(plan: Plan) -> Attempt:
            if tx.read_body(plan.body).lane == self.lost:
                raise NotSigned("0 of 1 signers signed: the lane is not one of this signer's")
            return bed.sign(plan, approved)

        chain = bed.over(bed.url)
        if is_left:
            left = {"lanes": tuple(self.others), "left": (self.lost,)}
            chain.terms = chain.terms._replace(**left)  # type: ignore[arg-type]
        names = ("keep_plan", "change", "told", "narrow", "name", "drop")
        kept: Store = mortal.around(self.store, *names)
        told = mortal.around(self.book, "report")
        watched: EvmChain = mortal.around(chain, "broadcast_all")
        witnesses = Witnesses(mortal.counted(self.signers.recall), Nodes([chain]))
        words = (watched, kept, told, mortal.counted(sign), PAY_TERMS, SALT)
        return Payer(*words, witnesses=witnesses)

    def signed_alone(self) -> None:
        """The first signer has signed what the payer has no signature of."""
        (kept,) = self.store.open_plans(self.bed.chain.network)
        body = tx.read_body(kept.plan.body)
        part = self.bed.keys[self.lost].sign_recoverable(body.digest(), hasher=None)
        self.signers.memories["ann"].note(kept.plan, part)

    def nonce(self) -> int:
        """How many transactions of the lost lane are in blocks."""
        chain = self.bed.chain
        return chain.used([self.lost], chain.tip())[self.lost]

    async def stuck(self) -> int:
        """All but one are paid; which one is not."""
        payer = self.payer(is_left=False)
        for _ in range(2 * TERMS.unlock_after):
            await payer.round()
            self.bed.mine()
        (left,) = self.book.waiting.keys() - self.book.paid.keys()
        assert self.book.bound[left]
        assert payer.unsigned()
        return left


@pytest.fixture
async def lanes(erc20: EvmBed, tmp_path: Path) -> AsyncIterator[Lanes]:
    async with remembering(tmp_path, erc20, "ann", "bob", "cyd", silent=1) as signers:
        made = Lanes(erc20, tmp_path / "store", signers)
        yield made
        made.store.close()


async def test_what_nobody_signed_is_paid_by_another_lane(lanes: Lanes) -> None:
    """Not before its lane is left, nor before people agree. Criterion: CUST-UNBIND-4."""
    number, book = await lanes.stuck(), lanes.book
    old = book.bound[number]
    payer = lanes.payer()
    for _ in range(3):
        await payer.round()
    assert book.bound[number] == old, "nobody has agreed"
    book.may_unbind.add(number)
    paying = lanes.payer(is_left=False)
    await paying.round()
    assert book.bound[number] == old, "its lane still pays"
    assert "its lane still pays: leave that first" in paying.unsigned()[0].problem
    lanes.restart()
    mortal = Mortal()
    await until_done(lanes.bed, lanes.payer(mortal), book)
    assert mortal.count == EFFECTS
    assert book.unbound == {number: old}
    assert all(lanes.bed.balance(one) == lanes.bed.unit for one in book.waiting)
    assert lanes.payer().unsigned() == []


async def test_a_nonce_that_is_taken_lets_nothing_go(lanes: Lanes) -> None:
    """By whoever has the key: it may have been paid. Criterion: CUST-UNBIND-4."""
    number, book, bed = await lanes.stuck(), lanes.book, lanes.bed
    book.may_unbind.add(number)
    (kept,) = lanes.store.open_plans(bed.chain.network)
    body = tx.read_body(kept.plan.body)
    key = bed.keys[lanes.lost]
    raw = body.signed(key.sign_recoverable(body.digest(), hasher=None))
    bed.chain.broadcast(raw)
    for _ in range(2):  # it waits for a block, and is in one
        payer = lanes.payer()
        await payer.round()
        assert book.bound[number] == kept.plan.binding
        assert "of its lane is taken on the chain, or about to be" in payer.unsigned()[0].problem
        bed.mine()


@pytest.mark.parametrize("effect", range(1, EFFECTS + 1))
async def test_killed_at_every_effect_it_is_paid_once(lanes: Lanes, effect: int) -> None:
    """Before it or after it, in turn. Criteria: CHAINS-PAYER-1, CUST-UNBIND-4."""
    number, book = await lanes.stuck(), lanes.book
    book.may_unbind.add(number)
    lanes.restart()
    with pytest.raises(Killed):
        await until_done(lanes.bed, lanes.payer(Mortal(effect, after=bool(effect % 2))), book)
    lanes.restart()
    await until_done(lanes.bed, lanes.payer(), book, 40)
    assert book.waiting.keys() == book.paid.keys()
    assert not book.failed
    assert all(lanes.bed.balance(one) == lanes.bed.unit for one in book.waiting)
    assert lanes.store.open_plans(lanes.bed.chain.network) == []


async def signed_and_stuck(lanes: Lanes) -> tuple[int, int]:
    """People let it go; its number, and the nonce that its lane has next."""
    number = await lanes.stuck()
    lanes.book.may_unbind.add(number)
    lanes.signed_alone()
    lanes.restart()
    return number, lanes.nonce()


def paid_by_the_lost_lane(lanes: Lanes, number: int, nonce: int) -> None:
    book = lanes.book
    assert book.paid.keys() == book.waiting.keys()
    assert not book.failed
    assert not book.unbound
    assert lanes.bed.balance(number) == lanes.bed.unit
    assert lanes.nonce() == nonce + 1


async def test_what_a_signer_signed_alone_is_sent(lanes: Lanes) -> None:
    """And is not let go. Criterion: CUST-UNBIND-7."""
    number, nonce = await signed_and_stuck(lanes)
    mortal = Mortal()
    await until_done(lanes.bed, lanes.payer(mortal), lanes.book)
    assert mortal.count == SIGNED_EFFECTS
    paid_by_the_lost_lane(lanes, number, nonce)
    assert lanes.payer().unsigned() == []


@pytest.mark.parametrize("effect", range(1, SIGNED_EFFECTS + 1))
async def test_killed_at_every_effect_what_was_signed_is_sent_once(
    lanes: Lanes, effect: int
) -> None:
    """Before it or after it, in turn. Criterion: CUST-UNBIND-7."""
    number, nonce = await signed_and_stuck(lanes)
    with pytest.raises(Killed):
        await until_done(lanes.bed, lanes.payer(Mortal(effect, after=bool(effect % 2))), lanes.book)
    lanes.restart()
    await until_done(lanes.bed, lanes.payer(), lanes.book, 40)
    paid_by_the_lost_lane(lanes, number, nonce)


async def test_a_payer_of_an_older_backup_pays_nothing_by_the_lost_lane(lanes: Lanes) -> None:
    """Its store still has the plan that was let go. Criterion: CUST-UNBIND-4."""
    number, book = await lanes.stuck(), lanes.book
    (kept,) = lanes.store.open_plans(lanes.bed.chain.network)
    book.may_unbind.add(number)
    await until_done(lanes.bed, lanes.payer(), book)
    other = Store(lanes.place.with_name("older"))
    plan = other.keep_plan(kept.plan)
    plan.is_accepted = True
    other.change(plan)
    lanes.store.close()
    lanes.store = other
    payer = lanes.payer()
    for _ in range(3):
        await payer.round()
        lanes.bed.mine()
    assert other.open_plans(lanes.bed.chain.network) == []
    assert lanes.bed.balance(number) == lanes.bed.unit
