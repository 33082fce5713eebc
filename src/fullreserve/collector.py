"""How often Python looks for garbage in cycles, which few of our objects form."""

from __future__ import annotations

import gc

# Objects made and not freed between two looks. What a program loads at its start stays: with
# Python's own 700 a sixth of a start is spent on looking through it again and again.
THRESHOLD = 50_000


def look_seldom() -> None:
    """For this process; called before it loads what it is made of."""
    gc.set_threshold(THRESHOLD)
