"""Assets and instruments by id and by name, kept current from events; scales in one place."""

from __future__ import annotations

from collections.abc import Iterable

from fullreserve.exchange import decimals
from fullreserve.exchange.wire.commands import InstrumentState, TickBand
from fullreserve.exchange.wire.events import AnyEvent, AssetDefined, InstrumentChanged


class Asset:
    """A listed asset; amounts are integers in units of 10^-scale."""

    __slots__ = ("id", "scale", "symbol")

    def __init__(self, event: AssetDefined) -> None:
        self.id = event.asset
        self.symbol = event.symbol
        self.scale = event.scale

    def parse(self, value: str) -> int:
        """Ledger units; decimals.NotANumber, decimals.TooPrecise."""
        return decimals.parse(value, self.scale)

    def text(self, amount: int) -> str:
        return decimals.text(amount, self.scale)


class Instrument:
    """A spot instrument with its specification of the moment."""

    __slots__ = ("base", "id", "price_scale", "quote", "size_scale", "spec", "symbol")

    def __init__(self, spec: InstrumentChanged, base: Asset, quote: Asset) -> None:
        self.id = spec.instrument
        self.symbol = spec.symbol
        self.base = base
        self.quote = quote
        self.price_scale = spec.price_scale
        self.size_scale = spec.size_scale
        self.spec = spec

    @property
    def state(self) -> InstrumentState:
        return InstrumentState(self.spec.state)

    @property
    def ticks(self) -> tuple[TickBand, ...]:
        return self.spec.ticks

    def price_text(self, price: int) -> str:
        return decimals.text(price, self.price_scale)

    def size_text(self, size: int) -> str:
        return decimals.text(size, self.size_scale)

    def parse_price(self, value: str) -> int:
        return decimals.parse(value, self.price_scale)

    def parse_size(self, value: str) -> int:
        return decimals.parse(value, self.size_scale)


class Catalog:
    """All assets and instruments; feed it every event list (others are ignored)."""

    def __init__(self) -> None:
        self.assets: dict[int, Asset] = {}
        self.instruments: dict[int, Instrument] = {}
        self.asset_named: dict[str, Asset] = {}
        self.instrument_named: dict[str, Instrument] = {}

    def apply(self, events: Iterable[AnyEvent]) -> None:
        for event in events:
            if type(event) is InstrumentChanged:
                self._list(event)
            elif type(event) is AssetDefined:
                asset = Asset(event)
                self.assets[asset.id] = asset
                self.asset_named[asset.symbol] = asset

    def _list(self, spec: InstrumentChanged) -> None:
        known = self.instruments.get(spec.instrument)
        if known is not None:
            known.spec = spec
            return
        instrument = Instrument(spec, self.assets[spec.base], self.assets[spec.quote])
        self.instruments[instrument.id] = instrument
        self.instrument_named[instrument.symbol] = instrument
