"""Fair prices of the demo market in USD, as functions of time and seed.

- BTC follows the recorded minute bars, played forward and backward in turn so that the end never
  jumps; inside a minute it runs open, first extreme, second extreme, close.
- ETH follows BTC with a beta and a seeded mean-reverting part of its own; during the first 207
  seconds of the live market its moves are those of the recorded ETH trades.
- XRP is ETH times the recorded XRP/ETH ratio (scaled to the level of January 2022).
- The others are seeded processes correlated with BTC: log p = log p0 + beta (log BTC - log BTC0) +
  x, where x is an AR(1) process per minute, x' = phi x + sigma z.

Prices steer bots; nothing here enters a ledger, so floats are in place.
"""

from __future__ import annotations

import bisect
import math
import random
from itertools import pairwise
from typing import NamedTuple

from fullreserve.simulation.recorded_data import (
    Bar,
    RecordedTrade,
    btc_bars,
    eth_trades,
    xrp_eth_trades,
)

MINUTE_MS = 60_000
HISTORY_MINUTES = 7 * 24 * 60
_CORNERS = (0.0, 0.3, 0.7, 1.0)
TURNS = len(_CORNERS)


class Process(NamedTuple):
    """Parameters of one correlated asset: first price in USD, beta to BTC, AR(1) of its own."""

    first: float
    beta: float
    phi: float
    sigma: float


PROCESSES: dict[str, Process] = {
    "ETH": Process(3_700.0, 1.1, 0.9995, 0.0004),
    "LTC": Process(146.0, 0.9, 0.9995, 0.0006),
    "SOL": Process(170.0, 1.3, 0.9995, 0.0008),
    "FRT": Process(1.25, 0.4, 0.9990, 0.0007),
    "USDC": Process(1.0, 0.0, 0.98, 0.00001),
}
XRP_FIRST = 0.83
_XRP_PER_ETH = XRP_FIRST / PROCESSES["ETH"].first


class _Walk:
    """The AR(1) part of one asset, minute by minute, extended on demand."""

    def __init__(self, process: Process, seed: str) -> None:
        self._process = process
        self._random = random.Random(seed)
        self._values = [0.0]

    def at(self, minute: int) -> float:
        values = self._values
        while len(values) <= minute:
            shock = self._random.gauss(0.0, self._process.sigma)
            values.append(self._process.phi * values[-1] + shock)
        return values[minute]

    def turns(self, minutes: int) -> list[float]:
        """Values at the turns of the first minutes."""
        self.at(minutes)
        legs = [(1.0 - inside, inside) for inside in _CORNERS]
        nodes = self._values[: minutes + 1]
        return [now * one + then * other for now, then in pairwise(nodes) for one, other in legs]


def _there_and_back(index: int, length: int) -> tuple[int, bool]:
    """Position in a recording that is played forward and backward in turn; True when backward."""
    turn, offset = divmod(index, length)
    return (length - 1 - offset, True) if turn % 2 else (offset, False)


def _minute_ratios(trades: tuple[RecordedTrade, ...]) -> tuple[float, ...]:
    """Last price of each minute of a recording, relative to the first."""
    first = trades[0]
    minutes = (trades[-1].time_ms - first.time_ms) // MINUTE_MS + 1
    ratios: list[float] = []
    position = 0
    for minute in range(minutes):
        end = first.time_ms + (minute + 1) * MINUTE_MS
        while position + 1 < len(trades) and trades[position + 1].time_ms < end:
            position += 1
        ratios.append(trades[position].price / first.price)
    return tuple(ratios)


class PriceModel:
    """Fair USD prices from `start_ms` (7 days before the market opened) on.

    The same (start, seed) gives the same prices on every machine that runs the same Python.
    """

    def __init__(self, opened_ms: int, seed: int) -> None:
        opened_ms -= opened_ms % MINUTE_MS
        self.opened_ms = opened_ms
        self.start_ms = opened_ms - HISTORY_MINUTES * MINUTE_MS
        self._walks = {
            asset: _Walk(process, f"{seed}/{asset}") for asset, process in PROCESSES.items()
        }
        self._xrp_eth = _minute_ratios(xrp_eth_trades())
        trades = eth_trades()
        self._eth_times = [trade.time_ms - trades[0].time_ms for trade in trades]
        self._eth_moves = [trade.price / trades[0].price for trade in trades]

    def price(self, asset: str, time_ms: int) -> float:
        """USD price; KeyError for an asset without a process."""
        minute, inside = divmod(max(time_ms - self.start_ms, 0), MINUTE_MS)
        return self._price(asset, minute, inside / MINUTE_MS)

    def pair(self, base: str, quote: str, time_ms: int) -> float:
        return self.price(base, time_ms) / self.price(quote, time_ms)

    def paths(self, minutes: int) -> dict[str, list[float]]:
        """USD prices of every asset at the turns of the first minutes since `start_ms`.

        Four a minute, at 0, 0.3, 0.7 and 1 of it; at the first three they are what `price` gives.
        """
        btc = [price for minute in range(minutes) for price in self._btc_turns(minute)]
        first = btc_bars()[0].open
        common = [math.log(price / first) for price in btc]
        paths = {asset: self._process_path(asset, common) for asset in PROCESSES}
        eth = paths["ETH"]
        for position in range(TURNS * (HISTORY_MINUTES - 1), len(eth)):
            minute, turn = divmod(position, TURNS)
            eth[position] *= self._recorded_move(minute, _CORNERS[turn])
        return {"USDT": [1.0] * len(btc), "BTC": btc, "XRP": self._xrp_path(eth), **paths}

    def volumes(self, minutes: int) -> list[float]:
        """Recorded BTC volume in USD of each of the first minutes since `start_ms`."""
        return [self._btc_bar(minute).volume for minute in range(minutes)]

    def _btc_turns(self, minute: int) -> tuple[float, float, float, float]:
        opened, high, low, closed, _ = self._btc_bar(minute)
        first, second = (low, high) if closed >= opened else (high, low)
        # The last leg is walked as `_btc` walks it, rounding included.
        return opened, first, second, second + (closed - second)

    def _process_path(self, asset: str, common: list[float]) -> list[float]:
        first, beta, _, _ = PROCESSES[asset]
        own = self._walks[asset].turns(len(common) // TURNS)
        exp = math.exp
        return [first * exp(beta * one + other) for one, other in zip(common, own, strict=True)]

    def _xrp_path(self, eth: list[float]) -> list[float]:
        ratios, length = self._xrp_eth, len(self._xrp_eth)
        minutes = range(len(eth) // TURNS + 1)
        played = [ratios[_there_and_back(minute, length)[0]] for minute in minutes]
        ratio = (
            now + (then - now) * inside for now, then in pairwise(played) for inside in _CORNERS
        )
        return [_XRP_PER_ETH * (price * one) for price, one in zip(eth, ratio, strict=True)]

    def _btc_bar(self, minute: int) -> Bar:
        bars = btc_bars()
        index, backward = _there_and_back(minute, len(bars))
        bar = bars[index]
        if backward:
            return Bar(bar.close, bar.high, bar.low, bar.open, bar.volume)
        return bar

    def _btc(self, minute: int, inside: float) -> float:
        bar = self._btc_bar(minute)
        rising = bar.close >= bar.open
        first, second = (bar.low, bar.high) if rising else (bar.high, bar.low)
        corners = (bar.open, first, second, bar.close)
        leg = min(bisect.bisect_right(_CORNERS, inside) - 1, 2)
        part = (inside - _CORNERS[leg]) / (_CORNERS[leg + 1] - _CORNERS[leg])
        return corners[leg] + (corners[leg + 1] - corners[leg]) * part

    def _price(self, asset: str, minute: int, inside: float) -> float:
        if asset == "USDT":
            return 1.0
        if asset == "BTC":
            return self._btc(minute, inside)
        if asset == "XRP":
            return _XRP_PER_ETH * self._ratio(minute, inside)
        process = PROCESSES[asset]
        walk = self._walks[asset]
        own = walk.at(minute) * (1.0 - inside) + walk.at(minute + 1) * inside
        common = math.log(self._btc(minute, inside) / btc_bars()[0].open)
        price = process.first * math.exp(process.beta * common + own)
        return price * self._recorded_move(minute, inside) if asset == "ETH" else price

    def _ratio(self, minute: int, inside: float) -> float:
        """ETH price times the recorded XRP/ETH ratio, relative to its first."""
        ratios = self._xrp_eth
        now = ratios[_there_and_back(minute, len(ratios))[0]]
        then = ratios[_there_and_back(minute + 1, len(ratios))[0]]
        return self._price("ETH", minute, inside) * (now + (then - now) * inside)

    def _recorded_move(self, minute: int, inside: float) -> float:
        since_open = (minute - HISTORY_MINUTES + inside) * MINUTE_MS
        if not 0 <= since_open <= self._eth_times[-1]:
            return 1.0
        return self._eth_moves[bisect.bisect_right(self._eth_times, since_open) - 1]
