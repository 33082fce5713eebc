"""The channels `instruments`, `price-limit` and `status`."""

from __future__ import annotations

import asyncio

from fullreserve.door.protocol import Unavailable
from fullreserve.exchange.catalog import Catalog, Instrument
from fullreserve.exchange.wire.events import InstrumentChanged
from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.public import price_limit_row
from fullreserve.gateway.rest.public.instruments import instrument_row
from fullreserve.gateway.rest.system import UNFINISHED, status_rows
from fullreserve.gateway.wire import encode
from fullreserve.gateway.ws.topics import Arg, Beating, Listener, Topic
from fullreserve.marketdata.market import InstrumentMarket

STATUS_BEATS = 20  # a beat is 100 ms


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


class Status(Beating):
    """`status`: a row for each suspension that has changed, within two seconds.

    Whoever joins is sent what is going on; where there is nothing, nothing.
    """

    def __init__(self, arg: Arg, context: Context) -> None:
        super().__init__(arg)
        self._context = context
        self._rows: dict[str, dict[str, object]] | None = None
        self._beats = 0
        self._asking: asyncio.Task[None] | None = None

    def join(self, listener: Listener, time_ms: int) -> None:
        super().join(listener, time_ms)
        if self._rows is None:
            self._ask()
            return
        going_on = [row for row in self._rows.values() if row["state"] in UNFINISHED]
        if going_on:
            listener.write(self._message(going_on))

    def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()

    def beat(self, time_ms: int) -> None:  # noqa: ARG002 - suspensions have a time of their own
        self._beats += 1
        if self._beats % STATUS_BEATS == 0:
            self._ask()

    def _ask(self) -> None:
        if self._asking is None:
            self._asking = asyncio.create_task(self._learn())

    async def _learn(self) -> None:
        try:
            found = await status_rows(self._context)
        except Unavailable:
            return
        finally:
            self._asking = None
        rows: dict[str, dict[str, object]] = {str(row["href"]): row for row in found}
        known = self._rows
        self._rows = rows
        changed = [
            row
            for href, row in rows.items()
            if (row["state"] in UNFINISHED if known is None else known.get(href) != row)
        ]
        if changed:
            self.write(self._message(changed))

    def _message(self, rows: list[dict[str, object]]) -> bytes:
        ts = str(self._context.clock.exchange_ms())
        return self.message(f'"data":{encode([{**row, "ts": ts} for row in rows]).decode()}')
