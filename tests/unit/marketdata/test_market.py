"""Goal: rows of the log become books, tape and trade messages. Method: hand-made rows."""

import json

from fullreserve.exchange.wire.commands import Side
from fullreserve.exchange.wire.events import Trade
from fullreserve.exchange.wire.queries import Depth, DepthLevel
from fullreserve.marketdata import trade_ids
from fullreserve.marketdata.bars import ONE_MINUTE
from fullreserve.marketdata.market import InstrumentMarket, Market
from fullreserve.marketdata.trades import KEPT, Tape, merged_rows, trade_row
from tests.unit.marketdata.listing import BTC_USDT, NOW, catalog, instrument, level, row, trade


def test_a_row_moves_book_tape_and_candles_together() -> None:
    """Criterion: MD-ROW-1."""
    market = Market(catalog())
    heard: list[tuple[InstrumentMarket, list[Trade]]] = []
    market.on_trades(lambda one, trades: heard.append((one, trades)))
    market.start_book(BTC_USDT, Depth(4, NOW, (), (DepthLevel(101, 5, 2),)))
    first, second = trade(1, 101, 3, sequence=5), trade(2, 101, 2, sequence=5)
    market.apply(row(5, [first, second, level(Side.SELL, 101, 0)], time_ms=NOW + 1))
    one = market.of(BTC_USDT)
    assert heard == [(one, [first, second])]
    assert one.book.asks.best is None
    assert (one.book.sequence, one.book.time_ms) == (5, NOW + 1)
    assert one.tape.recent(9) == [second, first]
    assert (market.sequence, market.time_ms) == (5, NOW + 1)
    live = one.candles.live(ONE_MINUTE)
    assert live is not None
    assert live.volume == 5
    market.apply(row(6, []))
    assert len(heard) == 1


def test_the_trades_channel_merges_a_takers_matches_at_one_price() -> None:
    """Criterion: MD-TRADE-1."""
    trades = [
        trade(1, 100, 1, sequence=5), trade(2, 100, 2, sequence=5), trade(3, 101, 4, sequence=5),
        trade(4, 101, 8, sequence=6),
    ]  # fmt: skip
    merged = [json.loads(one) for one in merged_rows(instrument(), trades)]
    assert [(one["tradeId"], one["sz"], one["count"], one["seqId"]) for one in merged] == [
        ("1000000002", "0.00003", "2", 5), ("1000000003", "0.00004", "1", 5),
        ("1000000004", "0.00008", "1", 6),
    ]  # fmt: skip
    assert merged_rows(instrument(), []) == []
    assert json.loads(trade_row(instrument(), trades[0])) == {
        "instId": "BTC-USDT", "tradeId": "1000000001", "px": "1", "sz": "0.00001", "side": "buy",
        "ts": str(NOW), "source": "0",
    }  # fmt: skip


def test_trade_ids_sort_as_text_too() -> None:
    """Criterion: MD-TRADE-3."""
    shown = [trade_ids.text(number) for number in (1, 9, 10, 99, 100)]
    assert sorted(shown) == shown
    assert [trade_ids.number(int(one)) for one in shown] == [1, 9, 10, 99, 100]
    assert trade_ids.text(0) == ""
    assert trade_ids.number(7) == 0


def test_the_tape_keeps_the_newest_trades() -> None:
    """Criterion: MD-TRADE-2."""
    tape = Tape(instrument())
    assert tape.last is None
    for number in range(1, KEPT + 11):
        tape.add(trade(number, 100, 1))
    assert [one.trade for one in tape.recent(2)] == [KEPT + 10, KEPT + 9]
    assert len(tape.recent(10 * KEPT)) == KEPT
    assert json.loads(tape.rows(1)[0])["tradeId"] == trade_ids.text(KEPT + 10)
