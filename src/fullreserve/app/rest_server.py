"""uvicorn inside the exchange's own loop, with the exchange's own signals."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn

from fullreserve.app.descriptors import CONNECTIONS_MAX
from fullreserve.config import Address
from fullreserve.gateway.rest.app import RestApp
from fullreserve.gateway.rest.short_way import Protocol, short_way

STOP_WAIT_S = 5
BACKLOG = 2048
PATROL_S = 1.0


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leaves the signals alone: the exchange stops its rooms in order."""
        yield


class RestServer:
    """The REST gateway's port; use `start`."""

    def __init__(self, server: _Server, listener: socket.socket) -> None:
        self._server = server
        self._listener = listener
        self._task: asyncio.Task[None] | None = None
        self._next_patrol: asyncio.TimerHandle | None = None

    @classmethod
    async def start(
        cls,
        application: RestApp,
        listener: socket.socket,
        tls: ssl.SSLContext | None = None,
        connections_max: int = CONNECTIONS_MAX,
    ) -> RestServer:
        """Listens on a bound socket, with TLS where there is a context; OSError if it is taken."""
        # uvicorn ends the process where it cannot listen itself.
        listener.listen(BACKLOG)
        config = uvicorn.Config(
            application,
            interface="asgi3",
            proxy_headers=False,
            log_config=None,
            # Below it are clients' mistakes, which they are told themselves.
            log_level="error",
            access_log=False,
            lifespan="off",
            http=short_way(application, connections_max),
            ws="none",
            server_header=False,
            backlog=BACKLOG,
            timeout_graceful_shutdown=STOP_WAIT_S,
        )
        config.load()
        config.ssl = tls
        rest = cls(_Server(config), listener)
        rest._task = asyncio.get_running_loop().create_task(rest._server.serve([listener]))
        await rest._server.listening.wait()
        rest._patrol()
        return rest

    @property
    def connections(self) -> list[Protocol]:
        """Those that are open."""
        known = self._server.server_state.connections
        return [one for one in known if isinstance(one, Protocol)]

    def _patrol(self) -> None:
        """Looks after the connections each second."""
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        for connection in self.connections:
            connection.patrol(now_s)
        self._next_patrol = loop.call_later(PATROL_S, self._patrol)

    @property
    def address(self) -> Address:
        """Where it listens; the port is the true one where 0 was asked for."""
        host, port = self._listener.getsockname()[:2]
        return Address(host, port)

    async def close(self) -> None:
        """Takes no more requests and waits for those under way."""
        self._server.should_exit = True
        if self._next_patrol is not None:
            self._next_patrol.cancel()
        if self._task is not None:
            await self._task
        self._listener.close()
