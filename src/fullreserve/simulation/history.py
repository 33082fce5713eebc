"""Seven days of one-minute candles from before the market opened, for every pair.

The follower writes them into the records database marked as imported: they are made from the same
price model that the bots follow, and no order of this exchange stands behind them.
"""

from __future__ import annotations

from collections.abc import Iterator

from fullreserve.exchange.catalog import Catalog, Instrument
from fullreserve.exchange.library import Exchange
from fullreserve.exchange.listing import commands
from fullreserve.records.imports import ImportedCandle
from fullreserve.simulation.prices import HISTORY_MINUTES, MINUTE_MS, PriceModel

_PRICE_LEAST = 1


def listed() -> Catalog:
    """The catalog of the standard listing, without asking an exchange."""
    exchange = Exchange.in_memory()
    exchange.apply(commands())
    return exchange.catalog


def candles(model: PriceModel) -> Iterator[ImportedCandle]:
    """All candles, pair by pair, oldest first."""
    for instrument in listed().instruments.values():
        yield from _of_pair(model, instrument)


def _of_pair(model: PriceModel, instrument: Instrument) -> Iterator[ImportedCandle]:
    base, quote = instrument.base.symbol, instrument.quote.symbol
    tick, lot = instrument.ticks[0].tick, instrument.spec.lot
    ticks_of = 10**instrument.price_scale / tick
    lots_of = 10**instrument.size_scale / lot
    for minute in range(HISTORY_MINUTES):
        bar = model.bar(base, quote, minute)
        opened, high, low, closed = (
            max(round(price * ticks_of), _PRICE_LEAST) * tick for price in bar[:4]
        )
        volume = round(bar.volume / bar.open * lots_of) * lot
        yield ImportedCandle(
            instrument=instrument.id,
            open_ms=model.start_ms + minute * MINUTE_MS,
            open=opened,
            high=high,
            low=low,
            close=closed,
            volume=volume,
            turnover=volume * ((high + low) // 2),
        )
