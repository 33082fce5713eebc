"""Goal: after a restart the market is what it would be had it never stopped.

Method: random trades through a market that lives on, and through one that starts in the middle from
real records, which know some of the trades that the live stream brings, too.
"""

import json
import random
from pathlib import Path

import pytest

from fullreserve.exchange.wire.events import Trade
from fullreserve.marketdata.bars import BARS, HOUR, MINUTE, ONE_MINUTE, WIDE
from fullreserve.marketdata.candles import Candle
from fullreserve.marketdata.market import InstrumentMarket
from fullreserve.marketdata.seeding import no_past, read_past
from fullreserve.records.database import Progress, database_url, open_database, prepare
from fullreserve.records.history import History
from fullreserve.records.projection import Projection
from fullreserve.records.writer import Writer
from tests.unit.marketdata.listing import BTC_USDT, NOW, catalog, instrument, trade


def shape(candle: Candle | None) -> tuple[int, ...]:
    assert candle is not None
    prices = (candle.open, candle.high, candle.low, candle.close)
    return (candle.open_ms, *prices, candle.volume, candle.turnover)


def random_trades(chance: random.Random) -> list[Trade]:
    """Two days and more of trades in bursts, silences between them."""
    trades, time_ms = [], NOW
    for number in range(1, 300):
        time_ms += chance.choice((0, 1, 700, MINUTE, 20 * MINUTE, 2 * HOUR))
        price, size = chance.randrange(9_000, 11_000), chance.randrange(1, 9)
        trades.append(trade(number, price, size, sequence=number, time_ms=time_ms))
    return trades


def recorded(folder: Path, trades: list[Trade]) -> History:
    """Records that hold these trades."""
    engine = open_database(database_url("", folder))
    writer = Writer(engine, prepare(engine))
    projection = Projection(catalog(), writer)
    for one in trades:
        projection.apply(one.sequence, [one])
    last = trades[-1]
    writer.write(projection.take(), Progress(last.sequence, last.time_ms))
    return History(engine)


@pytest.mark.parametrize("seed", range(8))
def test_a_restart_in_the_middle_changes_nothing(tmp_path: Path, seed: int) -> None:
    """Criterion: MD-SEED-1."""
    chance = random.Random(seed)
    trades = random_trades(chance)
    start = chance.randrange(150, 290)
    ahead = start + chance.randrange(0, 10)
    history = recorded(tmp_path, trades[:ahead])
    whole = InstrumentMarket(instrument(), awaits_past=False)
    restarted = InstrumentMarket(instrument(), awaits_past=True)
    for one in trades[:start]:
        whole.trade([one])
    arrives = chance.randrange(start, 299)
    for position, one in enumerate(trades[start:], start):
        if position == arrives:
            restarted.start_from(read_past(history, BTC_USDT, trades[start - 1].time_ms))
        whole.trade([one])
        restarted.trade([one])
    if not restarted.candles.live(ONE_MINUTE):
        restarted.start_from(read_past(history, BTC_USDT, trades[start - 1].time_ms))
    history.close()
    for bar in (ONE_MINUTE, *WIDE):
        assert shape(restarted.candles.live(bar)) == shape(whole.candles.live(bar)), bar
    assert json.loads(restarted.ticker.json()) == json.loads(whole.ticker.json())
    assert restarted.tape.recent(500) == whole.tape.recent(500)


def test_a_young_past_is_known_to_be_all(tmp_path: Path) -> None:
    """Criterion: MD-CANDLE-7. Minutes are, hours that closed before the start are not here."""
    trades = [
        trade(number, 10_000, 1, sequence=number, time_ms=NOW + number * 7 * MINUTE)
        for number in range(1, 20)
    ]
    history = recorded(tmp_path, trades)
    market = InstrumentMarket(instrument(), awaits_past=True)
    market.trade([trade(1, 10_000, 1, sequence=1, time_ms=NOW)])
    market.begin_without_past()
    assert not market.candles.has_all(ONE_MINUTE)
    past = read_past(history, BTC_USDT, trades[-1].time_ms)
    market.start_from(past)
    history.close()
    assert [market.candles.has_all(BARS[name]) for name in ("1m", "1H", "1D")] == [
        True, False, True,
    ]  # fmt: skip
    market.start_from(past._replace(whole=False))
    assert not market.candles.has_all(ONE_MINUTE)
    market.start_from(no_past(NOW))
    market.trade([trade(1, 10_000, 1, sequence=1, time_ms=NOW)])
    assert not market.candles.has_all(ONE_MINUTE)


def test_a_ticker_leaves_the_day_empty_until_its_past_is_there() -> None:
    """Criterion: REST-PAST-6. It is not that of the time since the start."""
    market = InstrumentMarket(instrument(), awaits_past=True)
    market.trade([trade(7, 10_000, 2)])
    market.begin_without_past()
    lacking = market.lacks_past
    assert '"vol24h":""' in market.ticker.json()
    assert '"open24h":""' in market.ticker.json()
    market.start_from(no_past(NOW))
    assert (lacking, market.lacks_past) == (True, False)
    assert '"vol24h":""' not in market.ticker.json()


def test_where_nobody_traded_before_nothing_is_waited_for() -> None:
    """Criterion: REST-PAST-6"""
    market = InstrumentMarket(instrument(), awaits_past=True)
    market.has_no_past()
    assert market.candles.has_all(ONE_MINUTE)
    market.trade([trade(1, 10_000, 1, sequence=1, time_ms=NOW)])
    assert market.candles.has_all(ONE_MINUTE)
    assert '"open24h":""' not in market.ticker.json()


def test_a_market_without_records_begins_with_its_own_trades() -> None:
    """Criterion: MD-SEED-2."""
    market = InstrumentMarket(instrument(), awaits_past=True)
    market.trade([trade(7, 100, 2)])
    assert market.candles.live(ONE_MINUTE) is None
    market.begin_without_past()
    market.begin_without_past()
    market.trade([trade(8, 110, 3)])
    assert shape(market.candles.live(ONE_MINUTE))[1:6] == (100, 110, 100, 110, 5)
    market.start_from(no_past(NOW))
    assert shape(market.candles.live(ONE_MINUTE))[1:6] == (100, 110, 100, 110, 5)
    assert [one.trade for one in market.tape.recent(9)] == [8, 7]
