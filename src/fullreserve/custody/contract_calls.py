"""What contracts sent to places of ours, read behind the deposits that a block's transactions name.

Balances of all places tell of it (`chains/evm_internal`), which is work: a node that is busy, or
slow, holds up nothing else by it. Each block that ran code is kept until both nodes have told of
it, through kills and whatever they say; the chain leaves it, or it is read. One whose state a node
has lost is asked for again from time to time.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import structlog

from fullreserve.clock import Clock
from fullreserve.custody.chains import following
from fullreserve.custody.chains.adapter import Block, Chain, Deposit, Incoming
from fullreserve.custody.chains.rpc import NodeGarbage, NodeProblem, OldRefused
from fullreserve.custody.gifts import Gifts
from fullreserve.custody.kept_calls import CallBlock
from fullreserve.custody.store import Store
from fullreserve.exchange.worker_files import LostCalls

# Addresses of users whose balances are asked for at once; one block where there are more.
PLACES_AT_ONCE = 50_000
# What a look at its network waits for them.
WAIT_MS = 2_000
# In looks: the longest without asking a node that refuses, and how often lost states are asked for.
PAUSE_MOST, LOST_EVERY = 16, 120
# A state that is refused so often, while the newest is told, counts as lost.
REFUSED_MOST = 8

log = structlog.get_logger(__name__)


class Told(NamedTuple):
    """What contracts sent in a block: to users, and to tiers."""

    block: Block
    deposits: list[Deposit]
    gifts: list[Incoming]


class ContractCalls:
    """Of one network, through nodes that are asked on connections of their own."""

    def __init__(
        self, chain: Chain, second: Chain | None, store: Store, clock: Clock, gifts: Gifts | None
    ) -> None:
        self._network = chain.network
        self._chain = chain.apart()
        self._second = second.apart() if second is not None and not chain.proves_scan else None
        self._store = store
        self._clock = clock
        self._gifts = gifts
        self._reading: asyncio.Task[None] | None = None
        self._told: list[Told] = []
        self._pause = self._failed = 0  # looks without asking, and runs that failed in a row
        self._until_lost = 0  # looks until lost states are asked for
        self._lost_asked = -1  # the highest of which that was done
        self._refused: Counter[bytes] = Counter()  # by the hash of the block
        self.places = 1  # whose balances are asked for at each block
        self.problem = ""  # why the last block was not read

    def follows(self, reports: Iterable[following.Report]) -> None:
        """As the chain is now; within `Store.together`."""
        kept, number, gifts = self._store.calls, self._network, self._gifts
        for one in reports:
            if isinstance(one, following.Left):
                kept.lose_since(number, one.height)
                self._refused.clear()
                self._pause = 0
            elif isinstance(one, following.Reached) and one.runs_code:
                brings_gifts = gifts is not None and gifts.counts(one.block)
                kept.wait_for(number, CallBlock(one.block, brings_gifts))

    def waiting(self) -> int:
        """How many blocks are to be read."""
        return self._store.calls.count(self._network).waiting

    def lost(self) -> LostCalls | None:
        """Those that a node has lost, or told of too late."""
        found = self._store.calls.count(self._network)
        return LostCalls(found.lost, found.lowest, found.highest) if found.lost else None

    def is_kept(self, one: Told) -> bool:
        """Whether the chain still has that block, as far as it was followed."""
        return self._store.calls.is_kept(self._network, one.block)

    def keep(self, one: Told, *, is_late: bool) -> None:
        """What came to tiers; its deposits are reported. Within `Store.together`.

        Where they were told too late to be taken, the block stays for people to see.
        """
        if self._gifts is not None:
            self._gifts.keep(one.block, one.gifts)
        if is_late:
            self._store.calls.is_too_late(self._network, one.block)
            log.error("what contracts sent was told too late: it is credited by nobody but people",
                      network=self._network, height=one.block.height)  # fmt: skip
        else:
            self._store.calls.has_read(self._network, one.block)

    async def read(self) -> list[Told]:
        """What was told since the last look; who takes long is waited for in the next ones."""
        if self._reading is None:
            self._begin()
        if self._reading is not None:
            await self._wait(self._reading)
            if self._reading.done():
                reading, self._reading = self._reading, None
                reading.result()
        told, self._told = self._told, []
        return told

    def _begin(self) -> None:
        kept, most = self._store.calls, max(1, PLACES_AT_ONCE // self.places)
        waiting, lost = list[CallBlock](), list[CallBlock]()
        if self._pause:
            self._pause -= 1
        else:
            waiting = kept.waiting(self._network, most)
        if self._until_lost:
            self._until_lost -= 1
        else:
            lost = kept.lost(self._network, self._lost_asked, most)
            self._lost_asked = lost[-1].block.height if len(lost) == most else -1
            self._until_lost = LOST_EVERY if lost else 0
        if waiting or lost:
            tiers = self._gifts.places() if self._gifts is not None else {}
            self._reading = asyncio.create_task(self._read(waiting, lost, tiers))

    async def _wait(self, reading: asyncio.Task[None]) -> None:
        pause = asyncio.ensure_future(self._clock.wait_ms(WAIT_MS))
        try:
            await asyncio.wait((reading, pause), return_when=asyncio.FIRST_COMPLETED)
        finally:
            pause.cancel()

    async def _read(
        self, waiting: list[CallBlock], lost: list[CallBlock], tiers: Mapping[bytes, int]
    ) -> None:
        """Those that wait, up to one by which a node tells of no other; then a few of the lost."""
        problems = list[NodeProblem | None]()
        for one in waiting:
            problems.append(await self._try(one, tiers))
            if not _goes_on(problems[-1]):
                break
        if waiting:
            has_failed = all(problems)
            self._failed = self._failed + 1 if has_failed else 0
            self._pause = min(2 ** (self._failed - 1), PAUSE_MOST) - 1 if has_failed else 0
            self.problem = next((str(one) for one in problems if one), "")
        if all(map(_goes_on, problems)):
            for one in lost:
                if not _goes_on(await self._try(one, tiers)):
                    return

    async def _try(self, one: CallBlock, tiers: Mapping[bytes, int]) -> NodeProblem | None:
        """Why a block is not read; None where it is, or its state is lost."""
        hash_ = one.block.hash
        try:
            told = await asyncio.to_thread(self._ask, one, tiers)
        except OldRefused as problem:
            self._refused[hash_] += 1
            if self._refused[hash_] < REFUSED_MOST:
                return problem
            self._lose(one.block, str(problem))
            return None
        except NodeProblem as problem:
            return problem
        except Exception as problem:  # what a node says may lead to anything
            said = f"what its node says leads to {type(problem).__name__}"
            if said != self.problem:
                log.exception("calls of contracts not read", network=self._network)
            return NodeGarbage(said)
        self._refused.pop(hash_, None)
        if told is None:
            self._lose(one.block, "a node has not kept its state")
        else:
            self._told.append(told)
        return None

    def _ask(self, one: CallBlock, tiers: Mapping[bytes, int]) -> Told | None:
        """In a thread; None where the state is lost."""
        block, gifts = one.block, list[Incoming]()

        def of_tiers(chain: Chain) -> list[Incoming] | None:
            return chain.incoming_internal(block, tiers)

        if one.brings_gifts:
            found = following.internal(self._chain, self._second, block, of_tiers)
            if found is None:
                return None
            gifts = found
        deposits = following.internal(
            self._chain, self._second, block, lambda chain: chain.internal(block)
        )
        return Told(block, deposits, gifts) if deposits is not None else None

    def _lose(self, block: Block, why: str) -> None:
        self._refused.pop(block.hash, None)
        if self._store.calls.has_lost(self._network, block):
            log.warning("not told what contracts sent: asked for again from time to time",
                        network=self._network, height=block.height, problem=why)  # fmt: skip


def _goes_on(problem: NodeProblem | None) -> bool:
    """Whether a node may tell of other blocks where it did not of one."""
    return problem is None or isinstance(problem, OldRefused | NodeGarbage)
