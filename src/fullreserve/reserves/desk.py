"""Who asks the worker for proofs: a Unix socket that the data folder's owner alone can open.

A request and an answer are one line of JSON each. A gateway has checked who asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from fullreserve.until_terminated import until_ended

SOCKET = "reserves/proofs.sock"
LINE_MAX = 1 << 20


class Ask(msgspec.Struct, frozen=True):
    """An account's proof as of an epoch, 0 for the newest; or its receipt as of now.

    A receipt is null while the account has not changed after `after_ms`.
    """

    account: int
    epoch: int = 0
    receipt: bool = False
    after_ms: int = -1


class Answer(msgspec.Struct, frozen=True):
    """A bundle or a receipt, or why there is none."""

    bundle: msgspec.Raw = msgspec.Raw(b"null")
    problem: str = ""


Answering = Callable[[Ask], Awaitable[Answer]]

_decode = msgspec.json.Decoder(Ask).decode
_answer = msgspec.json.Decoder(Answer).decode


class Desk:
    """Answers until it is closed."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self._server: asyncio.Server | None = None

    async def open(self, data: Path) -> None:
        """Listens below the data folder."""
        place = data / SOCKET
        place.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(
            until_ended(self._serve), place, limit=LINE_MAX
        )
        place.chmod(0o600)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, ValueError):
            while line := await reader.readline():
                try:
                    answer = await self._answering(_decode(line))
                except msgspec.DecodeError as problem:
                    answer = Answer(problem=str(problem))
                writer.write(msgspec.json.encode(answer) + b"\n")
                await writer.drain()
        writer.close()
