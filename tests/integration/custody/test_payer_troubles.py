"""Goal: a refused bump, a refused binding or a node that lost a receipt costs nobody a payment.

Method: the payer on a real node, which refuses or forgets at the wrong moment; the exchange's half
of the contract is kept strictly by `Agreement`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from copy import copy
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from fullreserve.custody import contracts
from fullreserve.custody.chains.adapter import Attempt, Chain, Payment, Plan, Unpayable
from fullreserve.custody.chains.evm_transaction import read_body
from fullreserve.custody.chains.rpc import Node, NodeGarbage, NodeProblem, NodeRefuses
from fullreserve.custody.payer import REFUSED_ROUNDS, UNPAYABLE, Payer
from fullreserve.custody.payer_desk import NotSigned
from fullreserve.custody.store import Kept, Store
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.withdrawal_state import OVERTAKEN, REVERTED
from fullreserve.identity.keyring import DamagedRow
from tests.integration.custody.liar import Liar
from tests.integration.custody.outsiders import TERMS, TOKEN, Approved, Bed, EvmBed, UtxoBed
from tests.integration.custody.test_payer import PAY_TERMS, SALT, Agreement, until_done

LARGE = 10**24
OUTSIDE = "0x" + "7b" * 20


@pytest.fixture(scope="module")
def stranger() -> Iterator[EvmBed]:
    """Another node, which holds nothing of what the first does."""
    made = EvmBed(31_338, TOKEN)
    yield made
    made.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "store")
    yield made
    made.close()


class Refusing(Agreement):
    """Some are not bound, and what is short or bound is what the exchange would make of it."""

    def __init__(self, bed: Bed, *indexes: int) -> None:
        super().__init__(bed, *indexes)
        self.stopped: set[int] = set()
        self.waits: set[int] = set()
        self.asked: list[int] = []
        self.settled: list[int] = []
        self.moves: list[wire.Moved] = []
        self.damaged: set[int] = set()
        self.unbooked: set[int] = set()  # of these it does not take that they were paid
        self.final: list[int] = []

    async def destination(self, pay: wire.Pay) -> tuple[str, str]:
        if pay.withdrawal in self.damaged:
            raise DamagedRow("a row of the store is damaged", "withdrawal_address")
        return await super().destination(pay)

    async def moved(self, *payloads: wire.Moved) -> Sequence[int]:
        self.moves += payloads
        return [0] * len(payloads)

    async def pending(self, network: int) -> Sequence[wire.Pay]:
        found = await super().pending(network)
        return [one for one in found if one.withdrawal not in self.waits]

    def _told(self, payload: wire.Payload) -> int:
        if isinstance(payload, wire.Settle):
            self.settled.append(payload.after + 1)
        if isinstance(payload, wire.Short):
            self.waits |= self.waiting.keys() - self.bound.keys()
        if isinstance(payload, wire.Paid):
            self.final.append(payload.withdrawal)
            if payload.withdrawal in self.unbooked:
                return 58204
        if isinstance(payload, wire.Bound):
            self.asked.append(payload.withdrawal)
            if payload.withdrawal in self.stopped | self.waits:
                return 1
        return super()._told(payload)


def payer_of(
    bed: Bed,
    store: Store,
    book: Agreement,
    chain: Chain | None = None,
    second: Chain | None = None,
) -> Payer:
    approved = Approved(*(bed.payment(n, n, amount) for n, amount in book.waiting.items()))

    def sign(plan: Plan) -> Attempt:
        return bed.sign(plan, approved)

    return Payer(chain or bed.chain, store, book, sign, PAY_TERMS, SALT, second)


async def test_a_payment_whose_replacement_is_refused_is_followed(
    litecoin: UtxoBed, store: Store
) -> None:
    """It is in a block before its replacement is given. Criterion: CHAINS-PAYER-7."""
    bed, index = litecoin, litecoin.fresh()
    book = Agreement(bed, index)
    approved = Approved(bed.payment(index, index, bed.unit))
    signed: list[Attempt] = []

    def sign(plan: Plan) -> Attempt:
        signed.append(bed.sign(plan, approved))
        if len(signed) == 2:
            bed.mine()
        return signed[-1]

    payer = Payer(bed.chain, store, book, sign, PAY_TERMS, SALT)
    await payer.round()
    # Miners leave it out until its fee is raised.
    bed.node.call("prioritisetransaction", signed[0].txid.hex(), 0, -(10**8))
    bed.mine(PAY_TERMS.bump_after)
    bed.node.call("prioritisetransaction", signed[0].txid.hex(), 0, 10**8)
    await payer.round()
    assert len(signed) == 2
    await until_done(bed, payer, book)
    assert list(book.paid) == [index]
    assert bed.balance(index) == bed.unit
    assert len(signed) == 2


async def test_what_hangs_at_the_fee_cap_is_said_once_and_not_each_round(
    litecoin: UtxoBed, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until it goes on, as a block has it. Criterion: CHAINS-PAYER-16."""
    bed, index = litecoin, litecoin.fresh()
    book = Agreement(bed, index)
    payer = payer_of(bed, store, book)

    def bumped(_plan: Plan, _bound: Sequence[Plan]) -> Plan:
        raise Unpayable("the fee is at its cap")

    monkeypatch.setattr(bed.chain, "bumped", bumped)
    await payer.round()
    (sent,) = [one for kept in store.open_plans(bed.chain.network) for one in store.attempts(kept)]
    bed.node.call("prioritisetransaction", sent[0].txid.hex(), 0, -(10**8))
    bed.mine(PAY_TERMS.bump_after)
    with capture_logs() as logs:
        for _ in range(5):
            await payer.round()
    assert [one["problem"] for one in logs if one["log_level"] == "warning"] == [
        "the fee is at its cap"
    ]
    bed.node.call("prioritisetransaction", sent[0].txid.hex(), 0, 10**8)
    await until_done(bed, payer, book)
    assert list(book.paid) == [index]


async def test_a_refused_binding_holds_up_nobody_on_its_lane(erc20: EvmBed, store: Store) -> None:
    """Its nonce is taken by a transaction that pays nobody. Criterion: CHAINS-PAYER-8."""
    bed, indexes = erc20, [erc20.fresh() for _ in range(2 * len(erc20.keys))]
    gone = indexes[0]
    book = Refusing(bed, *indexes)
    book.stopped.add(gone)
    payer = payer_of(bed, store, book)
    await payer.round()
    book.cancelled.add(gone)
    await until_done(bed, payer, book)
    assert book.paid.keys() == set(indexes[1:])
    assert [bed.balance(one) for one in indexes] == [0, *[bed.unit] * (len(indexes) - 1)]
    assert [int.from_bytes(one.amount, "big") for one in book.moves] == [0]


async def test_a_payment_takes_the_nonce_that_was_given_up(erc20: EvmBed, store: Store) -> None:
    """Before any other, and nothing else is sent for it. Criterion: CHAINS-PAYER-8."""
    bed, indexes = erc20, [erc20.fresh() for _ in range(2 * len(erc20.keys))]
    gone, late = indexes[0], erc20.fresh()
    book = Refusing(bed, *indexes)
    book.stopped.add(gone)
    await payer_of(bed, store, book).round()
    assert _gaps(store)
    book.cancelled.add(gone)
    book.waiting[late] = bed.unit
    await until_done(bed, payer_of(bed, store, book), book)
    assert not book.moves
    assert book.paid.keys() == {*indexes[1:], late}
    assert bed.balance(late) == bed.unit


async def test_a_lane_that_nobody_can_sign_for_any_more_stops_no_other(
    erc20: EvmBed, store: Store
) -> None:
    """Its payments wait, said once; later ones go by other lanes. Criterion: CUST-GONE-4."""
    bed, indexes = erc20, [erc20.fresh() for _ in erc20.keys]
    lost, *_ = bed.keys
    book = Agreement(bed, *indexes)
    late = [bed.fresh() for _ in range(2)]
    approved = Approved(*(bed.payment(one, one, bed.unit) for one in (*indexes, *late)))

    def sign(plan: Plan) -> Attempt:
        if read_body(plan.body).lane == lost:
            raise NotSigned("0 of 1 signers signed")
        return bed.sign(plan, approved)

    payer = Payer(bed.chain, store, book, sign, PAY_TERMS, SALT)
    with capture_logs() as logged:
        await until_done(bed, payer, book, rounds=8)
    assert [one["event"] for one in logged].count("payment waits") == 1
    assert len(book.paid) == len(indexes) - 1
    for one in late:
        book.waiting[one] = bed.unit
        await until_done(bed, payer, book, rounds=8)
    assert set(late) <= book.paid.keys()
    (stuck,) = store.open_plans(1)
    assert read_body(stuck.plan.body).lane == lost
    assert not book.failed


def _gaps(store: Store) -> list[int]:
    """Nonces below those of open plans that no plan has."""
    by_lane: dict[bytes, list[int]] = {}
    for kept in store.open_plans(1):
        body = read_body(kept.plan.body)
        by_lane.setdefault(body.lane, []).append(body.nonce)
    first = min(nonce for nonces in by_lane.values() for nonce in nonces)
    return [
        nonce
        for nonces in by_lane.values()
        for nonce in range(first, max(nonces))
        if nonce not in nonces
    ]


async def test_what_was_not_bound_is_not_planned_at_once_again(erc20: EvmBed, store: Store) -> None:
    """It is looked at by the exchange, and asked for later. Criterion: CHAINS-PAYER-9."""
    book = Refusing(erc20, erc20.fresh())
    book.stopped |= book.waiting.keys()
    payer = payer_of(erc20, store, book)
    for _ in range(REFUSED_ROUNDS):
        await payer.round()
    assert book.asked == book.settled == list(book.waiting)
    book.stopped.clear()
    await until_done(erc20, payer, book)
    assert book.paid.keys() == book.waiting.keys()


async def test_a_short_hot_wallet_pays_what_it_can(erc20: EvmBed, store: Store) -> None:
    """Those that wait for coins do so after the others are bound. Criterion: CHAINS-PAYER-10."""
    book = Refusing(erc20, erc20.fresh(), erc20.fresh())
    small, large = book.waiting
    book.waiting[large] = LARGE
    payer = payer_of(erc20, store, book)
    await payer.round()
    assert (list(book.bound), book.waits) == ([small], {large})
    book.cancelled.add(large)
    await until_done(erc20, payer, book)
    assert list(book.paid) == [small]


async def test_a_destination_whose_row_is_damaged_keeps_nobody_waiting(
    erc20: EvmBed, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is neither refunded nor paid until it is put back. Criterion: CHAINS-PAYER-12."""
    book = Refusing(erc20, erc20.fresh(), erc20.fresh())
    bad, good = book.waiting
    book.damaged.add(bad)
    payer = payer_of(erc20, store, book)
    for _ in range(3):
        await payer.round()
    assert list(book.bound) == [good]
    assert not book.failed
    assert capsys.readouterr().out.count("left alone") == 1
    book.damaged.clear()
    await until_done(erc20, payer, book)
    assert set(book.paid) == {bad, good}


class Written(Agreement):
    """Each is to go to the outsider with its own number as memo, one of them with another."""

    def __init__(self, bed: Bed, bad: str, *indexes: int) -> None:
        super().__init__(bed, *indexes)
        self.bad = bad

    async def destination(self, pay: wire.Pay) -> tuple[str, str]:
        is_first = pay.withdrawal == min(self.waiting)
        return OUTSIDE, self.bad if is_first else str(pay.withdrawal)


@pytest.mark.parametrize("memo", ["\U0001f642", "\u0667", ""])
async def test_a_memo_that_no_transaction_carries_is_refunded(
    memos: EvmBed, store: Store, memo: str
) -> None:
    """Criterion: CHAINS-PAYER-13. It stood in an address book; all others are paid."""
    book = Written(memos, memo, *(memos.fresh() for _ in range(3)))
    bad, *good = book.waiting
    place = memos.chain.addresses.read(OUTSIDE)
    approved = Approved(*(Payment(n, memos.asset, memos.unit, place, str(n)) for n in good))

    def sign(plan: Plan) -> Attempt:
        return memos.sign(plan, approved)

    for _ in range(2):
        payer = Payer(memos.chain, store, book, sign, PAY_TERMS, SALT)
        await payer.round()
        assert book.failed == {bad: UNPAYABLE}
        assert set(book.bound) == set(good)
    await until_done(memos, payer, book)
    assert set(book.paid) == set(good)


def stumbling(chain: Chain, over: int, *, always: bool = False) -> Chain:
    """The chain, as a fault of ours would have it: planning raises over one payment."""

    class Stumbling(type(chain)):  # type: ignore[misc]
        def plan_all(self, batches: Sequence[Sequence[Payment]], bound: Sequence[Plan]) -> Any:
            if always or any(one.withdrawal == over for batch in batches for one in batch):
                "\U0001f642".encode("ascii")
            return super().plan_all(batches, bound)

    made = copy(chain)
    made.__class__ = Stumbling
    return made


@pytest.fixture(params=["erc20", "litecoin"])
def either(request: pytest.FixtureRequest) -> Bed:
    made: Bed = request.getfixturevalue(request.param)
    return made


async def test_a_payment_that_planning_stumbles_over_is_refunded(
    either: Bed, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: CHAINS-PAYER-13. A later payer pays the others as well."""
    bed = either
    book = Refusing(bed, *(bed.fresh() for _ in range(3)))
    bad, *good = book.waiting
    for _ in range(2):
        payer = payer_of(bed, store, book, stumbling(bed.chain, bad))
        await payer.round()
        assert book.failed == {bad: UNPAYABLE}
        assert set(book.bound) == set(good)
    said = capsys.readouterr().out
    assert "UnicodeEncodeError" in said
    assert "\U0001f642" not in said
    await until_done(bed, payer, book)
    assert set(book.paid) == set(good)


async def test_planning_that_fails_without_any_payment_refunds_nobody(
    erc20: EvmBed, store: Store
) -> None:
    """It is the network that is at fault. Criterion: CHAINS-PAYER-13."""
    book = Refusing(erc20, erc20.fresh())
    payer = payer_of(erc20, store, book, stumbling(erc20.chain, 0, always=True))
    with pytest.raises(UnicodeEncodeError):
        await payer.round()
    assert not book.failed
    await until_done(erc20, payer_of(erc20, store, book), book)
    assert book.paid.keys() == book.waiting.keys()


class Garbled:
    """A node whose first answer to a call has no number where one belongs."""

    def __init__(self, node: Node, call: str, field: str, value: str) -> None:
        self._node = node
        self._left = {call: {field: value}}

    def call(self, method: str, *params: Any) -> Any:
        told = self._node.call(method, *params)
        return told | self._left.pop(method, {}) if isinstance(told, dict) else told


@pytest.mark.parametrize("garbled", [
    ("gettxout", "value", "much"), ("gettxout", "value", "NaN"),
    ("estimatesmartfee", "feerate", "Infinity"),
])  # fmt: skip
async def test_an_amount_that_is_none_refunds_nobody(
    litecoin: UtxoBed, store: Store, garbled: tuple[str, str, str]
) -> None:
    """It is the node's fault, and no payment's. Criterion: CHAINS-PAYER-13."""
    book, chain = Refusing(litecoin, litecoin.fresh()), copy(litecoin.chain)
    chain._node = Garbled(chain._node, *garbled)  # type: ignore[assignment]
    payer = payer_of(litecoin, store, book, chain)
    with suppress(NodeProblem):
        await payer.round()
    assert not book.failed
    await until_done(litecoin, payer, book)
    assert book.paid.keys() == book.waiting.keys()


@pytest.mark.parametrize(
    "problem", [OverflowError(), NodeRefuses(-5, "No such transaction")], ids=["ours", "node's"]
)
async def test_signing_that_fails_for_one_stops_no_other(
    erc20: EvmBed, store: Store, problem: Exception
) -> None:
    """What is bound may be signed somewhere: it waits. Criterion: CHAINS-PAYER-13."""
    book = Refusing(erc20, *(erc20.fresh() for _ in range(3)))
    bad, *good = book.waiting
    approved = Approved(*(erc20.payment(n, n, erc20.unit) for n in book.waiting))

    def sign(plan: Plan) -> Attempt:
        if plan.withdrawals == (bad,) and is_bad:
            raise problem
        return erc20.sign(plan, approved)

    is_bad = True
    payer = Payer(erc20.chain, store, book, sign, PAY_TERMS, SALT)
    await payer.round()
    assert book.names.keys() == set(good)
    is_bad = False
    await until_done(erc20, payer, book)
    assert book.paid.keys() == book.waiting.keys()


async def test_a_batch_that_is_too_large_is_paid_in_part(litecoin: UtxoBed, store: Store) -> None:
    """Criterion: CHAINS-PAYER-10."""
    book = Refusing(litecoin, litecoin.fresh(), litecoin.fresh(), litecoin.fresh())
    large = list(book.waiting)[-1]
    book.waiting[large] = LARGE
    await payer_of(litecoin, store, book).round()
    assert book.waits == {large}
    assert len(book.bound) == 2


async def test_what_a_chain_has_paid_is_said_until_the_exchange_takes_it(
    erc20: EvmBed, store: Store
) -> None:
    """Once with each block, also by a payer that begins anew. Criterion: CHAINS-PAYER-23."""
    bed, index = erc20, erc20.fresh()
    book = Refusing(bed, index)
    book.unbooked = {index}
    payer = payer_of(bed, store, book)
    with capture_logs() as said:
        await until_done(bed, payer, book)
        told = book.final.count(index)
        await payer.round()
        await payer.round()
        assert book.final.count(index) == told + 1  # nothing new came: the second says nothing
        bed.mine()
        await payer.round()
        assert book.final.count(index) == told + 2
    assert any("does not take it" in str(one.get("problem")) for one in said)
    assert not _only(store).is_done
    book.unbooked = set()
    await payer_of(bed, store, book).round()
    assert list(book.paid) == [index]
    assert not store.open_plans(bed.chain.network)
    assert bed.balance(index) == bed.unit


async def test_no_refund_rests_on_a_receipt_that_is_missing(erc20: EvmBed, store: Store) -> None:
    """The node holds the payment and says it does not. Criterion: CHAINS-PAYER-11."""
    bed, index = erc20, erc20.fresh()
    book = Agreement(bed, index)
    with Liar(bed.url) as liar:
        payer = payer_of(bed, store, book, bed.over(liar.url))
        await payer.round()
        liar.mode = "receiptless"
        for _ in range(2 * TERMS.unlock_after):
            bed.mine()
            await payer.round()
        assert bed.balance(index) == bed.unit
        assert not book.failed
        kept = _only(store)
        with pytest.raises(NodeRefuses):
            bed.over(liar.url).standing(kept.plan, [one.txid for one, _ in store.attempts(kept)])
        liar.mode = "honest"
        await until_done(bed, payer, book)
    assert list(book.paid) == [index]


@pytest.mark.parametrize("nodes", [1, 2])
async def test_an_overtaken_payment_is_refunded_when_all_nodes_say_so(
    erc20: EvmBed, stranger: EvmBed, store: Store, nodes: int
) -> None:
    """And not before another block came. Criterion: CHAINS-PAYER-11."""
    bed, index, other = erc20, erc20.fresh(), erc20.fresh()
    book = Agreement(bed, index)
    second = bed.over(bed.url) if nodes == 2 else None
    taker = bed.payment(other, other, 1)
    plan = bed.chain.plan([taker], [])
    await payer_of(bed, store, book).round()
    bed.node.call("anvil_dropTransaction", "0x" + store.attempts(_only(store))[0][0].txid.hex())
    bed.chain.broadcast(bed.sign(plan, Approved(taker)))
    bed.mine(TERMS.unlock_after)
    if second is not None:
        differing = payer_of(bed, store, book, second=stranger.chain)
        for _ in range(3):
            await differing.round()
            bed.mine()
        with Liar(bed.url) as gone:
            nobody = bed.over(gone.url)
        unheard = payer_of(bed, store, book, second=nobody)
        for _ in range(3):
            await unheard.round()
            bed.mine()
    payer = payer_of(bed, store, book, second=second)
    await payer.round()
    assert not book.failed
    bed.mine()
    await payer.round()
    assert book.failed == {index: OVERTAKEN}


async def test_a_reverted_payment_is_refunded_when_both_nodes_say_so(
    erc20: EvmBed, store: Store
) -> None:
    """One that says it was paid is believed. Criterion: CHAINS-PAYER-11."""
    bed, index = erc20, erc20.fresh()
    book = Agreement(bed, index)
    with Liar(bed.url) as liar:
        liar.mode = "reverting"
        payer = payer_of(bed, store, book, bed.over(liar.url), second=bed.chain)
        for _ in range(2 * TERMS.unlock_after):
            with suppress(NodeGarbage):  # its receipts are not those that its blocks cover
                await payer.round()
            bed.mine()
        assert bed.balance(index) == bed.unit
        assert not book.failed
    await until_done(bed, payer_of(bed, store, book), book)
    assert list(book.paid) == [index]
    again = Agreement(bed, bed.fresh())
    again.when_bound = partial(bed.command, bed.token, contracts.call("setPaused(bool)", 1))
    await until_done(bed, payer_of(bed, store, again, second=bed.over(bed.url)), again)
    bed.command(bed.token, contracts.call("setPaused(bool)", 0))
    assert list(again.failed.values()) == [REVERTED]


def _only(store: Store) -> Kept:
    (kept,) = store.open_plans(1)
    return kept
