"""Goal: a payment that was final, and that a deeper reorganisation drops, is made exactly once.

Method: on real nodes payments become final, then more blocks give way than make one final; a payer
goes on with its store, killed at each of its effects, while others are to be paid.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from fullreserve.custody import contracts
from fullreserve.custody.chains.adapter import Attempt, Chain, Plan
from fullreserve.custody.payer import Payer
from fullreserve.custody.store import Kept, Store, read_plans
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.withdrawal_state import REVERTED
from fullreserve.exchange.wire.commands import amount_int
from tests.integration.custody.conftest import made_bed
from tests.integration.custody.outsiders import Bed, EvmBed, UtxoBed
from tests.integration.custody.test_payer import (
    PAY_TERMS,
    SALT,
    Agreement,
    Killed,
    Mortal,
    payer_of,
    until_done,
)
from tests.integration.custody.test_restored_payer import elsewhere

DEEP = 8  # blocks: more than make a payment final
EFFECTS = 9  # of a payer after a reorganisation, at each of which it is killed


@pytest.fixture(scope="module", params=["erc20", "litecoin"])
def bed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    made = made_bed(request.param, tmp_path_factory.mktemp(request.param))
    yield made
    made.close()


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EvmBed]:
    made = made_bed("erc20", tmp_path_factory.mktemp("tokens"))
    assert isinstance(made, EvmBed)
    yield made
    made.close()


@pytest.fixture(scope="module")
def litecoin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UtxoBed]:
    made = made_bed("litecoin", tmp_path_factory.mktemp("coins"))
    assert isinstance(made, UtxoBed)
    yield made
    made.close()


class Final(Agreement):
    """A payment that is final, of which a store knows; others may be asked for since."""

    def __init__(self, bed: Bed, folder: Path) -> None:
        super().__init__(bed, bed.fresh())
        self.store = Store(folder)
        self.first = next(iter(self.waiting))
        self.posted: list[wire.Moved] = []

    async def moved(self, *payloads: wire.Moved) -> Sequence[int]:
        self.posted += payloads
        return [0] * len(payloads)

    async def make(self) -> Kept:
        """Its plan, when it is over."""
        self.bed.mine(DEEP)  # what gives way holds nothing else
        if isinstance(self.bed, UtxoBed):
            self.bed.agree()
        payer = payer_of(self.bed, self.store, self)
        await payer.round()
        (kept,) = self.store.open_plans(self.bed.chain.network)
        await until_done(self.bed, payer, self)
        assert self.store.open_plans(self.bed.chain.network) == []
        return kept

    def ask(self) -> int:
        """Another withdrawal, of as much."""
        number = self.bed.fresh()
        self.waiting[number] = self.bed.unit
        return number

    async def go_on(self, mortal: Mortal | None = None, rounds: int = 6) -> None:
        """A payer with the store, for some blocks; it looks once more without one."""
        payer = payer_of(self.bed, self.store, self, mortal)
        for _ in range(rounds):
            await payer.round()
            self.bed.mine()
        await payer.round()

    def held(self) -> list[int]:
        return [self.bed.balance(one) for one in self.waiting]


async def test_a_final_payment_that_is_dropped_is_made_again(bed: Bed, tmp_path: Path) -> None:
    """Its coins or nonce go to no other meanwhile. Criterion: CHAINS-PAYER-21."""
    book = Final(bed, tmp_path / "store")
    kept = await book.make()
    bed.reorganise(DEEP if isinstance(bed, EvmBed) else 3)
    book.ask()
    await book.go_on()
    assert (list(book.paid), book.failed, book.stops) == ([*book.waiting], {}, [])
    assert book.held() == [bed.unit] * 2
    assert book.store.open_plans(bed.chain.network) == []
    assert len({plan.binding for plan in read_plans(tmp_path / "store", kept.plan.network)}) == 2
    book.store.close()


async def test_killed_at_each_effect_it_is_made_once(tokens: EvmBed, tmp_path: Path) -> None:
    """Criterion: CHAINS-PAYER-21"""
    for effect in range(1, EFFECTS + 1):
        book = Final(tokens, tmp_path / str(effect))
        await book.make()
        tokens.reorganise(DEEP)
        book.ask()
        with pytest.raises(Killed):
            await book.go_on(Mortal(effect, after=bool(effect % 2)))
        await book.go_on()
        assert (list(book.paid), book.failed) == ([*book.waiting], {})
        assert book.held() == [tokens.unit] * 2
        book.store.close()


async def test_a_block_that_is_invalidated_gives_its_coins_to_nobody_else(
    litecoin: UtxoBed, tmp_path: Path
) -> None:
    """The node holds the payment, and would let it be replaced. Criterion: CHAINS-PAYER-21."""
    bed, book = litecoin, Final(litecoin, tmp_path / "store")
    await book.make()
    gone = bed.node.call("getblockhash", bed.node.call("getblockcount") - 3)
    bed.node.call("invalidateblock", gone)
    book.ask()
    await book.go_on()
    assert (list(book.paid), book.failed, book.stops) == ([*book.waiting], {}, [])
    assert book.held() == [bed.unit] * 2
    book.store.close()


async def test_a_node_that_never_had_it_is_given_the_same_bytes(
    litecoin: UtxoBed, tmp_path: Path
) -> None:
    """It mined the branch that won. Criterion: CHAINS-PAYER-21."""
    bed, book = litecoin, Final(litecoin, tmp_path / "store")
    kept = await book.make()
    (first, _), *_ = book.store.attempts(kept)
    bed.reorganise(3)
    other: Chain = bed.over(bed.other_url)

    def sign(plan: Plan) -> Attempt:
        raise AssertionError(plan)

    await Payer(other, book.store, book, sign, PAY_TERMS, SALT).round()
    assert bed.other.call("getrawmempool") == [first.txid.hex()]
    assert bed.other.call("getrawtransaction", first.txid.hex(), 0) == first.raw.hex()
    book.store.close()


async def test_what_took_its_place_is_said_and_stops_the_network(bed: Bed, tmp_path: Path) -> None:
    """Nobody is paid twice or refunded. Criterion: CHAINS-PAYER-22."""
    book = Final(bed, tmp_path / "store")
    kept = await book.make()
    taker = elsewhere(bed, kept.plan)
    bed.reorganise(DEEP if isinstance(bed, EvmBed) else 3, taker.raw)
    await book.go_on(rounds=0)
    assert book.stops == []
    await book.go_on()
    (evidence,) = book.stops
    assert list(evidence["withdrawals"]) == [book.first]  # type: ignore[call-overload]
    assert evidence["transaction"] == taker.txid.hex()
    assert (list(book.paid), book.failed, book.held()) == ([book.first], {}, [0])
    assert book.store.open_plans(bed.chain.network) == []
    book.store.close()


async def test_what_was_refunded_is_not_paid_by_a_reorganisation(
    tokens: EvmBed, tmp_path: Path
) -> None:
    """Its bytes would pay on the new branch: its nonce is taken. Criterion: CHAINS-PAYER-22."""
    bed, book = tokens, Final(tokens, tmp_path / "store")
    book.when_bound = partial(bed.command, bed.token, contracts.call("setPaused(bool)", 1))
    kept = await book.make()
    ((first, _),) = book.store.attempts(kept)
    assert book.failed == {book.first: REVERTED}
    bed.reorganise(2 * DEEP)  # the pause too
    payer = payer_of(bed, book.store, book)
    await payer.round()
    assert [one["withdrawals"] for one in book.stops] == [[book.first]]
    bed.chain.broadcast_all([first])
    await book.go_on()
    assert book.held() == [0]
    assert (book.paid, len(book.stops)) == ({}, 1)
    assert [amount_int(one.amount) for one in book.posted] == [0]
    assert book.store.open_plans(bed.chain.network) == []
    book.store.close()
