"""Goal: what only EVM chains do is done right. Method: anvil, a token with bad habits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fullreserve.custody import contracts
from fullreserve.custody.chains.evm_transaction import read_body
from fullreserve.custody.chains.following import Cursor, Orphaned, Seen, TooDeep, advance
from fullreserve.custody.chains.health import State, health
from fullreserve.custody.chains.rpc import NodeGarbage
from tests.integration.custody.outsiders import TERMS, TOKEN, Approved, EvmBed, deposits


@pytest.fixture(scope="module")
def bed() -> Iterator[EvmBed]:
    made = EvmBed(31_340, TOKEN)
    yield made
    made.close()


def test_a_fee_on_the_way_is_not_credited(bed: EvmBed) -> None:
    """Criterion: CHAINS-WATCH-3."""
    cursor, index = bed.cursor(), bed.fresh()
    bed.command(bed.token, contracts.call("setFee(uint256)", 100))
    bed.pay(index, 10_000)
    bed.mine()
    bed.command(bed.token, contracts.call("setFee(uint256)", 0))
    assert [one.amount for one in deposits(bed.reports(cursor))] == [9_900]
    assert bed.balance(index) == 9_900


def test_coins_and_other_tokens_are_told_apart(bed: EvmBed) -> None:
    """Criterion: CHAINS-WATCH-3."""
    cursor, index = bed.cursor(), bed.fresh()
    place = bed.chain.addresses.place(index)
    false = bytes.fromhex(bed.command(None, contracts.creation("DemoUSDT"))["contractAddress"][2:])
    bed.command(false, contracts.call("mint(address,uint256)", place, 5_000))
    bed.command(bed.token, contracts.call("approve(address,uint256)", place, 5_000))
    bed.command(place, value=7)
    found = [(one.asset, one.index, one.amount) for one in deposits(bed.reports(cursor))]
    assert found == [(2, index, 7)]


def test_a_transfer_that_reverts_pays_nobody(bed: EvmBed) -> None:
    """Criterion: CHAINS-PAY-9."""
    payment = bed.payment(1, bed.fresh(), bed.unit)
    plan = bed.chain.plan([payment], [])
    attempt = bed.sign(plan, Approved(payment))
    bed.command(bed.token, contracts.call("setPaused(bool)", 1))
    bed.chain.broadcast(attempt)
    bed.mine(3)
    bed.command(bed.token, contracts.call("setPaused(bool)", 0))
    standing = bed.chain.standing(plan, [attempt.txid])
    assert standing.height
    assert not standing.paid


def test_a_cancelled_payment_pays_nobody(bed: EvmBed) -> None:
    """Criterion: CHAINS-PAY-9."""
    index = bed.fresh()
    payment = bed.payment(1, index, bed.unit)
    plan = bed.chain.plan([payment], [])
    first = bed.sign(plan, Approved(payment))
    bed.chain.broadcast(first)
    stop = bed.chain.cancelled(plan)
    assert stop.binding == plan.binding
    second = bed.sign(stop, Approved(payment))
    bed.chain.broadcast(second)
    bed.mine(3)
    standing = bed.chain.standing(stop, [first.txid, second.txid])
    assert (standing.txid, standing.paid) == (second.txid, False)
    assert bed.balance(index) == 0


def test_a_nonce_that_another_took_is_said_once_that_is_final(bed: EvmBed) -> None:
    """Criterion: CHAINS-PAY-9."""
    payment = bed.payment(1, bed.fresh(), bed.unit)
    plan = bed.chain.plan([payment], [])
    attempt = bed.sign(plan, Approved(payment))
    other = bed.payment(2, bed.fresh(), 1)
    taker = bed.sign(bed.chain.plan([other], []), Approved(other))
    bed.chain.broadcast(taker)
    bed.mine(TERMS.unlock_after - 1)
    assert not bed.chain.standing(plan, [attempt.txid]).taken_by
    for blocks in (1, 40):
        bed.mine(blocks)
        assert bed.chain.standing(plan, [attempt.txid]).taken_by == taker.txid


def test_a_dropped_transaction_is_given_again(bed: EvmBed) -> None:
    """anvil drops what a risen base fee outgrew. Criterion: CHAINS-PAY-4."""
    index = bed.fresh()
    payment = bed.payment(1, index, bed.unit)
    plan = bed.chain.plan([payment], [])
    attempt = bed.sign(plan, Approved(payment))
    bed.chain.broadcast(attempt)
    bed.node.call("anvil_dropTransaction", "0x" + attempt.txid.hex())
    assert not bed.chain.standing(plan, [attempt.txid]).known
    bed.chain.broadcast(attempt)
    bed.mine(3)
    assert bed.chain.standing(plan, [attempt.txid]).confirmations == 3


def test_a_deposit_keeps_its_name_in_another_place_of_another_block(bed: EvmBed) -> None:
    """Logs are counted within their transaction. Criterion: CHAINS-REORG-1."""
    cursor, index = bed.cursor(), bed.fresh()
    other = bed.pay(bed.fresh(), 5)
    raw = bed.pay(index, 6)
    bed.mine()
    first = [one for one in deposits(bed.reports(cursor)) if one.index == index]
    bed.reorganise(1)
    told = bed.reports(cursor)
    assert len([one for one in told if isinstance(one, Orphaned)]) == 2
    bed.again(other)
    bed.mine()
    bed.again(raw)
    bed.mine()
    again = [one.deposit for one in bed.reports(cursor) if isinstance(one, Seen)]
    assert [one for one in again if one.index == index] == first


def test_a_reorganisation_deeper_than_memory_stops_the_follower(bed: EvmBed) -> None:
    """Criterion: CHAINS-REORG-3."""
    cursor = bed.cursor()
    bed.reorganise(1)
    with pytest.raises(TooDeep):
        list(advance(bed.chain, cursor, TERMS))


def test_nodes_of_two_chains_are_split(bed: EvmBed) -> None:
    """Criterion: CHAINS-NODE-5."""
    other = EvmBed(31_340, TOKEN)
    try:
        other.mine()
        assert health(bed.chain, other.chain).state is State.SPLIT
        assert not health(bed.chain, other.chain).is_ok
    finally:
        other.close()


def test_a_node_of_another_chain_is_refused(bed: EvmBed) -> None:
    """Criterion: CHAINS-NODE-7."""
    chain = bed.over(bed.url)
    chain.terms = chain.terms._replace(chain_id=1)
    with pytest.raises(NodeGarbage, match="chain 31340"):
        list(advance(chain, Cursor(), TERMS))


def test_a_lane_without_gas_is_passed_over(bed: EvmBed) -> None:
    """Criterion: CHAINS-PAY-3."""
    lanes = tuple(bed.keys)
    bed.node.call("anvil_setBalance", "0x" + lanes[0].hex(), "0x0")
    payment = bed.payment(1, bed.fresh(), bed.unit)
    plan = bed.chain.plan([payment], [])
    assert bed.sign(plan, Approved(payment))
    assert read_body(plan.body).lane == lanes[1]
