"""Everything public about all instruments, as the durable log has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fullreserve.door.protocol import Row
from fullreserve.exchange.catalog import Catalog, Instrument
from fullreserve.exchange.wire.events import AssetDefined, InstrumentChanged, Level, Trade
from fullreserve.exchange.wire.queries import Depth
from fullreserve.marketdata.books import Book
from fullreserve.marketdata.candles import Candles
from fullreserve.marketdata.seeding import Past
from fullreserve.marketdata.tickers import Ticker
from fullreserve.marketdata.trades import Tape

FIRST_TRADE = 1


class InstrumentMarket:
    """One instrument's book, tape, candles and ticker."""

    __slots__ = (
        "_awaits_past",
        "_drawing",
        "_held",
        "_last_past",
        "book",
        "candles",
        "instrument",
        "tape",
        "ticker",
    )

    def __init__(self, instrument: Instrument, *, awaits_past: bool) -> None:
        self.instrument = instrument
        self.book = Book(instrument)
        self.tape = Tape(instrument)
        self.candles = Candles()
        self.ticker = Ticker(instrument, self.book, self.tape, self.candles, lacks_past=awaits_past)
        # Trades that came before the past did.
        self._held: list[Trade] | None = [] if awaits_past else None
        self._awaits_past = awaits_past
        self._drawing = not awaits_past
        self._last_past = 0

    def trade(self, trades: list[Trade]) -> None:
        if trades[0].trade <= self._last_past:
            trades = [trade for trade in trades if trade.trade > self._last_past]
        for trade in trades:
            self.tape.add(trade)
        if self._held is not None:
            self._held += trades
        if self._drawing:
            self._draw(trades)

    @property
    def lacks_past(self) -> bool:
        """Whether the first bars and the last 24 hours lack what was before the start."""
        return self.ticker.lacks_past

    def has_no_past(self) -> None:
        """Nobody traded before the start."""
        self.ticker.lacks_past = False
        self.candles.first_ms = 0
        self.begin_without_past()

    def begin_without_past(self) -> None:
        """Draws what came since the start; the past may follow."""
        if not self._drawing:
            self._drawing = True
            self._draw(self._held or [])

    def start_from(self, past: Past) -> None:
        """Takes what was before; trades that came meanwhile follow on it, each once."""
        held, self._held, self._drawing = self._held or [], None, True
        self.tape.seed(past.trades)
        self.candles = Candles()
        self.ticker = Ticker(self.instrument, self.book, self.tape, self.candles)
        self.candles.seed(past.minutes, past.running, past.until_ms, whole=past.whole)
        self._draw([trade for trade in past.trades if trade.time_ms >= past.until_ms])
        self._last_past = past.trades[-1].trade if past.trades else 0
        self._draw([trade for trade in held if trade.trade > self._last_past])

    def advance(self, time_ms: int) -> None:
        if self._drawing:
            self.candles.advance(time_ms)

    def _draw(self, trades: list[Trade]) -> None:
        if trades and trades[0].trade == FIRST_TRADE and not self._awaits_past:
            self.candles.first_ms = 0
        for trade in trades:
            self.candles.trade(trade.time_ms, trade.price, trade.size)


TradeListener = Callable[[InstrumentMarket, list[Trade]], None]


class Market:
    """A projection of the log; feed it every durable row in order.

    It keeps the catalog current too. With `awaits_past` the candles of each instrument begin when
    its past is handed in.
    """

    def __init__(self, catalog: Catalog, *, awaits_past: bool = False) -> None:
        self.catalog = catalog
        self._awaits_past = awaits_past
        self._markets: dict[int, InstrumentMarket] = {}
        self._trade_listeners: dict[TradeListener, None] = {}
        self._advance_listeners: dict[Callable[[], None], None] = {}
        self.sequence = 0
        self.time_ms = 0
        # The last command that may have trades which came as no row; 0 where nobody traded.
        self.started_at = 0

    def __iter__(self) -> Iterator[InstrumentMarket]:
        return iter(self._markets.values())

    def of(self, instrument: int) -> InstrumentMarket:
        """The market of a listed instrument; KeyError for others."""
        market = self._markets.get(instrument)
        if market is None:
            listed = self.catalog.instruments[instrument]
            market = InstrumentMarket(listed, awaits_past=self._awaits_past)
            self._markets[instrument] = market
        return market

    def on_trades(self, listener: TradeListener) -> Callable[[], None]:
        """Calls `listener` after each row for each instrument with trades in it.

        Returns the function that stops it.
        """
        self._trade_listeners[listener] = None
        return lambda: self._trade_listeners.pop(listener, None)

    def on_advance(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Calls `listener` after bars were closed; returns the function that stops it."""
        self._advance_listeners[listener] = None
        return lambda: self._advance_listeners.pop(listener, None)

    def start_book(self, instrument: int, depth: Depth) -> None:
        """Starts a book from the core's answer; rows that it holds already are passed over."""
        self.of(instrument).book.replace(depth)

    def come_of_age(self) -> None:
        """Instruments listed from now on have no past to wait for."""
        self._awaits_past = False

    def apply(self, row: Row) -> None:
        """Takes a durable row."""
        last, time_ms = row.last, row.time_ms
        traded: dict[int, list[Trade]] = {}
        for event in row.shown():
            # Exact types: the cheapest question, and most events are none of these.
            if type(event) is Level:
                book = self.of(event.instrument).book
                if last > book.begins_after:
                    book.apply(event)
                    book.sequence = last
                    book.time_ms = time_ms
            elif type(event) is Trade:
                traded.setdefault(event.instrument, []).append(event)
            elif type(event) is InstrumentChanged or type(event) is AssetDefined:
                self.catalog.apply((event,))
                if type(event) is InstrumentChanged:
                    book = self.of(event.instrument).book
                    book.time_ms = book.time_ms or time_ms
        self.sequence = last
        self.time_ms = time_ms
        for instrument, trades in traded.items():
            market = self.of(instrument)
            market.trade(trades)
            for listener in list(self._trade_listeners):
                listener(market, trades)

    def advance(self, time_ms: int) -> None:
        """Lets bars close without trades; no row stamped before `time_ms` may follow."""
        for market in self._markets.values():
            market.advance(time_ms)
        for listener in list(self._advance_listeners):
            listener()
