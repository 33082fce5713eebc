"""Candles of one instrument, kept from its trades.

A bar's open, high, low and close are those of its trades. A bar without trades is *flat*: all four
are the previous bar's close and its volume is zero, so that bars follow one another without gaps
from an instrument's first trade on. Bars close when time passes their end, also without trades,
and never change afterwards.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from fullreserve.exchange.catalog import Instrument
from fullreserve.marketdata.bars import ONE_MINUTE, ONE_SECOND, WIDE, Bar

# How many closed bars of each size are kept here; older ones are in the records.
KEPT_SECONDS = 300
KEPT_MINUTES = 1440
KEPT_WIDE = 4


class Candle:
    """One bar.

    Prices at price scale, volume at size scale, turnover the exact sum of price x size.
    """

    __slots__ = ("close", "high", "low", "open", "open_ms", "turnover", "volume")

    def __init__(
        self,
        open_ms: int,
        prices: tuple[int, int, int, int],
        volume: int = 0,
        turnover: int = 0,
    ) -> None:
        self.open_ms = open_ms
        self.open, self.high, self.low, self.close = prices
        self.volume = volume
        self.turnover = turnover

    @classmethod
    def flat(cls, open_ms: int, price: int) -> Candle:
        return cls(open_ms, (price, price, price, price))

    def copy(self) -> Candle:
        prices = (self.open, self.high, self.low, self.close)
        return Candle(self.open_ms, prices, self.volume, self.turnover)

    def trade(self, price: int, size: int) -> None:
        if self.volume == 0:
            self.open = self.high = self.low = price
        elif price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        self.close = price
        self.volume += size
        self.turnover += price * size

    def absorb(self, later: Candle) -> None:
        """Adds a bar that follows inside this one."""
        if later.volume == 0:
            return
        if self.volume == 0:
            self.open, self.high, self.low = later.open, later.high, later.low
        else:
            self.high = max(self.high, later.high)
            self.low = min(self.low, later.low)
        self.close = later.close
        self.volume += later.volume
        self.turnover += later.turnover

    def row(self, instrument: Instrument, *, confirmed: bool) -> str:
        """The JSON array `[ts,o,h,l,c,vol,volCcy,volCcyQuote,confirm]` of a spot instrument."""
        price = instrument.price_text
        quote = quote_text(instrument, self.turnover)
        return (
            f'["{self.open_ms}","{price(self.open)}","{price(self.high)}","{price(self.low)}",'
            f'"{price(self.close)}","{instrument.size_text(self.volume)}","{quote}","{quote}",'
            f'"{int(confirmed)}"]'
        )


def quote_text(instrument: Instrument, turnover: int) -> str:
    """A sum of price x size in the quote asset, down to its ledger scale."""
    surplus = instrument.price_scale + instrument.size_scale - instrument.quote.scale
    units = turnover // 10**surplus if surplus > 0 else turnover * 10**-surplus
    return instrument.quote.text(units)


class Series:
    """The bars of one size: the running one and the last closed ones."""

    __slots__ = ("bar", "closed", "end_ms", "live")

    def __init__(self, bar: Bar, kept: int) -> None:
        self.bar = bar
        self.closed: deque[Candle] = deque(maxlen=kept)
        self.live: Candle | None = None
        self.end_ms = 0

    def begin(self, time_ms: int, price: int) -> Candle:
        """Opens the bar that holds `time_ms`, flat at `price`."""
        opened = self.bar.open_of(time_ms)
        self.end_ms = self.bar.close_of(opened)
        self.live = Candle.flat(opened, price)
        return self.live

    def roll(self, time_ms: int) -> None:
        """Closes what ended by `time_ms`, flat bars included."""
        live = self.live
        if live is None or time_ms < self.end_ms:
            return
        self.closed.append(live)
        # After a long silence only the flat bars that would be kept are made.
        kept = self.closed.maxlen or 0
        skip = time_ms - (kept + 1) * self.bar.length
        live = self.begin(max(self.end_ms, skip), live.close)
        while time_ms >= self.end_ms:
            self.closed.append(live)
            live = self.begin(self.end_ms, live.close)


class Candles:
    """All bar sizes.

    Seconds and minutes take every trade; wider bars are put together from closed minutes and the
    running one.
    """

    __slots__ = ("_minute", "_second", "_wide", "closed_minutes", "first_ms")

    def __init__(self) -> None:
        self._second = Series(ONE_SECOND, KEPT_SECONDS)
        self._minute = Series(ONE_MINUTE, KEPT_MINUTES)
        self._wide = {bar: Series(bar, KEPT_WIDE) for bar in WIDE}
        # Minutes with trades that closed since the reader (the 24 h window) last took them.
        self.closed_minutes: list[Candle] = []
        # The open of the first minute that was ever traded in, 0 before it; None: not known.
        self.first_ms: int | None = None

    def seed(
        self,
        minutes: Sequence[Candle],
        running: Mapping[Bar, Candle],
        closed_until: int,
        *,
        whole: bool = False,
    ) -> None:
        """Starts from history.

        `minutes` are closed ones, oldest first, gaps allowed; `running` is the running bar of each
        wider size, put together from the minutes before `closed_until`, a minute's open. `whole`:
        there were no minutes before these.
        """
        if whole:
            self.first_ms = minutes[0].open_ms if minutes else 0
        for candle in minutes:
            self._minute.closed.append(candle)
            # The oldest one is before the 24 h window and tells the price when that begins.
            if candle.volume or candle is minutes[0]:
                self.closed_minutes.append(candle)
        for bar, candle in running.items():
            series = self._wide[bar]
            series.live = candle.copy()
            series.end_ms = bar.close_of(candle.open_ms)
            series.roll(closed_until)
        if minutes:
            self._second.begin(closed_until, minutes[-1].close)
            self._minute.begin(closed_until, minutes[-1].close)

    def trade(self, time_ms: int, price: int, size: int) -> None:
        """Takes a trade; times never go back."""
        self.advance(time_ms)
        second = self._second.live or self._second.begin(time_ms, price)
        second.trade(price, size)
        minute = self._minute.live
        if minute is None:
            minute = self._minute.begin(time_ms, price)
            if self.first_ms == 0:
                self.first_ms = minute.open_ms
        minute.trade(price, size)

    def advance(self, time_ms: int) -> None:
        """Closes the bars that ended by `time_ms`; no trade before it may follow."""
        if time_ms < self._second.end_ms:
            return
        self._second.roll(time_ms)
        minute = self._minute.live
        if minute is None or time_ms < self._minute.end_ms:
            return
        self._minute.roll(time_ms)
        if minute.volume:
            self.closed_minutes.append(minute)
        for series in self._wide.values():
            wide = series.live or series.begin(minute.open_ms, minute.open)
            wide.absorb(minute)
            series.roll(time_ms)

    def live(self, bar: Bar) -> Candle | None:
        """The running bar (do not change it); None before the first trade."""
        if bar is ONE_SECOND:
            return self._second.live
        minute = self._minute.live
        if bar is ONE_MINUTE or minute is None:
            return minute
        base = self._wide[bar].live
        merged = Candle.flat(bar.open_of(minute.open_ms), minute.open)
        if base is not None:
            merged = base.copy()
        merged.absorb(minute)
        return merged

    def has_all(self, bar: Bar) -> bool:
        """Whether the bars at hand are all that there ever were."""
        if not self.first_ms:
            return self.first_ms is not None
        closed = self._series(bar).closed
        oldest = closed[0] if closed else self.live(bar)
        if oldest is None or len(closed) == closed.maxlen:
            return False
        if bar is ONE_SECOND:
            # The first second that was traded in is one of the first minute.
            return ONE_MINUTE.open_of(oldest.open_ms) == self.first_ms
        return oldest.open_ms == bar.open_of(self.first_ms)

    def closed(self, bar: Bar) -> Sequence[Candle]:
        """The last closed bars, oldest first."""
        return self._series(bar).closed

    def _series(self, bar: Bar) -> Series:
        if bar is ONE_SECOND:
            return self._second
        return self._minute if bar is ONE_MINUTE else self._wide[bar]

    def rows(self, bar: Bar, instrument: Instrument) -> list[str]:
        """The JSON rows of all bars at hand, newest first, the running one included."""
        rows = [candle.row(instrument, confirmed=True) for candle in self.closed(bar)]
        live = self.live(bar)
        if live is not None:
            rows.append(live.row(instrument, confirmed=False))
        rows.reverse()
        return rows
