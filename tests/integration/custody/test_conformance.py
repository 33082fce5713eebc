"""Goal: every chain adapter means the same by the same words. Method: one suite over real nodes.

A new adapter is finished when its bed passes this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from fullreserve.custody.chains.adapter import Attempt, HotShort, Plan, Senders, Unpayable
from fullreserve.custody.chains.following import (
    Confirmed,
    Left,
    Orphaned,
    Reached,
    Replaced,
    Seen,
    advance,
    restore,
    store,
)
from fullreserve.custody.chains.health import State, health
from fullreserve.custody.chains.rpc import NodeDown, NodeGarbage, NodeProblem
from fullreserve.custody.chains.utxo_transaction import read_body
from fullreserve.custody.spends import Spends
from fullreserve.custody.store import Store
from fullreserve.exchange.products.custody_wire import Tier
from tests.integration.custody.liar import Liar
from tests.integration.custody.outsiders import TERMS, Approved, Bed, EvmBed, UtxoBed, deposits

OF_COINS = ("litecoin", "bitcoin")


@pytest.fixture(autouse=True)
def agreed(bed: Bed) -> None:
    if isinstance(bed, UtxoBed):
        bed.agree()


def kinds(reports: Sequence[object]) -> list[str]:
    return [type(one).__name__ for one in reports if not isinstance(one, Left | Reached)]


def place_of(bed: Bed, index: int) -> tuple[int, int]:
    """Address index and memo of a deposit for a user."""
    return (0, index) if bed.needs_memo else (index, 0)


def test_an_address_is_read_back_and_a_wrong_one_refused(bed: Bed) -> None:
    """Criterion: CHAINS-ADDRESS-2."""
    addresses = bed.chain.addresses
    text = addresses.address(7)
    assert addresses.read(text) == addresses.place(7)
    alone = text.partition(":")[0]
    for wrong in (
        alone[:-1],
        alone + "0",
        "",
        "1",
        alone[:-1] + ("q" if alone[-1] != "q" else "p"),
    ):
        with pytest.raises(ValueError, match="."):
            addresses.read(wrong)


def test_a_deposit_is_seen_and_confirmed_at_the_thresholds(bed: Bed) -> None:
    """Criterion: CHAINS-WATCH-1."""
    cursor, index = bed.cursor(), bed.fresh()
    bed.pay(index, bed.unit)
    bed.mine()
    seen = deposits(bed.reports(cursor))
    found = [(one.asset, (one.index, one.memo), one.amount) for one in seen]
    assert found == [(bed.asset, place_of(bed, index), bed.unit)]
    bed.mine(3)
    told = [one for one in bed.reports(cursor) if isinstance(one, Confirmed)]
    assert [(one.deposit, one.confirmations) for one in told] == [
        (seen[0], TERMS.credit_after),
        (seen[0], TERMS.unlock_after),
    ]
    assert bed.reports(cursor) == []


def test_who_sent_a_deposit_is_read_from_its_transaction(bed: Bed) -> None:
    """Criterion: CHAINS-WATCH-4."""
    cursor, index = bed.cursor(), bed.fresh()
    bed.pay(index, bed.unit)
    bed.mine()
    (one,) = deposits(bed.reports(cursor))
    assert bed.chain.senders(one.txid) == Senders((bed.outside,), is_whole=True)
    with pytest.raises(NodeProblem):
        bed.chain.senders(bytes(32))


def test_a_cursor_that_was_not_stored_says_the_same_again(bed: Bed) -> None:
    """Criterion: CHAINS-WATCH-2."""
    cursor, index = bed.cursor(), bed.fresh()
    before = store(cursor)
    bed.pay(index, bed.unit)
    bed.mine(2)
    first = bed.reports(cursor)
    assert kinds(first) == ["Seen", "Confirmed"]
    assert list(advance(bed.chain, restore(before), TERMS)) == first


def test_a_deposit_disappears_and_comes_back(bed: Bed) -> None:
    """Criterion: CHAINS-REORG-1."""
    cursor, index = bed.cursor(), bed.fresh()
    raw = bed.pay(index, bed.unit)
    bed.mine(2)
    assert kinds(bed.reports(cursor)) == ["Seen", "Confirmed"]
    bed.reorganise(2)
    told = bed.reports(cursor)
    assert kinds(told) == ["Orphaned"]
    assert [one.depth for one in told if isinstance(one, Left)] == [2]
    if not isinstance(bed, UtxoBed):  # whose node has put it back into its mempool
        bed.again(raw)
    bed.mine(3)
    told = bed.reports(cursor)
    assert kinds(told) == ["Seen", "Confirmed", "Confirmed"]


def test_a_deposit_that_was_double_spent_is_replaced(bed: Bed) -> None:
    """Criterion: CHAINS-REORG-2."""
    cursor, index = bed.cursor(), bed.fresh()
    raw = bed.pay(index, bed.unit)
    bed.mine()
    (deposit,) = deposits(bed.reports(cursor))
    bed.reorganise(1, instead=bed.conflicting(raw))
    told = bed.reports(cursor)
    assert [one for one in told if isinstance(one, Orphaned)] != []
    bed.mine(TERMS.unlock_after)
    told += bed.reports(cursor)
    assert [one.deposit for one in told if isinstance(one, Replaced)] == [deposit]
    assert not [one for one in told if isinstance(one, Seen)]


def test_a_payment_is_made_once_however_often_it_is_given(bed: Bed) -> None:
    """Criterion: CHAINS-PAY-1."""
    index = bed.fresh()
    payment = bed.payment(index, index, bed.unit)
    plan = bed.chain.plan([payment], [])
    attempt = bed.sign(plan, Approved(payment))
    assert bed.sign(plan, Approved(payment)) == attempt
    before = bed.balance(index)
    for _ in range(3):
        bed.chain.broadcast(attempt)
    assert bed.chain.standing(plan, [attempt.txid]).known
    bed.mine(3)
    bed.chain.broadcast(attempt)
    standing = bed.chain.standing(plan, [attempt.txid])
    assert (standing.confirmations, standing.paid, standing.txid) == (3, True, attempt.txid)
    assert 0 < standing.fee <= plan.fee
    assert bed.balance(index) - before == bed.unit


def test_what_left_the_hot_wallet_is_read_from_its_block(bed: Bed) -> None:
    """Criterion: CHAINS-RESTORED-2. By whomever it was planned; a stranger's payment is none."""
    index = bed.fresh()
    payment = bed.payment(index, index, bed.unit)
    plan = bed.chain.plan([payment], [])
    attempt = bed.sign(plan, Approved(payment))
    bed.mine()
    assert not bed.chain.is_leaving([])
    bed.chain.broadcast(attempt)
    assert bed.chain.is_leaving([])
    assert not bed.chain.is_leaving([plan])
    bed.pay(bed.fresh(), bed.unit)
    bed.mine()
    assert not bed.chain.is_leaving([])
    (left,) = bed.chain.departed(bed.chain.tip())
    assert (left.attempt, left.binding) == (attempt, plan.binding)
    assert left.outs == bed.chain.outs(plan)
    ((paid, _),) = left.outs
    assert paid == msgspec.structs.replace(payment, withdrawal=0)
    # As a plan of a store that did not have it, it is followed to the same end.
    again = Plan(plan.network, plan.withdrawals, left.binding, left.body, left.fee)
    assert bed.chain.standing(again, [attempt.txid]) == bed.chain.standing(plan, [attempt.txid])
    bed.chain.broadcast(left.attempt)


def test_what_a_payment_costs_now_covers_one(bed: Bed) -> None:
    """Criterion: CUST-FEE-6. Within what a plan for it bids, and not nothing."""
    index = bed.fresh()
    plan = bed.chain.plan([bed.payment(index, index, bed.unit)], [])
    assert plan.fee // 4 <= bed.chain.payment_cost(bed.asset) <= 2 * plan.fee


def test_a_stuck_payment_is_replaced_with_the_same_binding(bed: Bed) -> None:
    """Criterion: CHAINS-PAY-2."""
    index = bed.fresh()
    payment = bed.payment(index, index, bed.unit)
    first = bed.chain.plan([payment], [])
    second = bed.chain.bumped(first)
    assert second.binding == first.binding
    assert second.fee > first.fee
    # Nobody signs it while it is dear, and fees fall.
    eased, same = bed.chain.eased([second, first])
    assert same == first
    assert eased.binding == first.binding
    assert first.fee <= eased.fee < second.fee
    assert bed.chain.eased([eased]) == [eased]
    bed.sign(eased, Approved(payment))
    before = bed.balance(index)
    attempts = [bed.sign(plan, Approved(payment)) for plan in (first, second)]
    for attempt in attempts:
        bed.chain.broadcast(attempt)
    bed.mine(3)
    standing = bed.chain.standing(second, [one.txid for one in attempts])
    assert (standing.txid, standing.confirmations) == (attempts[1].txid, 3)
    assert bed.balance(index) - before == bed.unit


def test_two_payments_never_take_the_same(bed: Bed) -> None:
    """Criterion: CHAINS-PAY-3."""
    bound: list[Plan] = []
    raw: list[Attempt] = []
    for _ in range(2):
        index = bed.fresh()
        payment = bed.payment(index, index, bed.unit)
        plan = bed.chain.plan([payment], bound)
        bound.append(plan)
        raw.append(bed.sign(plan, Approved(payment)))
    assert bound[0].binding != bound[1].binding
    for attempt in raw:
        bed.chain.broadcast(attempt)
    bed.mine(3)
    for plan, attempt in zip(bound, raw, strict=True):
        assert bed.chain.standing(plan, [attempt.txid]).confirmations == 3


def test_a_payment_in_a_block_that_is_left_is_given_again(bed: Bed) -> None:
    """Criterion: CHAINS-PAY-4."""
    index = bed.fresh()
    payment = bed.payment(index, index, bed.unit)
    plan = bed.chain.plan([payment], [])
    attempt = bed.sign(plan, Approved(payment))
    bed.chain.broadcast(attempt)
    bed.mine()
    assert bed.chain.standing(plan, [attempt.txid]).height
    bed.reorganise(1)
    assert not bed.chain.standing(plan, [attempt.txid]).height
    bed.chain.broadcast(attempt)
    bed.mine(3)
    assert bed.chain.standing(plan, [attempt.txid]).height


def test_what_cannot_be_paid_is_refused_before_anything_is_signed(bed: Bed) -> None:
    """Criterion: CHAINS-PAY-5."""
    with pytest.raises(HotShort):
        bed.chain.plan([bed.payment(1, 5, 10**30)], [])
    stranger = bed.payment(1, 5, bed.unit)
    stranger = type(stranger)(1, 99, bed.unit, stranger.place)
    with pytest.raises(Unpayable):
        bed.chain.plan([stranger], [])


def test_fees_end_at_the_cap(bed: Bed) -> None:
    """Criterion: CHAINS-PAY-6."""
    payment = bed.payment(1, 5, bed.unit)
    plan = bed.chain.plan([payment], [])

    def bump_for_ever() -> None:
        raised = plan
        while True:
            raised = bed.chain.bumped(raised)

    with pytest.raises(Unpayable):
        bump_for_ever()


def test_a_node_that_says_anything_at_all_is_told_apart(bed: Bed) -> None:
    """Criterion: CHAINS-NODE-1."""
    with Liar(bed.url) as liar:
        chain = bed.over(liar.url)
        assert health(chain, bed.chain).state is State.OK
        for mode in ("html", "half", "nothing", "null", "other", "forged"):
            liar.mode = mode
            with pytest.raises(NodeGarbage):
                chain.tip()
            assert health(chain, bed.chain).state is State.GARBAGE
        liar.mode = "silent"
        with pytest.raises(NodeProblem):
            chain.tip()
        liar.mode = "honest"
        assert chain.tip() == bed.chain.tip()


def test_a_forged_block_credits_nobody(bed: Bed) -> None:
    """Criterion: CHAINS-NODE-2."""
    with Liar(bed.url) as liar:
        chain, cursor = bed.over(liar.url), bed.cursor()
        bed.pay(bed.fresh(), bed.unit)
        bed.mine(3)
        liar.mode = "forged"
        with pytest.raises(NodeGarbage):
            list(advance(chain, cursor, TERMS))


def test_a_node_that_is_down_is_told_apart(bed: Bed) -> None:
    """Criterion: CHAINS-NODE-3."""
    with Liar(bed.url) as liar:
        url = liar.url
    chain = bed.over(url)
    with pytest.raises(NodeDown) as caught:
        chain.tip()
    assert "fullreserve:" not in str(caught.value)  # a name and a password in the address
    assert health(bed.chain, chain).state is State.DOWN
    assert health(chain, bed.chain).state is State.DOWN


def test_a_node_that_is_behind_is_told_apart(bed: Bed) -> None:
    """Criterion: CHAINS-NODE-4."""
    bed.mine(6)
    with Liar(bed.url) as liar:
        chain = bed.over(liar.url)
        liar.mode = "behind"
        for pair, lag in (((chain, bed.chain), 5), ((bed.chain, chain), -5)):
            found = health(*pair)
            assert (found.state, found.lag) == (State.BEHIND, lag)
            assert "5 blocks behind" in found.detail


def test_two_nodes_that_hold_different_chains_are_told_apart(bed: Bed) -> None:
    """Neither is believed, whichever is followed. Criterion: CHAINS-NODE-5."""
    with bed.rival() as rival:
        for pair in ((bed.chain, rival), (rival, bed.chain)):
            found = health(*pair)
            assert (found.state, found.is_ok) == (State.SPLIT, False)
            assert found.height == bed.chain.tip().height
    assert health(bed.chain, bed.over(bed.url)).is_ok


def test_a_payment_survives_its_node(bed: Bed) -> None:
    """A node that froze in the middle is one that did not answer: the same goes to it again.

    Criterion: CHAINS-NODE-6.
    """
    index = bed.fresh()
    payment = bed.payment(index, index, bed.unit)
    plan = bed.chain.plan([payment], [])
    attempt = bed.sign(plan, Approved(payment))
    with Liar(bed.url) as liar:
        chain = bed.over(liar.url)
        liar.mode = "silent"
        with pytest.raises(NodeProblem):
            chain.broadcast(attempt)
        liar.mode = "honest"
        chain.broadcast(attempt)
    before = bed.balance(index)
    bed.mine(3)
    assert bed.balance(index) - before == bed.unit


@pytest.mark.parametrize("bed", OF_COINS, indirect=True)
def test_coins_that_nobody_here_spent_are_named(bed: UtxoBed, tmp_path: Path) -> None:
    """Criterion: CHAINS-TRIGGER-4. On chains of coins; what a plan of the payer's took is none."""
    spends = Spends(bed.chain, tmp_path / "payer")
    tip = bed.chain.tip()
    assert spends.unknown([], tip, tier=Tier.HOT) == []  # never agreed
    spends.explain([], tip)
    index = bed.fresh()
    payments = [bed.payment(number, index, bed.unit) for number in (index, index + 1)]
    ours = bed.chain.plan(payments[:1], [])
    theirs = bed.chain.plan(payments[1:], [ours])
    store = Store(tmp_path / "payer")
    store.keep_plan(ours)
    store.close()
    for plan, payment in zip((ours, theirs), payments, strict=True):
        bed.chain.broadcast(bed.sign(plan, Approved(payment)))
    assert spends.unknown([], tip, tier=Tier.HOT) == []  # in no block yet
    bed.mine()
    tip = bed.chain.tip()
    taken = {one.outpoint() for one in read_body(theirs.body).inputs}
    found = spends.unknown([], tip, tier=Tier.HOT)
    assert {one.coin for one in found} == taken
    assert spends.unknown([], tip, tier=Tier.COLD) == []
    spends.explain([], tip)
    assert spends.unknown([], tip, tier=Tier.HOT) == []


@pytest.mark.parametrize("bed", ["memo"], indirect=True)
def test_a_memo_that_is_nobodys_is_read_as_it_was_written(bed: EvmBed) -> None:
    """Criterion: CUST-DEP-16. Of a chain with memos; nothing of others', and of right ones."""
    cursor, index = bed.cursor(), bed.fresh()
    house = bed.chain.addresses.place(index)
    bed.pay(index, bed.unit)
    bed.command(house, data="alice's \u202ecoins".encode(), value=bed.unit)
    bed.mine()
    assert [one.written for one in deposits(bed.reports(cursor))] == ["", "alice's \ufffdcoins"]
