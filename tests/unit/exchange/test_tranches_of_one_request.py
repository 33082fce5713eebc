"""Goal: a tranche is of its request in all that is decided, let go, quoted and remembered.

Method: requests in tranches whose tranche people refuse, that two drains hold, whose fee fell once,
or that are forgotten; each before edition 11 of withdrawals too.
"""

from __future__ import annotations

from typing import Any

import pytest

from fullreserve.exchange.products import withdrawal_table
from fullreserve.exchange.products.custody_wire import (
    WITHDRAWALS,
    Cancel,
    Decide,
    Destination,
    Drain,
    FoundPaid,
    Heed,
    Paid,
    QuoteFee,
)
from fullreserve.exchange.products.policy_wire import Approve, Confirm, SetRisk
from fullreserve.exchange.products.risk_tracing import PassedList
from fullreserve.exchange.products.suspension_wire import (
    Action,
    Canary,
    Fall,
    Level,
    OpenDrain,
    Scope,
)
from fullreserve.exchange.products.withdrawal_state import (
    EDITION,
    GOES_BACK,
    OF_ONE_REQUEST,
    GetPlace,
    GetRequest,
    ListPassed,
    Place,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.exchange.wire.commands import amount_bytes, amount_int
from tests.unit.exchange import test_policy_of_withdrawals as policies
from tests.unit.exchange import test_risk_of_withdrawals as risks
from tests.unit.exchange import test_two_drains as two
from tests.unit.exchange.custody_world import (
    ALICE,
    BOB,
    BTC,
    CAROL,
    CHAIN,
    FEE_BTC,
    World,
    coins,
    transfer,
)
from tests.unit.exchange.suspension_world import (
    ADA,
    BEA,
    CLEO,
    SEED,
    ask,
    known,
    opened,
    pay,
    planned,
    reopened,
    requests,
    say,
    say_drain,
    settle,
    survey,
    tick,
)
from tests.unit.exchange.test_tranches import ask_split, begun, by_policy, drained, find

EDITIONS = pytest.mark.parametrize("edition", [OF_ONE_REQUEST - 1, EDITION])


@pytest.mark.parametrize("is_tranche", [True, False])
def test_what_people_refuse_of_a_request_is_refused_whole(*, is_tranche: bool) -> None:
    """Criterion: SUS-DRAIN-17. By its tranche's number or by its own."""
    world, mine, first = by_policy(2)
    policies.judged(world, first)
    assert find(world, first).state == WithdrawalState.REVIEW
    named = first if is_tranche else mine
    assert world.say(WITHDRAWALS, Decide(named, WithdrawalState.FAILED, 58204)) == 0
    for one in (mine, first):
        assert (find(world, one).state, find(world, one).reason) == (WithdrawalState.FAILED, 58204)
    say_drain(world, Drain(CHAIN, BTC, coins(2), 9))
    assert {one.number for one in requests(world, ALICE)} == {mine, first}
    assert world.replayed().hashes() == world.machine.hashes()


@EDITIONS
def test_a_log_from_before_refuses_what_was_named(edition: int) -> None:
    """Criterion: SUS-DRAIN-17."""
    world = drained(edition)
    number, canary = begun(world, 40)
    mine = ask_split(world, 50)
    reopened(world, number, canary)
    say_drain(world, Drain(CHAIN, BTC, coins(40), 9))
    (part,) = (one for one in requests(world, ALICE) if one.state == WithdrawalState.WAITING)
    assert world.say(WITHDRAWALS, Decide(part.number, WithdrawalState.FAILED, 58204)) == 0
    is_whole = edition >= OF_ONE_REQUEST
    left = WithdrawalState.FAILED if is_whole else WithdrawalState.QUEUED
    assert find(world, mine).state == left


@EDITIONS
def test_a_tranche_waits_for_no_drain_that_has_let_its_request_go(edition: int) -> None:
    """Criterion: SUS-DRAIN-11."""
    world = opened(edition=edition, surveys=True)
    for owner in (ALICE, BOB, CAROL):
        world.fund(owner, BTC, coins(200))
    wide, narrow = (
        (Scope(Level.CHAIN, CHAIN), Action.WITHDRAW),
        Scope(Level.ASSET_CHAIN, CHAIN, BTC),
    )
    first, second = two.stopped(world, wide, (narrow, Action.WITHDRAW))
    assert ask(world, 0.1, CAROL) == 0
    mine = ask_split(world, 50)
    two.draining(world, [first, second], requests(world, CAROL)[-1].number)
    two.tick(world, first, 100)  # lets all of it go
    two.tick(world, second, 20)
    (part,) = (one for one in requests(world, ALICE) if one.number != mine)
    is_free = edition >= OF_ONE_REQUEST
    assert part.state == (WithdrawalState.WAITING if is_free else WithdrawalState.QUEUED)


BACK = pytest.mark.parametrize("edition", [GOES_BACK - 1, EDITION])


def _fell(world: World, mine: int, tranche: int, edition: int) -> int:
    """The suspension comes again; what was asked for waits as a whole, at its place, at once."""
    (number,) = (one.number for one in known(world) if one.is_in_force)
    was, asked = find(world, tranche).state, amount_int(find(world, mine).amount)
    part = amount_int(find(world, tranche).amount)
    assert say(world, Fall(number), CLEO) == 0
    settle(world)
    goes_back = edition >= GOES_BACK
    assert find(world, tranche).state == (WithdrawalState.CANCELED if goes_back else was)
    left = amount_int(find(world, mine).amount)
    assert left == (asked + part if goes_back else asked)
    place = world.ask(WITHDRAWALS, GetPlace(mine), Place)
    assert (place.position, amount_int(place.ahead)) == (1, 0)
    world.restart()
    assert world.replayed().hashes() == world.machine.hashes()
    return number


@BACK
def test_a_tranche_that_people_look_at_goes_back_at_once(edition: int) -> None:
    """Criterion: SUS-DRAIN-21. What they agree to meanwhile is the request, for what comes next."""
    world, mine, first = by_policy(2, edition=edition)
    policies.judged(world, first)
    assert find(world, first).state == WithdrawalState.REVIEW
    number = _fell(world, mine, first, edition)
    for who in (ADA, BEA):
        assert policies.policy(world, Approve(mine), who) == 0
    assert world.say(WITHDRAWALS, Heed(first)) == 0
    assert find(world, first).state == WithdrawalState.CANCELED
    planned(world, number)
    smallest = requests(world, BOB)[-1].number
    assert say(world, Canary(number, smallest)) == 0
    settle(world)
    policies.judged(world, smallest)
    for who in (ADA, BEA):
        policies.policy(world, Approve(smallest), who)
    assert world.say(WITHDRAWALS, Heed(smallest)) == 0
    pay(world, smallest)
    survey(world, number)
    assert say(world, OpenDrain(number, SEED)) == 0
    say_drain(world, Drain(CHAIN, BTC, coins(1), 9))
    (second,) = (one.number for one in requests(world) if one.state == WithdrawalState.WAITING)
    policies.judged(world, second)
    pay(world, second)
    assert find(world, second).value == 100_000_000
    assert world.replayed().hashes() == world.machine.hashes()


@BACK
@pytest.mark.parametrize("outcome", [risks.STEP_UP, risks.DELAY])
def test_a_tranche_that_its_score_holds_goes_back_at_once(edition: int, outcome: int) -> None:
    """Criterion: SUS-DRAIN-21. Its owner may confirm the request all the same."""
    world, mine, first = by_policy(2, edition=edition, mine_is=0.9)
    assert policies.policy(world, SetRisk(risks.table(look_alike=outcome))) == 0
    risks.judged(world, first)
    assert find(world, first).state == WithdrawalState.COOLING
    _fell(world, mine, first, edition)
    code = 0 if outcome == risks.STEP_UP else 95003
    assert policies.policy(world, Confirm(mine), ALICE) == code


@BACK
def test_a_tranche_whose_fee_rose_goes_back_at_once(edition: int) -> None:
    """Criterion: SUS-DRAIN-21. Nobody is asked for a fee that counts no more."""
    world = drained(edition)
    number, canary = begun(world)
    mine = ask_split(world, 50)
    assert ask(world, 40, BOB) == 0
    reopened(world, number, canary)
    world.time_ms += 60_000
    quote(world, FEE_BTC * 2)
    say_drain(world, Drain(CHAIN, BTC, coins(40), 9))
    (part,) = (one for one in requests(world) if one.number != mine)
    assert part.state == WithdrawalState.FEE_ROSE
    _fell(world, mine, part.number, edition)


@BACK
def test_a_tranche_of_what_was_canceled_is_still_looked_at(edition: int) -> None:
    """Criterion: SUS-DRAIN-21. There is nothing that it could go back into."""
    world, mine, first = by_policy(2, edition=edition)
    policies.judged(world, first)
    assert world.say(WITHDRAWALS, Cancel(mine), ALICE) == 0
    (number,) = (one.number for one in known(world) if one.is_in_force)
    assert say(world, Fall(number), CLEO) == 0
    settle(world)
    assert find(world, first).state == WithdrawalState.REVIEW


def quote(world: World, fee: int) -> None:
    bounds = (amount_bytes(1), amount_bytes(fee), amount_bytes(10**9))
    word = QuoteFee(CHAIN, BTC, *bounds, world.time_ms + 3_600_000)
    assert world.say(WITHDRAWALS, word) == 0


@EDITIONS
def test_no_quote_outlives_the_queue_that_it_was_for(edition: int) -> None:
    """What is taken is never more than what the rest of a request holds. Criterion: CUST-FEE-3."""
    world = drained(edition)
    number, canary = begun(world)
    mine = ask_split(world, 50)
    assert ask(world, 40, BOB) == 0
    reopened(world, number, canary)
    world.time_ms += 60_000
    quote(world, FEE_BTC * 9 // 10)
    say_drain(world, Drain(CHAIN, BTC, coins(200), 9))
    assert find(world, mine).state == WithdrawalState.WAITING
    assert say(world, Fall(number), CLEO) == 0
    settle(world)
    fee = amount_bytes(FEE_BTC * 9 // 10)
    assert ask(world, 0.1, CAROL, fee=fee) == 0
    reopened(world, number, requests(world, CAROL)[-1].number)
    tick(world, CHAIN, BTC, 40)
    holds = amount_int(find(world, mine).fee)
    assert world.say(WITHDRAWALS, FoundPaid(mine, transfer("x"))) == 0
    code = world.say(WITHDRAWALS, Paid(mine, transfer("y"), 9, amount_bytes(10)))
    if edition >= OF_ONE_REQUEST:
        assert (code, amount_int(find(world, mine).fee)) == (0, holds)
    else:
        assert code or amount_int(find(world, mine).fee) > holds


@EDITIONS
def test_a_request_is_known_as_long_as_a_tranche_of_it_is_open(
    edition: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: SUS-DRAIN-17. However many have ended since."""
    world = drained(edition)
    number, canary = begun(world, 40)
    mine = ask_split(world, 50)
    reopened(world, number, canary)
    say_drain(world, Drain(CHAIN, BTC, coins(40), 9))
    (part,) = (one for one in requests(world, ALICE) if one.state == WithdrawalState.WAITING)
    monkeypatch.setattr(withdrawal_table, "FINAL_KEPT", 2)
    assert world.say(WITHDRAWALS, Cancel(mine), ALICE) == 0
    for _ in range(4):
        assert ask(world, 1, CAROL) == 0
        newest = requests(world, CAROL)[-1].number
        assert world.say(WITHDRAWALS, Cancel(newest), CAROL) == 0
    asked = world.ask(WITHDRAWALS, GetRequest(part.number), Withdrawal)
    assert isinstance(asked, Withdrawal)
    is_kept = edition >= OF_ONE_REQUEST
    assert asked.number == (mine if is_kept else part.number)
    assert (mine in [one.number for one in requests(world, ALICE)]) == is_kept


@EDITIONS
def test_what_was_passed_on_is_counted_without_tranches(edition: int) -> None:
    """Up to a limit, which a tranche in its place does not lift. Criterion: SUS-DRAIN-17."""
    world = drained(edition)
    number, canary = begun(world, 40)
    ask_split(world, 50)
    reopened(world, number, canary)
    say_drain(world, Drain(CHAIN, BTC, coins(40), 9))
    inside: dict[str, Any] = {"network": 0, "fee": amount_bytes(0), "kind": Destination.OWNER}
    for other in (BOB, CAROL, BOB, CAROL):
        assert ask(world, 1, **inside, destination=other) == 0
    found = world.ask(WITHDRAWALS, ListPassed(ALICE, 0, 4, True), PassedList)
    assert isinstance(found, PassedList)
    assert found.is_cut == (edition >= OF_ONE_REQUEST)
