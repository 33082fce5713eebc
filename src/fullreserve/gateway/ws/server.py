"""The WebSocket server: its port, its connections, and what reaches them from the log."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from picows import (
    WSTransport,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
    ws_create_server,
)

from fullreserve.config import Address
from fullreserve.door.protocol import Row
from fullreserve.exchange.wire.events import InstrumentChanged, Trade
from fullreserve.gateway.auth import Authenticator
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.address import FORWARDED
from fullreserve.gateway.ws import hub, upgrades
from fullreserve.gateway.ws.connection import FRAME_BYTES_MAX, Connection
from fullreserve.gateway.ws.deflate import Deflater, negotiate
from fullreserve.gateway.ws.frames import Close
from fullreserve.gateway.ws.limits import CHANNEL_CONNECTIONS_MAX, ConnectLimit
from fullreserve.gateway.ws.orders import OrderOperations
from fullreserve.gateway.ws.private import PrivateFeed
from fullreserve.gateway.ws.public import CandleTopic, Trades
from fullreserve.gateway.ws.reference import Instruments
from fullreserve.gateway.ws.shapes import PATHS
from fullreserve.identity.caller import Caller
from fullreserve.identity.denied import Denied
from fullreserve.identity.tickets import Purpose
from fullreserve.marketdata.market import InstrumentMarket

log = structlog.get_logger(__name__)

CONNECTIONS_MAX = 10_000
# An order has a few hundred bytes; the buffer grows where a client sends more at once.
READ_BUFFER_BYTES = 4096
# How long a connection may owe its request.
HANDSHAKE_S = 5.0
LOGIN_FIELDS = ("apiKey", "passphrase", "timestamp", "sign")


class _ClientsFaults(logging.LoggerAdapter[logging.Logger]):
    """The library's log. A client's broken frame is no error of the exchange's."""

    def error(self, msg: object, *args: object, **kwargs: Any) -> None:
        broken = str(msg).startswith("WS parser error")
        self.log(logging.DEBUG if broken else logging.ERROR, msg, *args, **kwargs)


class Server:
    """A running WebSocket server; `start` makes it."""

    def __init__(
        self, context: Context, *, strict: bool, connections_max: int = CONNECTIONS_MAX
    ) -> None:
        self.context = context
        self._connections_max = connections_max
        self.strict = strict
        self.hub = hub.Hub(context.clock, lambda: context.vault.store.count)
        self.deflater = Deflater()
        self.private = PrivateFeed(context)
        self.orders = OrderOperations(context)
        self._authenticator = Authenticator(context.vault, context.clock.wall_ms)
        self._connects = ConnectLimit(enabled=context.limits)
        self._counts: dict[tuple[int, str], int] = {}
        self._candles: dict[CandleTopic, None] = {}
        self._last_id = 0
        self._closers: list[Callable[[], None]] = []
        self._beating: asyncio.Task[None] | None = None
        self._listening: asyncio.Server | None = None

    async def listen(self, listener: socket.socket, tls: ssl.SSLContext | None) -> None:
        context = self.context
        self._listening = await ws_create_server(
            self._listener,
            sock=listener,
            max_frame_size=FRAME_BYTES_MAX,
            read_buffer_init_size=READ_BUFFER_BYTES,
            websocket_handshake_timeout=HANDSHAKE_S,
            logger_name=_ClientsFaults(logging.getLogger("picows.websocket"), {}),
            ssl=tls,
        )
        self._closers = [
            context.door.follow(self._row),
            context.market.on_trades(self._traded),
            context.market.on_advance(self._advanced),
        ]
        self._beating = asyncio.create_task(self.hub.run())

    @property
    def address(self) -> Address:
        """Where it listens; the port is the true one where 0 was asked for."""
        assert self._listening is not None
        host, port = self._listening.sockets[0].getsockname()[:2]
        return Address(host, port)

    def announce(self) -> None:
        """Tells every client that the service will restart soon."""
        problem = Problem(64008)
        for member in list(self.hub.members):
            assert isinstance(member, Connection)
            notice = member.head.event("notice", code=str(problem.code), msg=problem.message)
            member.write(notice)

    async def close(self) -> None:
        """Closes every connection and the port."""
        if self._listening is not None:
            self._listening.close()
        for closer in self._closers:
            closer()
        if self._beating is not None:
            await hub.stop(self._beating)
        for member in list(self.hub.members):
            member.close(Close.GOING_AWAY, "the service stops")
        if self._listening is not None:
            await self._listening.wait_closed()

    # --- connections

    def _listener(self, request: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
        """A connection, or the refusal of what asks for none."""
        path = request.path.decode("ascii", "replace").partition("?")[0]
        refusal = upgrades.refusal(request, is_path=not self.strict or path in PATHS)
        if refusal is not None:
            return WSUpgradeResponseWithListener(refusal, None)
        # A header that is sent in several lines is one list.
        forwarded = ",".join(request.headers.getall("X-Forwarded-For", ()))
        offers = ",".join(request.headers.getall("Sec-WebSocket-Extensions", ()))
        answer = negotiate(offers)
        connection = Connection(self, path, forwarded, deflates=bool(answer))
        headers = {"Sec-WebSocket-Extensions": answer} if answer else {}
        response = WSUpgradeResponse.create_101_response(headers)
        return WSUpgradeResponseWithListener(response, connection)

    def admits(self, transport: WSTransport, forwarded: str) -> str | None:
        """The address of a new connection; None when there are too many.

        It is that which a trusted proxy names, where there is one.
        """
        peer = transport.underlying_transport.get_extra_info("peername")
        told = {FORWARDED: forwarded.encode("utf-8", "replace")} if forwarded else {}
        address = self.context.proxies.caller(peer[:2] if isinstance(peer, tuple) else None, told)
        if len(self.hub.members) >= self._connections_max:
            return None
        now_ms = self.context.clock.monotonic_ns() // 1_000_000
        return address if self._connects.admits(address, now_ms) else None

    def next_connection_id(self) -> str:
        self._last_id += 1
        return f"{self._last_id:08x}"

    async def authenticate(self, fields: Mapping[str, str], address: str) -> Caller:
        """The key or session of a login; Problem 600xx."""
        if fields.get("token"):
            if fields.get("apiKey"):
                raise Problem(60026)
            return await self._redeem(fields["token"])
        for name in LOGIN_FIELDS:
            if not fields.get(name):
                raise Problem(60027, name=name)
        name, passphrase, timestamp, sign = (fields[name] for name in LOGIN_FIELDS)
        login = self._authenticator.login
        known = self.context.vault.api_key(name.encode())
        if known is None or known.knows_passphrase():
            return login(name, passphrase, timestamp, sign, address)
        # The first passphrase of a key takes tens of milliseconds on purpose: not in the loop.
        return await asyncio.to_thread(login, name, passphrase, timestamp, sign, address)

    async def _redeem(self, token: str) -> Caller:
        """The session that a token of `x/ws-token` was drawn from; it serves once."""
        desk = self.context.desk
        try:
            ticket = await desk.act(desk.rooms.tickets.take, token, Purpose.WEBSOCKET)
        except Denied:
            raise Problem(63999) from None
        session = self.context.vault.session_at(ticket.content) if ticket else None
        if session is None:
            raise Problem(60009)
        session.admit(self.context.clock.wall_ms())
        return session

    def count(self, uid: int, channel: str, change: int) -> int | None:
        """Counts a user's connections on a channel; None, uncounted, when it would be too many."""
        count = self.connections(uid, channel) + change
        if count > CHANNEL_CONNECTIONS_MAX and self.context.limits:
            return None
        if count:
            self._counts[(uid, channel)] = count
        else:
            self._counts.pop((uid, channel), None)
        return count

    def connections(self, uid: int, channel: str) -> int:
        return self._counts.get((uid, channel), 0)

    # --- topics that hear of more than beats

    def make_instruments(self) -> Instruments:
        arg = {"channel": "instruments", "instType": "SPOT"}
        return Instruments(arg, self.context.catalog)

    def candle(self, topic: CandleTopic) -> CandleTopic:
        self._candles[topic] = None
        return topic

    def _advanced(self) -> None:
        for topic in list(self._candles):
            if topic.listeners:
                topic.beat()
            else:
                del self._candles[topic]

    def _traded(self, market: InstrumentMarket, trades: list[Trade]) -> None:
        for channel in ("trades", "trades-all"):
            topic = self.hub.topic((channel, market.instrument.id))
            if isinstance(topic, Trades):
                topic.traded(trades)

    def _row(self, row: Row) -> None:
        self.private.apply(row)
        topic = self.hub.topic(("instruments", "SPOT"))
        if isinstance(topic, Instruments):
            changed = [event for event in row.shown() if isinstance(event, InstrumentChanged)]
            if changed:
                topic.changed(changed)


async def start(
    context: Context,
    listener: socket.socket,
    *,
    strict: bool = False,
    tls: ssl.SSLContext | None = None,
    connections_max: int = CONNECTIONS_MAX,
) -> Server:
    """Listens on a bound socket; with `strict` each channel on its own path alone, as on OKX."""
    server = Server(context, strict=strict, connections_max=connections_max)
    await server.listen(listener, tls)
    log.info("websocket listens", address=str(server.address), tls=tls is not None)
    return server
