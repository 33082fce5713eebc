"""Payments that nobody signed are let go of their lane, once two teams have agreed to that.

The payer's store keeps a signature before anybody else sees it. What has none there may be signed
all the same: each signer is asked what it remembers, and every node for the nonce, in a block or
before one. A transaction that a signer shows is kept and sent, as if it had just been signed; any
other yes holds the payment, and so does a signer that answers and does not tell. Who is silent
counts for nothing, as the lane is left: nobody is asked to sign for it any more. A signer that has
said no signs it no more, so that none who was asked before signs it after.

What none has signed and no node knows is said to be free; then the plan is dropped, and the
withdrawal is planned anew as any that waits. A payer that was killed in between, or put back from a
backup, drops a plan of what the exchange says was let go of it.
"""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import structlog

from fullreserve.clock import NS_PER_MS, Clock
from fullreserve.custody.chains.free_nonces import Doubt, Nodes
from fullreserve.custody.payer_desk import Desk
from fullreserve.custody.recalling import Recall, Recalled
from fullreserve.custody.store import Kept
from fullreserve.custody.waits import SIGNING, UNBINDING
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.withdrawal_state import Binding
from fullreserve.exchange.worker_files import WhyUnsigned

AT_ONCE = 100  # that signers are asked about together
AGAIN_MS = 30_000  # until signers and nodes are asked again about what they held

log = structlog.get_logger(__name__)


class Witnesses(NamedTuple):
    """Who is asked whether something was signed, or taken, before a payment is let go."""

    recall: Recall
    nodes: Nodes


class Unbinding:
    """Of one network; without witnesses nothing is let go."""

    def __init__(self, desk: Desk, witnesses: Witnesses | None, clock: Clock) -> None:
        self._desk = desk
        self._witnesses = witnesses
        self._clock = clock
        self._again_ms: dict[int, int] = {}  # by plan; monotonic
        self._whys: dict[int, WhyUnsigned] = {}

    async def look(self) -> None:
        """Lets go what may be, and drops the plans of what was; NodeProblem, Unavailable."""
        kept, known = await self.forget()
        wanted = [
            one for one in kept if all(known[each].may_unbind for each in one.plan.withdrawals)
        ]
        ids, now_ms = {one.id for one in wanted}, self._clock.monotonic_ns() // NS_PER_MS
        self._whys = {plan: why for plan, why in self._whys.items() if plan in ids}
        again = {one.id: self._again_ms.get(one.id, now_ms) for one in wanted}
        self._again_ms = {plan: at_ms for plan, at_ms in again.items() if at_ms > now_ms}
        due = [one for one in wanted if one.id not in self._again_ms and not self._is_paying(one)]
        if due and self._witnesses is not None:
            await self._try(due[:AT_ONCE], self._witnesses)

    def why(self, kept: Kept) -> WhyUnsigned:
        """Why it is neither signed nor let go."""
        return self._whys.get(kept.id, WhyUnsigned.SIGNERS)

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

    def _is_paying(self, one: Kept) -> bool:
        why = self._desk.chain.why_kept(one.plan)
        if why:
            self._say_held(one, Doubt(WhyUnsigned.PAYING, why))
        return bool(why)

    async def _try(self, due: Sequence[Kept], witnesses: Witnesses) -> None:
        """Looks for what was signed, then at nonces; signers promise never to sign the rest."""
        silent: tuple[str, ...] = ()
        for never in (False, True):
            plans = [one.plan for one in due]
            told = await to_thread(witnesses.recall, plans, never=never)
            due = [one for one in due if not self._is_signed(one, told)]
            if not never:
                plans = [one.plan for one in due]
                taken = await to_thread(witnesses.nodes.doubts, plans) if due else []
                due = [
                    one for one, why in zip(due, taken, strict=True) if not self._holds(one, why)
                ]
            if not due:
                return
            silent = told.silent
        for one in due:
            await self._let_go(one, silent)

    def _is_signed(self, kept: Kept, told: Recalled) -> bool:
        """Whether a signer has signed it, or may have; what it shows is kept, and sent then."""
        made = told.made.get(kept.plan.binding)
        if not made:
            said = told.held.get(kept.plan.binding)
            doubt = Doubt(WhyUnsigned.SIGNED, said) if said else None
            if doubt is None and told.untold:
                doubt = Doubt(WhyUnsigned.UNTOLD, told.untold)
            return self._holds(kept, doubt)
        with self._desk.store.together():
            for plan, attempt in made:
                kept.plan = plan
                self._desk.store.change(kept, attempt)
        for step in (UNBINDING, SIGNING):
            self._desk.waits.goes(kept.id, step)
        txids = [attempt.txid.hex() for _, attempt in made]
        log.warning("a signer had signed it: sent", withdrawals=kept.plan.withdrawals, txids=txids)
        return True

    def _holds(self, kept: Kept, doubt: Doubt | None) -> bool:
        if doubt is not None:
            self._say_held(kept, doubt)
            self._again_ms[kept.id] = self._clock.monotonic_ns() // NS_PER_MS + AGAIN_MS
        return doubt is not None

    def _say_held(self, kept: Kept, doubt: Doubt) -> None:
        self._whys[kept.id] = doubt.why
        self._desk.waits.waits(kept.id, UNBINDING, f"to be let go, and is not: {doubt.text}")

    async def _let_go(self, kept: Kept, silent: Sequence[str]) -> None:
        if silent:
            numbers = kept.plan.withdrawals
            log.warning(
                "signers are silent, of a lane that is left", withdrawals=numbers, who=silent
            )
        words = [wire.Unbound(one, kept.plan.binding) for one in kept.plan.withdrawals]
        if not any(await self._desk.report(words)):
            self._drop(kept)

    def _drop(self, kept: Kept) -> None:
        log.warning("let go of its lane", withdrawals=kept.plan.withdrawals)
        self._desk.drop(kept)


def _is_let_go(kept: Kept, known: Mapping[int, Binding]) -> bool:
    return all(kept.plan.binding in known[one].unbound for one in kept.plan.withdrawals)
