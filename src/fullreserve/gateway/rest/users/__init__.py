"""The OKX group `users/subaccount`: a master's sub-accounts, their keys and their money."""

from __future__ import annotations

from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.users import keys, money, sub_accounts


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    return {
        **sub_accounts.routes(context),
        **keys.routes(context),
        **money.routes(context),
    }
