"""Goal: a day's fees are a day's, whatever the clock does. Method: the budget on a real file."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest
from structlog.testing import capture_logs

from fullreserve.clock import ManualClock
from fullreserve.custody.chains.adapter import Asked, Chain, Plan, Standing
from fullreserve.custody.fee_budget import DAY_MS, FeeBudget
from fullreserve.custody.settled_fees import SettledFees
from fullreserve.custody.signing import WillNotSign

NOW_MS = 1_700_000_000_000


def plan(number: int, network: int = 3) -> Plan:
    return Plan(network, (), bytes([number]) * 32, b"", 0)


def test_a_day_of_fees_is_kept_and_forgotten(tmp_path: Path) -> None:
    """Criterion: CHAINS-SIGNER-8."""
    clock = ManualClock(NOW_MS)
    budget = FeeBudget(tmp_path / "kept", {3: 100, 4: 10}, clock)
    budget.charge(plan(1), 60, True)
    budget.charge(plan(1), 70, True)
    budget.charge(plan(1), 5, True)  # the dearer one is still signed
    for other in (plan(2), plan(9, network=5)):
        with pytest.raises(WillNotSign, match="in 24 hours"):
            budget.charge(other, 31, True)
    budget.charge(plan(2, network=4), 10, True)
    budget.charge(plan(2), 30, True)
    budget.close()
    later = FeeBudget(tmp_path / "kept", {3: 100}, ManualClock(NOW_MS + DAY_MS))
    later.charge(plan(3), 100, True)
    later.close()


def test_a_clock_that_is_set_back_forgets_nothing_and_holds_up_no_later_day(
    tmp_path: Path,
) -> None:
    """Criterion: CHAINS-SIGNER-8."""
    ahead = FeeBudget(tmp_path / "kept", {3: 100}, ManualClock(NOW_MS + 365 * DAY_MS))
    ahead.charge(plan(1), 100, True)
    ahead.close()
    clock = ManualClock(NOW_MS)
    budget = FeeBudget(tmp_path / "kept", {3: 100}, clock)
    with pytest.raises(WillNotSign, match="cost 101"):
        budget.charge(plan(2), 1, True)
    clock.advance(DAY_MS)
    budget.charge(plan(2), 100, True)
    budget.close()


COINS = 10**18


def test_coins_of_18_digits_are_counted_by_the_hundred(tmp_path: Path) -> None:
    """SQLite's numbers end at 9.2 of them; what a file of before holds still counts.

    Criterion: CHAINS-SIGNER-8.
    """
    budget = FeeBudget(tmp_path / "kept", {3: 100 * COINS}, ManualClock(NOW_MS))
    row = (3, plan(9).binding, COINS, NOW_MS)
    budget._db.execute("INSERT INTO fees VALUES (?, ?, ?, ?)", row)
    for number in range(1, 4):
        budget.charge(plan(number), 33 * COINS, True)
    with pytest.raises(WillNotSign, match=f"cost {100 * COINS + 1}"):
        budget.charge(plan(4), 1, True)
    budget.signed(plan(1), b"t" * 32)
    budget.settle(plan(1), 10 * COINS)
    budget.charge(plan(4), 23 * COINS, True)
    with pytest.raises(WillNotSign, match=f"cost {100 * COINS + 1}"):
        budget.charge(plan(5), 1, True)
    budget.close()


@pytest.mark.parametrize(("paid", "counted"), [(10**30, 60), (-(10**30), 15), (20, 20)])
def test_no_word_of_a_node_counts_beyond_what_was_reserved(
    tmp_path: Path, paid: int, counted: int
) -> None:
    """Nor less than a part of it. Criterion: CHAINS-SIGNER-9."""
    budget = FeeBudget(tmp_path / "kept", {3: 100}, ManualClock(NOW_MS))
    budget.charge(plan(1), 60, True)
    budget.signed(plan(1), b"t" * 32)
    budget.settle(plan(1), paid)
    with pytest.raises(WillNotSign, match="cost 101"):
        budget.charge(plan(2), 101 - counted, True)
    budget.charge(plan(2), 100 - counted, True)
    budget.close()


def test_what_could_not_be_written_holds_up_nothing_later(tmp_path: Path) -> None:
    """As on a full disk. Criterion: CHAINS-SIGNER-8."""
    budget = FeeBudget(tmp_path / "kept", {3: 100}, ManualClock(NOW_MS))
    budget.charge(plan(1), 10, True)
    budget.signed(plan(1), b"t" * 32)
    for event in ("INSERT", "UPDATE"):
        budget._db.execute(
            f"CREATE TRIGGER full_{event} BEFORE {event} ON fees"
            " BEGIN SELECT raise(FAIL, 'disk full'); END"
        )
    with pytest.raises(sqlite3.Error, match="disk full"):
        budget.charge(plan(2), 90, True)
    with pytest.raises(sqlite3.Error, match="disk full"):
        budget.settle(plan(1), 5)
    for event in ("INSERT", "UPDATE"):
        budget._db.execute(f"DROP TRIGGER full_{event}")
    assert len(budget.reserved(3)) == 1
    budget.charge(plan(3), 90, True)
    budget.settle(plan(1), 5)
    assert budget.reserved(3) == []
    budget.close()


class Lying:
    """A node of which another network's signer has nothing but errors."""

    def standing_all(self, asked: Sequence[Asked]) -> list[Standing]:
        raise TypeError("what a node said")


class Honest:
    """A node that shows what was signed, deep enough, for 20."""

    def standing_all(self, asked: Sequence[Asked]) -> list[Standing]:
        return [Standing(True, 5, 99, one.attempts[0], 20) for one in asked]


async def test_a_signer_outlives_what_a_node_leads_to(tmp_path: Path) -> None:
    """And settles the other networks' moves. Criterion: CHAINS-NODES-4."""
    budget = FeeBudget(tmp_path / "kept", {3: 100, 4: 100}, ManualClock(NOW_MS))
    for network in (3, 4):
        budget.charge(plan(1, network), 60, True)
        budget.signed(plan(1, network), b"t" * 32)
    nodes = {3: ([cast(Chain, Lying())], 3), 4: ([cast(Chain, Honest())], 3)}
    with capture_logs() as said:
        await SettledFees([budget], nodes).round()
    assert [len(budget.reserved(network)) for network in (3, 4)] == [1, 0]
    assert [(one["network"], one["problem"]) for one in said] == [(3, "TypeError")]
    budget.close()
