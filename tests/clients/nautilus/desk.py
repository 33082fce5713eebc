"""A strategy that puts down what it is told, so that a test can go through it step by step."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from nautilus_trader.config import StrategyConfig
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import BookType
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.trading.strategy import Strategy

WAIT_S = 90


class Desk(Strategy):
    """Subscribes to one instrument; what arrives waits in a queue for `until`."""

    def __init__(self, instrument: InstrumentId) -> None:
        # OKX takes letters and digits in a client's order ids.
        settings = StrategyConfig(
            use_hyphens_in_client_order_ids=False, external_order_claims=[instrument]
        )
        super().__init__(settings)
        self.instrument = instrument
        self.bars = BarType.from_str(f"{instrument}-1-MINUTE-LAST-EXTERNAL")
        self.started = asyncio.Event()
        self._told: asyncio.Queue[Any] = asyncio.Queue()

    def on_start(self) -> None:
        self.subscribe_quote_ticks(self.instrument)
        self.subscribe_trade_ticks(self.instrument)
        self.subscribe_order_book_deltas(self.instrument, BookType.L2_MBP)
        self.subscribe_bars(self.bars)
        self.msgbus.subscribe(f"events.account.{self.instrument.venue}-master", self.put_down)
        self.started.set()

    def put_down(self, told: Any) -> None:
        self._told.put_nowait(told)

    on_event = put_down
    on_quote_tick = put_down
    on_trade_tick = put_down
    on_order_book_deltas = put_down
    on_bar = put_down

    def on_historical_data(self, data: Any) -> None:
        self.put_down(data)

    async def until(self, kind: type, holds: Callable[[Any], bool] = lambda _: True) -> Any:
        """The next of a kind for which a condition holds; what comes before it is dropped."""
        async with asyncio.timeout(WAIT_S):
            while True:
                told = await self._told.get()
                if isinstance(told, kind) and holds(told):
                    return told
