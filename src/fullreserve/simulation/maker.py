"""A market maker of one pair: a fixed ladder of prices around the fair price, and a quote at it.

The ladder's prices are multiples of a step, so that a move of the market changes a few orders at
its ends and not all of them; the quote follows the fair price tick by tick.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from fullreserve.simulation.client import Session
from fullreserve.simulation.profile import depth_shape

LEVELS = 56
BATCH = 20
_T = TypeVar("_T")
_FINISHED = frozenset({"filled", "canceled"})


def _parts(whole: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """As the exchange takes them: all are sent at once, none waits for the one before."""
    return (whole[start : start + BATCH] for start in range(0, len(whole), BATCH))


class Terms(NamedTuple):
    """How a pair is quoted; sizes of the pair's own instrument as decimal strings' values."""

    symbol: str
    code: int  # instIdCode
    tick: Decimal
    lot: Decimal
    least: Decimal  # minimum size
    spread: float  # half, relative
    step: float  # between ladder prices, relative
    base_size: float  # of a median level, in base units


class Resting(NamedTuple):
    order: str
    side: str
    price: Decimal
    left: Decimal


class Maker:
    """Keeps its orders near what `wanted` says; call `turn` a few times a second."""

    def __init__(self, terms: Terms, session: Session, seed: str) -> None:
        self.terms = terms
        self._session = session
        self._random = random.Random(seed)
        self._resting: dict[str, Resting] = {}  # by order id
        # A push may overtake the answer to the request that it is about.
        self._ended: set[str] = set()
        self._step: Decimal | None = None
        self._quote: dict[str, Decimal] = {}

    def on_order(self, row: dict[str, Any]) -> None:
        """One row of the `orders` channel of this pair."""
        order = row["ordId"]
        if row["state"] in _FINISHED:
            self._resting.pop(order, None)
            self._ended.add(order)
            return
        if not row["px"]:  # somebody's market order by this key: it never rests
            return
        left = Decimal(row["sz"]) - Decimal(row["accFillSz"] or "0")
        self._resting[order] = Resting(order, row["side"], Decimal(row["px"]), left)

    async def turn(self, fair: float) -> None:
        """Cancels what is out of place, then places what is missing."""
        self._ended.clear()
        wanted = self._wanted(fair)
        have: dict[tuple[str, Decimal], Resting] = {}
        stale: list[Resting] = []
        for resting in list(self._resting.values()):
            key = (resting.side, resting.price)
            size = wanted.get(key)
            if size is None or key in have or resting.left * 3 < size:
                stale.append(resting)
            else:
                have[key] = resting
        await self._cancel(stale)
        missing = [(key, size) for key, size in wanted.items() if key not in have]
        await self._place(missing)

    def _wanted(self, fair: float) -> dict[tuple[str, Decimal], Decimal]:
        """Price -> size by side: the quote first, then the ladder from the touch outward."""
        terms = self.terms
        if self._step is None:
            steps = max(round(fair * terms.step / float(terms.tick)), 1)
            self._step = terms.tick * steps
        step = self._step
        shape = depth_shape(LEVELS)
        wanted: dict[tuple[str, Decimal], Decimal] = {}
        for side, direction in (("buy", -1), ("sell", 1)):
            touch = fair * (1 + direction * terms.spread)
            ticks = self._nearest(touch / float(terms.tick), direction)
            wanted[(side, terms.tick * ticks)] = self._size(0.6)
            first = self._nearest(touch / float(step), direction)
            for level in range(LEVELS):
                price = step * (first + direction * level)
                if price > 0 and (side, price) not in wanted:
                    wanted[(side, price)] = self._size(shape[level])
        return wanted

    @staticmethod
    def _nearest(multiple: float, direction: int) -> int:
        """The whole multiple on the passive side."""
        down = int(multiple)
        return down if direction < 0 or down == multiple else down + 1

    def _size(self, share: float) -> Decimal:
        lots = max(int(self.terms.base_size * share / float(self.terms.lot)), 1)
        return max(self.terms.lot * lots, self.terms.least)

    async def _cancel(self, stale: list[Resting]) -> None:
        await asyncio.gather(*(self._cancel_part(part) for part in _parts(stale)))

    async def _cancel_part(self, part: Sequence[Resting]) -> None:
        rows = await self._session.request(
            "batch-cancel-orders",
            [{"instIdCode": self.terms.code, "ordId": resting.order} for resting in part],
        )
        for resting, row in zip(part, rows, strict=False):
            if row["sCode"] in {"0", "51400"}:
                self._resting.pop(resting.order, None)

    async def _place(self, missing: list[tuple[tuple[str, Decimal], Decimal]]) -> None:
        await asyncio.gather(*(self._place_part(part) for part in _parts(missing)))

    async def _place_part(self, part: Sequence[tuple[tuple[str, Decimal], Decimal]]) -> None:
        rows = await self._session.request(
            "batch-orders",
            [self._order(side, price, size) for (side, price), size in part],
        )
        for ((side, price), size), row in zip(part, rows, strict=False):
            order = row["ordId"]
            if row["sCode"] == "0" and not self._knows(order):
                self._resting[order] = Resting(order, side, price, size)

    def _knows(self, order: str) -> bool:
        return order in self._resting or order in self._ended

    def _order(self, side: str, price: Decimal, size: Decimal) -> dict[str, Any]:
        lots = int(size / self.terms.lot * Decimal(self._random.randint(60, 140)) / 100)
        return {
            "instIdCode": self.terms.code,
            "tdMode": "cash",
            "side": side,
            "ordType": "post_only",
            "px": format(price, "f"),
            "sz": format(max(self.terms.lot * lots, self.terms.least), "f"),
        }
