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
from fullreserve.gateway.rest.asset.sender import Sender
from fullreserve.gateway.rest.route import Routes


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    sender = Sender(context)
    table = transfer.routes(context, sender) | bills.routes(context, sender)
    for part in (currencies, balances, custody, deposits, withdrawals):
        table |= part.routes(context)
    return table
