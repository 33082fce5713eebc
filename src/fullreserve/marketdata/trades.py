"""The tape: an instrument's recent public trades."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice

from fullreserve.exchange.catalog import Instrument
from fullreserve.exchange.wire.commands import Side
from fullreserve.exchange.wire.events import Trade
from fullreserve.marketdata import trade_ids

KEPT = 500
_SIDES = {int(Side.BUY): "buy", int(Side.SELL): "sell"}


def trade_row(instrument: Instrument, trade: Trade) -> str:
    """One match as a JSON object of `market/trades` and of the `trades-all` channel."""
    return f'{{{_body(instrument, trade, trade.size)},"source":"0"}}'


def merged_rows(instrument: Instrument, trades: list[Trade]) -> list[str]:
    """JSON objects of the `trades` channel, for trades in the order of the log.

    One for each taker order and price, with the count of matches it stands for and the id of the
    last one.
    """
    rows = []
    for start, end in _runs(trades):
        last = trades[end - 1]
        size = sum([trade.size for trade in trades[start:end]])
        rows.append(
            f'{{{_body(instrument, last, size)},"count":"{end - start}","source":"0",'
            f'"seqId":{last.sequence}}}'
        )
    return rows


def _runs(trades: list[Trade]) -> Iterator[tuple[int, int]]:
    start = 0
    for end in range(1, len(trades) + 1):
        first = trades[start]
        if (
            end == len(trades)
            or trades[end].sequence != first.sequence
            or trades[end].price != first.price
        ):
            yield start, end
            start = end


def _body(instrument: Instrument, trade: Trade, size: int) -> str:
    return (
        f'"instId":"{instrument.symbol}","tradeId":"{trade_ids.text(trade.trade)}",'
        f'"px":"{instrument.price_text(trade.price)}","sz":"{instrument.size_text(size)}",'
        f'"side":"{_SIDES[trade.side]}","ts":"{trade.time_ms}"'
    )


class Tape:
    """The last `KEPT` trades."""

    __slots__ = ("_instrument", "_trades")

    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self._trades: deque[Trade] = deque(maxlen=KEPT)

    def add(self, trade: Trade) -> None:
        self._trades.append(trade)

    def seed(self, past: list[Trade]) -> None:
        """Puts trades of the records, oldest first, together with those that are here already."""
        known = {trade.trade: trade for trade in (*past, *self._trades)}
        self._trades.clear()
        self._trades.extend(known[number] for number in sorted(known))

    @property
    def last(self) -> Trade | None:
        return self._trades[-1] if self._trades else None

    def recent(self, count: int) -> list[Trade]:
        """At most `count` trades, newest first."""
        return list(islice(reversed(self._trades), count))

    def rows(self, count: int) -> list[str]:
        """JSON objects of `recent(count)`."""
        return [trade_row(self._instrument, trade) for trade in self.recent(count)]
