"""`x/withdrawals/decisions`: what the policy decided of a withdrawal, to its user."""

from __future__ import annotations

from fullreserve.exchange.products.policy_wire import GetDecision
from fullreserve.gateway import ids, wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.policy_chain import own_row
from fullreserve.gateway.rest.asset.withdrawals import WdId, withdrawal_of
from fullreserve.gateway.rest.params import Params
from fullreserve.gateway.rest.past import recorded, recorded_up_to
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, reading
from fullreserve.gateway.risk_desk import asked
from fullreserve.gateway.tranches import request_of


class DecisionsParams(Params):
    """One's own withdrawal."""

    wd_id: WdId


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""

    async def decisions(request: Request, params: DecisionsParams) -> bytes:
        """What the policy decided of one's own withdrawal, each time, as it is in the chain."""
        number = ids.number(params.wd_id)
        whole = await request_of(context, number) if number else 0
        newest = await asked(context, GetDecision(whole))
        if newest is not None and newest.facts.owner == request.owner:
            await recorded_up_to(context, newest.number)
        found = await recorded(context, lambda history: history.decisions(request.owner, whole))
        if not found:
            await withdrawal_of(context, request.owner, number)
        return wire.envelope([own_row(link) for link in found])

    return {
        ("GET", "x/withdrawals/decisions"): reading(Taking(DecisionsParams, decisions), 6, 1000)
    }
