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
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec
import structlog

from fullreserve.custody.chains import following
from fullreserve.custody.chains.adapter import Block, Chain, Departed
from fullreserve.custody.chains.rpc import NodeGarbage
from fullreserve.custody.house import House
from fullreserve.custody.payer import Payer
from fullreserve.custody.reconciling import PAYER_STORE
from fullreserve.custody.store import Store, read_compared, read_cursors, read_plans
from fullreserve.custody.tripping import trip
from fullreserve.custody.watcher import STORE as WATCHER_STORE
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.suspension_wire import Level, Scope, Trigger
from fullreserve.exchange.products.withdrawal_state import ListUndecided, Undecided

MARK = "custody-restored.json"

log = structlog.get_logger(__name__)


AT_ONCE = 200  # blocks that are read in a look, so that it is said how far it has come


class Mark(msgspec.Struct, frozen=True, rename="camel"):
    """A restore; `heights` by network are the newest blocks that its stores had seen.

    `blocks` are those and older ones, with their hashes, as far as the stores remembered them.
    """

    restored_ms: int
    heights: dict[int, int]
    blocks: dict[int, list[tuple[int, bytes]]] = {}


class NotYet(Exception):
    """What left the hot wallet is not known yet; the message says why."""


def mark_of(data: Path, now_ms: int) -> bytes:
    """What `MARK` is to hold in a folder that was restored, before anything is started in it.

    Where the backup itself is of a folder that had not been compared yet, from there on.
    OSError, sqlite3.Error, msgspec.DecodeError.
    """
    heights: dict[int, int] = {}
    blocks: dict[int, dict[int, bytes]] = {}
    for store in (WATCHER_STORE, PAYER_STORE):
        for network, kept in read_cursors(data / store):
            known = dict(following.restore(kept).blocks)
            newest = max(known, default=0)
            heights[network] = min(heights.get(network, newest), newest)
            blocks.setdefault(network, {}).update(known)
    before, compared = read_mark(data), read_compared(data / PAYER_STORE)
    for network, height in before.heights.items() if before is not None else ():
        if before is not None and compared.get(network) != before.restored_ms:
            heights[network] = min(heights.get(network, height), height)
            blocks.setdefault(network, {}).update(before.blocks.get(network, ()))
    older = {
        network: sorted(one for one in known.items() if one[0] <= heights[network])
        for network, known in blocks.items()
    }
    return msgspec.json.encode(Mark(now_ms, heights, older))


def read_mark(data: Path) -> Mark | None:
    """The last restore; None in a folder that never came out of a backup."""
    try:
        return msgspec.json.decode((data / MARK).read_bytes(), type=Mark)
    except FileNotFoundError:
        return None


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
        if self._mark and store.is_compared_since(chain.network, self._mark.restored_ms):
            self._mark = None

    async def look(self) -> None:
        """Returns once nothing is paid twice any more; NotYet, NodeProblem, Unavailable."""
        if self._mark is None:
            return
        number, restored_ms = self._chain.network, self._mark.restored_ms
        if self._store.adopted(number, restored_ms) is None:
            await self._adopt(self._mark)
        await self._payer.take_up()
        await self._stop(self._store.adopted(number, restored_ms) or ())
        self._store.compared_since(number, restored_ms)
        self._mark = None
        log.info("compared with the chain since the backup", network=number)

    async def _adopt(self, mark: Mark) -> None:
        # The backup may be of the moment between a request and the policy's word: then nobody is
        # to be paid yet, and what was paid since would be taken for nobody's.
        undecided: list[Undecided] = await self._house.ask(wire.WITHDRAWALS, ListUndecided(1))
        if any(not one.is_asked for one in undecided):
            raise NotYet("the policy has not said yet which withdrawals wait for a payment")
        await self._follow()
        await self._read(mark)
        found = self._store.departed(self._chain.network, mark.restored_ms)
        await self._payer.adopt(found, mark.restored_ms)

    async def _read(self, mark: Mark) -> None:
        """All blocks since the backup, some in each look; NotYet before the newest."""
        tip = await to_thread(self._chain.tip)
        first = await self._agreed(mark)
        last = min(tip.height, first + AT_ONCE - 1)
        plans = await to_thread(read_plans, self._data / PAYER_STORE, self._chain.network)
        known = {plan.binding for plan in plans}
        for height in range(first, last + 1):
            block, left = await to_thread(self._departed, height, known)
            before = self._store.newest_read(self._chain.network, mark.restored_ms)
            if before and before != (height - 1, block.parent):
                raise NotYet("blocks gave way while what left the hot wallet was read")
            self._store.keep_read(mark.restored_ms, self._chain.network, block, left)
        if last < tip.height:
            raise NotYet(
                f"what left the hot wallet since the backup is read up to block {last} "
                f"of {tip.height}"
            )
        is_leaving = await to_thread(self._chain.is_leaving)
        if is_leaving or await to_thread(self._chain.tip) != tip:
            raise NotYet("what left the hot wallet since the backup is in no block yet")
        if await self._agreed(mark) <= tip.height:
            raise NotYet("blocks gave way while what left the hot wallet was read")

    async def _agreed(self, mark: Mark) -> int:
        """From which block on is to be read: behind the newest read one that is still there."""
        number = self._chain.network
        first = mark.heights.get(number, 0) + 1
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

    def _departed(self, height: int, known: set[bytes]) -> tuple[Block, list[Departed]]:
        """A block, and what left in it under bindings that are not `known`."""
        block = self._chain.block(height)
        if block is None:
            raise NodeGarbage(f"there is no block {height} below the newest any more")
        left = self._chain.departed(block)
        return block, [one for one in left if known.isdisjoint((one.binding, *one.others))]

    async def _stop(self, others: Sequence[Departed]) -> None:
        assets = {out.payment.asset for one in others for out in one.outs if not out.is_ours}
        txids = [one.attempt.txid.hex() for one in others]
        for asset in sorted(assets):
            scope = Scope(Level.ASSET_CHAIN, self._chain.network, asset)
            if not await trip(self._house, Trigger.UNKNOWN_SPEND, scope, {"transactions": txids}):
                raise NotYet("what left the hot wallet is not explained, and nothing was stopped")
