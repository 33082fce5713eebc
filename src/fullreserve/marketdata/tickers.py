"""The 24-hour ticker of one instrument."""

from __future__ import annotations

from collections import deque

from fullreserve.exchange.catalog import Instrument
from fullreserve.marketdata.bars import DAY, DAY_UTC0, DAY_UTC8, ONE_MINUTE
from fullreserve.marketdata.books import Book
from fullreserve.marketdata.candles import Candle, Candles, quote_text
from fullreserve.marketdata.trades import Tape


class DayWindow:
    """The closed minutes of the last 24 hours, summed up; a minute leaves it as a whole."""

    __slots__ = ("_before", "_highs", "_lows", "_minutes", "turnover", "volume")

    def __init__(self) -> None:
        self._minutes: deque[Candle] = deque()
        # Falling highs and rising lows: the first is the window's extreme.
        self._highs: deque[Candle] = deque()
        self._lows: deque[Candle] = deque()
        self._before: int | None = None  # the price when the window begins
        self.volume = 0
        self.turnover = 0

    def add(self, minute: Candle) -> None:
        """Takes a closed minute that has trades."""
        self._minutes.append(minute)
        self.volume += minute.volume
        self.turnover += minute.turnover
        while self._highs and self._highs[-1].high <= minute.high:
            self._highs.pop()
        self._highs.append(minute)
        while self._lows and self._lows[-1].low >= minute.low:
            self._lows.pop()
        self._lows.append(minute)

    def expire(self, begin_ms: int) -> None:
        """Drops the minutes that opened before `begin_ms`."""
        while self._minutes and self._minutes[0].open_ms < begin_ms:
            minute = self._minutes.popleft()
            self.volume -= minute.volume
            self.turnover -= minute.turnover
            self._before = minute.close
            if self._highs[0] is minute:
                self._highs.popleft()
            if self._lows[0] is minute:
                self._lows.popleft()

    def total(self, live: Candle) -> Candle:
        """The window as one candle, with the running minute."""
        whole = Candle.flat(live.open_ms, live.open)
        if self._minutes:
            first, last = self._minutes[0], self._minutes[-1]
            prices = (first.open, self._highs[0].high, self._lows[0].low, last.close)
            whole = Candle(first.open_ms, prices, self.volume, self.turnover)
        whole.absorb(live)
        if self._before is not None:
            whole.open = self._before
        return whole


class Ticker:
    """Renders the ticker from the book, the tape and the candles.

    The window is 1,440 minutes, the running one included. `open24h` is the price when it began,
    or that of its first trade when there was none before. All of it is "" while the past lacks.
    """

    __slots__ = ("_book", "_candles", "_instrument", "_tape", "_window", "lacks_past")

    def __init__(
        self,
        instrument: Instrument,
        book: Book,
        tape: Tape,
        candles: Candles,
        *,
        lacks_past: bool = False,
    ) -> None:
        self._instrument = instrument
        self.lacks_past = lacks_past
        self._book = book
        self._tape = tape
        self._candles = candles
        self._window = DayWindow()

    def day(self) -> Candle | None:
        """The last 24 hours as one candle; None before the first trade."""
        closed = self._candles.closed_minutes
        if closed:
            for minute in closed:
                self._window.add(minute)
            closed.clear()
        live = self._candles.live(ONE_MINUTE)
        if live is None:
            return None
        self._window.expire(live.open_ms + ONE_MINUTE.length - DAY)
        return self._window.total(live)

    @property
    def time_ms(self) -> int:
        """When the best bid or offer or the last price may last have changed."""
        last = self._tape.last
        return self._book.time_ms if last is None else max(self._book.time_ms, last.time_ms)

    def json(self) -> str:
        """The JSON object of `market/ticker` and of the `tickers` channel."""
        instrument = self._instrument
        last = self._tape.last
        day = self.day()
        price = instrument.price_text
        # Without a trade on the tape the last price is that of the records' candles.
        last_price = "" if day is None else price(day.close)
        last_size = ""
        if last is not None:
            last_price, last_size = price(last.price), instrument.size_text(last.size)
        return (
            f'{{"instType":"SPOT","instId":"{instrument.symbol}","last":"{last_price}",'
            f'"lastSz":"{last_size}",{self._best()},{self._of_day(day)},"ts":"{self.time_ms}"}}'
        )

    def _best(self) -> str:
        ask, bid = self._book.asks.best, self._book.bids.best
        size = self._instrument.size_text
        ask_price, ask_size = ("", "") if ask is None else (ask.price_text, size(ask.size))
        bid_price, bid_size = ("", "") if bid is None else (bid.price_text, size(bid.size))
        return (
            f'"askPx":"{ask_price}","askSz":"{ask_size}","bidPx":"{bid_price}","bidSz":"{bid_size}"'
        )

    def _of_day(self, day: Candle | None) -> str:
        instrument = self._instrument
        price = instrument.price_text
        if self.lacks_past:
            return (
                '"open24h":"","high24h":"","low24h":"","volCcy24h":"","vol24h":"",'
                '"sodUtc0":"","sodUtc8":""'
            )
        utc0, utc8 = self._candles.live(DAY_UTC0), self._candles.live(DAY_UTC8)
        if day is None or utc0 is None or utc8 is None:
            return (
                '"open24h":"","high24h":"","low24h":"","volCcy24h":"0","vol24h":"0",'
                '"sodUtc0":"","sodUtc8":""'
            )
        return (
            f'"open24h":"{price(day.open)}","high24h":"{price(day.high)}",'
            f'"low24h":"{price(day.low)}","volCcy24h":"{quote_text(instrument, day.turnover)}",'
            f'"vol24h":"{instrument.size_text(day.volume)}",'
            f'"sodUtc0":"{price(utc0.open)}","sodUtc8":"{price(utc8.open)}"'
        )
