"""Goal: a request in tranches costs one fee: as it was, as it fell, or as its owner agrees to once.

Method: random drains of a request at a fee that stays, falls or rises, broken off now and then;
then what one agreement is for. Each also before the edition that shares without a rest.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_wire import (
    WITHDRAWALS,
    AgreeToFee,
    Cancel,
    Drain,
    QuoteFee,
    Settle,
)
from fullreserve.exchange.products.deposit_state import Due
from fullreserve.exchange.products.suspension_wire import Fall
from fullreserve.exchange.products.withdrawal_state import (
    COUNTS_LACKS,
    EDITION,
    FINAL,
    ONE_FEE,
    ListParts,
    NextDue,
    Parts,
    Refused,
    WithdrawalState,
)
from fullreserve.exchange.wire.commands import amount_bytes, amount_int
from tests.unit.exchange.custody_world import ALICE, BOB, BTC, CAROL, CHAIN, FEE_BTC, World, coins
from tests.unit.exchange.suspension_world import (
    CLEO,
    ask,
    pay,
    reopened,
    requests,
    say,
    say_drain,
    settle,
)
from tests.unit.exchange.test_tranches import ask_split, begun, drained, find, held

EDITIONS = pytest.mark.parametrize("edition", [ONE_FEE - 1, EDITION])
SINCE_LACKS = pytest.mark.parametrize("edition", [COUNTS_LACKS - 1, EDITION])
ASKED, PART = 31, 7  # in seven parts of the fee there are rests
FEES = (FEE_BTC, FEE_BTC - 1, FEE_BTC * 2 // 3 + 1, 101, 0, FEE_BTC * 6 // 5, FEE_BTC * 9 + 7)


def quote(world: World, fee: int) -> None:
    bounds = (amount_bytes(0), amount_bytes(fee), amount_bytes(10**12))
    assert world.say(WITHDRAWALS, QuoteFee(CHAIN, BTC, *bounds, world.time_ms + 3_600_000)) == 0


def draining(edition: int = EDITION) -> tuple[World, int, int]:
    """A drain, and Alice's request in it; the world, the stop and the request."""
    world = drained(edition)
    number, canary = begun(world)
    mine = ask_split(world, ASKED)
    reopened(world, number, canary)
    world.time_ms += 60_000
    return world, number, mine


def let_go(world: World, units: float) -> None:
    say_drain(world, Drain(CHAIN, BTC, coins(units), 9))


def told(world: World, number: int) -> tuple[int, int]:
    """What the owner is asked to agree to, and what is held for it; 0 where nothing is asked."""
    found = world.ask(WITHDRAWALS, ListParts((number,), world.time_ms), list[Parts])
    assert isinstance(found, list)
    (one,) = found
    return (amount_int(one.fee), amount_int(one.held)) if one.fee else (0, 0)


def agree(world: World, number: int, fee: int, owner: int = ALICE) -> int:
    return world.say(WITHDRAWALS, AgreeToFee(number, amount_bytes(fee)), owner)


def pay_all(world: World) -> None:
    for one in requests(world):
        if one.state == WithdrawalState.WAITING:
            pay(world, one.number)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(FEES),
    st.lists(st.tuples(st.integers(4, 13), st.booleans(), st.booleans()), max_size=6),
)
def test_all_tranches_come_to_the_one_fee(fee: int, ticks: list[tuple[int, bool, bool]]) -> None:
    """Criteria: SUS-DRAIN-16, CUST-FEE-10. Paid at once or after a break, in which some go back."""
    world, number, mine = draining()
    had = sum(held(world))
    quote(world, fee)
    agreed = 0
    # Ten ticks of 13 and all is there.
    for units, is_paid, falls in (*ticks, *[(13, True, False)] * 10):
        let_go(world, units)
        now, holds = told(world, mine)
        if now:
            assert (now, holds) == (fee, FEE_BTC)
            assert agree(world, mine, now) == 0
            agreed += 1
        if is_paid:
            pay_all(world)
        elif falls:
            assert say(world, Fall(number), CLEO) == 0
            settle(world)
            world.time_ms += 1
            assert ask(world, 0.1, CAROL, fee=amount_bytes(fee)) == 0
            reopened(world, number, requests(world, CAROL)[-1].number)
            world.time_ms += 60_000
            quote(world, fee)
        assert sum(held(world)) == had - sum(
            one.total for one in requests(world) if one.state == WithdrawalState.SUCCESS
        )
    pay_all(world)
    paid = [one for one in requests(world) if one.state == WithdrawalState.SUCCESS]
    assert sum(one.value for one in paid) == amount_int(coins(ASKED))
    # A rise of up to a fifth is the house's.
    is_asked = fee * 100 > FEE_BTC * 120
    assert agreed == int(is_asked)
    expected = fee if is_asked else min(fee, FEE_BTC)
    assert sum(amount_int(one.fee) for one in paid) == expected
    others = (amount_int(one.fee) for one in requests(world, CAROL))
    assert world.balance(chart.HOUSE, chart.FEE_WITHDRAWAL, BTC) == expected + sum(others)
    assert held(world) == (had - amount_int(coins(ASKED)) - expected, 0)
    assert world.replayed().hashes() == world.machine.hashes()


@EDITIONS
def test_of_a_fee_that_did_not_fall_nothing_comes_back(edition: int) -> None:
    """Criterion: SUS-DRAIN-16. A tranche's share stays what it was on its way."""
    world, _, mine = draining(edition)
    quote(world, FEE_BTC)
    shares: dict[int, int] = {}
    for _ in range(4):
        let_go(world, PART)
        shares |= {
            one.number: amount_int(one.fee)
            for one in requests(world)
            if one.number != mine and one.state == WithdrawalState.WAITING
        }
        pay_all(world)
    let_go(world, PART)
    shares[mine] = amount_int(find(world, mine).fee)
    pay_all(world)
    assert sum(shares.values()) == FEE_BTC
    ended = {one.number: amount_int(one.fee) for one in requests(world)}
    assert (ended == shares) == (edition >= ONE_FEE)


@EDITIONS
def test_one_agreement_counts_for_all_tranches(edition: int) -> None:
    """Criterion: CUST-FEE-10. On the request or on any of its tranches, and no other is asked."""
    world, _, mine = draining(edition)
    quote(world, FEE_BTC * 3)
    for _ in range(2):
        let_go(world, PART)
    asking = [one for one in requests(world) if one.state == WithdrawalState.FEE_ROSE]
    assert len(asking) == 2
    if edition < ONE_FEE:
        assert told(world, mine) == (0, 0)
        share = FEE_BTC * 3 * PART // ASKED
        assert told(world, asking[0].number)[0] == share
        assert agree(world, mine, FEE_BTC * 3) == Refused.TOO_LATE
        assert agree(world, asking[0].number, share) == 0
        assert find(world, asking[1].number).state == WithdrawalState.FEE_ROSE
        return
    for one in (*asking, find(world, mine)):
        assert told(world, one.number) == (FEE_BTC * 3, FEE_BTC)
        assert agree(world, one.number, FEE_BTC * 2) == Refused.PARAMETER
        assert agree(world, one.number, FEE_BTC * 3, BOB) == Refused.UNKNOWN
    assert agree(world, asking[1].number, FEE_BTC * 3) == 0
    assert agree(world, mine, FEE_BTC * 3) == Refused.TOO_LATE
    states = {find(world, one.number).state for one in asking}
    assert states == {WithdrawalState.WAITING}
    assert sum(amount_int(one.fee) for one in requests(world)) == FEE_BTC * 3
    world.restart()
    let_go(world, PART)
    assert told(world, mine) == (0, 0)
    assert WithdrawalState.FEE_ROSE not in {one.state for one in requests(world)}
    assert world.replayed().hashes() == world.machine.hashes()


def test_what_was_paid_before_the_fee_rose_is_not_asked_for_again() -> None:
    """Criterion: CUST-FEE-10. Nor what was canceled."""
    world, _, mine = draining()
    let_go(world, PART)
    (paid,) = (one.number for one in requests(world) if one.state == WithdrawalState.WAITING)
    pay_all(world)
    quote(world, FEE_BTC * 3)
    for _ in range(2):
        let_go(world, PART)
    first, second = (one for one in requests(world) if one.state == WithdrawalState.FEE_ROSE)
    share = FEE_BTC * 2 * PART // ASKED  # of what it rose by
    left = FEE_BTC - FEE_BTC * PART // ASKED
    assert told(world, mine) == (left + FEE_BTC * 2 - share, left)
    assert told(world, paid) == (0, 0)
    assert world.say(WITHDRAWALS, Cancel(first.number), ALICE) == 0
    left -= amount_int(first.fee)
    fee = left + FEE_BTC * 2 - 2 * share
    assert told(world, second.number) == (fee, left)
    assert agree(world, mine, fee) == 0
    assert told(world, mine) == (0, 0)
    assert world.balance(ALICE, chart.HOLD, BTC) == sum(
        one.total for one in requests(world) if one.state not in FINAL
    )


def test_the_tranches_of_a_request_whose_rest_was_canceled_are_agreed_to() -> None:
    """Criterion: CUST-FEE-10. By its number still."""
    world, _, mine = draining()
    quote(world, FEE_BTC * 3)
    for _ in range(2):
        let_go(world, PART)
    assert world.say(WITHDRAWALS, Cancel(mine), ALICE) == 0
    share = FEE_BTC * PART // ASKED + FEE_BTC * 2 * PART // ASKED
    assert told(world, mine) == (0, 0)
    assert told(world, requests(world)[-1].number)[0] == share * 2
    assert agree(world, mine, share * 2) == 0
    assert world.balance(ALICE, chart.HOLD, BTC) == (amount_int(coins(PART)) + share) * 2


def test_who_cannot_pay_the_rise_of_all_has_none_of_it_taken() -> None:
    """Criterion: CUST-FEE-10."""
    world, _, mine = draining()
    free = held(world)[0]
    quote(world, free * 9)
    let_go(world, PART)
    assert agree(world, mine, free * 9) == Refused.BALANCE
    assert held(world)[0] == free


def back_again(world: World, number: int, fee: int) -> None:
    """Broken off, so that what is not sent goes back, and reopened at a fee."""
    assert say(world, Fall(number), CLEO) == 0
    settle(world)
    world.time_ms += 1
    quote(world, fee)
    assert ask(world, 0.1, CAROL, fee=amount_bytes(fee)) == 0
    reopened(world, number, requests(world, CAROL)[-1].number)
    world.time_ms += 60_000
    quote(world, fee)


def agreed_amid(edition: int) -> tuple[World, int, int, int]:
    """One tranche was let go before the agreement to a fee of nine, and one by it.

    The world, the stop, the request, and what is held for all.
    """
    world, number, mine = draining(edition)
    let_go(world, PART)
    quote(world, FEE_BTC * 9)
    let_go(world, PART)
    assert agree(world, mine, told(world, mine)[0]) == 0
    rise = FEE_BTC * 8
    held_now = FEE_BTC + rise - rise * PART // ASKED
    assert sum(amount_int(one.fee) for one in requests(world)) == held_now
    return world, number, mine, held_now


@SINCE_LACKS
@pytest.mark.parametrize("fee", [FEE_BTC * 2, FEE_BTC * 4 + 3, 101, 0, FEE_BTC * 7])
def test_what_went_back_with_its_old_share_costs_the_fee_that_fell(edition: int, fee: int) -> None:
    """Criterion: CUST-FEE-11. Before, the house had less, at worst nothing."""
    world, number, mine, held_now = agreed_amid(edition)
    back_again(world, number, fee)
    assert amount_int(find(world, mine).fee) == held_now
    assert told(world, mine) == (0, 0)
    for _ in range(9):
        let_go(world, 13)
        pay_all(world)
    paid = [one for one in requests(world) if one.state == WithdrawalState.SUCCESS]
    assert sum(one.value for one in paid) == amount_int(coins(ASKED))
    assert held(world)[1] == 0
    took = sum(amount_int(one.fee) for one in paid)
    assert took == fee if edition >= COUNTS_LACKS else took < fee or not fee


@SINCE_LACKS
def test_who_agreed_for_less_than_all_is_asked_for_what_came_back(edition: int) -> None:
    """Criterion: CUST-FEE-11. Once more, and only for what of it is not held."""
    world, number, mine, held_now = agreed_amid(edition)
    back_again(world, number, FEE_BTC * 9)
    let_go(world, PART)
    if edition < COUNTS_LACKS:
        assert told(world, mine) == (0, 0)
        return
    assert told(world, mine) == (FEE_BTC * 9, held_now)
    free = held(world)[0]
    assert agree(world, mine, FEE_BTC * 9) == 0
    assert free - held(world)[0] == FEE_BTC * 9 - held_now
    for _ in range(9):
        pay_all(world)
        let_go(world, 13)
        assert told(world, mine) == (0, 0)
    assert sum(amount_int(one.fee) for one in requests(world) if one.binding) == FEE_BTC * 9
    assert held(world)[1] == 0


@SINCE_LACKS
def test_nobody_is_asked_for_a_share_that_is_no_more_than_it_holds(edition: int) -> None:
    """Criterion: CUST-FEE-11. A tranche of a fee of a few units; it stayed due for ever."""
    world = drained(edition)
    number, canary = begun(world)
    quote(world, 0)
    mine = ask_split(world, ASKED, fee=amount_bytes(0))
    reopened(world, number, canary)
    quote(world, 3)
    let_go(world, PART)
    (part,) = (one for one in requests(world) if one.number != mine)
    if edition < COUNTS_LACKS:
        assert part.state == WithdrawalState.FEE_ROSE
        due = world.ask(WITHDRAWALS, NextDue(0, 100, world.time_ms), Due)
        assert world.say(WITHDRAWALS, Settle(0, 100)) == 0
        assert world.ask(WITHDRAWALS, NextDue(0, 100, world.time_ms), Due) == due
        assert due == Due(part.number, is_due=True)
        return
    assert part.state == WithdrawalState.WAITING
    let_go(world, ASKED)
    assert told(world, mine) == (3, 0)
    settle(world)
