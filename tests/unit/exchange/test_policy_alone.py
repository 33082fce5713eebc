"""Goal: no policy administrator stops the others for ever, present or gone.

Method: the fold beside approvals. One tightens, drops and proposes whatever there is, between any
two words of the others, for weeks; the others come to what they agree on in a bounded number of
words. Then one is gone, and groups are as thresholds and dismissals leave them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec
import pytest

from fullreserve.exchange.products.approval_acts import Approve as Consent
from fullreserve.exchange.products.approval_acts import Ask, Dismiss, Enrol, SetThreshold
from fullreserve.exchange.products.approval_acts import Propose as Ballot
from fullreserve.exchange.products.approval_state import CONSOLE
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.policy import Policy
from fullreserve.exchange.products.policy_rules import Rule, Verb
from fullreserve.exchange.products.policy_wire import (
    CLOSES_MS,
    EDITION,
    HOUR_MS,
    LOCK_MS,
    RETURN_MS,
    RETURNS,
    SPARED,
    WRITERS,
    Adopt,
    Agree,
    Found,
    Propose,
    ProposeRisk,
    Refused,
    SetRisk,
    Withdraw,
)
from fullreserve.exchange.products.risk_rules import RiskTable, Thresholds
from tests.unit.exchange.custody_world import World
from tests.unit.exchange.policy_world import (
    LARGE,
    RULES,
    SANCTIONED,
    SMALL,
    WRITER_A,
    WRITER_B,
    WRITER_C,
    agree,
    in_force,
    opened,
    replay,
    say,
    view,
)
from tests.unit.exchange.suspension_world import ADA, BEA, CLEO

LOOSER = (SANCTIONED, msgspec.structs.replace(SMALL, velocity_usd=90_000 * 10**8), LARGE)
# The same rules in other words: what tightens by them can be tightened back.
REWORDED = (SANCTIONED, msgspec.structs.replace(SMALL, group=5), LARGE)
WRITER_D = 10_000_024


@pytest.fixture
def world() -> Iterator[World]:
    made = opened()
    assert say(made, Adopt(EDITION)) == say(made, Found(RULES)) == 0
    yield made
    assert made.replayed().hashes() == made.machine.hashes()


def tighter(by: int) -> tuple[Rule, ...]:
    return (SANCTIONED, msgspec.structs.replace(SMALL, velocity_usd=10 * 10**8 - by), LARGE)


def proposed(world: World, rules: tuple[Rule, ...], who: int) -> int:
    assert say(world, Propose(rules), who) == 0
    return view(world).changes[-1].number


def consent(world: World, asked: Ask, who: int) -> int:
    return world.say(Approvals.number, asked, who)


def set_threshold(world: World, group: int, threshold: int) -> None:
    """As two operators of the console could in a log from before."""
    assert consent(world, Ballot(SetThreshold(group, threshold), 3_600_000), ADA) == 0
    assert consent(world, Consent(world.machine.sequence - 1), BEA) == 0


def pass_time(world: World, ms: int) -> None:
    """Time goes on, and somebody says something, so that what is due holds."""
    world.time_ms += ms
    assert say(world, Withdraw(1), WRITER_A) == Refused.UNKNOWN


def test_who_tightens_again_and_again_keeps_no_return_away(world: World) -> None:
    """Criterion: POL-29. In every round; what several took back stays taken back."""
    for turn in range(5):
        first = proposed(world, tighter(turn), WRITER_B)
        assert (view(world).version, view(world).rules) == (first, tighter(turn))
        back = proposed(world, RULES, WRITER_A)
        for again in range(turn + 1, turn + 8):
            proposed(world, tighter(again), WRITER_B)
            assert say(world, Withdraw(back), WRITER_B) == Refused.SPOKEN
            pass_time(world, HOUR_MS)
        assert back not in view(world).superseded
        assert agree(world, back, WRITER_C) == 0
        assert (view(world).rules, view(world).version) == (RULES, back)
        # From then on his word alone brings in nothing, however long he waits.
        number = proposed(world, tighter(turn), WRITER_B)
        pass_time(world, 5 * RETURN_MS)
        assert (view(world).rules, view(world).changes[-1].holds_ms) == (RULES, 0)
        # Several tighten again, at once, by what he proposed; that gives him his word back.
        assert agree(world, number, WRITER_C) == 0
        assert (view(world).rules, view(world).version) == (tighter(turn), number)
        in_force(world, RULES)


def test_a_return_outlives_what_comes_between_two_approvals(world: World) -> None:
    """Criterion: POL-29. And so does a replay that was looked at before."""
    assert consent(world, Enrol(WRITERS, WRITER_D), 1) == 0
    set_threshold(world, WRITERS, 2)
    proposed(world, tighter(0), WRITER_B)
    back = proposed(world, RULES, WRITER_A)
    assert agree(world, back, WRITER_C) == 0
    seen = replay(world, back)
    proposed(world, tighter(1), WRITER_B)
    assert say(world, Agree(back, seen.digest, seen.at_ms, seen.until), WRITER_D) == 0
    assert view(world).rules == RULES


def test_a_table_is_taken_back_as_rules_are(world: World) -> None:
    """Criterion: POL-29. Who tightened the one is overruled in both; rules that others tightened
    beside it stay.
    """
    loose, tight = RiskTable(), RiskTable(thresholds=Thresholds(step_up=5))
    assert say(world, SetRisk(loose)) == 0
    assert say(world, ProposeRisk(loose), WRITER_B) == Refused.NO_CHANGE
    assert say(world, ProposeRisk(tight), WRITER_B) == 0
    proposed(world, tighter(0), WRITER_C)
    assert say(world, ProposeRisk(loose), WRITER_A) == 0
    back = view(world).changes[-1].number
    assert say(world, ProposeRisk(RiskTable(thresholds=Thresholds(step_up=4))), WRITER_B) == 0
    assert agree(world, back, WRITER_C) == 0
    assert (view(world).risk, view(world).rules) == (loose, tighter(0))
    proposed(world, tighter(1), WRITER_B)
    assert view(world).rules == tighter(0)
    proposed(world, tighter(2), WRITER_C)
    assert view(world).rules == tighter(2)


def test_after_a_week_a_return_waits_and_is_not_closed(world: World) -> None:
    """Criterion: POL-29. By who tightened: neither as he does so again, nor as he drops it."""
    proposed(world, tighter(0), WRITER_B)
    pass_time(world, RETURN_MS + 1)
    # He has been quiet for a week: once he may.
    closed = proposed(world, RULES, WRITER_A)
    assert say(world, Withdraw(closed), WRITER_B) == 0
    back = proposed(world, RULES, WRITER_A)
    assert agree(world, back, WRITER_C) == 0
    for again in range(1, LOCK_MS // HOUR_MS):
        pass_time(world, HOUR_MS)
        proposed(world, tighter(again), WRITER_B)
    pass_time(world, HOUR_MS)
    assert (view(world).rules, view(world).version) == (RULES, back)


def test_anybody_else_closes_a_loosening_once_a_week(world: World) -> None:
    """Criterion: POL-21, POL-29. In an incident one tightens at once; twice he closes nothing."""
    first = proposed(world, LOOSER, WRITER_A)
    assert agree(world, first, WRITER_C) == 0
    number = proposed(world, tighter(0), WRITER_B)
    assert view(world).superseded == {first: number}
    second = proposed(world, LOOSER, WRITER_A)
    assert agree(world, second, WRITER_C) == 0
    proposed(world, tighter(1), WRITER_B)
    assert second not in view(world).superseded
    number = proposed(world, tighter(2), WRITER_C)
    assert view(world).superseded[second] == number
    third = proposed(world, LOOSER, WRITER_A)
    assert say(world, Withdraw(third), WRITER_C) == Refused.SPOKEN
    world.time_ms += CLOSES_MS + 1
    assert say(world, Withdraw(third), WRITER_C) == 0
    assert say(world, Withdraw(proposed(world, LOOSER, WRITER_A)), WRITER_A) == 0


def test_who_goes_back_himself_is_not_overruled(world: World) -> None:
    """Criterion: POL-29. As after an incident: he tightens alone again when there is another."""
    for turn in range(3):
        proposed(world, tighter(turn), WRITER_B)
        assert view(world).rules == tighter(turn)
        back = proposed(world, RULES, WRITER_B)
        assert agree(world, back, WRITER_A) == 0
        assert view(world).rules == RULES


def test_what_holds_already_is_no_change(world: World) -> None:
    """Criterion: POL-31. So that nobody closes what others propose by it."""
    assert say(world, Propose(RULES), WRITER_B) == Refused.NO_CHANGE
    looser = proposed(world, LOOSER, WRITER_A)
    for rules in (REWORDED, RULES) * 3:
        proposed(world, rules, WRITER_B)
    assert looser in view(world).superseded
    looser = proposed(world, LOOSER, WRITER_A)
    for rules in (REWORDED, RULES) * 3:
        proposed(world, rules, WRITER_B)
    assert agree(world, looser, WRITER_C) == 0
    pass_time(world, LOCK_MS)
    assert view(world).rules == LOOSER


# Who decides, and who approves


@pytest.mark.parametrize("gone", [WRITER_A, WRITER_B, WRITER_C])
def test_a_change_goes_on_without_any_one_administrator(world: World, gone: int) -> None:
    """Criterion: POL-32. Gone for ever, also where it was he who tightened alone; or dismissed."""
    first, second = (one for one in (WRITER_A, WRITER_B, WRITER_C) if one != gone)
    proposed(world, tighter(0), gone)
    back = proposed(world, RULES, first)
    assert agree(world, back, second) == 0
    assert view(world).rules == RULES
    number = proposed(world, LOOSER, second)
    assert agree(world, number, first) == 0
    pass_time(world, LOCK_MS)
    assert view(world).rules == LOOSER
    assert consent(world, Dismiss(WRITERS, gone), first) == 0
    # Two of two would hang on each: the console's three decide.
    assert say(world, Propose(RULES), first) == Refused.NOT_ALLOWED
    number = proposed(world, RULES, ADA)
    assert view(world).version == number


def test_administrators_who_hang_on_each_leave_it_to_the_console(world: World) -> None:
    """Criterion: POL-32. By a threshold; where both hang on each nobody decides, until a fourth."""
    set_threshold(world, WRITERS, 2)
    assert say(world, Propose(tighter(0)), WRITER_A) == Refused.NOT_ALLOWED
    set_threshold(world, CONSOLE, 2)
    looser = proposed(world, LOOSER, ADA)
    assert agree(world, looser, BEA) == Refused.SET_UP
    assert consent(world, Enrol(WRITERS, WRITER_D), 1) == 0
    assert say(world, Propose(tighter(0)), ADA) == Refused.NOT_ALLOWED
    assert say(world, Propose(tighter(0)), WRITER_A) == 0


def test_an_exchange_is_founded_with_one_to_spare() -> None:
    """Criterion: POL-32. Of two operators one tightens; they loosen with a third, gone since."""
    world = World(lambda: [Approvals(), Policy()])
    for member in (ADA, BEA):
        assert consent(world, Enrol(CONSOLE, member), 1) == 0
    assert say(world, Adopt(EDITION)) == say(world, Found(RULES)) == 0
    proposed(world, tighter(0), ADA)
    assert view(world).rules == tighter(0)
    number = proposed(world, RULES, ADA)
    assert agree(world, number, BEA) == Refused.SET_UP
    assert consent(world, Enrol(CONSOLE, CLEO), 1) == 0
    assert consent(world, Dismiss(CONSOLE, CLEO), ADA) == 0
    assert agree(world, number, BEA) == 0
    assert world.replayed().hashes() == world.machine.hashes()


@pytest.mark.parametrize("needed", range(1, 6))
@pytest.mark.parametrize("group", [CONSOLE, 7])
def test_no_rule_wants_more_approvals_than_bear_a_loss(
    world: World, group: int, needed: int
) -> None:
    """Criterion: POL-31. Of three operators two; nobody approves in a group that is not there."""
    rules = (SANCTIONED, SMALL, Rule(5, Verb.APPROVE, group, needed))
    may = group == CONSOLE and needed <= 2
    assert say(world, Propose(rules), WRITER_A) == (0 if may else Refused.HANGS)
    tight = (SANCTIONED, SMALL, msgspec.structs.replace(LARGE, needed=3))
    assert say(world, Propose(tight), WRITER_B) == Refused.HANGS


def test_what_holds_goes_on_where_approvers_were_lost(world: World) -> None:
    """Criterion: POL-31. Rules that are kept, or returned to, are not refused for it."""
    assert consent(world, Dismiss(CONSOLE, CLEO), ADA) == 0
    proposed(world, tighter(0), WRITER_B)
    back = proposed(world, RULES, WRITER_A)
    assert agree(world, back, WRITER_C) == 0
    assert view(world).rules == RULES


def test_before_edition_7_one_tightens_away_what_others_propose() -> None:
    """Criterion: POL-23, POL-29. Each time; two of two decide; rules may want too many."""
    world = World(lambda: [Approvals(), Policy()])
    for member in (WRITER_A, WRITER_B):
        assert consent(world, Enrol(WRITERS, member), 1) == 0
    assert say(world, Adopt(RETURNS)) == say(world, Found(RULES)) == 0
    for turn in range(3):
        proposed(world, tighter(turn), WRITER_B)
        back = proposed(world, RULES, WRITER_A)
        number = proposed(world, tighter(turn), WRITER_B)
        assert view(world).superseded[back] == number
    back = proposed(world, RULES, WRITER_A)
    assert say(world, Withdraw(back), WRITER_B) == 0
    proposed(world, (SANCTIONED, msgspec.structs.replace(LARGE, needed=9)), WRITER_B)
    assert view(world).alone == {}
    assert say(world, Adopt(SPARED)) == 0
    assert say(world, Propose(RULES), WRITER_A) == Refused.NOT_ALLOWED
    assert world.replayed().hashes() == world.machine.hashes()


def _interfere(world: World, draws: random.Random, rival: int, turn: int) -> None:
    """Whatever one may say alone."""
    changes = [one.number for one in view(world).changes if not one.is_over] or [1]
    words = [
        Propose(tighter(turn)),
        Propose(draws.choice((RULES, REWORDED, LOOSER, (LARGE, SMALL)))),
        Withdraw(draws.choice(changes)),
    ]
    for word in draws.choices(words, k=draws.randrange(4)):
        say(world, word, rival)


@pytest.mark.parametrize("seed", range(12))
def test_two_come_to_what_they_want_whatever_a_third_says(world: World, seed: int) -> None:
    """Criterion: POL-29. A return in two words, at once; a loosening in two tries of two days."""
    draws = random.Random(seed)
    wanted = (LOOSER, (SANCTIONED, SMALL, Rule(4, Verb.ALLOW, most_usd=5), LARGE))
    for turn in range(6):
        base = view(world).base
        assert base is not None
        _interfere(world, draws, WRITER_B, turn)
        if view(world).rules != base.rules:
            back = proposed(world, base.rules, WRITER_A)
            _interfere(world, draws, WRITER_B, turn)
            is_open = not {one.number: one for one in view(world).changes}[back].is_over
            if not is_open and view(world).rules != base.rules:
                # His one closing of the week.
                back = proposed(world, base.rules, WRITER_A)
                _interfere(world, draws, WRITER_B, turn)
            if view(world).rules != base.rules:
                assert agree(world, back, WRITER_C) == 0
            assert view(world).rules == base.rules
        other = wanted[turn % 2]
        for _ in range(2):
            number = proposed(world, other, WRITER_A)
            code = agree(world, number, WRITER_C)
            assert code in (0, Refused.CLOSED)
            for _ in range(LOCK_MS // HOUR_MS):
                _interfere(world, draws, WRITER_B, turn)
                pass_time(world, HOUR_MS)
            base = view(world).base
            assert base is not None
            if base.rules == other:
                break
        assert base.rules == other
        world.time_ms += draws.choice((0, HOUR_MS, CLOSES_MS + 1))
