"""Bars: where candles of each width open.

Bars up to four hours open on multiples of their width. From six hours up they open on the calendar
of UTC+8, and on that of UTC with the suffix `utc`: weeks on Monday, months and quarters on their
first day, two and three days counted from the first of January 1970.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Protocol

from fullreserve.records.retention import DAY_MS, HOUR_MS, MINUTE_MS

SECOND_MS = 1_000
WEEK_MS = 7 * DAY_MS
# 1 January 1970 was a Thursday.
MONDAY_MS = 4 * DAY_MS
CHINA_MS = 8 * HOUR_MS
MONTHS_PER_YEAR = 12


class Bar(Protocol):
    """A width of candles."""

    @property
    def source_ms(self) -> int:
        """Width of the stored bars that it is put together from."""

    def open_of(self, time_ms: int) -> int:
        """When the bar that holds a moment opens."""

    def next(self, open_ms: int) -> int:
        """When the bar after the one that opens at `open_ms` opens."""


def _source(width_ms: int) -> int:
    if width_ms < MINUTE_MS:
        return SECOND_MS
    return MINUTE_MS if width_ms < HOUR_MS else HOUR_MS


class Even:
    """Bars of one length."""

    def __init__(self, width_ms: int, origin_ms: int = 0) -> None:
        self.source_ms = _source(width_ms)
        self.width_ms = width_ms
        self._origin_ms = origin_ms % width_ms

    def open_of(self, time_ms: int) -> int:
        return time_ms - (time_ms - self._origin_ms) % self.width_ms

    def next(self, open_ms: int) -> int:
        return open_ms + self.width_ms


class Months:
    """Bars of whole calendar months."""

    source_ms = HOUR_MS

    def __init__(self, months: int, zone_ms: int) -> None:
        self._months = months
        self._zone = timezone(timedelta(milliseconds=zone_ms))

    def open_of(self, time_ms: int) -> int:
        day = datetime.fromtimestamp(time_ms // SECOND_MS, self._zone)
        month = (day.month - 1) // self._months * self._months
        return self._first_day(day.year, month)

    def next(self, open_ms: int) -> int:
        day = datetime.fromtimestamp(open_ms // SECOND_MS, self._zone)
        return self._first_day(day.year, day.month - 1 + self._months)

    def _first_day(self, year: int, month: int) -> int:
        year, month = year + month // MONTHS_PER_YEAR, month % MONTHS_PER_YEAR
        return int(datetime(year, month + 1, 1, tzinfo=self._zone).timestamp()) * SECOND_MS


def _calendar(suffix: str, zone_ms: int) -> dict[str, Bar]:
    """Bars that open on the calendar of a zone."""
    even = {
        "6H": 6 * HOUR_MS,
        "12H": 12 * HOUR_MS,
        "1D": DAY_MS,
        "2D": 2 * DAY_MS,
        "3D": 3 * DAY_MS,
    }
    bars: dict[str, Bar] = {
        name + suffix: Even(width_ms, -zone_ms) for name, width_ms in even.items()
    }
    bars["1W" + suffix] = Even(WEEK_MS, MONDAY_MS - zone_ms)
    bars["1M" + suffix] = Months(1, zone_ms)
    bars["3M" + suffix] = Months(3, zone_ms)
    return bars


BARS: dict[str, Bar] = {
    "1s": Even(SECOND_MS),
    **{f"{minutes}m": Even(minutes * MINUTE_MS) for minutes in (1, 3, 5, 15, 30)},
    **{f"{hours}H": Even(hours * HOUR_MS) for hours in (1, 2, 4)},
    **_calendar("", CHINA_MS),
    **_calendar("utc", 0),
}
# What the projection stores, smallest first; each is put together from the one before it.
STORED_MS = (SECOND_MS, MINUTE_MS, HOUR_MS)
