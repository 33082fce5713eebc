"""Order and bill ids as clients see them.

The core counts from 1. Clients treat ids as text and some sort by it, so on the wire an id is
offset to 19 digits, which it keeps until 8 x 10^18 commands have passed.
"""

from __future__ import annotations

BASE = 1_000_000_000_000_000_000


def text(number: int) -> str:
    """The id on the wire; "" for none (0)."""
    return str(BASE + number) if number else ""


def number(text: str) -> int:
    """The core's number of an id on the wire; 0 for one that was never given out."""
    if not (text.isascii() and text.isdigit()) or len(text) > 19:
        return 0
    return max(0, int(text) - BASE)
