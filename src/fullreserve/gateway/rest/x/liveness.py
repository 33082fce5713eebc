"""`x/liveness`: how many more could be missing, for each quorum; nobody's name."""

from __future__ import annotations

import msgspec

from fullreserve.exchange.products.liveness import LIVENESS, Colour, ListStandings, Standing
from fullreserve.exchange.products.quorum_rules import Role
from fullreserve.exchange.wire.queries import AskFold
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.params import Params
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, public

_encode = msgspec.msgpack.Encoder().encode
_standings = msgspec.msgpack.Decoder(list[Standing]).decode


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""

    async def margins(_request: Request, _params: Params) -> bytes:
        """The margin and colour of each quorum."""
        return wire.envelope([row(one) for one in await standings(context)])

    return {("GET", "x/liveness"): public(Taking(Params, margins), 10)}


async def standings(context: Context) -> list[Standing]:
    """Each quorum as it is now."""
    now = context.clock.exchange_ms()
    answer: bytes | None = await context.door.query(AskFold(LIVENESS, _encode(ListStandings(now))))
    return [] if answer is None else _standings(answer)


def row(one: Standing) -> dict[str, object]:
    """A quorum, without its holders."""
    return {
        "quorum": str(one.quorum),
        "role": Role(one.role).name.lower(),
        "threshold": str(one.threshold),
        "holders": str(one.holders),
        "margin": str(one.margin),
        "colour": Colour(one.colour).name.lower(),
    }
