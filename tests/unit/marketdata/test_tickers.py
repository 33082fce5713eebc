"""Goal: the ticker says what the last 24 hours of trades say. Method: against a plain sum."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from fullreserve.exchange.wire.commands import Side
from fullreserve.marketdata.bars import DAY, HOUR, ONE_MINUTE
from fullreserve.marketdata.market import InstrumentMarket
from tests.unit.marketdata.listing import NOW, instrument, level, trade

STEPS = st.lists(
    st.tuples(st.integers(0, 9 * HOUR), st.integers(1, 9), st.integers(1, 9)),
    min_size=1, max_size=30,
)  # fmt: skip
KEYS = [
    "instType",
    "instId",
    "last",
    "lastSz",
    "askPx",
    "askSz",
    "bidPx",
    "bidSz",
    "open24h",
    "high24h",
    "low24h",
    "volCcy24h",
    "vol24h",
    "sodUtc0",
    "sodUtc8",
    "ts",
]


@settings(deadline=None)
@given(STEPS)
def test_the_day_equals_a_sum_over_its_trades(steps: list[tuple[int, int, int]]) -> None:
    """Criterion: MD-TICKER-1."""
    market, trades, time_ms = InstrumentMarket(instrument(), awaits_past=False), [], NOW
    for gap, price, size in steps:
        time_ms += gap
        trades.append((time_ms, price, size))
        market.candles.trade(time_ms, price, size)
        day = market.ticker.day()
        assert day is not None
        begin = ONE_MINUTE.open_of(time_ms) + ONE_MINUTE.length - DAY
        inside = [(p, s) for t, p, s in trades if t >= begin]
        earlier = [p for t, p, _ in trades if t < begin]
        prices = [p for p, _ in inside]
        assert (day.high, day.low, day.close) == (max(prices), min(prices), prices[-1])
        assert day.open == (earlier[-1] if earlier else prices[0])
        assert day.volume == sum(s for _, s in inside)
        assert day.turnover == sum(p * s for p, s in inside)


def test_all_documented_keys_as_strings() -> None:
    """Criterion: MD-TICKER-2."""
    market = InstrumentMarket(instrument(), awaits_past=False)
    empty = json.loads(market.ticker.json())
    assert list(empty) == KEYS
    assert empty["last"] == empty["bidPx"] == empty["sodUtc8"] == ""
    assert empty["vol24h"] == "0"
    market.book.apply(level(Side.BUY, 9_990, 4))
    market.book.apply(level(Side.SELL, 10_010, 6))
    made = trade(1, 10_010, 2)
    market.tape.add(made)
    market.candles.trade(made.time_ms, made.price, made.size)
    ticker = json.loads(market.ticker.json())
    assert list(ticker) == KEYS
    assert ticker == {
        "instType": "SPOT", "instId": "BTC-USDT", "last": "100.1", "lastSz": "0.00002",
        "askPx": "100.1", "askSz": "0.00006", "bidPx": "99.9", "bidSz": "0.00004",
        "open24h": "100.1", "high24h": "100.1", "low24h": "100.1", "volCcy24h": "0.002002",
        "vol24h": "0.00002", "sodUtc0": "100.1", "sodUtc8": "100.1", "ts": str(NOW),
    }  # fmt: skip


def test_a_day_without_trades_is_flat() -> None:
    """Criterion: MD-TICKER-1."""
    market = InstrumentMarket(instrument(), awaits_past=False)
    market.candles.trade(NOW, 100, 2)
    market.candles.trade(NOW + 1, 90, 2)
    market.candles.advance(NOW + 2 * DAY)
    day = market.ticker.day()
    assert day is not None
    assert (day.open, day.high, day.low, day.close, day.volume) == (90, 90, 90, 90, 0)
