"""What a balance is worth in USD, by the last prices here.

A dollar coin counts as one dollar. Any other asset is valued over its pair with one of them; an
asset without such a pair, or one that never traded, has no value here.
"""

from __future__ import annotations

from collections.abc import Iterable

from fullreserve.exchange import decimals
from fullreserve.exchange.catalog import Asset, Catalog, Instrument
from fullreserve.marketdata.market import Market
from fullreserve.marketdata.trades import Tape

DOLLARS = ("USDT", "USDC", "USD")
USD_SCALE = 8


class Valuation:
    """Values at this moment."""

    def __init__(self, catalog: Catalog, market: Market) -> None:
        self._catalog = catalog
        self.market = market
        # The pairs that an asset is valued over, once they are listed.
        self._pairs: dict[int, Instrument] = {}

    def usd(self, asset: Asset, amount: int) -> int:
        """An amount in ledger units in units of 10^-8 USD, rounded down; 0 without a price."""
        if asset.symbol in DOLLARS:
            return _scaled(amount, asset.scale)
        known = self._pairs.get(asset.id)
        for instrument in (known,) if known else self._dollar_pairs(asset):
            last = self.market.of(instrument.id).tape.last
            if last is not None:
                self._pairs[asset.id] = instrument
                return _scaled(amount * last.price, asset.scale + instrument.price_scale)
        return 0

    def sources(self, assets: Iterable[Asset]) -> list[Tape]:
        """Where the values of these assets come from."""
        found = []
        for asset in assets:
            if asset.symbol not in DOLLARS:
                known = self._pairs.get(asset.id)
                pairs = (known,) if known else self._dollar_pairs(asset)
                found += [self.market.of(pair.id).tape for pair in pairs]
        return found

    def _dollar_pairs(self, asset: Asset) -> list[Instrument]:
        named = self._catalog.instrument_named
        names = (f"{asset.symbol}-{dollar}" for dollar in DOLLARS)
        return [named[name] for name in names if name in named]


def last_prices(sources: Iterable[Tape]) -> list[int]:
    """What stands there now: as long as it is the same, so are the values."""
    return [last.price if (last := source.last) is not None else 0 for source in sources]


def _scaled(value: int, scale: int) -> int:
    scaled: int = value * 10**USD_SCALE // 10**scale
    return scaled


def usd_text(value: int) -> str:
    """Units of 10^-8 USD as a decimal."""
    return decimals.text(value, USD_SCALE)
