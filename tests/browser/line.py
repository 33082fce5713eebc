"""The line between a browser and the exchange, which can be cut, or answered on by a proxy."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

CHUNK = 65_536


class Line:
    """Relays TCP connections to `target`, which may be told after it listens.

    `cuts` are numbers of bytes: each new connection takes one and is cut once the exchange sent so
    many, in the middle of whatever that was. `answers` are whole HTTP responses by the beginnings
    of the requests that get them instead of the exchange's.
    """

    def __init__(self) -> None:
        self.target = ""
        self.cuts: list[int] = []
        self.answers: dict[bytes, bytes] = {}
        self.port = 0
        self._listens, self._is_over = threading.Event(), asyncio.Event()
        self._loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        self._listens.wait()

    def close(self) -> None:
        """Cut all connections; no more are taken."""
        self._loop.call_soon_threadsafe(self._is_over.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        door = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.port = door.sockets[0].getsockname()[1]
        self._listens.set()
        await self._is_over.wait()
        door.close()

    async def _relay(self, browser: asyncio.StreamReader, page: asyncio.StreamWriter) -> None:
        host, _, port = self.target.rpartition(":")
        cut = self.cuts.pop(0) if self.cuts else None
        with suppress(OSError):
            answers, exchange = await asyncio.open_connection(host, int(port))
            ways = [
                asyncio.ensure_future(self._up(browser, page, exchange)),
                asyncio.ensure_future(self._down(answers, page, cut)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
                exchange.close()
        page.close()

    async def _up(
        self, browser: asyncio.StreamReader, page: asyncio.StreamWriter, out: asyncio.StreamWriter
    ) -> None:
        while data := await browser.read(CHUNK):
            mine = [self.answers[head] for head in self.answers if data.startswith(head)]
            (page if mine else out).write(mine[0] if mine else data)

    async def _down(
        self, answers: asyncio.StreamReader, page: asyncio.StreamWriter, cut: int | None
    ) -> None:
        sent = 0
        while data := await answers.read(CHUNK):
            if cut is not None and sent + len(data) >= cut:
                page.write(data[: cut - sent])
                return
            page.write(data)
            sent += len(data)


def response(status: str, body: str, kind: str = "text/html") -> bytes:
    """An HTTP response."""
    content = body.encode()
    head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(content)}\r\n\r\n"
    return head.encode() + content
