"""Goal: a day's fees are a day's, whatever the clock does. Method: the budget on a real file."""

from __future__ import annotations

from pathlib import Path

import pytest

from fullreserve.clock import ManualClock
from fullreserve.custody.chains.adapter import Plan
from fullreserve.custody.fee_budget import DAY_MS, FeeBudget
from fullreserve.custody.signing import WillNotSign

NOW_MS = 1_700_000_000_000


def plan(number: int, network: int = 3) -> Plan:
    return Plan(network, (), bytes([number]) * 32, b"", 0)


def test_a_day_of_fees_is_kept_and_forgotten(tmp_path: Path) -> None:
    """Criterion: CHAINS-SIGNER-8."""
    clock = ManualClock(NOW_MS)
    budget = FeeBudget(tmp_path / "kept", {3: 100, 4: 10}, clock)
    budget.charge(plan(1), 60)
    budget.charge(plan(1), 70)
    budget.charge(plan(1), 5)  # the dearer one is still signed
    for other in (plan(2), plan(9, network=5)):
        with pytest.raises(WillNotSign, match="in 24 hours"):
            budget.charge(other, 31)
    budget.charge(plan(2, network=4), 10)
    budget.charge(plan(2), 30)
    budget.close()
    later = FeeBudget(tmp_path / "kept", {3: 100}, ManualClock(NOW_MS + DAY_MS))
    later.charge(plan(3), 100)
    later.close()


def test_a_clock_that_is_set_back_forgets_nothing_and_holds_up_no_later_day(
    tmp_path: Path,
) -> None:
    """Criterion: CHAINS-SIGNER-8."""
    ahead = FeeBudget(tmp_path / "kept", {3: 100}, ManualClock(NOW_MS + 365 * DAY_MS))
    ahead.charge(plan(1), 100)
    ahead.close()
    clock = ManualClock(NOW_MS)
    budget = FeeBudget(tmp_path / "kept", {3: 100}, clock)
    with pytest.raises(WillNotSign, match="cost 101"):
        budget.charge(plan(2), 1)
    clock.advance(DAY_MS)
    budget.charge(plan(2), 100)
    budget.close()
