"""How long records are kept: classes of rows that the projection forgets by itself.

A canceled order that never filled is kept for two hours, and second bars for a day, as OKX does;
what was done on a day for as long as a fill ratio may ask for it; everything else stays. What is
forgotten depends on the log's time alone, rounded down to minutes, so that a rebuilt database
forgets exactly the same.
"""

from __future__ import annotations

from fullreserve.marketdata.bars import DAY, HOUR, MINUTE

UNFILLED_MS = 2 * HOUR
SECOND_BARS_MS = DAY
# Seven days before the midnight before today's, which counts until today's at 08:00 UTC.
ACTIVITY_MS = 10 * DAY

# Windows of the endpoints that show only the recent past.
ORDERS_RECENT_MS = 7 * DAY
FILLS_RECENT_MS = 3 * DAY
BILLS_RECENT_MS = 7 * DAY
ARCHIVE_MS = 90 * DAY


def unfilled_before(time_ms: int) -> int:
    """Unfilled canceled orders that ended before this moment are forgotten at `time_ms`."""
    return time_ms // MINUTE * MINUTE - UNFILLED_MS


def second_bars_before(time_ms: int) -> int:
    """Second bars that opened before this moment are forgotten at `time_ms`."""
    return time_ms // MINUTE * MINUTE - SECOND_BARS_MS


def activity_before(time_ms: int) -> int:
    """What was done on days that began before this moment is forgotten at `time_ms`."""
    return time_ms // DAY * DAY - ACTIVITY_MS
