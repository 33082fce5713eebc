"""Follows the chains and tells the fold of deposits: a process of its own beside the exchange.

`python -m fullreserve.custody.watcher`. It keeps its cursors in `custody-watcher.sqlite`; killed at
any moment it says at most the same things again, which change nothing.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import msgspec
import structlog

from fullreserve import logs
from fullreserve.after_trading import WORKERS, after_trading
from fullreserve.clock import NS_PER_MS, Clock, SystemClock
from fullreserve.config import Settings
from fullreserve.custody import networks
from fullreserve.custody.announcements import Announcements
from fullreserve.custody.chains import following
from fullreserve.custody.chains.adapter import Block, Chain, Deposit
from fullreserve.custody.chains.health import Health, State, health, unread
from fullreserve.custody.chains.rpc import NodeProblem
from fullreserve.custody.contract_calls import ContractCalls
from fullreserve.custody.gifts import Gifts
from fullreserve.custody.house import AHEAD, WATCHER_GATEWAY, House, Unknown
from fullreserve.custody.networks import BadNetworks, Network
from fullreserve.custody.reconciling import PAYER_STORE, Reconciler
from fullreserve.custody.refusals import Refusals, kind_of, said_again
from fullreserve.custody.restore_mark import uncompared
from fullreserve.custody.splits import Split
from fullreserve.custody.store import WATCHER_STORE, Store
from fullreserve.custody.transfers import salt_of, transfer
from fullreserve.custody.tripping import trip
from fullreserve.custody.unwell_spells import UnwellSpells
from fullreserve.custody.vendors import screens_deposits
from fullreserve.custody.walking import Walk
from fullreserve.door.protocol import Unavailable
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.custody_ledger import Unsound
from fullreserve.exchange.products.deposit_state import ListNetworks, NetworkState, NextDue
from fullreserve.exchange.products.suspension_wire import Level, Scope, Trigger
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.worker_files import Blind
from fullreserve.faults import leaves
from fullreserve.until_terminated import until_terminated

STORE = WATCHER_STORE
LOOK_MS = 500
# Without an answer for so long a network is shown unwell.
SILENT_MS = 15_000
# Blocks that a watcher without its store reads again beside those with open deposits.
BEFORE = 50
# Of a network: one asks its node now, one may be reading the blocks of its tiers, and one what
# contracts sent.
THREADS = 3

log = structlog.get_logger(__name__)


class Watcher:
    """One network's."""

    def __init__(
        self,
        network: Network,
        store: Store,
        house: House,
        salt: bytes,
        reconciler: Reconciler | None = None,
        clock: Clock | None = None,
        spells: UnwellSpells | None = None,
        gifts: Gifts | None = None,
        *,
        screens: bool = False,
        data: Path | None = None,
    ) -> None:
        chains = network.chains()
        self._network = network
        self._chain: Chain = chains[0]
        self._second: Chain | None = chains[1] if len(chains) > 1 else None
        self._store = store
        self._house = house
        self._salt = salt
        self._reconciler = reconciler
        self._spells = spells
        self._gifts = gifts
        self._screens = screens
        self._reconciled: Block | None = None
        self._clock = clock or SystemClock()
        self._calls = ContractCalls(self._chain, self._second, store, self._clock, gifts)
        self._refusals = Refusals(network.network, self._transfer, self._scaled, data)
        self._announcements = Announcements(network, data) if data is not None else None
        self._split = Split(self._chain, self._second, self._clock)
        self._unwell_ms: int | None = None  # since when nodes are not believed
        self._is_shown_well = False  # and what waited has been looked at since
        self._known = -1
        self._state = ""
        self._failed = ""  # by what kind of error the last look ended
        self._stopped = ""  # why the chain is not followed any more
        self._is_suspended = False  # for that

    async def round(self) -> None:
        """Follows the chain as far as it is; Unavailable when the exchange is not there.

        What a node says may lead to any other error: that ends a look at its network alone.
        """
        try:
            await self._look()
            self._failed = ""
        except (Unavailable, Unknown, sqlite3.Error):
            raise
        except Exception as problem:
            kind = type(problem).__name__
            if kind != self._failed:
                self._failed = kind
                log.exception("network not followed", network=self._network.network, problem=kind)
            await self._doubt(Health(State.GARBAGE, None, f"what its node says leads to {kind}"))

    async def _look(self) -> None:
        if self._stopped:
            await self._stay()
            return
        found = await asyncio.to_thread(health, self._chain, self._second)
        await self._look_apart(found)
        if found.is_ok:
            found = await self._caught_up(found)
        if not found.is_ok:
            await self._unwell(found)
            return
        self._say(found.state)
        self._unwell_ms = None
        if not self._is_shown_well:
            await self._show(healthy=True)
            # What came while the nodes were not believed is shown as waiting, and is not credited.
            await self._house.settle_deposits()
            self._is_shown_well = True
            if self._spells is not None:
                self._spells.ends(await self._house.now_ms(self._clock.wall_ms()))
        if self._announcements is not None:
            await self._announcements.look()
        await self._ask_again()
        knows_calls = await self._knows_calls(found)
        knows_gifts = await self._knows_gifts(found)
        if knows_calls and knows_gifts and self._reconciler is not None and found.tip:
            await self._reconcile(self._reconciler, found.tip)

    async def _knows_calls(self, found: Health) -> bool:
        """Whether it is known what contracts sent; what is told of it now is reported.

        While it is asked for, what nobody has credited yet would look like a difference. Of what a
        node has lost nothing is waited for.
        """
        read = [one for one in await self._calls.read() if self._calls.is_kept(one)]
        cursor = self._restored(self._store.cursor(self._network.network))
        if read and cursor is not None:
            terms, reports = self._network.terms, list[following.Report]()
            for one in read:
                reports += following.read_later(cursor, terms, one.block, one.deposits)
            late = await self._report_of(cursor, reports)
            for each in cursor.open:
                if each.deposit.txid in late:
                    each.refused = 0  # its block is shown to operators
            with self._store.together():
                for one in read:
                    self._calls.keep(one, is_late=one.block.hash in late)
                self._store.keep_cursor(self._network.network, following.store(cursor))
            await self._show_refused(cursor)
        waiting = self._calls.waiting()
        if self._reconciler is not None:
            self._reconciler.lost_calls = self._calls.lost()
        if waiting:
            why = self._calls.problem or "it is being read"
            said = f"what contracts sent in {waiting} blocks waits: {why}"
            self._not_compared(
                Blind.CALLS, said, found.tip, number=waiting, said=self._calls.problem
            )
        return not waiting

    async def _knows_gifts(self, found: Health) -> bool:
        """Whether it is known what came to the tiers: else nothing says what the chain may hold."""
        if self._gifts is None:
            return True
        try:
            await self._gifts.read(self._chain, self._second)
        except NodeProblem as problem:
            said = f"what came to its tiers cannot be read: {problem}"
            self._not_compared(Blind.ARRIVALS, said, found.tip, said=str(problem))
            return False
        return True

    async def _caught_up(self, found: Health) -> Health:
        """Follows the chain as far as it is: a node may say where that is and give no blocks."""
        await self._learn_addresses()
        try:
            while await self._follow():
                pass
        except NodeProblem as problem:
            return unread(problem)
        return found

    async def _reconcile(self, reconciler: Reconciler, tip: Block) -> None:
        """At each block, and again while something differs or is not known."""
        known = self._restored(self._store.cursor(self._network.network))
        if known is not None and known.blocks[-1][0] > tip.height:
            # Blocks came while it was followed, and all of them are read.
            tip = Block(*known.blocks[-1], parent=b"")
        if known is None or known.blocks[-1] != (tip.height, tip.hash):
            said = "its blocks are not read up to the newest"
            reconciler.not_compared(Blind.UNREAD, said, tip)
        elif tip != self._reconciled or reconciler.looks_again:
            await reconciler.check(tip)
            self._reconciled = tip
        await reconciler.measure()

    def _not_compared(
        self,
        why: Blind,
        problem: str,
        block: Block | None = None,
        *,
        number: int = 0,
        said: str = "",
    ) -> None:
        if self._reconciler is not None:
            self._reconciler.not_compared(why, problem, block, number=number, said=said)

    async def _learn_addresses(self) -> None:
        newest = await self._house.newest_index(self._network.network)
        if newest != self._known:
            count = 1 if self._network.needs_memo else newest + 1 + AHEAD
            for one in (self._chain, self._second):
                if one is not None:
                    await asyncio.to_thread(one.know, count)
            self._known, self._calls.places = newest, count

    async def _follow(self) -> bool:
        """Whether there may be more; NodeProblem."""
        number = self._network.network
        kept = self._store.cursor(number)
        cursor = self._restored(kept) or await self._begin()

        is_new = not cursor.blocks

        def advance() -> list[following.Report]:
            terms = self._network.terms
            return list(following.advance(self._chain, cursor, terms, second=self._second))

        try:
            reports = await asyncio.to_thread(advance)
        except following.TooDeep as problem:
            why = str(problem)
            log.error("chain stays", network=number, problem=why)
            self._stopped = why
            await self._stay()
            return False
        if not reports:
            return False
        if not await self._reorganised(reports):
            return False  # the next round is told the same
        await self._report_of(cursor, reports)
        with self._store.together():
            if not is_new:
                self._calls.follows(reports)
            if self._gifts is not None and not is_new:
                self._gifts.follows(reports)
            self._store.keep_cursor(number, following.store(cursor))
        await self._show_refused(cursor)
        return True

    async def _ask_again(self) -> None:
        """Tells again of deposits that the exchange refused for what may pass."""
        cursor = self._restored(self._store.cursor(self._network.network))
        if cursor is None or not self._refusals.waits(cursor):
            return
        states: list[NetworkState] = await self._house.ask(wire.DEPOSITS, ListNetworks())
        known = (one.terms for one in states if one.terms.network == self._network.network)
        again = self._refusals.due(cursor, next(known, None))
        if not again:
            return
        kinds = [(kind_of(one), one) for one in again]
        await self._report_of(cursor, said_again(cursor, again, self._network.terms))
        taken = {kind for kind, one in kinds if not one.refused}
        alike = self._refusals.alike(cursor, taken)
        if alike:
            await self._report_of(cursor, said_again(cursor, alike, self._network.terms))
        self._store.keep_cursor(self._network.network, following.store(cursor))
        await self._show_refused(cursor)

    async def _show_refused(self, cursor: following.Cursor) -> None:
        self._refusals.show(cursor, await self._house.now_ms(self._clock.wall_ms()))

    async def _stay(self) -> None:
        """Where nothing is known of the chain any more, withdrawals of it stop."""
        self._not_compared(Blind.DEEP, self._stopped)
        if not self._is_suspended:
            evidence = {"problem": self._stopped}
            self._is_suspended = await self._suspend(Trigger.DEEP_REORG, evidence)

    async def _reorganised(self, reports: Iterable[following.Report]) -> bool:
        """Whether new blocks may be credited: what was final was not, if it was deep."""
        for one in reports:
            if isinstance(one, following.Left):
                log.warning("blocks left", network=self._network.network, **one._asdict())
                is_deep = one.depth >= self._network.unlock_after
                if is_deep and not await self._suspend(Trigger.DEEP_REORG, one._asdict()):
                    return False
        return True

    async def _suspend(self, trigger: Trigger, evidence: Mapping[str, object]) -> bool:
        place = Scope(Level.CHAIN, self._network.network)
        return await trip(self._house, trigger, place, evidence)

    @staticmethod
    def _restored(kept: bytes | None) -> following.Cursor | None:
        """None for a cursor that was lost, or was written by an older watcher."""
        try:
            return following.restore(kept) if kept else None
        except msgspec.DecodeError:
            return None

    async def _begin(self) -> following.Cursor:
        """A new chain begins at its tip; a lost store where the exchange's deposits are open."""
        states = await self._house.ask(wire.DEPOSITS, ListNetworks())
        tips = [one.tip for one in states if one.terms.network == self._network.network]
        if not tips or tips[0] is None:
            return following.Cursor()
        if self._gifts is not None:
            self._gifts.begins_behind(tips[0].height)
        height = max(tips[0].height - self._network.unlock_after - BEFORE, 0)
        block = await asyncio.to_thread(self._chain.block, height)
        return following.Cursor([(block.height, block.hash)] if block is not None else [])

    async def _report_of(
        self, cursor: following.Cursor, reports: Iterable[following.Report]
    ) -> frozenset[bytes]:
        """The hashes of blocks that the exchange takes no deposit of any more, as too old.

        What it refuses is noted in the cursor.
        """
        payloads = list(self._payloads(reports))
        codes = await self._report(payloads)
        self._refusals.mark(cursor, payloads, codes)
        return frozenset(
            payload.block_hash
            for payload, code in zip(payloads, codes, strict=True)
            if code == Unsound.TOO_OLD and isinstance(payload, wire.Seen)
        )

    async def _report(self, payloads: list[wire.Payload]) -> list[int]:
        """The answers' codes; refusals of deposits are logged as they are noted."""
        codes = await self._house.report(wire.DEPOSITS, *payloads)
        for payload, code in zip(payloads, codes, strict=True):
            if code and not isinstance(payload, wire.Seen | wire.Confirmed):
                kind = type(payload).__name__
                log.error("report refused", kind=kind, code=code, network=self._network.network)
        return codes

    def _transfer(self, one: following.Open) -> bytes:
        deposit = one.deposit
        return transfer(self._salt, self._network.network, deposit.txid, deposit.output)

    def _scaled(self, one: following.Open) -> int:
        return self._network.scales[one.deposit.asset].to_ledger(one.deposit.amount)[0]

    def _payloads(self, reports: Iterable[following.Report]) -> Iterator[wire.Payload]:
        number = self._network.network
        tip: wire.Tip | None = None
        for one in reports:
            if isinstance(one, following.Reached):
                tip = wire.Tip(number, one.block.height, one.block.hash, healthy=True)
                continue
            if isinstance(one, following.Left) or self._is_ours(one.deposit):
                continue
            name = transfer(self._salt, number, one.deposit.txid, one.deposit.output)
            if isinstance(one, following.Seen):
                self._store.name(name, number, one.deposit.txid)
                if one.deposit.written:
                    self._store.keep_memo(name, one.deposit.written)
                yield self._seen(one, name)
            elif isinstance(one, following.Confirmed):
                # The exchange counts confirmations from the newest block that it was told of.
                if tip is not None:
                    yield tip
                    tip = None
                yield wire.Confirmed(number, name, one.confirmations)
            elif isinstance(one, following.Orphaned):
                yield wire.Orphaned(number, name, one.height)
            else:
                yield wire.Replaced(number, name)
        if tip is not None:
            yield tip

    def _is_ours(self, deposit: Deposit) -> bool:
        """What comes to the house's own address is no user's deposit."""
        return deposit.index in self._chain.addresses.own and not self._network.needs_memo

    def _seen(self, one: following.Seen, name: bytes) -> wire.Seen:
        deposit = one.deposit
        amount, dust = self._network.scales[deposit.asset].to_ledger(deposit.amount)
        return wire.Seen(
            self._network.network,
            name,
            deposit.asset,
            deposit.index,
            deposit.memo,
            amount_bytes(amount),
            dust,
            one.block.height,
            one.block.hash,
            self._screens,
        )

    async def _look_apart(self, found: Health) -> None:
        """Nodes that disagree for long are of two chains: which one is right, people say."""
        try:
            evidence = await asyncio.to_thread(self._split.lasting, found)
        except NodeProblem:
            return  # the next look tells
        if evidence is not None:
            await self._suspend(Trigger.NODE_SPLIT, evidence)

    async def _unwell(self, found: Health) -> None:
        self._say(found.state, found.detail)
        await self._doubt(found)

    async def _doubt(self, found: Health) -> None:
        """Has nothing concluded of the network, as its nodes are not believed."""
        why = Blind.BEHIND_SECOND if found.lag < 0 else Blind(found.state)
        said = found.detail if why in (Blind.DOWN, Blind.GARBAGE) else ""
        self._not_compared(
            *(why, found.detail or str(found.state), found.tip),
            number=abs(found.lag) or found.height, said=said,
        )  # fmt: skip
        now_ms = self._clock.monotonic_ns() // NS_PER_MS
        if self._unwell_ms is None:
            self._unwell_ms = now_ms
        # Who answers nothing may answer in a moment; who answers what is not believed has answered.
        if found.tip is not None or now_ms - self._unwell_ms >= SILENT_MS:
            self._is_shown_well = False
            await self._show(healthy=False, newest=found.tip)
            if self._spells is not None and not self._spells.is_open:
                now_ms = await self._house.now_ms(self._clock.wall_ms())
                self._spells.begins(str(found.state), now_ms)

    async def _show(self, *, healthy: bool, newest: Block | None = None) -> None:
        """Has the exchange show how its newest block of the network stands, where that is new."""
        number = self._network.network
        states: list[NetworkState] = await self._house.ask(wire.DEPOSITS, ListNetworks())
        told = next((one.tip for one in states if one.terms.network == number), None)
        if told is None and newest is not None:
            told = wire.Tip(number, newest.height, newest.hash, healthy=not healthy)
        if told is not None and told.healthy != healthy:
            await self._report([msgspec.structs.replace(told, healthy=healthy)])

    def _say(self, state: str, detail: str = "") -> None:
        """Logs what has changed."""
        if state != self._state:
            self._state = state
            network = self._network.network
            log.info("chain", network=network, state=str(state), detail=detail)


async def keep(watchers: Sequence[Watcher], clock: Clock) -> None:
    """Each network's by itself, for ever: a node that answers late holds up no other network.

    Unavailable when the exchange is not there.
    """
    # The loop's own threads are as many as processors ask for; late nodes would have them all.
    threads = ThreadPoolExecutor(THREADS * max(1, len(watchers)), "watcher")
    asyncio.get_running_loop().set_default_executor(threads)

    async def run(one: Watcher) -> None:
        while True:
            await one.round()
            await clock.wait_ms(LOOK_MS)

    async with asyncio.TaskGroup() as group:
        for one in watchers:
            group.create_task(run(one))


async def watch(settings: Settings, clock: Clock) -> int:
    """Watches until SIGTERM; the exit code."""
    served = networks.served(settings.data)
    store = Store(settings.data / STORE)
    door = await SocketDoor.open(settings.data / SOCKET_NAME, WATCHER_GATEWAY, clock)
    house, salt = House(door, partial(uncompared, settings.data)), salt_of(settings.data)
    payer, screens = settings.data / PAYER_STORE, screens_deposits(settings.data)
    watchers = []
    for one in served:
        gifts = Gifts(one, store, house, salt, settings.data)
        reconciler = Reconciler(one, house, payer, clock, gifts)
        spells = UnwellSpells(settings.data, one.network)
        with_all = (one, store, house, salt, reconciler, clock, spells, gifts)
        watchers.append(Watcher(*with_all, screens=screens, data=settings.data))

    async def follow() -> None:
        async with house.listening(), asyncio.TaskGroup() as group:
            group.create_task(keep(watchers, clock))
            group.create_task(Walk(house, wire.DEPOSITS, NextDue, clock).run())

    try:
        await until_terminated(follow())
    finally:
        await door.close()
        store.close()
    return 0


def main() -> int:
    """Run the watcher as a process of its own."""
    settings = Settings.load()
    logs.configure(settings.log)
    after_trading(WORKERS)
    known = (Unavailable, Unknown, BadNetworks, sqlite3.Error, ValueError)
    try:
        return asyncio.run(watch(settings, SystemClock()))
    except* known as problems:
        for problem in leaves(problems):
            log.error("watcher ends", problem=str(problem))
        final = problems.subgroup(BadNetworks)
    return os.EX_DATAERR if final else 1


if __name__ == "__main__":
    sys.exit(main())
