"""Goal: what is under review wants a reviewer beside the group of its rule, whoever that is.

Method: the folds of approvals, withdrawals, suspensions and the policy together, under rules that
another group than the reviewers' approves by; every order of approvals, every person gone, persons
of both groups, reviews that begin in between, and requests that waited under the edition before.
Every test ends with a replay of the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import permutations, product

import msgspec
import pytest

from fullreserve.app.quorums import hanging
from fullreserve.exchange import chart
from fullreserve.exchange.products.approval_acts import Dismiss, Enrol
from fullreserve.exchange.products.approval_state import CONSOLE, Group
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.custody_ledger import Unsound
from fullreserve.exchange.products.custody_wire import Decide, Heed
from fullreserve.exchange.products.policy import Policy
from fullreserve.exchange.products.policy_judging import begins
from fullreserve.exchange.products.policy_rules import (
    REVIEWERS,
    Category,
    Concern,
    DecisionState,
    Explained,
    Rule,
    Verb,
    explain,
)
from fullreserve.exchange.products.policy_wanted import beside, given, hangs_on_one, persons
from fullreserve.exchange.products.policy_wire import (
    APPROVE_MS,
    EDITION,
    HELD,
    OWNER_FIRST,
    POLICY,
    REVIEWED,
    WRITERS,
    Adopt,
    Approve,
    Confirm,
    GetPolicy,
    Judge,
    ListReviews,
    LookedAt,
    PolicyView,
    Propose,
    Refused,
    Reject,
    Review,
    SetRisk,
)
from fullreserve.exchange.products.risk_rules import HOUR_MS, Assessment, Mark, Outcome
from fullreserve.exchange.products.suspension_wire import Mode
from fullreserve.exchange.products.withdrawal_state import EDITION as OF_WITHDRAWALS
from fullreserve.exchange.products.withdrawal_state import REVIEWS, WithdrawalState
from tests.unit.exchange.custody_world import ALICE, BTC, World
from tests.unit.exchange.policy_world import facts
from tests.unit.exchange.suspension_world import ADA, BEA, CLEO, stop
from tests.unit.exchange.test_policy_of_withdrawals import (
    DAY_MS,
    asked,
    bind,
    decision,
    judged,
    of,
    opened,
    policy,
    say,
    undecided,
)
from tests.unit.exchange.test_risk_of_withdrawals import DELAY, STEP_UP, table

DESK = 7  # a group of others
RULES = (
    Rule(1, Verb.BLOCK, categories=(Category.SANCTIONED,)),
    Rule(2, Verb.APPROVE, DESK, 2, categories=(Category.BOOK,)),
)
HELD_THERE = WithdrawalState.COOLING
GUS, HAL, IDA = 10_000_031, 10_000_032, 10_000_033
WRITER = 10_000_041


def enrol(world: World, group: int, *members: int) -> None:
    for member in members:
        assert world.say(Approvals.number, Enrol(group, member)) == 0


def by_desk(edition: int, rules: tuple[Rule, ...] = RULES) -> World:
    """Rules under which the desk approves all that leaves, by an edition of the policy's."""
    made = opened(OF_WITHDRAWALS, edition, rules)
    enrol(made, DESK, GUS, HAL, IDA)
    enrol(made, WRITERS, WRITER, WRITER + 1, WRITER + 2)
    return made


@pytest.fixture
def world() -> Iterator[World]:
    made = by_desk(EDITION)
    yield made
    assert made.replayed().hashes() == made.machine.hashes()


def reviewed(world: World) -> int:
    """A request that a vendor doubts, before people."""
    number = asked(world, 0.1)
    word = Judge(number, Category.BOOK, 30 * DAY_MS, concerns=int(Concern.RISK))
    assert policy(world, word) == say(world, Heed(number)) == 0
    return number


def approved(world: World, number: int, *people: int) -> bool:
    """Whether it may be paid once these have approved it, in their order."""
    for who in people:
        assert policy(world, Approve(number), who) == 0
    assert say(world, Heed(number)) == 0
    assert (decision(world, number).state == DecisionState.ALLOWED) == (
        of(world, number).state == 10
    )
    return of(world, number).state == 10


def review(world: World, number: int) -> Review | None:
    (found,) = world.ask(POLICY, ListReviews((number,)), list[Review | None])
    assert found is None or isinstance(found, Review)
    return found


@pytest.mark.parametrize("people", list(permutations((GUS, HAL, ADA))))
def test_what_is_reviewed_wants_a_reviewer_beside_the_rules_group(
    world: World, people: tuple[int, ...]
) -> None:
    """Criterion: POL-39. In whatever order, restarted in between; nobody else counts."""
    number = reviewed(world)
    explained = decision(world, number).explained
    assert (explained.verb, explained.group, explained.needed) == (Verb.APPROVE, DESK, 2)
    assert review(world, number) == Review(1)
    assert policy(world, Approve(number), WRITER) == Refused.NOT_ALLOWED
    for who in people[:2]:
        assert not approved(world, number, who)
        assert policy(world, Approve(number), who) == Refused.TWICE
        assert bind(world, number) == Unsound.NOT_PAYABLE
        world.restart()
    assert approved(world, number, people[2])
    assert bind(world, number) == 0


@pytest.mark.parametrize("people", [(GUS, HAL, IDA), (ADA, BEA, CLEO)])
def test_as_many_of_one_group_stand_for_nobody_of_the_other(
    world: World, people: tuple[int, ...]
) -> None:
    """Criterion: POL-39."""
    assert not approved(world, reviewed(world), *people)


def test_what_nobody_reviews_is_the_rules_groups_alone(world: World) -> None:
    """Criterion: POL-39."""
    number = asked(world, 0.1)
    judged(world, number)
    assert review(world, number) is None
    assert policy(world, Approve(number), ADA) == Refused.NOT_ALLOWED
    assert approved(world, number, GUS, HAL)
    assert bind(world, number) == 0


def test_nobody_stands_for_the_group_and_for_the_reviewers(world: World) -> None:
    """Criterion: POL-39. Who is of both stands for whichever lacks one."""
    enrol(world, DESK, ADA)
    number = reviewed(world)
    assert not approved(world, number, ADA, GUS)
    assert approved(world, number, BEA)
    other = reviewed(world)
    assert not approved(world, other, ADA, GUS)
    assert approved(world, other, HAL)


def test_a_reviewer_refuses_as_a_member_of_the_group_does(world: World) -> None:
    """Criterion: POL-8, POL-39."""
    for who in (ADA, GUS):
        number = reviewed(world)
        assert policy(world, Reject(number), who) == say(world, Heed(number)) == 0
        assert (of(world, number).state, of(world, number).reason) == (-1, 58204)


def test_who_is_dismissed_in_between_counts_no_more(world: World) -> None:
    """Criterion: POL-39."""
    number = reviewed(world)
    assert not approved(world, number, ADA, GUS)
    assert world.say(Approvals.number, Dismiss(CONSOLE, ADA)) == 0
    assert not approved(world, number, HAL)
    assert approved(world, number, BEA)


@pytest.mark.parametrize("gone", [ADA, BEA, CLEO, GUS, HAL, IDA])
def test_what_is_reviewed_goes_on_without_any_one(world: World, gone: int) -> None:
    """Criterion: POL-31, POL-39."""
    left = [one for one in (GUS, HAL, IDA, ADA, BEA, CLEO) if one != gone]
    desk = [one for one in left if one in (GUS, HAL, IDA)][:2]
    assert approved(world, reviewed(world), *desk, left[-1])


def test_rules_that_hang_on_one_with_the_reviewer_are_refused(world: World) -> None:
    """Criterion: POL-31, POL-39. The start says it of rules that there are."""
    rules = (*RULES[:1], Rule(3, Verb.APPROVE, 8, 2))
    enrol(world, 8, ADA, BEA, CLEO)
    assert policy(world, Propose(rules), WRITER) == Refused.HANGS
    enrol(world, 8, GUS)
    assert policy(world, Propose(rules), WRITER) == 0
    assert hanging(world.machine.folds) == []
    for member in (GUS, HAL, IDA):
        assert world.say(Approvals.number, Dismiss(DESK, member)) == 0
    enrol(world, DESK, ADA, BEA, CLEO)
    (said,) = hanging(world.machine.folds)
    assert said == (
        "rule 2 of the policy wants 2 approvals of group 7 and, of what is under review, one of "
        "operators beside them: 4 persons have to count for any one to be spared, 3 do"
    )


def test_one_reviewer_alone_is_hung_on(world: World) -> None:
    """Criterion: POL-31, POL-39."""
    for member in (BEA, CLEO):
        assert world.say(Approvals.number, Dismiss(CONSOLE, member)) == 0
    rules = (Rule(3, Verb.APPROVE, DESK, 2),)
    assert policy(world, Propose(rules), WRITER) == Refused.HANGS
    assert "one of operators beside them" in hanging(world.machine.folds)[-1]


def test_the_chain_of_decisions_holds_both_approvals(world: World) -> None:
    """Criterion: POL-7, POL-39."""
    fold = next(one for one in world.machine.folds if isinstance(one, Policy))
    for is_doubted in (True, False):
        head = fold.state.head
        number = reviewed(world) if is_doubted else asked(world, 0.1)
        judged(world, number)
        one, looking = decision(world, number), review(world, number)
        content = msgspec.msgpack.encode(msgspec.structs.replace(one, digest=b""))
        content += b"" if looking is None else msgspec.msgpack.encode(looking)
        assert one.digest == sha256(head + content).digest() == fold.state.head


def test_a_review_that_begins_while_the_group_is_asked_is_waited_for(world: World) -> None:
    """Criterion: POL-27, POL-39. The group has not looked at what it is reviewed for."""
    number = asked(world, 0.1)
    judged(world, number)
    stop(world, mode=Mode.REVIEW)
    for who in (GUS, HAL):
        assert policy(world, Approve(number), who) == 0
    assert decision(world, number).state == DecisionState.ALLOWED
    assert world.ask(POLICY, LookedAt(number), int) == 0
    assert say(world, Heed(number)) == bind(world, number) == Unsound.NOT_PAYABLE
    assert undecided(world)[0][0] == number
    judged(world, number)
    assert review(world, number) == Review(1)
    assert approved(world, number, GUS, HAL, ADA)
    assert bind(world, number) == 0


def test_a_second_review_is_not_looked_at_by_who_looked_before_it(world: World) -> None:
    """Criterion: POL-27, POL-39. Though the group approved after it began."""
    number = reviewed(world)
    for who in (GUS, ADA):
        assert policy(world, Approve(number), who) == 0
    looked = review(world, number)
    assert looked is not None
    assert list(looked.seen) == [GUS, ADA]
    stop(world, mode=Mode.REVIEW)
    assert policy(world, Approve(number), HAL) == 0
    assert world.ask(POLICY, LookedAt(number), int) == looked.seen[ADA]
    assert say(world, Heed(number)) == Unsound.NOT_PAYABLE
    judged(world, number)
    assert (decision(world, number).approvals, review(world, number)) == ((), Review(1))
    assert approved(world, number, BEA, GUS, HAL)
    assert bind(world, number) == 0


def test_who_stands_for_the_group_has_not_looked_for_the_reviewers(world: World) -> None:
    """Criterion: POL-27, POL-39. One of both, who alone approves after a second review began."""
    enrol(world, DESK, ADA)
    number = reviewed(world)
    for who in (GUS, BEA):
        assert policy(world, Approve(number), who) == 0
    stop(world, mode=Mode.REVIEW)
    assert policy(world, Approve(number), ADA) == 0
    assert decision(world, number).state == DecisionState.ALLOWED
    assert bind(world, number) == Unsound.NOT_PAYABLE
    judged(world, number)
    # And who approves last of several reviewers has.
    assert not approved(world, number, BEA, GUS)
    stop(world, mode=Mode.REVIEW)
    assert approved(world, number, CLEO, HAL)
    assert bind(world, number) == 0


LEFT = (RULES[0], Rule(9, Verb.APPROVE, DESK, 1, categories=(Category.BOOK,)))
ALLOWS = (RULES[0], Rule(3, Verb.ALLOW, categories=(Category.BOOK,)))


@pytest.mark.parametrize("edition", [REVIEWED - 1, EDITION])
@pytest.mark.parametrize("points", [STEP_UP, DELAY])
def test_what_a_score_asks_for_is_done_before_people_are_asked(edition: int, points: int) -> None:
    """Criterion: POL-6, RISK-8, RISK-9. Whoever leaves to a group what a rule allowed."""
    made = by_desk(edition, ALLOWS)
    assert policy(made, SetRisk(table(look_alike=points))) == 0
    assert policy(made, Propose((*LEFT, ALLOWS[1])), WRITER) == 0
    is_later = edition >= REVIEWED
    in_force = made.ask(POLICY, GetPolicy(), PolicyView).rules == (*LEFT, ALLOWS[1])
    assert in_force == is_later
    if not in_force:
        return
    number = asked(made, 0.5)
    word = Judge(number, Category.BOOK, 30 * DAY_MS, marks=int(Mark.LOOK_ALIKE))
    assert policy(made, word) == say(made, Heed(number)) == 0
    begun = DecisionState.CONFIRMING if points == STEP_UP else DecisionState.DELAYED
    assert decision(made, number).state == begun
    assert policy(made, Approve(number), GUS) == Refused.CLOSED
    made.restart()
    if points == STEP_UP:
        assert policy(made, Confirm(number), ALICE) == 0
    else:
        made.time_ms += 3 * HOUR_MS
    assert policy(made, Approve(number), GUS) == Refused.CLOSED
    assert bind(made, number) == Unsound.NOT_PAYABLE
    assert policy(made, word) == say(made, Heed(number)) == 0
    assert decision(made, number).state == DecisionState.WAITING
    assert bind(made, number) == Unsound.NOT_PAYABLE
    assert approved(made, number, GUS)
    # A review asks people once more, and nobody for what was done.
    stop(made, mode=Mode.REVIEW)
    assert policy(made, word) == say(made, Heed(number)) == 0
    assert approved(made, number, HAL, ADA)
    assert bind(made, number) == 0
    assert made.replayed().hashes() == made.machine.hashes()


@pytest.mark.parametrize("edition", [REVIEWED, EDITION])
@pytest.mark.parametrize("points", [STEP_UP, DELAY])
@pytest.mark.parametrize("rules", [RULES, ALLOWS])
def test_what_is_under_review_is_confirmed_or_waited_for_first(
    edition: int, points: int, rules: tuple[Rule, ...]
) -> None:
    """Criterion: RISK-8, RISK-18. By whichever rule; at once to people before edition 10."""
    made = by_desk(edition, rules)
    assert policy(made, SetRisk(table(look_alike=points))) == 0
    number = asked(made, 0.1)
    word = Judge(
        *(number, Category.BOOK, 30 * DAY_MS),
        concerns=int(Concern.RISK),
        marks=int(Mark.LOOK_ALIKE),
    )
    assert policy(made, word) == say(made, Heed(number)) == 0
    people = (GUS, HAL, ADA) if rules == RULES else (ADA,)
    if edition >= OWNER_FIRST:
        begun = DecisionState.CONFIRMING if points == STEP_UP else DecisionState.DELAYED
        assert (decision(made, number).state, of(made, number).state) == (begun, HELD_THERE)
        for who in people:
            assert policy(made, Approve(number), who) == Refused.CLOSED
            assert policy(made, Reject(number), who) == Refused.CLOSED
        made.restart()
        if points == STEP_UP:
            assert policy(made, Confirm(number), people[0]) == Refused.UNKNOWN
            assert policy(made, Confirm(number), ALICE) == 0
        else:
            made.time_ms += 3 * HOUR_MS
        assert bind(made, number) == Unsound.NOT_PAYABLE
        assert policy(made, word) == say(made, Heed(number)) == 0
    assert decision(made, number).state == DecisionState.WAITING
    assert of(made, number).state in REVIEWS
    assert bind(made, number) == Unsound.NOT_PAYABLE
    made.time_ms += APPROVE_MS - 1  # people have theirs from then on
    assert approved(made, number, *people)
    assert bind(made, number) == 0
    assert made.replayed().hashes() == made.machine.hashes()


@pytest.mark.parametrize("verb", list(Verb))
def test_no_review_takes_from_what_a_score_asks_for(verb: Verb) -> None:
    """Criterion: RISK-18. By enumeration of scores and what was done; before edition 10 one did."""
    rules = (Rule(1, verb, DESK if verb == Verb.APPROVE else 0, verb == Verb.APPROVE),)
    freed = 0
    for outcome, met in product((Outcome.PASS, Outcome.STEP_UP, Outcome.DELAY), Outcome):
        risk = Assessment(0, (), outcome, met)
        for edition in (REVIEWED, EDITION):
            plain, looked = (
                begins(
                    explain(rules, asked, lambda _: 0, 0), risk, edition, is_reviewed=is_reviewed
                )
                for is_reviewed in (False, True)
                for asked in (facts(1, 1, is_reviewed=is_reviewed),)
            )
            if edition == EDITION:
                assert (looked in HELD) == (plain in HELD) == (verb != Verb.BLOCK and risk.holds)
                assert looked == plain or looked not in HELD
            else:
                freed += plain in HELD and looked not in HELD
    assert bool(freed) == (verb != Verb.BLOCK)


@pytest.mark.parametrize("begins_before", [True, False])
def test_who_begins_a_review_and_looks_does_not_stand_for_the_owner(begins_before: bool) -> None:
    """Criterion: RISK-18. ADA does both, with a user's session that nobody confirms in."""
    made = by_desk(EDITION, ALLOWS)
    assert policy(made, SetRisk(table(look_alike=STEP_UP))) == 0
    word = Judge(0, Category.BOOK, 30 * DAY_MS, marks=int(Mark.LOOK_ALIKE))
    if begins_before:
        stop(made, mode=Mode.REVIEW)
    number = asked(made, 0.5)
    word = msgspec.structs.replace(word, withdrawal=number)
    assert policy(made, word) == say(made, Heed(number)) == 0
    if not begins_before:
        stop(made, mode=Mode.REVIEW)
        assert policy(made, word) == say(made, Heed(number)) == 0
    assert policy(made, Approve(number), ADA) == Refused.CLOSED
    assert say(made, Decide(number, WithdrawalState.APPROVED)) == Unsound.NOT_PAYABLE
    made.time_ms += 2 * HOUR_MS
    assert policy(made, word) == say(made, Heed(number)) == 0
    assert bind(made, number) != 0
    assert of(made, number).state == WithdrawalState.FAILED
    assert made.balance(ALICE, chart.HOLD, BTC) == 0
    assert made.replayed().hashes() == made.machine.hashes()


def test_a_confirmation_stays_whatever_is_reviewed_later(world: World) -> None:
    """Criterion: RISK-18. People are asked again, and its owner is not."""
    assert policy(world, SetRisk(table(look_alike=STEP_UP))) == 0
    number = asked(world, 0.5)
    word = Judge(number, Category.BOOK, 30 * DAY_MS, marks=int(Mark.LOOK_ALIKE))
    stop(world, mode=Mode.REVIEW)
    assert policy(world, word) == policy(world, Confirm(number), ALICE) == policy(world, word) == 0
    assert say(world, Heed(number)) == 0
    assert approved(world, number, GUS, HAL, ADA)
    stop(world, mode=Mode.REVIEW)
    assert policy(world, word) == say(world, Heed(number)) == 0
    assert decision(world, number).state == DecisionState.WAITING
    assert approved(world, number, GUS, IDA, BEA)
    assert bind(world, number) == 0


def test_what_waits_for_people_as_edition_10_comes_goes_on_by_their_word() -> None:
    """Criterion: POL-23, RISK-18. What is decided from then on asks its owner first."""
    made = by_desk(REVIEWED, ALLOWS)
    assert policy(made, SetRisk(table(look_alike=STEP_UP))) == 0
    stop(made, mode=Mode.REVIEW)
    old, new = asked(made, 0.1), asked(made, 0.1)
    word = Judge(old, Category.BOOK, 30 * DAY_MS, marks=int(Mark.LOOK_ALIKE))
    assert policy(made, word) == say(made, Heed(old)) == 0
    assert policy(made, Adopt(OWNER_FIRST)) == 0
    assert approved(made, old, ADA)
    assert bind(made, old) == 0
    word = msgspec.structs.replace(word, withdrawal=new)
    assert policy(made, word) == 0
    assert decision(made, new).state == DecisionState.CONFIRMING
    assert made.replayed().hashes() == made.machine.hashes()


def test_what_waits_in_review_mode_as_edition_9_comes_is_its_groups() -> None:
    """Criterion: POL-23, POL-39. But what began to be reviewed since is asked about again."""
    made = by_desk(REVIEWED - 1)
    before, after = asked(made, 0.1), asked(made, 0.1)
    judged(made, after)
    stop(made, mode=Mode.REVIEW)
    judged(made, before)
    third = asked(made, 0.1)
    judged(made, third)
    assert policy(made, Adopt(REVIEWED)) == 0
    for number in (before, after):
        for who in (GUS, HAL):
            assert policy(made, Approve(number), who) == 0
    assert say(made, Heed(before)) == bind(made, before) == 0
    assert say(made, Heed(after)) == Unsound.NOT_PAYABLE
    # Also what was under another review as it was decided.
    stop(made, mode=Mode.REVIEW)
    for who in (GUS, HAL):
        assert policy(made, Approve(third), who) == 0
    assert say(made, Heed(third)) == Unsound.NOT_PAYABLE
    assert made.replayed().hashes() == made.machine.hashes()


def test_what_waited_under_edition_8_is_approved_as_it_was_decided() -> None:
    """Criterion: POL-23, POL-39. And what is asked for after the later one, by that."""
    made = by_desk(REVIEWED - 1)
    first, second = reviewed(made), reviewed(made)
    assert review(made, first) is None
    assert approved(made, first, GUS, HAL)
    assert policy(made, Adopt(REVIEWED)) == 0
    assert policy(made, Approve(second), ADA) == Refused.NOT_ALLOWED
    assert approved(made, second, GUS, HAL)
    third = reviewed(made)
    assert not approved(made, third, GUS, HAL)
    assert approved(made, third, ADA)
    made.restart()
    assert made.replayed().hashes() == made.machine.hashes()


def test_each_approval_stands_for_one_and_all_are_found_that_can_be() -> None:
    """Criterion: POL-39. Held against every way to choose whom each stands for."""
    of = {1: "g", 2: "g", 3: "r", 4: "gr", 5: "gr", 6: ""}
    group, reviewers = (
        Group(members={who: letter in kinds for who, kinds in of.items()}) for letter in "gr"
    )
    for count in range(5):
        for people in permutations(of, count):
            for needed, looking in product((1, 2, 3), (0, 1, 2)):
                found = given(people, group, reviewers, looking)
                assert not set(found.by_group) & set(found.by_reviewers)
                assert all(group.counts(who) for who in found.by_group)
                assert all(reviewers.counts(who) for who in found.by_reviewers)
                is_enough = len(found.by_group) >= needed and len(found.by_reviewers) >= looking
                ways = product(*(of[who] or "-" for who in people))
                could = any(way.count("g") >= needed and way.count("r") >= looking for way in ways)
                assert is_enough == could, (people, needed, looking)


def test_a_rule_hangs_on_one_exactly_where_one_gone_leaves_too_few() -> None:
    """Criterion: POL-31, POL-39. By enumeration of groups and of who is gone."""
    people = range(1, 6)
    for kinds in product(("g", "r", "gr", ""), repeat=len(people)):
        of = dict(zip(people, kinds, strict=True))
        for needed in (1, 2):
            rule = Rule(1, Verb.APPROVE, DESK, needed)
            group, reviewers = (
                Group(members={who: letter in held for who, held in of.items()}) for letter in "gr"
            )
            left = [[one for one in people if one != gone] for gone in people]
            stays = all(
                len(found.by_group) >= needed and len(found.by_reviewers) >= 1
                for found in (given(some, group, reviewers, 1) for some in left)
            )
            hangs = group.enabled <= needed or hangs_on_one(rule, group, reviewers)
            assert hangs != stays, (of, needed)
            assert persons(group, reviewers) == sum(bool(held) for held in of.values())


def test_reviewers_who_are_the_rules_group_are_asked_for_no_more() -> None:
    """Criterion: POL-39."""
    of = {
        (Verb.APPROVE, REVIEWERS, True): 0,
        (Verb.APPROVE, DESK, True): 1,
        (Verb.APPROVE, DESK, False): 0,
        (Verb.BLOCK, 0, True): 0,
    }
    for (verb, group, is_reviewed), needed in of.items():
        found = Explained(verb, 1, group, 2, ())
        assert beside(found, is_reviewed=is_reviewed) == needed
