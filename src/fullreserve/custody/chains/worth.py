"""What makes it worth its fee to bring coins from users' addresses to the hot wallet.

Without it strangers' dust would cost the house more than it brings: a token's smallest deposit on
a fresh address takes gas from hot, and its sender hardly anything. What is too small waits where it
lies, counted with all that is not swept, until more comes to the address or fees fall.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

TIMES = 10


class Worth(NamedTuple):
    """`in_coin`: by asset, so many units of the chain's coin for so many of the asset's own.

    Amounts and fees are in the chain's units. Of an asset without a price nothing is known: it is
    moved all the same, after all others, as who withdraws it would wait for ever else.
    """

    times: int = TIMES  # of the fee
    in_coin: Mapping[int, tuple[int, int]] = {}

    def of(self, asset: int, amount: int) -> int | None:
        """What it is worth in the chain's coin, down; None without a price."""
        coin, units = self.in_coin.get(asset, (0, 0))
        return amount * coin // units if coin else None

    def pays(self, value: int | None, fee: int) -> bool:
        """Whether so much is worth a fee, both in the chain's coin."""
        return value is None or value >= self.times * fee
