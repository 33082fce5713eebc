"""The channels `instruments` and `status`."""

from __future__ import annotations

from fullreserve.exchange.catalog import Catalog, Instrument
from fullreserve.exchange.wire.events import InstrumentChanged
from fullreserve.gateway.rest.public.instruments import instrument_row
from fullreserve.gateway.wire import encode
from fullreserve.gateway.ws.topics import Arg, Listener, Topic


class Instruments(Topic):
    """`instruments`: the full list first, then what changed."""

    def __init__(self, arg: Arg, catalog: Catalog) -> None:
        super().__init__(arg)
        self._catalog = catalog

    def join(self, listener: Listener, time_ms: int) -> None:
        super().join(listener, time_ms)
        listener.write(self.message(self._data(list(self._catalog.instruments.values()))))

    def changed(self, events: list[InstrumentChanged]) -> None:
        """Instruments were listed or changed; the catalog knows it."""
        self.push(self._data([self._catalog.instruments[event.instrument] for event in events]))

    def _data(self, instruments: list[Instrument]) -> str:
        rows = [instrument_row(instrument) for instrument in instruments]
        return f'"data":{encode(rows).decode()}'


class Status(Topic):
    """`status`: planned maintenance. None is ever announced here but by a notice."""
