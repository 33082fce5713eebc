"""Goal: the table of risk scores changes as the rules of the policy do, and by nobody alone.

Method: the folds of the policy and of withdrawals beside approvals, with policy administrators of
their own; tables that tighten and loosen, agreed on, withdrawn, overtaken and replayed, restarted
from a snapshot in between. Every test ends with a replay of the rows. That nothing tightens which
lets something pass is held against random facts.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from fullreserve.exchange.products import policy_changes
from fullreserve.exchange.products.approval_acts import Enrol
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.policy_rules import Category, Rule, Verb
from fullreserve.exchange.products.policy_table import PolicyState
from fullreserve.exchange.products.policy_wire import (
    LOCK_MS,
    RETURNS,
    TABLE_AGREED,
    WRITERS,
    Adopt,
    Agree,
    Propose,
    ProposeRisk,
    Refused,
    SetRisk,
    Withdraw,
)
from fullreserve.exchange.products.risk_rules import (
    Bounds,
    Outcome,
    Points,
    RiskFacts,
    RiskTable,
    Thresholds,
    Whence,
    outcome_of,
    score,
    tightens_table,
)
from fullreserve.exchange.products.withdrawal_state import FEES_WALKED
from tests.unit.exchange.custody_world import ALICE, BOB, World
from tests.unit.exchange.policy_world import WRITER_A, WRITER_B, agree, replay, view
from tests.unit.exchange.suspension_world import ADA
from tests.unit.exchange.test_policy_of_withdrawals import asked, of, opened, policy
from tests.unit.exchange.test_risk_of_withdrawals import judged, risk, table

USD = 10**8
TABLE = table(look_alike=15)
LOOSER = table(look_alike=5)
TIGHTER = table(look_alike=25)
_replace = msgspec.structs.replace


@pytest.fixture
def world() -> Iterator[World]:
    made = opened(FEES_WALKED)
    for member in (WRITER_A, WRITER_B):
        assert made.say(Approvals.number, Enrol(WRITERS, member)) == 0
    for word in (Adopt(TABLE_AGREED), SetRisk(TABLE)):
        assert policy(made, word) == 0
    yield made
    assert made.replayed().hashes() == made.machine.hashes()


def proposed(world: World, other: RiskTable, who: int = WRITER_A) -> int:
    assert policy(world, ProposeRisk(other), who) == 0
    return view(world).changes[-1].number


def held(world: World) -> RiskTable | None:
    return view(world).risk


def test_a_looser_table_needs_another_and_two_days(world: World) -> None:
    """Criterion: RISK-13. Who proposed it does not count, and nothing holds a moment before."""
    number = proposed(world, LOOSER)
    assert agree(world, number, WRITER_A) == Refused.OWN
    assert agree(world, number, ADA) == agree(world, number, ALICE) == Refused.NOT_ALLOWED
    assert policy(world, Agree(number, bytes(32)), WRITER_B) == Refused.STALE_REPLAY
    assert agree(world, number, WRITER_B) == 0
    world.time_ms += LOCK_MS - 1
    judged(world, asked(world, 0.2))
    world.restart()
    assert held(world) == TABLE
    world.time_ms += 1
    judged(world, first := asked(world, 0.2, BOB))
    assert (held(world), view(world).version) == (LOOSER, number)
    assert (risk(world, first).score, risk(world, first).outcome) == (5, Outcome.PASS)
    rules = view(world).rules
    assert rules
    assert len(rules) == len({rule.number for rule in rules})


def test_a_stricter_table_holds_at_once(world: World) -> None:
    """Criterion: RISK-13. By one alone; what was proposed beside it is closed."""
    before = view(world).rules
    looser = proposed(world, LOOSER)
    assert agree(world, looser, WRITER_B) == 0
    number = proposed(world, TIGHTER, WRITER_B)
    assert (held(world), view(world).rules) == (TIGHTER, before)
    assert view(world).superseded == {looser: number}
    world.time_ms += LOCK_MS
    judged(world, asked(world, 0.2))
    assert held(world) == TIGHTER
    world.restart()
    assert view(world).tables == {looser: LOOSER, number: TIGHTER}


def test_rules_and_table_change_by_themselves(world: World) -> None:
    """Criterion: RISK-13. A change of the rules leaves the table, and is one of as many people."""
    rules = (Rule(9, Verb.BLOCK, categories=(Category.USER,)), *view(world).rules)
    assert policy(world, Propose(rules), WRITER_A) == 0
    assert (held(world), view(world).rules) == (TABLE, rules)
    number = proposed(world, LOOSER)
    assert policy(world, Withdraw(number), WRITER_B) == 0
    assert agree(world, number, WRITER_B) == Refused.CLOSED
    assert held(world) == TABLE


def test_the_house_says_a_table_once(world: World) -> None:
    """Criterion: RISK-14. Before edition 5 again and again, as those logs have it."""
    assert policy(world, SetRisk(LOOSER)) == Refused.CLOSED
    assert policy(world, ProposeRisk(LOOSER)) == Refused.NOT_ALLOWED
    assert held(world) == TABLE
    old = opened(FEES_WALKED)
    assert policy(old, ProposeRisk(TIGHTER), ADA) == 51000
    for each in (TABLE, LOOSER):
        assert policy(old, SetRisk(each)) == 0
    assert view(old).risk == LOOSER
    assert policy(old, Adopt(TABLE_AGREED)) == 0
    assert policy(old, SetRisk(TABLE)) == Refused.CLOSED
    assert old.replayed().hashes() == old.machine.hashes()


def test_what_is_proposed_means_something(world: World) -> None:
    """Criterion: RISK-3. And where nothing is scored there is no table to change."""
    for bad in (RiskTable(Points(by_api=-1)), RiskTable(thresholds=Thresholds(delay=101))):
        assert policy(world, ProposeRisk(bad), WRITER_A) == 51000
    fresh = opened(FEES_WALKED)
    assert policy(fresh, Adopt(TABLE_AGREED)) == 0
    assert policy(fresh, ProposeRisk(TABLE), ADA) == Refused.UNKNOWN
    assert view(fresh).changes == ()
    assert view(fresh).tables == {}


def test_a_replay_shows_whose_outcome_would_be_another(world: World) -> None:
    """Criterion: RISK-15. Also for reasons that had no points, and bounds that are others."""
    large = asked(world, 0.9)  # 45,000 USD
    judged(world, large, marks=0)
    judged(world, small := asked(world, 0.1, BOB))
    assert (risk(world, large).outcome, risk(world, small).outcome) == (1, Outcome.STEP_UP)
    wanted = RiskTable(
        Points(**msgspec.structs.asdict(LOOSER.points) | {"amount": 30}),
        Bounds(large_usd=44_999),
        TABLE.thresholds,
    )
    number = proposed(world, wanted)
    seen = replay(world, number)
    assert seen.looked_at == 2
    assert [(one.request, one.before, one.after) for one in seen.differs] == [
        (large, Outcome.PASS, Outcome.REVIEW),
        (small, Outcome.STEP_UP, Outcome.PASS),
    ]
    world.restart()
    assert replay(world, number) == seen
    other = proposed(world, _replace(wanted, bounds=Bounds(large_usd=45_000)))
    assert [one.request for one in replay(world, other).differs] == [small]
    assert policy(world, Agree(other, seen.digest, seen.at_ms, seen.until), WRITER_B) == (
        Refused.STALE_REPLAY
    )


def test_what_a_score_looked_at_is_kept_with_its_decision(world: World) -> None:
    """Criterion: RISK-15. No longer, and once for what is judged again."""
    number = asked(world, 0.2)
    judged(world, number, age_ms=7)
    state = world.machine.folds[-1].state
    assert isinstance(state, PolicyState)
    found = state.risk_facts[number]
    assert (found.usd, found.address_ms, found.is_look_alike) == (10_000 * USD, 7, True)
    world.time_ms += 31 * 24 * 3_600_000
    judged(world, other := asked(world, 0.2, BOB))
    assert set(world.machine.folds[-1].state.risk_facts) == {other}
    assert of(world, other).number == other


def test_several_take_back_at_once_a_table_that_one_alone_tightened(world: World) -> None:
    """Criterion: POL-29. By itself: rules that were tightened beside it stay."""
    assert policy(world, Adopt(RETURNS)) == 0
    rules = (Rule(9, Verb.BLOCK, categories=(Category.USER,)), *view(world).rules)
    proposed(world, TIGHTER)
    assert policy(world, Propose(rules), WRITER_A) == 0
    number = proposed(world, TABLE)
    assert agree(world, number, WRITER_B) == 0
    assert (held(world), view(world).rules) == (TABLE, rules)
    looser = proposed(world, LOOSER)
    assert agree(world, looser, WRITER_B) == 0
    assert held(world) == TABLE


def test_changes_that_are_forgotten_take_their_tables_along(
    monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    """Criterion: RISK-13. As many are kept as of changes."""
    monkeypatch.setattr(policy_changes, "CHANGES_KEPT", 3)
    for points in range(16, 26):
        proposed(world, table(look_alike=points))
    found = view(world)
    assert len(found.changes) == len(found.tables) == 3
    assert found.risk == table(look_alike=25)


# What tightens


@pytest.mark.parametrize(
    "other",
    [
        RiskTable(Points(by_api=4)),
        RiskTable(Points(look_alike=59)),
        *(RiskTable(bounds=Bounds(**{name: 1})) for name in ("address_hours", "place_hours")),
        RiskTable(bounds=Bounds(key_hours=1, large_usd=1)),
        RiskTable(bounds=Bounds(least_usd=1_001)),
        RiskTable(bounds=Bounds(large_times=6)),
        RiskTable(bounds=Bounds(share=9_001)),
        RiskTable(bounds=Bounds(velocity_usd=50_001)),
        RiskTable(bounds=Bounds(window_hours=23)),
        RiskTable(bounds=Bounds(window_hours=25)),
        RiskTable(thresholds=Thresholds(step_up=61)),
        RiskTable(thresholds=Thresholds(step_up=1, delay=81)),
        RiskTable(thresholds=Thresholds(step_up=1, delay=2, review=101)),
        RiskTable(thresholds=Thresholds(confirm_hours=5)),
        RiskTable(thresholds=Thresholds(delay_hours=11)),
    ],
)
def test_what_lets_more_through_is_no_tightening(other: RiskTable) -> None:
    """Criterion: RISK-13. One value that does is enough; another window always waits."""
    assert not tightens_table(RiskTable(), other)


def test_what_only_asks_for_more_is_one() -> None:
    """Criterion: RISK-13."""
    other = RiskTable(
        Points(by_api=6, look_alike=1_000),
        Bounds(address_hours=169, least_usd=0, large_usd=9_999, large_times=1, share=1),
        Thresholds(1, 1, 1, confirm_hours=1, delay_hours=13),
    )
    assert tightens_table(RiskTable(), other)
    assert tightens_table(RiskTable(), RiskTable())


def _facts(draws: random.Random) -> RiskFacts:
    def usd() -> int:
        return draws.choice((0, 500, 1_000, 9_000, 60_000)) * USD

    def age() -> int:
        return draws.choice((-1, 0, 40, 100, 200)) * 3_600_000

    flags = {name: draws.random() < 0.3 for name in ("by_api", "is_risky", "is_untraced")}
    return RiskFacts(
        usd(),
        address_ms=abs(age()),
        whence=Whence(age(), age(), age()),
        calm_ms=age(),
        history_usd=usd(),
        history=draws.randrange(4),
        holds_usd=usd(),
        spent_usd=usd(),
        passed_usd=usd(),
        receiver_usd=usd(),
        **flags,
    )


def _near(draws: random.Random, table: RiskTable) -> RiskTable:
    """Another one, with up to two values of each group moved."""

    def moved(group: Any, least: int) -> Any:
        values = msgspec.structs.asdict(group)
        for name in draws.sample(sorted(values), draws.randrange(3)):
            values[name] = max(least, values[name] + draws.choice((-60, -9, 9, 60)))
        return type(group)(**values)

    return RiskTable(moved(table.points, 0), moved(table.bounds, 1), moved(table.thresholds, 1))


@pytest.mark.parametrize("seed", range(8))
def test_a_tightening_asks_no_facts_for_less(seed: int) -> None:
    """Criterion: RISK-13. Random tables and facts."""
    draws = random.Random(seed)
    looked_at = 0
    for _ in range(3_000):
        after = _near(draws, before := _near(draws, RiskTable()))
        if not tightens_table(before, after):
            continue
        for _ in range(20):
            facts = _facts(draws)
            was, now = (outcome_of(one, score(one, facts)[0]) for one in (before, after))
            assert now >= was, (before, after, facts)
            looked_at += 1
    assert looked_at
