"""Token buckets, kept on the exchange's side so that they are right with any number of gateways.

A bucket is one number, the moment at which it will be full again (the generic cell rate algorithm,
ITU-T I.371): it refills evenly, `burst` tokens in `window_ms`.
"""

from __future__ import annotations

from collections.abc import Sequence

from fullreserve.door.protocol import Limit

# Buckets that are full again are forgotten when this many are known, and then at every doubling.
SWEEP_AT = 10_000


class Buckets:
    """All buckets by key; `now_ns` is monotonic time."""

    def __init__(self) -> None:
        self._full_at: dict[tuple[str | int, ...], int] = {}
        self._sweep_at = SWEEP_AT

    def take(self, limits: Sequence[Limit], now_ns: int) -> bool:
        """Takes every limit's cost, or nothing when one of the buckets has too little."""
        full_at = self._full_at
        for limit in limits:
            key = limit.key
            at = full_at.get(key, now_ns)
            if at - now_ns > limit.slack_ns:
                self._give_back(limits, limit)
                return False
            # One look and one write for each and no call of `max`, as every order pays for them.
            since = at if at > now_ns else now_ns  # noqa: FURB136 - as said
            full_at[key] = since + limit.step_ns
        if len(full_at) >= self._sweep_at:
            self._sweep(now_ns)
        return True

    def _give_back(self, limits: Sequence[Limit], short: Limit) -> None:
        """Undoes what a call took before it met a bucket that has too little."""
        for limit in limits:
            if limit is short:
                return
            self._full_at[limit.key] -= limit.step_ns

    def lacking(self, limits: Sequence[Limit], now_ns: int) -> Limit | None:
        """The first limit whose bucket has less than its cost."""
        for limit in limits:
            if self._full_at.get(limit.key, 0) - now_ns > limit.slack_ns:
                return limit
        return None

    def _sweep(self, now_ns: int) -> None:
        self._full_at = {key: at for key, at in self._full_at.items() if at > now_ns}
        self._sweep_at = max(SWEEP_AT, 2 * len(self._full_at))

    def __len__(self) -> int:
        return len(self._full_at)
