"""Goal: a withdrawal is paid only when its risk score let it pass, or what it asked for was done.

Method: the folds of withdrawals and the policy together, under tables that ask for each outcome;
owners who confirm, cancel and wait, people who approve and refuse, coins that go by other accounts,
and random courses restarted from a snapshot at every step. Every test ends with a replay.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products.approval_state import CONSOLE
from fullreserve.exchange.products.custody_ledger import Unsound
from fullreserve.exchange.products.custody_wire import (
    WITHDRAWALS,
    Cancel,
    Decide,
    Destination,
    Heed,
    Request,
    StopOwner,
)
from fullreserve.exchange.products.policy_rules import (
    Category,
    Concern,
    DecisionState,
    Rule,
    Verb,
)
from fullreserve.exchange.products.policy_wire import (
    APPROVE_MS,
    CANCELED_GO,
    EDITION,
    OWNER_FIRST,
    POLICY,
    REVIEWED,
    Approve,
    Confirm,
    Decision,
    GetPolicy,
    GetReplay,
    Judge,
    ListAssessments,
    ListHeld,
    ListStates,
    PolicyView,
    Propose,
    Reject,
    Replay,
    SetRisk,
)
from fullreserve.exchange.products.policy_wire import Decide as DecidePolicy
from fullreserve.exchange.products.risk_rules import (
    HOUR_MS,
    Assessment,
    Bounds,
    Mark,
    Outcome,
    Points,
    Reason,
    RiskTable,
    Thresholds,
    Whence,
)
from fullreserve.exchange.products.suspension_wire import Mode
from fullreserve.exchange.products.withdrawal_state import (
    FEES_WALKED,
    GetPlace,
    ListQueue,
    ListUndecided,
    Place,
    Undecided,
    WithdrawalState,
)
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.wire.queries import ListSupplies
from tests.unit.exchange.custody_world import (
    ALICE,
    BOB,
    BTC,
    CAROL,
    FEE_BTC,
    World,
    coins,
)
from tests.unit.exchange.policy_world import facts
from tests.unit.exchange.suspension_world import ADA, BEA, ask, requests, stop
from tests.unit.exchange.test_policy_of_withdrawals import (
    asked,
    bind,
    decision,
    held,
    hold,
    of,
    opened,
    paid,
    payable,
    policy,
    say,
    undecided,
)

USD = 10**8
DAY_MS = 24 * HOUR_MS
NONE = dict.fromkeys(msgspec.structs.asdict(Points()), 0)
STEP_UP, DELAY, REVIEW = 10, 20, 30
# A mark decides: what looks like another address gives the points.
LIKE = int(Mark.LOOK_ALIKE)


def table(**points: int) -> RiskTable:
    """Only these reasons count."""
    limits = Thresholds(STEP_UP, DELAY, REVIEW, confirm_hours=2, delay_hours=3)
    return RiskTable(Points(**(NONE | points)), Bounds(), limits)


@pytest.fixture
def world() -> Iterator[World]:
    made = opened(FEES_WALKED)
    yield made
    assert made.replayed().hashes() == made.machine.hashes()
    for supply in made.machine.query(ListSupplies()):
        assert supply.supply == supply.total


def judged(world: World, number: int, marks: int = LIKE, **more: Any) -> int:
    """By the worker, and heeded; the code of the first word."""
    age_ms = more.pop("age_ms", 30 * DAY_MS)
    code = policy(world, Judge(number, Category.BOOK, age_ms, marks=marks, **more))
    say(world, Heed(number))
    return code


def risk(world: World, number: int) -> Assessment:
    (found,) = world.ask(POLICY, ListAssessments((number,)), list[Assessment | None])
    assert isinstance(found, Assessment)
    return found


def standing(world: World, number: int) -> int:
    (found,) = world.ask(POLICY, ListStates((number,), world.time_ms), list[int])
    assert isinstance(found, int)
    return found


def test_what_passes_goes_by_itself_and_its_score_is_chained(world: World) -> None:
    """Criterion: RISK-5. The digest of a decision is over its assessment too."""
    assert policy(world, SetRisk(table(by_api=9)), ALICE) == 95001
    assert policy(world, SetRisk(table(by_api=9))) == 0
    before = world.ask(POLICY, GetPolicy(), PolicyView).head
    assert ask(world, 0.5, by_api=True) == 0
    number = requests(world)[-1].number
    assert judged(world, number) == 0
    found = risk(world, number)
    assert (found.score, found.reasons, found.outcome) == (9, ((Reason.BY_API, 9),), Outcome.PASS)
    decided = decision(world, number)
    bare = msgspec.structs.replace(decided, digest=b"")
    content = msgspec.msgpack.encode(bare) + msgspec.msgpack.encode(found)
    assert decided.digest == sha256(before + content).digest()
    assert (payable(world), bind(world, number), paid(world, number)) == ([number], 0, 0)


def test_a_step_up_waits_for_its_owner_alone(world: World) -> None:
    """Criterion: RISK-6. In no queue, shown as 0; neither house nor people confirm."""
    assert policy(world, SetRisk(table(look_alike=STEP_UP))) == 0
    number = asked(world, 0.5)
    judged(world, number)
    one = of(world, number)
    assert (one.state, WithdrawalState(one.state).shown) == (WithdrawalState.COOLING, 0)
    assert decision(world, number).state == DecisionState.CONFIRMING
    assert risk(world, number).until_ms == world.time_ms + 2 * HOUR_MS
    assert (payable(world), bind(world, number)) == ([], Unsound.NOT_PAYABLE)
    assert say(world, Decide(number, 7)) == Unsound.NOT_PAYABLE
    assert world.ask(WITHDRAWALS, GetPlace(number), Place | None) is None
    assert world.ask(WITHDRAWALS, ListQueue(), list[Any]) == []
    for who in (BOB, ADA, chart.HOUSE):
        assert policy(world, Confirm(number), who) == 95002
    assert policy(world, Approve(number), ADA) == 95003
    world.restart()
    assert policy(world, Confirm(number), ALICE) == 0
    assert policy(world, Confirm(number), ALICE) == 95003
    # Confirmed is not let through: it is judged once more, with what is known by then.
    assert (standing(world, number), say(world, Heed(number))) == (0, Unsound.NOT_PAYABLE)
    assert bind(world, number) == Unsound.NOT_PAYABLE
    world.restart()
    judged(world, number)
    assert (risk(world, number).met, decision(world, number).state) == (
        Outcome.STEP_UP,
        DecisionState.ALLOWED,
    )
    assert (of(world, number).state, payable(world), bind(world, number)) == (10, [number], 0)


def test_what_nobody_confirms_in_time_is_refunded(world: World) -> None:
    """Criterion: RISK-6. To the millisecond, whether the policy heard anything meanwhile or not."""
    assert policy(world, SetRisk(table(look_alike=STEP_UP))) == 0
    number, other = asked(world, 0.5), asked(world, 0.1, BOB)
    judged(world, number)
    judged(world, other)
    world.time_ms += 2 * HOUR_MS - 1
    assert say(world, Heed(number)) == 0
    assert of(world, number).state == WithdrawalState.COOLING
    world.time_ms += 1
    assert standing(world, number) == DecisionState.EXPIRED
    assert policy(world, Confirm(number), ALICE) == 95003
    assert say(world, Heed(number)) == 0
    assert (of(world, number).state, of(world, number).reason, held(world)) == (-1, 58204, 0)
    assert decision(world, other).state == DecisionState.EXPIRED
    # What has expired counts for nobody's velocity any more.
    judged(world, asked(world, 0.99), marks=0)
    assert decision(world, requests(world)[-1].number).explained.rule == 2


def test_a_confirmed_one_that_looks_worse_by_then_is_held_again(world: World) -> None:
    """Criterion: RISK-6. For what is asked for beyond what was done, and no other way round."""
    assert policy(world, SetRisk(table(look_alike=STEP_UP))) == 0
    number = asked(world, 0.5)
    judged(world, number)
    assert policy(world, Confirm(number), ALICE) == 0
    assert policy(world, SetRisk(table(look_alike=DELAY))) == 0
    judged(world, number)
    assert (decision(world, number).state, risk(world, number).met) == (
        DecisionState.DELAYED,
        Outcome.STEP_UP,
    )
    world.time_ms += 3 * HOUR_MS
    assert policy(world, SetRisk(table(look_alike=STEP_UP))) == 0
    judged(world, number)
    assert bind(world, number) == 0


def test_a_delay_lasts_and_its_owner_may_cancel(world: World) -> None:
    """Criterion: RISK-7"""
    assert policy(world, SetRisk(table(look_alike=DELAY))) == 0
    first, second = asked(world, 0.2), asked(world, 0.3)
    for number in (first, second):
        judged(world, number)
        assert of(world, number).state == WithdrawalState.COOLING
    until_ms = risk(world, first).until_ms
    assert until_ms == world.time_ms + 3 * HOUR_MS
    assert policy(world, Confirm(first), ALICE) == 95003
    assert say(world, Cancel(second), ALICE) == 0
    assert of(world, second).state == -2
    world.time_ms = until_ms - 1
    judged(world, first)
    assert (standing(world, first), bind(world, first)) == (
        DecisionState.DELAYED,
        Unsound.NOT_PAYABLE,
    )
    world.time_ms += 1
    world.restart()
    assert standing(world, first) == 0
    assert judged(world, second) == 95003
    judged(world, first)
    assert bind(world, first) == 0
    assert held(world) == 20_000_000 + FEE_BTC


def test_people_look_at_what_is_above_the_last_threshold(world: World) -> None:
    """Criterion: RISK-8. One member of the console, not its owner; refused is refunded."""
    assert policy(world, SetRisk(table(look_alike=REVIEW))) == 0
    first, second, third = (asked(world, 0.2) for _ in range(3))
    for number in (first, second, third):
        judged(world, number)
        assert of(world, number).state == WithdrawalState.REVIEW
    explained = decision(world, first).explained
    assert (explained.verb, explained.group, explained.needed) == (Verb.APPROVE, CONSOLE, 1)
    assert policy(world, Confirm(first), ALICE) == 95003
    assert policy(world, Approve(first), ALICE) == 95001
    assert policy(world, Approve(first), ADA) == say(world, Heed(first)) == 0
    assert policy(world, Reject(second), ADA) == say(world, Heed(second)) == 0
    assert (bind(world, first), of(world, second).state) == (0, -1)
    world.time_ms += APPROVE_MS
    assert say(world, Heed(third)) == 0
    assert of(world, third).state == -1


def test_a_score_loosens_nothing(world: World) -> None:
    """Criterion: RISK-8. What rules block is blocked, what they leave to people is left to them.

    That was at once, in place of what a score asks for, before edition 9 of the policy.
    """
    assert policy(world, SetRisk(table(look_alike=STEP_UP))) == 0
    blocked, large = asked(world, 0.1), asked(world, 1.5)
    sanctioned = Judge(blocked, Category.SANCTIONED, 0, marks=LIKE)
    assert policy(world, sanctioned) == say(world, Heed(blocked)) == 0
    judged(world, large)
    assert (of(world, blocked).state, of(world, blocked).reason) == (-1, 58217)
    assert (of(world, large).state, decision(world, large).explained.rule) == (4, 3)
    doubted = asked(world, 0.1, BOB)
    judged(world, doubted, concerns=int(Concern.RISK))
    assert of(world, doubted).state == WithdrawalState.REVIEW


def test_a_held_one_that_a_suspension_stops_goes_into_its_queue(world: World) -> None:
    """Criterion: RISK-7. And one that begins a review leaves it to people."""
    assert policy(world, SetRisk(table(look_alike=DELAY))) == 0
    first, second = asked(world, 0.2), asked(world, 0.2, BOB)
    judged(world, first)
    judged(world, second)
    hold(world, stopped=True)
    assert of(world, first).state == WithdrawalState.COOLING
    world.time_ms += 3 * HOUR_MS
    judged(world, first)
    assert (of(world, first).state, bind(world, first)) == (0, Unsound.NOT_PAYABLE)
    stop(world, mode=Mode.REVIEW)
    judged(world, second)
    assert of(world, second).state == WithdrawalState.REVIEW
    hold(world, stopped=False)
    assert bind(world, first) in (Unsound.STOPPED, Unsound.NOT_PAYABLE)


def test_the_log_says_what_the_score_is_made_of(world: World) -> None:
    """Criterion: RISK-1. Who asked, changed credentials, history, share, address, vendors."""
    assert policy(world, SetRisk(RiskTable())) == 0
    assert say(world, StopOwner(ALICE, world.time_ms - 1)) == 0
    whence = Whence(device_ms=0, place_ms=0)
    assert (
        ask(world, 90, whence=whence, by_api=True) == 0
    )  # nearly all of 100 BTC, four and a half million USD
    number = requests(world)[-1].number
    doubts = int(Concern.RISK | Concern.TRAVEL_RULE_DOWN)
    judged(world, number, age_ms=0, concerns=doubts)
    names = [Reason(reason).name for reason, _ in risk(world, number).reasons]
    assert names == [
        *("NEW_ADDRESS", "NEW_DEVICE", "NEW_PLACE", "CREDENTIALS", "TAKEOVER", "BY_API"),
        *("AMOUNT", "SHARE", "VELOCITY", "LOOK_ALIKE", "ADDRESS_RISK", "VENDOR_DOWN"),
    ]
    judged(world, asked(world, 0.01, BOB), marks=0)
    assert risk(world, requests(world, BOB)[-1].number).score == 0
    assert say(world, Cancel(number), ALICE) == 92010  # people look at it
    assert not of(world, number).binding
    # Of what is over nothing is kept of who asked.
    assert policy(world, Reject(number), ADA) == say(world, Heed(number)) == 0
    assert world.machine.folds[2].state.whence == {}


def test_an_amount_is_held_against_the_owners_history(world: World) -> None:
    """Criterion: RISK-1. Small ones make one that is five times as large a large one."""
    assert policy(world, SetRisk(table(amount=5))) == 0
    for _ in range(3):
        judged(world, asked(world, 0.02))  # 1,000 USD
    judged(world, asked(world, 0.1))
    assert risk(world, requests(world)[-1].number).score == 0
    judged(world, asked(world, 0.21))
    assert risk(world, requests(world)[-1].number).score == 5
    judged(world, asked(world, 0.2, BOB))  # who has none may withdraw 10,000 USD
    assert risk(world, requests(world, BOB)[-1].number).score == 0


# Coins that others passed on


def send(world: World, units: float, owner: int, receiver: int) -> None:
    nothing = amount_bytes(0)
    asked_for = Request(0, BTC, coins(units), nothing, Destination.OWNER, receiver)
    assert say(world, asked_for, owner) == 0


def test_coins_by_way_of_another_account_count_for_who_sent_them(world: World) -> None:
    """Criterion: RISK-4, POL-3. 40,000 USD, and 40,000 from another account, are over 50,000."""
    assert policy(world, SetRisk(table(passed_on=1, velocity=1))) == 0
    judged(world, asked(world, 0.8))
    send(world, 0.8, ALICE, CAROL)
    judged(world, asked(world, 0.79, CAROL))
    number = requests(world, CAROL)[-1].number
    found = decision(world, number)
    assert (found.explained.trace[1].failed, found.explained.rule) == ("velocity", 3)
    assert [reason for reason, _ in risk(world, number).reasons] == [
        Reason.VELOCITY,
        Reason.PASSED_ON,
    ]
    assert risk(world, number).beside_usd == 40_000 * USD
    # A day later it is nobody's business any more.
    world.time_ms += DAY_MS
    judged(world, asked(world, 0.8, BOB))
    send(world, 0.1, BOB, CAROL)
    world.time_ms += DAY_MS
    judged(world, asked(world, 0.1, CAROL))
    assert decision(world, requests(world, CAROL)[-1].number).explained.rule == 2


def test_one_address_counts_whoever_pays_to_it(world: World) -> None:
    """Criterion: RISK-4, POL-3. And what was refused does not."""
    assert policy(world, SetRisk(table(receiver=1))) == 0
    judged(world, asked(world, 0.8), place=b"there")
    assert risk(world, requests(world)[-1].number).score == 0
    judged(world, asked(world, 0.8, BOB), place=b"elsewhere")
    judged(world, asked(world, 0.1, BOB), place=b"there")
    number = requests(world, BOB)[-1].number
    assert (risk(world, number).beside_usd, risk(world, number).score) == (40_000 * USD, 1)
    assert decision(world, number).explained.rule == 3
    assert policy(world, Reject(number), ADA) == 0
    world.restart()
    judged(world, asked(world, 0.1), place=b"there")
    assert risk(world, requests(world)[-1].number).score == 0


@pytest.mark.parametrize("edition", [CANCELED_GO - 1, CANCELED_GO])
@pytest.mark.parametrize("ends", ["canceled", "confirmed, then canceled", "unconfirmed"])
def test_what_was_canceled_while_it_was_held_counts_from_edition_4_on_for_nothing(
    edition: int, ends: str
) -> None:
    """Criterion: RISK-12. 40,000 USD that never left, and 40,000, are not over 50,000."""
    world = opened(edition)
    points = STEP_UP if "confirmed" in ends else DELAY
    assert policy(world, SetRisk(table(look_alike=points))) == 0
    first = asked(world, 0.8)
    judged(world, first)
    if ends == "confirmed, then canceled":
        assert policy(world, Confirm(first), ALICE) == 0
    assert say(world, Cancel(first), ALICE) == 0
    world.restart()
    second = asked(world, 0.8)
    judged(world, second, marks=0)
    goes = edition >= CANCELED_GO
    assert decision(world, second).explained.rule == (2 if goes else 3)
    assert (decision(world, first).state == DecisionState.CANCELED) == goes
    assert world.replayed().hashes() == world.machine.hashes()


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what is refused, few are kept, so that a test is quick."""
    monkeypatch.setattr("fullreserve.exchange.products.policy_judging.REFUSED_KEPT", 5)


@pytest.mark.usefixtures("few")
def test_requests_that_are_canceled_for_nothing_fill_no_memory(world: World) -> None:
    """Criterion: RISK-12, POL-19. Of what costs nobody a fee, a number of the newest is kept."""
    assert policy(world, SetRisk(table(look_alike=DELAY))) == 0
    kept = asked(world, 0.1)
    judged(world, kept)
    for _ in range(20):
        number = asked(world, 0.1)
        judged(world, number)
        assert say(world, Cancel(number), ALICE) == 0
    world.restart()
    judged(world, asked(world, 0.1, BOB))
    state = world.machine.folds[5].state
    assert len(state.decisions) == 5 + 3  # those held, the last one canceled, and Bob's
    assert sorted(state.ended) == sorted(
        one for one, known in state.decisions.items() if known.state == DecisionState.CANCELED
    )
    assert decision(world, kept).state == DecisionState.DELAYED


class Untold(dict[Any, Any]):
    """A table that nobody is to walk."""

    def values(self) -> Any:
        raise AssertionError("all are walked")

    items = __iter__ = values


def test_who_asks_what_is_held_walks_no_other_decision(world: World) -> None:
    """Criterion: RISK-16. However many were let through since the last that is held."""
    assert policy(world, SetRisk(table(look_alike=DELAY))) == 0
    first, second, canceled = (asked(world, 0.1) for _ in range(3))
    for number in (first, second, canceled):
        judged(world, number)
    judged(world, asked(world, 0.1), marks=0)
    for_people = asked(world, 0.1, BOB)
    judged(world, for_people, marks=0, concerns=int(Concern.RISK))
    assert say(world, Cancel(canceled), ALICE) == 0
    judged(world, asked(world, 0.1), marks=0)
    world.restart()
    state = world.machine.folds[5].state
    state.decisions = Untold(state.decisions)

    def held_after(number: int, limit: int = 9) -> list[int]:
        found = world.ask(POLICY, ListHeld(number, limit), list[Decision])
        return [one.facts.request for one in found]

    numbers = [state.decisions[one].number for one in (first, second, for_people)]
    assert held_after(0) == [first, second, for_people]
    assert held_after(0, 1) == [first]
    assert held_after(numbers[0]) == [second, for_people]
    assert held_after(numbers[2]) == []


def test_a_replay_counts_what_others_added(world: World) -> None:
    """Criterion: RISK-4, POL-20. The same rules make the same of the same requests."""
    assert policy(world, SetRisk(table(passed_on=1))) == 0
    judged(world, asked(world, 0.8))
    send(world, 0.8, ALICE, CAROL)
    judged(world, asked(world, 0.79, CAROL))
    rules = world.ask(POLICY, GetPolicy(), PolicyView).rules
    assert policy(world, Propose((*rules, Rule(9, Verb.ALLOW))), ADA) == 0
    change = world.ask(POLICY, GetPolicy(), PolicyView).changes[-1].number
    replay = world.ask(POLICY, GetReplay(change, world.time_ms), Replay | None)
    assert (replay.looked_at, replay.differs) == (2, ())


def test_with_a_table_nothing_is_decided_without_a_score(world: World) -> None:
    """Criterion: RISK-5. And a table that means nothing is refused."""
    assert policy(world, SetRisk(RiskTable(Points(by_api=-1)))) == 51000
    number = asked(world, 0.1)
    assert policy(world, DecidePolicy(facts(number, 1))) == 0
    assert policy(world, SetRisk(RiskTable())) == 0
    other = asked(world, 0.1)
    assert policy(world, DecidePolicy(facts(other, 1))) == 51000
    assert undecided(world)[-1] == (other, False)


def test_the_worker_sees_what_was_heeded(world: World) -> None:
    """Criterion: RISK-9. So that a word lost between two decisions is said again."""
    assert policy(world, SetRisk(table(look_alike=DELAY))) == 0
    number = asked(world, 0.2)

    def listed() -> list[tuple[int, bool, int]]:
        found = world.ask(WITHDRAWALS, ListUndecided(9), list[Undecided])
        return [(one.withdrawal, one.is_asked, one.judged) for one in found]

    assert policy(world, Judge(number, Category.BOOK, 0, marks=LIKE)) == 0  # and killed
    assert listed() == [(number, False, 0)]
    world.restart()
    assert say(world, Heed(number)) == 0
    assert listed() == [(number, True, DecisionState.DELAYED)]
    world.time_ms += 3 * HOUR_MS
    assert policy(world, Judge(number, Category.BOOK, 0, marks=LIKE)) == 0  # and killed
    world.restart()
    assert listed() == [(number, True, DecisionState.DELAYED)]
    assert standing(world, number) == DecisionState.ALLOWED
    assert say(world, Heed(number)) == 0
    assert (listed(), bind(world, number)) == ([], 0)


Course = dict[int, dict[str, bool]]


def _step(world: World, draws: random.Random, number: int, done: Course) -> None:
    """What may happen next, by anybody; notes who has done what a score may have asked for."""
    owner = of(world, number).owner
    mine = done.setdefault(number, {})
    (found,) = world.ask(POLICY, ListAssessments((number,)), list[Assessment | None])
    is_delay = found is not None and found.outcome == Outcome.DELAY
    if is_delay and 0 < found.until_ms <= world.time_ms:
        mine["waited"] = True

    def confirm() -> None:
        if policy(world, Confirm(number), draws.choice((owner, ALICE, BOB, ADA))) == 0:
            mine["confirmed"] = True

    def approve() -> None:
        if policy(world, Approve(number), draws.choice((ADA, BEA, owner))) == 0:
            mine["approved"] = True

    steps: tuple[Callable[[], object], ...] = (
        lambda: judged(world, number, draws.choice((0, LIKE)), place=draws.choice((b"", b"x"))),
        lambda: judged(world, number, age_ms=draws.choice((0, 30 * DAY_MS))),
        lambda: judged(world, number, concerns=int(Concern.RISK)),
        confirm,
        confirm,
        approve,
        lambda: policy(world, Reject(number), draws.choice((ADA, BOB, BOB, BOB))),
        lambda: say(world, Heed(number)),
        lambda: say(world, Decide(number, draws.choice((7, 7, 4)))),
        lambda: say(world, Cancel(number), draws.choice((owner, ADA, ADA, ADA, ADA))),
        lambda: hold(world, stopped=draws.random() < 0.2),
        lambda: (judged(world, number), bind(world, number)),
        lambda: (judged(world, number), bind(world, number)),
        lambda: bind(world, number),
        lambda: paid(world, number),
    )
    draws.choice(steps)()


@pytest.mark.parametrize("edition", [FEES_WALKED, REVIEWED, EDITION])
@pytest.mark.parametrize("seed", range(6))
def test_no_course_pays_what_was_not_passed_confirmed_waited_for_or_approved(
    edition: int, seed: int
) -> None:
    """Criterion: RISK-8, RISK-9, RISK-18. Restarted from a snapshot at every step; each ends once.

    From edition 9 of the policy on nobody's approval stands in the place of the owner or of time,
    but of what is under review, and from edition 10 on not of that either.
    """
    world = opened(max(edition, FEES_WALKED), edition)
    draws, done = random.Random(seed), Course()
    scores = table(look_alike=draws.choice((STEP_UP, DELAY)), new_address=DELAY)
    assert policy(world, SetRisk(scores)) == 0
    numbers = [asked(world, draws.choice((0.1, 0.4, 2)), owner) for owner in (ALICE, BOB) * 3]
    asked_for: dict[int, int] = {}
    for _ in range(200):
        number = draws.choice(numbers)
        was_bound = bool(of(world, number).binding)
        _step(world, draws, number, done)
        found = world.ask(POLICY, ListAssessments((number,)), list[Assessment | None])[0]
        if found is not None and not was_bound:
            asked_for[number] = found.outcome
        one = of(world, number)
        if one.binding and not was_bound:
            _is_earned(world, number, asked_for[number], done[number], edition)
        world.time_ms += draws.choice((0, 60_000, HOUR_MS // 6))
        world.restart()
    for number in numbers:
        one = of(world, number)
        if one.state == WithdrawalState.SUCCESS:
            assert one.binding
    assert world.replayed().hashes() == world.machine.hashes()


def _is_earned(
    world: World, number: int, outcome: int, done: dict[str, bool], edition: int
) -> None:
    decided: Decision = decision(world, number)
    assert decided.state == DecisionState.ALLOWED
    is_reviewed = decided.facts.is_reviewed
    goes_to_people = edition < (OWNER_FIRST if is_reviewed else REVIEWED)
    by_people = ("approved",) if goes_to_people else ()
    needs = {
        Outcome.STEP_UP: ("confirmed", "waited", *by_people),
        Outcome.DELAY: ("waited", *by_people),
    }
    wanted = needs.get(Outcome(outcome), ("approved",) if outcome == Outcome.REVIEW else ())
    assert not wanted or any(done.get(one) for one in wanted), (Outcome(outcome), done)
