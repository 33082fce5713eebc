"""Goal: nothing is bound that the policy has not let through, and what it refuses is refunded.

Method: the folds of approvals, deposits, withdrawals, suspensions and the policy together; each
verb, each way out, what operators and the house may not do round it, and random courses restarted
from a snapshot at every step. Every test ends with a replay of the rows.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products.approval_acts import Enrol
from fullreserve.exchange.products.approval_state import CONSOLE
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.custody_ledger import Unsound
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    WITHDRAWALS,
    Bound,
    Cancel,
    Decide,
    Destination,
    Funded,
    Heed,
    Hold,
    Paid,
    Pay,
    Refilled,
    RequirePolicy,
    Settle,
    Short,
    Tier,
)
from fullreserve.exchange.products.deposits import Deposits
from fullreserve.exchange.products.liveness import (
    LIVENESS,
    Answered,
    Challenge,
    Define,
    Liveness,
)
from fullreserve.exchange.products.policy import Policy
from fullreserve.exchange.products.policy_rules import (
    UNPRICED_USD,
    Category,
    Concern,
    DecisionState,
    Rule,
    Verb,
)
from fullreserve.exchange.products.policy_wire import (
    APPROVE_MS,
    POLICY,
    Adopt,
    Approve,
    Decision,
    Found,
    GetDecision,
    Judge,
    ListConcerns,
    ListStates,
    Reject,
)
from fullreserve.exchange.products.policy_wire import EDITION as POLICY_EDITION
from fullreserve.exchange.products.quorum_rules import Holder, Quorum, Role
from fullreserve.exchange.products.suspension_wire import Mode, Suspend
from fullreserve.exchange.products.suspensions import Suspensions
from fullreserve.exchange.products.withdrawal_state import (
    EDITION,
    OPEN_PER_OWNER,
    SHOWS_REVIEWERS,
    GetWithdrawal,
    ListPay,
    ListUndecided,
    Undecided,
    Withdrawal,
)
from fullreserve.exchange.products.withdrawals import Withdrawals
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.wire.queries import ListSupplies
from tests.unit.exchange.custody_world import ALICE, BOB, BTC, CHAIN, World, coins, transfer
from tests.unit.exchange.suspension_world import (
    ADA,
    BEA,
    CLEO,
    ask,
    price,
    requests,
    settle,
    stop,
    terms,
)
from tests.unit.exchange.suspension_world import say as suspend

USD = 10**8
DAY_MS = 86_400_000
RULES = (
    Rule(1, Verb.BLOCK, categories=(Category.SANCTIONED,)),
    Rule(2, Verb.ALLOW, categories=(Category.BOOK,), velocity_usd=50_000 * USD, window_ms=DAY_MS),
    Rule(3, Verb.APPROVE, CONSOLE, 2, categories=(Category.BOOK,)),
)


@pytest.fixture
def world() -> Iterator[World]:
    made = opened(EDITION)
    yield made
    assert made.replayed().hashes() == made.machine.hashes()
    for supply in made.machine.query(ListSupplies()):
        assert supply.supply == supply.total


def opened(edition: int, of_policy: int = POLICY_EDITION, rules: tuple[Rule, ...] = RULES) -> World:
    """By an edition of the rules of withdrawals, and of the policy's no later one."""
    made = World(
        lambda: [Approvals(), Deposits(), Withdrawals(), Suspensions(), Liveness(), Policy()]
    )
    for fold in (DEPOSITS, WITHDRAWALS):
        made.define(fold)
    price(made, 50_000)
    made.say(DEPOSITS, Funded(CHAIN, transfer("hot"), BTC, Tier.HOT, coins(1000)))
    for member in (ADA, BEA, CLEO):
        assert made.say(Approvals.number, Enrol(CONSOLE, member)) == 0
    for owner in (ALICE, BOB):
        made.fund(owner, BTC, coins(100))
    assert policy(made, Found(rules)) == policy(made, Adopt(min(edition, of_policy))) == 0
    assert say(made, RequirePolicy(edition)) == 0
    return made


def say(world: World, payload: Any, owner: int = chart.HOUSE) -> int:
    return world.say(WITHDRAWALS, payload, owner)


def policy(world: World, word: Any, who: int = chart.HOUSE) -> int:
    return world.say(POLICY, word, who)


def hold(world: World, *, stopped: bool) -> None:
    """A stop of BTC or its end, and what waits follows."""
    assert say(world, Hold(CHAIN, BTC, stopped=stopped)) == 0
    settle(world)


def asked(world: World, units: float, owner: int = ALICE) -> int:
    """A request that was taken; its number."""
    assert ask(world, units, owner) == 0
    return requests(world, owner)[-1].number


def judged(world: World, number: int, category: int = Category.BOOK) -> None:
    assert policy(world, Judge(number, category, 30 * DAY_MS)) == 0
    assert say(world, Heed(number)) == 0


def of(world: World, number: int) -> Withdrawal:
    found = world.ask(WITHDRAWALS, GetWithdrawal(number), Withdrawal | None)
    assert isinstance(found, Withdrawal)
    return found


def decision(world: World, number: int) -> Decision:
    found = world.ask(POLICY, GetDecision(number), Decision | None)
    assert isinstance(found, Decision)
    return found


def bind(world: World, number: int) -> int:
    return say(world, Bound(number, transfer(f"binding {number}")))


def paid(world: World, number: int) -> int:
    return say(world, Paid(number, transfer(str(number)), 9, amount_bytes(10)))


def payable(world: World) -> list[int]:
    """What the payer is shown."""
    found: list[Pay] = world.ask(WITHDRAWALS, ListPay(CHAIN, 0, 100), list[Pay])
    return [one.withdrawal for one in found]


def undecided(world: World) -> list[tuple[int, bool]]:
    found: list[Undecided] = world.ask(WITHDRAWALS, ListUndecided(100), list[Undecided])
    return [(one.withdrawal, one.is_asked) for one in found]


def held(world: World, owner: int = ALICE) -> int:
    return world.balance(owner, chart.HOLD, BTC)


def test_nothing_is_bound_before_the_policy_has_let_it_through(world: World) -> None:
    """Criterion: POL-12. A small one goes by itself, once it was asked about."""
    number = asked(world, 0.5)
    assert (of(world, number).state, payable(world)) == (10, [])
    assert undecided(world) == [(number, False)]
    assert bind(world, number) == Unsound.NOT_PAYABLE
    assert say(world, Heed(number)) == Unsound.NOT_PAYABLE  # there is no decision yet
    assert policy(world, Judge(number, Category.BOOK, 0), ALICE) == 95001
    judged(world, number)
    found = decision(world, number)
    assert (found.state, found.explained.rule) == (DecisionState.ALLOWED, 2)
    # The fold itself worked out what the request is: 25,000 USD of 1,000 BTC in the hot wallet.
    facts = found.facts
    assert (facts.owner, facts.initiator, facts.usd, facts.share) == (ALICE, ALICE, 25_000 * USD, 5)
    assert (undecided(world), payable(world)) == ([], [number])
    assert bind(world, number) == paid(world, number) == 0
    assert of(world, number).state == 2
    assert not world.machine.folds[2].state.judged


def test_a_large_one_waits_for_as_many_as_its_rule_says(world: World) -> None:
    """Criterion: POL-13. And neither the house nor its owner passes by them."""
    first, second = asked(world, 0.8), asked(world, 0.3)
    judged(world, first)
    judged(world, second)
    assert (of(world, first).state, of(world, second).state) == (10, 4)
    assert decision(world, second).explained.rule == 3
    assert undecided(world) == [(second, True)]
    assert (bind(world, second), payable(world)) == (Unsound.NOT_PAYABLE, [first])
    # The house's word alone brings it no further.
    assert say(world, Decide(second, 7)) == 0
    assert (of(world, second).state, bind(world, second)) == (10, Unsound.NOT_PAYABLE)
    assert payable(world) == [first]
    assert policy(world, Approve(second), ALICE) == 95001
    assert policy(world, Approve(second), ADA) == say(world, Heed(second)) == 0
    assert bind(world, second) == Unsound.NOT_PAYABLE
    assert policy(world, Approve(second), BEA) == say(world, Heed(second)) == 0
    assert (bind(world, second), of(world, second).state) == (0, 10)


@pytest.mark.parametrize(
    ("category", "code"), [(Category.SANCTIONED, 58217), (Category.ONE_TIME, 58204)]
)
def test_what_is_blocked_fails_with_its_code_and_frees_the_hold(
    world: World, category: int, code: int
) -> None:
    """Criterion: POL-14. A rule blocks, or none matches."""
    number = asked(world, 0.5)
    assert held(world) > 0
    judged(world, number, category)
    one = of(world, number)
    assert (one.state, one.reason, held(world)) == (-1, code, 0)
    assert world.balance(ALICE, chart.FUND, BTC) == 100 * 10**8
    assert decision(world, number).state == DecisionState.BLOCKED
    assert say(world, Heed(number)) == 0
    assert bind(world, number) == Unsound.NOT_PAYABLE


def test_what_people_refuse_or_leave_is_refunded(world: World) -> None:
    """Criterion: POL-15. By one member's word, or after four hours."""
    first, second = asked(world, 2), asked(world, 3)
    for number in (first, second):
        judged(world, number)
    assert policy(world, Reject(first), BEA) == say(world, Heed(first)) == 0
    assert (of(world, first).state, of(world, first).reason) == (-1, 58204)
    assert policy(world, Approve(second), BEA) == 0
    world.time_ms += APPROVE_MS - 1
    assert say(world, Heed(second)) == 0
    assert of(world, second).state == 5
    world.time_ms += 1
    states = world.ask(POLICY, ListStates((first, second, 1), world.time_ms), list[int])
    assert states == [DecisionState.REJECTED, DecisionState.EXPIRED, 0]
    assert say(world, Heed(second)) == 0
    assert (of(world, second).state, held(world)) == (-1, 0)
    assert policy(world, Approve(second), CLEO) == 95003


def test_what_has_no_price_or_is_reviewed_is_not_small(world: World) -> None:
    """Criterion: POL-16. People look at it whatever its amount; one is enough in review mode."""
    world.fund(ALICE, 3, coins(10))
    assert ask(world, 1, network=3, asset=3, fee=amount_bytes(0)) == 0
    number = requests(world)[-1].number
    assert of(world, number).state == 4
    judged(world, number)
    found = decision(world, number)
    assert (found.facts.usd, found.state, found.explained.rule) == (
        UNPRICED_USD, DecisionState.WAITING, 3,
    )  # fmt: skip
    stop(world, mode=Mode.REVIEW)
    other = asked(world, 0.01, BOB)
    judged(world, other)
    explained = decision(world, other).explained
    assert (explained.verb, explained.rule, explained.needed) == (Verb.APPROVE, 2, 1)
    assert policy(world, Approve(other), CLEO) == say(world, Heed(other)) == 0
    assert bind(world, other) == 0


def test_review_mode_reviews_what_was_queued_before_it(world: World) -> None:
    """Criterion: POL-16. It was asked for before the suspension and is judged under it."""
    hold(world, stopped=True)
    number = asked(world, 0.1)
    stop(world, mode=Mode.REVIEW)
    assert of(world, number).state == 0
    hold(world, stopped=False)
    judged(world, number)
    explained = decision(world, number).explained
    assert (explained.verb, explained.rule, explained.needed) == (Verb.APPROVE, 2, 1)
    assert (of(world, number).state, bind(world, number)) == (4, Unsound.NOT_PAYABLE)
    assert policy(world, Approve(number), ADA) == say(world, Heed(number)) == 0
    assert bind(world, number) == 0


def test_review_mode_reviews_what_a_stricter_stop_holds_as_well(world: World) -> None:
    """Criterion: POL-16. The stricter one may be lifted first."""
    number = asked(world, 0.1)
    stop(world, mode=Mode.REVIEW)
    stop(world, mode=Mode.QUEUE)
    assert of(world, number).state == 0
    judged(world, number)
    explained = decision(world, number).explained
    assert (explained.verb, explained.rule, explained.needed) == (Verb.APPROVE, 2, 1)


@pytest.mark.parametrize("waits", [0, 10, 19])
def test_review_mode_reviews_what_was_let_through_before_it(world: World, waits: int) -> None:
    """Criterion: POL-27. Whatever it waited for when the review began, and once."""
    number = asked(world, 0.1)
    judged(world, number)
    if waits == 0:
        hold(world, stopped=True)
    elif waits == 19:
        assert say(world, Short(CHAIN, BTC, 64)) == 0
    assert of(world, number).state == waits
    stop(world, mode=Mode.REVIEW)
    hold(world, stopped=False)
    assert say(world, Refilled(CHAIN, BTC, 64)) == 0
    assert (of(world, number).state, payable(world)) == (10, [])
    assert bind(world, number) == Unsound.NOT_PAYABLE
    assert undecided(world) == [(number, False)]
    judged(world, number)
    explained = decision(world, number).explained
    assert (explained.verb, explained.rule, explained.needed) == (Verb.APPROVE, 2, 1)
    assert (of(world, number).state, undecided(world)) == (4, [(number, True)])
    world.restart()
    assert policy(world, Approve(number), ADA) == say(world, Heed(number)) == 0
    settle(world)
    assert (payable(world), bind(world, number)) == ([number], 0)


def test_a_review_holds_at_once_what_was_let_through(world: World) -> None:
    """Criterion: POL-27. Before anything has followed it; a second review asks once more."""
    number = asked(world, 0.1)
    judged(world, number)
    assert suspend(world, Suspend(terms(mode=Mode.REVIEW))) == 0
    assert bind(world, number) == Unsound.STOPPED
    assert say(world, Heed(number)) == Unsound.NOT_PAYABLE
    settle(world)
    judged(world, number)
    assert policy(world, Approve(number), ADA) == 0
    assert suspend(world, Suspend(terms(mode=Mode.REVIEW))) == 0
    assert say(world, Heed(number)) == Unsound.NOT_PAYABLE
    judged(world, number)
    assert (of(world, number).state, decision(world, number).approvals) == (4, ())
    assert policy(world, Approve(number), BEA) == say(world, Heed(number)) == 0
    assert bind(world, number) == 0


def test_what_was_let_through_counts_once_after_a_review(world: World) -> None:
    """Criterion: POL-27. Its first decision counts no more for its owner's velocity."""
    number = asked(world, 0.7)
    judged(world, number)
    stop(world, mode=Mode.REVIEW)
    judged(world, number)
    assert decision(world, number).explained.rule == 2
    assert policy(world, Judge(number, Category.BOOK, 0)) == 0
    assert decision(world, number).facts.age_ms == 30 * DAY_MS


RULE = Concern.TRAVEL_RULE
CONCERNS = [
    (RULE, 17),
    (Concern.TRAVEL_RULE_DOWN, 17),
    (RULE | Concern.TRAVEL_RULE_DOWN, 17),
    (RULE | Concern.RISK, 12),
    (Concern.RISK, 12),
    (Concern.RISK_DOWN | Concern.WEBHOOK_DOWN, 12),
    (Concern.SANCTIONS_DOWN, 12),
    (Concern.SANCTIONS, 12),
    (Concern.WEBHOOK_DOWN, 4),
]


def doubted(world: World, concerns: int) -> int:
    """A request that vendors doubt, before people."""
    number = asked(world, 0.1)
    assert policy(world, Judge(number, Category.BOOK, 30 * DAY_MS, concerns=concerns)) == 0
    assert say(world, Heed(number)) == 0
    return number


@pytest.mark.parametrize(("concerns", "state"), CONCERNS)
def test_what_people_look_at_is_shown_by_whom_vendors_concern(
    world: World, concerns: int, state: int
) -> None:
    """People let it through. Criterion: CUST-TRAVEL-1, POL-38."""
    number = doubted(world, concerns)
    assert of(world, number).state == state
    assert bind(world, number) != 0
    assert policy(world, Approve(number), ADA) == 0
    assert say(world, Heed(number)) == 0
    assert of(world, number).state == 10
    assert bind(world, number) == 0


def test_what_waits_for_the_travel_rule_can_be_cancelled(world: World) -> None:
    """Criterion: CUST-TRAVEL-1. What is under review cannot."""
    waits, reviewed = doubted(world, RULE), doubted(world, Concern.RISK)
    assert say(world, Cancel(waits), ALICE) == 0
    assert say(world, Cancel(reviewed), ALICE) == 92_010
    assert (of(world, waits).state, of(world, reviewed).state) == (-2, 12)


REVIEWERS = pytest.mark.parametrize("edition", [SHOWS_REVIEWERS - 1, EDITION])


@REVIEWERS
def test_a_second_reviewer_is_waited_for_once_the_first_has_approved(edition: int) -> None:
    """Criterion: POL-38. As a rule wants two; who is told nothing new says nothing new."""
    made = opened(edition)
    number = asked(made, 1.5)
    judged(made, number)
    assert of(made, number).state == 4
    before = of(made, number).version
    assert say(made, Heed(number)) == 0
    assert of(made, number).version == before
    assert policy(made, Approve(number), ADA) == 0
    assert of(made, number).state == 4
    assert say(made, Heed(number)) == 0
    is_shown = edition >= SHOWS_REVIEWERS
    assert of(made, number).state == (5 if is_shown else 4)
    assert (of(made, number).version > before) == is_shown
    assert bind(made, number) == Unsound.NOT_PAYABLE
    assert say(made, Cancel(number), ALICE) == 92_010
    assert policy(made, Approve(number), BEA) == say(made, Heed(number)) == 0
    assert of(made, number).state == 10
    assert bind(made, number) == paid(made, number) == 0
    made.restart()
    assert made.replayed().hashes() == made.machine.hashes()


@REVIEWERS
def test_what_nobody_approves_to_the_end_is_judged_and_reviewed_from_the_start(
    edition: int,
) -> None:
    """Criterion: POL-38. One reviewer alone is forgotten with the decision."""
    made = opened(edition)
    number = asked(made, 1.5)
    judged(made, number)
    assert policy(made, Approve(number), ADA) == say(made, Heed(number)) == 0
    made.time_ms += APPROVE_MS
    assert say(made, Heed(number)) == 0
    assert of(made, number).state == -1
    assert made.replayed().hashes() == made.machine.hashes()


@REVIEWERS
def test_a_stop_in_between_keeps_no_reviewer_out(edition: int) -> None:
    """Criterion: POL-38. What was approved once waits in the queue, and then for payment."""
    made = opened(edition)
    number = asked(made, 1.5)
    judged(made, number)
    assert policy(made, Approve(number), ADA) == say(made, Heed(number)) == 0
    hold(made, stopped=True)
    assert policy(made, Approve(number), BEA) == say(made, Heed(number)) == 0
    assert of(made, number).state == 0
    hold(made, stopped=False)
    assert of(made, number).state == 10
    assert made.replayed().hashes() == made.machine.hashes()


def test_before_edition_14_what_vendors_doubt_was_a_review() -> None:
    """Criterion: POL-38"""
    made = opened(SHOWS_REVIEWERS - 1)
    number = doubted(made, Concern.RISK)
    assert of(made, number).state == 4
    assert policy(made, Approve(number), ADA) == say(made, Heed(number)) == 0
    assert of(made, number).state == 10
    assert made.replayed().hashes() == made.machine.hashes()


def test_before_edition_6_the_travel_rule_was_a_review() -> None:
    """Criterion: CUST-TRAVEL-1"""
    made = opened(edition=5)
    assert of(made, doubted(made, RULE)).state == 4


def test_a_log_of_an_earlier_edition_pays_as_it_did() -> None:
    """Criterion: POL-23. What was let through before a review was paid; words moved all."""
    made = opened(edition=1)
    number = asked(made, 0.1)
    judged(made, number)
    stop(made, mode=Mode.REVIEW)
    assert bind(made, number) == 0
    other = asked(made, 0.1, BOB)
    assert say(made, Hold(CHAIN, BTC, stopped=True)) == say(made, Settle()) == 0
    assert of(made, other).state == 4
    assert made.replayed().hashes() == made.machine.hashes()
    for word in (Adopt(POLICY_EDITION), Adopt(1)):
        assert policy(made, word) == 0
    assert made.machine.folds[5].state.edition == POLICY_EDITION


def test_an_owner_has_a_bounded_number_of_open_requests(world: World) -> None:
    """Criterion: POL-24. One more is refused until one has come to its end; others ask on."""
    numbers = [asked(world, 0.001) for _ in range(OPEN_PER_OWNER)]
    assert ask(world, 0.001) == 92011
    assert ask(world, 0.001, BOB) == 0
    assert ask(world, 1, kind=Destination.OWNER, network=0, destination=BOB, fee=bytes(16)) == 0
    world.restart()
    assert ask(world, 0.001) == 92011
    judged(world, numbers[0], Category.SANCTIONED)
    assert (of(world, numbers[0]).state, ask(world, 0.001)) == (-1, 0)
    assert ask(world, 0.001) == 92011


def test_what_was_not_asked_about_comes_first(world: World) -> None:
    """Criterion: POL-24. What is left to people is listed in turn, at most so many of each."""
    left = [asked(world, 2) for _ in range(5)]
    for number in left:
        judged(world, number)
    fresh = [asked(world, 0.001, BOB) for _ in range(4)]

    def listed(limit: int, after: int = 0) -> list[int]:
        question = ListUndecided(limit, after)
        found = world.ask(WITHDRAWALS, question, list[Undecided])
        return [one.withdrawal for one in found]

    assert listed(2) == [*fresh[:2], *left[:2]]
    assert listed(3, left[1]) == [*fresh[:3], *left[2:]]
    assert listed(9, left[4]) == fresh


def test_while_a_tier_could_lose_nobody_more_large_ones_need_a_person(world: World) -> None:
    """Criterion: LIVE-13."""
    quorum = Quorum(1, Role.HOT, 1, (Holder(1), Holder(2)), 1_000)
    assert world.say(LIVENESS, Define(quorum)) == 0
    world.time_ms += 3_000
    digest = transfer("challenge")
    for word in (Challenge(1, digest), Answered(1, 1, digest)):
        assert world.say(LIVENESS, word) == 0
    small, large = asked(world, 0.19, BOB), asked(world, 0.21)
    judged(world, small)
    judged(world, large)
    assert bind(world, small) == 0
    explained = decision(world, large).explained
    assert (explained.verb, explained.rule, explained.needed) == (Verb.APPROVE, 2, 1)
    assert world.say(LIVENESS, Answered(1, 2, digest)) == 0
    other = asked(world, 0.22, BOB)
    judged(world, other)
    assert bind(world, other) == 0


def test_a_suspension_and_the_policy_each_hold_it(world: World) -> None:
    """Criterion: POL-12. What waits in a queue is decided when it is to be paid."""
    hold(world, stopped=True)
    number = asked(world, 2)
    assert undecided(world) == []
    hold(world, stopped=False)
    judged(world, number)
    hold(world, stopped=True)
    for who in (ADA, BEA):
        assert policy(world, Approve(number), who) == 0
    assert say(world, Heed(number)) == 0
    assert (of(world, number).state, bind(world, number)) == (0, Unsound.NOT_PAYABLE)
    hold(world, stopped=False)
    assert bind(world, number) == 0


def test_rules_are_founded_once(world: World) -> None:
    """Criterion: POL-17. By the house, and rules that mean something."""
    assert policy(world, Found(RULES)) == 95003
    fresh = World(
        lambda: [Approvals(), Deposits(), Withdrawals(), Suspensions(), Liveness(), Policy()]
    )
    assert policy(fresh, Found(RULES), ALICE) == 95001
    assert policy(fresh, Found((Rule(0, Verb.ALLOW),))) == 51000
    assert policy(fresh, Judge(7, Category.BOOK, 0)) == 95002
    assert policy(fresh, Found(RULES)) == 0
    assert say(fresh, RequirePolicy(), ALICE) == Unsound.NOT_THE_HOUSE
    assert say(fresh, RequirePolicy(EDITION + 1)) == 51000


def test_a_log_that_never_asked_for_a_policy_goes_on_without_one() -> None:
    """Criterion: POL-17. Old logs replay as they were."""
    made = World(
        lambda: [Approvals(), Deposits(), Withdrawals(), Suspensions(), Liveness(), Policy()]
    )
    for fold in (DEPOSITS, WITHDRAWALS):
        made.define(fold)
    price(made, 50_000)
    made.fund(ALICE, BTC, coins(100))
    number = asked(made, 0.5)
    assert (undecided(made), payable(made)) == ([], [number])
    assert say(made, Heed(number)) == bind(made, number) == paid(made, number) == 0
    for _ in range(OPEN_PER_OWNER + 1):
        assert ask(made, 0.001) == 0


def _step(world: World, draws: random.Random, number: int) -> None:
    """What may happen to a withdrawal next, by anybody."""
    members = (ADA, BEA, CLEO, ALICE)
    categories = (Category.BOOK, Category.BOOK, Category.SANCTIONED, Category.ONE_TIME)
    steps: tuple[Callable[[], int], ...] = (
        lambda: policy(world, Judge(number, draws.choice(categories), 5)),
        lambda: policy(world, Approve(number), draws.choice(members)),
        lambda: policy(world, Reject(number), draws.choice(members + (BOB,) * 8)),
        lambda: say(world, Heed(number)),
        lambda: say(world, Heed(number)),
        lambda: say(world, Decide(number, draws.choice((7, 4, 12)))),
        lambda: say(world, Hold(CHAIN, BTC, stopped=draws.random() < 0.4)),
        lambda: bind(world, number),
        lambda: paid(world, number),
    )
    draws.choice(steps)()


@pytest.mark.parametrize("seed", range(4))
def test_any_course_ends_once_and_pays_nothing_that_was_not_allowed(
    world: World, seed: int
) -> None:
    """Criterion: POL-12, POL-14. Restarted from a snapshot at every step."""
    draws = random.Random(seed)
    numbers = [asked(world, draws.choice((0.1, 0.4, 3)), owner) for owner in (ALICE, BOB) * 3]
    for _ in range(150):
        number = draws.choice(numbers)
        before = of(world, number).binding
        _step(world, draws, number)
        after = of(world, number)
        if after.binding and not before:
            assert decision(world, number).state == DecisionState.ALLOWED
        world.time_ms += draws.choice((0, 0, 60_000, APPROVE_MS // 8))
        world.restart()
    hold(world, stopped=False)
    world.time_ms += APPROVE_MS
    spent = 0
    for number in numbers:
        judged(world, number)
        one = of(world, number)
        if one.state in (4, 12):  # a person's word on something else than the policy
            assert say(world, Decide(number, 7)) == 0
        if not one.binding and one.state != -1:
            assert bind(world, number) == 0
        if one.state != -1:
            assert paid(world, number) == 0
            spent += one.total
            assert decision(world, number).state == DecisionState.ALLOWED
        assert of(world, number).state in (2, -1)
    left = sum(world.balance(owner, chart.FUND, BTC) for owner in (ALICE, BOB))
    assert left == 200 * 10**8 - spent
    assert held(world) == held(world, BOB) == 0


def test_a_concern_leaves_a_request_to_people_whatever_the_rules_allow(world: World) -> None:
    """Criterion: VENDOR-7. It stands beside the decision; what is blocked stays blocked."""
    small, listed, clean = (asked(world, 0.1) for _ in range(3))
    doubts = Concern.RISK | Concern.SANCTIONS_DOWN
    assert policy(world, Judge(small, Category.BOOK, 5, 0, doubts)) == 0
    assert policy(world, Judge(listed, Category.SANCTIONED, 5, 0, Concern.TRAVEL_RULE)) == 0
    assert policy(world, Judge(clean, Category.BOOK, 5)) == 0
    # Said again, it changes nothing: the first word is the decision.
    assert policy(world, Judge(small, Category.BOOK, 5)) == 0
    assert policy(world, Judge(clean, Category.BOOK, 5, 0, doubts)) == 0
    states = world.ask(POLICY, ListStates((small, listed, clean), world.time_ms), list[int])
    assert states == [DecisionState.WAITING, DecisionState.BLOCKED, DecisionState.ALLOWED]
    asked_of = ListConcerns((small, listed, clean, 1))
    assert world.ask(POLICY, asked_of, list[int]) == [doubts, Concern.TRAVEL_RULE, 0, 0]
    world.restart()
    assert world.ask(POLICY, asked_of, list[int]) == [doubts, Concern.TRAVEL_RULE, 0, 0]
    assert say(world, Bound(small, transfer("inputs"))) != 0
    assert policy(world, Approve(small), ADA) == 0
    assert say(world, Heed(small)) == 0
    assert say(world, Bound(small, transfer("inputs"))) == 0
