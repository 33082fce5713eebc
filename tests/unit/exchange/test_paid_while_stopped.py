"""Goal: what a chain has paid is booked, whatever stops its owner meanwhile.

Method: a request whose fee fell while it waited is bound; then its owner is frozen, or transfers
are stopped, and its payment is final. Before edition 10 of withdrawals too.
"""

from __future__ import annotations

import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_ledger import CANCELED, FEE_REFUND
from fullreserve.exchange.products.custody_wire import (
    WITHDRAWALS,
    Bound,
    Hold,
    Paid,
    QuoteFee,
)
from fullreserve.exchange.products.suspension_wire import Action
from fullreserve.exchange.products.withdrawal_state import (
    EDITION,
    REST_COMES_BACK,
    WithdrawalState,
)
from fullreserve.exchange.wire.commands import OwnerFlag, SetOwner, amount_bytes
from tests.unit.exchange.custody_world import ALICE, BTC, CHAIN, FEE_BTC, World, coins, transfer
from tests.unit.exchange.suspension_world import ask, opened, requests, settle, stop

LESS = FEE_BTC // 2
HAD = 200 * 10**8


def bound(edition: int) -> tuple[World, int]:
    """Who asked for five, of which the fee has fallen by half since."""
    world = opened(edition=edition, surveys=True)
    world.fund(ALICE, BTC, coins(200))
    assert world.say(WITHDRAWALS, Hold(CHAIN, BTC, stopped=True)) == 0
    assert ask(world, 5) == 0
    number = requests(world, ALICE)[-1].number
    bounds = (amount_bytes(1), amount_bytes(LESS), amount_bytes(10**9))
    until_ms = world.time_ms + 3_600_000
    assert world.say(WITHDRAWALS, QuoteFee(CHAIN, BTC, *bounds, until_ms)) == 0
    assert world.say(WITHDRAWALS, Hold(CHAIN, BTC, stopped=False)) == 0
    settle(world)
    assert world.say(WITHDRAWALS, Bound(number, transfer("binding"))) == 0
    return world, number


def paid(world: World, number: int) -> int:
    return world.say(WITHDRAWALS, Paid(number, transfer("t"), 9, amount_bytes(10)))


def state(world: World) -> WithdrawalState:
    return WithdrawalState(requests(world, ALICE)[-1].state)


@pytest.mark.parametrize("is_frozen", [False, True])
@pytest.mark.parametrize("edition", [REST_COMES_BACK - 1, EDITION])
def test_what_a_chain_has_paid_is_taken_whatever_stops_its_owner(
    edition: int, *, is_frozen: bool
) -> None:
    """Criterion: CUST-FEE-9. The fee that fell comes back to him too."""
    world, number = bound(edition)
    if is_frozen:
        world.core(SetOwner(0, 0, ALICE, 0, 1, OwnerFlag.FROZEN, 1))
    else:
        stop(world, Action.TRANSFER)
    code = paid(world, number)
    if edition < REST_COMES_BACK:
        assert (code, state(world)) != (0, WithdrawalState.SUCCESS)
        assert world.balance(ALICE, chart.HOLD, BTC) == 5 * 10**8 + FEE_BTC
    else:
        assert (code, state(world)) == (0, WithdrawalState.SUCCESS)
        assert world.balance(ALICE, chart.HOLD, BTC) == 0
        assert world.balance(ALICE, chart.FUND, BTC) == HAD - 5 * 10**8 - LESS
    assert world.replayed().hashes() == world.machine.hashes()


@pytest.mark.parametrize("edition", [REST_COMES_BACK - 1, EDITION])
def test_what_a_fee_fell_by_has_a_bill(edition: int) -> None:
    """Criteria: CUST-FEE-3, CUST-FEE-9. Logs from before replay as they were."""
    world, number = bound(edition)
    assert paid(world, number) == 0
    reasons = [one.reason for one in world.groups()[-1].postings]
    bill = FEE_REFUND if edition < REST_COMES_BACK else CANCELED
    assert [one for one in reasons if one in (FEE_REFUND, CANCELED)] == [bill]
