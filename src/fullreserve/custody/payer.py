"""Pays withdrawals: each by one transaction or by its replacements, and by nothing else.

The order is fixed: a plan is kept; the exchange binds the withdrawals to it; it is signed; what was
signed is kept; then it is given to a node. Each step is repeated after a crash with what was kept,
so that the second time does what the first did. What the exchange has bound and this store does not
know is never paid by guessing: it waits for a person.

A refund of what was bound never rests on one answer of one node: a second node is asked where there
is one, and the first once more when it has seen another block.
"""

from __future__ import annotations

from asyncio import gather, to_thread
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec
import structlog

from fullreserve.clock import Clock, SystemClock
from fullreserve.custody.bech32 import BadAddress
from fullreserve.custody.chains.adapter import (
    Asked,
    Attempt,
    Chain,
    HotShort,
    Move,
    Payment,
    Plan,
    Standing,
    Unpayable,
)
from fullreserve.custody.chains.rpc import NodeProblem, NodeRefuses
from fullreserve.custody.hot_sweeps import Surplus, number_of, sweep_number
from fullreserve.custody.setbacks import named
from fullreserve.custody.store import Kept, Store
from fullreserve.custody.transfers import transfer
from fullreserve.custody.units import Scale
from fullreserve.custody.waits import LOOKING, SIGNING, Waits
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.wire.commands import amount_bytes, amount_int
from fullreserve.exchange.worker_files import Why
from fullreserve.identity.keyring import DamagedRow

# What `Failed` says.
REVERTED, OVERTAKEN, UNPAYABLE = 1, 2, 3

BUMP_AFTER = 3  # blocks without being in one
FINAL_AFTER = 12
LOOKED_BACK = 144  # blocks before the last broadcast, for who spent a sweep's coins
AT_ONCE = 128  # plans that are taken a step further together
# Rounds in which what the exchange would not bind is not planned anew.
REFUSED_ROUNDS = 20
# Withdrawals that one word about the hot wallet moves: the exchange does no more at once.
MOVED_AT_ONCE = 64

# What a payment that was read wrong raises somewhere in the building of its transaction.
FAULTS = (ValueError, ArithmeticError)

log = structlog.get_logger(__name__)


class Exchange(Protocol):
    """The payer's side of the door."""

    async def report(self, *payloads: wire.Payload) -> Sequence[int]:
        """The replies' codes, 0 once it is durable; raises door.protocol.Unavailable."""

    async def moved(self, *payloads: wire.Moved) -> Sequence[int]:
        """The same of coins that went from one place of ours to another."""

    async def pending(self, network: int) -> Sequence[wire.Pay]:
        """What is to be paid or under way, in the queue's order."""

    async def starved(self, network: int) -> Sequence[wire.Pay]:
        """Of each asset that the hot wallet was short of, the first that waits for it."""

    async def destination(self, pay: wire.Pay) -> tuple[str, str]:
        """Address and memo; BadAddress when there is none that may be paid."""


class Sweeps(Protocol):
    """Who decides and binds sweeps of the hot wallet itself."""

    async def bind(self, plan: Plan) -> int:
        """0 once it is bound; raises door.protocol.Unavailable."""

    def waits(self, number: int, why: Why, detail: str) -> None:
        """What one waits for."""

    def goes(self, number: int, *, is_included: bool) -> None:
        """A node has it, or a block."""

    async def is_over(self, plan: Plan) -> bool:
        """Whether a bound one of which nothing is signed ends unpaid."""

    async def ended(self, plan: Plan, name: bytes, *, is_paid: bool) -> None:
        """What is final of it, by name."""


class NotSigned(Exception):
    """Too few signers signed; the message says what they said. It is asked again."""


class Terms(NamedTuple):
    """How a network is paid on."""

    scales: Mapping[int, Scale]  # by asset
    gas_asset: int
    final_after: int = FINAL_AFTER
    bump_after: int = BUMP_AFTER


class Run:
    """A plan on its way; `attempts` are what was signed for it, and whether it was told."""

    def __init__(self, kept: Kept, attempts: list[tuple[Attempt, bool]]) -> None:
        self.kept = kept
        self.attempts = attempts

    @property
    def plan(self) -> Plan:
        return self.kept.plan

    @property
    def newest(self) -> Attempt:
        return self.attempts[-1][0]

    @property
    def untold(self) -> list[Attempt]:
        """What the exchange does not know of, and a node perhaps neither."""
        return [attempt for attempt, told in self.attempts if not told]

    @property
    def told(self) -> list[Attempt]:
        """What a node took, so that it may be in a block one day."""
        return [attempt for attempt, told in self.attempts if told]


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
    ) -> None:
        self._waits = Waits(clock or SystemClock())
        self._sweeps = sweeps
        self._chain = chain
        self._second = second  # the same network through another node
        self._store = store
        self._exchange = exchange
        self._sign = sign
        self._terms = terms
        self._salt = salt
        self.moved: list[str] = []  # addresses whose move has ended, for who looks at them again
        self._round = 0
        self._refused: dict[int, int] = {}  # withdrawal: the last round in which it is left alone
        self._unread: dict[int, None] = {}  # withdrawals whose destination is damaged
        self._doubted: dict[int, int] = {}  # plan: height at which a refund for it was first due
        self._looked: dict[int, int] = {}  # plan: height at which its coins were looked for

    async def round(self) -> None:
        """Takes on what is new and brings everything a step further; NodeProblem, Unavailable."""
        self._round += 1
        pending = await self._exchange.pending(self._chain.network)
        fresh = self._compared(pending)
        bound = [kept.plan for kept in self._open()]
        short = await self._take_on(fresh, bound)
        await self._look_for_refills(bound)
        self._keep(await to_thread(self._chain.fillers, bound))
        runs = [Run(kept, self._store.attempts(kept)) for kept in self._open()]
        self._waits.keep({run.kept.id for run in runs})
        for start in range(0, len(runs), AT_ONCE):
            await self._send(runs[start : start + AT_ONCE])
        # Not before those that have a plan are bound: the word would make them wait too.
        await self._say_short(short)
        await self._follow([run for run in runs if run.told])

    def _open(self) -> list[Kept]:
        return self._store.open_plans(self._chain.network)

    def _compared(self, pending: Sequence[wire.Pay]) -> list[wire.Pay]:
        """What nothing is known of, here and there; what they know differently is said."""
        open_ = {one: kept for kept in self._open() for one in kept.plan.withdrawals}
        self._refused = {one: till for one, till in self._refused.items() if till > self._round}
        fresh = []
        for pay in pending:
            kept = open_.get(pay.withdrawal)
            if kept is not None and (pay.binding or not kept.is_accepted):
                continue
            if self._store.is_bound(pay.withdrawal):
                if self._store.begin_again(pay.withdrawal, is_bound=bool(pay.binding)):
                    # An exchange that was put back from a backup hears once more what became of it.
                    log.warning("known here, and forgotten there", withdrawal=pay.withdrawal)
            elif pay.binding:
                log.error("bound, and unknown here: not paid", withdrawal=pay.withdrawal)
            elif pay.withdrawal not in self._refused:
                fresh.append(pay)
        return fresh

    async def sweep(self, indexes: Sequence[int]) -> None:
        """Takes on what brings users' addresses' coins to the hot wallet; `round` goes on with it.

        NodeProblem.
        """
        bound = [kept.plan for kept in self._open()]
        self._keep(await to_thread(self._chain.sweeps, indexes, bound))

    async def sweep_hot(self, found: Sequence[Surplus]) -> None:
        """Takes on what the log has decided to bring to warm; `round` goes on with it. NodeProblem.

        What has a plan keeps it; what the hot wallet cannot pay now is tried again.
        """
        for one in found:
            bound = [kept.plan for kept in self._open()]
            if any(plan.move is not None and plan.move.key == one.move.key for plan in bound):
                continue
            try:
                made = await to_thread(self._chain.plan, [one.payment], bound)
            except FAULTS as problem:
                why = str(problem) if isinstance(problem, Unpayable) else named(problem)
                log.warning("sweep of hot waits", problem=why)
                self._say_held(one.move, Why.UNPLANNED, why)
                continue
            self._keep([msgspec.structs.replace(made, withdrawals=(), move=one.move)])

    def _say_held(self, move: Move | None, why: Why, detail: str) -> None:
        number = sweep_number(move.key) if move is not None else 0
        if number and self._sweeps is not None:
            self._sweeps.waits(number, why, detail)

    def _say_going(self, runs: Sequence[Run], *, is_included: bool) -> None:
        for number in filter(None, (number_of(run.plan) for run in runs)):
            if self._sweeps is not None:
                self._sweeps.goes(number, is_included=is_included)

    def _keep(self, plans: Sequence[Plan]) -> None:
        with self._store.together():
            for plan in plans:
                self._store.keep_plan(plan)

    async def _look_for_refills(self, bound: Sequence[Plan]) -> None:
        for pay in await self._exchange.starved(self._chain.network):
            payment = await self._payment(pay)
            if payment is None:
                continue
            (one,) = await to_thread(self._tried, [[payment]], bound)
            if isinstance(one, HotShort):
                continue
            # Also what nothing can pay: it is refunded when it is planned.
            word = wire.Refilled(self._chain.network, pay.asset, MOVED_AT_ONCE)
            await self._exchange.report(word)

    async def _say_short(self, short: Mapping[int, int]) -> None:
        """Has those wait that the hot wallet cannot pay; how many, by asset."""
        for asset, count in short.items():
            log.warning("hot wallet short", network=self._chain.network, asset=asset)
            word = wire.Short(self._chain.network, asset, MOVED_AT_ONCE)
            await self._exchange.report(*[word] * -(-count // MOVED_AT_ONCE))

    async def _take_on(self, fresh: Sequence[wire.Pay], bound: list[Plan]) -> dict[int, int]:
        """Plans what is new beside what is `bound`, and adds to that.

        How many withdrawals the hot wallet is too short for, by the asset that it lacks.
        """
        payments = [one for pay in fresh if (one := await self._payment(pay)) is not None]
        most = self._chain.batch_max
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
        self._keep(plans)
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
            await self._exchange.report(*words)
        return again

    def _tried(
        self, batches: Sequence[Sequence[Payment]], bound: Sequence[Plan]
    ) -> list[Plan | Unpayable]:
        """`plan_all`, where a payment that planning stumbles over is Unpayable by itself.

        NodeProblem; what is wrong without any payment is raised: the network is at fault then.
        """
        try:
            return self._chain.plan_all(batches, bound)
        except FAULTS as problem:
            if len(batches) == 1:
                self._chain.plan_all([()], bound)
                return [Unpayable(named(problem))]
        taken, made = list(bound), list[Plan | Unpayable]()
        for batch in batches:
            made += self._tried([batch], taken)
            taken += [one for one in made[-1:] if isinstance(one, Plan)]
        return made

    async def _payment(self, pay: wire.Pay) -> Payment | None:
        try:
            text, memo = await self._exchange.destination(pay)
            addresses = self._chain.addresses
            place, memo = addresses.read(text), addresses.memo(memo)
            amount = self._terms.scales[pay.asset].to_chain(amount_int(pay.amount))
        except (BadAddress, KeyError, ValueError):
            log.warning("not payable", withdrawal=pay.withdrawal, problem="its address or amount")
            await self._exchange.report(wire.Failed(pay.withdrawal, UNPAYABLE))
            return None
        except DamagedRow as problem:
            # Neither paid nor refunded: what is put back from a backup says where it goes.
            if pay.withdrawal not in self._unread:
                self._unread[pay.withdrawal] = None
                number, why = pay.withdrawal, str(problem)
                log.error("left alone", withdrawal=number, problem=why)  # noqa: TRY400 - a sentence
            return None
        return Payment(pay.withdrawal, pay.asset, amount, place, memo)

    # From a plan to what a node was given: each step for all, each before the next.

    async def _send(self, runs: Sequence[Run]) -> None:
        await self._bind([run for run in runs if not run.kept.is_accepted])
        bound = [run for run in runs if run.kept.is_accepted and not await self._is_over(run)]
        await self._sign_all([(run, run.plan) for run in bound if not run.attempts])
        # What is in a block needs no replacement.
        await self._give([run for run in bound if run.untold and not run.kept.height])

    async def _bind(self, runs: Sequence[Run]) -> None:
        """Has the exchange bind withdrawals to plans; those it refuses leave theirs."""
        runs = [run for run in runs if await self._may_sweep(run)]
        words = [wire.Bound(one, run.plan.binding) for run in runs for one in run.plan.withdrawals]
        codes = dict(zip(words, await self._report(words), strict=True))
        self._keep_bound(runs, codes)
        refused = [word.withdrawal for word in words if codes[word]]
        self._refused |= dict.fromkeys(refused, self._round + REFUSED_ROUNDS)
        # Who may not be paid goes back into the queue, where users see that they wait.
        await self._report([wire.Settle(one - 1, 1) for one in refused])

    async def _may_sweep(self, run: Run) -> bool:
        """False for a sweep of hot that is not bound: nothing was signed, and it is dropped."""
        if not number_of(run.plan) or self._sweeps is None:
            return True
        if not await self._sweeps.bind(run.plan):
            return True
        self._finish([run.kept])
        return False

    async def _is_over(self, run: Run) -> bool:
        """True for a sweep of hot that nobody signed in its time, or that was ended: dropped."""
        if run.attempts or not number_of(run.plan) or self._sweeps is None:
            return False
        if not await self._sweeps.is_over(run.plan):
            return False
        self._finish([run.kept])
        return True

    def _keep_bound(self, runs: Sequence[Run], codes: Mapping[wire.Bound, int]) -> None:
        with self._store.together():
            for run in runs:
                bound = [wire.Bound(one, run.plan.binding) for one in run.plan.withdrawals]
                refused = [word.withdrawal for word in bound if codes[word]]
                if not refused:
                    run.kept.is_accepted = True
                    self._store.change(run.kept)
                elif run.attempts:
                    # Signed for by this store, and denied by an exchange with an older log.
                    log.error("signed, and not bound: a person has to look", plan=run.kept.id)
                else:
                    self._narrow(run.kept, refused)

    def _narrow(self, kept: Kept, refused: Sequence[int]) -> None:
        """Cancelled or stopped meanwhile; nothing was signed. The others are bound once more."""
        for withdrawal in refused:
            narrower = self._chain.without(kept.plan, withdrawal)
            if narrower is not None:
                kept.plan = narrower
            self._store.narrow(kept, withdrawal)

    async def _report(self, words: Sequence[wire.Payload]) -> Sequence[int]:
        return await self._exchange.report(*words) if words else ()

    async def _sign_all(self, asked: Sequence[tuple[Run, Plan]]) -> None:
        """Has plans signed, and keeps them with what was signed."""
        calls = (to_thread(self._sign, plan) for _, plan in asked)
        found = await gather(*calls, return_exceptions=True)
        failed: list[BaseException] = []
        with self._store.together():
            for (run, plan), one in zip(asked, found, strict=True):
                if isinstance(one, (NotSigned, *FAULTS)):
                    # The others are not to wait for it.
                    why = str(one) if isinstance(one, NotSigned) else named(one)
                    self._waits.waits(run.kept.id, SIGNING, why)
                    self._say_held(plan.move, Why.UNSIGNED, why)
                elif isinstance(one, BaseException):
                    failed.append(one)
                else:
                    self._waits.goes(run.kept.id, SIGNING)
                    run.kept.plan = plan
                    run.attempts.append((one, False))
                    self._store.change(run.kept, one)
        if failed:
            raise failed[0]

    async def _give(self, runs: Sequence[Run]) -> None:
        """To a node, and word of it to the exchange."""
        given = [(run, attempt) for run in runs for attempt in run.untold]
        given = await self._broadcast(given)
        if not given:
            return
        height = (await to_thread(self._chain.tip)).height
        self._say_going([run for run, _ in given], is_included=False)
        words: list[wire.Payload] = []
        with self._store.together():
            for run, attempt in given:
                run.kept.since = height
                self._store.change(run.kept)
                name = self._name(attempt.txid)
                self._store.name(name, self._chain.network, attempt.txid)
                fee = amount_bytes(self._cost(run.plan, run.plan.fee))
                words += [wire.Broadcast(one, name, fee) for one in run.plan.withdrawals]
        await self._report(words)
        with self._store.together():
            for run, attempt in given:
                self._store.told(run.kept, attempt.txid)
                run.attempts = [(one, told or one == attempt) for one, told in run.attempts]

    async def _broadcast(self, asked: Sequence[tuple[Run, Attempt]]) -> list[tuple[Run, Attempt]]:
        """What a node took."""
        if not asked:
            return []
        found = await to_thread(self._chain.broadcast_all, [attempt for _, attempt in asked])
        given = []
        for (run, attempt), refusal in zip(asked, found, strict=True):
            if refusal is None:
                self._waits.goes(run.kept.id, attempt.txid)
                given.append((run, attempt))
            else:
                self._waits.waits(run.kept.id, attempt.txid, str(refusal))
        return given

    # What becomes of it

    async def _follow(self, runs: Sequence[Run]) -> None:
        asked = [Asked(run.plan, [one.txid for one, _ in run.attempts]) for run in runs]
        found = await to_thread(self._chain.standing_all, asked) if asked else []
        included: list[tuple[Run, Standing]] = []
        waiting: list[tuple[Run, Standing]] = []
        for run, standing in zip(runs, found, strict=True):
            if isinstance(standing, NodeRefuses):
                self._waits.waits(run.kept.id, LOOKING, str(standing))
                continue
            self._waits.goes(run.kept.id, LOOKING)
            if standing.taken_by:
                await self._overtaken(run, standing)
            elif standing.height:
                included.append((run, standing))
            else:
                waiting.append((run, standing))
        await self._included(included)
        await self._wait(waiting)

    async def _wait(self, waiting: Sequence[tuple[Run, Standing]]) -> None:
        """What is in no block: said if it was in one, given again, or given with a higher fee."""
        await self._say_heights(
            [(run, run.newest.txid, 0) for run, _ in waiting if run.kept.height]
        )
        # A node dropped it: the same once more, and the one before where that was never taken.
        dropped = [run for run, standing in waiting if not standing.known]
        await self._broadcast(
            [(run, one) for run in dropped for one in dict.fromkeys((run.told[-1], run.newest))]
        )
        held = [run for run, standing in waiting if standing.known]
        if held:
            height = (await to_thread(self._chain.tip)).height
            stuck = [run for run in held if height - run.kept.since >= self._terms.bump_after]
            await self._bump(stuck, height)

    async def _bump(self, runs: Sequence[Run], height: int) -> None:
        """A higher fee; one that a node refuses is offered again, and raised after as long."""
        raised: list[tuple[Run, Plan]] = []
        for run in runs:
            run.kept.since = height
            try:
                raised.append((run, await to_thread(self._chain.bumped, run.plan)))
            except Unpayable as problem:
                log.warning("stuck at the fee cap", problem=str(problem))
        await self._sign_all(raised)
        await self._give([run for run, _ in raised if run.untold])

    async def _overtaken(self, run: Run, standing: Standing) -> None:
        kept = run.kept
        log.error("a foreign transaction took the inputs", withdrawals=kept.plan.withdrawals)
        if self._chain.proves_taken and await self._is_sure(run, standing):
            await self._fail(kept, OVERTAKEN, self._name(standing.taken_by))
        elif number_of(kept.plan) and not self._chain.proves_taken:
            await self._sweep_overtaken(run)

    async def _sweep_overtaken(self, run: Run) -> None:
        """Ends a sweep whose coins a transaction spent that is not kept, by every node deep enough.

        No user's money hangs on it. One that pays the same place as much carried it out: it was
        signed with a higher fee, and what was kept of it is from an older copy. All blocks since
        are read: once for each tip, so that who waits to be paid waits less.
        """
        height = (await to_thread(self._chain.tip)).height
        if self._looked.get(run.kept.id) == height:
            return
        self._looked[run.kept.id] = height
        since = max(0, run.kept.since - LOOKED_BACK)
        chains = [one for one in (self._chain, self._second) if one is not None]
        found = [await to_thread(one.spender, run.plan, since) for one in chains]
        first = found[0]
        deep = all(one is not None and one.depth >= self._terms.final_after for one in found)
        if first is None or not deep or {one.txid for one in found if one} != {first.txid}:
            return
        if not first.is_ours:
            await self._fail(run.kept, OVERTAKEN, self._name(first.txid))
        elif run.plan.move is not None:
            await self._moved(run.kept, run.plan.move, Standing(txid=first.txid, fee=first.fee))

    async def _is_sure(self, run: Run, standing: Standing) -> bool:
        """Whether nothing was paid: seen at two heights, and by both nodes where there are two."""
        height = (await to_thread(self._chain.tip)).height
        if height <= self._doubted.setdefault(run.kept.id, height):
            return False
        if self._second is None:
            return True
        attempts = [one.txid for one, _ in run.attempts]
        try:
            other = await to_thread(self._second.standing, run.plan, attempts)
        except NodeProblem as problem:
            # What else is on its way there does not wait for a node that does not know this one.
            log.warning("refund waits", plan=run.kept.id, problem=str(problem))
            return False
        agrees = (other.taken_by, other.txid) == (standing.taken_by, standing.txid)
        if not agrees or (other.txid and other.paid):
            log.error("refund waits: two nodes differ", plan=run.kept.id)
            return False
        return True

    async def _included(self, included: Sequence[tuple[Run, Standing]]) -> None:
        self._say_going([run for run, _ in included], is_included=True)
        await self._say_heights(
            [(run, one.txid, one.height) for run, one in included if one.height != run.kept.height]
        )
        paid: list[tuple[Run, Standing]] = []
        for run, standing in included:
            if standing.confirmations < self._terms.final_after:
                continue
            if run.plan.move is not None:
                await self._moved(run.kept, run.plan.move, standing)
            elif standing.paid:
                paid.append((run, standing))
            elif await self._is_sure(run, standing):
                await self._fail(run.kept, REVERTED, self._name(standing.txid))
        await self._paid(paid)

    async def _paid(self, paid: Sequence[tuple[Run, Standing]]) -> None:
        words: list[wire.Paid] = []
        for run, one in paid:
            name, fee = self._name(one.txid), amount_bytes(self._cost(run.plan, one.fee))
            words += [wire.Paid(of, name, one.height, fee) for of in run.plan.withdrawals]
        for word, code in zip(words, await self._report(words), strict=True):
            if code:
                log.error(
                    "paid, and the exchange does not say so", code=code, withdrawal=word.withdrawal
                )
        self._finish([run.kept for run, _ in paid])

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
        (code,) = await self._exchange.moved(done)
        if code:
            log.error("moved, and the exchange does not say so", code=code, plan=kept.id)
        await self._swept(kept, done.transfer, is_paid=standing.paid)
        self.moved.append(move.key)
        self._finish([kept])

    async def _swept(self, kept: Kept, name: bytes, *, is_paid: bool) -> None:
        if number_of(kept.plan) and self._sweeps is not None:
            await self._sweeps.ended(kept.plan, name, is_paid=is_paid)

    async def _say_heights(self, heights: Sequence[tuple[Run, bytes, int]]) -> None:
        """In which block each is; 0: in none any more."""
        words = [
            wire.Included(one, self._name(txid), height)
            for run, txid, height in heights
            for one in run.plan.withdrawals
        ]
        await self._report(words)
        with self._store.together():
            for run, txid, height in heights:
                if any(one.txid == txid for one in run.untold):
                    # A node refused it, and a miner had it.
                    self._store.name(self._name(txid), self._chain.network, txid)
                run.kept.height = height
                self._store.change(run.kept)

    async def _fail(self, kept: Kept, code: int, conflict: bytes) -> None:
        words = [
            wire.Failed(one, code, kept.plan.binding, conflict) for one in kept.plan.withdrawals
        ]
        await self._report(words)
        await self._swept(kept, conflict, is_paid=False)
        self._finish([kept])

    def _finish(self, done: Sequence[Kept]) -> None:
        with self._store.together():
            for kept in done:
                self._doubted.pop(kept.id, None)
                self._looked.pop(kept.id, None)
                kept.is_done = True
                self._store.change(kept)

    def _name(self, txid: bytes) -> bytes:
        return transfer(self._salt, self._chain.network, txid)

    def _cost(self, plan: Plan, fee: int) -> int:
        """A withdrawal's share of a fee in ledger units; the whole of a move's."""
        shares = max(1, len(plan.withdrawals))
        return self._terms.scales[self._terms.gas_asset].cost(-(-fee // shares))
