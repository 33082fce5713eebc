"""Goal: token buckets give what they promise, evenly, and forget what is full again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fullreserve.door.limits import SWEEP_AT, Buckets
from fullreserve.door.protocol import Limit

MS = 1_000_000


def test_a_burst_is_taken_at_once_and_comes_back_evenly() -> None:
    """Criterion: LOG-11.3. 60 in 2 s: one token each 33⅓ ms."""
    buckets = Buckets()
    limit = [Limit(("order", 7), 60, 2_000)]
    assert [buckets.take(limit, 0) for _ in range(61)] == [True] * 60 + [False]
    assert not buckets.take(limit, 33 * MS)
    assert buckets.take(limit, 34 * MS)
    assert not buckets.take(limit, 34 * MS)
    assert [buckets.take(limit, 4_000 * MS) for _ in range(61)].count(True) == 60


def test_all_limits_are_taken_or_none() -> None:
    """Criterion: LOG-11.3"""
    buckets = Buckets()
    wide, narrow = Limit(("user",), 10, 1_000), Limit(("pair",), 1, 1_000)
    assert buckets.take([wide, narrow], 0)
    assert not any(buckets.take([wide, narrow], 0) for _ in range(50))
    assert [buckets.take([wide], 0) for _ in range(10)].count(True) == 9


def test_the_limit_that_lacks_is_named() -> None:
    """Criterion: LOG-11.3"""
    buckets = Buckets()
    wide, narrow = Limit(("user",), 10, 1_000), Limit(("pair",), 1, 1_000, code=50061)
    assert buckets.lacking([wide, narrow], 0) is None
    assert buckets.take([wide, narrow], 0)
    assert buckets.lacking([wide, narrow], 0) is narrow
    assert buckets.lacking([wide], 0) is None


def test_a_cost_takes_as_many_tokens() -> None:
    """Criterion: LOG-11.3"""
    buckets = Buckets()
    assert buckets.take([Limit(("batch",), 20, 2_000, cost=15)], 0)
    assert not buckets.take([Limit(("batch",), 20, 2_000, cost=6)], 0)
    assert buckets.take([Limit(("batch",), 20, 2_000, cost=5)], 0)
    assert not buckets.take([Limit(("batch",), 20, 2_000, cost=21)], 10**12)


def test_full_buckets_are_forgotten() -> None:
    """Criterion: LOG-9.4"""
    buckets = Buckets()
    for user in range(20 * SWEEP_AT):
        assert buckets.take([Limit(("user", user), 5, 1_000)], user * MS)
    assert len(buckets) <= SWEEP_AT


@given(
    st.integers(1, 20),
    st.integers(1, 5_000),
    st.lists(st.integers(0, 3_000), min_size=1, max_size=60),
)
def test_no_window_gives_more_than_burst_and_refill(
    burst: int, window_ms: int, pauses_ms: list[int]
) -> None:
    """Criterion: LOG-11.3. In any stretch: at most the burst and what refills within it."""
    buckets = Buckets()
    now_ms, taken = 0, []
    for pause_ms in pauses_ms:
        now_ms += pause_ms
        if buckets.take([Limit(("k",), burst, window_ms)], now_ms * MS):
            taken.append(now_ms)
    for first, start in enumerate(taken):
        for last, end in enumerate(taken[first:], first):
            allowed = burst + (end - start) * burst // window_ms + 1
            assert last - first + 1 <= allowed
