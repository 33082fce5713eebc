"""The market's bots as one process: makers and takers over the public API, for as long as it runs.

`python -m fullreserve.simulation.market` reads the settings and `<data>/demo-market.json`; the
exchange may restart under it, it comes back by itself.
"""

from __future__ import annotations

import asyncio
import random
import signal
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import structlog

from fullreserve import logs
from fullreserve.app.tls import client_context
from fullreserve.clock import NS_PER_MS, Clock, SystemClock
from fullreserve.config import Settings
from fullreserve.simulation.client import Credentials, Session, SessionLost, call
from fullreserve.simulation.maker import Maker, Terms
from fullreserve.simulation.pairs import quoting
from fullreserve.simulation.prices import PriceModel
from fullreserve.simulation.taker import Taker

ORDERS_PER_SECOND = 34.0  # of all takers at speed 1; about nine in ten trade
TURN_MS = 500
SPEED_MAX = 10.0  # takers do not go faster than this many times real time
NS_PER_SECOND = 1_000_000_000
BEHIND_MAX_NS = NS_PER_SECOND
MARKET_FILE = "demo-market.json"

log = structlog.get_logger()


class Opening(msgspec.Struct, frozen=True):
    """What `demo-market.json` remembers, so that prices go on where they were."""

    opened_ms: int
    seed: int
    speed: str


class ExchangeTime:
    """The exchange's time as a client knows it: told once, then carried on at the speed."""

    def __init__(self, told_ms: int, clock: Clock, speed: float) -> None:
        self._clock = clock
        self._speed = speed
        self._anchor_ms = told_ms
        self._anchor_ns = clock.monotonic_ns()

    def now_ms(self) -> int:
        elapsed_ns = self._clock.monotonic_ns() - self._anchor_ns
        return self._anchor_ms + int(elapsed_ns / 1_000_000 * self._speed)


class Bots:
    """One life of the market: from connecting to the first lost connection."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._clock = clock
        self._base = str(settings.http)
        is_tls = settings.tls.enabled
        self._tls = client_context(settings.tls.certificate) if is_tls else None
        self._ws = f"{'wss' if is_tls else 'ws'}://{settings.ws}/ws/v5/private"
        self._data = settings.data
        opening = msgspec.json.decode((settings.data / MARKET_FILE).read_bytes(), type=Opening)
        self._model = PriceModel(opening.opened_ms, opening.seed)
        self._speed = float(opening.speed)
        self._seed = f"{opening.seed}/{clock.wall_ms()}"

    async def run(self) -> None:
        """Trades until a connection is lost (SessionLost) or the task is cancelled."""
        keys = load_keys(self._data)
        bots = [key for key in keys if key.name.startswith(("maker", "taker"))]
        time = await asyncio.to_thread(self._begin_anew, bots)
        target = "/api/v5/public/instruments?instType=SPOT"
        rows = await asyncio.to_thread(
            call, self._base, None, self._clock, "GET", target, tls=self._tls
        )
        terms = [self._terms(row, time) for row in rows if row["state"] == "live"]
        sessions: list[Session] = []
        try:
            async with asyncio.TaskGroup() as group:
                for account in bots:
                    session = await Session.open(self._ws, account, self._clock, self._tls)
                    sessions.append(session)
                    group.create_task(self._account(account, session, keys, terms, time))
        finally:
            for session in sessions:
                session.close()

    def _begin_anew(self, bots: list[Credentials]) -> ExchangeTime:
        """Takes back all orders of the life before; the answers tell the time."""
        told_ms = 0
        for bot in bots:
            target = "/api/v5/x/cancel-all"
            (row,) = call(self._base, bot, self._clock, "POST", target, {}, self._tls)
            told_ms = int(row["ts"])
        return ExchangeTime(told_ms, self._clock, self._speed)

    async def _account(
        self,
        account: Credentials,
        session: Session,
        keys: list[Credentials],
        terms: list[Terms],
        time: ExchangeTime,
    ) -> None:
        if account.name.startswith("taker"):
            takers = sum(key.name.startswith("taker") for key in keys)
            seed = f"{self._seed}/{account.name}"
            draws = random.Random(f"{seed}/moments")
            rate = ORDERS_PER_SECOND * min(max(self._speed, 1.0), SPEED_MAX) / takers
            await self._take(Taker(session, seed), draws, rate, terms, time)
            return
        makers = [key.name for key in keys if key.name.startswith("maker")]
        mine = terms[makers.index(account.name) :: len(makers)]
        await self._make(
            [Maker(t, session, f"{self._seed}/{t.symbol}") for t in mine], session, time
        )

    async def _make(self, makers: list[Maker], session: Session, time: ExchangeTime) -> None:
        by_symbol = {maker.terms.symbol: maker for maker in makers}

        def on_orders(message: dict[str, Any]) -> None:
            for row in message["data"]:
                maker = by_symbol.get(row["instId"])
                if maker is not None:
                    maker.on_order(row)

        await session.subscribe({"channel": "orders", "instType": "SPOT"}, on_orders)
        await asyncio.gather(*(maker.turn(self._fair(maker.terms, time)) for maker in makers))
        pause_ms = TURN_MS // len(makers)
        while True:
            for maker in makers:
                await maker.turn(self._fair(maker.terms, time))
                await self._clock.wait_ms(pause_ms)

    async def _take(
        self,
        taker: Taker,
        draws: random.Random,
        rate: float,
        terms: list[Terms],
        time: ExchangeTime,
    ) -> None:
        """`rate` is orders a second."""
        weights = [quoting(t.symbol).weight for t in terms]
        due_ns = self._clock.monotonic_ns()
        while True:
            # Moments are drawn one after the other, so that slow answers do not make fewer of them;
            # what a long pause left out is not made up for.
            due_ns += int(draws.expovariate(rate) * NS_PER_SECOND)
            early_ns = due_ns - self._clock.monotonic_ns()
            if early_ns > 0:
                await self._clock.wait_ms(early_ns // NS_PER_MS)
            elif early_ns < -BEHIND_MAX_NS:
                due_ns = self._clock.monotonic_ns()
            chosen = draws.choices(terms, weights)[0]
            await taker.turn(chosen, self._fair(chosen, time))

    def _fair(self, terms: Terms, time: ExchangeTime) -> float:
        base, quote = terms.symbol.split("-")
        return self._model.pair(base, quote, time.now_ms())

    def _terms(self, row: dict[str, Any], time: ExchangeTime) -> Terms:
        base, _ = row["instId"].split("-")
        style = quoting(row["instId"])
        return Terms(
            symbol=row["instId"],
            code=row["instIdCode"],
            tick=Decimal(row["tickSz"]),
            lot=Decimal(row["lotSz"]),
            least=Decimal(row["minSz"]),
            spread=style.spread,
            step=style.step,
            base_size=style.level_usd / self._model.price(base, time.now_ms()),
        )


def load_keys(data: Path) -> list[Credentials]:
    """The demo accounts of `<data>/demo-keys.json`."""
    return msgspec.json.decode((data / "demo-keys.json").read_bytes(), type=list[Credentials])


async def trade(settings: Settings, clock: Clock) -> None:
    """Runs the bots, again after each lost connection, until cancelled."""
    while True:
        try:
            await Bots(settings, clock).run()
        except* (SessionLost, OSError) as group:
            log.info("bots reconnect", reasons=[str(error) for error in group.exceptions])
        # A group of tasks that fails while it is cancelled tells of the failure alone.
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError
        await clock.wait_ms(1000)


async def _main() -> None:
    settings = Settings.load()
    logs.configure(settings.log)
    task = asyncio.ensure_future(trade(settings, SystemClock()))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        log.info("bots stopped")


if __name__ == "__main__":
    asyncio.run(_main())
