"""Levels of accounts as clients see them: fee tiers, named as OKX's ladder is.

https://www.okx.com/fees: five levels of regular users, and those of VIP users above them.
"""

from __future__ import annotations

REGULAR = 5
# From here on the fill ratio counts.
VIP5_TIER = REGULAR + 5


def level(tier: int) -> str:
    """`Lv1` to `Lv5`, then `VIP1` and so on; `Lv0` is the house's own."""
    return f"Lv{tier}" if tier <= REGULAR else f"VIP{tier - REGULAR}"
