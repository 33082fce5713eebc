"""Reads the recorded market data that is packaged beside this module."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import NamedTuple


class Bar(NamedTuple):
    """One minute: prices and volume in USD."""

    open: float
    high: float
    low: float
    close: float
    volume: float


class RecordedTrade(NamedTuple):
    time_ms: int
    side: str  # the taker's: buy or sell
    price: float
    size: float


class RecordedBook(NamedTuple):
    """Levels as (price, size), best first."""

    bids: tuple[tuple[float, float], ...]
    asks: tuple[tuple[float, float], ...]


def _text(name: str) -> io.StringIO:
    packaged = resources.files("fullreserve.simulation").joinpath("recorded", name)
    return io.StringIO(gzip.decompress(packaged.read_bytes()).decode("ascii"))


def _rows(name: str) -> Iterator[list[str]]:
    reader = csv.reader(_text(name))
    next(reader)
    yield from reader


@cache
def btc_bars() -> tuple[Bar, ...]:
    """One-minute bars of BTC, January 2022, 31 days without a gap in the sequence."""
    return tuple(
        Bar(float(o), float(h), float(low), float(c), float(v or 0))
        for _, o, h, low, c, v in _rows("btc-perp-1m-2022-01.csv.gz")
    )


def _trades(name: str) -> tuple[RecordedTrade, ...]:
    return tuple(
        RecordedTrade(int(ts), side, float(price), float(size))
        for ts, _, side, price, size in _rows(name)
    )


@cache
def eth_trades() -> tuple[RecordedTrade, ...]:
    """Every trade of ETH/USDT during 207 seconds of 2 February 2023."""
    return _trades("eth-usdt-trades-2023-02-02.csv.gz")


@cache
def xrp_eth_trades() -> tuple[RecordedTrade, ...]:
    """Spot trades of XRP/ETH during 59 hours from 11 October 2019."""
    return _trades("xrp-eth-trades-2019-10-11.csv.gz")


@cache
def xrp_book() -> RecordedBook:
    """The first snapshot of the 500-level book of XRPUSDT, 1 December 2024."""
    data = json.loads(_text("xrpusdt-book500-2024-12-01.jsonl.gz").readline())["data"]

    def levels(side: str) -> tuple[tuple[float, float], ...]:
        return tuple((float(price), float(size)) for price, size in data[side])

    return RecordedBook(bids=levels("b"), asks=levels("a"))
