"""The book checksum of the OKX v5 WebSocket API.

Source: OKX API guide, "Order book channel", section on the checksum: CRC-32 as a signed 32-bit
integer over the best 25 levels, bid and ask in turn, each as `price:size`, joined by colons; where
one side is shorter the other goes on alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from zlib import crc32

LEVELS = 25
_SIGN = 1 << 31


def checksum(bids: Sequence[str], asks: Sequence[str]) -> int:
    """The signed CRC-32 of two lists of `price:size`, best first; only the first 25 count."""
    pairs: list[str] = []
    for bid, ask in zip_longest(bids[:LEVELS], asks[:LEVELS]):
        if bid is not None:
            pairs.append(bid)
        if ask is not None:
            pairs.append(ask)
    code = crc32(":".join(pairs).encode())
    return code - (_SIGN << 1) if code & _SIGN else code
