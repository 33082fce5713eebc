"""What the funding account holds, and what all accounts are worth."""

from __future__ import annotations

from fullreserve.exchange import chart
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.exchange.wire.queries import AccountState, ListBalances
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.params import Ccy, OfCurrencies, Params
from fullreserve.gateway.rest.public.instruments import currency
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, reading
from fullreserve.gateway.valuation import USD_SCALE, Valuation, usd_text

DOLLAR = "USD"
# What shows as the funding account: what is free, on its way out, and stopped.
FUNDING = (chart.FUND, chart.HOLD, chart.FROZEN)


class ValuationParams(Params):
    """The currency that values are given in; USDT and USD where nothing is said."""

    ccy: Ccy = ""


def funding(states: list[AccountState]) -> dict[int, AccountState]:
    """An owner's funding accounts by asset."""
    return {state.asset: state for state in states if state.kind == chart.FUND}


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    assets = _Assets(context)
    return {
        ("GET", "asset/balances"): reading(Taking(OfCurrencies, assets.balances), 6, 1000),
        ("GET", "asset/asset-valuation"): reading(Taking(ValuationParams, assets.worth), 1, 1000),
    }


class _Assets:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._catalog = context.catalog
        self._valuation = Valuation(context.catalog, context.market)

    async def _states(self, owner: int) -> list[AccountState]:
        states: list[AccountState] = await self._context.door.query(ListBalances(owner))
        return states

    async def balances(self, request: Request, params: OfCurrencies) -> bytes:
        """What the funding account holds."""
        states = await self._states(request.owner)
        rows = []
        for number in sorted({one.asset for one in states if one.kind in FUNDING}):
            asset = self._catalog.assets[number]
            held = [one for one in states if one.asset == number and one.kind in FUNDING]
            total = sum(amount_int(one.balance) for one in held)
            free = sum(
                amount_int(one.balance) - amount_int(one.hold)
                for one in held
                if one.kind == chart.FUND
            )
            if total and (not params.ccy or asset.symbol in params.ccy):
                row = {"ccy": asset.symbol, "bal": asset.text(total)}
                parts = {"availBal": asset.text(free), "frozenBal": asset.text(total - free)}
                rows.append({**row, **parts})
        return wire.envelope(rows)

    async def worth(self, request: Request, params: ValuationParams) -> bytes:
        """What all accounts are worth at the last prices here."""
        totals = {chart.FUND: 0, chart.TRADE: 0}
        for state in await self._states(request.owner):
            if state.kind in totals:
                asset = self._catalog.assets[state.asset]
                totals[state.kind] += self._valuation.usd(asset, amount_int(state.balance))
        unit = self._unit(params.ccy)
        funds, trading = (
            usd_text(totals[kind] * 10**USD_SCALE // unit if unit else 0)
            for kind in (chart.FUND, chart.TRADE)
        )
        whole = usd_text(sum(totals.values()) * 10**USD_SCALE // unit if unit else 0)
        parts = {"classic": "0", "earn": "0", "funding": funds, "trading": trading}
        row = {"details": parts, "totalBal": whole, "ts": str(self._context.clock.exchange_ms())}
        return wire.envelope([row])

    def _unit(self, symbol: str) -> int:
        """What one of a currency is worth in units of 10^-8 USD; 0 where there is no price."""
        if symbol in ("", DOLLAR):
            return int(10**USD_SCALE)
        asset = currency(self._catalog, symbol)
        return self._valuation.usd(asset, int(10**asset.scale))
