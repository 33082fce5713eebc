"""`x/operator/journal`: the log row by row, and whether a replay comes to the same state."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.log_desk import Busy, Extent, LogDesk, Replay
from fullreserve.gateway.rest.params import Params
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.operator.guard import Guard, Operator
from fullreserve.gateway.rest.x.operator.parameters import SequenceId
from fullreserve.gateway.rest.x.operator.rows import Rows

ROWS_MAX = 100
NOWHERE = Extent(1, (), ())


class RowsParams(Params):
    """Which rows."""

    from_: SequenceId = msgspec.field(default=1, name="from")
    limit: Annotated[int, Meta(ge=1, description="Rows, at most 100", extra={"most": ROWS_MAX})] = (
        20
    )


class ReplayParams(Params):
    """How far."""

    sequence: SequenceId


def routes(context: Context, guard: Guard) -> Routes:
    """Endpoints by method and path."""
    journal = _Journal(context)
    return dict(
        (
            guard.reads("journal", Params, journal.extent),
            guard.reads("journal/rows", RowsParams, journal.rows),
            guard.acts("journal/replay", ReplayParams, journal.replay, calls=4),
            guard.reads("journal/replay", Params, journal.replayed, 40),
        )
    )


class _Journal:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._rows = Rows(context)

    async def extent(self, _who: Operator, _params: Params) -> bytes:
        """What of the log is kept."""
        health = await self._context.door.health()
        log = self._context.log
        kept = NOWHERE if log is None else await log.extent()
        row = {
            "first": str(kept.first),
            "sequence": str(health.sequence),
            "durable": str(health.durable),
            "snapshots": [str(at) for at in kept.snapshots],
            "quarantined": [str(at) for at in kept.quarantined],
        }
        return wire.envelope([row])

    async def rows(self, _who: Operator, params: RowsParams) -> bytes:
        """Rows of the log, commands by name."""
        return wire.envelope(await self._rows.page(params.from_, params.limit))

    async def replay(self, _who: Operator, params: ReplayParams) -> bytes:
        """Replay the log beside the exchange, up to a sequence."""
        try:
            return wire.envelope([_replay(self._log().start(params.sequence))])
        except Busy:
            raise Problem(91024) from None

    async def replayed(self, _who: Operator, _params: Params) -> bytes:
        """How far the newest replay is, or what it came to."""
        newest = self._log().newest()
        return wire.envelope([_replay(newest)] if newest else [])

    def _log(self) -> LogDesk:
        if self._context.log is None:
            raise Problem(50046, name="A replay")
        return self._context.log


def _replay(one: Replay) -> dict[str, Any]:
    return {
        "state": one.state,
        "target": str(one.target),
        "from": str(one.start),
        "reached": str(one.reached),
        "startedTs": str(one.started_ms),
        "endedTs": str(one.ended_ms) if one.ended_ms else "",
        "components": [{"name": name, "hash": it} for name, it in one.components.items()],
        "snapshots": [
            {"sequence": str(it.sequence), "equal": not it.differs, "differs": list(it.differs)}
            for it in one.snapshots
        ],
        "message": one.message,
    }
