"""`asset/*`: the funding account."""

from __future__ import annotations

from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.asset import (
    balances,
    bills,
    currencies,
    custody,
    deposits,
    transfer,
    withdrawals,
)
from fullreserve.gateway.rest.route import Routes


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    table: Routes = {}
    for part in (currencies, balances, transfer, bills, custody, deposits, withdrawals):
        table |= part.routes(context)
    return table
