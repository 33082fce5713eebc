"""Putting trades together into the stored candles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fullreserve.exchange.wire.events import Trade
from fullreserve.marketdata.bars import HOUR, MINUTE, SECOND, Bar
from fullreserve.records.amount import amount_text

# The widths that are stored; all others are put together from one of them.
STORED_MS = (SECOND, MINUTE, HOUR)


def stored_width(bar: Bar) -> int:
    """The stored width from which bars of a size are put together: the largest that fits."""
    return next(width_ms for width_ms in reversed(STORED_MS) if width_ms <= bar.length)


class Candle:
    """One bar, growing. Prices and volume at the instrument's scales, turnover at their sum."""

    __slots__ = (
        "close",
        "high",
        "imported",
        "low",
        "open",
        "open_ms",
        "trades",
        "turnover",
        "volume",
    )

    def __init__(
        self,
        open_ms: int,
        price: tuple[int, int, int, int],
        volume: int,
        turnover: int,
        trades: int,
        *,
        imported: bool = False,
    ) -> None:
        self.open_ms = open_ms
        self.open, self.high, self.low, self.close = price
        self.volume = volume
        self.turnover = turnover
        self.trades = trades
        self.imported = imported

    @property
    def prices(self) -> tuple[int, int, int, int]:
        return self.open, self.high, self.low, self.close

    def trade(self, price: int, size: int) -> None:
        """Adds one match."""
        if price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        self.close = price
        self.volume += size
        self.turnover += price * size
        self.trades += 1

    def add(self, later: Candle) -> None:
        """Adds a later bar, or a later part of the same one."""
        self.high = max(self.high, later.high)
        self.low = min(self.low, later.low)
        self.close = later.close
        self.volume += later.volume
        self.turnover += later.turnover
        self.trades += later.trades
        self.imported |= later.imported

    def at(self, open_ms: int) -> Candle:
        """A bar that opens at another time and holds the same so far."""
        return Candle(
            open_ms, self.prices, self.volume, self.turnover, self.trades, imported=self.imported
        )

    def row(self, instrument: int, width_ms: int) -> tuple[Any, ...]:
        """The row of the table `candles`."""
        return (
            instrument,
            width_ms,
            self.open_ms,
            *self.prices,
            amount_text(self.volume),
            amount_text(self.turnover),
            self.trades,
            self.imported,
        )


# (instrument, width_ms, open_ms) -> the stored bar, if there is one
Stored = Callable[[int, int, int], Candle | None]


class Candles:
    """The bars that trades have changed since the last `take`.

    Trades are put into second bars at once, and these into the wider ones when taken: under load
    many trades share a second.
    """

    def __init__(self, stored: Stored) -> None:
        self._stored = stored
        self._seconds: dict[tuple[int, int], Candle] = {}
        # The newest bar of each instrument and width.
        self._newest: dict[tuple[int, int], Candle] = {}

    def add(self, trade: Trade) -> None:
        open_ms = trade.time_ms - trade.time_ms % SECOND
        key = (trade.instrument, open_ms)
        candle = self._seconds.get(key)
        if candle is None:
            price, size = trade.price, trade.size
            self._seconds[key] = Candle(open_ms, (price,) * 4, size, price * size, 1)
        else:
            candle.trade(trade.price, trade.size)

    def take(self) -> list[tuple[Any, ...]]:
        """The rows of all bars that changed, whole, and forgets that they did."""
        changed: dict[tuple[int, int, int], Candle] = {}
        for (instrument, _), second in self._seconds.items():
            for width_ms in STORED_MS:
                candle = self._grow(instrument, width_ms, second)
                changed[(instrument, width_ms, candle.open_ms)] = candle
        self._seconds.clear()
        return [candle.row(key[0], key[1]) for key, candle in sorted(changed.items(), key=_key)]

    def _grow(self, instrument: int, width_ms: int, second: Candle) -> Candle:
        open_ms = second.open_ms - second.open_ms % width_ms
        newest = self._newest.get((instrument, width_ms))
        if newest is None:
            # The first since the start: an earlier run, or an import, may have begun this bar.
            newest = self._stored(instrument, width_ms, open_ms)
        if newest is None or newest.open_ms != open_ms:
            newest = second.at(open_ms)
        else:
            newest.add(second)
        self._newest[(instrument, width_ms)] = newest
        return newest


def _key(item: tuple[tuple[int, int, int], Candle]) -> tuple[int, int, int]:
    return item[0]


def widen(candles: Iterable[Candle], open_of: Callable[[int], int]) -> Iterator[Candle]:
    """Puts ascending bars together into wider ones."""
    wide: Candle | None = None
    for candle in candles:
        open_ms = open_of(candle.open_ms)
        if wide is not None and wide.open_ms == open_ms:
            wide.add(candle)
            continue
        if wide is not None:
            yield wide
        wide = candle.at(open_ms)
    if wide is not None:
        yield wide
