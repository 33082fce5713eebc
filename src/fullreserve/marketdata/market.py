"""Everything public about all instruments, as the durable log has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fullreserve.door.protocol import Row
from fullreserve.exchange.catalog import Catalog, Instrument
from fullreserve.exchange.wire.events import Level, Trade
from fullreserve.exchange.wire.queries import Depth
from fullreserve.marketdata.books import Book
from fullreserve.marketdata.candles import Candles
from fullreserve.marketdata.tickers import Ticker
from fullreserve.marketdata.trades import Tape


class InstrumentMarket:
    """One instrument's book, tape, candles and ticker."""

    __slots__ = ("book", "candles", "instrument", "tape", "ticker")

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.book = Book(instrument)
        self.tape = Tape(instrument)
        self.candles = Candles()
        self.ticker = Ticker(instrument, self.book, self.tape, self.candles)


TradeListener = Callable[[InstrumentMarket, list[Trade]], None]


class Market:
    """A projection of the log; feed it every durable row in order.

    The catalog must have taken the row first: it knows an instrument's scales.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._markets: dict[int, InstrumentMarket] = {}
        self._listeners: list[TradeListener] = []
        self.sequence = 0
        self.time_ms = 0

    def __iter__(self) -> Iterator[InstrumentMarket]:
        return iter(self._markets.values())

    def of(self, instrument: int) -> InstrumentMarket:
        """The market of a listed instrument; KeyError for others."""
        market = self._markets.get(instrument)
        if market is None:
            market = InstrumentMarket(self._catalog.instruments[instrument])
            self._markets[instrument] = market
        return market

    def on_trades(self, listener: TradeListener) -> None:
        """Calls `listener` after each row for each instrument with trades in it."""
        self._listeners.append(listener)

    def start_book(self, instrument: int, depth: Depth) -> None:
        """Starts a book from the core's answer; rows up to its sequence are not to be applied."""
        self.of(instrument).book.replace(depth)

    def apply(self, row: Row) -> None:
        """Takes a durable row."""
        last, time_ms = row.last, row.time_ms
        traded: dict[int, list[Trade]] = {}
        for event in row.decoded():
            if isinstance(event, Level):
                book = self.of(event.instrument).book
                book.apply(event)
                book.sequence = last
                book.time_ms = time_ms
            elif isinstance(event, Trade):
                traded.setdefault(event.instrument, []).append(event)
        self.sequence = last
        self.time_ms = time_ms
        for instrument, trades in traded.items():
            self._trade(self.of(instrument), trades)

    def _trade(self, market: InstrumentMarket, trades: list[Trade]) -> None:
        for trade in trades:
            market.tape.add(trade)
            market.candles.trade(trade.time_ms, trade.price, trade.size)
        for listener in self._listeners:
            listener(market, trades)

    def advance(self, time_ms: int) -> None:
        """Lets bars close without trades; no row stamped before `time_ms` may follow."""
        for market in self._markets.values():
            market.candles.advance(time_ms)
