"""The rows of `account/balance` and of the private channel `account`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.catalog import Asset, Catalog
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.exchange.wire.queries import AccountState
from fullreserve.gateway.valuation import Valuation, usd_text
from fullreserve.gateway.wire import encode

# Rendered details, a kilobyte each.
DETAILS_KEPT = 20_000

# What accounts in spot mode do not have, of the account as a whole ...
_ACCOUNT_BLANKS: dict[str, object] = dict.fromkeys(
    (
        "adjEq",
        "availEq",
        "borrowFroz",
        "delta",
        "deltaLever",
        "deltaNeutralStatus",
        "imr",
        "mgnRatio",
        "mmr",
        "notionalUsd",
        "notionalUsdForBorrow",
        "notionalUsdForFutures",
        "notionalUsdForOption",
        "notionalUsdForSwap",
        "ordFroz",
        "upl",
    ),
    "",
)
# ... and of each currency.
_DETAIL_BLANKS: dict[str, object] = dict.fromkeys(
    (
        "accAvgPx",
        "autoLendMtAmt",
        "availEq",
        "borrowFroz",
        "clSpotInUseAmt",
        "coinUsdPrice",
        "crossLiab",
        "imr",
        "interest",
        "isoLiab",
        "liab",
        "maxLoan",
        "maxSpotInUse",
        "mgnRatio",
        "mmr",
        "notionalLever",
        "openAvgPx",
        "spotInUseAmt",
        "spotIsoBal",
        "spotUpl",
        "spotUplRatio",
        "totalPnl",
        "totalPnlRatio",
        "twap",
        "upl",
        "uplLiab",
    ),
    "",
)
_DETAIL_ZEROS: dict[str, object] = dict.fromkeys(
    (
        "fixedBal",
        "isoEq",
        "isoUpl",
        "rewardBal",
        "smtSyncEq",
        "spotCopyTradingEq",
        "stgyEq",
    ),
    "0",
)
_DETAIL_SETTINGS: dict[str, object] = {
    "autoLendStatus": "off",
    "colRes": "0",
    "colBorrAutoConversion": "0",
    "collateralEnabled": False,
    "collateralRestrict": False,
}


def detail_row(asset: Asset, state: AccountState, valuation: Valuation) -> msgspec.Raw:
    """One currency of a trading account in spot mode, as JSON."""
    value = usd_text(valuation.usd(asset, amount_int(state.balance))).encode()
    worth = b',"disEq":"%b","eqUsd":"%b"}' % (value, value)
    return msgspec.Raw(_unvalued(asset, state) + worth)


@lru_cache(DETAILS_KEPT)
def _unvalued(asset: Asset, state: AccountState) -> bytes:
    """What of it does not change with prices, still open at its end."""
    balance, hold = amount_int(state.balance), amount_int(state.hold)
    row = {
        **_DETAIL_BLANKS,
        **_DETAIL_ZEROS,
        **_DETAIL_SETTINGS,
        "availBal": asset.text(balance - hold),
        "cashBal": asset.text(balance),
        "ccy": asset.symbol,
        "eq": asset.text(balance),
        "frozenBal": asset.text(hold),
        "ordFrozen": asset.text(hold),
        "spotBal": asset.text(balance),
        "uTime": str(state.updated_ms),
    }
    return encode(row)[:-1]


def trading(states: Iterable[AccountState]) -> list[AccountState]:
    """The trading accounts among an owner's accounts that are not empty."""
    return [
        state
        for state in states
        if state.kind == chart.TRADE and state.instance == 0 and amount_int(state.balance)
    ]


def balance_row(
    catalog: Catalog,
    states: Sequence[AccountState],
    valuation: Valuation,
    now_ms: int,
    currencies: Sequence[str] = (),
) -> dict[str, object]:
    """The one element of `account/balance`; the total is over all currencies, shown or not."""
    total = 0
    details = []
    for state in trading(states):
        asset = catalog.assets[state.asset]
        total += valuation.usd(asset, amount_int(state.balance))
        if not currencies or asset.symbol in currencies:
            details.append(detail_row(asset, state, valuation))
    return {
        **_ACCOUNT_BLANKS,
        "details": details,
        "isoEq": "0",
        "totalEq": usd_text(total),
        "uTime": str(now_ms),
    }
