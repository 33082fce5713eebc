"""From a plan to what a node was given: each step for all plans, each before the next.

The exchange binds withdrawals to their plans; those are signed; what was signed is kept; then a
node gets it. After a crash each step is repeated with what was kept.
"""

from __future__ import annotations

from asyncio import gather, to_thread
from collections.abc import Callable, Mapping, Sequence

import structlog

from fullreserve.custody.chains.adapter import Attempt, Plan
from fullreserve.custody.chains.rpc import NodeRefuses, Outbid
from fullreserve.custody.hot_sweeps import number_of
from fullreserve.custody.payer_desk import Desk, NotSigned, Run
from fullreserve.custody.setbacks import named
from fullreserve.custody.store import Kept
from fullreserve.custody.waits import SIGNING
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.worker_files import Why

# What a payment that was read wrong raises somewhere in the building of its transaction.
FAULTS = (ValueError, ArithmeticError)
# What keeps one plan from being signed: signers, or a node that has not what made its coins.
OF_ONE = (NotSigned, NodeRefuses)

log = structlog.get_logger(__name__)


class Sender:
    """Of one network. `sign` asks the signers, for several plans at once; NotSigned.

    `leave_alone` is told of withdrawals that the exchange would not bind.
    """

    def __init__(
        self,
        desk: Desk,
        sign: Callable[[Plan], Attempt],
        leave_alone: Callable[[Sequence[int]], None],
    ) -> None:
        self._desk = desk
        self._sign = sign
        self._leave_alone = leave_alone

    async def send(self, runs: Sequence[Run]) -> None:
        """Takes plans as far as a node; NodeProblem, Unavailable."""
        await self._bind([run for run in runs if not run.kept.is_accepted])
        bound = [run for run in runs if run.kept.is_accepted and not await self._is_over(run)]
        unsigned = [run for run in bound if not run.attempts]
        await self.sign_all(await to_thread(self._offered, unsigned))
        self._drop_gifts([run for run in bound if not run.attempts])
        # What is in a block needs no replacement.
        await self.give([run for run in bound if run.untold and not run.kept.height])

    def _offered(self, unsigned: Sequence[Run]) -> list[tuple[Run, Plan]]:
        """What signers are asked for; what they refused at a high fee, at that of now."""
        refused = [run for run in unsigned if self._desk.waits.why(run.kept.id, SIGNING)]
        if not refused:
            return [(run, run.plan) for run in unsigned]
        eased = self._desk.chain.eased([run.plan for run in refused])
        plans = {run.kept.id: plan for run, plan in zip(refused, eased, strict=True)}
        return [(run, plans.get(run.kept.id, run.plan)) for run in unsigned]

    def _drop_gifts(self, unsigned: Sequence[Run]) -> None:
        """Gas that nobody signed for leaves its lane's nonce: payments would wait behind it."""
        gifts = [run for run in unsigned if run.plan.move is not None and run.plan.move.is_gas]
        for run in gifts:
            self._desk.chain.not_signed(run.plan)
            self._desk.drop(run.kept)

    async def _bind(self, runs: Sequence[Run]) -> None:
        """Has the exchange bind withdrawals to plans; those it refuses leave theirs."""
        runs = [run for run in runs if await self._may_sweep(run)]
        words = [wire.Bound(one, run.plan.binding) for run in runs for one in run.plan.withdrawals]
        codes = dict(zip(words, await self._desk.report(words), strict=True))
        self._keep_bound(runs, codes)
        refused = [word.withdrawal for word in words if codes[word]]
        self._leave_alone(refused)
        # Who may not be paid goes back into the queue, where users see that they wait.
        await self._desk.report([wire.Settle(one - 1, 1) for one in refused])

    async def _may_sweep(self, run: Run) -> bool:
        """False for a sweep of hot that is not bound: nothing was signed, and it is dropped."""
        if not number_of(run.plan) or self._desk.sweeps is None:
            return True
        if not await self._desk.sweeps.bind(run.plan):
            return True
        if run.attempts:
            self._desk.finish([run.kept])
        else:
            self._desk.drop(run.kept)
        return False

    async def _is_over(self, run: Run) -> bool:
        """True for a sweep of hot that nobody signed in its time, or that was ended: dropped."""
        if run.attempts or not number_of(run.plan) or self._desk.sweeps is None:
            return False
        if not await self._desk.sweeps.is_over(run.plan):
            return False
        self._desk.drop(run.kept)
        return True

    def _keep_bound(self, runs: Sequence[Run], codes: Mapping[wire.Bound, int]) -> None:
        with self._desk.store.together():
            for run in runs:
                bound = [wire.Bound(one, run.plan.binding) for one in run.plan.withdrawals]
                refused = [word.withdrawal for word in bound if codes[word]]
                if not refused:
                    run.kept.is_accepted = True
                    self._desk.store.change(run.kept)
                elif run.attempts:
                    # Signed for by this store, and denied by an exchange with an older log.
                    log.error("signed, and not bound: a person has to look", plan=run.kept.id)
                else:
                    self.narrow(run.kept, refused)

    def narrow(self, kept: Kept, refused: Sequence[int]) -> None:
        """Withdrawals leave a plan of which nothing was signed; the others are bound once more."""
        for withdrawal in refused:
            narrower = self._desk.chain.without(kept.plan, withdrawal)
            if narrower is not None:
                kept.plan = narrower
            self._desk.store.narrow(kept, withdrawal)

    async def sign_all(self, asked: Sequence[tuple[Run, Plan]]) -> None:
        """Has plans signed, and keeps them with what was signed; one that is not signed waits."""
        calls = (to_thread(self._sign, plan) for _, plan in asked)
        found = await gather(*calls, return_exceptions=True)
        failed: list[BaseException] = []
        with self._desk.store.together():
            for (run, plan), one in zip(asked, found, strict=True):
                if isinstance(one, (*OF_ONE, *FAULTS)):
                    # The others are not to wait for it.
                    why = str(one) if isinstance(one, OF_ONE) else named(one)
                    self._desk.waits.waits(run.kept.id, SIGNING, why)
                    self._desk.say_held(plan.move, Why.UNSIGNED, why)
                elif isinstance(one, BaseException):
                    failed.append(one)
                else:
                    self._desk.waits.goes(run.kept.id, SIGNING)
                    run.kept.plan = plan
                    run.attempts.append((one, False))
                    self._desk.store.change(run.kept, one)
        if failed:
            raise failed[0]

    async def give(self, runs: Sequence[Run]) -> None:
        """To a node, and word of it to the exchange."""
        given = [(run, attempt) for run in runs for attempt in run.untold]
        given = await self.broadcast(given)
        if not given:
            return
        height = (await to_thread(self._desk.chain.tip)).height
        self._desk.say_going([run for run, _ in given], is_included=False)
        words: list[wire.Payload] = []
        with self._desk.store.together():
            for run, attempt in given:
                run.kept.since = height
                self._desk.store.change(run.kept)
                name = self._desk.name(attempt.txid)
                self._desk.store.name(name, self._desk.chain.network, attempt.txid)
                fee = amount_bytes(self._desk.cost(run.plan.fee, len(run.plan.withdrawals)))
                words += [wire.Broadcast(one, name, fee) for one in run.plan.withdrawals]
        await self._desk.report(words)
        with self._desk.store.together():
            for run, attempt in given:
                self._desk.store.told(run.kept, attempt.txid)
                run.attempts = [(one, told or one == attempt) for one, told in run.attempts]

    async def broadcast(self, asked: Sequence[tuple[Run, Attempt]]) -> list[tuple[Run, Attempt]]:
        """What a node took."""
        if not asked:
            return []
        found = await to_thread(self._desk.chain.broadcast_all, [attempt for _, attempt in asked])
        given = []
        for (run, attempt), refusal in zip(asked, found, strict=True):
            if refusal is None:
                self._desk.waits.goes(run.kept.id, attempt.txid)
                given.append((run, attempt))
            else:
                run.is_outbid = run.is_outbid or isinstance(refusal, Outbid)
                self._desk.waits.waits(run.kept.id, attempt.txid, str(refusal))
        return given
