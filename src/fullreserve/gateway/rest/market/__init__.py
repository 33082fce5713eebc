"""`market/*`: what is live from memory, what is older from the records."""

from __future__ import annotations

from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.market import books, candles, index, tickers, trades
from fullreserve.gateway.rest.route import Routes


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    table: Routes = {}
    for part in (tickers, books, trades, candles, index):
        table |= part.routes(context)
    return table
