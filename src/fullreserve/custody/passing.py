"""How much may go before a withdrawal that the hot wallet cannot pay.

All that hot had when it began to wait, which would lie idle, and half of what came since: so those
behind it go on, and what is kept for it grows with all that comes until it is enough. More than it
asks for is never kept, nor anything for one that hot can never pay. Where hot is full and cannot
pay it all the same, as none of several accounts has enough, all may go: what comes then goes to the
account that lacks least, and what is kept is counted anew.
"""

from __future__ import annotations

from typing import NamedTuple


class _First(NamedTuple):
    """The oldest that waits, what hot had then, and what went before it, in the ledger's units."""

    withdrawal: int
    had: int
    passed: int


class Passing:
    """Of one network. A payer that begins anew knows of nothing that was kept before."""

    def __init__(self) -> None:
        self._firsts: dict[int, _First] = {}  # by asset

    def room(
        self, asset: int, first: int, free: int, kept_most: int, *, is_full: bool = False
    ) -> int:
        """What may go before `first`, of what hot has `free` of payments now.

        `kept_most` is what it asks for; 0 where hot can never have that. `is_full`: no refill
        comes before something goes.
        """
        known = self._firsts.get(asset)
        if known is None or known.withdrawal != first or is_full:
            known = self._firsts[asset] = _First(first, free, 0)
        came = max(0, free + known.passed - known.had)
        return max(0, free - min(came // 2, kept_most))

    def went(self, asset: int, amount: int) -> None:
        """So much goes before the first of an asset."""
        known = self._firsts[asset]
        self._firsts[asset] = known._replace(passed=known.passed + amount)
