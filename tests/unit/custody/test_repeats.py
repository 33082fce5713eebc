"""Goal: a signer that refuses the same again and again says so once a minute.

Method: a clock that is set by hand.
"""

from __future__ import annotations

from fullreserve.clock import ManualClock
from fullreserve.custody.repeats import AGAIN_MS, KEPT, Repeats


def test_the_same_is_said_once_a_minute() -> None:
    """And whatever else there is at once. Criterion: CHAINS-SIGNER-17."""
    clock = ManualClock(0)
    repeats = Repeats(clock)
    assert [repeats.is_due(one) for one in ("a", "b", "a")] == [True, True, False]
    clock.advance(AGAIN_MS - 1)
    assert not repeats.is_due("a")
    clock.advance(1)
    assert repeats.is_due("a")
    assert not repeats.is_due("a")


def test_what_a_caller_makes_up_fills_no_memory() -> None:
    """Criterion: CHAINS-SIGNER-17. What is forgotten is said again."""
    repeats = Repeats(ManualClock(0))
    assert all(repeats.is_due(str(one)) for one in range(KEPT + 1))
    assert len(repeats._said) == KEPT
    assert repeats.is_due("0")
    assert not repeats.is_due(str(KEPT))
