"""The spot pairs that a new exchange lists, as data; `commands` turns it into the log's first rows.

Steps are chosen so that price x size is exact at the quote's ledger scale (price digits + size
digits <= 8): then no fill of these pairs has a remainder to round.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from fullreserve.exchange import decimals
from fullreserve.exchange.wire.commands import (
    AnyCommand,
    DefineAsset,
    InstrumentState,
    ListInstrument,
    TickBand,
    amount_bytes,
)

LEDGER_SCALE = 8
TOKEN = "FRT"  # noqa: S105  # the exchange's own token, not a credential
BAND = 10_000_000  # 10 % around the last price, in parts per 10^8


class AssetListing(NamedTuple):
    symbol: str
    supply_cap: int  # whole units


class Pair(NamedTuple):
    """Decimal strings in the pair's units; `max_size` is the largest limit order."""

    symbol: str
    tick: str
    lot: str
    min_size: str
    max_size: str
    max_price: str


ASSETS: tuple[AssetListing, ...] = (
    AssetListing("BTC", 21_000_000),
    AssetListing("ETH", 1_000_000_000),
    AssetListing("XRP", 100_000_000_000),
    AssetListing("LTC", 84_000_000),
    AssetListing("SOL", 1_000_000_000),
    AssetListing("USDT", 1_000_000_000_000),
    AssetListing("USDC", 1_000_000_000_000),
    AssetListing(TOKEN, 1_000_000_000),
)

PAIRS: tuple[Pair, ...] = (
    Pair("BTC-USDT", "0.1", "0.00001", "0.00001", "500", "10000000"),
    Pair("ETH-USDT", "0.01", "0.0001", "0.0001", "8000", "1000000"),
    Pair("XRP-USDT", "0.0001", "0.01", "1", "20000000", "10000"),
    Pair("LTC-USDT", "0.01", "0.001", "0.01", "100000", "100000"),
    Pair("SOL-USDT", "0.01", "0.001", "0.01", "100000", "100000"),
    Pair(f"{TOKEN}-USDT", "0.0001", "0.01", "1", "10000000", "10000"),
    Pair("USDC-USDT", "0.0001", "0.01", "1", "20000000", "100"),
    Pair("BTC-USDC", "0.1", "0.00001", "0.00001", "500", "10000000"),
    Pair("ETH-USDC", "0.01", "0.0001", "0.0001", "8000", "1000000"),
    Pair("SOL-USDC", "0.01", "0.001", "0.01", "100000", "100000"),
    Pair("ETH-BTC", "0.00001", "0.001", "0.001", "8000", "1000"),
    Pair("SOL-BTC", "0.000001", "0.01", "0.01", "100000", "100"),
    Pair("LTC-BTC", "0.000001", "0.01", "0.01", "100000", "100"),
    Pair("XRP-BTC", "0.00000001", "1", "1", "20000000", "1"),
    Pair("XRP-ETH", "0.0000001", "0.1", "1", "20000000", "10"),
)


def _digits(step: str) -> int:
    return len(step.partition(".")[2].rstrip("0"))


def list_pair(number: int, pair: Pair, assets: Mapping[str, int]) -> ListInstrument:
    """A pair's listing, open for trading; `assets` are numbers by symbol."""
    base, quote = pair.symbol.split("-")
    price_scale, size_scale = _digits(pair.tick), _digits(pair.lot)
    largest = decimals.parse(pair.max_size, size_scale)
    return ListInstrument(
        gateway=0,
        number=0,
        instrument=number,
        symbol=pair.symbol,
        base=assets[base],
        quote=assets[quote],
        price_scale=price_scale,
        size_scale=size_scale,
        ticks=(TickBand(0, decimals.parse(pair.tick, price_scale)),),
        lot=decimals.parse(pair.lot, size_scale),
        min_size=decimals.parse(pair.min_size, size_scale),
        max_limit_size=largest,
        max_market_size=largest,
        max_market_amount=10_000_000 * 10**LEDGER_SCALE,
        max_price=decimals.parse(pair.max_price, price_scale),
        band=BAND,
        state=InstrumentState.LIVE,
    )


def commands() -> list[AnyCommand]:
    """Assets, then pairs, numbered from 1 in the order of the tables."""
    assets = {asset.symbol: number for number, asset in enumerate(ASSETS, 1)}
    defined: list[AnyCommand] = [
        DefineAsset(
            0,
            0,
            assets[asset.symbol],
            asset.symbol,
            LEDGER_SCALE,
            amount_bytes(asset.supply_cap * 10**LEDGER_SCALE),
        )
        for asset in ASSETS
    ]
    return [*defined, *(list_pair(number, pair, assets) for number, pair in enumerate(PAIRS, 1))]
