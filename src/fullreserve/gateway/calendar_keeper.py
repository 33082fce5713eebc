"""Keeping the calendar: what is due is said to its fold, and done where the fold cannot do it.

Everything is done before it is noted as done, and may be done twice: after a crash it is due again.
What waits is settled beside the looks: however many wait, no window begins or ends later for that.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from datetime import UTC, datetime

import msgspec
import structlog

from fullreserve.door.protocol import Unavailable
from fullreserve.exchange import chart
from fullreserve.exchange.products.calendar_rules import (
    deposits_stop_until_ms,
    due,
    is_over,
    stage_at,
    withdrawals_end_ms,
    withdrawals_stop_until_ms,
)
from fullreserve.exchange.products.calendar_wire import (
    CALENDAR,
    DAY_MS,
    Clear,
    Deed,
    Delisting,
    Done,
    Due,
    Go,
    ListPlans,
    NetworkWindow,
    Plans,
    Reached,
    Stage,
)
from fullreserve.exchange.products.custody_wire import DEPOSITS, WITHDRAWALS, Hold
from fullreserve.exchange.wire.commands import AccountKey, InstrumentState, amount_int
from fullreserve.exchange.wire.events import InstrumentChanged, OwnerChanged
from fullreserve.exchange.wire.queries import AccountState, GetOwner, ListAccounts, ListInstruments
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask, lines, say
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.refusals import LAST_MS
from fullreserve.gateway.repeated_task import RepeatedTask
from fullreserve.gateway.suspension_desk import settle, settle_all_deposits
from fullreserve.identity.denied import Denied
from fullreserve.identity.desk import Rooms
from fullreserve.identity.outbox import Kind, Message
from fullreserve.identity.store import UnknownUser

LOOK_MS = 1_000
PAGE = 1_000
STEPS_MAX = 1_000

log = structlog.get_logger(__name__)


class CalendarKeeper:
    """`looking` looks every second, `settling` lets what waits follow; `round` is one of each."""

    def __init__(self, context: Context) -> None:
        self._context = context
        passing = (Problem, Denied, Unavailable)
        self.looking = RepeatedTask(self.look, self._rest, passing)
        self.settling = RepeatedTask(self.settle, self._rest, passing)
        # What is noted once all that waits has followed, in order.
        self._after: list[Reached | Done] = []

    async def _rest(self, problem: Exception | None) -> None:
        if problem is not None:
            log.warning("the calendar waits", why=str(problem))
        await self._context.clock.wait_ms(LOOK_MS)

    async def round(self) -> None:
        """A look, and what waits follows."""
        await self.look()
        await self.settle()

    async def look(self) -> None:
        """Does what is due; what is refused stays due, and holds up nothing else.

        Unavailable leaves all that is not done yet due.
        """
        context = self._context
        plans: Plans = await ask(context, CALENDAR, ListPlans())
        now = context.clock.exchange_ms()
        await self._tried("windows", self._instruments(plans, now))
        for network in dict.fromkeys(one.terms.network for one in plans.networks):
            windows = [one for one in plans.networks if one.terms.network == network]
            await self._tried(f"network {network}", self._network(network, windows, now))
        for one in plans.delistings:
            if not is_over(one):
                await self._tried(f"delisting {one.number}", self._delist(one, now))

    async def settle(self) -> None:
        """Lets what waits follow what was stopped and let go on, and notes that as done.

        There may be many who wait; what came meanwhile is left to the next. Unavailable leaves all
        of it due.
        """
        words = tuple(self._after)
        if not words:
            return
        await settle_all_deposits(self._context)
        await settle(self._context)
        for word in words:
            await say(self._context, CALENDAR, word)
            self._after.remove(word)

    async def _tried(self, plan: str, work: Awaitable[None]) -> None:
        try:
            await work
        except (Problem, Denied) as problem:
            log.warning("a plan of the calendar waits", plan=plan, why=str(problem))

    async def _instruments(self, plans: Plans, now: int) -> None:
        """Brings instruments to where the fold can bring them itself."""
        context = self._context
        going = [one for one in plans.delistings if not is_over(one)]
        instruments: list[InstrumentChanged] = []
        if going:
            instruments = await context.door.query(ListInstruments())
        if any(stage_at(one, now) != one.stage for one in plans.windows) or any(
            _ends_trading(one, now, instruments) for one in going
        ):
            await self._go_on()
            plans = await ask(context, CALENDAR, ListPlans())
        context.closed = {
            instrument: window.terms.preopen_ms
            for window in plans.windows
            if window.stage == Stage.CLOSED
            for instrument in window.before
        }

    async def _go_on(self) -> None:
        for _ in range(STEPS_MAX):
            reply = await say(self._context, CALENDAR, Go())
            if reply.code:
                return

    async def _network(self, network: int, windows: list[NetworkWindow], now: int) -> None:
        """Stops what all windows of a network together stop now, and lets the rest go on."""
        words = [
            word
            for one in windows
            if (stage := stage_at(one, now)) != one.stage
            and (word := Reached(one.number, stage)) not in self._after
        ]
        if not words:
            return
        going = [one for one in windows if not is_over(one)]
        for fold, until_ms in (
            (DEPOSITS, deposits_stop_until_ms(going, now)),
            (WITHDRAWALS, withdrawals_stop_until_ms(going, now)),
        ):
            await self._said(fold, Hold(network, 0, until_ms > 0, until_ms=until_ms))
        self._after += words

    async def _said(self, fold: int, word: msgspec.Struct) -> None:
        reply = await say(self._context, fold, word)
        if reply.code:
            raise Problem(reply.code)

    async def _delist(self, one: Delisting, now: int) -> None:
        instruments = await self._context.door.query(ListInstruments())
        for each in due(one, now, instruments):
            await self._do(one, each, instruments)

    async def _do(self, one: Delisting, each: Due, instruments: list[InstrumentChanged]) -> None:
        done = Done(each.plan, each.deed, each.days)
        if done in self._after:
            return
        if each.deed == Deed.CLEAR:
            spec = next(spec for spec in instruments if spec.instrument == each.instrument)
            owners = [state.owner async for state in self._setting_aside(spec)]
            clear = Clear(each.plan, each.instrument, tuple(dict.fromkeys(owners)))
            reply = await say(self._context, CALENDAR, clear)
            if reply.code:
                log.warning("a delisted instrument waits", number=each.instrument, code=reply.code)
            return
        if each.deed == Deed.STOP_DEPOSITS:
            await self._hold(DEPOSITS, each.asset)
        elif each.deed == Deed.STOP_WITHDRAWALS:
            await self._hold(WITHDRAWALS, each.asset)
            self._after.append(done)
            return
        else:
            await self._notify(one)
        await say(self._context, CALENDAR, done)

    async def _hold(self, fold: int, asset: int) -> None:
        for line in await lines(self._context):
            if line.asset.id == asset:
                network = line.network.network
                stop = Hold(network, asset, stopped=True, refuses=fold == WITHDRAWALS)
                await self._said(fold, stop)

    async def _setting_aside(self, spec: InstrumentChanged) -> AsyncIterator[AccountState]:
        """Accounts that orders of an instrument may have set something aside on."""
        for asset in (spec.base, spec.quote):
            async for state in self._accounts(asset):
                if amount_int(state.hold):
                    yield state

    async def _accounts(self, asset: int) -> AsyncIterator[AccountState]:
        """All accounts of users in an asset."""
        after = AccountKey(0, 0, 0)
        while True:
            query = ListAccounts(asset, after, PAGE)
            page: list[AccountState] = await self._context.door.query(query)
            for state in page:
                if state.asset != asset:
                    return
                if state.owner >= chart.FIRST_USER:
                    yield state
            if len(page) < PAGE:
                return
            after = AccountKey(page[-1].owner, page[-1].kind, page[-1].instance)

    async def _notify(self, one: Delisting) -> None:
        """Writes to everybody who has something of an asset that goes."""
        context, terms = self._context, one.terms
        owners = {
            state.owner: None
            async for state in self._accounts(terms.asset)
            if amount_int(state.balance) > 0
        }
        masters: dict[int, None] = {}
        for owner in owners:
            known: OwnerChanged | None = await context.door.query(GetOwner(owner))
            masters[owner if known is None else known.master] = None
        # The last notice comes now or later, and withdrawals go on for a day behind it.
        soonest_ms = max(terms.withdrawals_ms, context.clock.exchange_ms() + DAY_MS)
        end_ms = withdrawals_end_ms(one) or soonest_ms
        end = datetime.fromtimestamp(min(end_ms, LAST_MS) // 1000, UTC)
        values = {
            "ccy": context.catalog.assets[terms.asset].symbol,
            "end": f"{end:%Y-%m-%d %H:%M} UTC",
        }
        await context.desk.act(_write, context.desk.rooms, list(masters), values)


def _ends_trading(one: Delisting, now_ms: int, instruments: list[InstrumentChanged]) -> bool:
    """Whether the fold has to be told that an instrument takes no orders from now on."""
    states = {each.instrument: each.state for each in instruments}
    return any(
        each.deed == Deed.CLEAR and states[each.instrument] != InstrumentState.CANCEL_ONLY
        for each in due(one, now_ms, instruments)
    )


def _write(rooms: Rooms, uids: list[int], values: dict[str, str]) -> None:
    with rooms.store.change():
        for uid in uids:
            try:
                email = rooms.vault.personal(uid).email
            except UnknownUser:
                continue  # closed since
            if email:
                rooms.outbox.put(uid, Message(Kind.DELISTING, email, values))
