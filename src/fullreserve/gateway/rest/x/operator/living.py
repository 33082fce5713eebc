"""`x/operator/liveness`: who of each quorum is missing since when, and what is to be done."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from fullreserve.exchange import chart
from fullreserve.exchange.products.liveness import (
    ACTIONS,
    LIVENESS,
    Away,
    Colour,
    ListQuorums,
    QuorumState,
)
from fullreserve.exchange.wire.commands import Product
from fullreserve.exchange.wire.queries import AskFold
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.params import Params
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.submitted import submitted
from fullreserve.gateway.rest.x.liveness import row, standings
from fullreserve.gateway.rest.x.operator.guard import Guard, Operator
from fullreserve.gateway.rest.x.operator.parameters import NotedParams

ALARMS = ("", "alarm", "activate_backup")


class AwayParams(NotedParams):
    """When a holder will not be there."""

    person: Annotated[int, Meta(ge=1, description="A holder's number")]
    from_ts: Annotated[int, Meta(ge=0, description="In ms")] = 0
    until_ts: Annotated[int, Meta(ge=0, description="In ms; 0: not away any more")] = 0


def routes(context: Context, guard: Guard) -> Routes:
    """Endpoints by method and path."""

    async def listed(_who: Operator, _params: Params) -> bytes:
        """Each quorum with its holders, by number, who of them is missing, and its actions."""
        rows = []
        people = await _people(context)
        for one in await standings(context):
            missing = [
                {
                    "person": str(silent.person),
                    "sinceTs": str(silent.since_ms),
                    "announced": silent.is_announced,
                    "alarm": ALARMS[silent.alarm],
                }
                for silent in one.missing
            ]
            told = {"people": people.get(one.quorum, []), "missing": missing}
            rows.append(row(one) | told | {"actions": ACTIONS[Colour(one.colour)]})
        return wire.envelope(rows)

    async def away(_who: Operator, params: AwayParams) -> bytes:
        """Note a planned absence; it counts as missing."""
        known = {each["person"] for rows in (await _people(context)).values() for each in rows}
        if str(params.person) not in known:
            raise Problem(51000, "person", ", ".join(sorted(known, key=int)) or "nobody yet")
        if params.until_ts and params.until_ts <= params.from_ts:
            raise Problem(51000, "untilTs", "a time after fromTs, or 0")
        word = msgspec.msgpack.encode(Away(params.person, params.from_ts, params.until_ts))
        door = context.door
        command = Product(door.gateway, door.numbers(1), LIVENESS, chart.HOUSE, word)
        reply = await submitted(context, command)
        if reply.code:
            raise Problem(reply.code, "untilTs", "a time in ms, or 0")
        return await listed(_who, params)

    return dict(
        (
            guard.reads("liveness", Params, listed),
            guard.acts("liveness/away", AwayParams, away),
        )
    )


async def _people(context: Context) -> dict[int, list[dict[str, str]]]:
    """The holders of each quorum, by number, with when each answered last."""
    answer: bytes | None = await context.door.query(
        AskFold(LIVENESS, msgspec.msgpack.encode(ListQuorums()))
    )
    if answer is None:
        return {}
    return {
        one.quorum.number: [
            {"person": str(each.person), "answeredTs": str(one.answers.get(each.person) or "")}
            for each in one.quorum.holders
        ]
        for one in msgspec.msgpack.decode(answer, type=list[QuorumState])
    }
