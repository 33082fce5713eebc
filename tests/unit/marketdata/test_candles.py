"""Goal: candles equal what a reader of all trades would draw.

Method: random trades against bars put together the slow way, straight from the list of trades.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullreserve.marketdata.bars import BARS, DAY, HOUR, MINUTE, ONE_MINUTE, SECOND, WIDE, Bar
from fullreserve.marketdata.candles import KEPT_MINUTES, KEPT_SECONDS, KEPT_WIDE, Candle, Candles
from tests.unit.marketdata.listing import NOW, instrument

Trades = list[tuple[int, int, int]]  # time, price, size
GAPS = st.one_of(st.integers(0, 3_000), st.integers(0, 5 * HOUR), st.integers(0, 9 * DAY))
STEPS = st.lists(st.tuples(GAPS, st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=25)


def timed(steps: Sequence[tuple[int, int, int]]) -> Trades:
    time_ms, trades = NOW, []
    for gap, price, size in steps:
        time_ms += gap
        trades.append((time_ms, price, size))
    return trades


def shape(candle: Candle) -> tuple[int, ...]:
    prices = (candle.open, candle.high, candle.low, candle.close)
    return (candle.open_ms, *prices, candle.volume, candle.turnover)


def naive_bar(bar: Bar, opened: int, trades: Trades) -> tuple[int, ...]:
    """One bar the slow way: its trades, or the last price before it."""
    inside = [(p, s) for t, p, s in trades if opened <= t < bar.close_of(opened)]
    if not inside:
        last = [p for t, p, s in trades if t < opened][-1]
        return (opened, last, last, last, last, 0, 0)
    prices = [p for p, _ in inside]
    return (
        opened, prices[0], max(prices), min(prices), prices[-1],
        sum(s for _, s in inside), sum(p * s for p, s in inside),
    )  # fmt: skip


@settings(deadline=None)
@given(STEPS, st.sampled_from(list(BARS.values())))
def test_bars_equal_those_drawn_from_all_trades(
    steps: list[tuple[int, int, int]], bar: Bar
) -> None:
    """Criterion: MD-CANDLE-1, MD-CANDLE-2."""
    trades, candles = timed(steps), Candles()
    for time_ms, price, size in trades:
        candles.trade(time_ms, price, size)
    live = candles.live(bar)
    assert live is not None
    assert shape(live) == naive_bar(bar, bar.open_of(trades[-1][0]), trades)
    closed = [shape(candle) for candle in candles.closed(bar)]
    assert closed == [naive_bar(bar, one[0], trades) for one in closed]
    opens = [one[0] for one in closed] + [live.open_ms]
    assert opens[1:] == [bar.close_of(opened) for opened in opens[:-1]]
    kept = candles.closed(bar)
    if len(closed) < (getattr(kept, "maxlen", 0) or 0):
        assert opens[0] == bar.open_of(trades[0][0])


def test_bars_close_without_trades_and_stay_as_they_were() -> None:
    """Criterion: MD-CANDLE-2, MD-CANDLE-3."""
    candles = Candles()
    candles.advance(NOW)
    assert candles.live(ONE_MINUTE) is None
    candles.trade(NOW, 100, 2)
    first = candles.live(ONE_MINUTE)
    assert first is not None
    closed_as = shape(first)
    candles.advance(NOW + 2 * MINUTE)
    kept = candles.closed(ONE_MINUTE)
    opened = ONE_MINUTE.open_of(NOW)
    assert [shape(one) for one in kept] == [
        closed_as,
        (opened + MINUTE, 100, 100, 100, 100, 0, 0),
    ]
    candles.trade(NOW + 2 * MINUTE, 50, 1)
    assert shape(kept[0]) == closed_as
    live = candles.live(ONE_MINUTE)
    assert live is not None
    assert shape(live) == (opened + 2 * MINUTE, 50, 50, 50, 50, 1, 50)


def test_a_silent_year_costs_no_more_bars_than_are_kept() -> None:
    """Criterion: MD-CANDLE-4."""
    candles = Candles()
    candles.trade(NOW, 100, 2)
    candles.advance(NOW + 365 * DAY)
    assert len(candles.closed(ONE_MINUTE)) == KEPT_MINUTES
    for bar in WIDE:
        assert len(candles.closed(bar)) <= KEPT_WIDE
        live = candles.live(bar)
        assert live is not None
        assert live.open_ms == bar.open_of(NOW + 365 * DAY)


def test_rows_are_newest_first_with_the_running_bar_unconfirmed() -> None:
    """Criterion: MD-CANDLE-5."""
    candles = Candles()
    candles.trade(NOW, 12_345, 3)
    candles.trade(NOW + MINUTE, 12_400, 100_000)
    opened = ONE_MINUTE.open_of(NOW)
    assert [json.loads(row) for row in candles.rows(ONE_MINUTE, instrument())] == [
        [str(opened + MINUTE), "124", "124", "124", "124", "1", "124", "124", "0"],
        [str(opened), "123.45", "123.45", "123.45", "123.45", "0.00003", "0.0037035",
         "0.0037035", "1"],
    ]  # fmt: skip


def test_it_is_known_whether_all_bars_are_at_hand() -> None:
    """Criterion: MD-CANDLE-7. Of each size until more have closed than are kept."""
    candles = Candles()
    assert not any(candles.has_all(bar) for bar in BARS.values())
    candles.first_ms = 0
    assert all(candles.has_all(bar) for bar in BARS.values())
    candles.trade(NOW, 100, 2)
    assert all(candles.has_all(bar) for bar in BARS.values())
    for passed, complete in (
        (KEPT_SECONDS - 1, {"1s", "1m", "1H", "1D", "1M"}),
        (KEPT_SECONDS, {"1m", "1H", "1D", "1M"}),
        (KEPT_WIDE * HOUR // SECOND, {"1m", "1D", "1M"}),
        (KEPT_MINUTES * MINUTE // SECOND, {"1D", "1M"}),
        (KEPT_WIDE * DAY // SECOND, {"1M"}),
    ):
        candles.advance(NOW // SECOND * SECOND + passed * SECOND)
        names = ("1s", "1m", "1H", "1D", "1M")
        assert {name for name in names if candles.has_all(BARS[name])} == complete, passed


@settings(deadline=None)
@given(STEPS, STEPS)
def test_a_start_from_history_continues_as_if_never_stopped(
    before: list[tuple[int, int, int]], after: list[tuple[int, int, int]]
) -> None:
    """Criterion: MD-CANDLE-6."""
    trades = timed([*before, *after])
    stop_ms = ONE_MINUTE.open_of(trades[len(before) - 1][0]) + MINUTE
    whole, restarted = Candles(), Candles()
    early = [one for one in trades if one[0] < stop_ms]
    for one in early:
        whole.trade(*one)
    whole.advance(stop_ms)
    running = {}
    for bar in WIDE:
        drawn = Candle.flat(bar.open_of(stop_ms), early[-1][1])
        for time_ms, price, size in early:
            if time_ms >= drawn.open_ms:
                drawn.trade(price, size)
        running[bar] = drawn
    restarted.seed(list(whole.closed(ONE_MINUTE)), running, stop_ms)
    for one in trades[len(early) :]:
        whole.trade(*one)
        restarted.trade(*one)
    for bar in (ONE_MINUTE, *WIDE):
        expected, found = whole.live(bar), restarted.live(bar)
        assert expected is not None
        assert found is not None
        assert shape(found) == shape(expected)


BEIJING = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    ("name", "moment", "opened"),
    [
        ("4H", datetime(2026, 3, 4, 15, 59, tzinfo=UTC), datetime(2026, 3, 4, 12, tzinfo=UTC)),
        ("6H", datetime(2026, 3, 4, 9, 0, tzinfo=UTC), datetime(2026, 3, 4, 4, tzinfo=UTC)),
        ("6Hutc", datetime(2026, 3, 4, 9, 0, tzinfo=UTC), datetime(2026, 3, 4, 6, tzinfo=UTC)),
        ("1D", datetime(2026, 3, 4, 15, 59, tzinfo=UTC), datetime(2026, 3, 3, 16, tzinfo=UTC)),
        ("1D", datetime(2026, 3, 4, 16, 0, tzinfo=UTC), datetime(2026, 3, 4, 16, tzinfo=UTC)),
        ("1Dutc", datetime(2026, 3, 4, 16, 0, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC)),
        ("1W", datetime(2026, 3, 4, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=BEIJING)),
        ("1Wutc", datetime(2026, 3, 1, 23, tzinfo=UTC), datetime(2026, 2, 23, tzinfo=UTC)),
        ("1M", datetime(2026, 2, 28, 16, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=BEIJING)),
        ("1Mutc", datetime(2026, 2, 28, 16, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)),
        ("3Mutc", datetime(2026, 6, 30, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)),
        ("6M", datetime(2026, 12, 31, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=BEIJING)),
        ("1Yutc", datetime(2026, 12, 31, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_where_bars_open(name: str, moment: datetime, opened: datetime) -> None:
    """Criterion: MD-BAR-1."""
    bar, time_ms = BARS[name], int(moment.timestamp()) * 1_000
    assert bar.open_of(time_ms) == int(opened.timestamp()) * 1_000
    assert bar.open_of(bar.close_of(bar.open_of(time_ms)) - 1) == bar.open_of(time_ms)
    assert bar.open_of(bar.close_of(bar.open_of(time_ms))) > time_ms
