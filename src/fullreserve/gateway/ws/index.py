"""The index channels. An index is the last price here, as on REST."""

from __future__ import annotations

from fullreserve.gateway.rest.market.index import index_candle, index_ticker
from fullreserve.gateway.wire import encode
from fullreserve.gateway.ws.public import IDLE_BEATS, CandleTopic
from fullreserve.gateway.ws.topics import Arg, Beating, Listener
from fullreserve.marketdata.bars import ONE_MINUTE
from fullreserve.marketdata.candles import Candle
from fullreserve.marketdata.market import InstrumentMarket


class IndexTickers(Beating):
    """`index-tickers`: at once, when the price changed, and else once a minute."""

    def __init__(self, arg: Arg, market: InstrumentMarket) -> None:
        super().__init__(arg)
        self._market = market
        self._state = self._seen()
        self._silent = 0

    def join(self, listener: Listener, time_ms: int) -> None:
        super().join(listener, time_ms)
        listener.write(self._frame())

    def beat(self, time_ms: int) -> None:  # noqa: ARG002 - a ticker has its own time
        state, self._silent = self._seen(), self._silent + 1
        if state != self._state or self._silent >= IDLE_BEATS:
            self._state, self._silent = state, 0
            self.write(self._frame())

    def _seen(self) -> tuple[object, ...]:
        """What is pushed for: the past of the day may come after the first trades."""
        market = self._market
        return (market.tape.last, market.ticker, market.candles.live(ONE_MINUTE) is None)

    def _frame(self) -> bytes:
        return self.message(f'"data":[{encode(index_ticker(self._market)).decode()}]')


class IndexCandles(CandleTopic):
    """`index-candle…`: as `candle…`, without volumes."""

    def _text(self, candle: Candle, *, confirmed: bool) -> str:
        return encode(index_candle(self._market.instrument, candle, confirmed=confirmed)).decode()
