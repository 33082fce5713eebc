"""Seven days of one-minute candles from before the market opened, for every pair.

The follower writes them into the records database marked as imported: they are made from the same
price model that the bots follow, and no order of this exchange stands behind them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fullreserve.exchange.catalog import Catalog, Instrument
from fullreserve.exchange.library import Exchange
from fullreserve.exchange.listing import commands
from fullreserve.records.imports import ImportedCandle
from fullreserve.simulation.prices import HISTORY_MINUTES, MINUTE_MS, TURNS, PriceModel

_PRICE_LEAST = 1

# Volume of a base asset's pairs relative to the recorded BTC volume, scaled to a demo.
_SCALE = 0.01
_SHARES = {"BTC": 1.0, "ETH": 0.6, "SOL": 0.25, "XRP": 0.2, "LTC": 0.1, "FRT": 0.05, "USDC": 0.1}


def listed() -> Catalog:
    """The catalog of the standard listing, without asking an exchange."""
    exchange = Exchange.in_memory()
    exchange.apply(commands())
    return exchange.catalog


def candles(model: PriceModel) -> Iterator[ImportedCandle]:
    """All candles, pair by pair, oldest first."""
    paths = model.paths(HISTORY_MINUTES)
    volumes = model.volumes(HISTORY_MINUTES)
    first_ms = model.start_ms
    opens_ms = range(first_ms, first_ms + HISTORY_MINUTES * MINUTE_MS, MINUTE_MS)
    for instrument in listed().instruments.values():
        yield from _of_pair(instrument, opens_ms, paths, volumes)


def _of_pair(
    instrument: Instrument,
    opens_ms: Sequence[int],
    paths: Mapping[str, list[float]],
    volumes: Sequence[float],
) -> Iterator[ImportedCandle]:
    base, quote = paths[instrument.base.symbol], paths[instrument.quote.symbol]
    path = [one / other for one, other in zip(base, quote, strict=True)]
    tick, lot = instrument.ticks[0].tick, instrument.spec.lot
    ticks_of = 10**instrument.price_scale / tick
    prices = [max(round(price * ticks_of), _PRICE_LEAST) * tick for price in path]
    # Rounding keeps the order of prices, so the extremes may be taken behind it.
    turns = [prices[turn::TURNS] for turn in range(TURNS)]
    lots_of = 10**instrument.size_scale / lot
    share = _SCALE * _SHARES[instrument.base.symbol]
    sizes = [
        round(volume * share / of_quote / price * lots_of) * lot
        for volume, of_quote, price in zip(volumes, quote[::TURNS], path[::TURNS], strict=True)
    ]
    for opened, high, low, closed, size, open_ms in zip(
        turns[0], map(max, *turns), map(min, *turns), turns[-1], sizes, opens_ms, strict=True
    ):
        turnover = size * ((high + low) // 2)
        yield ImportedCandle(instrument.id, open_ms, opened, high, low, closed, size, turnover)
