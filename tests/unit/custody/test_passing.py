"""Goal: who cannot be paid yet holds up nobody, and nobody starves him.

Method: hot's coins as numbers, by hand and drawn at random.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fullreserve.custody.passing import Passing

FIRST, ASSET = 7, 2
LARGE = 10**6  # more than comes in any of the tests


def test_what_hot_had_goes_before_the_first_and_half_of_what_comes() -> None:
    """Criterion: CHAINS-PAYER-28."""
    passing = Passing()
    assert passing.room(ASSET, FIRST, 95, LARGE) == 95
    passing.went(ASSET, 95)
    assert passing.room(ASSET, FIRST, 0, LARGE) == 0
    assert passing.room(ASSET, FIRST, 10, LARGE) == 5
    passing.went(ASSET, 5)
    assert passing.room(ASSET, FIRST, 5, LARGE) == 0
    # Of another who is first now all counts anew, and each asset by itself.
    assert passing.room(ASSET, FIRST + 1, 5, LARGE) == 5
    assert passing.room(ASSET + 1, FIRST, 3, LARGE) == 3


@given(st.integers(0, 50), st.lists(st.tuples(st.integers(0, 9), st.integers(0, 20)), max_size=60))
def test_half_of_all_that_comes_is_kept_for_the_first(
    had: int, turns: list[tuple[int, int]]
) -> None:
    """Whoever asks for as much as there is. Criterion: CHAINS-PAYER-28."""
    passing, free, came = Passing(), had, 0
    passing.room(ASSET, FIRST, free, LARGE)
    for comes, asked in turns:
        free, came = free + comes, came + comes
        room = passing.room(ASSET, FIRST, free, LARGE)
        assert 0 <= room <= free
        taken = min(room, asked)
        passing.went(ASSET, taken)
        free -= taken
        assert free >= came // 2


@given(st.integers(0, 50), st.integers(1, 50), st.integers(0, 60))
def test_hot_that_is_filled_to_its_cap_goes_on_paying(had: int, cap: int, asked: int) -> None:
    """However long he waits, and whatever he asks for. Criterion: CHAINS-PAYER-28."""
    passing, kept = Passing(), asked if asked <= cap else 0
    passing.room(ASSET, FIRST, had, kept)
    for _ in range(10):  # hot is filled, and all that may goes
        room = passing.room(ASSET, FIRST, cap, kept, is_full=True)
        assert room == cap
        passing.went(ASSET, room)
        assert passing.room(ASSET, FIRST, 2, kept) >= 1
