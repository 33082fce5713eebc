"""A running exchange of real parts, its WebSocket gateway on a free port, and plain clients."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from websockets.asyncio.client import ClientConnection, connect

from fullreserve.app.ports import bound
from fullreserve.clock import Clock, SystemClock
from fullreserve.config import Address
from fullreserve.door.local import LocalDoor
from fullreserve.door.protocol import Refused, Result
from fullreserve.exchange import chart
from fullreserve.exchange.catalog import Catalog
from fullreserve.exchange.machine import Machine
from fullreserve.exchange.wire import commands as c
from fullreserve.exchange.wire.events import Reply
from fullreserve.gateway.context import Context
from fullreserve.gateway.ws.server import Server, start
from fullreserve.identity.api_key import Permission
from fullreserve.identity.rules import Rules
from fullreserve.identity.vault import NewKey, Vault
from fullreserve.journal.entry import Entry
from fullreserve.journal.sequencer import Sequencer
from fullreserve.journal.sqlite import SqliteJournal
from fullreserve.marketdata.feed import Feed
from fullreserve.records.database import database_url, open_database, prepare
from fullreserve.records.history import History
from tests.cheap_hashes import CHEAP

BTC, USDT, ETH = 1, 2, 3
BTC_USDT, ETH_USDT = 11, 12
WAIT_S = 60
PASSPHRASE = "correct horse"
BOTH = Permission.READ_ONLY | Permission.TRADE


def _listing() -> list[c.AnyCommand]:
    """Three assets and two instruments: prices with two digits, sizes with five."""
    cap = c.amount_bytes(10**30)
    assets: list[c.AnyCommand] = [
        c.DefineAsset(0, 0, number, symbol, 8, cap)
        for number, symbol in ((BTC, "BTC"), (USDT, "USDT"), (ETH, "ETH"))
    ]
    return assets + [
        c.ListInstrument(
            0, 0, number, symbol, base, USDT, 2, 5, (c.TickBand(0, 10),), 10, 10,
            10**10, 10**10, 10**18, 10**10, 0, c.InstrumentState.LIVE,
        )
        for number, symbol, base in ((BTC_USDT, "BTC-USDT", BTC), (ETH_USDT, "ETH-USDT", ETH))
    ]  # fmt: skip


class SlowJournal(SqliteJournal):
    """A journal on a disk that can be made to wait."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.flows = threading.Event()
        self.flows.set()

    def commit(self, entries: Sequence[Entry]) -> None:
        assert self.flows.wait(WAIT_S)
        super().commit(entries)


class Live(NamedTuple):
    """The parts; `url` is where WebSocket listens."""

    context: Context
    journal: SlowJournal
    server: Server

    @property
    def url(self) -> str:
        return f"ws://{self.server.address}"

    async def send(self, commands: Sequence[c.AnyCommand]) -> list[Reply]:
        """Submits commands as the operator; all must be accepted."""
        door = self.context.door
        first = door.numbers(len(commands))
        numbered = [
            c.encode(msgspec.structs.replace(one, gateway=door.gateway, number=first + i))
            for i, one in enumerate(commands)
        ]
        result: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        door.submit(numbered, result.set_result)
        replies = await result
        assert not isinstance(replies, Refused)
        assert [reply.code for reply in replies] == [0] * len(commands)
        return list(replies)

    async def trader(self, permissions: Permission = BOTH, money: int = 10**9) -> NewKey:
        """A new user with `money` of each asset in the trading account, and a key."""
        user = self.context.vault.create_user(uid=0)
        key = self.context.vault.create_key(user.uid, PASSPHRASE, permissions)
        amount = c.amount_bytes(money * 10**8)
        account = c.AccountKey(user.uid, chart.TRADE, 0)
        deposits = [c.Deposit(0, 0, account, asset, amount) for asset in (BTC, USDT, ETH)]
        await self.send([c.OpenOwner(0, 0, user.uid, user.uid, 0, 0), *deposits])
        return key

    @asynccontextmanager
    async def client(self, key: NewKey | None = None, path: str = "/ws/v5/public") -> Any:
        """A connection, logged in where a key is given."""
        async with connect(self.url + path, max_size=2**24, ping_interval=None) as socket:
            client = Client(socket)
            if key is not None:
                await client.send(login(key, self.context.clock))
                assert (await client.next())["code"] == "0"
            yield client


def login(key: NewKey, clock: Clock, **changed: object) -> dict[str, Any]:
    """A login request, signed over the timestamp's text."""
    timestamp = changed.get("timestamp", str(clock.wall_ms() // 1000))
    prehash = f"{timestamp}GET/users/self/verify".encode()
    sign = base64.b64encode(hmac.new(key.secret.encode(), prehash, hashlib.sha256).digest())
    arg = {"apiKey": key.key, "passphrase": key.passphrase, "timestamp": timestamp}
    return {"op": "login", "args": [{**arg, "sign": sign.decode(), **changed}]}


class Client:
    """A plain WebSocket client. What is passed over in search of a message is kept for later."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._passed: list[Any] = []

    async def send(self, request: object) -> None:
        await self.socket.send(request if isinstance(request, str) else json.dumps(request))

    async def raw(self) -> str:
        message = await asyncio.wait_for(self.socket.recv(), WAIT_S)
        assert isinstance(message, str)
        return message

    async def next(self) -> Any:
        """The next message, those that were passed over first."""
        return self._passed.pop(0) if self._passed else json.loads(await self.raw())

    async def until(self, wanted: Callable[[Any], bool]) -> Any:
        """The first message that is wanted; others are passed over."""
        for position, message in enumerate(self._passed):
            if wanted(message):
                return self._passed.pop(position)
        while not wanted(message := json.loads(await self.raw())):
            self._passed.append(message)
        return message

    async def ask(self, op: str, *args: object, **more: object) -> Any:
        """Sends an operation and returns its reply."""
        await self.send({"id": "ask1", "op": op, "args": list(args), **more})
        return await self.until(lambda message: message.get("id") == "ask1")

    async def subscribe(self, channel: str, **arg: str) -> None:
        """Subscribes and reads the acknowledgement, whatever comes before it."""
        ack = await self.ask("subscribe", {"channel": channel, **arg})
        assert ack["event"] == "subscribe", ack

    async def of(self, channel: str) -> Any:
        """The next message of a channel."""
        return await self.until(
            lambda message: (
                message.get("arg", {}).get("channel") == channel and "event" not in message
            )
        )

    async def closed(self) -> int:
        """Reads to the end; the code that the server closed with."""
        async with asyncio.timeout(WAIT_S):
            await self.socket.wait_closed()
        assert self.socket.close_code is not None
        return self.socket.close_code


def order(side: str, price: str, size: str, **more: object) -> dict[str, object]:
    """Parameters of a limit order of BTC-USDT."""
    return {
        "instIdCode": BTC_USDT, "tdMode": "cash", "side": side, "ordType": "limit",
        "px": price, "sz": size, **more,
    }  # fmt: skip


@asynccontextmanager
async def running(
    folder: Path,
    *,
    limits: bool = False,
    strict: bool = False,
    clock: Clock | None = None,
    rules: Rules = CHEAP,
) -> AsyncIterator[Live]:
    """The exchange over a fresh journal; everything is stopped at the end."""
    clock = clock or SystemClock()
    journal = SlowJournal(folder / "journal")
    sequencer = Sequencer(journal, Machine(), clock)
    engine = open_database(database_url("", folder))
    prepare(engine)
    history = History(engine)
    vault = Vault(folder, clock.wall_ms, rules)
    door = await LocalDoor.open(sequencer, 1)
    feed = Feed(door, Catalog(), clock)
    await feed.start()
    market = feed.market
    context = Context(door, clock, market.catalog, market, vault, lambda: history, limits=limits)
    server = await start(context, bound("ws", Address("127.0.0.1", 0)), strict=strict)
    live = Live(context, journal, server)
    try:
        await live.send([*chart.genesis(), *_listing()])
        yield live
    finally:
        journal.flows.set()
        await server.close()
        await feed.close()
        await sequencer.close()
        journal.close()
        vault.close()
        history.close()
