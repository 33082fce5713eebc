"""What left the hot wallet since the backup that was put back: before anything is paid again.

A log that comes out of a backup says of withdrawals that they wait, which may have been paid on the
chain since. So a restore leaves a mark, with how far each chain had been followed by then; a payer
that finds it reads the chain from there on, takes what left the hot wallet for the payments that it
makes, and pays nothing before. What makes no payment that waits stops its asset on the network:
people look at it.

What was read is kept block by block, and what was found together with what it means: killed at any
step it goes on from there, and asks once more for no more than it had asked for.
"""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import structlog

from fullreserve.custody.chains.adapter import Attempt, Block, Chain, Departed
from fullreserve.custody.chains.rpc import NodeGarbage
from fullreserve.custody.explained import explained
from fullreserve.custody.house import House
from fullreserve.custody.left import leave
from fullreserve.custody.payer import Payer
from fullreserve.custody.reconciling import PAYER_STORE
from fullreserve.custody.restore_mark import Mark, is_compared, read_mark
from fullreserve.custody.store import Made, Store, read_made
from fullreserve.custody.tripping import trip
from fullreserve.exchange.products.suspension_wire import Level, Scope, Trigger
from fullreserve.exchange.worker_files import Adopted, AdoptedPayment, adopted_name

log = structlog.get_logger(__name__)


ADOPTED_MOST = 500  # transactions that operators are told of
AT_ONCE = 200  # blocks that are read in a look, so that it is said how far it has come


class NotYet(Exception):
    """What left the hot wallet is not known yet; the message says why."""


class SinceBackup:
    """Of one network; `follow` teaches its chain which addresses and coins are ours by now."""

    def __init__(
        self,
        data: Path,
        chain: Chain,
        store: Store,
        house: House,
        payer: Payer,
        follow: Callable[[], Awaitable[None]],
    ) -> None:
        self._data = data
        self._chain = chain
        self._store = store
        self._house = house
        self._payer = payer
        self._follow = follow
        self._mark = read_mark(data)
        if is_compared(data, chain.network):
            self._mark = None

    async def look(self) -> None:
        """Returns once nothing is paid twice any more; NotYet, NodeProblem, Unavailable."""
        if self._mark is None:
            return
        number, restored_ms = self._chain.network, self._mark.restored_ms
        if self._store.adopted(number, restored_ms) is None:
            await self._adopt(self._mark)
        refused = await self._payer.take_up()
        if refused:
            await self._trip(Scope(Level.CHAIN, number), refused)
        await self._stop(self._store.adopted(number, restored_ms) or ())
        self._store.compared_since(number, restored_ms)
        self._mark = None
        log.info("compared with the chain since the backup", network=number)

    async def _adopt(self, mark: Mark) -> None:
        await self._follow()
        await self._read(mark)
        found = self._store.departed(self._chain.network, mark.restored_ms)
        others, loose = explained(self._chain, await self._made(), found)
        likely = await self._payer.adopt(others, loose, mark.restored_ms)
        self._tell(others, mark.restored_ms, likely)

    def _tell(
        self,
        found: Sequence[Departed],
        restored_ms: int,
        likely: Mapping[bytes, tuple[int, ...]],
    ) -> None:
        """Operators see what is not paid again, and what pays nothing that waits."""
        number = self._chain.network
        plans = {one.plan.binding: one.plan for one in self._store.open_plans(number)}
        payments = []
        for left in found:
            paid = [plans[one].withdrawals for one in left.bindings if one in plans]
            alike = likely.get(left.binding, ())
            payments.append(AdoptedPayment(left.attempt.txid.hex(), (paid or [()])[0], alike))
        told = Adopted(restored_ms, tuple(payments[-ADOPTED_MOST:]))
        place = self._data / adopted_name(number)
        leave(place, told, "operators are not told of what was paid since the backup")

    async def _made(self) -> list[Made]:
        return await to_thread(read_made, self._data / PAYER_STORE, self._chain.network)

    async def _read(self, mark: Mark) -> None:
        """All blocks since the backup, some in each look; NotYet before all that left is in them.

        Once nothing is on its way that no plan knows of, what left is in the blocks up to the
        newest of that time, whichever come after it. What left in one of those that came meanwhile
        may have made coins that were not asked for: it is asked once more then.
        """
        tip = await to_thread(self._chain.tip)
        await self._read_to(tip.height, mark)
        # What is not known may wait behind a payment of the backup that is stuck, or was dropped.
        if await self._payer.hurry():
            raise NotYet("a payment of the backup that its node does not hold is given to it again")
        signed = [one.kept.plan for one in await self._made() if one.txids]
        if await to_thread(self._chain.is_leaving, signed):
            raise NotYet("what left the hot wallet since the backup is in no block yet")
        newest = await to_thread(self._chain.tip)
        if await self._read_to(newest.height, mark):
            raise NotYet("what left the hot wallet since the backup has just come into a block")
        if await self._agreed(mark) <= max(tip.height, newest.height):
            raise NotYet("blocks gave way while what left the hot wallet was read")

    async def _read_to(self, height: int, mark: Mark) -> bool:
        """Whether anything left in those blocks that were not read yet; NotYet before the last."""
        first = await self._agreed(mark)
        last, has_left = min(height, first + AT_ONCE - 1), False
        for one in range(first, last + 1):
            block, left = await to_thread(self._departed, one)
            before = self._store.newest_read(self._chain.network, mark.restored_ms)
            if before and before != (one - 1, block.parent):
                raise NotYet("blocks gave way while what left the hot wallet was read")
            self._store.keep_read(mark.restored_ms, self._chain.network, block, left)
            has_left = has_left or bool(left)
        if last < height:
            raise NotYet(
                f"what left the hot wallet since the backup is read up to block {last} of {height}"
            )
        return has_left

    async def _agreed(self, mark: Mark) -> int:
        """From which block on is to be read: behind the newest read one that is still there."""
        number = self._chain.network
        first = mark.heights[number] + 1
        if self._store.newest_read(number, mark.restored_ms) is None:
            for height, hash_ in mark.blocks.get(number, ()):
                known = Block(height, hash_, b"")
                self._store.keep_read(mark.restored_ms, number, known, [])
        while newest := self._store.newest_read(number, mark.restored_ms):
            height, hash_ = newest
            block = await to_thread(self._chain.block, height)
            if block is not None and block.hash == hash_:
                return height + 1
            self._store.lose_read(number, height)
            first = height
        return first

    def _departed(self, height: int) -> tuple[Block, list[Departed]]:
        block = self._chain.block(height)
        if block is None:
            raise NodeGarbage(f"there is no block {height} below the newest any more")
        return block, self._chain.departed(block)

    async def _stop(self, others: Sequence[Departed]) -> None:
        """The lines of what nobody asked for."""
        assets = {out.payment.asset for one in others for out in one.outs if not out.is_ours}
        for asset in sorted(assets):
            scope = Scope(Level.ASSET_CHAIN, self._chain.network, asset)
            await self._trip(scope, [one.attempt for one in others])

    async def _trip(self, scope: Scope, found: Sequence[Attempt]) -> None:
        evidence = {"transactions": [one.txid.hex() for one in found]}
        if not await trip(self._house, Trigger.UNKNOWN_SPEND, scope, evidence):
            raise NotYet("what left the hot wallet is not explained, and nothing was stopped")
