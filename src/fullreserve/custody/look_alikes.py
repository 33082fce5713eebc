"""Addresses that were perhaps made to be mistaken for another: they begin and end in the same way.

Whoever makes such an address pays a little from it, so that it is copied out of a history. The web
app warns of them by the same rule where an address is entered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# What all addresses of a chain begin with, so that it tells nothing.
_COMMON = re.compile(r"^(0x|[a-z]{2,5}1[qp]?)")
ENDS = 3  # so many characters people compare at each end


def is_look_alike(address: str, known: Iterable[str]) -> bool:
    """Whether an address is none of those that are known, and ends and begins as one of them."""
    one = _bare(address)
    if len(one) < 2 * ENDS + 2:
        return False
    others = (_bare(each) for each in known)
    return any(
        other != one and other[:ENDS] == one[:ENDS] and other[-ENDS:] == one[-ENDS:]
        for other in others
    )


def _bare(address: str) -> str:
    return _COMMON.sub("", address.partition(":")[0].lower())
