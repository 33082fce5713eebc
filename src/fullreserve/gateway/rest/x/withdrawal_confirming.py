"""`x/withdrawals/confirm`: its user proves once more who asks for a withdrawal."""

from __future__ import annotations

import msgspec

from fullreserve.exchange.products.policy_wire import POLICY, Confirm
from fullreserve.exchange.products.withdrawal_state import Refused, WithdrawalState
from fullreserve.exchange.wire.commands import Product
from fullreserve.gateway import ids, wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.asset.withdrawals import WdId, withdrawal_of
from fullreserve.gateway.rest.params import Params
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.submitted import submitted
from fullreserve.gateway.rest.x.browser import in_session, proven
from fullreserve.gateway.risk_desk import CONFIRM, held
from fullreserve.gateway.tranches import request_of

NOT_PROVEN = 90006


class ConfirmParams(Params):
    """A withdrawal."""

    wd_id: WdId


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""

    async def confirm(request: Request, params: ConfirmParams) -> bytes:
        """Confirm a withdrawal that waits for it, in a session proven since it was asked for."""
        session = proven(request)
        number = ids.number(params.wd_id)
        one = await withdrawal_of(context, session.uid, number)
        asked = await request_of(context, number)
        known = await held(context, asked)
        if one.state != WithdrawalState.COOLING or known.wait != CONFIRM:
            raise Problem(Refused.NOT_CONFIRMING)
        # Exchange time may run faster than the world's; a proof is of the world's.
        ago_ms = max(0, context.clock.exchange_ms() - known.since_ms)
        if session.times.proven_ms <= context.clock.wall_ms() - ago_ms:
            raise Problem(NOT_PROVEN)
        payload = msgspec.msgpack.encode(Confirm(asked))
        door = context.door
        command = Product(door.gateway, door.numbers(1), POLICY, session.uid, payload)
        reply = await submitted(context, command)
        if reply.code:
            raise Problem(Refused.NOT_CONFIRMING)
        return wire.envelope([{"wdId": params.wd_id}])

    return {("POST", "x/withdrawals/confirm"): in_session(ConfirmParams, confirm, 4)}
