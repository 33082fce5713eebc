"""Goal: stored and shown candles are those of the trades, and closed ones stand for ever.

Method: random trades in random commits and restarts against a plain computation.
"""

from itertools import groupby, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from fullreserve.exchange.wire.events import Trade
from fullreserve.marketdata.bars import BARS, HOUR, MINUTE, SECOND
from fullreserve.records.candle_history import CandleRecord
from fullreserve.records.database import Progress, database_url, open_database, prepare
from fullreserve.records.history import History
from fullreserve.records.projection import Projection
from fullreserve.records.writer import Writer
from tests.unit.records.blotter import ASSETS, LISTED, PAIR, catalog, trade
from tests.unit.records.blotter import START_MS as NOW
from tests.unit.records.conftest import Record

# Each example makes a database, which is slow; the profile says how patient we are.
FEW = settings(max_examples=max(10, settings().max_examples // 10))

steps = st.one_of(st.integers(0, 1_500), st.integers(0, 7 * MINUTE), st.integers(0, 9 * HOUR))
ticks = st.lists(st.tuples(steps, st.integers(1, 20), st.integers(1, 9)), min_size=1, max_size=40)


def trades_of(drawn: list[tuple[int, int, int]]) -> list[Trade]:
    time_ms = NOW + 123
    trades = []
    for number, (step, price, size) in enumerate(drawn, 1):
        time_ms += step
        trades.append(trade(number, time_ms, price, size))
    return trades


def plain(trades: list[Trade], bar: str, until_ms: int) -> list[CandleRecord]:
    """The definition: group by bar, fill holes with the close before, newest first."""
    size = BARS[bar]
    candles: list[CandleRecord] = []
    for open_ms, group in groupby(trades, key=lambda one: size.open_of(one.time_ms)):
        one = list(group)
        prices = [each.price for each in one]
        while candles and size.close_of(candles[-1].open_ms) < open_ms:
            candles.append(flat(candles[-1], bar, until_ms))
        candles.append(
            CandleRecord(
                open_ms,
                prices[0],
                max(prices),
                min(prices),
                prices[-1],
                sum(each.size for each in one),
                sum(each.price * each.size for each in one),
                len(one),
                size.close_of(open_ms) <= until_ms,
                False,
            )
        )
    while size.close_of(candles[-1].open_ms) <= until_ms:
        candles.append(flat(candles[-1], bar, until_ms))
    return candles[::-1]


def flat(before: CandleRecord, bar: str, until_ms: int) -> CandleRecord:
    size = BARS[bar]
    open_ms = size.close_of(before.open_ms)
    prices = (before.close,) * 4
    closed = size.close_of(open_ms) <= until_ms
    return CandleRecord(open_ms, *prices, 0, 0, 0, closed, before.imported)


def restart(folder: Path) -> tuple[Engine, Writer, Projection]:
    engine = open_database(database_url("", folder))
    writer = Writer(engine, prepare(engine))
    return engine, writer, Projection(catalog(), writer)


@FEW
@given(
    ticks,
    st.lists(st.sampled_from(["go on", "commit", "restart"]), min_size=40, max_size=40),
    st.sampled_from(["1m", "3m", "30m", "1H", "4H", "6H", "12Hutc", "1D", "1Dutc", "1W", "3Mutc"]),
)
def test_bars_equal_a_plain_computation(
    drawn: list[tuple[int, int, int]], fates: list[str], bar: str
) -> None:
    """Criterion: REC-20, REC-21."""
    trades = trades_of(drawn)
    with TemporaryDirectory() as folder:
        engine, writer, projection = restart(Path(folder))
        projection.apply(1, [*ASSETS, LISTED])
        for number, one in enumerate(trades, 1):
            projection.apply(number, [one])
            if fates[number - 1] != "go on" or number == len(trades):
                writer.write(projection.take(), Progress(number, one.time_ms))
            if fates[number - 1] == "restart":
                engine.dispose()
                engine, writer, projection = restart(Path(folder))
        shown = History(engine).candles(PAIR, bar, limit=10_000)
        engine.dispose()
    assert shown == plain(trades, bar, trades[-1].time_ms)[:10_000]


@FEW
@given(ticks)
def test_second_bars_equal_a_plain_computation(drawn: list[tuple[int, int, int]]) -> None:
    """Criterion: REC-20."""
    trades = trades_of([(step % 5_000, price, size) for step, price, size in drawn])
    with TemporaryDirectory() as folder:
        engine, writer, projection = restart(Path(folder))
        projection.apply(1, [*ASSETS, LISTED, *trades])
        writer.write(projection.take(), Progress(1, trades[-1].time_ms))
        shown = History(engine).candles(PAIR, "1s", limit=10_000)
        engine.dispose()
    assert shown == plain(trades, "1s", trades[-1].time_ms)


@pytest.fixture
def history(engine: Engine, record: Record) -> History:
    """Trades at minutes 0, 1 and 4; the records' time is in minute 6."""
    record([trade(1, NOW, 10, 1), trade(2, NOW + MINUTE, 12, 2), trade(3, NOW + 4 * MINUTE, 9, 3)])
    record([], sequence=2, time_ms=NOW + 6 * MINUTE + SECOND)
    return History(engine)


def opens(candles: list[CandleRecord]) -> list[int]:
    return [(candle.open_ms - NOW) // MINUTE for candle in candles]


def test_pages_exclude_their_bounds(history: History) -> None:
    """Criterion: REC-10."""
    assert opens(history.candles(PAIR, "1m")) == [6, 5, 4, 3, 2, 1, 0]
    assert opens(history.candles(PAIR, "1m", limit=2)) == [6, 5]
    assert opens(history.candles(PAIR, "1m", after_ms=NOW + 4 * MINUTE, limit=2)) == [3, 2]
    assert opens(history.candles(PAIR, "1m", after_ms=NOW + 4 * MINUTE + 1, limit=1)) == [4]
    assert opens(history.candles(PAIR, "1m", before_ms=NOW + 3 * MINUTE)) == [6, 5, 4]
    assert opens(history.candles(PAIR, "1m", before_ms=NOW + MINUTE, limit=2)) == [6, 5]
    both = history.candles(PAIR, "1m", after_ms=NOW + 3 * MINUTE, before_ms=NOW)
    assert opens(both) == [2, 1]
    assert history.candles(PAIR, "1m", after_ms=NOW) == []


def test_holes_stand_flat_and_only_the_last_is_open(history: History) -> None:
    """Criterion: REC-21, REC-22."""
    candles = history.candles(PAIR, "1m")
    assert [candle.close for candle in candles] == [9, 9, 9, 12, 12, 12, 10]
    assert [candle.volume for candle in candles] == [0, 0, 3, 0, 0, 2, 1]
    assert [candle.closed for candle in candles] == [False, True, True, True, True, True, True]


def test_a_hole_at_the_end_of_a_page_takes_the_close_before_it(history: History) -> None:
    """Criterion: REC-21."""
    page = history.candles(PAIR, "1m", after_ms=NOW + 4 * MINUTE, limit=2)
    assert [candle.open for candle in page] == [12, 12]


def test_who_knows_that_nothing_is_missing_may_close_bars(history: History) -> None:
    """Criterion: REC-22. The log may be quiet while time goes on."""
    later = history.candles(PAIR, "1m", as_of_ms=NOW + 8 * MINUTE, limit=3)
    assert opens(later) == [8, 7, 6]
    assert [candle.closed for candle in later] == [False, True, True]


@FEW
@given(ticks)
def test_a_closed_bar_never_changes(drawn: list[tuple[int, int, int]]) -> None:
    """Criterion: REC-22."""
    trades = trades_of(drawn)
    seen: list[dict[int, CandleRecord]] = []
    with TemporaryDirectory() as folder:
        engine, writer, projection = restart(Path(folder))
        projection.apply(1, [*ASSETS, LISTED])
        for number, one in enumerate(trades, 1):
            projection.apply(number, [one])
            writer.write(projection.take(), Progress(number, one.time_ms))
            bars = History(engine).candles(PAIR, "5m", limit=10_000)
            seen.append({bar.open_ms: bar for bar in bars if bar.closed})
        engine.dispose()
    for before, after in pairwise(seen):
        assert before.items() <= after.items()


def test_an_unknown_instrument_has_no_candles(history: History) -> None:
    assert history.candles(PAIR + 1, "1m") == []
    with pytest.raises(KeyError):
        history.candles(PAIR, "7m")
