"""Bar sizes of candles and where each bar opens.

Names are OKX's. Bars up to four hours open on multiples of their length since the epoch. Longer
ones open on UTC+8 boundaries, their `utc` variants on UTC boundaries: weeks on Mondays, months,
half years and years by the calendar, bars of several days on multiples of days since 1970-01-01.
"""

from __future__ import annotations

from datetime import UTC, datetime

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
# 1970-01-01 was a Thursday; this is the Monday after it.
FIRST_MONDAY = 4 * DAY
BEIJING = 8 * HOUR


class Bar:
    """One bar size; all times are ms since the epoch."""

    __slots__ = ("length", "months", "name", "shift")

    def __init__(self, name: str, length: int, *, months: int = 0, shift: int = 0) -> None:
        self.name = name
        self.length = length
        self.months = months
        self.shift = shift

    def open_of(self, time: int) -> int:
        """When the bar that holds `time` opens."""
        if self.months:
            return self._month_floor(time, 0)
        return (time + self.shift) // self.length * self.length - self.shift

    def close_of(self, opened: int) -> int:
        """When the bar that opened at `opened` ends; the next one opens then."""
        if self.months:
            return self._month_floor(opened, self.months)
        return opened + self.length

    def _month_floor(self, time: int, later: int) -> int:
        local = datetime.fromtimestamp((time + self.shift) // SECOND, UTC)
        month = local.year * 12 + local.month - 1
        month = month // self.months * self.months + later
        start = datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)
        return int(start.timestamp()) * SECOND - self.shift

    def __repr__(self) -> str:
        return f"Bar({self.name})"


def _all() -> list[Bar]:
    bars = [Bar("1s", SECOND), Bar("1m", MINUTE)]
    bars += [Bar(f"{n}m", n * MINUTE) for n in (3, 5, 15, 30)]
    bars += [Bar(f"{n}H", n * HOUR) for n in (1, 2, 4)]
    for suffix, shift in (("", BEIJING), ("utc", 0)):
        bars += [Bar(f"{n}H{suffix}", n * HOUR, shift=shift) for n in (6, 8, 12)]
        bars += [Bar(f"{n}D{suffix}", n * DAY, shift=shift) for n in (1, 2, 3, 5)]
        bars.append(Bar(f"1W{suffix}", WEEK, shift=shift - FIRST_MONDAY))
        bars += [Bar(f"{n}M{suffix}", n * 30 * DAY, months=n, shift=shift) for n in (1, 3, 6)]
        bars.append(Bar(f"1Y{suffix}", 365 * DAY, months=12, shift=shift))
    return bars


BARS: dict[str, Bar] = {bar.name: bar for bar in _all()}
ONE_SECOND = BARS["1s"]
ONE_MINUTE = BARS["1m"]
DAY_UTC0 = BARS["1Dutc"]
DAY_UTC8 = BARS["1D"]
# Bars that are put together from minutes.
WIDE: tuple[Bar, ...] = tuple(bar for bar in BARS.values() if bar.length > MINUTE)
