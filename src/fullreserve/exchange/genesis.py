"""What a new exchange's log begins with: chart of accounts, listing, fee tiers, treasury."""

from __future__ import annotations

from fullreserve.exchange import chart, listing
from fullreserve.exchange.wire.commands import (
    AccountKey,
    AnyCommand,
    Deposit,
    SetFeeTier,
    amount_bytes,
)

# Maker and taker rates by tier, parts per 10^8 of the amount received; tier 0 is the house's own.
FEE_TIERS: tuple[tuple[int, int], ...] = (
    (80_000, 100_000),
    (75_000, 95_000),
    (70_000, 90_000),
    (65_000, 85_000),
    (60_000, 80_000),
)

# Of each asset's supply cap, what the treasury of a new exchange holds.
TREASURY_SHARE = 2


def spot() -> list[AnyCommand]:
    """A spot exchange with the pairs of `listing` and a treasury that can fund accounts.

    The treasury's opening balance is a deposit command, as all supply is.
    """
    treasury = AccountKey(chart.HOUSE, chart.TREASURY, 0)
    tiers: list[AnyCommand] = [
        SetFeeTier(0, 0, tier, maker, taker) for tier, (maker, taker) in enumerate(FEE_TIERS, 1)
    ]
    deposits: list[AnyCommand] = [
        Deposit(
            0,
            0,
            treasury,
            number,
            amount_bytes(asset.supply_cap * 10**listing.LEDGER_SCALE // TREASURY_SHARE),
        )
        for number, asset in enumerate(listing.ASSETS, 1)
    ]
    return [*chart.genesis(), *tiers, *listing.commands(), *deposits]
