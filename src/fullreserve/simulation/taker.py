"""Takers: orders of recorded sizes at random moments, leaning against their own inventory."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

from fullreserve.simulation.client import Session
from fullreserve.simulation.maker import Terms
from fullreserve.simulation.profile import taker_notionals

MARKET_SHARE = 0.35
PASSIVE_SHARE = 0.12
PASSIVE_MAX = 40
LARGEST = 12.0  # of the median order; the recorded tail would empty the demo's book
LEAN = 60.0  # median orders of inventory at which the lean is complete
REACH = 0.0015  # how far from the fair price a limited taker goes


class Taker:
    """One account that trades against the makers; `turn` sends one order."""

    def __init__(self, session: Session, seed: str) -> None:
        self._session = session
        self._random = random.Random(seed)
        self._inventory: dict[str, float] = {}
        self._passive: deque[tuple[int, str]] = deque()

    async def turn(self, terms: Terms, fair: float) -> None:
        share = min(self._random.choice(taker_notionals()), LARGEST)
        side = self._side(terms.symbol)
        size = self._size(terms, share)
        draw = self._random.random()
        if draw < MARKET_SHARE:
            await self._send(terms, {"side": side, "ordType": "market", "sz": size})
        elif draw < MARKET_SHARE + PASSIVE_SHARE:
            await self._rest(terms, fair, side, size)
        else:
            price = fair * (1 + REACH if side == "buy" else 1 - REACH)
            order = {"side": side, "ordType": "ioc", "sz": size, "px": self._price(terms, price)}
            await self._send(terms, order)
        signed = share if side == "buy" else -share
        self._inventory[terms.symbol] = self._inventory.get(terms.symbol, 0.0) + signed

    def _side(self, symbol: str) -> str:
        lean = max(min(self._inventory.get(symbol, 0.0) / LEAN, 1.0), -1.0)
        return "buy" if self._random.random() < 0.5 - 0.45 * lean else "sell"

    def _size(self, terms: Terms, share: float) -> str:
        lots = max(int(terms.base_size * 0.05 * share / float(terms.lot)), 1)
        return format(max(terms.lot * lots, terms.least), "f")

    @staticmethod
    def _price(terms: Terms, price: float) -> str:
        return format(terms.tick * max(round(price / float(terms.tick)), 1), "f")

    async def _rest(self, terms: Terms, fair: float, side: str, size: str) -> None:
        """A passive order just behind the fair price; the oldest gives way to it."""
        away = self._random.uniform(0.2, 3.0) * terms.spread
        price = fair * (1 - away if side == "buy" else 1 + away)
        order = {"side": side, "ordType": "limit", "sz": size, "px": self._price(terms, price)}
        row = await self._send(terms, order)
        if row.get("sCode") == "0":
            self._passive.append((terms.code, row["ordId"]))
        if len(self._passive) > PASSIVE_MAX:
            code, oldest = self._passive.popleft()
            # It may have been filled meanwhile; then the refusal says so and nothing is left to do.
            await self._session.request("cancel-order", [{"instIdCode": code, "ordId": oldest}])

    async def _send(self, terms: Terms, order: dict[str, Any]) -> dict[str, Any]:
        whole = {"instIdCode": terms.code, "tdMode": "cash", "tgtCcy": "base_ccy", **order}
        rows = await self._session.request("order", [whole])
        return rows[0] if rows else {}
