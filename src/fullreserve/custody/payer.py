"""Pays withdrawals: each by one transaction or by its replacements, and by nothing else.

The order is fixed: a plan is kept; the exchange binds the withdrawals to it; it is signed; what was
signed is kept; then it is given to a node. Each step is repeated after a crash with what was kept,
so that the second time does what the first did. What the exchange has bound and this store does not
know is never paid by guessing: it waits for a person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple, Protocol

import structlog

from fullreserve.custody.bech32 import BadAddress
from fullreserve.custody.chains.adapter import (
    Attempt,
    Chain,
    HotShort,
    Payment,
    Plan,
    Standing,
    Unpayable,
)
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

    async def pending(self, network: int) -> Sequence[wire.Pay]:
        """What is to be paid or under way, in the queue's order."""

    async def destination(self, pay: wire.Pay) -> tuple[str, int]:
        """Address and memo number; BadAddress when there is none any more."""


class Terms(NamedTuple):
    """How a network is paid on."""

    scales: Mapping[int, Scale]  # by asset
    gas_asset: int
    final_after: int = FINAL_AFTER
    bump_after: int = BUMP_AFTER


class Payer:
    """One network's. `sign` asks the signers; it may refuse with an exception of its own."""

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
        self._short: dict[int, bool] = {}

    async def round(self) -> None:
        """Takes on what is new and brings everything a step further; NodeProblem, Unavailable."""
        known = self._store.is_bound
        pending = await self._exchange.pending(self._chain.network)
        for pay in pending:
            if pay.binding and not known(pay.withdrawal):
                log.error("bound, and unknown here: not paid", withdrawal=pay.withdrawal)
        fresh = iter([one for one in pending if not (one.binding or known(one.withdrawal))])
        bound = [kept.plan for kept in self._store.open_plans(self._chain.network)]
        while batch := list(islice(fresh, self._chain.batch_max)):
            await self._take_on(batch, bound)
        for kept in self._store.open_plans(self._chain.network):
            await self._drive(kept)

    async def _take_on(self, batch: Sequence[wire.Pay], bound: list[Plan]) -> None:
        """Plans a batch beside what is `bound`, and adds to that."""
        payments = [one for pay in batch if (one := await self._payment(pay)) is not None]
        if not payments:
            return
        asset = payments[0].asset
        try:
            plan = self._chain.plan(payments, bound)
        except HotShort as short:
            log.warning("hot wallet short", network=self._chain.network, asset=short.asset)
            self._short[asset] = True
            await self._exchange.report(wire.Short(self._chain.network, asset))
            return
        except Unpayable as problem:
            if len(batch) > 1:  # one of them; the others are not to suffer for it
                for pay in batch:
                    await self._take_on([pay], bound)
                return
            log.warning("not payable", withdrawal=batch[0].withdrawal, problem=str(problem))
            await self._exchange.report(wire.Failed(batch[0].withdrawal, UNPAYABLE))
            return
        if self._short.pop(asset, False):
            await self._exchange.report(wire.Refilled(self._chain.network, asset))
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
            attempts = [(self._signed(kept), False)]
        for attempt, told in attempts:
            if not told:
                await self._give(kept, attempt)
        standing = self._chain.standing(kept.plan, [attempt.txid for attempt, _ in attempts])
        await self._act(kept, standing, attempts[-1][0])

    async def _bind(self, kept: Kept) -> bool:
        """Whether the exchange has bound what is left of the plan to it."""
        for withdrawal in kept.plan.withdrawals:
            bound = wire.Bound(withdrawal, kept.plan.binding)
            if await self._exchange.report(bound):
                # Cancelled or stopped meanwhile; nothing was signed.
                narrower = self._chain.without(kept.plan, withdrawal)
                if narrower is not None:
                    kept.plan = narrower
                self._store.narrow(kept, withdrawal)
                return False
        kept.is_accepted = True
        self._store.change(kept)
        return True

    def _signed(self, kept: Kept) -> Attempt:
        attempt = self._sign(kept.plan)
        self._store.change(kept, attempt)
        return attempt

    async def _give(self, kept: Kept, attempt: Attempt) -> None:
        """To a node, and word of it to the exchange."""
        self._chain.broadcast(attempt)
        kept.since = self._chain.tip().height
        self._store.change(kept)
        fee = amount_bytes(self._cost(kept.plan.fee, len(kept.plan.withdrawals)))
        name = self._name(attempt.txid)
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
                self._chain.broadcast(newest)  # a node dropped it: the same once more
            elif self._chain.tip().height - kept.since >= self._terms.bump_after:
                await self._bump(kept)

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
        if not standing.paid:
            await self._fail(kept, REVERTED, name)
            return
        fee = amount_bytes(self._cost(standing.fee, len(kept.plan.withdrawals)))
        for withdrawal in kept.plan.withdrawals:
            paid = wire.Paid(withdrawal, name, standing.height, fee)
            await self._exchange.report(paid)
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
            plan = self._chain.bumped(kept.plan)
        except Unpayable as problem:
            log.warning("stuck at the fee cap", problem=str(problem))
            return
        kept.plan = plan
        await self._give(kept, self._signed(kept))

    def _name(self, txid: bytes) -> bytes:
        return transfer(self._salt, self._chain.network, txid)

    def _cost(self, fee: int, shares: int) -> int:
        """A withdrawal's share of a fee in ledger units."""
        return self._terms.scales[self._terms.gas_asset].cost(-(-fee // shares))
