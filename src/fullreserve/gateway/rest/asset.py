"""`asset/*` that reads: currencies and the funding account."""

from __future__ import annotations

from fullreserve.exchange import chart
from fullreserve.exchange.catalog import Asset
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.exchange.wire.queries import AccountState, ListBalances
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, reading
from fullreserve.gateway.valuation import Valuation, usd_text

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


def funding(states: list[AccountState]) -> dict[int, AccountState]:
    """An owner's funding accounts by asset."""
    return {state.asset: state for state in states if state.kind == chart.FUND}


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    catalog = context.catalog
    valuation = Valuation(catalog, context.market)

    async def currencies(request: Request) -> bytes:
        wanted = request.names("ccy")
        return wire.envelope(
            [
                currency_row(asset)
                for asset in catalog.assets.values()
                if not wanted or asset.symbol in wanted
            ]
        )

    async def balances(request: Request) -> bytes:
        wanted = request.names("ccy")
        states: list[AccountState] = await context.door.query(ListBalances(request.owner))
        rows = []
        for number, state in funding(states).items():
            asset = catalog.assets[number]
            total, hold = amount_int(state.balance), amount_int(state.hold)
            if total and (not wanted or asset.symbol in wanted):
                row = {"ccy": asset.symbol, "bal": asset.text(total)}
                free = {"availBal": asset.text(total - hold), "frozenBal": asset.text(hold)}
                rows.append({**row, **free})
        return wire.envelope(rows)

    async def asset_valuation(request: Request) -> bytes:
        states: list[AccountState] = await context.door.query(ListBalances(request.owner))
        totals = {chart.FUND: 0, chart.TRADE: 0}
        for state in states:
            if state.kind in totals:
                asset = catalog.assets[state.asset]
                totals[state.kind] += valuation.usd(asset, amount_int(state.balance))
        parts = {
            "classic": "0",
            "earn": "0",
            "funding": usd_text(totals[chart.FUND]),
            "trading": usd_text(totals[chart.TRADE]),
        }
        row = {"details": parts, "totalBal": usd_text(sum(totals.values()))}
        return wire.envelope([{**row, "ts": str(context.clock.exchange_ms())}])

    return {
        ("GET", "asset/currencies"): reading(currencies, 6, 1000),
        ("GET", "asset/balances"): reading(balances, 6, 1000),
        ("GET", "asset/asset-valuation"): reading(asset_valuation, 1, 1000),
    }
