"""Pays withdrawals: each by one transaction or by its replacements, and by nothing else.

The order is fixed: a plan is kept; the exchange binds the withdrawals to it; it is signed; what was
signed is kept; then it is given to a node. Each step is repeated after a crash with what was kept,
so that the second time does what the first did. What the exchange has bound and this store does not
know is never paid by guessing: it waits for a person.

Here is what is planned; `sending` and `outcomes` have the rest of its way.
"""

from __future__ import annotations

import sys
from asyncio import to_thread
from collections.abc import Callable, Mapping, Sequence

import msgspec
import structlog

from fullreserve.clock import Clock, SystemClock
from fullreserve.custody.bech32 import BadAddress
from fullreserve.custody.chains.adapter import (
    Attempt,
    Chain,
    Departed,
    HotShort,
    Payment,
    Plan,
    Unpayable,
)
from fullreserve.custody.chains.rpc import NodeGarbage
from fullreserve.custody.chains.worth import Worth
from fullreserve.custody.dropped import Dropped
from fullreserve.custody.hot_sweeps import Surplus
from fullreserve.custody.outcomes import Outcomes
from fullreserve.custody.passing import Passing
from fullreserve.custody.payer_desk import Desk, Exchange, Run, Sweeps, Terms
from fullreserve.custody.sending import FAULTS, Sender
from fullreserve.custody.setbacks import named
from fullreserve.custody.store import Kept, Store
from fullreserve.custody.unbinding import Unbinding, Witnesses
from fullreserve.custody.waits import SIGNING, UNBINDING, Waits
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.wire.commands import amount_bytes, amount_int
from fullreserve.exchange.worker_files import UnsignedPayment, Why
from fullreserve.identity.keyring import DamagedRow

UNPAYABLE = 3  # what `Failed` says beside `outcomes`

AT_ONCE = 128  # plans that are taken a step further together
# Rounds in which what the exchange would not bind is not planned anew.
REFUSED_ROUNDS = 20
# An address or amount that cannot be paid.
UNREADABLE = (BadAddress, KeyError, ValueError)
# Those behind one that hot cannot pay that are looked at in a round.
BEHIND = 32
# Withdrawals that one word about the hot wallet moves: the exchange does no more at once.
MOVED_AT_ONCE = 64

log = structlog.get_logger(__name__)


class Payer:
    """One network's. `sign` asks the signers, for several plans at once; NotSigned."""

    def __init__(
        self,
        chain: Chain,
        store: Store,
        exchange: Exchange,
        sign: Callable[[Plan], Attempt],
        terms: Terms,
        salt: bytes,
        second: Chain | None = None,
        sweeps: Sweeps | None = None,
        clock: Clock | None = None,
        witnesses: Witnesses | None = None,
    ) -> None:
        clock = clock or SystemClock()
        waits = Waits(clock)
        self._desk = Desk(chain, store, exchange, terms, salt, sweeps, waits)
        self._sender = Sender(self._desk, sign, self._leave_alone)
        self._outcomes = Outcomes(self._desk, self._sender, second)
        self._dropped = Dropped(self._desk)
        self._unbinding = Unbinding(self._desk, witnesses, clock)
        self.moved = self._outcomes.moved
        self._round = 0
        self._passing = Passing()
        self._passed: dict[int, int] = {}  # the same of what went on before an older one
        self._behind: dict[int, int] = {}  # by asset, up to which number those were looked at
        self._refused: dict[int, int] = {}  # withdrawal: the last round in which it is left alone
        self._unread: dict[int, None] = {}  # withdrawals whose destination is damaged

    async def round(self) -> None:
        """Takes on what is new and brings everything a step further; NodeProblem, Unavailable."""
        self._round += 1
        await self._dropped.look()
        await self._unbinding.look()
        pending = await self._desk.exchange.pending(self._desk.chain.network)
        fresh = self._compared(pending)
        bound = [kept.plan for kept in self._open()]
        short = await self._take_on(fresh, bound)
        await self._look_for_refills(bound)
        await self._keep(await to_thread(self._desk.chain.fillers, bound))
        runs = [Run(kept, self._desk.store.attempts(kept)) for kept in self._open()]
        self._desk.waits.keep({run.kept.id for run in runs})
        for start in range(0, len(runs), AT_ONCE):
            await self._sender.send(runs[start : start + AT_ONCE])
        # Not before those that have a plan are bound: the word would make them wait too.
        await self._say_short(short)
        await self._outcomes.follow([run for run in runs if run.attempts])

    def unsigned(self) -> list[UnsignedPayment]:
        """Payments that wait for signers, and why in their words, the oldest first.

        Of what people let go, why it is not.
        """
        waits, chain = self._desk.waits, self._desk.chain
        found = []
        for kept in self._open():
            why = waits.why(kept.id, UNBINDING) or waits.why(kept.id, SIGNING)
            taken = chain.nonce_of(kept.plan) if why else None
            lane = chain.addresses.text(taken[0]) if taken is not None else ""
            of = self._unbinding.why(kept)
            found += [UnsignedPayment(one, lane, why, of) for one in kept.plan.withdrawals if why]
        return found

    def _open(self) -> list[Kept]:
        return self._desk.store.open_plans(self._desk.chain.network)

    def _compared(self, pending: Sequence[wire.Pay]) -> list[wire.Pay]:
        """What nothing is known of, here and there; what they know differently is said."""
        open_ = {one: kept for kept in self._open() for one in kept.plan.withdrawals}
        self._refused = {one: till for one, till in self._refused.items() if till > self._round}
        fresh = []
        for pay in pending:
            kept = open_.get(pay.withdrawal)
            if kept is not None and (pay.binding or not kept.is_accepted):
                continue
            if self._desk.store.is_bound(pay.withdrawal):
                if self._desk.store.begin_again(pay.withdrawal, is_bound=bool(pay.binding)):
                    # An exchange that was put back from a backup hears once more what became of it.
                    log.warning("known here, and forgotten there", withdrawal=pay.withdrawal)
            elif pay.binding:
                log.error("bound, and unknown here: not paid", withdrawal=pay.withdrawal)
            elif pay.withdrawal not in self._refused:
                fresh.append(pay)
        return fresh

    async def adopt(
        self, found: Sequence[Departed], loose: Sequence[Kept], restored_ms: int
    ) -> dict[bytes, tuple[int, ...]]:
        """Takes what left hot for payments that are still to be made; keeps what pays no such one.

        Each pays the oldest withdrawal that asks for exactly that: of those that are to be paid
        before those that wait for a suspension, people, a delay or their owner, which the backup's
        exchange may have let through. What nothing asks for is a tranche of the oldest request to
        the same place that asks for more and may be paid so; what pays just what those have left of
        it pays the request. So a payer that was put back from a
        backup makes no payment again that the chain has already seen. `loose` are plans by which
        nothing left: of those that wait as well, and given up where something else took their nonce
        or coins, or paid them. All is kept as one: a plan hides from whoever looks again that its
        transaction paid somebody else as well. What still waits for coins to the same place is told
        by the binding of what pays no such payment: people look whether that is it. Unavailable.
        """
        await self._unbinding.forget()
        waiting = await self._still_waiting(loose)
        others, plans = list[Departed](), list[tuple[Plan, Attempt]]()
        for left, exact in await self._matched(found, waiting):
            paid = [
                one if one is not None or out.is_ours
                else self._taken(waiting, out.payment)
                or await self._tranche(waiting, out.payment, left.binding)
                for one, out in zip(exact, left.outs, strict=True)
            ]  # fmt: skip
            made = tuple(one.withdrawal for one in paid if one is not None)
            if made:
                plan = Plan(self._desk.chain.network, made, left.binding, left.body, left.fee)
                plans.append((plan, left.attempt))
            ours = (out.is_ours for out in left.outs)
            if any(one is None and not is_ours for one, is_ours in zip(paid, ours, strict=True)):
                others.append(left)
        taken = {binding for left in found for binding in left.bindings}
        paid_now = {one for plan, _ in plans for one in plan.withdrawals}
        with self._desk.store.together():
            for kept in loose:
                if kept.plan.binding in taken:
                    self._desk.drop(kept)
                else:
                    self._sender.narrow(
                        kept, [one for one in kept.plan.withdrawals if one in paid_now]
                    )
            for plan, attempt in plans:
                self._desk.store.change(self._desk.store.keep_plan(plan), attempt)
            self._desk.store.keep_adopted(self._desk.chain.network, restored_ms, others)
        for plan, attempt in plans:
            log.warning(
                "paid since the backup", withdrawals=plan.withdrawals, txid=attempt.txid.hex()
            )
        return {left.binding: self._likely(waiting, left) for left in others}

    @staticmethod
    def _likely(waiting: Sequence[Payment], left: Departed) -> tuple[int, ...]:
        """What waits for coins of a kind that one paid, to the place that it paid."""
        outs = [out.payment for out in left.outs if not out.is_ours]
        paid = {(one.asset, one.place, one.memo) for one in outs}
        alike = (one for one in waiting if (one.asset, one.place, one.memo) in paid)
        return tuple(one.withdrawal for one in alike)

    async def _matched(
        self, found: Sequence[Departed], waiting: list[Payment]
    ) -> list[tuple[Departed, list[Payment | None]]]:
        """What asks for exactly what each paid; it waits no longer.

        First the tranches that were made of a request for that before this process was killed: what
        is left of it may ask for as much.
        """
        made: dict[bytes, list[Payment]] = {}
        bound = await self._desk.exchange.under_way(self._desk.chain.network) if found else ()
        for pay in bound:
            if not self._desk.store.is_bound(pay.withdrawal):
                one = await self._wanted(pay)
                made.setdefault(pay.binding, []).extend(() if one is None else (one,))
        parts = [
            [self._taken(made.get(left.binding, []), out.payment) for out in left.outs]
            for left in found
        ]
        return [
            (
                left,
                [
                    one or self._taken(waiting, out.payment)
                    for one, out in zip(known, left.outs, strict=True)
                ],
            )
            for left, known in zip(found, parts, strict=True)
        ]

    async def _tranche(
        self, waiting: list[Payment], made: Payment, binding: bytes
    ) -> Payment | None:
        """The tranche that a payment is, of what waits, which is less by that; Unavailable."""
        amount, below = self._desk.terms.scales[made.asset].to_ledger(made.amount)
        for at, one in enumerate(waiting):
            same = msgspec.structs.replace(made, withdrawal=one.withdrawal, amount=one.amount)
            if below or one != same or one.amount <= made.amount:
                continue
            number = await self._desk.exchange.tranche(
                one.withdrawal, amount_bytes(amount), binding
            )
            if number:
                waiting[at] = msgspec.structs.replace(one, amount=one.amount - made.amount)
                return msgspec.structs.replace(made, withdrawal=number)
        return None

    async def _still_waiting(self, loose: Sequence[Kept]) -> list[Payment]:
        """What nothing is known to have paid, in the queue's order."""
        unpaid = await self._desk.exchange.unpaid(self._desk.chain.network)
        numbers = {one for kept in loose for one in kept.plan.withdrawals}
        numbers |= {pay.withdrawal for pay in self._compared(unpaid)}
        asked = [pay for pay in unpaid if pay.withdrawal in numbers]
        return [one for pay in asked if (one := await self._wanted(pay)) is not None]

    async def _wanted(self, pay: wire.Pay) -> Payment | None:
        """What a withdrawal asks for, which may not be due; None where that cannot be read."""
        try:
            return await self._read(pay)
        except (*UNREADABLE, DamagedRow) as problem:
            log.warning("not compared", withdrawal=pay.withdrawal, problem=type(problem).__name__)
            return None

    async def take_up(self) -> list[Attempt]:
        """Has the exchange bind what was signed, though by now it waits for something else.

        What it refuses is over there, refunded, and paid on the chain. NodeProblem, Unavailable.
        """
        runs = [Run(kept, self._desk.store.attempts(kept)) for kept in self._open()]
        runs = [run for run in runs if run.attempts]
        refused = []
        for run in runs:
            words = [wire.FoundPaid(one, run.plan.binding) for one in run.plan.withdrawals]
            if not run.kept.is_accepted and any(await self._desk.report(words)):
                refused.append(run.newest)
        await self._sender.send(runs)
        return refused

    async def hurry(self) -> bool:
        """Brings on what waits for a block under a nonce of its own, for whose end others wait.

        Whatever else was signed for that nonce, one of them is made. Coins may have been spent
        otherwise by who is not known here: nothing is done about those. Whether the node did not
        hold some: it shows nothing that waits behind those either. NodeProblem, Unavailable.
        """
        if self._desk.chain.proves_taken:
            runs = [Run(kept, self._desk.store.attempts(kept)) for kept in self._open()]
            mine = [run for run in runs if run.attempts and run.kept.is_accepted]
            return await self._outcomes.hurry(mine)
        return False

    @staticmethod
    def _taken(waiting: list[Payment], made: Payment) -> Payment | None:
        """The first that wants what was made; it waits no longer."""
        for number, one in enumerate(waiting):
            if msgspec.structs.replace(one, withdrawal=0) == made:
                return waiting.pop(number)
        return None

    def _leave_alone(self, refused: Sequence[int]) -> None:
        self._refused |= dict.fromkeys(refused, self._round + REFUSED_ROUNDS)

    async def sweep(self, indexes: Sequence[int], worth: Worth) -> None:
        """Takes on what brings users' addresses' coins to the hot wallet; `round` goes on with it.

        NodeProblem.
        """
        bound = [kept.plan for kept in self._open()]
        await self._keep(await to_thread(self._desk.chain.sweeps, indexes, bound, worth))

    async def consolidate(self) -> None:
        """Takes on what makes one of hot's small coins, while that is cheap; NodeProblem."""
        bound = [kept.plan for kept in self._open()]
        await self._keep(await to_thread(self._desk.chain.consolidation, bound))

    async def sweep_hot(self, found: Sequence[Surplus]) -> None:
        """Takes on what the log has decided to bring to warm; `round` goes on with it. NodeProblem.

        What has a plan keeps it; what the hot wallet cannot pay now is tried again.
        """
        for one in found:
            bound = [kept.plan for kept in self._open()]
            if any(plan.move is not None and plan.move.key == one.move.key for plan in bound):
                continue
            try:
                made = await to_thread(self._desk.chain.plan, [one.payment], bound)
            except FAULTS as problem:
                why = str(problem) if isinstance(problem, Unpayable) else named(problem)
                log.warning("sweep of hot waits", problem=why)
                self._desk.say_held(one.move, Why.UNPLANNED, why)
                continue
            await self._keep([msgspec.structs.replace(made, withdrawals=(), move=one.move)])

    async def _keep(self, plans: Sequence[Plan]) -> None:
        if not plans:
            return
        # They were made for a chain without what is opened again, and may have taken its place.
        if await self._dropped.look():
            raise NodeGarbage("blocks with final payments gave way while others were planned")
        height = (await to_thread(self._desk.chain.tip)).height
        with self._desk.store.together():
            for plan in plans:
                self._desk.store.keep_plan(plan, height)

    async def _look_for_refills(self, bound: Sequence[Plan]) -> None:
        self._passed = {one: till for one, till in self._passed.items() if till > self._round}
        for first in await self._desk.exchange.starved(self._desk.chain.network):
            payment = await self._payment(first)
            found = await to_thread(self._tried, [[payment]], bound) if payment is not None else []
            if found and not isinstance(found[0], HotShort):
                await self._bring_on(first.asset, bound)
                continue
            await self._let_pass(first, bound)

    async def _oldest_within(
        self, first: wire.Pay, cap: int, bound: Sequence[Plan]
    ) -> tuple[wire.Pay | None, bool]:
        """The oldest that hot may be filled for, `first` or behind it, and whether it can be paid.

        What is larger than hot's cap is paid by people: nothing is kept for it.
        """
        if amount_int(first.amount) <= cap:
            return first, False
        found = await self._desk.exchange.behind(self._desk.chain.network, first.asset, 0, BEHIND)
        within = (pay for pay in found if amount_int(pay.amount) <= cap)
        oldest = next((pay for pay in within if pay.withdrawal not in self._passed), None)
        return oldest, oldest is not None and bool(await self._payable([oldest], bound))

    async def _bring_on(self, asset: int, bound: Sequence[Plan]) -> None:
        """The first can be paid: those go on that hot can pay, and all where it can pay them all.

        Also what nothing can pay: it is refunded when it is planned.
        """
        place = (self._desk.chain.network, asset)
        found = await self._desk.exchange.behind(*place, 0, BEHIND)
        able = [pay.withdrawal for pay in await self._payable(found, bound)]
        if len(able) == len(found) < BEHIND:
            await self._desk.exchange.report(wire.Refilled(*place, MOVED_AT_ONCE))
        else:
            await self._go_on(able)

    async def _let_pass(self, first: wire.Pay, bound: Sequence[Plan]) -> None:
        """Of what waits behind one that hot cannot pay, or nobody can read, some that it can.

        What it has would lie idle for as long as nobody refills it; see `passing`.
        """
        place = (self._desk.chain.network, first.asset)
        free = await self._desk.exchange.free(*place)
        marks = await self._desk.exchange.marks(*place)
        cap, least = (amount_int(marks.cap), amount_int(marks.least)) if marks else (sys.maxsize, 0)
        oldest, is_able = await self._oldest_within(first, cap, bound)
        number, kept = first.withdrawal, 0
        if oldest is not None:
            number, kept = oldest.withdrawal, 0 if is_able else amount_int(oldest.amount)
        is_full = free + least > cap
        room = self._passing.room(first.asset, number, free, kept, is_full=is_full)
        found = await self._desk.exchange.behind(*place, self._behind.get(first.asset, 0), BEHIND)
        self._behind[first.asset] = found[-1].withdrawal if len(found) == BEHIND else 0
        others = [pay for pay in found if pay.withdrawal not in (number, first.withdrawal)]
        fits = [pay for pay in others if amount_int(pay.amount) <= room]
        able = list[int]()
        # Before any other, in whose turn it may not be.
        for pay in await self._payable([oldest, *fits] if oldest and is_able else fits, bound):
            amount = amount_int(pay.amount)
            if amount <= room:
                room -= amount
                self._passing.went(first.asset, amount)
                able.append(pay.withdrawal)
        await self._go_on(able)

    async def _payable(self, asked: Sequence[wire.Pay], bound: Sequence[Plan]) -> list[wire.Pay]:
        """Those that hot can pay one beside the other, of what did not fail at that just now."""
        left_alone = self._passed.keys() | self._refused.keys()
        asked = [pay for pay in asked if pay.withdrawal not in left_alone]
        known = [(pay, one) for pay in asked if (one := await self._payment(pay)) is not None]
        tried = await to_thread(self._tried, [[one] for _, one in known], bound)
        pairs = zip(known, tried, strict=True)
        return [pay for (pay, _), made in pairs if not isinstance(made, HotShort)]

    async def _go_on(self, able: Sequence[int]) -> None:
        """Where that is wrong it is short again at once, and is not asked for soon."""
        self._passed |= dict.fromkeys(able, self._round + REFUSED_ROUNDS)
        await self._desk.exchange.report(*map(wire.Covered, able))

    async def _say_short(self, short: Mapping[int, int]) -> None:
        """Has those wait that the hot wallet cannot pay; how many, by asset."""
        for asset, count in short.items():
            log.warning("hot wallet short", network=self._desk.chain.network, asset=asset)
            word = wire.Short(self._desk.chain.network, asset, MOVED_AT_ONCE)
            await self._desk.exchange.report(*[word] * -(-count // MOVED_AT_ONCE))

    async def _take_on(self, fresh: Sequence[wire.Pay], bound: list[Plan]) -> dict[int, int]:
        """Plans what is new beside what is `bound`, and adds to that.

        How many withdrawals the hot wallet is too short for, by the asset that it lacks.
        """
        payments = [one for pay in fresh if (one := await self._payment(pay)) is not None]
        most = self._desk.chain.batch_max
        batches: list[Sequence[Payment]] = [
            payments[at : at + most] for at in range(0, len(payments), most)
        ]
        short: dict[int, int] = {}
        while batches:
            batches = await self._planned(batches, bound, short)
        return short

    async def _planned(
        self, batches: Sequence[Sequence[Payment]], bound: list[Plan], short: dict[int, int]
    ) -> list[Sequence[Payment]]:
        """Plans batches; those to be tried again one by one, for the sake of what can be paid."""
        found = await to_thread(self._tried, batches, bound)
        plans = [one for one in found if isinstance(one, Plan)]
        await self._keep(plans)
        bound += plans
        again: list[Sequence[Payment]] = []
        words: dict[wire.Payload, None] = {}
        for batch, one in zip(batches, found, strict=True):
            if isinstance(one, HotShort) and len(batch) > 1:
                # Half of it may be what there is enough for.
                half = len(batch) // 2
                again += [batch[:half], batch[half:]]
            elif isinstance(one, HotShort):
                short[one.asset] = short.get(one.asset, 0) + 1
            elif isinstance(one, Unpayable) and len(batch) > 1:
                again += [[payment] for payment in batch]
            elif isinstance(one, Unpayable):
                log.warning("not payable", withdrawal=batch[0].withdrawal, problem=str(one))
                words[wire.Failed(batch[0].withdrawal, UNPAYABLE)] = None
        if words:
            await self._desk.exchange.report(*words)
        return again

    def _tried(
        self, batches: Sequence[Sequence[Payment]], bound: Sequence[Plan]
    ) -> list[Plan | Unpayable]:
        """`plan_all`, where a payment that planning stumbles over is Unpayable by itself.

        NodeProblem; what is wrong without any payment is raised: the network is at fault then.
        """
        try:
            return self._desk.chain.plan_all(batches, bound)
        except FAULTS as problem:
            if len(batches) == 1:
                self._desk.chain.plan_all([()], bound)
                return [Unpayable(named(problem))]
        taken, made = list(bound), list[Plan | Unpayable]()
        for batch in batches:
            made += self._tried([batch], taken)
            taken += [one for one in made[-1:] if isinstance(one, Plan)]
        return made

    async def _read(self, pay: wire.Pay) -> Payment:
        """What a withdrawal asks for; UNREADABLE, DamagedRow."""
        text, memo = await self._desk.exchange.destination(pay)
        addresses = self._desk.chain.addresses
        place, memo = addresses.read(text), addresses.memo(memo)
        amount = self._desk.terms.scales[pay.asset].to_chain(amount_int(pay.amount))
        return Payment(pay.withdrawal, pay.asset, amount, place, memo)

    async def _payment(self, pay: wire.Pay) -> Payment | None:
        try:
            return await self._read(pay)
        except UNREADABLE:
            log.warning("not payable", withdrawal=pay.withdrawal, problem="its address or amount")
            await self._desk.exchange.report(wire.Failed(pay.withdrawal, UNPAYABLE))
            return None
        except DamagedRow as problem:
            # Neither paid nor refunded: what is put back from a backup says where it goes.
            if pay.withdrawal not in self._unread:
                self._unread[pay.withdrawal] = None
                number, why = pay.withdrawal, str(problem)
                log.error("left alone", withdrawal=number, problem=why)
            return None
