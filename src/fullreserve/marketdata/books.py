"""The mirror of an instrument's order book, kept from `Level` events."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence

from fullreserve.exchange.catalog import Instrument
from fullreserve.exchange.wire.commands import Side
from fullreserve.exchange.wire.events import Level as LevelEvent
from fullreserve.exchange.wire.queries import Depth, DepthLevel


class Level:
    """A price level and its one rendering, which checksum, REST and WebSocket share."""

    __slots__ = ("_pair", "_row", "_side", "orders", "price", "price_text", "size")

    def __init__(self, side: BookSide, price: int, size: int, orders: int) -> None:
        self._side = side
        self.price = price
        self.price_text = side.instrument.price_text(price)
        self.set(size, orders)

    def set(self, size: int, orders: int) -> None:
        self.size = size
        self.orders = orders
        self._pair = ""
        self._row = ""

    @property
    def pair(self) -> str:
        """`price:size`, the checksum's part."""
        if not self._pair:
            self._pair = f"{self.price_text}:{self._side.instrument.size_text(self.size)}"
        return self._pair

    @property
    def row(self) -> str:
        """The JSON array `["price","size","0","orders"]`."""
        if not self._row:
            size = self._side.instrument.size_text(self.size)
            self._row = f'["{self.price_text}","{size}","0","{self.orders}"]'
        return self._row


class BookSide:
    """One side.

    A *key* orders levels so that the best one is the greatest: the price for bids, the negative
    price for asks.
    """

    __slots__ = ("instrument", "keys", "levels", "sign", "watchers")

    def __init__(self, instrument: Instrument, side: Side) -> None:
        self.instrument = instrument
        self.sign = 1 if side is Side.BUY else -1
        self.levels: dict[int, Level] = {}
        # Ascending: the busy end, where levels come and go, is the list's cheap end.
        self.keys: list[int] = []
        # Sets that collect the keys that changed, one for each view that publishes differences.
        self.watchers: list[set[int]] = []

    def set(self, price: int, size: int, orders: int) -> None:
        """A level's new state; size 0 removes it."""
        key = self.sign * price
        level = self.levels.get(key)
        if size == 0:
            if level is not None:
                del self.levels[key]
                del self.keys[bisect_left(self.keys, key)]
        elif level is None:
            self.levels[key] = Level(self, price, size, orders)
            insort(self.keys, key)
        else:
            level.set(size, orders)
        for watcher in self.watchers:
            watcher.add(key)

    def replace(self, levels: Iterable[DepthLevel]) -> None:
        """Takes the whole side anew."""
        for watcher in self.watchers:
            watcher.update(self.levels)
        self.levels = {self.sign * x.price: Level(self, x.price, x.size, x.orders) for x in levels}
        self.keys = sorted(self.levels)
        for watcher in self.watchers:
            watcher.update(self.levels)

    @property
    def best(self) -> Level | None:
        return self.levels[self.keys[-1]] if self.keys else None

    def top(self, count: int) -> list[Level]:
        """At most `count` levels, best first."""
        levels = self.levels
        return [levels[key] for key in self.keys[: -count - 1 : -1]]

    def rows(self, count: int) -> str:
        """The JSON array of at most `count` levels, best first."""
        return f"[{','.join([level.row for level in self.top(count)])}]"


class Book:
    """Both sides; `sequence` is that of the last row that changed it.

    Rows up to `begins_after` are in the answer that it started from.
    """

    __slots__ = ("asks", "begins_after", "bids", "sequence", "time_ms")

    def __init__(self, instrument: Instrument) -> None:
        self.bids = BookSide(instrument, Side.BUY)
        self.asks = BookSide(instrument, Side.SELL)
        self.begins_after = 0
        self.sequence = 0
        self.time_ms = 0

    def apply(self, level: LevelEvent) -> None:
        side = self.bids if level.side == Side.BUY else self.asks
        side.set(level.price, level.size, level.orders)

    def replace(self, depth: Depth) -> None:
        """Starts from the core's answer."""
        self.bids.replace(depth.bids)
        self.asks.replace(depth.asks)
        self.sequence = self.begins_after = depth.sequence
        self.time_ms = depth.time_ms

    def top(self, count: int) -> tuple[Sequence[Level], Sequence[Level]]:
        """The best `count` bids and asks."""
        return self.bids.top(count), self.asks.top(count)
