"""The order limits of accounts whose fill ratio set one; everybody else has the lowest."""

from __future__ import annotations

from collections.abc import Mapping

from fullreserve.gateway.fill_ratio import LOWEST, Rating


class OrderRates:
    """One of a gateway. `edition` grows when limits change: whoever keeps one compares it."""

    def __init__(self) -> None:
        self.edition = 0
        self.midnight_ms = 0  # whose figures these are; 0 for none yet
        self._ratings: Mapping[int, Rating] = {}

    def put(self, midnight_ms: int, ratings: Mapping[int, Rating]) -> None:
        """The figures of a midnight hold from now on."""
        self.midnight_ms = midnight_ms
        self._ratings = ratings
        self.edition += 1

    def rating(self, owner: int) -> Rating | None:
        """What the figures say of an account; None for one below VIP 5."""
        return self._ratings.get(owner)

    def limit(self, owner: int) -> int:
        """New and amended orders in 2 s."""
        rating = self._ratings.get(owner)
        return LOWEST if rating is None else rating.limit
