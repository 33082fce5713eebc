"""Finished drains as they are answered: large, asked for by anybody, and they do not change.

The exchange is asked for a drain's log once, not each time.
"""

from __future__ import annotations

import asyncio

from fullreserve.exchange.products.drain_log import DrainSum
from fullreserve.exchange.products.suspension_state import Suspension
from fullreserve.gateway import suspension_desk, wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.x import suspension_rows as rows

KEPT_BYTES = 32 << 20  # of answers; the newest is kept whatever its size

# What an answer depends on: how far the drain came, and what networks and assets are called.
_Basis = list[tuple[DrainSum, str, str]]


class Artefacts:
    """Answers by suspension, the one that was asked for last behind all others."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._kept: dict[int, tuple[_Basis, bytes]] = {}
        self._lock = asyncio.Lock()

    async def of(self, one: Suspension, names: rows.Places) -> bytes:
        """The encoded answer for a suspension that is lifted."""
        async with self._lock:
            drained = await suspension_desk.drained(self._context, one.number)
            basis = [
                (each, names.network(each.network), names.asset(each.asset)) for each in drained
            ]
            known = self._kept.pop(one.number, None)
            if known is None or known[0] != basis:
                known = basis, await self._made(one, names, drained)
            self._keep(one.number, known)
            return known[1]

    async def _made(self, one: Suspension, names: rows.Places, drained: list[DrainSum]) -> bytes:
        logs = await suspension_desk.drains(self._context, one.number)
        whole = await suspension_desk.whole(self._context, one.number) or one
        roll = await suspension_desk.roll(self._context, one.number)
        kept = await suspension_desk.kept(self._context, one.number)
        splits = await suspension_desk.splits(self._context, one.number)
        broken = [
            (each, await suspension_desk.roll(self._context, one.number, each.began) or [])
            for each in await suspension_desk.broken(self._context, one.number)
        ]
        found = rows.artefact(whole, names, logs, drained, roll, kept, splits, broken)
        return wire.envelope([found])

    def _keep(self, number: int, known: tuple[_Basis, bytes]) -> None:
        self._kept[number] = known
        size = sum(len(answer) for _, answer in self._kept.values())
        for other in list(self._kept)[:-1]:
            if size <= KEPT_BYTES:
                return
            size -= len(self._kept.pop(other)[1])
