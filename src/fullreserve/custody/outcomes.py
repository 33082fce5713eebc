"""What becomes of what a node was given: final, in a block, raised, overtaken or failed.

A refund of what was bound never rests on one answer of one node: a second node is asked where there
is one, and the first once more when it has seen another block.
"""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Collection, Mapping, Sequence

import msgspec
import structlog

from fullreserve.custody.chains.adapter import (
    Asked,
    Chain,
    Move,
    Plan,
    Spender,
    Standing,
    Unpayable,
)
from fullreserve.custody.chains.rpc import NodeProblem, NodeRefuses
from fullreserve.custody.hot_sweeps import number_of
from fullreserve.custody.payer_desk import Desk, Run
from fullreserve.custody.sending import Sender
from fullreserve.custody.store import End, Kept
from fullreserve.custody.waits import BOOKED, EMPTY, LOOKING, RAISING, TAKEN
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.custody_ledger import Unsound
from fullreserve.exchange.products.withdrawal_state import OVERTAKEN, REVERTED
from fullreserve.exchange.wire.commands import amount_bytes

LOOKED_BACK = 144  # blocks before the last broadcast, for who spent a plan's coins

REFUSED = "in a block, and a contract refused it: refunded"

log = structlog.get_logger(__name__)


class Outcomes:
    """Of one network; `second` is the same one through another node."""

    def __init__(self, desk: Desk, sender: Sender, second: Chain | None) -> None:
        self._desk = desk
        self._sender = sender
        self._second = second
        self.moved: list[str] = []  # addresses whose move has ended, for who looks at them again
        self._doubted: dict[int, int] = {}  # plan: height at which a refund for it was first due
        self._looked: dict[int, int] = {}  # plan: height at which its coins were looked for
        self._included_as: dict[int, bytes] = {}  # plan: the version that was said to be in a block
        self._said: dict[int, int] = {}  # plan: height at which the exchange did not take its end

    async def follow(self, runs: Sequence[Run]) -> None:
        """Looks what has become of what was signed; NodeProblem, Unavailable."""
        asked = [Asked(run.plan, [one.txid for one, _ in run.attempts]) for run in runs]
        found = await to_thread(self._desk.chain.standing_all, asked) if asked else []
        included: list[tuple[Run, Standing]] = []
        waiting: list[tuple[Run, Standing]] = []
        for run, standing in zip(runs, found, strict=True):
            if isinstance(standing, NodeRefuses):
                self._desk.waits.waits(run.kept.id, LOOKING, str(standing))
                continue
            self._desk.waits.goes(run.kept.id, LOOKING)
            if standing.taken_by:
                await self._overtaken(run, standing)
            elif standing.height:
                included.append((run, standing))
            else:
                waiting.append((run, standing))
        await self._included(included)
        await self._wait(waiting)

    async def hurry(self, runs: Sequence[Run]) -> bool:
        """Gives what is in no block again, or with a higher fee, and concludes nothing of the rest.

        Whether the node did not hold some. NodeProblem, Unavailable.
        """
        asked = [Asked(run.plan, [one.txid for one, _ in run.attempts]) for run in runs]
        found = await to_thread(self._desk.chain.standing_all, asked) if asked else []
        waiting = [
            (run, standing)
            for run, standing in zip(runs, found, strict=True)
            if isinstance(standing, Standing) and not (standing.height or standing.taken_by)
        ]
        await self._sender.give([run for run, _ in waiting if run.untold])
        await self._wait(waiting)
        return any(not standing.known for _, standing in waiting)

    async def _wait(self, waiting: Sequence[tuple[Run, Standing]]) -> None:
        """What is in no block: said if it was in one, given again, or given with a higher fee."""
        await self._say_heights(
            [(run, run.newest.txid, 0) for run, _ in waiting if run.kept.height]
        )
        # A node dropped it: the same once more, and the one before where that was never taken.
        dropped = [run for run, standing in waiting if not standing.known and run.told]
        dropped = await self._carrying(dropped)
        await self._sender.broadcast(
            [(run, one) for run in dropped for one in dict.fromkeys((run.told[-1], run.newest))]
        )
        # Also what gives way to one with a higher fee, which an older copy does not know.
        held = [run for run, standing in waiting if standing.known or run.is_outbid]
        if held:
            height = (await to_thread(self._desk.chain.tip)).height
            stuck = [run for run in held if height - run.kept.since >= self._desk.terms.bump_after]
            await self._bump(stuck, height)

    async def _carrying(self, runs: Sequence[Run]) -> list[Run]:
        """Without moves of users' coins that are not there, as after a reorganisation.

        Of a token such a move would be made all the same, fail, and be over, before its coins come.
        """
        moves = [run for run in runs if run.plan.move is not None and run.plan.move.is_of_users]
        if not moves:
            return list(runs)
        carried = await to_thread(self._desk.chain.carries, [run.plan for run in moves])
        empty = {run.kept.id for run, has in zip(moves, carried, strict=True) if not has}
        for run in moves:
            if run.kept.id in empty:
                self._desk.waits.waits(run.kept.id, EMPTY, "its source has not what it moves")
            else:
                self._desk.waits.goes(run.kept.id, EMPTY)
        return [run for run in runs if run.kept.id not in empty]

    async def _bump(self, runs: Sequence[Run], height: int) -> None:
        """A higher fee; one that a node refuses is offered again, and raised after as long.

        Where a node takes no replacement of what it holds, the change of that pays for both.
        """
        raised: list[tuple[Run, Plan]] = []
        bound = [kept.plan for kept in self._open()] if runs else []
        for run in runs:
            run.kept.since = height
            try:
                if not await self._paid_for(run, bound, height):
                    plan = await to_thread(self._desk.chain.bumped, run.plan, bound)
                    raised.append((run, plan))
                    bound.append(plan)
            except Unpayable as problem:
                # At its cap: nothing can be raised until a block has it, or fees fall.
                self._desk.waits.waits(run.kept.id, RAISING, str(problem))
            else:
                self._desk.waits.goes(run.kept.id, RAISING)
        await self._sender.sign_all(raised)
        await self._sender.give([run for run, _ in raised if run.untold])

    async def _paid_for(self, run: Run, bound: list[Plan], height: int) -> bool:
        """Whether a move of its change pays for what a node would not replace; Unpayable.

        One for each: it is raised itself. What moves within a tier is not worth another.
        """
        chain = self._desk.chain
        if not (run.told and run.untold) or _is_within(run.plan):
            return False
        attempts = [one for one, _ in run.attempts]
        ids = {one.txid for one in attempts}
        if any(_is_within(plan) and not ids.isdisjoint(chain.parents(plan)) for plan in bound):
            return True
        plan = await to_thread(chain.child, run.plan, attempts)
        if plan is None:
            return False
        self._desk.store.keep_plan(plan, height)
        bound.append(plan)
        log.info("no replacement is taken: its change pays for it", plan=run.kept.id)
        return True

    def _open(self) -> list[Kept]:
        return self._desk.store.open_plans(self._desk.chain.network)

    async def _overtaken(self, run: Run, standing: Standing) -> None:
        if not self._desk.chain.proves_taken:
            await self._coins_taken(run)
            return
        log.error("a foreign transaction took the inputs", withdrawals=run.plan.withdrawals)
        if await self._is_sure(run, standing):
            end = End(standing.height, standing.block, is_refunded=True)
            await self._fail(run.kept, OVERTAKEN, standing.taken_by, end)

    async def _coins_taken(self, run: Run) -> None:
        """Ends a plan whose coins a transaction spent that is not kept, by every node deep enough.

        One that makes the plan's payments carried it out: it was signed with a higher fee, and what
        was kept of it is from an older copy. All blocks since are read: once for each tip, so that
        who waits to be paid waits less.
        """
        height = (await to_thread(self._desk.chain.tip)).height
        if self._looked.get(run.kept.id) == height:
            return
        self._looked[run.kept.id] = height
        taker = await self._taker(run)
        if taker is None:
            return
        if run.plan.withdrawals:
            await self._settle(run, taker, height)
        elif taker.is_ours and run.plan.move is not None:
            found = Standing(True, taker.height, taker.depth, taker.txid, taker.fee)
            found = msgspec.structs.replace(found, block=taker.block)
            await self._moved(run.kept, run.plan.move, found)
        else:
            end = End(taker.height, taker.block, is_refunded=True)
            await self._fail(run.kept, OVERTAKEN, taker.txid, end)

    async def _taker(self, run: Run) -> Spender | None:
        """Who took a plan's coins, when every node shows it deep enough."""
        since = max(0, run.kept.since - LOOKED_BACK)
        chains = [one for one in (self._desk.chain, self._second) if one is not None]
        try:
            found = [await to_thread(one.spender, run.plan, since) for one in chains]
        except NodeProblem as problem:
            # What else is on its way there does not wait for it.
            self._desk.waits.waits(run.kept.id, TAKEN, str(problem))
            return None
        first = found[0]
        final = self._desk.terms.final_after
        if first is None or len({one.txid if one else b"" for one in found}) > 1:
            why = "its coins are spent, and no node's blocks or not all of them show by whom"
        elif any(one is not None and one.depth < final for one in found):
            why = f"{first.txid.hex()} took its coins, and is not {final} blocks deep by all nodes"
        else:
            return first
        self._desk.waits.waits(run.kept.id, TAKEN, why)
        return None

    async def _settle(self, run: Run, taker: Spender, height: int) -> None:
        """Says which withdrawals were paid by what took their coins; no other can be any more.

        Of a refund it is sure when it has seen it at two heights.
        """
        unpaid = [one for one in run.plan.withdrawals if one not in taker.paid]
        if unpaid and height <= self._doubted.setdefault(run.kept.id, height):
            return
        if unpaid and run.kept.is_again:
            await self._lost(run.kept, taker.txid)
            return
        name = self._desk.name(taker.txid)
        self._desk.store.name(name, self._desk.chain.network, taker.txid)
        fee = amount_bytes(self._desk.cost(taker.fee, len(taker.paid)))
        words: list[wire.Payload] = []
        for one in taker.paid:
            words.append(wire.Included(one, name, taker.height))
            words.append(wire.Paid(one, name, taker.height, fee))
        words += [wire.Failed(one, OVERTAKEN, run.plan.binding, name) for one in unpaid]
        log.error("coins were taken", paid=taker.paid, refunded=unpaid, by=taker.txid.hex())
        unbooked = await self._told(words)
        if unbooked:
            self._say_unbooked(run, unbooked)
            return
        ends = {run.kept.id: End(taker.height, taker.block, bool(unpaid))}
        self._finish([run.kept], ends, [taker.txid])

    async def _is_sure(self, run: Run, standing: Standing) -> bool:
        """Whether nothing was paid: seen at two heights, and by both nodes where there are two."""
        height = (await to_thread(self._desk.chain.tip)).height
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
        self._desk.say_going([run for run, _ in included], is_included=True)
        for run, _ in included:
            self._desk.waits.goes(run.kept.id, RAISING)
        await self._say_heights(
            [
                (run, one.txid, one.height)
                for run, one in included
                if (one.height, one.txid) != (run.kept.height, self._included_as.get(run.kept.id))
            ]
        )
        paid: list[tuple[Run, Standing]] = []
        for run, standing in included:
            if standing.confirmations < self._desk.terms.final_after:
                continue
            if run.plan.move is not None:
                await self._moved(run.kept, run.plan.move, standing)
            elif standing.paid:
                paid.append((run, standing))
            elif await self._is_sure(run, standing):
                numbers, name = run.plan.withdrawals, standing.txid.hex()
                log.error(REFUSED, withdrawals=numbers, txid=name)
                end = End(standing.height, standing.block, is_refunded=True)
                await self._fail(run.kept, REVERTED, standing.txid, end)
        await self._paid(paid)

    async def _paid(self, paid: Sequence[tuple[Run, Standing]]) -> None:
        """Says what is final; what the exchange does not take once more with the next block."""
        due = [(run, one) for run, one in paid if self._said.get(run.kept.id) != _seen_at(one)]
        words: list[wire.Paid] = []
        for run, one in due:
            share = self._desk.cost(one.fee, len(run.plan.withdrawals))
            name, fee = self._desk.name(one.txid), amount_bytes(share)
            words += [wire.Paid(of, name, one.height, fee) for of in run.plan.withdrawals]
        unbooked = await self._told(words)
        done: list[tuple[Run, Standing]] = []
        for run, one in due:
            if unbooked.keys().isdisjoint(run.plan.withdrawals):
                done.append((run, one))
            else:
                self._said[run.kept.id] = _seen_at(one)
                self._say_unbooked(run, unbooked)
        ends = {run.kept.id: End(one.height, one.block) for run, one in done}
        self._finish([run.kept for run, _ in done], ends, [one.txid for _, one in done])

    async def _told(self, words: Sequence[wire.Payload]) -> dict[int, int]:
        """The codes of withdrawals that the exchange does not take as paid.

        One that it does not know any more has ended there long ago.
        """
        codes = zip(words, await self._desk.report(words), strict=True)
        return {
            word.withdrawal: code
            for word, code in codes
            if isinstance(word, wire.Paid) and code not in (0, Unsound.UNKNOWN)
        }

    def _say_unbooked(self, run: Run, unbooked: Mapping[int, int]) -> None:
        codes = {one: unbooked[one] for one in run.plan.withdrawals if one in unbooked}
        why = f"final on the chain, and the exchange does not take it (withdrawal: code): {codes}"
        self._desk.waits.waits(run.kept.id, BOOKED, why)

    async def _moved(self, kept: Kept, move: Move, standing: Standing) -> None:
        # What only takes a nonce moves nothing, and is as it should be.
        failed = bool(move.amount) and not standing.paid
        if kept.is_again and failed:
            await self._lost(kept, standing.txid)
            return
        if not kept.is_again:
            await self._say_moved(kept, move, standing)
        self.moved.append(move.key)
        ends = {kept.id: End(standing.height, standing.block, failed)}
        self._finish([kept], ends, [standing.txid])

    async def _say_moved(self, kept: Kept, move: Move, standing: Standing) -> None:
        moved = self._desk.chain.moved(kept.plan, standing.fee) if standing.paid else 0
        came = moved if standing.came < 0 else min(moved, standing.came)
        scale = self._desk.terms.scales[move.asset]
        amount, taken = scale.to_ledger(came)[0], scale.cost(moved - came)
        done = wire.Moved(
            self._desk.chain.network,
            self._desk.name(standing.txid),
            move.asset,
            move.source,
            move.target,
            amount_bytes(amount),
            amount_bytes(self._desk.cost(standing.fee)),
            taken=amount_bytes(taken),
        )
        (code,) = await self._desk.exchange.moved(done)
        if code:
            log.error("moved, and the exchange does not say so", code=code, plan=kept.id)
        await self._swept(kept, done.transfer, is_paid=standing.paid)

    async def _swept(self, kept: Kept, name: bytes, *, is_paid: bool) -> None:
        if number_of(kept.plan) and self._desk.sweeps is not None:
            await self._desk.sweeps.ended(kept.plan, name, is_paid=is_paid)

    async def _say_heights(self, heights: Sequence[tuple[Run, bytes, int]]) -> None:
        """In which block each is; 0: in none any more."""
        words = [
            wire.Included(one, self._desk.name(txid), height)
            for run, txid, height in heights
            for one in run.plan.withdrawals
        ]
        await self._desk.report(words)
        with self._desk.store.together():
            for run, txid, height in heights:
                if height and all(one.txid != txid for one in run.told):
                    # A node refused it, and a miner had it; or an older copy does not know it.
                    self._desk.store.name(self._desk.name(txid), self._desk.chain.network, txid)
                run.kept.height, self._included_as[run.kept.id] = height, txid
                self._desk.store.change(run.kept)

    async def _fail(self, kept: Kept, code: int, txid: bytes, end: End) -> None:
        """Nothing was paid, and `txid` is final: what the exchange counts as paid, people see."""
        if kept.is_again:
            await self._lost(kept, txid)
            return
        conflict = self._desk.name(txid)
        words = [
            wire.Failed(one, code, kept.plan.binding, conflict) for one in kept.plan.withdrawals
        ]
        await self._desk.report(words)
        await self._swept(kept, conflict, is_paid=False)
        self._finish([kept], {kept.id: end}, [txid])

    async def _lost(self, kept: Kept, txid: bytes) -> None:
        """What was final is not, and cannot be: said, and the network stops. Nobody is refunded."""
        evidence = {
            "withdrawals": kept.plan.withdrawals,
            "transaction": txid.hex(),
            "problem": "paid, dropped by a reorganisation, and its coins or nonce were taken",
        }
        log.error("paid no more, and cannot be again: a person has to look", **evidence)
        if await self._desk.exchange.stop(evidence):
            self._finish([kept], {}, [txid])

    def _finish(
        self, done: Sequence[Kept], ends: Mapping[int, End], finals: Collection[bytes]
    ) -> None:
        """Nothing changes these any more; `finals` are the transactions that ended them."""
        for kept in done:
            self._doubted.pop(kept.id, None)
            self._looked.pop(kept.id, None)
            self._included_as.pop(kept.id, None)
            self._said.pop(kept.id, None)
            self._desk.waits.goes(kept.id, BOOKED)
        self._desk.finish([*done, *self._childless(done, finals)], ends)

    def _childless(self, done: Sequence[Kept], finals: Collection[bytes]) -> list[Kept]:
        """Moves of change that is never made, or that pay for what is final already."""
        made = {one.txid for kept in done for one, _ in self._desk.store.attempts(kept)}
        over = []
        for child in self._open() if made else ():
            of = self._desk.chain.parents(child.plan) & made
            is_signed = bool(self._desk.store.attempts(child))
            if of and _is_within(child.plan) and not (is_signed and of <= set(finals)):
                over.append(child)
        return over


def _is_within(plan: Plan) -> bool:
    return plan.move is not None and plan.move.is_within


def _seen_at(one: Standing) -> int:
    """The newest block when it was looked at."""
    return one.height + one.confirmations - 1
