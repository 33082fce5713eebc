"""`/api/v5/x/operator/`: what the operator's console shows and does."""

from __future__ import annotations

from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.operator import (
    allotting,
    announcing,
    calendar,
    claims,
    custody,
    deposit_claims,
    instruments,
    journal,
    kept_deposits,
    ledger,
    living,
    losing,
    maintenance,
    operators,
    overview,
    passkey_options,
    policy,
    proposals,
    proposing,
    stopping,
    suspending,
    tiers,
    unbinding,
    users,
    withdrawals,
)
from fullreserve.gateway.rest.x.operator.guard import Guard
from fullreserve.gateway.vitals import Vitals

GROUPS = (
    instruments,
    maintenance,
    calendar,
    users,
    stopping,
    suspending,
    living,
    policy,
    passkey_options,
    proposals,
    proposing,
    ledger,
    journal,
    operators,
    custody,
    tiers,
    unbinding,
    announcing,
    withdrawals,
    claims,
    deposit_claims,
    kept_deposits,
    losing,
    allotting,
)


def routes(context: Context, vitals: Vitals) -> Routes:
    """Endpoints by method and path; `vitals` is what the overview shows."""
    guard = Guard(context)
    table = overview.routes(context, guard, vitals)
    for group in GROUPS:
        table |= group.routes(context, guard)
    return table
