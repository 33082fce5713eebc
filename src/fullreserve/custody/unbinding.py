"""Payments that nobody signed are let go of their lane, once two teams have agreed to that.

The store knows what was signed: it keeps a signature before anybody else sees it. What has none,
and whose lane pays no more and has not spent its nonce, is said to be free; then the plan is
dropped, and the withdrawal is planned anew as any that waits. A payer that was killed in between,
or put back from a backup, drops a plan of what the exchange says was let go of it.
"""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Mapping, Sequence

import structlog

from fullreserve.custody.payer_desk import Desk
from fullreserve.custody.store import Kept
from fullreserve.custody.waits import UNBINDING
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.withdrawal_state import Binding

log = structlog.get_logger(__name__)


class Unbinding:
    """Of one network."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def look(self) -> None:
        """Lets go what may be, and drops the plans of what was; NodeProblem, Unavailable."""
        kept, known = await self.forget()
        for one in kept:
            if all(known[each].may_unbind for each in one.plan.withdrawals):
                await self._let_go(one)

    async def forget(self) -> tuple[list[Kept], Mapping[int, Binding]]:
        """Drops plans of what was let go; the others of which nothing is signed. Unavailable."""
        unsigned = self._desk.store.unsigned_plans(self._desk.chain.network)
        kept = [one for one in unsigned if one.is_accepted and one.plan.withdrawals]
        numbers = [each for one in kept for each in one.plan.withdrawals]
        found: Sequence[Binding] = await self._desk.exchange.bindings(numbers) if numbers else ()
        known = dict(zip(numbers, found, strict=True))
        over = [one for one in kept if _is_let_go(one, known)]
        for one in over:
            self._drop(one)
        return [one for one in kept if one not in over], known

    async def _let_go(self, kept: Kept) -> None:
        why = await to_thread(self._desk.chain.why_kept, kept.plan)
        if why:
            self._desk.waits.waits(kept.id, UNBINDING, f"to be let go, and is not: {why}")
            return
        words = [wire.Unbound(one, kept.plan.binding) for one in kept.plan.withdrawals]
        if not any(await self._desk.report(words)):
            self._drop(kept)

    def _drop(self, kept: Kept) -> None:
        log.warning("let go of its lane", withdrawals=kept.plan.withdrawals)
        self._desk.drop(kept)


def _is_let_go(kept: Kept, known: Mapping[int, Binding]) -> bool:
    return all(kept.plan.binding in known[one].unbound for one in kept.plan.withdrawals)
