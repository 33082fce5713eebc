"""What left the hot wallet since the backup that was put back: before anything is paid again.

A log that comes out of a backup says of withdrawals that they wait, which may have been paid on the
chain since. So a restore leaves a mark, with how far each chain had been followed by then; a payer
that finds it reads the chain from there on, takes what left the hot wallet for the payments that it
makes, and pays nothing before. What makes no payment that waits stops its asset on the network:
people look at it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec
import structlog

from fullreserve.custody.chains import following
from fullreserve.custody.chains.adapter import Chain, Departed
from fullreserve.custody.chains.rpc import NodeGarbage
from fullreserve.custody.house import House
from fullreserve.custody.payer import Payer
from fullreserve.custody.reconciling import PAYER_STORE
from fullreserve.custody.store import Store, read_cursors, read_plans
from fullreserve.custody.tripping import trip
from fullreserve.custody.watcher import STORE as WATCHER_STORE
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.suspension_wire import Level, Scope, Trigger
from fullreserve.exchange.products.withdrawal_state import ListUndecided, Undecided

MARK = "custody-restored.json"

log = structlog.get_logger(__name__)


class Mark(msgspec.Struct, frozen=True, rename="camel"):
    """A restore; `heights` by network are the newest blocks that its stores had seen."""

    restored_ms: int
    heights: dict[int, int]


class NotYet(Exception):
    """What left the hot wallet is not known yet; the message says why."""


def mark_of(data: Path, now_ms: int) -> bytes:
    """What `MARK` is to hold in a folder that was restored, before anything is started in it.

    OSError, sqlite3.Error.
    """
    heights: dict[int, int] = {}
    for store in (WATCHER_STORE, PAYER_STORE):
        for network, kept in read_cursors(data / store):
            newest = max((height for height, _ in following.restore(kept).blocks), default=0)
            heights[network] = min(heights.get(network, newest), newest)
    return msgspec.json.encode(Mark(now_ms, heights))


def read_mark(data: Path) -> Mark | None:
    """The last restore; None in a folder that never came out of a backup."""
    try:
        return msgspec.json.decode((data / MARK).read_bytes(), type=Mark)
    except FileNotFoundError:
        return None


class SinceBackup:
    """Of one network."""

    def __init__(self, data: Path, chain: Chain, store: Store, house: House, payer: Payer) -> None:
        self._data = data
        self._chain = chain
        self._store = store
        self._house = house
        self._payer = payer
        self._mark = read_mark(data)
        if self._mark and store.is_compared_since(chain.network, self._mark.restored_ms):
            self._mark = None

    async def look(self) -> None:
        """Returns once nothing is paid twice any more; NotYet, NodeProblem, Unavailable."""
        if self._mark is None:
            return
        number = self._chain.network
        # The backup may be of the moment between a request and the policy's word: then nobody is
        # to be paid yet, and what was paid since would be taken for nobody's.
        undecided: list[Undecided] = await self._house.ask(wire.WITHDRAWALS, ListUndecided(1))
        if any(not one.is_asked for one in undecided):
            raise NotYet("the policy has not said yet which withdrawals wait for a payment")
        newest = await self._house.newest_index(number)
        await asyncio.to_thread(self._chain.know, newest + 1)
        found = await asyncio.to_thread(self._departed, self._mark.heights.get(number, 0))
        others = await self._payer.adopt(found)
        if others:
            await self._stop(others)
        self._store.compared_since(number, self._mark.restored_ms)
        self._mark = None
        log.info("compared with the chain since the backup", network=number, left=len(found))

    def _departed(self, first: int) -> list[Departed]:
        """What left by transactions that no plan of the store has."""
        tip = self._chain.tip()
        plans = read_plans(self._data / PAYER_STORE, self._chain.network)
        known = {plan.binding for plan in plans}
        found: list[Departed] = []
        for height in range(first + 1, tip.height + 1):
            block = self._chain.block(height)
            if block is None:
                raise NodeGarbage(f"there is no block {height} below the newest any more")
            left = self._chain.departed(block)
            found += [one for one in left if known.isdisjoint((one.binding, *one.others))]
        if self._chain.is_leaving() or self._chain.tip() != tip:
            raise NotYet("what left the hot wallet since the backup is in no block yet")
        return found

    async def _stop(self, others: Sequence[Departed]) -> None:
        assets = {out.payment.asset for one in others for out in one.outs if not out.is_ours}
        txids = [one.attempt.txid.hex() for one in others]
        for asset in sorted(assets):
            scope = Scope(Level.ASSET_CHAIN, self._chain.network, asset)
            if not await trip(self._house, Trigger.UNKNOWN_SPEND, scope, {"transactions": txids}):
                raise NotYet("what left the hot wallet is not explained, and nothing was stopped")
