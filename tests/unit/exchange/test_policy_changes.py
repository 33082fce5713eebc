"""Goal: a change of the policy is agreed to as it was seen, for the rules that it was meant for.

Method: the fold beside approvals; changes that come into force beside others, replays named while
requests come in and are refused, and what a log decided before editions.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from fullreserve.exchange.products import policy_changes, policy_judging
from fullreserve.exchange.products.approval_acts import Enrol
from fullreserve.exchange.products.approval_state import CONSOLE
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.policy import Policy
from fullreserve.exchange.products.policy_rules import Rule, Verb, tightens
from fullreserve.exchange.products.policy_wire import (
    APPROVE_MS,
    EDITION,
    LOCK_MS,
    RETURN_MS,
    RETURNS,
    SEEN_MS,
    WRITERS,
    Adopt,
    Agree,
    Decide,
    Found,
    Propose,
    Reject,
    Withdraw,
)
from tests.unit.exchange.custody_world import ALICE, BOB, World
from tests.unit.exchange.policy_world import (
    LARGE,
    RULES,
    SANCTIONED,
    SMALL,
    WRITER_A,
    WRITER_B,
    agree,
    facts,
    in_force,
    opened,
    replay,
    say,
    view,
)
from tests.unit.exchange.suspension_world import ADA, BEA

TIGHTER = (SANCTIONED, msgspec.structs.replace(SMALL, velocity_usd=10 * 10**8), LARGE)
LOOSER = (SANCTIONED, msgspec.structs.replace(SMALL, velocity_usd=90_000 * 10**8), LARGE)


@pytest.fixture
def world() -> Iterator[World]:
    made = opened()
    assert say(made, Adopt(EDITION)) == 0
    yield made
    assert made.replayed().hashes() == made.machine.hashes()


def proposed(world: World, rules: tuple[Rule, ...], who: int = WRITER_A) -> int:
    assert say(world, Propose(rules), who) == 0
    return view(world).changes[-1].number


def group_7(world: World) -> None:
    """Who approves beside the console's group."""
    for member in range(10_000_031, 10_000_041):
        assert world.say(Approvals.number, Enrol(7, member)) == 0


def test_a_loosening_that_comes_due_undoes_no_later_tightening(world: World) -> None:
    """Criterion: POL-21. It is closed, and what came into force instead is said."""
    in_force(world, RULES)
    looser = proposed(world, LOOSER)
    assert agree(world, looser, WRITER_B) == 0
    other = proposed(world, (*LOOSER, Rule(9, Verb.ALLOW)))
    tighter = proposed(world, TIGHTER, WRITER_B)
    assert (view(world).rules, view(world).version) == (TIGHTER, tighter)
    assert view(world).superseded == {looser: tighter, other: tighter}
    world.time_ms += LOCK_MS
    assert say(world, Decide(facts(1, 20_000))) == 0
    assert view(world).rules == TIGHTER
    assert agree(world, other, WRITER_B) == say(world, Withdraw(looser), WRITER_B) == 95003


def test_of_two_that_are_due_the_first_closes_the_other(world: World) -> None:
    """Criterion: POL-21. In the order in which they were agreed to, and for good."""
    in_force(world, RULES)
    second, first = proposed(world, LOOSER), proposed(world, (SMALL, LARGE))
    assert agree(world, first, WRITER_B) == 0
    world.time_ms += 1
    assert agree(world, second, WRITER_B) == 0
    world.time_ms += LOCK_MS
    # A word that is refused: what time did stays done.
    assert say(world, Withdraw(5), WRITER_A) == 95002
    assert (view(world).version, view(world).superseded) == (first, {second: first})
    world.restart()
    assert say(world, Decide(facts(1, 5))) == 0
    assert view(world).rules == (SMALL, LARGE)


def test_agreeing_does_not_race_with_requests(world: World) -> None:
    """Criterion: POL-22. Decided, refused and expired ones come meanwhile; it is agreed to."""
    in_force(world, RULES)
    for request in range(1, 6):
        assert say(world, Decide(facts(request, 30_000))) == 0
    number = proposed(world, LOOSER)
    seen = replay(world, number)
    assert [one.request for one in seen.differs] == [2, 3]
    named = Agree(number, seen.digest, seen.at_ms, seen.until)
    assert say(world, Decide(facts(7, 30_000, owner=BOB))) == 0
    assert say(world, Reject(2), BEA) == 0
    world.time_ms += APPROVE_MS
    assert say(world, Decide(facts(8, 30_000, owner=BOB))) == 0
    assert replay(world, number).digest != seen.digest
    world.restart()
    assert say(world, named, WRITER_B) == 0
    assert view(world).changes[-1].holds_ms == world.time_ms + LOCK_MS


def test_a_flood_of_blocked_requests_makes_no_replay_another(
    monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    """Criterion: POL-22. Not while fewer come than are kept beyond those looked at."""
    monkeypatch.setattr(policy_judging, "REFUSED_KEPT", 20)
    monkeypatch.setattr(policy_changes, "REFUSED_REPLAYED", 10)
    in_force(world, RULES)

    def blocked(first: int, count: int) -> None:
        for request in range(first, first + count):
            one = facts(request, 2_000_000, owner=BOB)
            assert say(world, Decide(one)) == 0
            world.time_ms += 1

    blocked(1, 40)
    number = proposed(world, (*RULES, Rule(9, Verb.ALLOW)))
    seen = replay(world, number)
    assert [one.request for one in seen.differs] == list(range(31, 41))
    named = Agree(number, seen.digest, seen.at_ms, seen.until)
    blocked(100, 10)
    assert say(world, named, WRITER_B) == 0


def test_a_replay_that_leaves_something_out_counts_for_nothing(world: World) -> None:
    """Criterion: POL-22. Of another day, of an hour to come, or without the newest decisions."""
    in_force(world, RULES)
    assert say(world, Decide(facts(1, 30_000))) == 0
    number = proposed(world, LOOSER)
    early = replay(world, number)
    world.time_ms += 1_000
    assert say(world, Decide(facts(2, 30_000))) == 0
    world.time_ms += 1_000
    late = replay(world, number)
    assert late.differs
    assert not early.differs
    now = world.time_ms
    for at_ms, until in (
        (now, early.until),
        (now + 1, late.until),
        (early.at_ms, late.until),
        (late.at_ms, late.until - 1),
    ):
        word = Agree(number, early.digest, at_ms, until)
        assert say(world, word, WRITER_B) == 95006
    world.time_ms += SEEN_MS - 1_000
    assert say(world, Agree(number, early.digest, early.at_ms, early.until), WRITER_B) == 95006
    assert say(world, Agree(number, late.digest, late.at_ms, late.until), WRITER_B) == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # What fell under the first now falls under the second, whose group is another.
        ((Rule(1, Verb.APPROVE, CONSOLE, 1), Rule(2, Verb.APPROVE, 7, 1)),
         (Rule(2, Verb.APPROVE, 7, 1),)),
        ((Rule(1, Verb.APPROVE, CONSOLE, 1, most_usd=50), Rule(2, Verb.APPROVE, 7, 9)),
         (Rule(1, Verb.APPROVE, CONSOLE, 1, most_usd=40), Rule(2, Verb.APPROVE, 7, 9))),
        ((Rule(1, Verb.APPROVE, CONSOLE, 1),), (Rule(1, Verb.APPROVE, 7, 2),)),
    ],
)  # fmt: skip
def test_another_approval_group_is_looser(
    world: World, before: tuple[Rule, ...], after: tuple[Rule, ...]
) -> None:
    """Criterion: POL-6. However many of it are needed; one administrator does not bring it in."""
    assert not tightens(before, after)
    group_7(world)
    assert say(world, Found(before)) == 0
    proposed(world, after)
    assert view(world).rules == before


def test_a_change_of_the_approvers_shows_in_the_replay(world: World) -> None:
    """Criterion: POL-4, POL-6."""
    in_force(world, (LARGE,))
    group_7(world)
    assert say(world, Decide(facts(1, 9))) == 0
    number = proposed(world, (msgspec.structs.replace(LARGE, group=7),))
    assert replay(world, number).differs[-1].request == 1


def test_a_log_from_before_goes_on_as_it_was_until_it_says_otherwise() -> None:
    """Criterion: POL-23. A later edition is the house's word, and what it closes is said."""
    world = World(lambda: [Approvals(), Policy()])
    for group, members in ((CONSOLE, (ADA, BEA)), (WRITERS, (WRITER_A, WRITER_B))):
        for member in members:
            assert world.say(Approvals.number, Enrol(group, member)) == 0
    assert say(world, Found(RULES)) == 0
    looser = proposed(world, LOOSER)
    seen = replay(world, looser)
    assert (seen.at_ms, seen.until) == (0, 0)
    assert say(world, Decide(facts(1, 5))) == 0
    assert say(world, Agree(looser, seen.digest), WRITER_B) == 95006  # as it was: a race
    assert say(world, Agree(looser, replay(world, looser).digest), WRITER_B) == 0
    tighter = proposed(world, TIGHTER)
    kept = proposed(world, LOOSER)
    assert view(world).superseded == {}
    assert say(world, Adopt(1), ALICE) == 95001
    assert say(world, Adopt(0)) == say(world, Adopt(EDITION + 1)) == 51000
    assert say(world, Adopt(1)) == say(world, Adopt(1)) == 0
    assert view(world).superseded == {looser: tighter}
    world.time_ms += LOCK_MS
    assert say(world, Decide(facts(2, 5))) == 0
    assert view(world).rules == TIGHTER
    assert [one.number for one in view(world).changes if not one.is_over] == [kept]
    assert world.replayed().hashes() == world.machine.hashes()


# The way back from what one alone tightened


def test_several_take_back_at_once_what_one_alone_tightened(world: World) -> None:
    """Criterion: POL-29. However often he did; they see its replay as of any other change."""
    in_force(world, RULES)
    for most in (10, 1):
        stricter = msgspec.structs.replace(SMALL, velocity_usd=most)
        proposed(world, (SANCTIONED, stricter))
    assert view(world).rules != RULES
    number = proposed(world, RULES, WRITER_B)
    assert view(world).rules != RULES
    assert say(world, Agree(number, bytes(32)), WRITER_A) == 95006
    world.restart()
    assert agree(world, number, WRITER_A) == 0
    assert (view(world).rules, view(world).version) == (RULES, number)
    # It is the base again: what else loosens waits as ever.
    other = proposed(world, LOOSER)
    assert agree(world, other, WRITER_B) == 0
    assert (view(world).rules, view(world).changes[-1].holds_ms) == (RULES, world.time_ms + LOCK_MS)


def test_nothing_but_what_held_returns_at_once(world: World) -> None:
    """Criterion: POL-29. Nor that beyond a week."""
    in_force(world, RULES)
    proposed(world, TIGHTER)
    looser = proposed(world, LOOSER)
    assert agree(world, looser, WRITER_B) == 0
    assert view(world).rules == TIGHTER
    world.time_ms += RETURN_MS + 1
    assert say(world, Withdraw(looser), WRITER_A) == 95003  # it has come into force meanwhile
    assert view(world).rules == LOOSER
    proposed(world, RULES)
    assert view(world).rules == RULES
    world.time_ms += RETURN_MS + 1
    late = proposed(world, LOOSER)
    assert agree(world, late, WRITER_B) == 0
    assert view(world).rules == RULES
    early = world.time_ms
    assert view(world).changes[-1].holds_ms == early + LOCK_MS


def test_what_was_there_first_can_be_returned_to(world: World) -> None:
    """Criterion: POL-29. Founded, or found in the log by who adopts the rules."""
    assert say(world, Found(RULES)) == 0
    proposed(world, TIGHTER)
    number = proposed(world, RULES)
    assert agree(world, number, WRITER_B) == 0
    assert view(world).rules == RULES
    old = opened()
    assert say(old, Adopt(RETURNS - 1)) == say(old, Found(RULES)) == 0
    assert say(old, Adopt(RETURNS)) == 0
    proposed(old, TIGHTER)
    number = proposed(old, RULES)
    assert agree(old, number, WRITER_B) == 0
    assert view(old).rules == RULES
    assert old.replayed().hashes() == old.machine.hashes()


def test_before_edition_6_every_loosening_waits() -> None:
    """Criterion: POL-23, POL-29. And rules may block everything."""
    old = opened()
    assert say(old, Adopt(RETURNS - 1)) == say(old, Found(RULES)) == 0
    number = proposed(old, TIGHTER)
    number = proposed(old, RULES)
    assert agree(old, number, WRITER_B) == 0
    assert view(old).rules == TIGHTER
    proposed(old, ())
    assert view(old).rules == ()
    assert view(old).base is None
    assert old.replayed().hashes() == old.machine.hashes()


@pytest.mark.parametrize(
    "rules", [(), (Rule(1, Verb.BLOCK),), (SANCTIONED,), (SANCTIONED, Rule(9, Verb.BLOCK), SMALL)]
)
def test_rules_under_which_nothing_leaves_are_refused(
    world: World, rules: tuple[Rule, ...]
) -> None:
    """Criterion: POL-30. That is a stop: one may suspend, which is public and queues."""
    in_force(world, RULES)
    assert say(world, Propose(rules), WRITER_A) == 95010
    assert view(world).rules == RULES
    for kept in (LARGE, SMALL):
        assert say(world, Propose((SANCTIONED, kept)), WRITER_A) == 0
