"""`x/operator/tiers`: the marks by which hot is refilled and swept, and the moves between tiers."""

from __future__ import annotations

import asyncio
from typing import Any

from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_wire import WITHDRAWALS, Tier
from fullreserve.exchange.products.tier_moves_wire import (
    TIER_MOVES,
    GetMove,
    ListGivenUp,
    ListMarks,
    ListMoves,
    Marks,
    Move,
    MoveState,
    Why,
)
from fullreserve.exchange.products.withdrawal_state import Demand, GetDemand
from fullreserve.exchange.wire.commands import Amount, amount_int
from fullreserve.exchange.wire.queries import AccountState, ListBalances
from fullreserve.exchange.worker_files import Held
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import Line, ask, lines, names_of
from fullreserve.gateway.held_moves import held
from fullreserve.gateway.rest.params import Hundred, Params
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.operator.guard import Guard, Operator


class MovesParams(Params):
    """How many moves."""

    limit: Hundred = 20


_Place = tuple[int, int]  # network, asset


def routes(context: Context, guard: Guard) -> Routes:
    """Endpoints by method and path."""
    desk = _Tiers(context)
    return dict(
        (
            guard.reads("tiers", Params, desk.marks),
            guard.reads("tiers/moves", MovesParams, desk.moves),
        )
    )


class _Tiers:
    def __init__(self, context: Context) -> None:
        self._context = context

    async def _lines(self) -> dict[_Place, Line]:
        return {(one.network.network, one.asset.id): one for one in await lines(self._context)}

    async def marks(self, _who: Operator, _params: Params) -> bytes:
        """The marks of each currency that has some, beside what its tiers have by the ledger."""
        states: list[AccountState] = await self._context.door.query(ListBalances(chart.HOUSE))
        has = {(one.kind, one.instance, one.asset): -amount_int(one.balance) for one in states}
        known = await self._lines()
        marks: list[Marks] = await ask(self._context, TIER_MOVES, ListMarks())
        rows = []
        for one in marks:
            place = (one.network, one.asset)
            if place in known:
                demand: Demand = await ask(self._context, WITHDRAWALS, GetDemand(*place))
                hot, warm = (has.get((kind, *place), 0) for kind in _KINDS)
                rows.append(_marked(known[place], one, hot, warm, demand))
        return wire.envelope(rows)

    async def moves(self, _who: Operator, params: MovesParams) -> bytes:
        """Moves between tiers, newest first: each with its stage and what holds it."""
        asked = ListMoves(is_open=False, limit=params.limit)
        found: list[Move] = await ask(self._context, TIER_MOVES, asked)
        given_up: dict[int, int] = await ask(self._context, TIER_MOVES, ListGivenUp())
        known = await self._lines()
        names = await names_of(self._context, [one.transfer for one in found])
        said: dict[int, Held] = {}
        for network in sorted({one.network for one in found}):
            said |= await asyncio.to_thread(held, self._context.folder, network)
        return wire.envelope(
            [
                _move(known[place], one, said.get(one.number, Held()), given_up)
                | {"txId": names.get(one.transfer, "")}
                for one in found
                if (place := (one.network, one.asset)) in known
            ]
        )


_KINDS = (chart.CHAIN_HOT, chart.CHAIN_WARM)


def _marked(line: Line, one: Marks, hot: int, warm: int, demand: Demand) -> dict[str, Any]:
    def text(amount: Amount) -> str:
        return line.asset.text(amount_int(amount))

    free = hot - amount_int(demand.bound)
    low = free < amount_int(one.low) or bool(amount_int(demand.short))
    over = free - amount_int(demand.waiting) > amount_int(one.cap)
    return {
        "chain": line.chain,
        "ccy": line.asset.symbol,
        "network": line.network.code,
        "hot": line.asset.text(hot),
        "free": line.asset.text(free),
        "warm": line.asset.text(warm),
        "low": text(one.low),
        "target": text(one.target),
        "cap": text(one.cap),
        "least": text(one.least),
        "most": text(one.most),
        "dayMost": text(one.day_most),
        "whileStopped": one.while_stopped,
        "short": text(demand.short),
        "state": "low" if low else "over" if over else "within",
    }


async def move_terms(context: Context, number: int) -> dict[str, str]:
    """What a move is, for those who decide about it; nothing of one that is not known."""
    one: Move | None = await ask(context, TIER_MOVES, GetMove(number))
    if one is None:
        return {}
    places = {(each.network.network, each.asset.id): each for each in await lines(context)}
    line = places.get((one.network, one.asset))
    return {} if line is None else _way(line, one)


def _way(line: Line, one: Move) -> dict[str, str]:
    return {
        "chain": line.chain,
        "source": Tier(one.source).name.lower(),
        "target": Tier(one.target).name.lower(),
        "amt": line.asset.text(amount_int(one.amount)),
    }


def _move(line: Line, one: Move, said: Held, given_up: dict[int, int]) -> dict[str, Any]:
    state = MoveState(one.state)
    sent = said.stage if state == MoveState.BOUND and said.stage not in ("", "waiting") else ""
    return {
        "move": str(one.number),
        "ccy": line.asset.symbol,
        **_way(line, one),
        "why": Why(one.why).name.lower(),
        "state": state.name.lower(),
        "stage": sent or state.name.lower(),
        "holds": said.why if one.is_open else "",
        "detail": said.detail if one.is_open else "",
        "decidedTs": str(one.decided_ms),
        "expiresTs": str(one.expires_ms) if one.is_open else "",
        "endedTs": str(one.ended_ms) if one.ended_ms else "",
        "givenUpTs": str(given_up.get(one.number, "")),
    }
