"""Payments that were final, and whose blocks the chain has left.

How deep a chain may be reorganised nobody knows. What had ended is opened again then, before any
new plan is made: the same bytes with the same coins or nonce are given once more, and nothing else
may take those meanwhile. What was refunded is not to be paid after all: its nonce is taken by a
transaction that pays nobody, and withdrawals of the network stop until people have looked.
"""

from __future__ import annotations

import sys
from asyncio import to_thread
from collections.abc import Sequence

import msgspec
import structlog

from fullreserve.custody.chains.adapter import Move, Plan, Unpayable
from fullreserve.custody.hot_sweeps import number_of
from fullreserve.custody.payer_desk import Desk
from fullreserve.custody.store import End, Kept
from fullreserve.exchange.products.custody_wire import Tier

TOP = sys.maxsize >> 1

log = structlog.get_logger(__name__)


class Dropped:
    """Of one network. While the newest block that a plan ended with is there, all such are."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def look(self) -> bool:
        """Whether plans were opened again; NodeProblem, Unavailable."""
        gone = await self._gone()
        if not gone:
            return False
        height = (await to_thread(self._desk.chain.tip)).height
        again = [kept for kept, end in gone if not end.is_refunded]
        if again:
            numbers = [one for kept in again for one in kept.plan.withdrawals]
            log.error("final, and in no block any more: given again", withdrawals=numbers)
        with self._desk.store.together():
            for kept in again:
                kept.is_done, kept.is_again = False, True
                kept.since, kept.height = height, 0
                self._desk.store.change(kept)
                self._desk.store.forget_end(kept)
        cancelled = await self._stop([kept for kept, end in gone if end.is_refunded], height)
        return bool(again) or cancelled

    async def _gone(self) -> list[tuple[Kept, End]]:
        """Those whose block is not the chain's any more, by the newest block that still is."""
        store, number, found = self._desk.store, self._desk.chain.network, list[tuple[Kept, End]]()
        below = TOP
        while ended := store.ended_below(number, below):
            below = ended[0][1].height
            block = await to_thread(self._desk.chain.block, below)
            left = [(kept, end) for kept, end in ended if block is None or block.hash != end.hash]
            found += left
            if len(left) < len(ended):
                break
        return found

    async def _stop(self, refunded: Sequence[Kept], height: int) -> bool:
        """Whether what was refunded, and may be paid after all, was stopped and cancelled."""
        if not refunded:
            return False
        numbers = [one for kept in refunded for one in kept.plan.withdrawals]
        problem = "what ended them is in no block any more: they may be paid though refunded"
        if not await self._desk.exchange.stop({"withdrawals": numbers, "problem": problem}):
            return False
        instead = [await self._cancelled(kept.plan) for kept in refunded]
        with self._desk.store.together():
            for kept, plan in zip(refunded, instead, strict=True):
                self._desk.store.forget_end(kept)
                if plan is not None:
                    self._desk.store.keep_plan(plan, height)
        return True

    async def _cancelled(self, plan: Plan) -> Plan | None:
        """What takes its nonce and pays nobody; None where coins are taken, by whom comes next."""
        try:
            empty = await to_thread(self._desk.chain.cancelled, plan)
        except Unpayable as problem:
            log.error("not cancelled", withdrawals=plan.withdrawals, problem=str(problem))
            return None
        if empty is None:
            return None
        # The key tells signers whose account it is; a lane's cancels need none.
        of = plan.move
        key = of.key if of is not None and not number_of(plan) else ""
        tier = of.source if of is not None else Tier.HOT
        move = Move(self._desk.terms.gas_asset, tier, tier, key, 0)
        return msgspec.structs.replace(empty, withdrawals=(), move=move)
