"""The public channels: books, best offers, tickers, trades, candles."""

from __future__ import annotations

import msgspec

from fullreserve.exchange.wire.events import Trade
from fullreserve.gateway.wire import encode
from fullreserve.gateway.ws.topics import Arg, Beating, Listener, Topic
from fullreserve.marketdata.bars import ONE_MINUTE, Bar
from fullreserve.marketdata.candles import Candle
from fullreserve.marketdata.depth import DepthView, Push
from fullreserve.marketdata.market import InstrumentMarket
from fullreserve.marketdata.trades import merged_rows, trade_row

SHALLOW = 50
IDLE_BEATS = 600  # of 100 ms: an idle book says so once a minute


class Books(Beating):
    """`books` and its like: a snapshot, then differences that name their predecessor.

    `ts` is when a message was made.
    """

    def __init__(
        self, arg: Arg, market: InstrumentMarket, depth: int, idle_beats: int = IDLE_BEATS
    ) -> None:
        super().__init__(arg)
        self._market = market
        # OKX pushes bbo-tbt first, then books-l2-tbt, then books50-l2-tbt.
        self.rank = 1 if depth > SHALLOW else 2
        self._view = DepthView(market.book, depth)
        self._idle_beats = idle_beats
        self._silent = 0
        self._snapshot: Push | None = None

    def join(self, listener: Listener, time_ms: int) -> None:
        super().join(listener, time_ms)
        if self._snapshot is None:
            self._snapshot = self._view.snapshot()
        data = self._data(self._snapshot._replace(time_ms=time_ms))
        listener.write(self.message(f'"action":"snapshot","data":[{data}]'))

    def close(self) -> None:
        self._view.close()

    def beat(self, time_ms: int) -> None:
        push = self._view.difference(time_ms)
        if push is None:
            self._silent += 1
            if self._silent < self._idle_beats:
                return
            push = self._view.heartbeat(time_ms)
        self._silent = 0
        self._snapshot = None
        self.push(f'"action":"update","data":[{self._data(push)}]')

    def _data(self, push: Push) -> str:
        """The element of `data`."""
        return push.json()


class RpiBooks(Books):
    """`books-rpi`: rows are price, whole size, size without RPI orders, number of orders.

    Source: OKX changelog of 2026-07-28. No RPI orders are offered here: both sizes are equal.
    """

    def _data(self, push: Push) -> str:
        asks, bids = _as_rpi(push.asks), _as_rpi(push.bids)
        return (
            f'{{"asks":{asks},"bids":{bids},"ts":"{push.time_ms}",'
            f'"seqId":{push.sequence},"prevSeqId":{push.previous}}}'
        )


def _as_rpi(rows: str) -> str:
    levels = msgspec.json.decode(rows, type=list[tuple[str, str, str, str]])
    return encode([(price, size, size, count) for price, size, _, count in levels]).decode()


class BestLevels(Beating):
    """`books5` and `bbo-tbt`: the whole of the best levels whenever they change."""

    def __init__(self, arg: Arg, market: InstrumentMarket, depth: int, *, named: bool) -> None:
        super().__init__(arg)
        self._market = market
        self._depth = depth
        self._instrument = f'"instId":"{market.instrument.symbol}",' if named else ""
        self._sequence = -1
        self._levels = ""

    def join(self, listener: Listener, time_ms: int) -> None:
        super().join(listener, time_ms)
        if not self._levels:
            self._look()
        listener.write(self._message(time_ms))

    def beat(self, time_ms: int) -> None:
        if self._market.book.sequence != self._sequence and self._look():
            self.write(self._message(time_ms))

    def _look(self) -> bool:
        """Looks at the book; whether its best levels differ from those seen last."""
        book = self._market.book
        self._sequence = book.sequence
        asks, bids = book.asks.rows(self._depth), book.bids.rows(self._depth)
        levels = f'"asks":{asks},"bids":{bids},'
        if levels == self._levels:
            return False
        self._levels = levels
        return True

    def _message(self, time_ms: int) -> bytes:
        tail = f'"ts":"{time_ms}","seqId":{self._sequence}'
        return self.message(f'"data":[{{{self._levels}{self._instrument}{tail}}}]')


class Tickers(Beating):
    """`tickers`: the ticker at once, then when trades or the best offers changed."""

    def __init__(self, arg: Arg, market: InstrumentMarket) -> None:
        super().__init__(arg)
        self._market = market
        self._shown: tuple[object, ...] | None = None
        self._frame = b""

    def join(self, listener: Listener, time_ms: int) -> None:
        super().join(listener, time_ms)
        if not self._frame:
            self._render()
        listener.write(self._frame)

    def beat(self, time_ms: int) -> None:  # noqa: ARG002 - a ticker has its own time
        if self._state() != self._shown:
            self._render()
            self.write(self._frame)

    def _state(self) -> tuple[object, ...]:
        """What a ticker is pushed for: the past of the day may come after the first trades."""
        day = self._market.candles.live(ONE_MINUTE) is None
        ask, bid = self._market.book.asks.best, self._market.book.bids.best
        best_ask = None if ask is None else (ask.price, ask.size)
        best_bid = None if bid is None else (bid.price, bid.size)
        return (self._market.tape.last, best_ask, best_bid, self._market.ticker, day)

    def _render(self) -> None:
        self._shown = self._state()
        self._frame = self.message(f'"data":[{self._market.ticker.json()}]')


class Trades(Topic):
    """`trades`: one message for each taker order and price."""

    def __init__(self, arg: Arg, market: InstrumentMarket) -> None:
        super().__init__(arg)
        self._market = market

    def traded(self, trades: list[Trade]) -> None:
        for row in merged_rows(self._market.instrument, trades):
            self.push(f'"data":[{row}]')


class AllTrades(Trades):
    """`trades-all`: one message for each match."""

    def traded(self, trades: list[Trade]) -> None:
        for trade in trades:
            self.push(f'"data":[{trade_row(self._market.instrument, trade)}]')


class CandleTopic(Topic):
    """`candle…`: the running bar when it changed, and each bar once more when it closed."""

    def __init__(self, arg: Arg, market: InstrumentMarket, bar: Bar) -> None:
        super().__init__(arg)
        self._market = market
        self._bar = bar
        self._row = ""
        self._open_ms = -1
        self._rows()

    def join(self, listener: Listener, time_ms: int) -> None:
        super().join(listener, time_ms)
        if self._row:
            listener.write(self.message(f'"data":[{self._row}]'))

    def beat(self) -> None:
        """To be called once a second, after bars were closed."""
        for row in self._rows():
            self.push(f'"data":[{row}]')

    def _rows(self) -> list[str]:
        """The bars that closed since the last call, then the running one if it changed."""
        candles = self._market.candles
        live = candles.live(self._bar)
        if live is None:
            return []
        rows = []
        if self._open_ms >= 0:
            rows = [
                self._text(candle, confirmed=True)
                for candle in candles.closed(self._bar)
                if self._open_ms <= candle.open_ms < live.open_ms
            ]
        self._open_ms = live.open_ms
        row = self._text(live, confirmed=False)
        if row != self._row:
            self._row = row
            rows.append(row)
        return rows

    def _text(self, candle: Candle, *, confirmed: bool) -> str:
        return candle.row(self._market.instrument, confirmed=confirmed)
