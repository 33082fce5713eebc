"""`account/*`: the trading account, in spot mode."""

from __future__ import annotations

from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.account import balance, bills, faucet, fees, settings, sizes
from fullreserve.gateway.rest.route import Routes


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    table: Routes = {}
    for part in (balance, settings, sizes, fees, bills, faucet):
        table |= part.routes(context)
    return table
