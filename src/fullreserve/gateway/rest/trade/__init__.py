"""`trade/*`: orders."""

from __future__ import annotations

from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.trade import entry, fills, limits, orders, sweeps


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    table: Routes = {}
    for part in (entry, sweeps, orders, fills, limits):
        table |= part.routes(context)
    return table
