"""Seven days of one-minute candles from before the market opened, for every pair.

The follower writes them into the records database marked as imported: they are made from the same
price model that the bots follow, and no order of this exchange stands behind them.
"""

from __future__ import annotations

from collections.abc import Iterator

from fullreserve.exchange.catalog import Catalog, Instrument
from fullreserve.exchange.listing import commands
from fullreserve.exchange.wire import commands as c
from fullreserve.exchange.wire import events as e
from fullreserve.records.imports import ImportedCandle
from fullreserve.simulation.prices import HISTORY_MINUTES, MINUTE_MS, PriceModel

_PRICE_LEAST = 1


def listed() -> Catalog:
    """The catalog of the standard listing, without asking an exchange."""
    catalog = Catalog()
    for command in commands():
        if isinstance(command, c.DefineAsset):
            catalog.apply(
                [e.AssetDefined(command.asset, command.symbol, command.scale, command.supply_cap)]
            )
        elif isinstance(command, c.ListInstrument):
            fields = [getattr(command, name) for name in command.__struct_fields__[2:]]
            catalog.apply([e.InstrumentChanged(*fields, 0)])
    return catalog


def candles(model: PriceModel) -> Iterator[ImportedCandle]:
    """All candles, pair by pair, oldest first."""
    for instrument in listed().instruments.values():
        for minute in range(HISTORY_MINUTES):
            yield _candle(model, instrument, minute)


def _candle(model: PriceModel, instrument: Instrument, minute: int) -> ImportedCandle:
    bar = model.bar(instrument.base.symbol, instrument.quote.symbol, minute)
    tick = instrument.ticks[0].tick
    scale = 10**instrument.price_scale

    def price(value: float) -> int:
        return max(round(value * scale / tick), _PRICE_LEAST) * tick

    lot = instrument.spec.lot
    middle = (bar.high + bar.low) / 2
    volume = round(bar.volume / middle * 10**instrument.size_scale / lot) * lot
    return ImportedCandle(
        instrument=instrument.id,
        open_ms=model.start_ms + minute * MINUTE_MS,
        open=price(bar.open),
        high=price(bar.high),
        low=price(bar.low),
        close=price(bar.close),
        volume=volume,
        turnover=volume * price(middle),
    )
