"""Books that move: so many changes a second on each of a few instruments, and now and then a trade.

The load of a page's figures. It goes over WebSocket as a bot's would.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from benchmarks.processes import MAKER, Served
from fullreserve.clock import SystemClock
from fullreserve.simulation.client import Credentials, Session

TAKER = 4  # place of `taker1` in demo-keys.json
PRICES = {"BTC-USDT": 40_000.0, "ETH-USDT": 2_500.0, "SOL-USDT": 150.0, "XRP-USDT": 0.6}
CHANGES_A_S = 20
MOVED = 4  # orders that one change moves
LEVELS = 20  # on each side
BATCH = 20
TRADE_EVERY = 10  # changes
STEP = 0.0001  # of the price, between levels


class Book:
    """One instrument's orders; sizes are worth some thousand dollars."""

    def __init__(self, instrument: dict[str, str], draws: random.Random) -> None:
        self.symbol = instrument["instId"]
        self._tick = instrument["tickSz"]
        self._lot = instrument["lotSz"]
        self._price = PRICES[self.symbol]
        self._draws = draws
        self.names = [f"b{self.symbol.replace('-', '')}{place}" for place in range(2 * LEVELS)]

    def orders(self) -> list[dict[str, str]]:
        """All of them, to begin with."""
        return [
            self._order(place, clOrdId=name, ordType="post_only")
            for place, name in enumerate(self.names)
        ]

    def changes(self) -> list[dict[str, str]]:
        """Other sizes of some, the nearest among them."""
        places = [self._draws.randrange(4), *self._draws.sample(range(2 * LEVELS), MOVED - 1)]
        return [
            {"instId": self.symbol, "clOrdId": self.names[place], "newSz": self._size()}
            for place in places
        ]

    def trade(self) -> dict[str, str]:
        """A little of the best price of one side, by somebody else."""
        side = self._draws.choice(("buy", "sell"))
        size = self._lots(50 / self._price)
        return {**self._common(side), "ordType": "market", "tgtCcy": "base_ccy", "sz": size}

    def _order(self, place: int, **more: str) -> dict[str, str]:
        side, away = ("buy", -1) if place % 2 else ("sell", 1)
        price = self._price * (1 + away * STEP * (1 + place // 2))
        return {
            **self._common(side),
            "px": _multiple(price, self._tick),
            "sz": self._size(),
            **more,
        }

    def _common(self, side: str) -> dict[str, str]:
        return {"instId": self.symbol, "tdMode": "cash", "side": side}

    def _size(self) -> str:
        return self._lots(self._draws.uniform(2_000, 20_000) / self._price)

    def _lots(self, size: float) -> str:
        return _multiple(size, self._lot)


def _multiple(value: float, step: str) -> str:
    decimals = len(step.partition(".")[2].rstrip("0"))
    return f"{max(1, round(value / float(step))) * float(step):.{decimals}f}"


class MovingBooks:
    """Quoted books, while it is entered; they move from `begin` on."""

    def __init__(self, served: Served, instruments: Sequence[dict[str, str]]) -> None:
        draws = random.Random(1)
        self._url = f"ws://{served.ws}/ws/v5/private"
        keys = msgspec.json.decode(Path(served.keys).read_bytes(), type=list[Credentials])
        self._maker, self._taker = keys[MAKER], keys[TAKER]
        self._books = [Book(one, draws) for one in instruments if one["instId"] in PRICES]
        self._quoted, self._is_over = threading.Event(), threading.Event()
        self._is_moving = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self.changes = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._quoted.wait()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _bad: BaseException | None, _: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()

    def begin(self) -> None:
        """Let them move."""
        self._is_moving.set()

    async def _run(self) -> None:
        clock = SystemClock()
        try:
            maker = await Session.open(self._url, self._maker, clock)
            taker = await Session.open(self._url, self._taker, clock)
            for book in self._books:
                orders = book.orders()
                for at in range(0, len(orders), BATCH):
                    _done(await maker.request("batch-orders", orders[at : at + BATCH]))
        finally:
            self._quoted.set()
        while not self._is_over.is_set():
            await clock.wait_ms(1_000 // CHANGES_A_S)
            if not self._is_moving.is_set():
                continue
            changes = [change for book in self._books for change in book.changes()]
            for at in range(0, len(changes), BATCH):
                await maker.request("batch-amend-orders", changes[at : at + BATCH])
            self.changes += 1
            if self.changes % TRADE_EVERY == 0:
                for book in self._books:
                    await taker.request("order", [book.trade()])
        maker.close()
        taker.close()


def _done(rows: Sequence[dict[str, Any]]) -> None:
    refused = [row for row in rows if row["sCode"] != "0"]
    if refused:
        raise RuntimeError(json.dumps(refused))
