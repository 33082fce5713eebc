"""`asset/currencies`: what can be held here, one line for each currency and chain."""

from __future__ import annotations

from fullreserve.exchange.catalog import Asset
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.params import OfCurrencies
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, reading

# Deposits and withdrawals are not offered, so each currency has one line: the ledger here.
LEDGER = "Ledger"

_CURRENCY_BLANKS: dict[str, object] = dict.fromkeys(
    (
        "ctAddr",
        "depEstOpenTime",
        "depQuotaFixed",
        "depQuoteDailyLayer2",
        "logoLink",
        "usedDepQuotaFixed",
        "wdEstOpenTime",
    ),
    "",
)
_CURRENCY_ZEROS: dict[str, object] = dict.fromkeys(
    (
        "burningFeeRate",
        "fee",
        "maxFee",
        "maxFeeForCtAddr",
        "maxWd",
        "minDep",
        "minDepArrivalConfirm",
        "minFee",
        "minFeeForCtAddr",
        "minWd",
        "minWdUnlockConfirm",
        "usedWdQuota",
        "wdQuota",
    ),
    "0",
)


def currency_row(asset: Asset) -> dict[str, object]:
    """One currency on one chain."""
    return {
        **_CURRENCY_BLANKS,
        **_CURRENCY_ZEROS,
        "canDep": False,
        "canInternal": True,
        "canWd": False,
        "ccy": asset.symbol,
        "chain": f"{asset.symbol}-{LEDGER}",
        "mainNet": True,
        "minInternal": asset.text(1),
        "name": asset.symbol,
        "needTag": False,
        "wdTickSz": str(asset.scale),
    }


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""

    async def currencies(_request: Request, params: OfCurrencies) -> bytes:
        """Currencies, and whether they can be deposited and withdrawn."""
        found = context.catalog.assets.values()
        wanted = [asset for asset in found if not params.ccy or asset.symbol in params.ccy]
        return wire.envelope([currency_row(asset) for asset in wanted])

    return {("GET", "asset/currencies"): reading(Taking(OfCurrencies, currencies), 6, 1000)}
