"""Goal: a withdrawal is paid once, whatever is killed when. Method: the payer dies before and after
each of its effects in turn, on a real node, and a new one goes on with what is on disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, cast

import pytest

from fullreserve.custody import contracts
from fullreserve.custody.chains.adapter import Attempt, Chain, Move, Payment, Plan
from fullreserve.custody.hot_sweeps import Surplus, number_of
from fullreserve.custody.payer import Payer
from fullreserve.custody.payer_desk import Terms
from fullreserve.custody.store import Store
from fullreserve.custody.units import Scale
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.tier_moves_wire import Marks
from fullreserve.exchange.products.withdrawal_state import REVERTED, Binding
from fullreserve.exchange.wire.commands import amount_bytes, amount_int
from fullreserve.exchange.worker_files import Why
from tests.integration.custody.conftest import made_bed
from tests.integration.custody.outsiders import COIN, TERMS, TOKEN, Approved, Bed, EvmBed

SCALE = Scale(8)  # the amounts of these tests are in the chain's own units
PAY_TERMS = Terms(dict.fromkeys((COIN, TOKEN, 4), SCALE), COIN, TERMS.unlock_after, 2)
SALT = b"s" * 32
EFFECTS = 14  # of one payment without trouble, counted by a test below
SEVERAL_EFFECTS = 32  # of three


class Killed(BaseException):
    """The process is gone."""


class Agreement:
    """The exchange's half of the contract, kept strictly: what breaks it fails the test."""

    def __init__(self, bed: Bed, *indexes: int) -> None:
        self.bed = bed
        self.waiting = dict.fromkeys(indexes, bed.unit)  # a withdrawal to each
        self.bound: dict[int, bytes] = {}
        self.names: dict[int, list[bytes]] = {}
        self.paid: dict[int, bytes] = {}
        self.failed: dict[int, int] = {}
        self.short: list[int] = []
        self.stops: list[Mapping[str, object]] = []
        self.cancelled: set[int] = set()
        self.may_unbind: set[int] = set()
        self.unbound: dict[int, bytes] = {}
        self.when_bound: Callable[[], object] | None = None  # before anything is signed

    async def pending(self, network: int) -> Sequence[wire.Pay]:
        over = self.paid.keys() | self.failed.keys() | self.cancelled
        return [
            wire.Pay(n, network, self.bed.asset, amount_bytes(amount), n, self.bound.get(n, b""),
                     b"") for n, amount in self.waiting.items() if n not in over
        ]  # fmt: skip

    async def unpaid(self, network: int) -> Sequence[wire.Pay]:
        return [pay for pay in await self.pending(network) if not pay.binding]

    async def under_way(self, network: int) -> Sequence[wire.Pay]:
        return [pay for pay in await self.pending(network) if pay.binding]

    async def bindings(self, withdrawals: Sequence[int]) -> Sequence[Binding]:
        return [
            Binding(self.bound.get(n, b""), n in self.may_unbind,
                    tuple(filter(None, [self.unbound.get(n)]))) for n in withdrawals
        ]  # fmt: skip

    async def tranche(self, request: int, amount: bytes, binding: bytes) -> int:
        return 0  # none of them may be paid in tranches

    async def behind(self, network: int, asset: int, after: int, limit: int) -> Sequence[wire.Pay]:
        return ()

    async def starved(self, network: int) -> Sequence[wire.Pay]:
        return []

    async def free(self, network: int, asset: int) -> int:
        return 0

    async def marks(self, network: int, asset: int) -> Marks | None:
        return None

    async def stop(self, evidence: Mapping[str, object]) -> bool:
        self.stops.append(evidence)
        return True

    async def moved(self, *payloads: wire.Moved) -> Sequence[int]:
        raise AssertionError("nothing was to be moved")

    async def destination(self, pay: wire.Pay) -> tuple[str, str]:
        return self.bed.chain.addresses.address(pay.destination), ""

    async def report(self, *payloads: wire.Payload) -> Sequence[int]:
        return [self._told(one) for one in payloads]

    def _told(self, payload: wire.Payload) -> int:
        if isinstance(payload, wire.Short):
            self.short.append(payload.asset)
        elif isinstance(payload, wire.Bound | wire.FoundPaid):
            is_old = self.unbound.get(payload.withdrawal) == payload.binding
            if payload.withdrawal in self.cancelled or is_old:
                return 1
            known = self.bound.setdefault(payload.withdrawal, payload.binding)
            assert known == payload.binding, "bound to something else"
            if self.when_bound is not None:
                self.when_bound()
        elif isinstance(payload, wire.Unbound):
            if self.unbound.get(payload.withdrawal) != payload.binding:
                assert payload.withdrawal in self.may_unbind
                assert self.bound.pop(payload.withdrawal) == payload.binding
                self.unbound[payload.withdrawal] = payload.binding
                self.may_unbind.remove(payload.withdrawal)
        elif isinstance(payload, wire.Broadcast | wire.Included):
            assert payload.withdrawal in self.bound
            self.names.setdefault(payload.withdrawal, []).append(payload.transfer)
        elif isinstance(payload, wire.Paid):
            assert payload.transfer in self.names[payload.withdrawal]
            assert self.paid.setdefault(payload.withdrawal, payload.transfer) == payload.transfer
            assert payload.withdrawal not in self.failed
        elif isinstance(payload, wire.Failed):
            known = self.bound.get(payload.withdrawal, b"")
            assert payload.binding == known
            assert bool(payload.conflict) == bool(known)
            assert payload.withdrawal not in self.paid
            self.failed[payload.withdrawal] = payload.code
        return 0


class Mortal:
    """Counts the effects of several objects, and dies at one of them."""

    def __init__(self, dies_at: int | None = None, *, after: bool = False) -> None:
        self.count = 0
        self._numbers = count(1)  # signing happens in several threads
        self._dies_at = dies_at
        self._after = after

    def around(self, target: Any, *names: str) -> Any:
        """The object, with these methods counted."""

        class Watched:
            def __getattr__(self, name: str) -> Any:
                return getattr(target, name)

        watched = Watched()
        for name in names:
            method = getattr(target, name)
            setattr(watched, name, self.counted(method))
        return watched

    def counted(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            number = next(self._numbers)
            self.count = max(self.count, number)
            is_last = number == self._dies_at
            if is_last and not self._after:
                raise Killed
            result = method(*arguments, **named)
            if is_last:
                if hasattr(result, "close"):  # a coroutine: its effect comes with its await
                    return self._then_die(result)
                raise Killed
            return result

        return call

    @staticmethod
    async def _then_die(result: Any) -> None:
        await result
        raise Killed


@pytest.fixture(scope="module", params=["erc20", "litecoin"])
def bed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    made = made_bed(request.param, tmp_path_factory.mktemp(request.param))
    yield made
    made.close()


def payer_of(bed: Bed, store: Store, book: Agreement, mortal: Mortal | None = None) -> Payer:
    mortal = mortal or Mortal()
    approved = Approved(*(bed.payment(n, n, amount) for n, amount in book.waiting.items()))

    def sign(plan: Plan) -> Attempt:
        return bed.sign(plan, approved)

    chain: Chain = mortal.around(bed.chain, "broadcast_all")
    kept: Store = mortal.around(store, "keep_plan", "change", "told", "narrow", "name")
    told = mortal.around(book, "report")
    return Payer(chain, kept, told, mortal.counted(sign), PAY_TERMS, SALT)


async def until_done(bed: Bed, payer: Payer, book: Agreement, rounds: int = 12) -> None:
    for _ in range(rounds):
        await payer.round()
        if book.waiting.keys() == book.paid.keys() | book.failed.keys() | book.cancelled:
            return
        bed.mine()


async def test_a_payment_without_trouble(bed: Bed, tmp_path: Path) -> None:
    """Criterion: CHAINS-PAYER-1."""
    index, store, mortal = bed.fresh(), Store(tmp_path / "store"), Mortal()
    book = Agreement(bed, index)
    await until_done(bed, payer_of(bed, store, book, mortal), book)
    assert list(book.paid) == [index]
    assert bed.balance(index) == bed.unit
    assert mortal.count == EFFECTS
    await payer_of(bed, store, book).round()
    assert mortal.count == EFFECTS
    store.close()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("effect", range(1, EFFECTS + 1))
async def test_killed_at_every_effect_it_pays_once(
    bed: Bed, tmp_path: Path, effect: int, after: bool
) -> None:
    """Criterion: CHAINS-PAYER-1."""
    index, store = bed.fresh(), Store(tmp_path / "store")
    book = Agreement(bed, index)
    with pytest.raises(Killed):
        await until_done(bed, payer_of(bed, store, book, Mortal(effect, after=after)), book)
    store.close()
    again = Store(tmp_path / "store")
    await until_done(bed, payer_of(bed, again, book), book)
    assert list(book.paid) == [index]
    assert not book.failed
    assert bed.balance(index) == bed.unit
    again.close()


@pytest.mark.parametrize("effect", range(2, SEVERAL_EFFECTS + 1, 3))
async def test_killed_amid_several_it_pays_each_once(bed: Bed, tmp_path: Path, effect: int) -> None:
    """They go a step together. Criterion: CHAINS-PAYER-1."""
    if not isinstance(bed, EvmBed):
        pytest.skip("one transaction pays them all")
    store, book = Store(tmp_path / "store"), Agreement(bed, *(bed.fresh() for _ in range(3)))
    with pytest.raises(Killed):
        await until_done(bed, payer_of(bed, store, book, Mortal(effect, after=True)), book)
    store.close()
    again = Store(tmp_path / "store")
    await until_done(bed, payer_of(bed, again, book), book)
    assert book.paid.keys() == book.waiting.keys()
    assert not book.failed
    assert [bed.balance(index) for index in book.waiting] == [bed.unit] * 3
    again.close()


async def test_a_withdrawal_cancelled_in_time_is_not_paid_and_others_are(
    bed: Bed, tmp_path: Path
) -> None:
    """Criterion: CHAINS-PAYER-2."""
    gone, stays = bed.fresh(), bed.fresh()
    store, book = Store(tmp_path / "store"), Agreement(bed, gone, stays)
    mortal = Mortal(1, after=True)
    with pytest.raises(Killed):
        await payer_of(bed, store, book, mortal).round()
    book.cancelled.add(gone)
    await until_done(bed, payer_of(bed, store, book), book)
    assert list(book.paid) == [stays]
    assert [bed.balance(one) for one in (gone, stays)] == [0, bed.unit]
    store.close()


async def test_what_is_bound_and_unknown_here_is_not_paid(bed: Bed, tmp_path: Path) -> None:
    """A store that was lost must not become a second payment. Criterion: CHAINS-PAYER-3."""
    index, store = bed.fresh(), Store(tmp_path / "store")
    book = Agreement(bed, index)
    book.bound[index] = b"b" * 32
    await until_done(bed, payer_of(bed, store, book), book, rounds=4)
    assert not book.paid
    assert bed.balance(index) == 0
    store.close()


async def test_an_exchange_put_back_from_a_backup_hears_what_was_paid(
    bed: Bed, tmp_path: Path
) -> None:
    """Its log ends before the payment; the payer's store does not. Criterion: CHAINS-PAYER-6."""
    index, store = bed.fresh(), Store(tmp_path / "store")
    book = Agreement(bed, index)
    await until_done(bed, payer_of(bed, store, book), book)
    older = Agreement(bed, index)
    older.names = book.names
    await until_done(bed, payer_of(bed, store, older), older)
    assert older.paid == book.paid
    assert bed.balance(index) == bed.unit
    store.close()


async def test_a_short_hot_wallet_is_said_and_nothing_is_bound(bed: Bed, tmp_path: Path) -> None:
    """Criterion: CHAINS-PAYER-4."""
    index, store = bed.fresh(), Store(tmp_path / "store")
    book = Agreement(bed, index)
    book.waiting[index] = 10**24
    await payer_of(bed, store, book).round()
    assert book.short == [bed.asset]
    assert not book.bound
    store.close()


async def test_a_payment_that_reverts_is_refunded_once_final(bed: Bed, tmp_path: Path) -> None:
    """Criterion: CHAINS-PAYER-5."""
    if not isinstance(bed, EvmBed):
        pytest.skip("outputs do not revert")
    index, store = bed.fresh(), Store(tmp_path / "store")
    book = Agreement(bed, index)
    book.when_bound = partial(bed.command, bed.token, contracts.call("setPaused(bool)", 1))
    await until_done(bed, payer_of(bed, store, book), book)
    bed.command(bed.token, contracts.call("setPaused(bool)", 0))
    assert book.failed == {index: REVERTED}
    assert bed.balance(index) == 0
    store.close()


class Surpluses(Agreement):
    """The log's half of a sweep of hot to the place of an index, kept as strictly."""

    def __init__(self, bed: Bed, index: int) -> None:
        super().__init__(bed)
        tiers = (wire.Tier.HOT, wire.Tier.WARM)
        self.sweep = Surplus(
            bed.payment(0, index, bed.unit), Move(bed.asset, *tiers, "sweep/7", bed.unit)
        )
        self.posted: dict[bytes, wire.Moved] = {}
        self.over: list[bool] = []

    def payments(self, plan: Plan) -> Sequence[Payment]:
        """What the signers learn of it."""
        assert self.bound[number_of(plan)] == plan.binding, "signed before it was bound"
        return [self.sweep.payment]

    async def due(self) -> Sequence[Surplus]:
        return () if self.bound else (self.sweep,)

    async def bind(self, plan: Plan) -> int:
        return int(self.bound.setdefault(number_of(plan), plan.binding) != plan.binding)

    async def is_over(self, _plan: Plan) -> bool:
        return False

    def waits(self, _number: int, _why: Why, _detail: str) -> None:
        """Shown to nobody here."""

    def goes(self, _number: int, *, is_included: bool) -> None:
        """Shown to nobody here."""

    async def moved(self, *payloads: wire.Moved) -> Sequence[int]:
        self.posted |= {one.transfer: one for one in payloads}
        return [0] * len(payloads)

    async def ended(self, plan: Plan, name: bytes, *, is_paid: bool) -> None:
        assert name in self.posted
        self.over.append(is_paid)

    async def carry_out(self, store: Store, mortal: Mortal) -> None:
        """A payer goes on with it until it is over."""
        chain: Chain = mortal.around(self.bed.chain, "broadcast_all")
        kept: Store = mortal.around(store, "keep_plan", "change", "told")
        told = mortal.around(self, "bind", "moved", "ended")
        sign = mortal.counted(lambda plan: self.bed.sign(plan, cast("Approved", self)))
        payer = Payer(chain, kept, told, sign, PAY_TERMS, SALT, None, told)
        for _ in range(12):
            await payer.sweep_hot(await self.due())
            await payer.round()
            if self.over:
                return
            self.bed.mine()


async def test_hot_is_swept_once_wherever_the_payer_is_killed(bed: Bed, tmp_path: Path) -> None:
    """Criterion: CUST-SWEEP-1. Before and after each effect; on a chain of coins, at one."""
    swept = 0
    for effect in range(1, 40) if isinstance(bed, EvmBed) else (3, 99):
        for after in (False, True):
            index, folder = bed.fresh(), tmp_path / f"{effect}-{after}"
            book, store = Surpluses(bed, index), Store(folder)
            mortal = Mortal(effect, after=after)
            try:
                await book.carry_out(store, mortal)
            except Killed:
                store.close()
                store = Store(folder)
                await book.carry_out(store, Mortal())
            store.close()
            assert bed.balance(index) == bed.unit
            (posted,) = book.posted.values()
            assert amount_int(posted.amount) == bed.unit
            assert set(book.over) == {True}
            swept += 1
        if mortal.count < effect:
            break
    assert swept >= 4
    assert mortal.count < effect
