"""`x/operator/overview`, `series`: how the exchange is."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from msgspec import Meta

from fullreserve.exchange.products.approval_state import ProposalState
from fullreserve.exchange.products.custody_wire import Tier
from fullreserve.gateway import (
    announced,
    certificates,
    held_moves,
    reconciled,
    setbacks,
    unpaid,
    wire,
)
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import lines
from fullreserve.gateway.rest.params import Params
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.operator import fold
from fullreserve.gateway.rest.x.operator.accounts_json import amount_text, symbol_of
from fullreserve.gateway.rest.x.operator.guard import Guard, Operator
from fullreserve.gateway.vitals import Vitals, shown


class SeriesParams(Params):
    """Since when."""

    after: Annotated[int, Meta(ge=0, description="Only samples newer than this ts")] = 0


def routes(context: Context, guard: Guard, vitals: Vitals) -> Routes:
    """Endpoints by method and path."""
    overview = _Overview(context, vitals)
    return dict(
        (
            guard.reads("overview", Params, overview.now, 40),
            guard.reads("series", SeriesParams, overview.series, 40),
        )
    )


class _Overview:
    def __init__(self, context: Context, vitals: Vitals) -> None:
        self._context = context
        self._vitals = vitals

    async def now(self, _who: Operator, _params: Params) -> bytes:
        """The exchange at this moment."""
        context = self._context
        newest = self._vitals.newest() or await self._vitals.take()
        health = await context.door.health()
        state = await fold.approvals(context)
        waiting = [one for one in state.proposals.values() if one.state is ProposalState.OPEN]
        reached = {**health.projections, "market": context.market.sequence}
        row = {
            "state": health.state,
            "setUp": not fold.console(state).is_set_up,
            "sequence": str(health.sequence),
            "durable": str(health.durable),
            "exchangeTs": str(health.time_ms),
            "queued": str(health.queued),
            "openOrders": str(health.open_orders),
            "finishedTotal": str(health.finished_total),
            "refused": str(health.refused),
            "haltedAt": str(health.halted_at) if health.halted_at else "",
            "projections": [
                {"name": name, "sequence": str(at), "lag": str(max(0, health.durable - at))}
                for name, at in sorted(reached.items())
            ],
            "childRestarts": str(context.health().get("childRestarts", 0)),
            "openProposals": str(len(waiting)),
            "unvetted": await asyncio.to_thread(setbacks.known, context.folder),
            "unpaid": await self._unpaid(),
            "unsigned": await self._unsigned(),
            "halted": await self._halted(),
            "certificates": await self._certificates(),
            "gasShort": await self._gas_short(),
            "charges": await self._charges(),
            "announcements": await self._announcements(),
            "startedTs": str(self._vitals.started_ms),
        }
        return wire.envelope([row | shown(newest)])

    async def _unpaid(self) -> list[dict[str, str]]:
        """Networks that nothing is paid on."""
        found = await asyncio.to_thread(unpaid.known, self._context.folder)
        codes = await self._codes(bool(found))
        return [
            {
                "network": codes.get(one.network, str(one.network)),
                "problem": one.problem,
                "why": "restored" if one.is_restored else "fault",
                "sinceTs": str(one.since_ms),
            }
            for one in found
        ]

    async def _unsigned(self) -> list[dict[str, str]]:
        """Networks with payments that wait for signers."""
        found = await asyncio.to_thread(unpaid.unsigned, self._context.folder)
        codes = await self._codes(bool(found))
        return [
            {
                "network": codes.get(one.network, str(one.network)),
                "payments": str(one.payments),
                "problem": one.problem,
                "sinceTs": str(one.since_ms),
            }
            for one in found
        ]

    async def _codes(self, is_wanted: bool) -> dict[int, str]:
        """Networks' names, where somebody wants any."""
        known = await lines(self._context) if is_wanted else ()
        return {one.network.network: one.network.code for one in known}

    async def _halted(self) -> list[dict[str, object]]:
        """Tokens that lanes of the hot wallet may not send."""
        found = await asyncio.to_thread(unpaid.halted, self._context.folder)
        if not found:
            return []
        chains = {
            (one.network.network, one.asset.id): one.chain for one in await lines(self._context)
        }
        return [
            {
                "chain": chains.get((one.network, one.asset), f"{one.network}/{one.asset}"),
                "lanes": list(one.places),
                "able": str(one.able),
                "sinceTs": str(one.since_ms),
            }
            for one in found
        ]

    async def _certificates(self) -> list[dict[str, object]]:
        """Of signers and who asks them; `due` are to be renewed."""
        found = await asyncio.to_thread(certificates.known, self._context.folder)
        now_ms = self._context.clock.wall_ms()
        return [
            {"name": one.name, "endsTs": str(one.ends_ms), "due": one.is_due(now_ms)}
            for one in found
        ]

    async def _gas_short(self) -> list[dict[str, str]]:
        """Networks with moves that wait for who pays their gas."""
        found = await asyncio.to_thread(held_moves.gas_short, self._context.folder)
        codes = await self._codes(bool(found))
        return [
            {"network": codes.get(number, str(number)), "problem": problem}
            for number, problem in found.items()
        ]

    async def _charges(self) -> list[dict[str, str]]:
        """Fees of tiers that the ledger has not, and what tells it."""
        found = await asyncio.to_thread(reconciled.charges_due, self._context.folder)
        codes, catalog = await self._codes(bool(found)), self._context.catalog
        return [
            {
                "network": codes.get(one.network, str(one.network)),
                "tier": Tier(one.told.tier).name.lower(),
                "ccy": symbol_of(catalog, one.told.asset),
                "amt": amount_text(catalog, one.told.asset, one.told.amount),
                "command": one.command,
            }
            for one in found
        ]

    async def _announcements(self) -> list[dict[str, str]]:
        """What guards of Safes let through from a time on."""
        found = await asyncio.to_thread(announced.known, self._context.folder)
        codes, catalog = await self._codes(bool(found)), self._context.catalog
        return [
            {
                "network": codes.get(one.network, str(one.network)),
                "tier": one.tier,
                "safe": one.safe,
                "what": one.kind,
                "address": one.account,
                "ccy": symbol_of(catalog, one.asset) if one.asset >= 0 else "",
                "amt": amount_text(catalog, one.asset, int(one.amount)) if one.amount else "",
                "fromTs": str(one.from_ms),
            }
            for one in found
        ]

    async def series(self, _who: Operator, params: SeriesParams) -> bytes:
        """Samples, one a second, for plots."""
        return wire.envelope([msgspec.to_builtins(one) for one in self._vitals.after(params.after)])
