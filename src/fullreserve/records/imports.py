"""Candles from before the exchange began: a file beside the journal, read by the follower.

Imported candles are not in the log, so a dropped database could not get them back from there. They
are kept in a file of the data folder; the follower puts them into each new database before it
folds the first command, and marks them as imported.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec
import zstandard

from fullreserve.marketdata.bars import BARS, HOUR, MINUTE
from fullreserve.records.candles import Candle, widen
from fullreserve.records.projection import Row

FILE = "imported-candles.zst"


class ImportedCandle(NamedTuple):
    """One closed minute. Prices and volume at the instrument's scales; turnover at their sum."""

    instrument: int
    open_ms: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    turnover: int  # sum of price x size; at most 64 bits
    trades: int = 0


_decoder = msgspec.msgpack.Decoder(list[ImportedCandle])


class WrongImport(ValueError):
    """The file of imported candles cannot be read, or a candle in it makes no sense."""


def keep_candles(data: Path, candles: Iterable[ImportedCandle]) -> None:
    """Writes the file of imported candles, whole or not at all.

    Call it before the first start of the follower. WrongImport for a candle that makes no sense.
    """
    kept = [_checked(candle) for candle in candles]
    if len({(candle.instrument, candle.open_ms) for candle in kept}) < len(kept):
        raise WrongImport("a minute is imported twice")
    packed = zstandard.compress(msgspec.msgpack.encode(kept))
    partial = data / (FILE + ".partial")
    with partial.open("wb") as file:
        file.write(packed)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(data / FILE)


def kept_candles(data: Path) -> list[ImportedCandle]:
    """The imported candles; none when there is no file. WrongImport when it cannot be read."""
    path = data / FILE
    if not path.exists():
        return []
    try:
        return _decoder.decode(zstandard.decompress(path.read_bytes()))
    except (msgspec.DecodeError, zstandard.ZstdError) as problem:
        raise WrongImport(f"{path} cannot be read: {problem}") from problem


def import_rows(candles: Iterable[ImportedCandle]) -> list[Row]:
    """The rows of imported minutes and of the hours that they make."""
    by_instrument: dict[int, list[Candle]] = {}
    for row in candles:
        prices = (row.open, row.high, row.low, row.close)
        candle = Candle(row.open_ms, prices, row.volume, row.turnover, row.trades, imported=True)
        by_instrument.setdefault(row.instrument, []).append(candle)
    rows: list[Row] = []
    for instrument, minutes in sorted(by_instrument.items()):
        minutes.sort(key=_open)
        rows += [candle.row(instrument, MINUTE) for candle in minutes]
        hours = widen(minutes, BARS["1H"].open_of)
        rows += [candle.row(instrument, HOUR) for candle in hours]
    return rows


def _open(candle: Candle) -> int:
    return candle.open_ms


def _checked(candle: ImportedCandle) -> ImportedCandle:
    prices = (candle.open, candle.high, candle.low, candle.close)
    sound = (
        candle.open_ms % MINUTE == 0
        and 0 < candle.low == min(prices)
        and candle.high == max(prices)
        and min(candle.volume, candle.turnover, candle.trades) >= 0
    )
    if not sound:
        raise WrongImport(f"{candle} is not a candle of a minute")
    return candle
