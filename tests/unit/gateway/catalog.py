"""A catalog with one pair, for tests that need no exchange."""

from __future__ import annotations

from fullreserve.exchange.catalog import Catalog
from fullreserve.exchange.wire.commands import InstrumentState, TickBand, amount_bytes
from fullreserve.exchange.wire.events import AssetDefined, InstrumentChanged

BTC_USDT = 1


def make() -> Catalog:
    """BTC-USDT with tick 0.1, lot 0.00001 and ledger scales of 8 digits."""
    catalog = Catalog()
    cap = amount_bytes(10**20)
    catalog.apply(
        [
            AssetDefined(1, "BTC", 8, cap),
            AssetDefined(2, "USDT", 8, cap),
            InstrumentChanged(
                instrument=BTC_USDT,
                symbol="BTC-USDT",
                base=1,
                quote=2,
                price_scale=2,
                size_scale=8,
                ticks=(TickBand(0, 10), TickBand(10_000_000, 100)),
                lot=1000,
                min_size=1000,
                max_limit_size=10**12,
                max_market_size=10**11,
                max_market_amount=10**14,
                max_price=10**10,
                band=0,
                state=InstrumentState.LIVE,
                listed_ms=1_700_000_000_000,
            ),
        ]
    )
    return catalog
