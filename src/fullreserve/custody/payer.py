"""Pays withdrawals: each by one transaction or by its replacements, and by nothing else.

The order is fixed: a plan is kept; the exchange binds the withdrawals to it; it is signed; what was
signed is kept; then it is given to a node. Each step is repeated after a crash with what was kept,
so that the second time does what the first did. What the exchange has bound and this store does not
know is never paid by guessing: it waits for a person.
"""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple, Protocol

import structlog

from fullreserve.custody.bech32 import BadAddress
from fullreserve.custody.chains.adapter import (
    Attempt,
    Chain,
    HotShort,
    Move,
    Payment,
    Plan,
    Standing,
    Unpayable,
)
from fullreserve.custody.chains.rpc import NodeRefuses
from fullreserve.custody.store import Kept, Store
from fullreserve.custody.transfers import transfer
from fullreserve.custody.units import Scale
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.wire.commands import amount_bytes, amount_int

# What `Failed` says.
REVERTED, OVERTAKEN, UNPAYABLE = 1, 2, 3

BUMP_AFTER = 3  # blocks without being in one
FINAL_AFTER = 12

log = structlog.get_logger(__name__)


class Exchange(Protocol):
    """The payer's side of the door."""

    async def report(self, payload: wire.Payload) -> int:
        """The reply's code, 0 once it is durable; raises door.protocol.Unavailable."""

    async def moved(self, payload: wire.Moved) -> int:
        """The same of coins that went from one place of ours to another."""

    async def pending(self, network: int) -> Sequence[wire.Pay]:
        """What is to be paid or under way, in the queue's order."""

    async def starved(self, network: int) -> Sequence[wire.Pay]:
        """Of each asset that the hot wallet was short of, the first that waits for it."""

    async def destination(self, pay: wire.Pay) -> tuple[str, str]:
        """Address and memo; BadAddress when there is none that may be paid."""


class NotSigned(Exception):
    """Too few signers signed; the message says what they said. It is asked again."""


class Terms(NamedTuple):
    """How a network is paid on."""

    scales: Mapping[int, Scale]  # by asset
    gas_asset: int
    final_after: int = FINAL_AFTER
    bump_after: int = BUMP_AFTER


class Payer:
    """One network's. `sign` asks the signers; NotSigned."""

    def __init__(
        self,
        chain: Chain,
        store: Store,
        exchange: Exchange,
        sign: Callable[[Plan], Attempt],
        terms: Terms,
        salt: bytes,
    ) -> None:
        self._chain = chain
        self._store = store
        self._exchange = exchange
        self._sign = sign
        self._terms = terms
        self._salt = salt
        self.moved: list[str] = []  # addresses whose move has ended, for who looks at them again

    async def round(self) -> None:
        """Takes on what is new and brings everything a step further; NodeProblem, Unavailable."""
        known = self._store.is_bound
        pending = await self._exchange.pending(self._chain.network)
        for pay in pending:
            if not known(pay.withdrawal):
                if pay.binding:
                    log.error("bound, and unknown here: not paid", withdrawal=pay.withdrawal)
            elif self._store.begin_again(pay.withdrawal, is_bound=bool(pay.binding)):
                # An exchange that was put back from a backup hears once more what became of it.
                log.warning("known here, and forgotten there", withdrawal=pay.withdrawal)
        fresh = iter([one for one in pending if not (one.binding or known(one.withdrawal))])
        bound = [kept.plan for kept in self._store.open_plans(self._chain.network)]
        while batch := list(islice(fresh, self._chain.batch_max)):
            await self._take_on(batch, bound)
        await self._look_for_refills(bound)
        for kept in self._store.open_plans(self._chain.network):
            try:
                await self._drive(kept)
            except (NotSigned, NodeRefuses) as problem:
                # The others are not to wait for it.
                log.warning("payment waits", plan=kept.id, problem=str(problem))

    async def sweep(self, indexes: Sequence[int]) -> None:
        """Takes on what brings users' addresses' coins to the hot wallet; `round` goes on with it.

        NodeProblem.
        """
        bound = [kept.plan for kept in self._store.open_plans(self._chain.network)]
        for plan in await to_thread(self._chain.sweeps, indexes, bound):
            self._store.keep_plan(plan)

    async def _look_for_refills(self, bound: Sequence[Plan]) -> None:
        for pay in await self._exchange.starved(self._chain.network):
            payment = await self._payment(pay)
            if payment is None:
                continue
            try:
                await to_thread(self._chain.plan, [payment], bound)
            except Unpayable:
                continue
            await self._exchange.report(wire.Refilled(self._chain.network, pay.asset))

    async def _take_on(self, batch: Sequence[wire.Pay], bound: list[Plan]) -> None:
        """Plans a batch beside what is `bound`, and adds to that."""
        payments = [one for pay in batch if (one := await self._payment(pay)) is not None]
        if not payments:
            return
        try:
            plan = await to_thread(self._chain.plan, payments, bound)
        except HotShort as short:
            log.warning("hot wallet short", network=self._chain.network, asset=short.asset)
            await self._exchange.report(wire.Short(self._chain.network, short.asset))
            return
        except Unpayable as problem:
            if len(batch) > 1:  # one of them; the others are not to suffer for it
                for pay in batch:
                    await self._take_on([pay], bound)
                return
            log.warning("not payable", withdrawal=batch[0].withdrawal, problem=str(problem))
            await self._exchange.report(wire.Failed(batch[0].withdrawal, UNPAYABLE))
            return
        self._store.keep_plan(plan)
        bound.append(plan)

    async def _payment(self, pay: wire.Pay) -> Payment | None:
        try:
            text, memo = await self._exchange.destination(pay)
            place = self._chain.addresses.read(text)
            amount = self._terms.scales[pay.asset].to_chain(amount_int(pay.amount))
        except (BadAddress, KeyError, ValueError):
            await self._exchange.report(wire.Failed(pay.withdrawal, UNPAYABLE))
            return None
        return Payment(pay.withdrawal, pay.asset, amount, place, memo)

    async def _drive(self, kept: Kept) -> None:
        if not kept.is_accepted and not await self._bind(kept):
            return
        attempts = self._store.attempts(kept)
        if not attempts:
            attempts = [(await self._signed(kept), False)]
        for attempt, told in attempts:
            if not told:
                await self._give(kept, attempt)
        ids = [attempt.txid for attempt, _ in attempts]
        standing = await to_thread(self._chain.standing, kept.plan, ids)
        await self._act(kept, standing, attempts[-1][0])

    async def _bind(self, kept: Kept) -> bool:
        """Whether the exchange has bound what is left of the plan to it."""
        for withdrawal in kept.plan.withdrawals:
            bound = wire.Bound(withdrawal, kept.plan.binding)
            if await self._exchange.report(bound):
                if self._store.attempts(kept):
                    # Signed for by this store, and denied by an exchange with an older log.
                    log.error("signed, and not bound: a person has to look", plan=kept.id)
                    return False
                # Cancelled or stopped meanwhile; nothing was signed.
                narrower = self._chain.without(kept.plan, withdrawal)
                if narrower is not None:
                    kept.plan = narrower
                self._store.narrow(kept, withdrawal)
                return False
        kept.is_accepted = True
        self._store.change(kept)
        return True

    async def _signed(self, kept: Kept) -> Attempt:
        attempt = await to_thread(self._sign, kept.plan)
        self._store.change(kept, attempt)
        return attempt

    async def _give(self, kept: Kept, attempt: Attempt) -> None:
        """To a node, and word of it to the exchange."""
        await to_thread(self._chain.broadcast, attempt)
        kept.since = (await to_thread(self._chain.tip)).height
        self._store.change(kept)
        fee = amount_bytes(self._cost(kept.plan, kept.plan.fee))
        name = self._name(attempt.txid)
        self._store.name(name, self._chain.network, attempt.txid)
        for withdrawal in kept.plan.withdrawals:
            await self._exchange.report(wire.Broadcast(withdrawal, name, fee))
        self._store.told(kept, attempt.txid)

    async def _act(self, kept: Kept, standing: Standing, newest: Attempt) -> None:
        if standing.taken_by:
            await self._overtaken(kept, standing)
        elif standing.height:
            await self._included(kept, standing)
        else:
            if kept.height:
                await self._say_height(kept, self._name(newest.txid), 0)
            if not standing.known:
                await to_thread(
                    self._chain.broadcast, newest
                )  # a node dropped it: the same once more
            elif await self._is_stuck(kept):
                await self._bump(kept)

    async def _is_stuck(self, kept: Kept) -> bool:
        tip = await to_thread(self._chain.tip)
        return tip.height - kept.since >= self._terms.bump_after

    async def _overtaken(self, kept: Kept, standing: Standing) -> None:
        log.error("a foreign transaction took the inputs", withdrawals=kept.plan.withdrawals)
        if self._chain.proves_taken:
            await self._fail(kept, OVERTAKEN, self._name(standing.taken_by))

    async def _included(self, kept: Kept, standing: Standing) -> None:
        name = self._name(standing.txid)
        if standing.height != kept.height:
            await self._say_height(kept, name, standing.height)
        if standing.confirmations < self._terms.final_after:
            return
        if kept.plan.move is not None:
            await self._moved(kept, kept.plan.move, standing)
            return
        if not standing.paid:
            await self._fail(kept, REVERTED, name)
            return
        fee = amount_bytes(self._cost(kept.plan, standing.fee))
        for withdrawal in kept.plan.withdrawals:
            paid = wire.Paid(withdrawal, name, standing.height, fee)
            code = await self._exchange.report(paid)
            if code:
                log.error("paid, and the exchange does not say so", code=code, plan=kept.id)
        self._finish(kept)

    async def _moved(self, kept: Kept, move: Move, standing: Standing) -> None:
        amount, _ = self._terms.scales[move.asset].to_ledger(move.amount if standing.paid else 0)
        done = wire.Moved(
            self._chain.network,
            self._name(standing.txid),
            move.asset,
            move.source,
            move.target,
            amount_bytes(amount),
            amount_bytes(self._cost(kept.plan, standing.fee)),
        )
        code = await self._exchange.moved(done)
        if code:
            log.error("moved, and the exchange does not say so", code=code, plan=kept.id)
        self.moved.append(move.key)
        self._finish(kept)

    async def _say_height(self, kept: Kept, name: bytes, height: int) -> None:
        for withdrawal in kept.plan.withdrawals:
            await self._exchange.report(wire.Included(withdrawal, name, height))
        kept.height = height
        self._store.change(kept)

    async def _fail(self, kept: Kept, code: int, conflict: bytes) -> None:
        for withdrawal in kept.plan.withdrawals:
            failed = wire.Failed(withdrawal, code, kept.plan.binding, conflict)
            await self._exchange.report(failed)
        self._finish(kept)

    def _finish(self, kept: Kept) -> None:
        kept.is_done = True
        self._store.change(kept)

    async def _bump(self, kept: Kept) -> None:
        try:
            plan = await to_thread(self._chain.bumped, kept.plan)
        except Unpayable as problem:
            log.warning("stuck at the fee cap", problem=str(problem))
            return
        kept.plan = plan
        await self._give(kept, await self._signed(kept))

    def _name(self, txid: bytes) -> bytes:
        return transfer(self._salt, self._chain.network, txid)

    def _cost(self, plan: Plan, fee: int) -> int:
        """A withdrawal's share of a fee in ledger units; the whole of a move's."""
        shares = max(1, len(plan.withdrawals))
        return self._terms.scales[self._terms.gas_asset].cost(-(-fee // shares))
