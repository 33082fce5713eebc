"""Goal: only what has left is a history that the amount of a withdrawal is held against.

Method: the folds of withdrawals and the policy together; requests that end, or wait, in each way
there is; tranches, transfers, what has no price and what a refused word had noted; random courses
against a slow version, restarted at every step; and every course of requests none of which leaves
beside a world without them, in which the next one's score may not be higher.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import pytest

from fullreserve.exchange.products.custody_wire import (
    WITHDRAWALS,
    Broadcast,
    Cancel,
    Destination,
    Failed,
    FoundPaid,
    Heed,
    Hold,
    Included,
    Paid,
    Request,
    RequirePolicy,
    Short,
)
from fullreserve.exchange.products.policy_rules import Category, Concern, DecisionState
from fullreserve.exchange.products.policy_wire import (
    APPROVE_MS,
    EDITION,
    LEFT_COUNTS,
    POLICY,
    Adopt,
    Approve,
    Confirm,
    Judge,
    ListAssessments,
    Reject,
    SetRisk,
)
from fullreserve.exchange.products.risk_rules import (
    HOUR_MS,
    Assessment,
    Mark,
    Outcome,
    Reason,
    RiskTable,
)
from fullreserve.exchange.products.withdrawal_state import EDITION as OF_WITHDRAWALS
from fullreserve.exchange.products.withdrawal_state import (
    KEEPS_LEFT,
    LEFT_MS,
    GetHistory,
    History,
    ListParts,
    Parts,
    WithdrawalState,
)
from fullreserve.exchange.wire.commands import amount_bytes
from tests.unit.exchange.custody_world import (
    ALICE,
    BOB,
    BTC,
    CHAIN,
    MEMOS,
    XRP,
    World,
    coins,
    transfer,
)
from tests.unit.exchange.suspension_world import ADA, BEA, ask, requests
from tests.unit.exchange.test_policy_of_withdrawals import (
    DAY_MS,
    asked,
    bind,
    decision,
    hold,
    of,
    opened,
    paid,
    policy,
    say,
)
from tests.unit.exchange.test_risk_of_withdrawals import send

USD = 10**8
LIKE = int(Mark.LOOK_ALIKE)
OLD_MS = 30 * DAY_MS


def by(edition: int, of_withdrawals: int = OF_WITHDRAWALS) -> World:
    """By an edition of the policy's rules, with the table that an exchange begins with."""
    made = opened(of_withdrawals, edition)
    assert policy(made, Adopt(edition)) == policy(made, SetRisk(RiskTable())) == 0
    return made


@pytest.fixture
def world() -> Iterator[World]:
    made = by(EDITION)
    yield made
    assert made.replayed().hashes() == made.machine.hashes()


def judged(world: World, number: int, marks: int = 0, **more: Any) -> Assessment:
    """By the worker, and heeded."""
    age_ms = more.pop("age_ms", OLD_MS)
    assert policy(world, Judge(number, Category.BOOK, age_ms, marks=marks, **more)) == 0
    say(world, Heed(number))
    (found,) = world.ask(POLICY, ListAssessments((number,)), list[Assessment | None])
    assert isinstance(found, Assessment)
    return found


def history(world: World, owner: int = ALICE, since_ms: int | None = None) -> History:
    since_ms = world.time_ms - LEFT_MS if since_ms is None else since_ms
    found = world.ask(WITHDRAWALS, GetHistory(owner, since_ms), History)
    assert isinstance(found, History)
    return found


def is_large(world: World, units: float, owner: int = ALICE) -> bool:
    """Whether a request for so much has a reason by its amount; it is taken back."""
    number = asked(world, units, owner)
    found = judged(world, number, LIKE)
    assert policy(world, Confirm(number), owner) in (0, 95_003)
    say(world, Cancel(number), owner)
    return Reason.AMOUNT in [reason for reason, _ in found.reasons]


@pytest.mark.parametrize("edition", [LEFT_COUNTS - 1, EDITION])
def test_asking_twice_gets_round_no_delay(edition: int) -> None:
    """Criterion: RISK-19. 12,000 USD that are delayed make no 25,000 of them usual."""
    made = by(edition)
    first, second = (
        judged(made, asked(made, units), LIKE, age_ms=48 * HOUR_MS) for units in (0.24, 0.5)
    )
    assert (first.score, first.outcome) == (90, Outcome.DELAY)
    held = edition >= LEFT_COUNTS
    expected = (90, Outcome.DELAY) if held else (75, Outcome.STEP_UP)
    assert (second.score, second.outcome) == expected
    assert made.replayed().hashes() == made.machine.hashes()


def test_what_is_held_counts_for_velocity_all_the_same(world: World) -> None:
    """Criterion: RISK-19, POL-3. For the score's and for the rules'."""
    judged(world, asked(world, 0.8), LIKE, age_ms=48 * HOUR_MS)
    number = asked(world, 0.21)
    found = judged(world, number)
    assert Reason.VELOCITY in [reason for reason, _ in found.reasons]
    assert decision(world, number).explained.rule == 3


# What becomes of a request of 9,000 USD, short of having left for good.


def _delayed(world: World, number: int) -> None:
    assert judged(world, number, LIKE, age_ms=0, concerns=0).outcome == Outcome.STEP_UP


def _confirmed(world: World, number: int) -> None:
    _delayed(world, number)
    assert policy(world, Confirm(number), ALICE) == 0


def _expired(world: World, number: int) -> None:
    _delayed(world, number)
    world.time_ms += APPROVE_MS
    assert say(world, Heed(number)) == 0
    assert of(world, number).state == WithdrawalState.FAILED


def _canceled(world: World, number: int) -> None:
    _delayed(world, number)
    assert say(world, Cancel(number), ALICE) == 0


def _let_through(world: World, number: int) -> None:
    judged(world, number)
    assert decision(world, number).state == DecisionState.ALLOWED


def _approved(world: World, number: int) -> None:
    judged(world, number, concerns=int(Concern.RISK))
    policy(world, Confirm(number), ALICE)
    judged(world, number, concerns=int(Concern.RISK))
    assert policy(world, Approve(number), ADA) == say(world, Heed(number)) == 0
    assert decision(world, number).state == DecisionState.ALLOWED


def _refused(world: World, number: int) -> None:
    judged(world, number, concerns=int(Concern.RISK))
    policy(world, Confirm(number), ALICE)
    judged(world, number, concerns=int(Concern.RISK))
    assert policy(world, Reject(number), ADA) == say(world, Heed(number)) == 0
    assert of(world, number).state == WithdrawalState.FAILED


def _canceled_as_hot_is_short(world: World, number: int) -> None:
    _let_through(world, number)
    assert say(world, Short(CHAIN, BTC, 100)) == 0
    assert say(world, Cancel(number), ALICE) == 0


def _queued(world: World, number: int) -> None:
    _let_through(world, number)
    assert say(world, Hold(CHAIN, BTC, stopped=True)) == 0


def _bound(world: World, number: int) -> None:
    _let_through(world, number)
    assert bind(world, number) == 0


def _in_a_block(world: World, number: int) -> None:
    _bound(world, number)
    name = transfer(str(number))
    assert say(world, Broadcast(number, name, amount_bytes(10))) == 0
    assert say(world, Included(number, name, 9)) == 0
    assert of(world, number).state == WithdrawalState.PENDING


def _overtaken(world: World, number: int) -> None:
    _in_a_block(world, number)
    binding = transfer(f"binding {number}")
    assert say(world, Failed(number, 2, binding, transfer("other"))) == 0
    assert of(world, number).state == WithdrawalState.FAILED


FATES: tuple[Callable[[World, int], None], ...] = (
    *(_delayed, _confirmed, _expired, _canceled, _let_through, _approved, _refused),
    *(_canceled_as_hot_is_short, _queued, _bound, _in_a_block, _overtaken),
)


@pytest.mark.parametrize("fate", FATES)
def test_what_has_not_left_for_good_is_no_history(
    world: World, fate: Callable[[World, int], None]
) -> None:
    """Criterion: RISK-19. Nor is it by the policy's word: it may be cancelled all the same."""
    fate(world, asked(world, 0.18))
    world.restart()
    assert history(world) == History()
    assert is_large(world, 0.21)


def test_what_was_paid_is(world: World) -> None:
    """Criterion: RISK-19. Of its owner alone; once, however often it is said."""
    number = asked(world, 0.18)
    _bound(world, number)
    assert paid(world, number) == paid(world, number) == 0
    world.restart()
    assert (history(world), history(world, BOB)) == (History(1, 9_000 * USD), History())
    assert not is_large(world, 0.89)
    assert is_large(world, 0.91)
    assert is_large(world, 0.21, BOB)


def test_small_ones_that_left_make_one_that_is_five_times_as_large_a_large_one(
    world: World,
) -> None:
    """Criterion: RISK-1, RISK-19. And what was asked for and has not left, however small, none."""
    for _ in range(3):
        number = asked(world, 0.02)
        _bound(world, number)
        assert paid(world, number) == 0
    for _ in range(9):
        judged(world, asked(world, 0.0002), LIKE)
    assert not is_large(world, 0.1)
    assert is_large(world, 0.11)


def test_history_is_of_thirty_days(world: World) -> None:
    """Criterion: RISK-19. To the millisecond, from when it left; then it is forgotten."""
    number = asked(world, 0.18)
    _bound(world, number)
    world.time_ms += DAY_MS
    assert paid(world, number) == 0
    world.time_ms += LEFT_MS - 1
    assert history(world) == History(1, 9_000 * USD)
    world.time_ms += 1
    assert history(world) == History()
    assert is_large(world, 0.21)
    later = asked(world, 0.1, BOB)
    _bound(world, later)
    assert paid(world, later) == 0
    assert list(world.machine.folds[2].state.left) == [later]
    world.restart()
    assert history(world, BOB) == History(1, 5_000 * USD)


@pytest.mark.parametrize("is_paid", [True, False])
def test_of_a_request_in_tranches_counts_what_was_paid_of_it(world: World, is_paid: bool) -> None:
    """Criterion: RISK-19. As one; and what is canceled of it does not."""
    assert ask(world, 1, allow_split=True) == 0
    number = requests(world)[-1].number
    for at, units in enumerate((0.25, 0.5), 1):
        assert say(world, FoundPaid(number, transfer(f"found {at}"), coins(units))) == 0
        assert history(world).count == at - 1
        (told,) = world.ask(WITHDRAWALS, ListParts((number,)), list[Parts])
        assert paid(world, told.parts[-1]) == 0
        world.restart()
        assert history(world) == History(1, 12_500 * USD * (2 * at - 1))
    if is_paid:
        assert say(world, FoundPaid(number, transfer("rest"))) == paid(world, number) == 0
    else:
        hold(world, stopped=True)
        assert say(world, Cancel(number), ALICE) == 0
    assert history(world) == History(1, (50_000 if is_paid else 37_500) * USD)


def test_neither_transfers_nor_what_has_no_price_are_history(world: World) -> None:
    """Criterion: RISK-19. Nothing leaves by the first, and the second is of no size."""
    nothing = amount_bytes(0)
    word = Request(0, BTC, coins(5), nothing, Destination.OWNER, BOB)
    assert say(world, word, ALICE) == 0
    world.fund(ALICE, XRP, coins(9))
    assert ask(world, 1, network=MEMOS, asset=XRP, fee=nothing) == 0
    number = requests(world)[-1].number
    assert say(world, FoundPaid(number, transfer("found"))) == paid(world, number) == 0
    assert of(world, number).state == WithdrawalState.SUCCESS
    assert history(world) == History()


def test_a_payment_that_the_core_refuses_is_no_history(world: World) -> None:
    """Criterion: RISK-19. Then all is as it was, also the request's other tranche."""
    assert ask(world, 1, allow_split=True) == 0
    number = requests(world)[-1].number
    for at in (1, 2):
        assert say(world, FoundPaid(number, transfer(f"found {at}"), coins(0.25))) == 0
    (told,) = world.ask(WITHDRAWALS, ListParts((number,)), list[Parts])
    too_much = amount_bytes((1 << 127) - 1)
    for at, part in enumerate(told.parts):
        word = Paid(part, transfer(str(part)), 9, too_much)
        before = world.machine.folds[2].state_hash()
        assert say(world, word) != 0
        assert world.machine.folds[2].state_hash() == before
        assert history(world) == History(at, 12_500 * USD * at)
        world.restart()
        assert history(world) == History(at, 12_500 * USD * at)
        assert paid(world, part) == 0


class Payment(NamedTuple):
    """Of a request, or of a tranche of it."""

    request: int
    owner: int
    time_ms: int
    usd: int


def _pay_some(world: World, draws: random.Random) -> list[Payment]:
    """What is paid over some weeks, with requests that are not; restarted now and then."""
    made: list[Payment] = []
    split: dict[int, int] = {}
    for turn in range(60):
        owner, cents = draws.choice((ALICE, BOB)), draws.randrange(1, 9)
        world.time_ms += draws.randrange(2 * DAY_MS)
        fate = draws.choice(("paid", "paid", "failed", "split", "part", "part"))
        if fate == "part" and split:
            number = draws.choice(list(split))
            if say(world, FoundPaid(number, transfer(f"found {turn}"), coins(0.1))) == 0:
                (told,) = world.ask(WITHDRAWALS, ListParts((number,)), list[Parts])
                assert paid(world, told.parts[-1]) == 0
                made.append(Payment(number, split[number], world.time_ms, 5_000 * USD))
            continue
        is_split = fate == "split"
        assert ask(world, 1 if is_split else cents / 100, owner, allow_split=is_split) == 0
        number = requests(world, owner)[-1].number
        if is_split:
            split[number] = owner
        elif fate == "paid":
            assert say(world, FoundPaid(number, transfer(f"found {turn}"))) == 0
            assert paid(world, number) == 0
            made.append(Payment(number, owner, world.time_ms, cents * 500 * USD))
        else:
            assert say(world, Failed(number, 7)) == 0
        if draws.randrange(3) == 0:
            world.restart()
    return made


def _slow(payments: list[Payment], owner: int, since_ms: int) -> History:
    """Tranches count with the first of their request, as long as that is known."""
    sums: dict[int, tuple[int, int]] = {}
    for one in payments:
        if one.owner == owner:
            first_ms, usd = sums.get(one.request, (0, 0))
            is_known = first_ms > one.time_ms - LEFT_MS
            mine = (first_ms, usd + one.usd) if is_known else (one.time_ms, one.usd)
            sums[one.request] = mine
    found = [usd for first_ms, usd in sums.values() if first_ms > since_ms]
    return History(len(found), sum(found))


@pytest.mark.parametrize("edition", [KEEPS_LEFT - 1, OF_WITHDRAWALS])
@pytest.mark.parametrize("seed", range(4))
def test_history_is_that_of_a_slow_version(edition: int, seed: int) -> None:
    """Criterion: RISK-19. What left before the edition came counts as it comes, as far as known."""
    made = opened(edition)
    payments = _pay_some(made, random.Random(seed))
    if edition < KEEPS_LEFT:
        assert made.machine.folds[2].state.left == {}
        assert say(made, RequirePolicy(OF_WITHDRAWALS)) == 0
        payments = [one for one in payments if one.time_ms > made.time_ms - LEFT_MS]
    made.restart()
    for _ in range(40):
        for owner in (ALICE, BOB):
            slow = _slow(payments, owner, made.time_ms - LEFT_MS)
            assert history(made, owner) == slow
        made.time_ms += DAY_MS
    assert made.replayed().hashes() == made.machine.hashes()


# Courses of which nothing leaves.

SEEDS = 80


class Course:
    """Requests of one owner, drawn: whatever may happen to them but that they leave."""

    def __init__(self, world: World, draws: random.Random) -> None:
        self.world, self.draws = world, draws
        self.numbers: list[int] = []

    def ask(self) -> None:
        units = self.draws.choice((0.001, 0.03, 0.15, 0.3, 0.9))
        is_split, by_api = self.draws.random() < 0.3, self.draws.random() < 0.3
        if ask(self.world, units, allow_split=is_split, by_api=by_api) == 0:
            self.numbers.append(requests(self.world)[-1].number)

    def step(self) -> None:
        """One thing more; what is refused changes nothing."""
        world, draws = self.world, self.draws
        if not self.numbers or draws.random() < 0.3:
            self.ask()
        number = draws.choice(self.numbers)
        name, binding = transfer(str(number)), transfer(f"binding {number}")
        word = Judge(
            *(number, Category.BOOK, draws.choice((HOUR_MS, OLD_MS))),
            concerns=draws.choice((0, 0, int(Concern.RISK))),
            marks=draws.choice((0, LIKE)),
            place=draws.choice((b"", b"there")),
        )
        judge = partial(policy, world, word)
        steps: tuple[Callable[[], object], ...] = (
            *(judge, judge, judge, partial(policy, world, Confirm(number), ALICE)),
            *(partial(policy, world, verb(number), ADA) for verb in (Approve, Reject)),
            *(partial(policy, world, Approve(number), BEA), partial(say, world, Heed(number))),
            *(partial(say, world, Cancel(number), ALICE), partial(bind, world, number)),
            partial(say, world, FoundPaid(number, binding)),
            partial(say, world, Broadcast(number, name, amount_bytes(10))),
            partial(say, world, Included(number, name, 9)),
            partial(say, world, Failed(number, 2, binding, transfer("other"))),
            partial(hold, world, stopped=draws.random() < 0.5),
            partial(say, world, Short(CHAIN, BTC, 100)),
            partial(send, world, 0.3, ALICE, BOB),
        )
        draws.choice(steps)()
        say(world, Heed(number))


def _scored(edition: int, seed: int, turns: int) -> Assessment:
    """A request behind a course of so many turns, and as long without; some have left before it."""
    made, draws = by(edition), random.Random(seed)
    for _ in range(draws.randrange(3)):
        number = asked(made, draws.choice((0.02, 0.1)))
        _bound(made, number)
        assert paid(made, number) == 0
        made.time_ms += 8 * DAY_MS
    units, age_ms = draws.choice((0.05, 0.21, 0.5, 1.2)), draws.choice((HOUR_MS, OLD_MS))
    marks, asks_ms = draws.choice((0, LIKE)), [draws.choice((0, HOUR_MS)) for _ in range(40)]
    course = Course(made, draws)
    for lasts_ms in asks_ms[:turns]:
        course.step()
        made.time_ms += lasts_ms
    made.time_ms += sum(asks_ms[turns:])
    return judged(made, asked(made, units), marks, age_ms=age_ms, place=b"there")


@pytest.mark.parametrize("edition", [LEFT_COUNTS - 1, EDITION])
def test_nothing_that_has_not_left_lowers_a_score(edition: int) -> None:
    """Criterion: RISK-19. By courses of requests beside a world without them."""
    lowered = []
    for seed in range(SEEDS):
        turns = 5 + seed % 4 * 10
        alone, behind = (_scored(edition, seed, count) for count in (0, turns))
        if behind.score < alone.score:
            lowered.append(seed)
        reasons = [{reason for reason, _ in one.reasons} for one in (alone, behind)]
        assert reasons[0] - reasons[1] <= {Reason.AMOUNT}
    assert bool(lowered) == (edition < LEFT_COUNTS), lowered
