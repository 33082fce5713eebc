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
        self._kept: dict[tuple[str, int], tuple[float, ...]] = {}
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

    def bar(self, base: str, quote: str, minute: int) -> Bar:
        """The pair's bar of one minute since `start_ms`; volume is in quote units."""
        of_base, of_quote = self._corners(base, minute), self._corners(quote, minute)
        path = [one / other for one, other in zip(of_base, of_quote, strict=True)]
        volume = self._btc_bar(minute).volume * _share(base) / of_quote[0]
        return Bar(path[0], max(path), min(path), path[-1], volume)

    def _corners(self, asset: str, minute: int) -> tuple[float, ...]:
        """Prices at the turns of a minute; kept, as an asset stands in several pairs."""
        kept = self._kept.get((asset, minute))
        if kept is None:
            kept = tuple(self._price(asset, minute, corner) for corner in _CORNERS)
            self._kept[asset, minute] = kept
        return kept

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
            return XRP_FIRST / PROCESSES["ETH"].first * self._ratio(minute, inside)
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


_SHARES = {"BTC": 1.0, "ETH": 0.6, "SOL": 0.25, "XRP": 0.2, "LTC": 0.1, "FRT": 0.05, "USDC": 0.1}


def _share(base: str) -> float:
    """Volume of a base asset's pairs relative to the recorded BTC volume, scaled to a demo."""
    return 0.01 * _SHARES[base]
