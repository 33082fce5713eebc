"""Candles of every width, put together from the stored ones.

A bar in which nobody traded stands flat at the close before it, so that lists have no holes. A
closed bar never changes: a bar counts as closed only when the records have come past its end.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, func, select

from fullreserve.marketdata.bars import BARS, Bar
from fullreserve.records import schema
from fullreserve.records.candles import Candle, stored_width, widen
from fullreserve.records.database import progress
from fullreserve.records.writer import candle_of


class CandleRecord(NamedTuple):
    """One candle. Turnover is the sum of price x size, at price scale + size scale."""

    open_ms: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    turnover: int
    trades: int
    closed: bool
    imported: bool


def read_candles(
    connection: Connection,
    instrument: int,
    bar: str,
    *,
    after_ms: int,
    before_ms: int,
    limit: int,
    as_of_ms: int,
) -> list[CandleRecord]:
    """Newest first: bars that open before `after_ms` and after `before_ms`; 0 is no bound.

    `as_of_ms` is a time for which the caller knows that all trades before it are in the records;
    0 takes the records' own time. KeyError for a bar that is none of `marketdata.bars.BARS`.
    """
    width = BARS[bar]
    settled_ms = max(as_of_ms, progress(connection).time_ms)
    known = _known(connection, instrument, width)
    if known is None:
        return []
    first_ms, last_ms = known
    newest = width.open_of(max(last_ms, settled_ms))
    if after_ms:
        newest = min(newest, width.open_of(after_ms - 1))
    opens = _opens(width, newest, max(width.open_of(first_ms), before_ms + 1), limit)
    if not opens:
        return []
    wide = _wide(connection, instrument, width, opens[-1], width.close_of(opens[0]))
    return _without_holes(width, opens, wide, settled_ms)


def _known(connection: Connection, instrument: int, width: Bar) -> tuple[int, int] | None:
    table = schema.candles
    # Two questions, because SQLite answers only a lone min or max from the index.
    ours = _of(instrument, width)
    first = connection.scalar(select(func.min(table.c.open_ms)).where(ours))
    last = connection.scalar(select(func.max(table.c.open_ms)).where(ours))
    return None if first is None or last is None else (first, last)


def _of(instrument: int, width: Bar) -> ColumnElement[bool]:
    table = schema.candles
    return (table.c.instrument == instrument) & (table.c.width_ms == stored_width(width))


def _opens(width: Bar, newest: int, oldest: int, limit: int) -> list[int]:
    """The times of opening from `newest` back to `oldest`, at most `limit`."""
    opens: list[int] = []
    open_ms = newest
    while open_ms >= oldest and len(opens) < limit:
        opens.append(open_ms)
        open_ms = width.open_of(open_ms - 1)
    return opens


def _wide(
    connection: Connection, instrument: int, width: Bar, start_ms: int, end_ms: int
) -> list[Candle]:
    """The bars of a span that have trades, ascending, behind the last stored one before it."""
    table = schema.candles
    ours = select(table).where(_of(instrument, width))
    span = ours.where(table.c.open_ms >= start_ms, table.c.open_ms < end_ms)
    rows = connection.execute(span.order_by(table.c.open_ms))
    wide = list(widen(map(candle_of, rows), width.open_of))
    if not wide or wide[0].open_ms != start_ms:
        earlier = ours.where(table.c.open_ms < start_ms).order_by(table.c.open_ms.desc())
        row = connection.execute(earlier.limit(1)).one_or_none()
        if row is not None:
            wide.insert(0, candle_of(row))
    return wide


def _without_holes(
    width: Bar, opens: list[int], wide: list[Candle], settled_ms: int
) -> list[CandleRecord]:
    traded = {candle.open_ms: candle for candle in wide}
    last = wide[0]
    bars: list[CandleRecord] = []
    for open_ms in reversed(opens):
        candle = traded.get(open_ms)
        if candle is None:
            candle = Candle(open_ms, (last.close,) * 4, 0, 0, 0, imported=last.imported)
        last = candle
        bars.append(
            CandleRecord(
                open_ms,
                *candle.prices,
                candle.volume,
                candle.turnover,
                candle.trades,
                width.close_of(open_ms) <= settled_ms,
                candle.imported,
            )
        )
    bars.reverse()
    return bars
