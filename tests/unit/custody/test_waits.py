"""Goal: who waits long is told of now and then, and that it is over once."""

from __future__ import annotations

from structlog.testing import capture_logs

from fullreserve.clock import ManualClock
from fullreserve.custody.waits import AGAIN_MS, LOOKING, SIGNING, Waits

ROUND_MS = 500


def test_a_long_wait_is_told_of_once_a_minute_and_at_its_end() -> None:
    """At its begin, and where the reason changes. Criterion: CUST-LOG-1."""
    clock = ManualClock(1_700_000_000_000)
    waits = Waits(clock)
    with capture_logs() as logged:
        for _ in range(3 * AGAIN_MS // ROUND_MS):
            waits.waits(7, SIGNING, "0 of 2 signed")
            clock.advance(ROUND_MS)
        waits.waits(7, SIGNING, "1 of 2 signed")
        waits.goes(7, LOOKING)
        for _ in range(3):
            waits.goes(7, SIGNING)
    said = [(one["event"], one.get("problem", "")) for one in logged]
    assert said == [
        *[("payment waits", "0 of 2 signed")] * 3,
        ("payment waits", "1 of 2 signed"),
        ("payment goes on", ""),
    ]
    assert {one["plan"] for one in logged} == {7}


def test_what_is_over_is_forgotten() -> None:
    """One that waits on is known still. Criterion: CUST-LOG-1."""
    waits = Waits(ManualClock(1_700_000_000_000))
    with capture_logs() as logged:
        for plan in (7, 8):
            waits.waits(plan, SIGNING, "none signed")
        waits.keep({8})
        for plan in (7, 8):
            waits.goes(plan, SIGNING)
    assert [one["plan"] for one in logged] == [7, 8, 8]
