"""Goal: public channels say what the market is, once, to all. Method: listeners that record."""

import json
from collections.abc import Callable
from typing import Any

from fullreserve.clock import NS_PER_MS, ManualClock
from fullreserve.exchange.wire.commands import Side
from fullreserve.exchange.wire.events import AnyEvent
from fullreserve.gateway.ws.frames import Close
from fullreserve.gateway.ws.hub import IDLE_MS, PHASES, Hub
from fullreserve.gateway.ws.public import (
    AllTrades,
    BestLevels,
    Books,
    CandleTopic,
    Tickers,
    Trades,
)
from fullreserve.gateway.ws.topics import Topic
from fullreserve.marketdata.bars import BARS, MINUTE
from fullreserve.marketdata.market import InstrumentMarket, Market
from tests.unit.marketdata.listing import BTC_USDT, NOW, catalog, level, row, trade

ARG = {"channel": "any", "instId": "BTC-USDT"}


class Recorder:
    """A listener that keeps what it is told."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.seen_ns = 0
        self.closed: Close | None = None

    def write(self, frame: bytes) -> None:
        self.frames.append(frame)

    def flush(self) -> None:
        pass

    def close(self, code: Close, reason: str) -> None:
        self.closed = code

    def check(self) -> None:
        pass

    def take(self) -> list[dict[str, Any]]:
        """The messages since the last call."""
        taken, self.frames = self.frames, []
        return [json.loads(frame[frame.index(b"{") :]) for frame in taken]


class Live:
    """A market with one instrument, fed row by row."""

    def __init__(self) -> None:
        self.market = Market(catalog())
        self.sequence = 0

    @property
    def one(self) -> InstrumentMarket:
        return self.market.of(BTC_USDT)

    def row(self, *events: AnyEvent, time_ms: int = NOW) -> None:
        self.sequence += 1
        self.market.apply(row(self.sequence, events, time_ms=time_ms))


def joined(topic: Topic) -> Recorder:
    recorder = Recorder()
    topic.join(recorder, NOW)
    return recorder


def test_a_late_listener_of_books_continues_where_the_others_are() -> None:
    """Criterion: WS-BOOKS-1, WS-BOOKS-2."""
    live = Live()
    live.row(level(Side.BUY, 100, 1))
    topic = Books(ARG, live.one, 400, idle_beats=3)
    early = joined(topic)
    (snapshot,) = early.take()
    assert snapshot["arg"] == ARG
    assert snapshot["action"] == "snapshot"
    assert snapshot["data"][0]["prevSeqId"] == -1
    live.row(level(Side.BUY, 100, 2))
    late = joined(topic)
    (late_snapshot,) = late.take()
    # Not yet the new size: that is the next update, for both alike.
    assert late_snapshot == snapshot
    topic.beat(NOW)
    assert late.frames == early.frames
    assert late.frames[0] is early.frames[0]
    (update,) = late.take()
    assert update["action"] == "update"
    assert update["data"][0]["prevSeqId"] == snapshot["data"][0]["seqId"] == 1
    assert update["data"][0]["seqId"] == 2
    assert update["data"][0]["bids"] == [["1", "0.00002", "0", "1"]]
    early.take()
    for _ in range(3):
        topic.beat(NOW)
    (heartbeat,) = early.take()
    assert heartbeat["data"][0]["asks"] == heartbeat["data"][0]["bids"] == []
    assert heartbeat["data"][0]["seqId"] == heartbeat["data"][0]["prevSeqId"] == 2
    assert heartbeat["data"][0]["checksum"] == update["data"][0]["checksum"]


def test_best_levels_are_whole_and_sent_only_when_they_differ() -> None:
    """Criterion: WS-BOOKS-3."""
    live = Live()
    live.row(level(Side.BUY, 100, 1), level(Side.SELL, 110, 1))
    best, five = BestLevels(ARG, live.one, 1, named=False), BestLevels(ARG, live.one, 5, named=True)
    of_best, of_five = joined(best), joined(five)
    assert of_best.take()[0]["data"] == [
        {
            "asks": [["1.1", "0.00001", "0", "1"]], "bids": [["1", "0.00001", "0", "1"]],
            "ts": str(NOW), "seqId": 1,
        }
    ]  # fmt: skip
    (first,) = of_five.take()
    assert first["data"][0]["instId"] == "BTC-USDT"
    assert "action" not in first
    live.row(level(Side.BUY, 90, 5))
    best.beat(NOW)
    five.beat(NOW)
    assert of_best.take() == []
    assert len(of_five.take()[0]["data"][0]["bids"]) == 2
    five.beat(NOW)
    assert of_five.take() == []


def test_a_ticker_comes_for_trades_and_best_offers_alone() -> None:
    """Criterion: WS-TICKER-1."""
    live = Live()
    live.row(level(Side.BUY, 100, 1))
    topic = Tickers(ARG, live.one)
    told = joined(topic)
    assert told.take()[0]["data"][0]["bidPx"] == "1"
    live.row(level(Side.BUY, 90, 1))
    topic.beat(NOW)
    assert told.take() == []
    live.row(trade(1, 100, 1, sequence=3), level(Side.BUY, 100, 0))
    topic.beat(NOW)
    (ticker,) = told.take()
    assert (ticker["data"][0]["last"], ticker["data"][0]["bidPx"]) == ("1", "0.9")


def test_trades_are_merged_on_one_channel_and_single_on_the_other() -> None:
    """Criterion: WS-TRADES-1."""
    live = Live()
    merged, single = Trades(ARG, live.one), AllTrades(ARG, live.one)
    of_merged, of_single = joined(merged), joined(single)
    trades = [trade(1, 100, 1), trade(2, 100, 2)]
    merged.traded(trades)
    single.traded(trades)
    (message,) = of_merged.take()
    assert [(one["tradeId"], one["count"]) for one in message["data"]] == [("1000000002", "2")]
    assert [one["data"][0]["tradeId"] for one in of_single.take()] == ["1000000001", "1000000002"]


def test_the_last_push_of_a_bar_is_confirmed() -> None:
    """Criterion: WS-CANDLE-1."""
    live = Live()
    live.row(trade(1, 100, 1))
    topic = CandleTopic(ARG, live.one, BARS["1m"])
    told = joined(topic)
    opened = NOW - NOW % MINUTE
    assert told.take()[0]["data"] == [
        [str(opened), "1", "1", "1", "1", "0.00001", "0.00001", "0.00001", "0"]
    ]
    topic.beat()
    assert told.take() == []
    live.row(trade(2, 120, 1, sequence=2), time_ms=NOW + 1)
    live.market.advance(opened + MINUTE)
    topic.beat()
    closed, running = (message["data"][0] for message in told.take())
    assert (closed[0], closed[4], closed[8]) == (str(opened), "1.2", "1")
    assert (running[0], running[1], running[8]) == (str(opened + MINUTE), "1.2", "0")
    # Nothing is said twice.
    topic.beat()
    assert told.take() == []


def test_slow_topics_beat_every_tenth_time_and_a_failing_one_alone_is_silent() -> None:
    """Criterion: WS-HUB-1."""
    live = Live()
    hub = Hub(ManualClock(), lambda: 0)
    good, bad = Recorder(), Recorder()
    hub.join("bad", lambda: Books(ARG, live.one, 400), bad)
    hub.join("good", lambda: Books(ARG, live.one, 400), good)
    broken = hub.topic("bad")
    assert isinstance(broken, Books)
    broken.__dict__["beat"] = lambda _time_ms: 1 // 0
    good.take()
    live.row(level(Side.BUY, 100, 2))
    for number in range(PHASES):
        hub.beat(number)
    assert len(good.take()) == 1
    live.row(level(Side.BUY, 100, 3))
    hub.beat(0)
    assert len(good.frames) <= 1
    hub.leave("good", good)
    assert hub.topic("good") is None
    assert len(live.one.book.bids.watchers) == 1


def test_fast_depth_channels_speak_in_the_documented_order() -> None:
    """Criterion: WS-BOOKS-6."""
    live = Live()
    hub = Hub(ManualClock(), lambda: 0)
    told = Recorder()
    arg = {"instId": "BTC-USDT"}
    made: dict[str, Callable[[], Topic]] = {
        "books50-l2-tbt": lambda: Books({"channel": "books50-l2-tbt", **arg}, live.one, 50),
        "books-l2-tbt": lambda: Books({"channel": "books-l2-tbt", **arg}, live.one, 400),
        "bbo-tbt": lambda: BestLevels({"channel": "bbo-tbt", **arg}, live.one, 1, named=False),
    }
    for name, make in made.items():
        hub.join(name, make, told, fast=True)
    told.take()
    live.row(level(Side.BUY, 100, 2))
    hub.beat(0)
    assert [message["arg"]["channel"] for message in told.take()] == [*made][::-1]
    hub.leave("books-l2-tbt", told)
    live.row(level(Side.BUY, 100, 3))
    hub.beat(1)
    assert len(told.take()) == 2


def test_idle_connections_are_closed_after_30_seconds() -> None:
    """Criterion: WS-IDLE-1."""
    clock = ManualClock()
    hub = Hub(clock, lambda: 0)
    idle, busy = Recorder(), Recorder()
    hub.members = {idle: None, busy: None}
    hub.sweep(IDLE_MS)
    assert [idle.closed, busy.closed] == [None, None]
    busy.seen_ns = IDLE_MS * NS_PER_MS
    hub.sweep(IDLE_MS + 1_000)
    assert [idle.closed, busy.closed] == [Close.IDLE, None]
