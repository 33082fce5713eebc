"""A log of withdrawals that rules leave to a desk, and reviews to reviewers beside it.

It begins under the edition before of the policy's rules: under 8 the desk alone approves what is
reviewed; the later one comes while requests wait. Scores ask for what has to be done before the
desk is asked, from 9 on, and before reviewers are, from 10 on.
"""

from __future__ import annotations

import random
from typing import Any

import msgspec

from fullreserve.exchange.products.approval_acts import Dismiss, Enrol
from fullreserve.exchange.products.approval_state import CONSOLE
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.custody_wire import WITHDRAWALS, Bound, Heed, Request
from fullreserve.exchange.products.policy_rules import Category, Concern, DecisionState, Rule, Verb
from fullreserve.exchange.products.policy_table import PolicyState
from fullreserve.exchange.products.policy_wire import (
    HELD,
    HOUR_MS,
    OWNER_FIRST,
    POLICY,
    REVIEWED,
    Adopt,
    Agree,
    Approve,
    Confirm,
    Decision,
    GetReplay,
    Judge,
    Propose,
    Reject,
    Replay,
    SetRisk,
)
from fullreserve.exchange.products.risk_rules import Mark, Outcome, RiskTable, Thresholds
from fullreserve.exchange.products.suspension_wire import (
    SUSPENSIONS,
    Action,
    Fall,
    Mode,
    Reason,
    Suspend,
    Terms,
)
from fullreserve.exchange.wire.commands import amount_bytes
from tests.bed import ALICE, BOB, BTC, Bed
from tests.unit.exchange.custody_world import CHAIN, COIN, FEE_BTC, transfer
from tests.unit.journal import safety_log
from tests.unit.journal.safety_log import ON_CHAIN, OPERATORS, RULES, SMALL, Log

RUNS, ADOPTED, REVIEW_EVERY, REVIEWS_FROM = 900, 120, 50, 600
DESK, OLD_MS = 7, 900 * HOUR_MS
DESKED = (10_000_111, 10_000_112, 10_000_113, OPERATORS[0])  # one of them is a reviewer, too
OF_DESK = msgspec.structs.replace(SMALL, verb=Verb.APPROVE, group=DESK, needed=2)
# New addresses that look like others are delayed, old ones confirmed.
TABLE = RiskTable(thresholds=Thresholds(60, 70, 100, confirm_hours=2, delay_hours=1))
POLICIES = (
    RULES,
    (RULES[0], OF_DESK, RULES[2]),
    (RULES[0], Rule(7, Verb.APPROVE, DESK, 1, most_share=3), *RULES[1:]),
    (RULES[0], Rule(8, Verb.APPROVE, DESK, 2)),
)


async def _ask(log: Log) -> None:
    amount = amount_bytes(log.draws.choice((1, 5, 20)) * COIN // 100)
    asked = Request(CHAIN, BTC, amount, amount_bytes(FEE_BTC), 0, 1)
    await log.say(WITHDRAWALS, asked, log.draws.choice((ALICE, BOB)))


async def _judge(log: Log) -> None:
    """Vetted, every third doubted; bound where that is possible."""
    draws, number = log.draws, log.withdrawal()
    concerns = int(Concern.RISK) if draws.random() < 0.3 else 0
    marks = int(Mark.LOOK_ALIKE) if draws.random() < 0.3 else 0
    age_ms = draws.choice((HOUR_MS, OLD_MS))
    await log.say(POLICY, Judge(number, Category.BOOK, age_ms, concerns=concerns, marks=marks))
    await log.say(WITHDRAWALS, Heed(number))
    if draws.random() < 0.5:
        await log.say(WITHDRAWALS, Bound(number, transfer(f"b{number}")))


async def _held(log: Log) -> None:
    """What a score holds is confirmed, by its owner or another, and judged once more."""
    decisions = log.states[POLICY].decisions
    waits = [one for one, known in decisions.items() if known.state in HELD]
    number = log.draws.choice(waits or [log.withdrawal()])
    await log.say(POLICY, Confirm(number), log.draws.choice((ALICE, BOB)))
    # Under later editions some are still doubted then, and so under review.
    is_doubted = log.edition >= REVIEWED and log.draws.random() < 0.7
    concerns, marks = (int(Concern.RISK), 0) if is_doubted else (0, int(Mark.LOOK_ALIKE))
    await log.say(POLICY, Judge(number, Category.BOOK, OLD_MS, concerns=concerns, marks=marks))
    await log.say(WITHDRAWALS, Heed(number))


async def _by_people(log: Log) -> None:
    """Some of operators and of the desk, of what waits; now and then they refuse."""
    draws, decisions = log.draws, log.states[POLICY].decisions
    waits = [one for one, known in decisions.items() if known.state == DecisionState.WAITING]
    number = draws.choice(waits or [log.withdrawal()])
    verb = Reject if draws.random() < 0.1 else Approve
    people = dict.fromkeys((*OPERATORS, *DESKED, ALICE))
    for who in draws.sample(list(people), draws.randrange(1, 5)):
        await log.say(POLICY, verb(number), who)
    await log.say(WITHDRAWALS, Heed(number))


async def _other_rules(log: Log) -> None:
    """Proposed by one, and agreed to by another who has seen the replay."""
    first, second = log.draws.sample(OPERATORS, 2)
    await log.say(POLICY, Propose(log.draws.choice(POLICIES)), first)
    change = log.change()
    policy = next(fold for fold in log.bed.folds if fold.number == POLICY)
    asked = msgspec.msgpack.encode(GetReplay(change, log.bed.clock.exchange_ms()))
    seen: Replay | None = msgspec.msgpack.decode(policy.answer(asked), type=Replay | None)
    if seen is not None:
        await log.say(POLICY, Agree(change, seen.digest, seen.at_ms, seen.until), second)


async def _come_and_go(log: Log) -> None:
    """A member of the desk, or an operator, counts no more; or does again."""
    draws = log.draws
    group, members = draws.choice(((DESK, DESKED), (CONSOLE, OPERATORS)))
    verb = Enrol if draws.random() < 0.7 else Dismiss
    await log.say(Approvals.number, verb(group, draws.choice(members)))


async def _review(log: Log) -> None:
    """One alone has all be reviewed; nobody ratifies it."""
    terms = Terms(Action.WITHDRAW, ON_CHAIN, Mode.REVIEW, Reason.SECURITY_INCIDENT)
    await log.say(SUSPENSIONS, Suspend(terms), log.operator())


def _overtaken(policy: PolicyState, edition: int) -> int:
    """How many wait for people that the later edition would have ask others, or first its owner."""
    if edition < OWNER_FIRST:
        return _left_alone(policy.decisions)
    scores = policy.assessed
    return sum(
        one.state == DecisionState.WAITING and one.facts.is_reviewed and scores[request].holds
        for request, one in policy.decisions.items()
        if request in scores
    )


def _left_alone(decisions: dict[int, Decision]) -> int:
    """How many wait for the desk alone that are under review."""
    waits = [one for one in decisions.values() if one.state == DecisionState.WAITING]
    return sum(one.facts.is_reviewed and one.explained.group == DESK for one in waits)


def _note(
    policy: PolicyState, both: set[tuple[int, int]], done: set[tuple[int, int]], edition: int
) -> None:
    """What has been seen: states with approvals, or with what a score asked for and was done.

    Of what is under review from edition 10 on, and of what is not before.
    """
    is_reviewed = edition >= OWNER_FIRST
    for request in policy.reviews:
        one = policy.decisions[request]
        both.add((one.state, len(one.approvals)))
    for request, found in policy.assessed.items():
        one = policy.decisions[request]
        if one.explained.group == DESK and one.facts.is_reviewed == is_reviewed:
            done.add((one.state, found.met))


async def fill(bed: Bed, draws: random.Random, edition: int = REVIEWED) -> None:
    """Nine days of it, the last of them in review mode, up to an edition of the rules."""
    log = Log(bed, draws, edition - 1)
    await log.open()
    await safety_log.begin(log, POLICIES[1])
    for member in DESKED:
        await log.say(Approvals.number, Enrol(DESK, member))
    await log.say(POLICY, SetRisk(TABLE))
    both: set[tuple[int, int]] = set()  # states of what both are wanted for, and how many approved
    alone, done = 0, set[tuple[int, int]]()  # what scores asked for of what people approved, too
    steps: tuple[Any, ...] = (
        *(_ask, _ask, _judge, _judge, _held, _held),
        *(*(_by_people,) * 4, _come_and_go),
    )
    policy = log.states[POLICY]
    for turn in range(1, RUNS + 1):
        if turn >= ADOPTED and not alone:
            alone = _overtaken(policy, edition)
            if alone:
                await log.say(POLICY, Adopt(edition))
        if turn % 20 == 7:
            await _other_rules(log)
        if turn % REVIEW_EVERY == 30 and turn > REVIEWS_FROM:
            await _review(log)
        elif turn % REVIEW_EVERY == 40:
            await log.say(SUSPENSIONS, Fall(log.suspension()))
        await draws.choice(steps)(log)
        _note(policy, both, done, edition)
        log.advance(HOUR_MS // 2)
    assert alone, "some waited as the edition before had it when the later one came"
    for state, count in ((DecisionState.WAITING, 2), (DecisionState.ALLOWED, 3)):
        assert (state, count) in both
    assert {state for state, _ in both} >= {DecisionState.REJECTED, DecisionState.EXPIRED}
    for begun in (DecisionState.CONFIRMING, DecisionState.DELAYED):
        assert (begun, Outcome.PASS) in done
    for met in (Outcome.STEP_UP, Outcome.DELAY):
        assert (DecisionState.ALLOWED, met) in done
    assert {one.is_tightening for one in policy.changes.values()} == {True, False}
    assert len(policy.passed) > 0, "people looked at what was reviewed"
