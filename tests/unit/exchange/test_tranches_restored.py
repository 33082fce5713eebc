"""Goal: a restore amid a drain of tranches pays nobody twice.

Method: a fold of withdrawals as a backup has it, while a tranche waits, before it was made, or
before its request was let go whole; then what the payer says when it has compared the chain.
"""

from __future__ import annotations

import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_ledger import Unsound
from fullreserve.exchange.products.custody_wire import (
    WITHDRAWALS,
    Cancel,
    Drain,
    FoundPaid,
    Included,
    Paid,
    Settle,
)
from fullreserve.exchange.products.deposit_state import Due
from fullreserve.exchange.products.suspension_wire import Fall
from fullreserve.exchange.products.withdrawal_state import NextDue, Parts, WithdrawalState
from fullreserve.exchange.wire.commands import amount_bytes, amount_int
from tests.unit.exchange.custody_world import (
    ALICE,
    BOB,
    BTC,
    CHAIN,
    COIN,
    FEE_BTC,
    World,
    coins,
    transfer,
)
from tests.unit.exchange.suspension_world import (
    CLEO,
    ask,
    reopened,
    requests,
    say,
    say_drain,
    settle,
)
from tests.unit.exchange.test_tranches import ask_split, begun, drained, find, held, parts

BINDING = transfer("what the chain has")


def draining() -> tuple[World, int, int, int]:
    """A drain, a request of 50 that may be split, and its tranche, which waits to be paid."""
    world = drained()
    number, canary = begun(world, 40)
    mine = ask_split(world, 50)
    reopened(world, number, canary)
    say_drain(world, Drain(CHAIN, BTC, coins(40), 9))
    (part,) = (one for one in requests(world, ALICE) if one.state == WithdrawalState.WAITING)
    return world, number, mine, part.number


def final(world: World, number: int) -> None:
    name = transfer(f"final {number}")
    assert world.say(WITHDRAWALS, Included(number, name, 9)) == 0
    assert world.say(WITHDRAWALS, Paid(number, name, 9, amount_bytes(10))) == 0


def test_nothing_that_waits_on_a_network_that_is_left_is_changed() -> None:
    """Criterion: CHAINS-RESTORED-12. Nor is a word said of it; on others it follows."""
    world, number, mine, part = draining()
    assert say(world, Fall(number), CLEO) == 0
    before = requests(world, ALICE)
    question = NextDue(0, 50, world.time_ms, (CHAIN,))
    assert not world.ask(WITHDRAWALS, question, Due).is_due
    assert world.say(WITHDRAWALS, Settle(0, 50, (CHAIN,))) == 0
    assert requests(world, ALICE) == before
    assert world.say(WITHDRAWALS, FoundPaid(part, BINDING)) == 0
    assert find(world, part).state == WithdrawalState.BROADCASTING
    assert find(world, mine).value + find(world, part).value == 50 * COIN
    assert world.say(WITHDRAWALS, Settle(0, 50, (CHAIN + 1,))) == 0
    settle(world)
    assert find(world, part).state == WithdrawalState.BROADCASTING


def test_what_a_chain_has_paid_of_a_request_is_a_tranche_of_it() -> None:
    """Criterion: CHAINS-RESTORED-13. Its tranche went back into it before that was known."""
    world, number, mine, part = draining()
    sent = find(world, part).value
    had = held(world)
    assert say(world, Fall(number), CLEO) == 0
    settle(world)
    assert find(world, part).state == WithdrawalState.CANCELED
    assert world.say(WITHDRAWALS, FoundPaid(part, BINDING)) == Unsound.CONTRADICTS
    word = FoundPaid(mine, BINDING, amount_bytes(sent))
    assert world.say(WITHDRAWALS, word, ALICE) == Unsound.NOT_THE_HOUSE
    assert world.say(WITHDRAWALS, word) == 0
    world.restart()
    assert world.say(WITHDRAWALS, word) == 0  # again it changes nothing
    (known,) = parts(world, mine)
    made = (part, known.parts[-1])
    left = amount_bytes(50 * COIN - sent)
    assert known == Parts(0, coins(50), made, amount_bytes(sent), left=left)
    found = find(world, known.parts[-1])
    assert (found.value, found.binding) == (sent, BINDING)
    assert (found.state, found.is_approved) == (WithdrawalState.BROADCASTING, False)
    assert find(world, mine).value == 50 * COIN - sent
    assert held(world) == had
    final(world, found.number)
    assert world.say(WITHDRAWALS, Cancel(mine), ALICE) == 0
    assert world.balance(ALICE, chart.HOLD, BTC) == 0
    fee = amount_int(found.fee)
    assert world.balance(ALICE, chart.FUND, BTC) == 200 * COIN - sent - fee
    assert world.replayed().hashes() == world.machine.hashes()


@pytest.mark.parametrize(
    ("amount", "binding", "code"),
    [
        (50 * COIN, BINDING, Unsound.NOT_PAYABLE),  # all of it: that is no tranche
        (0, BINDING, Unsound.NOT_PAYABLE),
        (COIN, b"short", 51000),
    ],
)
def test_no_more_is_a_tranche_than_a_request_has(amount: int, binding: bytes, code: int) -> None:
    """Criterion: CHAINS-RESTORED-13."""
    world = drained()
    begun(world)
    mine = ask_split(world, 50)
    word = FoundPaid(mine, binding, amount_bytes(amount))
    assert world.say(WITHDRAWALS, word) == code
    assert world.say(WITHDRAWALS, FoundPaid(mine, BINDING, b"few")) == 51000
    assert find(world, mine).value == 50 * COIN


def test_what_may_not_be_split_is_over_or_is_bound_has_no_tranche() -> None:
    """Criterion: CHAINS-RESTORED-13."""
    world = drained()
    begun(world)
    assert ask(world, 5, BOB) == 0
    whole = requests(world, BOB)[-1].number
    one = amount_bytes(COIN)
    assert world.say(WITHDRAWALS, FoundPaid(whole, BINDING, one)) == Unsound.NOT_PAYABLE
    mine, other = ask_split(world, 50), ask_split(world, 20)
    assert world.say(WITHDRAWALS, Cancel(mine), ALICE) == 0
    assert world.say(WITHDRAWALS, FoundPaid(mine, BINDING, one)) == Unsound.CONTRADICTS
    assert world.say(WITHDRAWALS, FoundPaid(other, BINDING)) == 0
    assert world.say(WITHDRAWALS, FoundPaid(other, BINDING, one)) == Unsound.NOT_PAYABLE
    assert find(world, other).fee == amount_bytes(FEE_BTC)
