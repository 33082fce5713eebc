"""The channels `instruments`, `price-limit` and `status`."""

from __future__ import annotations

import asyncio

from fullreserve.door.protocol import Unavailable
from fullreserve.exchange.catalog import Catalog, Instrument
from fullreserve.exchange.wire.events import InstrumentChanged
from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.public import price_limit_row
from fullreserve.gateway.rest.public.instruments import instrument_row
from fullreserve.gateway.wire import encode
from fullreserve.gateway.ws.topics import Arg, Beating, Listener, Topic
from fullreserve.marketdata.market import InstrumentMarket


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


class PriceLimit(Beating):
    """`price-limit`: at once, then when the limits changed, at most every 200 ms."""

    def __init__(self, arg: Arg, market: InstrumentMarket, context: Context) -> None:
        super().__init__(arg)
        self._market = market
        self._context = context
        self._shown: dict[str, object] = {}
        self._seen = -1
        self._may_ask = False
        self._asking: asyncio.Task[None] | None = None

    def join(self, listener: Listener, time_ms: int) -> None:
        super().join(listener, time_ms)
        if self._shown:
            listener.write(self._frame())
        elif self._asking is None:
            self._ask()

    def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()

    def beat(self, time_ms: int) -> None:  # noqa: ARG002 - the limits have a time of their own
        self._may_ask = not self._may_ask
        changed = self._market.book.sequence != self._seen
        if self._may_ask and changed and self._asking is None:
            self._ask()

    def _ask(self) -> None:
        self._seen = self._market.book.sequence
        self._asking = asyncio.create_task(self._learn())

    async def _learn(self) -> None:
        try:
            row = await price_limit_row(self._context, self._market.instrument)
        except Unavailable:
            return
        finally:
            self._asking = None
        changed = row | {"ts": ""} != self._shown | {"ts": ""}
        if changed:
            self._shown = row
            self.write(self._frame())

    def _frame(self) -> bytes:
        return self.message(f'"data":[{encode(self._shown).decode()}]')


class Status(Topic):
    """`status`: planned maintenance. None is ever announced here but by a notice."""
