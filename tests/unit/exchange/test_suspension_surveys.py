"""Goal: a restart reads its queue a few requests a word, and finds what one walk would.

Method: 10,000 requests put into the folds as a snapshot would, and what each word reads and asks
is counted; the same courses in two worlds, of which one goes by the earlier edition of the rules;
words that are taken back.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from fullreserve.exchange import chart
from fullreserve.exchange.folds import Moment
from fullreserve.exchange.products import suspension_gates as gates
from fullreserve.exchange.products import suspension_rules
from fullreserve.exchange.products.custody_wire import WITHDRAWALS, Cancel
from fullreserve.exchange.products.suspension_state import (
    EDITION,
    HOUR_MS,
    SURVEY_KEPT_MS,
    Refused,
    Surveyed,
    SuspensionState,
)
from fullreserve.exchange.products.suspension_wire import (
    SUSPENSIONS,
    Adopt,
    Advance,
    Canary,
    Fall,
    Gate,
    GetSurvey,
    Level,
    Lift,
    ListRoll,
    OpenDrain,
    Scope,
    Show,
    Survey,
)
from fullreserve.exchange.products.suspensions import Suspensions
from fullreserve.exchange.products.withdrawal_state import BY_A_FEW, WithdrawalState
from fullreserve.exchange.wire.commands import OwnerFlag, Product, SetOwner, amount_bytes
from tests.unit.exchange.custody_world import ALICE, BOB, BTC, CAROL, CHAIN, World, coins
from tests.unit.exchange.suspension_world import (
    ADA,
    BEA,
    SEED,
    ask,
    lift,
    of,
    opened,
    planned,
    reopened,
    requests,
    say,
    screened,
    stop,
    survey,
    tick,
)
from tests.unit.exchange.test_withdrawal_bounds import MANY, Work, crowd, fold_of

OWNERS = (ALICE, BOB, CAROL)
ON_CHAIN = Scope(Level.CHAIN, CHAIN)
SEGMENT = Scope(Level.SEGMENT, key=3)
# What a word asks of the core and of other folds, beside one question for each owner on its page.
ASKED = 25


class Read(dict[int, Any]):
    """A roll that counts whose line is read, and is walked by its numbers alone."""

    read = 0

    def __getitem__(self, key: int) -> Any:
        Read.read += 1
        return super().__getitem__(key)

    def values(self) -> Any:
        raise AssertionError("all are walked")

    items = values


def suspensions_of(world: World) -> Suspensions:
    return next(one for one in world.machine.folds if isinstance(one, Suspensions))


def told(world: World, number: int) -> Surveyed:
    found = world.ask(SUSPENSIONS, GetSurvey(number), Surveyed)
    assert isinstance(found, Surveyed)
    return found


def crowded(scope: Scope) -> tuple[World, int]:
    """10,000 wait for a suspension whose gates are green but for those that know the queue."""
    world = opened(edition=BY_A_FEW, surveys=True)
    # The log is longer than the numbers of the crowd.
    world.core(*(SetOwner(0, 0, CAROL, 0, 1, 0, 1) for _ in range(MANY)))
    world.core(*(SetOwner(0, 0, owner, SEGMENT.key, 1, 0, 1) for owner in (ALICE, BOB)))
    number = stop(world, scope=scope)
    planned(world, number)
    world.time_ms += HOUR_MS
    suspensions_of(world).state.surveys.clear()
    many = {one.number: one for one in crowd(WithdrawalState.QUEUED, 1)}
    state = replace(fold_of(world).state, withdrawals=many)
    fold_of(world).restore(msgspec.msgpack.encode(state))
    return world, number


def state_set(world: World, number: int, state: SuspensionState) -> None:
    table = suspensions_of(world).state.suspensions
    table[number] = replace(table[number], state=state)


def words_of(number: int) -> dict[str, tuple[Callable[[World], int], SuspensionState]]:
    """Each word that needs to know a queue, and the state in which it is said."""
    shown = Show(number, Gate.QUEUE_HYGIENE, b"", passed=True)
    checking, canary = SuspensionState.GATE_CHECK, SuspensionState.CANARY
    return {
        "hygiene": (
            lambda world: say(world, replace(shown, **screened(world, number)), BEA),
            checking,
        ),
        "liquidity": (
            lambda world: say(world, Show(number, Gate.LIQUIDITY, b"", passed=True), BEA),
            checking,
        ),
        "canaries": (lambda world: say(world, Advance(number, SEED), chart.HOUSE), checking),
        "canary": (lambda world: say(world, Canary(number, 1)), canary),
        "opening": (lambda world: say(world, OpenDrain(number, SEED)), canary),
        "end": (lambda world: say(world, Lift(number)), SuspensionState.DRAINING),
    }


@pytest.mark.parametrize("name", list(words_of(0)))
@pytest.mark.parametrize("scope", [ON_CHAIN, SEGMENT])
def test_no_word_of_a_restart_walks_its_queue(
    monkeypatch: pytest.MonkeyPatch, name: str, scope: Scope
) -> None:
    """A survey reads it, a hundred requests a word. Criterion: CUST-BOUND-9."""
    monkeypatch.setattr(gates, "canaries_missing", lambda *_: [CHAIN] if name == "canaries" else [])
    world, number = crowded(scope)
    act, state = words_of(number)[name]
    state_set(world, number, state)
    work = Work(world, monkeypatch)

    def bounded(act: Callable[[], Any]) -> None:
        read, asked = work.of(act)
        assert read <= gates.LOOKED_AT + 5
        assert asked <= ASKED

    bounded(lambda: act(world))
    words = 0
    while not words or not told(world, number).ended_ms:
        word = Survey(number, is_new=not words)
        bounded(lambda word=word: say(world, word, chart.HOUSE))  # type: ignore[misc]
        words += 1
    assert words == (1 if name == "end" else MANY // gates.LOOKED_AT + 1)
    codes: list[int] = []
    bounded(lambda: codes.append(act(world)))
    # A canary is chosen by the first word, where it is not a segment's.
    is_chosen = name == "canaries" and scope == ON_CHAIN
    assert codes == [{"end": Refused.QUEUE}.get(name, Refused.GATES if is_chosen else 0)]


@pytest.mark.parametrize("name", ["hygiene", "liquidity", "canaries", "opening", "end"])
def test_what_nobody_surveyed_lately_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """And once more when it is old. Criterion: CUST-BOUND-9."""
    monkeypatch.setattr(gates, "canaries_missing", lambda *_: [CHAIN] if name == "canaries" else [])
    world, number = crowded(SEGMENT)
    act, state = words_of(number)[name]
    state_set(world, number, state)
    assert act(world) == Refused.SURVEY
    survey(world, number)
    world.time_ms += SURVEY_KEPT_MS + 1
    assert act(world) == Refused.SURVEY
    survey(world, number)
    assert act(world) == (Refused.QUEUE if name == "end" else 0)


def test_a_survey_finds_what_a_walk_finds() -> None:
    """Of everybody, of a segment and of one; who is stopped too. Criterion: CUST-BOUND-9."""
    draws = random.Random(4)
    for scope in (ON_CHAIN, SEGMENT, Scope(Level.SEGMENT), Scope(Level.USER, key=BOB)):
        world = opened(edition=BY_A_FEW, surveys=True)
        for owner in OWNERS:
            world.fund(owner, BTC, coins(500))
        stop(world, scope=ON_CHAIN)
        for _ in range(30):
            assert ask(world, draws.randrange(1, 9), draws.choice(OWNERS)) == 0
        world.core(SetOwner(0, 0, CAROL, 3, 1, OwnerFlag.FROZEN, 1))
        number = stop(world, scope=scope)
        survey(world, number)
        found = told(world, number)
        owners = {SEGMENT: (CAROL,), Scope(Level.SEGMENT): (ALICE, BOB)}
        owners[scope] = owners.get(scope, OWNERS if scope == ON_CHAIN else (BOB,))
        waiting = [one for who in owners[scope] for one in requests(world, who) if not one.state]
        assert found.waiting == len(waiting)
        assert found.unfit == sum(one.owner == CAROL for one in waiting)
        smallest = min(waiting, key=lambda one: (one.usd, one.number))
        assert found.smallest == {CHAIN: (smallest.usd, smallest.number)}
        assert found.sums == {CHAIN: {BTC: amount_bytes(sum(one.value for one in waiting))}}
        figures, _ = gates.liquidity(scope, (), found, world.machine)
        assert [each.need for each in figures if each.asset == BTC] == [found.sums[CHAIN][BTC]]


@pytest.mark.parametrize("seed", range(3))
def test_a_restart_with_surveys_ends_as_one_without(seed: int) -> None:
    """Who is stopped by another stop too waits on, and nobody else. Criterion: CUST-BOUND-9."""
    ends = []
    for surveys in (False, True):
        draws = random.Random(seed)
        world = opened(edition=BY_A_FEW, surveys=surveys)
        for owner in OWNERS:
            world.fund(owner, BTC, coins(500))
        number = stop(world, scope=ON_CHAIN)
        for _ in range(25):
            ask(world, draws.choice((0.02, 1, 7)), draws.choice(OWNERS))
        reopened(world, number, requests(world, ALICE)[0].number)
        world.restart()
        stop(world, scope=Scope(Level.USER, key=CAROL))
        codes = [int(Refused.QUEUE)]
        while codes[-1]:
            assert tick(world, CHAIN, BTC, 30, 5)
            codes.append(lift(world, number))
        assert codes[:-1] == [Refused.QUEUE] * (len(codes) - 1)
        assert world.replayed().hashes() == world.machine.hashes()
        ends.append([one.state for who in OWNERS for one in requests(world, who)])
    assert ends[0] == ends[1]
    assert WithdrawalState.QUEUED in ends[1]


def test_the_end_waits_for_who_came_back_to_it() -> None:
    """What a stop that is over held waits for this one alone then. Criterion: CUST-BOUND-9."""
    world = opened(edition=BY_A_FEW, surveys=True)
    world.fund(ALICE, BTC, coins(50))
    number = stop(world, scope=ON_CHAIN)
    assert ask(world, 1) == ask(world, 2) == 0
    first, second = (one.number for one in requests(world))
    reopened(world, number, first)
    other = stop(world, scope=Scope(Level.USER, key=ALICE))
    survey(world, number)
    assert told(world, number).alone == 0
    table = suspensions_of(world).state.suspensions
    over = {"state": SuspensionState.LIFTED, "version": world.machine.sequence}
    table[other] = replace(table[other], **over)
    assert say(world, Lift(number)) == 93011
    survey(world, number)
    assert told(world, number).alone == second
    assert say(world, Lift(number)) == Refused.QUEUE
    assert world.say(WITHDRAWALS, Cancel(second), ALICE) == 0
    assert say(world, Lift(number)) == 0


def test_a_survey_that_is_taken_back_leaves_nothing() -> None:
    """Neither the first word of one nor a later one. Criterion: CUST-BOUND-9."""
    world = opened(edition=BY_A_FEW, surveys=True)
    world.fund(ALICE, BTC, coins(50))
    number = stop(world, scope=ON_CHAIN)
    assert ask(world, 1) == 0
    fold = suspensions_of(world)
    product = Product(0, 0, SUSPENSIONS, chart.HOUSE, msgspec.msgpack.encode(Survey(number)))
    for _ in range(2):
        before = fold.state_hash()
        moment = Moment(world.machine.sequence + 1, world.time_ms)
        assert fold.handle(product, moment, world.machine).code == 0
        assert fold.state_hash() != before
        fold.settled(0, 51000)
        assert fold.state_hash() == before
        table = fold.state.surveys
        table[number] = Surveyed(world.machine.sequence)


def test_the_roll_is_told_by_the_page_and_let_go() -> None:
    """With the drain it belongs to. Criterion: CUST-BOUND-9."""
    world = opened(edition=BY_A_FEW, surveys=True)
    world.fund(ALICE, BTC, coins(50))
    number = stop(world, scope=ON_CHAIN)
    for units in (1, 2, 3):
        assert ask(world, units) == 0
    numbers = [one.number for one in requests(world)]
    reopened(world, number, numbers[0])
    pages = [
        [row[0] for row in world.ask(SUSPENSIONS, ListRoll(number, after, 1), list[Any])]
        for after in (0, *numbers)
    ]
    # The canary is not in it: it was paid before.
    assert pages == [[numbers[1]], [numbers[1]], [numbers[2]], []]
    assert of(world, number).queue == ()
    assert say(world, Fall(number), BEA) == 0
    assert world.ask(SUSPENSIONS, ListRoll(number, 0, 9), list[Any] | None) is None
    state = suspensions_of(world).state
    assert (state.surveys, state.rolls) == ({}, {})


def test_a_page_of_a_roll_reads_what_it_tells() -> None:
    """However far behind it is; the next drain's is another. Criterion: CUST-BOUND-9."""
    world = opened(edition=BY_A_FEW, surveys=True)
    many = {number: (amount_bytes(number), number) for number in range(1, MANY + 1)}
    fold = suspensions_of(world)
    fold.state.rolls = {1: Read(many), 2: Read({5: (amount_bytes(1), 1)})}
    for suspension, found in ((1, [MANY - 1, MANY]), (2, []), (1, [MANY - 1, MANY])):
        Read.read = 0
        rows = world.ask(SUSPENSIONS, ListRoll(suspension, MANY - 2, 9), list[Any])
        assert ([row[0] for row in rows], Read.read) == (found, len(found))


def test_a_word_at_the_end_regards_each_other_stop_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are in force and wait, and all wait for them too. Criterion: CUST-BOUND-9."""
    world, number = crowded(ON_CHAIN)
    state_set(world, number, SuspensionState.DRAINING)
    table = suspensions_of(world).state.suspensions
    many = 500
    for at in range(many):
        scope = Scope(Level.USER, key=(ALICE, BOB, CAROL)[at % 3])
        terms = replace(table[number].terms, scope=scope)
        table[-at - 1] = replace(table[number], number=-at - 1, terms=terms, state=1, canaries={})
    regarded = [0]
    applies = suspension_rules._applies

    def counted(one: Any, asked: Any) -> bool:
        regarded[0] += 1
        return applies(one, asked)

    monkeypatch.setattr(suspension_rules, "_applies", counted)
    assert say(world, Survey(number, is_new=True), chart.HOUSE) == 0
    assert told(world, number).alone == 0
    assert regarded[0] <= many + 2 * gates.LOOKED_AT


def test_an_edition_is_said_by_the_house_and_stays() -> None:
    """One that is not known is refused; before it nobody surveys. Criterion: CUST-BOUND-9."""
    world = opened()
    number = stop(world, scope=ON_CHAIN)
    assert say(world, Survey(number), chart.HOUSE) == Refused.WRONG_STATE
    assert say(world, Adopt(EDITION), ADA) == Refused.NOT_A_MEMBER
    assert say(world, Adopt(EDITION + 1), chart.HOUSE) == 51000
    assert say(world, Adopt(EDITION), chart.HOUSE) == say(world, Adopt(0), chart.HOUSE) == 0
    assert suspensions_of(world).state.edition == EDITION
    assert say(world, Survey(number), ADA) == Refused.NOT_A_MEMBER


def test_the_queue_of_one_user_is_drained_and_his_stop_ends() -> None:
    """Criterion: CUST-BOUND-10. From edition 1 on; where others drain too, theirs goes first."""
    world = opened(edition=BY_A_FEW, surveys=True)
    world.fund(ALICE, BTC, coins(50))
    number = stop(world, scope=Scope(Level.USER, key=ALICE))
    assert ask(world, 1) == 0
    reopened(world, number)
    assert len(tick(world, CHAIN, BTC, 30)) == 1
    assert lift(world, number) == 0
    assert world.replayed().hashes() == world.machine.hashes()
