"""Trade ids as clients see them.

The core counts each instrument's trades from 1. Clients treat ids as text and some sort by it, so
on the wire an id is offset to 10 digits, which it keeps for the first 9 x 10^9 trades.
"""

from __future__ import annotations

BASE = 1_000_000_000


def text(number: int) -> str:
    """The id on the wire; "" for none (0)."""
    return str(BASE + number) if number else ""


def number(shown: int) -> int:
    """The core's number of an id on the wire; 0 for one that was never given out."""
    return max(0, shown - BASE)
