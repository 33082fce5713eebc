"""What was before a start: trades and candles out of the records.

Bars are put together from closed minutes and hours before a minute's open, and single trades
since; so a trade that the live stream brings too can be told by its number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from fullreserve.exchange.wire.events import Trade
from fullreserve.marketdata.bars import HOUR, ONE_MINUTE, WIDE, Bar
from fullreserve.marketdata.candles import KEPT_MINUTES, Candle
from fullreserve.marketdata.trades import KEPT

HOURS_MAX = 366 * 24
TRADES_MAX = 100_000


class PastCandle(Protocol):
    """A candle of the records; scales as in `candles.Candle`."""

    @property
    def open_ms(self) -> int: ...
    @property
    def open(self) -> int: ...
    @property
    def high(self) -> int: ...
    @property
    def low(self) -> int: ...
    @property
    def close(self) -> int: ...
    @property
    def volume(self) -> int: ...
    @property
    def turnover(self) -> int: ...


class PastTrade(Protocol):
    """A trade of the records."""

    @property
    def instrument(self) -> int: ...
    @property
    def trade(self) -> int: ...
    @property
    def sequence(self) -> int: ...
    @property
    def time_ms(self) -> int: ...
    @property
    def price(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def side(self) -> int: ...


class Reached(Protocol):
    """How far the records have come."""

    @property
    def sequence(self) -> int: ...


class History(Protocol):
    """What the records must answer; blocking, newest first, exclusive bounds."""

    def progress(self) -> Reached: ...

    def candles(
        self,
        instrument: int,
        bar: str,
        *,
        after_ms: int = 0,
        before_ms: int = 0,
        limit: int = 100,
        as_of_ms: int = 0,
    ) -> Sequence[PastCandle]: ...

    def trades_by_time(
        self, instrument: int, after_ms: int, before_ms: int, limit: int
    ) -> Sequence[PastTrade]: ...


class Past(NamedTuple):
    """An instrument's past: closed minutes and running bars before `until_ms`, trades since.

    `trades` also holds older ones for the tape; all lists are oldest first.
    """

    until_ms: int
    minutes: list[Candle]
    running: dict[Bar, Candle]
    trades: list[Trade]
    whole: bool = False  # nothing was before these minutes


def no_past(now_ms: int) -> Past:
    """The past of an instrument of which nothing is known."""
    return Past(ONE_MINUTE.open_of(now_ms), [], {}, [])


def read_past(history: History, instrument: int, now_ms: int) -> Past:
    """Reads an instrument's past as of `now_ms`; every trade before it must be in the records."""
    until_ms = ONE_MINUTE.open_of(now_ms)
    hour_ms = until_ms - until_ms % HOUR
    minutes = _candles(history.candles(instrument, "1m", after_ms=until_ms, limit=KEPT_MINUTES))
    oldest = min(bar.open_of(until_ms) for bar in WIDE)
    hours = _candles(
        history.candles(instrument, "1H", after_ms=hour_ms, before_ms=oldest - 1, limit=HOURS_MAX)
    )
    running = _running(hours, minutes, hour_ms, until_ms)
    recent = history.trades_by_time(instrument, 0, until_ms - 1, TRADES_MAX)
    older = history.trades_by_time(instrument, until_ms, 0, max(0, KEPT - len(recent)))
    whole = len(minutes) < KEPT_MINUTES
    return Past(until_ms, minutes, running, _trades([*recent, *older]), whole)


def _running(
    hours: list[Candle], minutes: list[Candle], hour_ms: int, until_ms: int
) -> dict[Bar, Candle]:
    """The running bar of each wide size that has something in it."""
    running: dict[Bar, Candle] = {}
    for bar in WIDE:
        opened = bar.open_of(until_ms)
        parts = [hour for hour in hours if hour.open_ms >= opened]
        since = max(opened, hour_ms)
        parts += [minute for minute in minutes if minute.open_ms >= since]
        if parts:
            whole = Candle.flat(opened, parts[0].open)
            for part in parts:
                whole.absorb(part)
            running[bar] = whole
    return running


def _candles(past: Iterable[PastCandle]) -> list[Candle]:
    return [
        Candle(one.open_ms, (one.open, one.high, one.low, one.close), one.volume, one.turnover)
        for one in reversed(list(past))
    ]


def _trades(past: Iterable[PastTrade]) -> list[Trade]:
    found = {
        one.trade: Trade(
            one.sequence, one.time_ms, one.instrument, one.trade, one.price, one.size, one.side
        )
        for one in past
    }
    return [found[number] for number in sorted(found)]
