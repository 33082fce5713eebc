"""Pays withdrawals and sweeps deposits: a process of its own beside the exchange.

`python -m fullreserve.custody.paying`. It keeps its plans in `custody-payer.sqlite`, holds no key,
and asks the signers for each signature. Killed at any moment it goes on with what it had kept.

Beside that it walks all that waits, slowly and for ever: what a change of suspensions concerns is
moved by whoever makes the change; what he left behind, or what nobody said, as that an owner is no
longer frozen, is found here.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import structlog

from fullreserve import logs
from fullreserve.after_trading import WORKERS, after_trading
from fullreserve.clock import Clock, SystemClock
from fullreserve.config import Settings
from fullreserve.custody import networks, shown_keys
from fullreserve.custody.addresses import Table
from fullreserve.custody.bech32 import BadAddress
from fullreserve.custody.chains.adapter import Chain
from fullreserve.custody.chains.free_nonces import Nodes
from fullreserve.custody.chains.health import health
from fullreserve.custody.chains.rpc import NodeProblem
from fullreserve.custody.destinations import Destinations
from fullreserve.custody.halted_tokens import HaltedTokens
from fullreserve.custody.held_moves import HeldMoves
from fullreserve.custody.hot_sweeps import HotSweeps
from fullreserve.custody.house import PAYER_GATEWAY, House, Unknown
from fullreserve.custody.house_places import HousePlaces
from fullreserve.custody.keys.no_dumps import forbid_dumps
from fullreserve.custody.networks import BadNetworks, Network
from fullreserve.custody.payer import Payer
from fullreserve.custody.payer_desk import Terms
from fullreserve.custody.quorum import Quorum
from fullreserve.custody.recalling import SignersRecall
from fullreserve.custody.reconciling import PAYER_STORE
from fullreserve.custody.restore_mark import uncompared
from fullreserve.custody.restored import NotYet, SinceBackup
from fullreserve.custody.store import Store
from fullreserve.custody.sweeping import Sweeping
from fullreserve.custody.transfers import salt_of
from fullreserve.custody.tripping import trip
from fullreserve.custody.unbinding import Witnesses
from fullreserve.custody.unpaid import UnpaidNetwork
from fullreserve.custody.unsigned import UnsignedPayments
from fullreserve.custody.walking import Walk
from fullreserve.custody.warm_place import warm_place
from fullreserve.door.protocol import Unavailable
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.custody_ledger import TIERS
from fullreserve.exchange.products.suspension_wire import Level, Scope, Trigger
from fullreserve.exchange.products.tier_moves_wire import TIER_MOVES, ListMarks, Marks
from fullreserve.exchange.products.withdrawal_state import (
    Binding,
    Demand,
    GetDemand,
    GetWithdrawal,
    ListBehind,
    ListBindings,
    ListOpen,
    ListParts,
    ListPay,
    ListShort,
    NextDue,
    Parts,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.faults import leaves
from fullreserve.identity.keyring import KeyringError
from fullreserve.identity.vault import Vault
from fullreserve.until_terminated import until_terminated

STORE = PAYER_STORE
LOOK_MS = 500
FRESH_MAX = 1_000  # withdrawals that are taken on in a round
PAGE = 250  # withdrawals that a question asks for: orders go in between
# Words in one submission: orders go in between, so that none waits for a queue of withdrawals.
SAID_AT_ONCE = 16

# What ends the process, so that it is begun again: exchange, vault or store are not there.
ENDS = (Unavailable, Unknown, KeyringError, sqlite3.Error)

log = structlog.get_logger(__name__)


class PayersExchange:
    """The payer's side of the door, and of the vault."""

    def __init__(
        self, house: House, destinations: Destinations, network: Network, ours: HousePlaces
    ) -> None:
        self._house = house
        self._destinations = destinations
        self._network = network
        self._ours = ours
        self._addresses = network.addresses()
        self._own = Table(self._addresses)
        self._seen_bound = 0  # up to which number those that are bound were looked at

    async def report(self, *payloads: wire.Payload) -> Sequence[int]:
        codes: list[int] = []
        for start in range(0, len(payloads), SAID_AT_ONCE):
            part = payloads[start : start + SAID_AT_ONCE]
            codes += await self._house.report(wire.WITHDRAWALS, *part)
        return codes

    async def moved(self, *payloads: wire.Moved) -> Sequence[int]:
        return await self._house.report(wire.DEPOSITS, *payloads)

    async def pending(self, network: int) -> Sequence[wire.Pay]:
        found = [*await self._waiting(network), *await self._bound(network)]
        if found:
            await self._know_own(network)
        return found

    async def unpaid(self, network: int) -> Sequence[wire.Pay]:
        found = [one for one in await self._open(network) if not one.binding]
        found.sort(key=lambda one: one.state != WithdrawalState.WAITING)
        return [_pay(one) for one in found]

    async def under_way(self, network: int) -> Sequence[wire.Pay]:
        return [_pay(one) for one in await self._open(network) if one.binding]

    async def tranche(self, request: int, amount: bytes, binding: bytes) -> int:
        (code,) = await self.report(wire.FoundPaid(request, binding, amount))
        if code:
            return 0
        parts: list[Parts] = await self._house.ask(wire.WITHDRAWALS, ListParts((request,)))
        for number in parts[0].parts:
            one: Withdrawal | None = await self._house.ask(wire.WITHDRAWALS, GetWithdrawal(number))
            if one is not None and (one.amount, one.binding) == (amount, binding):
                return number
        return 0

    async def _open(self, network: int) -> list[Withdrawal]:
        """All that is not over, in the order of their numbers."""
        found: list[Withdrawal] = []
        after, page = 0, list[Withdrawal]()
        while not after or len(page) == PAGE:
            page = await self._house.ask(wire.WITHDRAWALS, ListOpen(after, PAGE))
            found += [one for one in page if one.network == network]
            after = page[-1].number if page else 1
        await self._know_own(network)
        return found

    async def _know_own(self, network: int) -> None:
        """Before any destination is compared with the addresses that were given out."""
        newest = await self._house.newest_index(network)
        count = 1 if self._network.needs_memo else newest + 1
        await asyncio.to_thread(self._own.extend, count)

    async def _waiting(self, network: int) -> list[wire.Pay]:
        """Those that are to be paid, however many are on their way."""
        found: list[wire.Pay] = []
        while len(found) < FRESH_MAX:
            after = found[-1].withdrawal if found else 0
            page = await self._page(ListPay(network, after, PAGE, bound=False))
            found += page
            if len(page) < PAGE:
                break
        return found

    async def _bound(self, network: int) -> list[wire.Pay]:
        """The next of those that are on their way, in turn: the store knows them, or should."""
        page = await self._page(ListPay(network, self._seen_bound, PAGE, bound=True))
        self._seen_bound = page[-1].withdrawal if len(page) == PAGE else 0
        return page

    async def _page(self, asked: ListPay) -> list[wire.Pay]:
        found: list[wire.Pay] = await self._house.ask(wire.WITHDRAWALS, asked)
        return found

    async def bindings(self, withdrawals: Sequence[int]) -> Sequence[Binding]:
        found: list[Binding] = []
        for start in range(0, len(withdrawals), PAGE):
            asked = ListBindings(tuple(withdrawals[start : start + PAGE]))
            found += await self._house.ask(wire.WITHDRAWALS, asked)
        return found

    async def starved(self, network: int) -> Sequence[wire.Pay]:
        found: list[wire.Pay] = await self._house.ask(wire.WITHDRAWALS, ListShort(network))
        return found

    async def behind(self, network: int, asset: int, after: int, limit: int) -> Sequence[wire.Pay]:
        question = ListBehind(network, asset, after, limit)
        found: list[wire.Pay] = await self._house.ask(wire.WITHDRAWALS, question)
        return found

    async def free(self, network: int, asset: int) -> int:
        demand: Demand = await self._house.ask(wire.WITHDRAWALS, GetDemand(network, asset))
        hot = sum(
            -amount_int(one.balance)
            for one in await self._house.ledger()
            if (one.kind, one.instance, one.asset) == (TIERS[wire.Tier.HOT], network, asset)
        )
        return hot - amount_int(demand.bound) - amount_int(demand.waiting)

    async def marks(self, network: int, asset: int) -> Marks | None:
        found: list[Marks] = await self._house.ask(TIER_MOVES, ListMarks())
        return next((one for one in found if (one.network, one.asset) == (network, asset)), None)

    async def stop(self, evidence: Mapping[str, object]) -> bool:
        place = Scope(Level.CHAIN, self._network.network)
        return await trip(self._house, Trigger.UNKNOWN_SPEND, place, evidence)

    async def destination(self, pay: wire.Pay) -> tuple[str, str]:
        text, memo = self._destinations.of(pay.owner, pay.network, pay.destination)
        is_own = self._own.index(self._addresses.read(text)) is not None
        if is_own or self._ours.is_ours(pay.network, text):
            # It would come back as somebody's deposit, be taken for gas, or be nobody's.
            raise BadAddress("it is an address of the exchange itself")
        return text, memo


def _pay(one: Withdrawal) -> wire.Pay:
    what = (one.number, one.network, one.asset, one.amount, one.destination)
    return wire.Pay(*what, one.binding, one.transfer, one.owner)


class Paying:
    """One network's payer, and what it needs to know of its chain before each round."""

    def __init__(
        self,
        network: Network,
        store: Store,
        house: House,
        destinations: Destinations,
        data: Path,
        clock: Clock,
    ) -> None:
        chains = network.chains()
        self._data, self._network = data, network
        self._store = store
        self._chain: Chain = chains[0]
        self._second = chains[1] if len(chains) > 1 else None
        held = HeldMoves(data, "sweep", network.network)
        self._hot = HotSweeps(
            network, house, clock, self._room, partial(warm_place, data, network), held
        )
        self._payer = Payer(
            self._chain,
            store,
            PayersExchange(house, destinations, network, HousePlaces(data, (network,))),
            Quorum(data, network, self._chain.previous).sign,
            Terms(network.scales, network.coin, network.unlock_after),
            salt_of(data),
            self._second,
            self._hot,
            clock,
            Witnesses(SignersRecall(data, network, self._chain), Nodes(chains)),
        )
        self._sweeping = Sweeping(network, self._chain, store, house)
        self._since_backup = SinceBackup(
            data, self._chain, store, house, self._payer, self._sweeping.follow
        )
        self._state = ""
        self._unpaid = UnpaidNetwork(data, network.network, clock)
        self._unsigned = UnsignedPayments(data, network.network, clock)
        self._halted = HaltedTokens(data, self._chain, clock)

    async def run(self, clock: Clock) -> None:
        """Rounds for ever; Unavailable when the exchange is not there."""
        asking = asyncio.create_task(shown_keys.watch(self._data, self._network, clock))
        try:
            while True:
                await self.round()
                await clock.wait_ms(LOOK_MS)
        finally:
            asking.cancel()

    async def round(self) -> None:
        """Brings everything a step further, unless the chain cannot be believed.

        A fault of ours or of its file stops this network alone; raises what ENDS the process.
        """
        try:
            is_done = await self._round()
        except ENDS:
            raise
        except Exception as problem:  # noqa: BLE001 - all other networks are paid
            self._unpaid.fails(problem)
        else:
            if is_done:
                self._unpaid.goes()

    async def _round(self) -> bool:
        """Whether its node let it come to its end."""
        found = await asyncio.to_thread(health, self._chain, self._second)
        if not found.is_ok:
            self._say(f"{found.state}: {found.detail}")
            return False
        await self._halted.look()
        try:
            await self._since_backup.look()
            indexes = await self._sweeping.due()
            if indexes or self._network.left:
                await self._payer.sweep(indexes, await self._sweeping.worth())
            if self._sweeping.looks_again:
                await self._payer.consolidate()
            await self._payer.sweep_hot(await self._hot.due())
            await self._payer.round()
            self._unsigned.tell(self._payer.unsigned())
            self._sweeping.again(self._payer.moved)
            self._payer.moved.clear()
        except (NodeProblem, NotYet) as problem:
            self._say(str(problem))
            if isinstance(problem, NotYet):
                self._unpaid.waits(str(problem))
            return False
        self._say("ok")
        return True

    async def _room(self, asset: int) -> int | None:
        bound = [kept.plan for kept in self._store.open_plans(self._network.network)]
        return await asyncio.to_thread(self._chain.room, asset, bound)

    def _say(self, state: str) -> None:
        if state != self._state:
            self._state = state
            log.info("paying", network=self._network.network, state=state)


async def pay(settings: Settings, clock: Clock) -> int:
    """Pays until SIGTERM; the exit code."""
    data = settings.data
    served = networks.served(data)
    store, vault = Store(data / STORE), Vault(data, clock.wall_ms)
    door = await SocketDoor.open(data / SOCKET_NAME, PAYER_GATEWAY, clock)
    house, destinations = House(door, partial(uncompared, data)), Destinations(vault)
    workers = [Paying(one, store, house, destinations, data, clock) for one in served]

    async def work() -> None:
        async with house.listening(), asyncio.TaskGroup() as group:
            for worker in workers:
                group.create_task(worker.run(clock))
            group.create_task(Walk(house, wire.WITHDRAWALS, NextDue, clock).run())

    try:
        await until_terminated(work())
    finally:
        await door.close()
        store.close()
        vault.close()
    return 0


def main() -> int:
    """Run the payer as a process of its own."""
    settings = Settings.load()
    logs.configure(settings.log)
    after_trading(WORKERS)
    forbid_dumps()
    known = (*ENDS, BadNetworks)
    try:
        return asyncio.run(pay(settings, SystemClock()))
    except* known as problems:
        for problem in leaves(problems):
            log.error("payer ends", problem=str(problem))
        final = problems.subgroup(BadNetworks)
    return os.EX_DATAERR if final else 1


if __name__ == "__main__":
    sys.exit(main())
