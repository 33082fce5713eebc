"""Goal: who has agreed to it is paid in tranches by a drain: his share at once, nobody's but his.

Method: ticks of random queues by their rules alone; then drains of the fold, with cancellations, a
break in the middle, risen fees and restarts, each replayed from its log.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullreserve.exchange import chart
from fullreserve.exchange.folds import Moment
from fullreserve.exchange.products import drain, drain_line
from fullreserve.exchange.products.custody_ledger import Unsound
from fullreserve.exchange.products.custody_wire import (
    WITHDRAWALS,
    Bound,
    Cancel,
    Destination,
    Drain,
    Heed,
    Paid,
    Payload,
    Request,
)
from fullreserve.exchange.products.drain import LANE_S, Part, Waiting
from fullreserve.exchange.products.drain_log import DrainLog, DrainSum, SplitLog, summed
from fullreserve.exchange.products.policy_rules import Category
from fullreserve.exchange.products.policy_wire import Approve, Judge
from fullreserve.exchange.products.suspension_wire import Canary, Fall, Level, OpenDrain, Scope
from fullreserve.exchange.products.withdrawal_state import (
    EDITION,
    SPLITS,
    GetDrains,
    GetPlace,
    GetQuota,
    GetRequest,
    GetSplits,
    ListParts,
    ListUndecided,
    Parts,
    Place,
    Quota,
    Refused,
    SumDrains,
    Undecided,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.exchange.products.withdrawals import Withdrawals
from fullreserve.exchange.wire.commands import Product, amount_bytes, amount_int
from tests.unit.exchange import test_policy_of_withdrawals as policies
from tests.unit.exchange.custody_world import (
    ALICE,
    BOB,
    BTC,
    CAROL,
    CHAIN,
    FEE_BTC,
    USDT,
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
    lift,
    opened,
    pay,
    planned,
    reopened,
    requests,
    say,
    say_drain,
    settle,
    stop,
    tick,
)

COIN = 10**8


@st.composite
def queues(draw: st.DrawFn) -> list[Waiting]:
    """Requests of a few owners, each small or not; some may be paid in tranches."""
    owners = draw(st.lists(st.booleans(), min_size=1, max_size=5))
    found = []
    for number in range(1, draw(st.integers(1, 12)) + 1):
        owner = draw(st.integers(1, len(owners)))
        step = draw(st.sampled_from((1, 5)))
        amount = draw(st.integers(1, 60)) * step
        least = draw(st.sampled_from((0, max(step, -(-amount // 10 // step) * step))))
        is_small = owners[owner - 1]
        found.append(Waiting(number, owner, amount, is_small, False, least, step))
    return found


@settings(max_examples=400)
@given(queues(), st.lists(st.tuples(st.integers(0, 90), st.integers(1, 6)), max_size=30))
def test_tranches_are_out_of_their_owners_shares(
    queue: list[Waiting], ticks: list[tuple[int, int]]
) -> None:
    """Criterion: SUS-DRAIN-15. Whatever the queue, the budgets and who agreed to it."""
    asked = {one.number: one.amount for one in queue}
    got, spent, given_ = dict.fromkeys(asked, 0), 0, 0
    carried: dict[int, int] = {LANE_S: 0}
    for budget, slots in [*ticks, *((100, 3) for _ in range(80))]:
        wants: dict[int, int] = {}
        for one in queue:
            if not one.is_small:
                wants[one.owner] = wants.get(one.owner, 0) + one.amount
        without = drain.tick(queue, budget, slots, carried)
        part = drain.tranche(queue, slots, without)
        given_ += budget
        assert len(without.numbers) + (part is not None) <= slots
        credits_ = dict(without.credits)
        by_number = {one.number: one for one in queue}
        for number in without.numbers:
            got[number] += by_number[number].amount
        if part is not None:
            one = by_number[part.number]
            # Out of the owner's own, in whole steps, and neither it nor the rest is too small.
            assert 0 < part.amount <= credits_[one.owner]
            assert part.amount % one.step == 0
            assert one.least <= part.amount <= one.amount - one.least
            assert not one.is_small
            assert one.least > 0
            mine = [each.number for each in queue if each.owner == one.owner]
            assert part.number == min(set(mine) - set(without.numbers))
            ahead = [
                each
                for each in queue
                if (-credits_.get(each.owner, 0), each.number) < (-credits_[one.owner], one.number)
                and not each.is_small
                and each.number not in without.numbers
                and each.owner != one.owner
            ]
            assert all(_pays_nothing(each, queue, without, credits_) for each in ahead)
            credits_[one.owner] -= part.amount
            got[part.number] += part.amount
        # Nobody has more than an equal share while somebody who wants more has less.
        _check_max_min(wants, carried, without, by_number)
        queue = [
            one._replace(amount=one.amount - (part.amount if part and part[0] == one[0] else 0))
            for one in queue
            if one.number not in without.numbers
        ]
        carried = credits_
        spent = sum(got.values())
        assert spent + sum(carried.values()) <= given_
        assert all(got[number] <= asked[number] for number in asked)
    assert got == asked
    assert not queue


def _pays_nothing(
    one: Waiting, queue: list[Waiting], done: drain.Drained, has: dict[int, int]
) -> bool:
    """Whether more is due to its owner than to who had the tranche, and it cannot be paid."""
    first = min(
        each.number for each in queue if each.owner == one.owner and each.number not in done.numbers
    )
    amount = min(has.get(one.owner, 0), one.amount - one.least) // one.step * one.step
    return one.number != first or not one.least or amount < one.least


def _check_max_min(
    wants: dict[int, int],
    carried: dict[int, int],
    done: drain.Drained,
    by_number: dict[int, Waiting],
) -> None:
    """What each owner of lane L was given in a tick, a tranche or none."""
    shares = {}
    for owner, most in wants.items():
        paid = [by_number[each] for each in done.numbers]
        sent = sum(one.amount for one in paid if one.owner == owner)
        shares[owner] = sent + done.credits.get(owner, 0) - carried.get(owner, 0)
        assert shares[owner] <= most - carried.get(owner, 0)
    for owner, share in shares.items():
        is_full = share == wants[owner] - carried.get(owner, 0)
        assert is_full or share >= max(shares.values()) - 1


def test_equal_owners_take_turns_and_larger_ones_wait_no_longer() -> None:
    """Criterion: SUS-DRAIN-15. E1.2, with two who agreed to it; FIFO among equals."""
    queue = [
        Waiting(1, 1, 90, is_small=False, least=9),
        Waiting(2, 2, 5, is_small=False),
        Waiting(3, 3, 25, is_small=False),
        Waiting(4, 4, 60, is_small=False, least=6),
    ]
    done = drain.tick(queue, 100, 100, {})
    assert (done.numbers, done.credits) == ((2, 3), {1: 35, 4: 35})
    assert drain.tranche(queue, 100, done) == Part(1, 35)
    queue = [queue[0]._replace(amount=55), queue[3]]
    # All is there for both: the first needs no tranche any more.
    done = drain.tick(queue, 100, 100, {4: 35})
    assert done.numbers == (1, 4)


def drained(edition: int = EDITION) -> World:
    """Three owners with coins, and BTC's chain suspended."""
    world = opened(edition=edition, surveys=True)
    for owner in (ALICE, BOB, CAROL):
        world.fund(owner, BTC, coins(200))
    return world


def ask_split(world: World, units: float, owner: int = ALICE, **more: Any) -> int:
    """A request that may be paid in tranches; its number."""
    assert ask(world, units, owner, allow_split=True, **more) == 0
    return requests(world, owner)[-1].number


def find(world: World, number: int, owner: int = ALICE) -> Withdrawal:
    (found,) = [one for one in requests(world, owner) if one.number == number]
    return found


def parts(world: World, *numbers: int) -> list[Parts]:
    found = world.ask(WITHDRAWALS, ListParts(numbers), list[Parts])
    assert isinstance(found, list)
    return found


def held(world: World, owner: int = ALICE) -> tuple[int, int]:
    """What an owner has free and held."""
    return (
        world.balance(owner, chart.FUND, BTC),
        world.balance(owner, chart.HOLD, BTC),
    )


def begun(world: World, *before: float) -> tuple[int, int]:
    """A drain that begins with a small one of Carol's as its canary; hers and the suspension."""
    number = stop(world, scope=Scope(Level.CHAIN, CHAIN))
    assert ask(world, 0.1, CAROL) == 0
    for units in before:
        assert ask(world, units, BOB) == 0
    return number, requests(world, CAROL)[-1].number


def test_a_request_is_paid_in_tranches_and_its_rest_keeps_its_place() -> None:
    """Criteria: SUS-DRAIN-15, SUS-DRAIN-16. Each tick what the owner's share comes to."""
    world = drained()
    had = held(world)
    number, canary = begun(world)
    mine = ask_split(world, 50)
    assert ask(world, 40, BOB) == 0
    theirs = requests(world, BOB)[-1].number
    reopened(world, number, canary)
    sent, sums = [], []
    for budget in (40, 40, 40):
        taken = tick(world, CHAIN, BTC, budget)
        sent += [find(world, one) for one in taken if one not in (theirs, mine)]
        sums.append([find(world, mine).value // COIN, taken])
        world.restart()
    first, second = (one.number for one in sent)
    # Bob's fits once he has saved for two ticks.
    assert sums == [[30, [first]], [10, [theirs, second]], [10, [mine]]]
    assert [one.value for one in sent] == [20 * COIN, 20 * COIN]
    # One fee, in proportion; and just what was asked for has gone.
    assert [amount_int(one.fee) for one in sent] == [FEE_BTC * 2 // 5] * 2
    assert amount_int(find(world, mine).fee) == FEE_BTC // 5
    assert held(world) == (had[0] - 50 * COIN - FEE_BTC, 0)
    assert {one.state for one in requests(world)} == {WithdrawalState.SUCCESS}
    assert parts(world, mine, first, theirs) == [
        Parts(0, coins(50), (first, second), coins(50)),
        Parts(mine, coins(50)),
        Parts(),
    ]
    assert lift(world, number) == 0
    log = world.ask(WITHDRAWALS, GetDrains(number), dict[int, dict[int, DrainLog]])[CHAIN][BTC]
    splits = world.ask(WITHDRAWALS, GetSplits(number), SplitLog)
    (told,) = world.ask(WITHDRAWALS, SumDrains(number), list[DrainSum])
    again = summed(CHAIN, BTC, log, splits)
    assert (told.paid, told.amount) == (again.paid, again.amount) == (4, coins(90))
    assert list(splits.tranches) == [first, second]
    assert world.replayed().hashes() == world.machine.hashes()


def test_what_is_left_of_a_request_is_canceled_and_what_was_paid_is_final() -> None:
    """Criterion: SUS-DRAIN-16. The rest and its share of the fee come back, to the last unit."""
    world = drained()
    had = held(world)
    number, canary = begun(world, 40)
    mine = ask_split(world, 50)
    reopened(world, number, canary)
    (child,) = tick(world, CHAIN, BTC, 40)
    assert world.say(WITHDRAWALS, Cancel(child), ALICE) == Refused.TOO_LATE
    assert world.say(WITHDRAWALS, Cancel(mine), ALICE) == 0
    fee = amount_int(find(world, child).fee)
    assert (find(world, child).value, fee) == (20 * COIN, FEE_BTC * 2 // 5)
    assert held(world) == (had[0] - 20 * COIN - fee, 0)
    # What was paid still counts in the day's limit, and nothing else does.
    quota = world.ask(WITHDRAWALS, GetQuota(ALICE, world.time_ms), Quota)
    assert quota.used == 20 * 50_000 * COIN
    world.restart()
    assert world.ask(WITHDRAWALS, GetQuota(ALICE, world.time_ms), Quota) == quota
    assert world.replayed().hashes() == world.machine.hashes()


def test_a_tranche_that_was_not_paid_goes_back_into_its_request() -> None:
    """Criterion: SUS-DRAIN-17. A drain is broken off: the old place, with all that is not paid."""
    world = drained()
    number, canary = begun(world, 40)
    mine = ask_split(world, 50)
    reopened(world, number, canary)
    (paid,) = tick(world, CHAIN, BTC, 20)
    before = held(world)
    say_drain(world, Drain(CHAIN, BTC, coins(20), 9))
    (unpaid,) = [one.number for one in requests(world) if one.state == WithdrawalState.WAITING]
    assert find(world, mine).value == 30 * COIN
    assert say(world, Fall(number), CLEO) == 0
    assert world.say(WITHDRAWALS, Bound(unpaid, transfer("late"))) != 0
    settle(world)
    whole, back = find(world, mine), find(world, unpaid)
    assert (whole.value, whole.state) == (40 * COIN, WithdrawalState.QUEUED)
    assert (back.state, back.binding) == (WithdrawalState.CANCELED, b"")
    assert amount_int(whole.fee) == FEE_BTC * 4 // 5
    assert held(world) == before
    place = world.ask(WITHDRAWALS, GetPlace(mine), Place)
    assert (place.position, place.ahead) == (2, coins(40))
    world.restart()
    assert world.ask(WITHDRAWALS, GetPlace(mine), Place) == place
    assert parts(world, mine)[0].paid == coins(10)
    # Opened again, the same log goes on with the amount that waits.
    reopened(world, number, requests(world, BOB)[-1].number)
    while find(world, mine).state == WithdrawalState.QUEUED:
        tick(world, CHAIN, BTC, 25)
    assert lift(world, number) == 0
    done = [one for one in requests(world) if one.state == WithdrawalState.SUCCESS]
    assert sum(one.value for one in done) == 50 * COIN
    assert sum(amount_int(one.fee) for one in done) == FEE_BTC
    log = world.ask(WITHDRAWALS, GetDrains(number), dict[int, dict[int, DrainLog]])[CHAIN][BTC]
    splits = world.ask(WITHDRAWALS, GetSplits(number), SplitLog)
    (told,) = world.ask(WITHDRAWALS, SumDrains(number), list[DrainSum])
    assert summed(CHAIN, BTC, log, splits).amount == told.amount
    assert world.replayed().hashes() == world.machine.hashes()
    assert paid not in (mine, unpaid)


def test_no_tranche_without_its_owners_word_or_below_a_tenth() -> None:
    """Criterion: SUS-DRAIN-15. Others save up; nothing is paid or left that is too small."""
    world = drained()
    number, canary = begun(world, 40)
    mine = ask_split(world, 50)
    reopened(world, number, canary)
    assert tick(world, CHAIN, BTC, 9.98) == []  # 4.99 each: less than a tenth
    (child,) = tick(world, CHAIN, BTC, 0.02)
    assert find(world, child).value == 5 * COIN
    assert tick(world, CHAIN, BTC, 80) == [requests(world, BOB)[-1].number, mine]
    assert [amount_int(one.amount) // COIN for one in requests(world, BOB)] == [40]


def test_a_rest_is_never_too_small() -> None:
    """Criterion: SUS-DRAIN-15. A tranche is smaller rather."""
    world = drained()
    number, canary = begun(world, 60)
    mine = ask_split(world, 50)
    reopened(world, number, canary)
    (child,) = tick(world, CHAIN, BTC, 98)  # 49 each
    assert [find(world, one).value // COIN for one in (child, mine)] == [45, 5]


def test_a_tranche_is_judged_as_its_request() -> None:
    """Criterion: SUS-DRAIN-17. What a tranche is judged by is what was asked for."""
    world = drained()
    number, canary = begun(world, 40)
    mine = ask_split(world, 50)
    reopened(world, number, canary)
    (child,) = tick(world, CHAIN, BTC, 40)
    whole = world.ask(WITHDRAWALS, GetRequest(child), Withdrawal)
    assert (whole.number, whole.amount, whole.usd) == (mine, coins(50), 50 * 50_000 * COIN)
    assert whole.state == find(world, child).state
    assert world.ask(WITHDRAWALS, GetRequest(mine), Withdrawal).amount == coins(50)
    assert world.ask(WITHDRAWALS, GetRequest(canary), Withdrawal).number == canary


def by_policy(
    *amounts: float, edition: int = EDITION, mine_is: float = 2
) -> tuple[World, int, int]:
    """Alice's request in a drain where large ones are for two people to approve; her first tranche.

    The rules let 50,000 USD a day through by themselves: a tranche alone would be.
    """
    world = policies.opened(edition)
    world.fund(CAROL, BTC, coins(10))
    number = stop(world, scope=Scope(Level.CHAIN, CHAIN))
    assert ask(world, 0.1, CAROL) == 0
    canary = requests(world, CAROL)[-1].number
    mine = ask_split(world, mine_is)
    for units in amounts:
        assert ask(world, units, BOB) == 0
    planned(world, number)
    assert say(world, Canary(number, canary)) == 0
    settle(world)
    policies.judged(world, canary)
    pay(world, canary)
    assert say(world, OpenDrain(number, SEED)) == 0
    say_drain(world, Drain(CHAIN, BTC, coins(1), 9))
    (tranche,) = [one.number for one in requests(world) if one.state == WithdrawalState.WAITING]
    return world, mine, tranche


def test_people_decide_once_of_a_request_of_which_each_tranche_is_small() -> None:
    """Criterion: SUS-DRAIN-17. The policy's word on the request is that on its tranches."""
    world, mine, first = by_policy(2)
    assert find(world, first).value == COIN // 2
    undecided = world.ask(WITHDRAWALS, ListUndecided(9), list[Undecided])
    assert [(one.withdrawal, one.request) for one in undecided] == [(first, mine)]
    policies.judged(world, first)
    found = policies.decision(world, mine)
    assert (found.facts.usd, found.facts.request) == (100_000 * COIN, mine)
    assert find(world, first).state == WithdrawalState.REVIEW
    assert world.say(WITHDRAWALS, Bound(first, transfer("early"))) == Unsound.NOT_PAYABLE
    for who in (ADA, BEA):
        assert policies.policy(world, Approve(mine), who) == 0
    assert world.say(WITHDRAWALS, Heed(first)) == 0
    pay(world, first)
    # The next needs nobody's word, and counts for nothing anew.
    say_drain(world, Drain(CHAIN, BTC, coins(1), 9))
    (second,) = [one.number for one in requests(world) if one.state == WithdrawalState.WAITING]
    assert policies.policy(world, Judge(second, Category.BOOK, 0)) == 0
    assert world.say(WITHDRAWALS, Heed(second)) == 0
    pay(world, second)
    assert policies.decision(world, mine).number == found.number
    assert world.replayed().hashes() == world.machine.hashes()


def test_what_is_refused_is_refused_whole() -> None:
    """Criterion: SUS-DRAIN-17. The tranche and the rest come back, and nothing else is held."""
    world, mine, first = by_policy(2)
    policies.judged(world, first, Category.SANCTIONED)
    assert [find(world, one).state for one in (mine, first)] == [WithdrawalState.FAILED] * 2
    assert held(world) == (100 * COIN, 0)
    assert world.replayed().hashes() == world.machine.hashes()


@pytest.mark.parametrize(
    ("edition", "more"),
    [
        (SPLITS - 1, {}),
        (EDITION, {"network": 0, "fee": amount_bytes(0), "kind": Destination.OWNER}),
    ],
)
def test_tranches_are_of_their_edition_and_of_chains(edition: int, more: dict[str, Any]) -> None:
    """Criterion: SUS-DRAIN-15. Old logs refuse the word, and so does a payment to a user."""
    world = drained(edition)
    more = more | ({"destination": BOB} if more else {})
    assert ask(world, 5, allow_split=True, **more) == Refused.PARAMETER
    assert ask(world, 5, **more) == 0


def test_the_same_client_id_is_the_same_request_by_the_same_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Criterion: SUS-DRAIN-16. Also when a part of it is paid; and with few in turn."""
    monkeypatch.setattr(drain_line, "LOOKED_AT", 2)
    world = drained()
    number, canary = begun(world, 40)
    mine = ask_split(world, 50, client=b"mine")
    reopened(world, number, canary)
    (child,) = tick(world, CHAIN, BTC, 40)
    for is_split, code in ((True, 0), (False, Refused.CLIENT_ID_TAKEN)):
        assert ask(world, 50, client=b"mine", allow_split=is_split) == code
    assert {one.number for one in requests(world)} == {mine, child}


def test_a_tranche_is_paid_once() -> None:
    """Criterion: SUS-DRAIN-16. It is bound as any other withdrawal is."""
    world = drained()
    number, canary = begun(world, 40)
    ask_split(world, 50)
    reopened(world, number, canary)
    say_drain(world, Drain(CHAIN, BTC, coins(40), 9))
    (child,) = [one.number for one in requests(world) if one.state == WithdrawalState.WAITING]
    pay(world, child)
    was = held(world)
    assert world.say(WITHDRAWALS, Bound(child, transfer("another"))) != 0
    paid = Paid(child, transfer(f"{child}"), 9, amount_bytes(10))
    assert world.say(WITHDRAWALS, paid) == 0
    assert held(world) == was
    assert world.balance(ALICE, chart.HOLD, USDT) == 0


def test_a_request_and_a_tranche_that_are_taken_back_leave_nothing() -> None:
    """Criterion: SUS-DRAIN-15. As when the core refuses the group that goes with a word."""
    world = drained()
    number, canary = begun(world)
    mine = ask_split(world, 50)
    assert ask(world, 40, BOB) == 0
    theirs = Request(
        *(CHAIN, BTC, coins(5), amount_bytes(FEE_BTC), Destination.ADDRESS_BOOK, 5),
        allow_split=True,
    )
    assert taken_back(world, theirs, ALICE) == 0
    reopened(world, number, canary)
    (first,) = tick(world, CHAIN, BTC, 40)
    world.time_ms += 60_000
    assert taken_back(world, Drain(CHAIN, BTC, coins(20), 9), chart.HOUSE) == 0
    (second,) = tick(world, CHAIN, BTC, 20)
    assert sum(find(world, one).value for one in (first, second, mine)) == 50 * 10**8


def taken_back(world: World, word: Payload, who: int) -> int:
    """A word that the fold obeys and the core refuses; the fold's code."""
    fold = next(one for one in world.machine.folds if isinstance(one, Withdrawals))
    before = fold.encode()
    command = Product(0, 0, WITHDRAWALS, who, msgspec.msgpack.encode(word))
    moment = Moment(world.machine.sequence + 1, world.time_ms)
    code = fold.handle(command, moment, world.machine).code
    assert fold.encode() != before
    fold.settled(0, 51000)
    assert fold.encode() == before
    return code
