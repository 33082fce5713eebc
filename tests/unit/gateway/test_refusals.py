"""What a refusal says, whatever a plan's times are."""

from __future__ import annotations

import pytest

from fullreserve.gateway.refusals import SUSPENDED, UNDER_MAINTENANCE, problem
from tests.unit.gateway.catalog import BTC_USDT, make


@pytest.mark.parametrize(
    ("preopen_ms", "said"),
    [(1_790_000_000_000, "2026-09-21T14:13:20Z"), (10**18, "9999-12-31T23:59:59Z")],
)
def test_a_window_is_said_even_of_a_year_that_no_date_has(preopen_ms: int, said: str) -> None:
    """Criterion: CAL-REST-1"""
    instrument = make().instruments[BTC_USDT]
    refused = problem(SUSPENDED, 0, instrument, closed={BTC_USDT: preopen_ms})
    assert refused.code == UNDER_MAINTENANCE
    assert said in refused.message
