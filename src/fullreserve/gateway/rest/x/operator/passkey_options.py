"""`x/operator/passkey-options`: what a passkey is asked to sign before an approval."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.params import Params
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.operator.consent import deed_of
from fullreserve.gateway.rest.x.operator.guard import Guard, Operator
from fullreserve.identity.desk import Rooms


class OptionsParams(Params):
    """What is about to be approved."""

    action: Annotated[str, Meta(description="An endpoint's name behind x/operator/")]
    terms: Annotated[str, Meta(description="What it will be sent, as JSON")]


def routes(context: Context, guard: Guard) -> Routes:
    """Endpoints by method and path."""

    async def options(who: Operator, params: OptionsParams) -> bytes:
        """A challenge for the caller's passkeys that stands for one deed."""
        desk = context.desk
        deed = deed_of(params.action, wire.texts(params.terms.encode()))
        ticket, public_key = await desk.act(_challenge, desk.rooms, who.uid, deed)
        return wire.envelope([{"ticket": ticket, "publicKey": public_key}])

    return dict((guard.reads("passkey-options", OptionsParams, options, is_post=True),))


def _challenge(rooms: Rooms, uid: int, deed: bytes) -> tuple[str, object]:
    if not rooms.approval_wait.approving(uid):
        raise Problem(91023, name="passkey of yours that may approve")
    return rooms.passkeys.challenge_for(uid, deed)
