"""One running exchange: its rooms, started in order, stopped in the other."""

from __future__ import annotations

import asyncio
import gc
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import msgspec
import structlog

from fullreserve.app import custody, first_policy, quorums, risk_table
from fullreserve.app.descriptors import connections_max
from fullreserve.app.log_desk import ProcessDesk
from fullreserve.app.opening import OpeningHistory
from fullreserve.app.ports import Ports, named
from fullreserve.app.rest_server import RestServer
from fullreserve.app.supervision import Child, Program, environment_of, output_of
from fullreserve.app.tls import ServerTls
from fullreserve.clock import MS_PER_S, Clock
from fullreserve.config import Settings
from fullreserve.door.local import LocalDoor
from fullreserve.door.protocol import Refused, Result, Unavailable
from fullreserve.door.socket_server import SOCKET_NAME, SocketServer
from fullreserve.exchange import chart, genesis
from fullreserve.exchange.catalog import Catalog
from fullreserve.exchange.wire.commands import RULES_KNOWN, ActivateRules, AnyCommand, encode
from fullreserve.exchange.wire.events import KindDefined
from fullreserve.exchange.wire.queries import GetStatus, ListKinds, Status
from fullreserve.gateway import announced, certificates, held_moves, reconciled, unpaid
from fullreserve.gateway.calendar_keeper import CalendarKeeper
from fullreserve.gateway.context import Context, SocketPlace
from fullreserve.gateway.debt_notices import NewDebts
from fullreserve.gateway.held_notices import HeldWithdrawals
from fullreserve.gateway.notices import Notices
from fullreserve.gateway.rest.address import Proxies
from fullreserve.gateway.rest.app import build
from fullreserve.gateway.rest.trade import rating
from fullreserve.gateway.rest.x.operator import carrying
from fullreserve.gateway.ws import server as ws_server
from fullreserve.identity import posted
from fullreserve.identity.courier import Channel, Console, Courier
from fullreserve.identity.denied import Denied
from fullreserve.identity.desk import Desk
from fullreserve.identity.enrolment import NotEnrolled, deciding, enrol_missing
from fullreserve.identity.roles import Roles
from fullreserve.identity.rules import HOUR_MS, Rules
from fullreserve.identity.store import require
from fullreserve.identity.vault import Vault
from fullreserve.journal import old_rows
from fullreserve.journal.errors import JournalError, Shortened
from fullreserve.journal.replay import Recovered, recover
from fullreserve.journal.sequencer import Limits, Sequencer
from fullreserve.journal.snapshots import FOLDER_NAME as SNAPSHOTS
from fullreserve.journal.snapshots import snapshots
from fullreserve.journal.sqlite import FOLDER_NAME as JOURNAL
from fullreserve.journal.sqlite import SqliteJournal
from fullreserve.marketdata.feed import Feed
from fullreserve.records.reached import PROJECTION, reached

# The ids of the gateways that come with the exchange; others connect with ids of their own.
MAIN_GATEWAY = 1
FOLLOWER = "fullreserve.records.follower"
STATEMENTS = "fullreserve.reserves.worker"

# How long a stop waits for the records to have everything; they can catch up later.
RECORDS_WAIT_S = 10.0
PRUNE_EVERY_MS = 60_000
KEY_USES_EVERY_MS = 60_000
CHECK_AFTER_MS = 500  # the start itself comes first
REQUIRE_LOOK_MS = 1_000  # how often it is looked whether intake is open
NOTICE_MS = 200  # for the notice to leave before the connections close

log = structlog.get_logger(__name__)


class BadGenesis(JournalError):
    """The commands that a log begins with do not hold together."""


class Extension(Protocol):
    """What a command adds to the exchange, as the demo market does."""

    # Whether the log's old rows are given up behind snapshots. A real exchange archives them.
    prunes: bool = False
    # What carries messages to people where the settings name no channel.
    channel: Channel | None = None
    # Whether money is play money, so that accounts may be topped up from the treasury.
    is_demo: bool = False

    def genesis(self) -> list[AnyCommand]:
        """What an empty log begins with."""

    def prepare(self, settings: Settings, clock: Clock) -> None:
        """Called before anything is started."""

    async def open(self, running: Running) -> None:
        """Called when the door is open, before clients can come."""

    def children(self) -> Sequence[str | Program]:
        """What runs as processes of their own once clients can come."""

    async def settle(self, running: Running) -> None:
        """Called when everything is up; the ready line waits for its return."""

    def announce(self, running: Running) -> None:
        """Called just before the ready line."""


class Plain(Extension):
    """The exchange and nothing else."""

    def genesis(self) -> list[AnyCommand]:
        return genesis.spot()

    def prepare(self, settings: Settings, clock: Clock) -> None:
        """Nothing to prepare."""

    async def open(self, running: Running) -> None:
        """Nothing to open."""

    def children(self) -> Sequence[str | Program]:
        return ()

    async def settle(self, running: Running) -> None:
        """Nothing to wait for."""

    def announce(self, running: Running) -> None:
        """Nothing to say."""


class Running:
    """A started exchange; use `start`, then `close`."""

    def __init__(
        self, settings: Settings, clock: Clock, journal: SqliteJournal, recovered: Recovered
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.children: list[Child] = []
        self.http = settings.http
        self.ws = settings.ws
        self.tls: ServerTls | None = None
        self.door: LocalDoor
        self.vault: Vault
        self.desk: Desk
        self.sequencer = Sequencer(
            journal,
            recovered.replica.machine,
            clock,
            limits=Limits(settings.journal.pending_max, settings.journal.forward_jump_max_ms),
            view=lambda durable: (
                recover(journal, settings.data / SNAPSHOTS, durable=durable).replica.machine
            ),
            halted=recovered.halted,
            early=not settings.journal.durability,
        )
        # Done with what went wrong when the records could not be opened.
        self.failed: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        self.planned_stop: asyncio.Task[None]  # done when an operator wanted it to end
        self._history = OpeningHistory(settings)
        self._records: asyncio.Task[None] | None = None
        self._follower: Child | None = None
        self._journal = journal
        self._replayed_from = recovered.snapshot
        self._custody = custody.Custody()
        self._socket: SocketServer | None = None
        self._rest: RestServer | None = None
        self._ws: ws_server.Server | None = None
        self._stop = AsyncExitStack()

    async def start(self, extension: Extension, ports: Ports) -> None:
        """Starts every room; on an error what was started is closed again."""
        try:
            await self._start(extension, ports)
        except BaseException:
            await self.close()
            raise

    async def _start(self, extension: Extension, ports: Ports) -> None:
        settings, stop = self.settings, self._stop
        is_new = not self._journal.head.sequence
        if not is_new:
            require(settings.data)
        # Before the log begins: a log without a store has lost it.
        self.vault = Vault(
            settings.data, self.clock.wall_ms, _rules(settings, is_demo=extension.is_demo)
        )
        stop.callback(self.vault.close)
        if is_new:
            await self._begin_log(extension.genesis())
        else:
            await self._complete_chart()
        await self._activate_rules()
        await self._define_quorums()
        if self._replayed_from and old_rows.found_before(settings.data / JOURNAL):
            await self._check_old_rows()
        self.door = await LocalDoor.open(self.sequencer, MAIN_GATEWAY)
        socket = self._socket = await SocketServer.start(
            self.sequencer, settings.data / SOCKET_NAME, reserved=(MAIN_GATEWAY,)
        )
        stop.push_async_callback(socket.close)
        stop.callback(self._history.close)
        if settings.records:
            # A database that somebody named wrongly stops the start.
            await asyncio.to_thread(self._history.open)
        await extension.open(self)
        await custody.begin(settings.data, self.door)
        signers = settings.custody.signers
        self._custody = await asyncio.to_thread(custody.served, settings.data, signers)
        may_pay = await self._require_policy()
        self._say_of_risk_file()
        await self._enrol_operators()
        # From here on intake waits for the records, whether or not their process comes up.
        if settings.records:
            self._bound_by_records()
        else:
            self.sequencer.register(PROJECTION, *reached(settings.data))
        self._at_close(self._drain, self._close_records)
        feed = Feed(self.door, Catalog(), self.clock, self._history.wait)
        await feed.start()
        stop.push_async_callback(feed.close)
        await self._start_gateways(feed, ports, is_demo=extension.is_demo)
        self._start_identity(extension.channel)
        self._records = asyncio.get_running_loop().create_task(self._open_records())
        statements = (STATEMENTS,) if settings.reserves.statements else ()
        for program in (*extension.children(), *self._custody.programs, *statements):
            child = await self._start_child(program)
            stop.push_async_callback(child.stop)
        if may_pay:
            await self._start_payers()
        else:
            paying = asyncio.get_running_loop().create_task(self._pay_once_required())
            stop.callback(paying.cancel)
        if extension.prunes:
            pruning = asyncio.get_running_loop().create_task(self._prune_regularly())
            stop.callback(pruning.cancel)
        if self._replayed_from:
            checking = asyncio.get_running_loop().create_task(self._check_old_rows_later())
            stop.callback(checking.cancel)

    async def _check_old_rows_later(self) -> None:
        await self.clock.wait_ms(CHECK_AFTER_MS)
        await self._check_old_rows()

    async def _enrol_operators(self) -> None:
        """Those who got a role while no exchange ran, or just before one crashed."""
        try:
            enrolled = await enrol_missing(self.door, deciding(Roles(self.vault)))
        except (NotEnrolled, Unavailable) as problem:
            log.warning("operators not enrolled; it is tried at the next start", why=str(problem))
        else:
            if enrolled:
                log.info("enrolled operators for approvals", uids=enrolled)

    async def _check_old_rows(self) -> None:
        """The rows behind the snapshot that the start began with; nobody else reads them."""
        folder = str(self.settings.data / JOURNAL)
        said = await output_of(old_rows.MODULE, folder, str(self._replayed_from))
        if said:
            damage = msgspec.json.decode(said, type=old_rows.Damage)
            self.sequencer.halt(damage.sequence, damage.reason)

    def _start_identity(self, channel: Channel | None) -> None:
        """What the identity room does by itself."""
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(self._keep_identity())]
        messages = self.settings.identity.messages
        if messages == "console":
            channel = channel or Console()
        elif messages != "wait":
            channel = posted.Posted(messages, posted.secret_of(self.settings.data))
        if channel is not None:
            tasks.append(loop.create_task(Courier(self.desk, channel, self.clock).run()))
        for task in tasks:
            self._stop.callback(task.cancel)

    async def _keep_identity(self) -> None:
        """When keys and sessions were last used is for their owners; a crash loses a minute."""
        while True:
            await self.clock.wait_ms(KEY_USES_EVERY_MS)
            rooms = self.desk.rooms
            try:
                await self.desk.act(rooms.vault.store_uses, self.vault.take_uses())
                await self.desk.act(rooms.sweep)
            except Denied as problem:
                log.warning("last use of keys not stored", problem=str(problem))

    async def _prune_regularly(self) -> None:
        while True:
            await self.clock.wait_ms(PRUNE_EVERY_MS)
            try:
                await asyncio.to_thread(self.prune)
            except Exception:  # the disk may be full for a while, which is when pruning counts
                log.exception("the log cannot be pruned; it is tried again")

    def prune(self) -> tuple[int, int] | None:
        """Gives up the log behind the oldest snapshot that no projection is behind any more.

        The journal says what went. Returns its first and last sequence, None for nothing.
        """
        reached = self.sequencer.status().projections.values()
        held = snapshots(self.settings.data / SNAPSHOTS)
        if not reached or not held:
            return None
        return self._journal.prune(min(*reached, held[-1][0]))

    def _at_close(self, *steps: Callable[[], Awaitable[None]]) -> None:
        """Steps of the close, in this order, between those pushed before and after."""
        for step in reversed(steps):
            self._stop.push_async_callback(step)

    async def _define_quorums(self) -> None:
        """Tells the log of the quorums of the configuration that it does not have so."""
        if not self.settings.quorums or self.sequencer.status().state != "running":
            return
        wanted = quorums.load(Path(self.settings.quorums))
        lacking = quorums.definitions(wanted, self.sequencer.machine.folds)
        if lacking:
            await self._begin_log(lacking)

    async def _require_policy(self) -> bool:
        """From the first start with chains on, what leaves is asked of the policy.

        Without chains suspensions alone learn their newest rules. False while the log lacks any of
        it and intake is closed: then nobody may pay.
        """
        folds = self.sequencer.machine.folds
        lacking = first_policy.of_suspensions(folds)
        if self._custody.payers:
            lacking = first_policy.commands(folds, self._custody.risk)
        if not lacking:
            return True
        if self.sequencer.status().state != "running":
            return False
        await self._begin_log(lacking)
        return True

    def _say_of_risk_file(self) -> None:
        """That an edited file changes nothing: several operators change the log's table."""
        file, held = self._custody.risk, first_policy.table_of(self.sequencer.machine.folds)
        if file is None or held is None:
            return
        differs = risk_table.differences(file, held)
        if differs:
            log.warning(
                f"{risk_table.FILE} differs from the table of risks in the log, which holds: "
                "operators propose another one in the console (Policy), or the file is deleted",
                differs=differs,
            )

    async def _pay_once_required(self) -> None:
        """Starts who pays when intake is open and the log says that the policy is asked."""
        log.warning("intake is closed: nobody is paid, and the log keeps its rules, until it opens")
        is_required = False
        while not is_required:
            await self.clock.wait_ms(REQUIRE_LOOK_MS)
            try:
                is_required = await self._require_policy()
            except BadGenesis as problem:
                log.warning("the policy cannot be required; it is tried again", why=str(problem))
        await self._start_payers()

    async def _start_payers(self) -> None:
        if self._custody.payers and quorums.lacks_hot(self.sequencer.machine.folds):
            log.warning(
                "no quorum of hot holders is defined: withdrawals that are stopped could not be "
                "reopened; name them in the file of `quorums`"
            )
        for said in quorums.hanging(self.sequencer.machine.folds) if self._custody.payers else ():
            log.warning("it hangs on each of them", quorum=said)
        if self._custody.payers:
            for said in quorums.unmeasured(self.settings.data, self.sequencer.machine.folds):
                log.warning(
                    "nobody measures whether they can sign: no quorum has these holders and this "
                    "threshold; name it in the file of `quorums`",
                    wallet=said,
                )
        children = [await self._start_child(program) for program in self._custody.payers]
        for child in children:
            self._stop.push_async_callback(child.stop)
        if self._socket is not None:
            self._socket.payers = lambda: [child.pid for child in children]

    async def _complete_chart(self) -> None:
        """Kinds of accounts that came after the log began; nothing where intake is stopped."""
        known: list[KindDefined] = self.sequencer.machine.query(ListKinds())
        lacking = chart.missing(one.kind for one in known)
        if lacking and self.sequencer.status().state == "running":
            await self._begin_log(lacking)

    async def _activate_rules(self) -> None:
        """A log that began with older rules goes on with those that this program knows."""
        status: Status = self.sequencer.machine.query(GetStatus())
        if status.rules < RULES_KNOWN and self.sequencer.status().state == "running":
            await self._begin_log([ActivateRules(0, 0, RULES_KNOWN)])

    async def _begin_log(self, commands: list[AnyCommand]) -> None:
        """The log's first rows; the start fails when one of them is refused."""
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self.sequencer.submit([encode(command) for command in commands], done.set_result)
        result = await done
        if isinstance(result, Refused):
            raise BadGenesis(result.message)
        for command, reply in zip(commands, result, strict=True):
            if reply.code:
                raise BadGenesis(f"{command} is refused with code {reply.code}")

    async def _open_records(self) -> None:
        """Opens the history, then starts who writes it; clients are served meanwhile."""
        try:
            if not self.settings.records:
                await asyncio.to_thread(self._history.open)
                self._bound_by_records()
            # What came with the database lives as long as the process does.
            gc.freeze()
            self._follower = await self._start_child(FOLLOWER)
        except Exception as problem:
            log.exception("the records cannot be opened")
            self.failed.set_result(problem)

    def _bound_by_records(self) -> None:
        progress = self._history.wait().progress()
        last = self._journal.head.sequence
        if progress.sequence > last and self.settings.journal.durability:
            raise Shortened(last, progress.sequence, "the records")
        self.sequencer.register(PROJECTION, progress.sequence, progress.finished_total)

    async def _close_records(self) -> None:
        if self._records is not None:
            await self._records
        if self._follower is not None:
            await self._follower.stop()

    async def _start_gateways(self, feed: Feed, ports: Ports, *, is_demo: bool) -> None:
        log_desk = ProcessDesk(self.settings.data, self.clock)
        self._stop.push_async_callback(log_desk.close)
        context = Context(
            door=self.door,
            clock=self.clock,
            catalog=feed.market.catalog,
            market=feed.market,
            vault=self.vault,
            history=self._history.wait,
            limits=self.settings.gateway.limits,
            health=self.health,
            folder=self.settings.data,
            demo=is_demo,
            usd_cny=self.settings.gateway.usd_cny,
            socket=_socket_place(self.settings, ports),
            log=log_desk,
            addresses=self._custody.addresses,
            transactions=self._custody.transactions,
            memos=self._custody.memos,
            is_house=self._custody.is_house,
            is_compared=self._custody.is_compared,
            uncompared=self._custody.uncompared,
            tokens=self._custody.tokens,
            pays=self._pays,
            proxies=Proxies(self.settings.gateway.trusted_proxies),
            custody=self.settings.custody,
        )
        self.desk = context.desk
        application, tls = build(context), self._start_tls()
        most = connections_max()
        with named("http", self.settings.http):
            rest = self._rest = await RestServer.start(application, ports.http, tls, most)
        self._stop.push_async_callback(rest.close)
        calendar = CalendarKeeper(context)
        beside = application.vitals.task, rating.keeper(context)
        sources = HeldWithdrawals(context), NewDebts(context)
        notices = (Notices(context, one).task for one in sources)
        for task in (*beside, calendar.looking, calendar.settling, *notices):
            task.start()
            self._stop.callback(task.stop)
        self._stop.callback(asyncio.create_task(carrying.resume(context)).cancel)
        self.http = rest.address
        strict = self.settings.gateway.strict
        with named("ws", self.settings.ws):
            ws = await ws_server.start(
                context, ports.ws, strict=strict, tls=tls, connections_max=most
            )
        self.ws, self._ws = ws.address, ws

        notice_ms = self.settings.gateway.notice_s * MS_PER_S
        self.planned_stop = asyncio.create_task(context.maintenance.stop(notice_ms, ws.announce))
        self._stop.callback(self.planned_stop.cancel)

        async def close_ws() -> None:
            if not self.planned_stop.done():
                ws.announce()
            await self.clock.wait_ms(NOTICE_MS)
            await ws.close()

        self._stop.push_async_callback(close_ws)

    def _start_tls(self) -> ssl.SSLContext | None:
        if not self.settings.tls.enabled:
            return None
        self.tls = ServerTls(self.settings.tls, self.clock)
        self.tls.start()
        self._stop.push_async_callback(self.tls.close)
        return self.tls.context

    def _pays(self) -> bool:
        """Whether who pays withdrawals is there."""
        found = self._socket.connections if self._socket is not None else ()
        return any(one.gateway == custody.PAYER_GATEWAY for one in found)

    async def _start_child(self, program: str | Program) -> Child:
        child = Child(program, environment_of(self._effective()), self.clock)
        await child.start()
        self.children.append(child)
        return child

    def _effective(self) -> Settings:
        """The settings with the ports that were really taken."""
        data = self.settings.data.absolute()
        return replace(self.settings, http=self.http, ws=self.ws, data=data)

    @property
    def web_address(self) -> str:
        """Where browsers find the web app; by name, since passkeys are bound to one."""
        scheme = "https" if self.settings.tls.enabled else "http"
        return self.settings.identity.origin or f"{scheme}://localhost:{self.http.port}"

    def health(self) -> Mapping[str, object]:
        """What this process adds to the exchange's health."""
        return {
            "childRestarts": sum(child.restarts for child in self.children),
            "childrenEnded": [child.module for child in self.children if child.gave_up],
            "networksUnpaid": [one.network for one in unpaid.known(self.settings.data)],
            "networksUnsigned": [one.network for one in unpaid.unsigned(self.settings.data)],
            "tokensHalted": [[one.network, one.asset] for one in unpaid.halted(self.settings.data)],
            "certificatesDue": certificates.due(self.settings.data, self.clock.wall_ms()),
            "gasShort": list(held_moves.gas_short(self.settings.data)),
            "chargesDue": [one.command for one in reconciled.charges_due(self.settings.data)],
            "announcements": [
                [one.network, one.tier, one.kind] for one in announced.known(self.settings.data)
            ],
            "restConnections": len(self._rest.connections) if self._rest else 0,
            "wsConnections": len(self._ws.hub.members) if self._ws else 0,
        }

    async def _drain(self) -> None:
        """Intake ends; what was taken is durable, said, and in the records if they can keep up."""
        await self.sequencer.drain()
        if self._records is None or (self._follower is not None and not self._follower.pid):
            return  # nobody writes them
        try:
            async with asyncio.timeout(RECORDS_WAIT_S):
                await self.sequencer.projected()
        except TimeoutError:
            log.warning("records lag at the stop; they catch up at the next start")

    async def close(self) -> None:
        """Notice to clients, intake ends, everything taken is durable; then all rooms close."""
        await self._stop.aclose()
        await self.sequencer.close()


def _rules(settings: Settings, *, is_demo: bool = False) -> Rules:
    scheme = "https" if settings.tls.enabled else "http"
    origin = settings.identity.origin or f"{scheme}://localhost:{settings.http.port}"
    # Nobody verifies who plays.
    kyc = max(settings.identity.opening_kyc, int(is_demo))
    wait_ms = settings.identity.approval_wait_h * HOUR_MS
    return Rules(origin=origin, opening_kyc=kyc, approval_wait_ms=wait_ms)


def _socket_place(settings: Settings, ports: Ports) -> SocketPlace:
    gateway, port = settings.gateway, ports.ws.getsockname()[1]
    return SocketPlace(gateway.ws_origin, port, settings.tls.enabled, gateway.strict)
