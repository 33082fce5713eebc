"""Pages of histories whose only cursor is a time, as OKX has them.

`after` is the last row's `ts`, exclusive, so that what shares its millisecond and stands on the
next page would be on no page. A page therefore ends only where the next row is 2 ms older or more:
one millisecond alone would do for the cursor as it is documented, but ccxt asks for what is older
than `ts - 1`. It has fewer rows than its `limit`, since ccxt throws away what is beyond that, and
more only where those of one time alone are more.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from itertools import pairwise
from typing import TypeVar

T = TypeVar("T")

TOGETHER_MS = 1  # rows no farther apart stand on one page
AHEAD = 100  # rows beyond a page that are asked for with it


def cut(found: Sequence[T], limit: int, time_ms: Callable[[T], int]) -> Sequence[T]:
    """The first rows, newest first: at most `limit` where a page may end there."""
    if len(found) <= limit:
        return found
    end = 0
    for count, (one, older) in enumerate(pairwise(found), 1):
        if count > limit and end:
            break
        if time_ms(one) - time_ms(older) > TOGETHER_MS:
            end = count
    return found[:end] if end else found


async def whole_page(
    rows: Callable[[int], Awaitable[Sequence[T]]], limit: int, time_ms: Callable[[T], int]
) -> Sequence[T]:
    """A page of what `rows` gives, newest first: of so many rows that are asked for none lacks.

    It is asked again for twice as many where it gives too few to know the page's end.
    """
    most = limit + AHEAD
    while True:
        page = cut(await rows(most), limit, time_ms)
        if len(page) < most:
            return page
        most *= 2
