"""`x/operator/instruments`, `fees`, `parameters`, `suspensions`: what is set."""

from __future__ import annotations

from typing import Any

from fullreserve.exchange import decimals
from fullreserve.exchange.wire.commands import SetInstrumentState, SuspensionLevel
from fullreserve.exchange.wire.events import (
    FeeTierSet,
    InstrumentChanged,
    ParameterSet,
    SuspensionSet,
)
from fullreserve.exchange.wire.queries import (
    GetReference,
    ListFeeTiers,
    ListInstruments,
    ListParameters,
    ListSuspensions,
    Reference,
)
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.params import InstId, Params
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.submitted import submitted
from fullreserve.gateway.rest.x.operator.accounts_json import symbol_of
from fullreserve.gateway.rest.x.operator.guard import Guard, Operator
from fullreserve.gateway.rest.x.operator.numbers import instrument_of
from fullreserve.gateway.rest.x.operator.parameters import (
    STATE_WORDS,
    STATES,
    NotedParams,
    StateWord,
)
from fullreserve.gateway.rest.x.operator.terms_json import (
    action_words,
    limits,
    parameter_word,
    rates,
    scales_of,
)
from fullreserve.identity.roles import Role

TIGHTNESS = list(STATES.values())


class StateParams(NotedParams):
    """A tighter state, at once."""

    inst_id: InstId
    state: StateWord


def routes(context: Context, guard: Guard) -> Routes:
    """Endpoints by method and path."""
    settings = _Settings(context)
    return dict(
        (
            guard.reads("instruments", Params, settings.instruments),
            guard.reads("fees", Params, settings.fees),
            guard.reads("parameters", Params, settings.parameters),
            guard.reads("suspensions", Params, settings.suspensions),
            guard.acts("instruments/state", StateParams, settings.stop, Role.TRADING),
        )
    )


class _Settings:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._catalog = context.catalog

    async def instruments(self, _who: Operator, _params: Params) -> bytes:
        """All instruments with their terms and states."""
        door = self._context.door
        specs: list[InstrumentChanged] = await door.query(ListInstruments())
        return wire.envelope([await self._row(spec) for spec in specs])

    async def _row(self, spec: InstrumentChanged) -> dict[str, Any]:
        known: Reference | None = await self._context.door.query(GetReference(spec.instrument))
        last, lowest, highest = (
            decimals.text(price, spec.price_scale) if price else "" for price in _prices(known)
        )
        return {
            "instId": spec.symbol,
            "number": str(spec.instrument),
            "state": STATE_WORDS.get(spec.state, str(spec.state)),
            "baseCcy": symbol_of(self._catalog, spec.base),
            "quoteCcy": symbol_of(self._catalog, spec.quote),
            **limits(spec, scales_of(spec, self._catalog)),
            "last": last,
            "lowestPx": lowest,
            "highestPx": highest,
            "listedTs": str(spec.listed_ms) if spec.listed_ms else "",
        }

    async def stop(self, _who: Operator, params: StateParams) -> bytes:
        """Make an instrument's state tighter, at once."""
        instrument = instrument_of(self._catalog, params.inst_id)
        state = STATES[params.state]
        if state == instrument.state:
            raise Problem(91012)
        if TIGHTNESS.index(state) < TIGHTNESS.index(instrument.state):
            raise Problem(91022)
        door = self._context.door
        command = SetInstrumentState(door.gateway, door.numbers(1), instrument.id, state)
        reply = await submitted(self._context, command)
        if reply.code:
            raise Problem(reply.code, name=params.inst_id)
        return wire.envelope([{"instId": params.inst_id, "state": params.state}])

    async def fees(self, _who: Operator, _params: Params) -> bytes:
        """All fee tiers."""
        tiers: list[FeeTierSet] = await self._context.door.query(ListFeeTiers())
        return wire.envelope(
            [{"tier": str(one.tier), **rates(one.maker, one.taker)} for one in tiers]
        )

    async def parameters(self, _who: Operator, _params: Params) -> bytes:
        """All parameters of the core."""
        listed: list[ParameterSet] = await self._context.door.query(ListParameters())
        rows = [
            {"parameter": parameter_word(one.parameter), "value": str(one.value)} for one in listed
        ]
        return wire.envelope(rows)

    async def suspensions(self, _who: Operator, _params: Params) -> bytes:
        """All suspensions in force."""
        listed: list[SuspensionSet] = await self._context.door.query(ListSuspensions())
        rows = [
            {
                "suspension": str(one.suspension),
                "actions": action_words(one.actions),
                "level": SuspensionLevel(one.level).name.lower(),
                "key": str(one.key),
            }
            for one in listed
        ]
        return wire.envelope(rows)


def _prices(known: Reference | None) -> tuple[int, int, int]:
    return (known.last_price, known.lowest, known.highest) if known else (0, 0, 0)
