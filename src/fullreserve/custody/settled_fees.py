"""Has a signer's budget count what moves did cost, once its own nodes show that it is final.

A coordinator is not asked. Every node of the network has to show the same transaction, one that
this signer signed; what they do not show stays charged with all that it could have cost.
"""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Mapping, Sequence

import structlog

from fullreserve.clock import Clock
from fullreserve.custody.chains.adapter import Asked, Chain, Standing
from fullreserve.custody.chains.rpc import NodeProblem
from fullreserve.custody.fee_budget import FeeBudget

EVERY_MS = 60_000

log = structlog.get_logger(__name__)


class SettledFees:
    """`chains` are each network's nodes, and how deep a block of it is final."""

    def __init__(
        self, budgets: Sequence[FeeBudget], chains: Mapping[int, tuple[Sequence[Chain], int]]
    ) -> None:
        self._budgets = budgets
        self._chains = chains

    async def run(self, clock: Clock) -> None:
        """Rounds for ever."""
        while True:
            await self.round()
            await clock.wait_ms(EVERY_MS)

    async def round(self) -> None:
        """Looks once; what a node cannot say now is asked again."""
        for network, (chains, final_after) in self._chains.items():
            try:
                for budget in self._budgets:
                    await _settle(budget, network, chains, final_after)
            except NodeProblem as problem:
                log.info("what moves did cost is not known", network=network, problem=str(problem))
            except Exception as problem:  # a signer outlives what a node says, and a full disk
                kind = type(problem).__name__
                log.exception("what moves did cost is not known", network=network, problem=kind)


async def _settle(
    budget: FeeBudget, network: int, chains: Sequence[Chain], final_after: int
) -> None:
    asked = budget.reserved(network)
    if not asked:
        return
    found = [await to_thread(one.standing_all, asked) for one in chains]
    for one, told in zip(asked, zip(*found, strict=True), strict=True):
        paid = [_paid(one, standing, final_after) for standing in told]
        known = [fee for fee in paid if fee is not None]
        if known and len(known) == len(paid):
            budget.settle(one.plan, max(known))


def _paid(asked: Asked, standing: object, final_after: int) -> int | None:
    """What a node says that it did cost; None where that is not final, or not ours."""
    if not isinstance(standing, Standing) or standing.txid not in asked.attempts:
        return None
    return standing.fee if standing.confirmations >= final_after else None
