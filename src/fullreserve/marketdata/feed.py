"""Keeps a market current: from a door's rows, from the records at the start, from the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog

from fullreserve.clock import Clock
from fullreserve.door.protocol import Door, Row, Unavailable
from fullreserve.exchange.catalog import Catalog
from fullreserve.exchange.wire.queries import (
    Depth,
    GetDepth,
    GetStatus,
    ListAssets,
    ListInstruments,
    Status,
)
from fullreserve.marketdata.market import Market
from fullreserve.marketdata.seeding import History, no_past, read_past

log = structlog.get_logger(__name__)

SECOND_MS = 1_000
LEVELS_MAX = 1_000_000
# How often to look whether the records have what the core has, how long candles wait for that, and
# when nothing is expected of the records any more.
RECORDS_LOOK_MS = 50
RECORDS_WAIT_MS = 5_000
RECORDS_GIVE_UP_MS = 600_000


class Feed:
    """Start it before clients come; `market` is current from then on, its past soon after.

    `history` is called in a thread and may wait until the records are open.
    """

    def __init__(
        self,
        door: Door,
        catalog: Catalog,
        clock: Clock,
        history: Callable[[], History] | None = None,
    ) -> None:
        self.market = Market(catalog, awaits_past=history is not None)
        self._door = door
        self._clock = clock
        self._history = history
        self._early: list[Row] | None = []
        self._stop: Callable[[], None] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Returns once the books are current."""
        self._stop = self._door.follow(self._row)
        market = self.market
        market.catalog.apply(await self._door.query(ListAssets()))
        market.catalog.apply(await self._door.query(ListInstruments()))
        for instrument in list(market.catalog.instruments):
            depth: Depth | None = await self._door.query(GetDepth(instrument, LEVELS_MAX))
            if depth is not None:
                market.start_book(instrument, depth)
        status: Status = await self._door.query(GetStatus())
        early, self._early = self._early or [], None
        for row in early:
            market.apply(row)
        market.sequence = max(market.sequence, status.sequence)
        market.time_ms = max(market.time_ms, status.time_ms)
        # Of two orders that trade one at least is finished.
        if status.finished_total:
            market.started_at = market.sequence
        else:
            for each in market:
                each.has_no_past()
        market.come_of_age()
        if self._history is not None:
            past = self._take_past(self._history, status)
            self._tasks.append(asyncio.create_task(past))
        self._tasks.append(asyncio.create_task(self._close_bars()))

    async def close(self) -> None:
        if self._stop is not None:
            self._stop()
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def _row(self, row: Row) -> None:
        if self._early is None:
            self.market.apply(row)
        else:
            self._early.append(row)

    async def _take_past(self, opened: Callable[[], History], status: Status) -> None:
        """Hands each instrument its past, once the records have reached the core."""
        try:
            history = await asyncio.to_thread(opened)
        except Exception:  # whoever opens the records says what this means
            log.exception("the records cannot be opened; candles begin without their past")
            for market in self.market:
                market.begin_without_past()
            return
        for waited_ms in range(0, RECORDS_GIVE_UP_MS, RECORDS_LOOK_MS):
            reached = await asyncio.to_thread(_reached, history)
            if reached >= status.sequence:
                break
            if waited_ms == RECORDS_WAIT_MS:
                lag = status.sequence - reached
                # As at every first start: the past comes when the records do.
                log.debug("candles begin before the records are there", commands=lag)
                for market in self.market:
                    market.begin_without_past()
            await self._clock.wait_ms(RECORDS_LOOK_MS)
        for market in list(self.market):
            number = market.instrument.id
            try:
                past = await asyncio.to_thread(read_past, history, number, status.time_ms)
            except Exception:  # the live market goes on without its past
                log.exception("the past cannot be read", instrument=market.instrument.symbol)
                past = no_past(status.time_ms)
            market.start_from(past)

    async def _is_said(self) -> bool:
        """Whether everything that the exchange took before this question was followed.

        What it takes from now on is stamped later. While the disk takes nothing, rows are still
        under way; without an answer nothing is known.
        """
        try:
            await self._door.query(GetStatus())
            health = await self._door.health()
        except Unavailable:
            return False
        return health.state != "stalled"

    async def _close_bars(self) -> None:
        """Closes bars each second, so that no trade can come for a closed one."""
        while True:
            try:
                await self._close_second()
            except Exception:  # one failure must not end candles and tickers for good
                log.exception("bars cannot be closed; the next second is tried")
            # At a speed-up exchange seconds are short, but pushes stay at one a second.
            await self._clock.wait_ms(SECOND_MS * 9 // 10)

    async def _close_second(self) -> None:
        now = self._clock.exchange_ms()
        await self._clock.wait_until(now - now % SECOND_MS + SECOND_MS)
        now = self._clock.exchange_ms()
        if await self._is_said():
            self.market.advance(now)


def _reached(history: History) -> int:
    """How far the records are; 0 while their database does not answer."""
    try:
        return history.progress().sequence
    except Exception as problem:  # noqa: BLE001 - of whatever kind its database has
        log.warning("the records do not answer", problem=str(problem))
        return 0
